//! What selections select, and what is told of those that cannot be read.

use proptest::prelude::*;

use super::super::{KeyRange, KeySets, PartitionsDefinition, TimePartitions};
use super::{customers, days, now, resolve, sales};

#[test]
fn ranges_have_both_ends() {
    let days = resolve(days());
    let shown = |text: &str| days.show(&days.select(text, now()).unwrap());
    assert_eq!(shown("2024-01-05"), "2024-01-05");
    assert_eq!(days.select("2024-01-01..2024-01-31", now()).unwrap().len(), 31);
    assert_eq!(
        shown("2024-01-01..2024-01-03, 2024-01-04 .. 2024-01-05,2024-02-01"),
        "2024-01-01..2024-01-05, 2024-02-01"
    );
    assert_eq!(shown("latest"), "2024-02-29");
    assert_eq!(shown("2024-02-27.."), "2024-02-27..2024-02-29");
    assert_eq!(shown("..2024-01-02, latest"), "2024-01-01..2024-01-02, 2024-02-29");
    assert_eq!(shown("*"), "2024-01-01..2024-02-29");
    assert_eq!(shown("all"), shown(" * "));
    let set = days.select("2024-01-01..2024-01-03, latest", now()).unwrap();
    let range = |first: &str, last: &str, len| KeyRange { first: first.into(), last: last.into(), len };
    assert_eq!(
        days.ranges(&set).unwrap(),
        [range("2024-01-01", "2024-01-03", 3), range("2024-02-29", "2024-02-29", 1)]
    );
}

#[test]
fn names_are_listed() {
    let mut keys = customers();
    keys.remove("bolt");
    let sets = KeySets::new().with("customers", keys);
    let customers = PartitionsDefinition::dynamic("customers").resolve(&sets).unwrap();
    let shown = |text: &str| customers.show(&customers.select(text, now()).unwrap());
    assert_eq!(shown("acme,cogs"), "acme, cogs");
    assert_eq!(shown("acme..cogs"), "acme, cogs", "what was removed is not selected");
    assert_eq!((shown("latest"), shown("cogs..latest")), ("cogs".into(), "cogs".into()));
    let odd = resolve(PartitionsDefinition::of(["all", "a, b", "latest"]));
    for (key, shown) in [("all", "all"), ("a, b", "\"a, b\""), ("latest", "latest")] {
        assert_eq!(odd.show(&odd.select(key, now()).unwrap()), shown, "a key comes before a word");
    }
}

#[test]
fn tens_of_thousands_of_keys_are_read_at_once() {
    let names = (0..20_000).map(|number| format!("customer_{number}"));
    let odd = resolve(PartitionsDefinition::of(names.clone().step_by(2)));
    let text = odd.show(&odd.all(now()));
    assert_eq!(odd.select(&text, now()).unwrap(), odd.all(now()));
    assert_eq!(names.filter(|name| odd.find(name).is_some()).count(), 10_000);
    insta::assert_snapshot!(odd.select(&format!("{text}, customer_20001"), now()).unwrap_err(), @"
    `customer_20001` is no key of these partitions
      hint: did you mean `customer_2000`?
    ");
}

#[test]
fn each_dimension_is_selected_by_itself() {
    let sales = sales();
    let select = |text: &str| sales.select(text, now()).unwrap();
    assert_eq!(select("date=2024-01-01..2024-01-31;region=eu,us").len(), 62);
    assert_eq!(select("region = us").len(), 60);
    assert_eq!(select("date=latest").len(), 3);
    assert_eq!(select("2024-01-01|eu, 2024-01-02|us").len(), 2);
    assert_eq!(select("date=latest; region=eu || region=us").len(), 61);
    assert_eq!(select("all"), sales.all(now()));
    assert_eq!(sales.show(&select("region=us,eu,asia")), "date=2024-01-01..2024-02-29");
    let regions =
        resolve(PartitionsDefinition::product().by("region", PartitionsDefinition::of(["eu", "us"])));
    assert_eq!(regions.show(&regions.all(now())), "*");
}

#[test]
fn nothing_is_left_out_silently() {
    let days = resolve(days());
    let wrong = |text: &str| days.select(text, now()).unwrap_err().to_string();
    insta::assert_snapshot!(wrong("2024-03-01"), @"
    `2024-03-01` does not exist yet
      hint: the latest is `2024-02-29`
    ");
    insta::assert_snapshot!(wrong("2024-01-01..2024-03-31"), @"
    `2024-03-31` does not exist yet
      hint: the latest is `2024-02-29`
    ");
    insta::assert_snapshot!(wrong("2024-02-01..2024-01-01"), @"
    the range `2024-02-01..2024-01-01` ends before it begins
      hint: write `2024-01-01..2024-02-01`
    ");
    insta::assert_snapshot!(wrong("2024-01-01,,2024-01-02"), @"`2024-01-01,,2024-01-02` has a comma without a key");
    insta::assert_snapshot!(wrong(" "), @"
    the selection of partitions is empty
      hint: write keys, a range `first..last`, `latest` or `*`
    ");
    insta::assert_snapshot!(wrong("2024-01-01...2024-01-03"), @"
    the range `2024-01-01...2024-01-03` has three dots
      hint: two stand between the first and the last; a key that begins or ends with a dot is written in quotes
    ");
    let later = resolve(TimePartitions::daily("2025-01-01"));
    insta::assert_snapshot!(later.select("latest", now()).unwrap_err(), @"no partition exists yet");
    insta::assert_snapshot!(later.select("2025-01-01", now()).unwrap_err(), @"
    `2025-01-01` does not exist yet
      hint: no partition does
    ");
}

#[test]
fn what_is_wrong_in_a_dimension_is_told_with_it() {
    let sales = sales();
    let wrong = |text: &str| sales.select(text, now()).unwrap_err().to_string();
    insta::assert_snapshot!(wrong("date=2024-01-01..;regoin=eu"), @"
    there is no dimension `regoin`
      hint: did you mean `region`?
    ");
    insta::assert_snapshot!(wrong("date=2024-01-01;region=uk"), @"
    dimension `region`: `uk` is no key of these partitions
      hint: did you mean `us`?
    ");
    insta::assert_snapshot!(wrong("date=2024-01-01;date=2024-01-02"), @"
    the dimension `date` is selected twice
      hint: list its keys with commas between
    ");
    insta::assert_snapshot!(wrong("date=2024-01-01;eu"), @"
    `eu` selects in no dimension
      hint: write a dimension before it: `date=eu`
    ");
    insta::assert_snapshot!(wrong("latest"), @r"
    `latest` selects in no dimension
      hint: write `date=..; region=..`, each or some of them, or a whole key in this order: `date|region`
    ");
    insta::assert_snapshot!(wrong("2024-03-01|eu"), @"
    dimension `date`: `2024-03-01` does not exist yet
      hint: the latest is `2024-02-29`
    ");
    insta::assert_snapshot!(wrong("date=2024-01-01 ||"), @"
    the selection of partitions is empty
      hint: write keys, a range `first..last`, `latest` or `*`
    ");
}

/// What keys and selections are made of, put together anyhow.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "2024-01-01",
        "2024-11-03-01:00",
        "-0800",
        "+",
        "-",
        "..",
        ",",
        "|",
        "||",
        ";",
        "=",
        "date",
        "region",
        "eu",
        "*",
        "latest",
        " ",
        "é",
        "0",
        "%",
        "\0",
    ]);
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_what_it_says_or_an_error(text in prop_oneof![pieces(), any::<String>()]) {
        let hours = TimePartitions::hourly("2024-01-01").in_zone("America/Los_Angeles");
        for space in [resolve(days()), resolve(hours), resolve(PartitionsDefinition::of(["eu", "é"])), sales()] {
            if let Ok(index) = space.index_of(&text) {
                prop_assert_eq!(space.key_of(index).unwrap(), text.as_str());
            }
            if let Ok(set) = space.select(&text, now()) {
                prop_assert!(set.is_subset(&space.all(now())), "{}", text);
                prop_assert_eq!(space.select(&space.show(&set), now()).unwrap(), set);
            }
        }
    }
}
