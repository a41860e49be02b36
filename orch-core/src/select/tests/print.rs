//! What is printed reads as the same selection, and no text stops the reader.

use proptest::prelude::*;

use crate::ids::MappingKey;
use crate::select::assets::{Attribute, Expression, Pattern};
use crate::select::error::Origin;
use crate::select::steps::{Named, StepClause};
use crate::select::walk::Reach;
use crate::select::{AssetSelection, StepSelection};

fn nowhere() -> Origin {
    Origin::new(&"".into(), 0, 0)
}

fn reach(levels: std::ops::Range<u32>) -> impl Strategy<Value = Reach> {
    prop_oneof![Just(Reach::Here), Just(Reach::All), levels.prop_map(Reach::Levels)]
}

fn steps() -> impl Strategy<Value = StepSelection> {
    let keys = prop::collection::vec(any::<String>().prop_map(MappingKey::from), 0..3);
    let step = ("[a-z0-9_]{1,3}(\\.[A-Z_]{1,2}){0,2}", keys);
    let step = (reach(1..4), step, reach(1..4)).prop_map(|(up, (name, keys), down)| StepClause {
        up,
        named: Named::Step { name, keys },
        down,
        origin: nowhere(),
    });
    let all = Just(StepClause { up: Reach::Here, named: Named::All, down: Reach::Here, origin: nowhere() });
    prop::collection::vec(prop_oneof![8 => step, 1 => all], 1..5)
        .prop_map(|clauses| StepSelection { clauses })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9/]{1,3}", "and|or|not|sinks|roots|7", any::<String>()]
}

fn expressions() -> impl Strategy<Value = Expression> {
    let pattern = || prop_oneof![text(), "[a*]{1,4}"].prop_map(Pattern);
    let attribute = prop_oneof![
        pattern().prop_map(Attribute::Key),
        pattern().prop_map(Attribute::Group),
        (text(), prop::option::of(text())).prop_map(|(key, value)| Attribute::Tag { key, value }),
        text().prop_map(Attribute::Owner),
        text().prop_map(Attribute::Kind),
    ];
    let leaf = prop_oneof![
        1 => Just(Expression::All),
        6 => attribute.prop_map(|attribute| Expression::Has(attribute, nowhere())),
    ];
    leaf.prop_recursive(5, 24, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.clone().prop_map(|of| Expression::Not(Box::new(of))),
            several().prop_map(Expression::And),
            several().prop_map(Expression::Or),
            (reach(0..3), inner.clone(), reach(0..3))
                .prop_filter("one goes out", |(up, _, down)| (*up, *down) != (Reach::Here, Reach::Here))
                .prop_map(|(up, of, down)| Expression::Reaching { up, of: Box::new(of), down }),
            inner.clone().prop_map(|of| Expression::Sinks(Box::new(of))),
            inner.prop_map(|of| Expression::Roots(Box::new(of))),
        ]
    })
}

/// Texts that look like selections more often than not.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "load",
        "a.b",
        "*",
        "+",
        "++",
        "[",
        "]",
        "[100]",
        "\\",
        "(",
        ")",
        ",",
        " ",
        ":",
        "=",
        "\"",
        "not",
        "and",
        "OR",
        "2",
        "key:",
        "tag:k=v",
        "sinks(",
        "roots(",
        "ß",
        "\n",
        "group:\"a b\"",
        "/",
        "&",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn steps_read_back_as_they_were(selection in steps()) {
        let text = selection.to_string();
        prop_assert!(!text.chars().any(char::is_control));
        let json = serde_json::to_string(&selection).expect("text");
        prop_assert_eq!(serde_json::from_str::<StepSelection>(&json).expect("the same text"), selection.clone());
        prop_assert_eq!(text.parse(), Ok(selection));
    }

    #[test]
    fn assets_read_back_as_they_were(expression in expressions()) {
        let selection = AssetSelection(expression);
        let text = selection.to_string();
        prop_assert!(!text.chars().any(char::is_control));
        prop_assert_eq!(text.parse(), Ok(selection));
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_column_within_it(text in prop_oneof![pieces(), any::<String>()]) {
        let end = text.chars().count() + 1;
        match text.parse::<StepSelection>() {
            Ok(selection) => prop_assert_eq!(selection.to_string().parse(), Ok(selection)),
            Err(error) => {
                prop_assert!(error.mistakes().iter().all(|mistake| (1..=end).contains(&mistake.column())));
                prop_assert!(!error.to_string().is_empty());
            }
        }
        match text.parse::<AssetSelection>() {
            Ok(selection) => prop_assert_eq!(selection.to_string().parse(), Ok(selection)),
            Err(error) => {
                prop_assert!(error.mistakes().iter().all(|mistake| (1..=end).contains(&mistake.column())));
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}

#[test]
fn long_and_deep_texts_are_read_or_refused() {
    let many = vec!["a"; 100_000];
    assert!(many.join(" and ").parse::<AssetSelection>().is_ok());
    assert!(many.join(",").parse::<StepSelection>().is_ok());
    assert!("+".repeat(100_000).parse::<StepSelection>().is_err());
    for deep in ["(", "not ", "sinks(", "not (", "+(", "2+("] {
        let error = deep.repeat(100_000).parse::<AssetSelection>().expect_err("too deep");
        assert!(error.to_string().contains("64 deep"), "{error}");
    }
    let within = format!("{}a{}", "(".repeat(64), ")".repeat(64));
    assert_eq!(within.parse::<AssetSelection>(), "key:a".parse());
}

#[test]
fn words_bind_as_they_do_in_speech() {
    let same = |a: &str, b: &str| {
        let read = |text: &str| text.parse::<AssetSelection>().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read(a), read(b));
    };
    same("not a and b or c", "((not a) and b) or c");
    same("a OR b And NOT c", "a or (b and (not c))");
    same("not +a and b", "(not (+a)) and b");
    same("2+key:a+1", "2+(key:a)+1");
    same("7", "key:7");
    same("7+", "key:7+");
    same("2+7+3", "2+key:7+3");
    same("sinks", "key:sinks");
    same("tag:\"k\"=v", "tag:k=v");
}

#[test]
fn several_selections_become_one() {
    let read = |text: &str| text.parse::<AssetSelection>().unwrap_or_else(|error| panic!("{error}"));
    let all = read("a and b").or(read("c or not d")).or(read("+e"));
    assert_eq!(all, read("a and b or c or not d or +e"));
    assert_eq!(all.to_string(), "key:a and key:b or key:c or not key:d or +key:e");
}
