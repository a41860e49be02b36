use std::collections::BTreeMap;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::Scrubber;
use crate::config::Secret;

fn scrubber(secrets: &[&str]) -> Scrubber {
    let secrets: Vec<_> = secrets.iter().map(|text| Secret::new((*text).to_owned())).collect();
    Scrubber::new(&secrets)
}

#[test]
fn a_secret_is_found_however_it_was_written() {
    let secret = "pä\"ss w/rd\n\\%";
    let scrubber = scrubber(&[secret]);
    let texts = [
        secret.to_owned(),
        format!("{secret:?}"),
        format!("{:?}", Some(vec![secret])),
        serde_json::json!({ "password": secret }).to_string(),
        format!("{:?}", serde_json::json!({ "password": secret }).to_string()),
        "https://me:p%C3%A4%22ss%20w%2Frd%0A%5C%25@host".to_owned(),
        "https://me:p%c3%a4%22ss%20w%2frd%0a%5c%25@host".to_owned(),
        "password=p%C3%A4%22ss+w%2Frd%0A%5C%25&x=1".to_owned(),
    ];
    assert_snapshot!(texts.map(|text| scrubber.scrub(&text).into_owned()).join("\n"), @r#"
    <secret>
    "<secret>"
    Some(["<secret>"])
    {"password":"<secret>"}
    "{\"password\":\"<secret>\"}"
    https://me:<secret>@host
    https://me:<secret>@host
    password=<secret>&x=1
    "#);
}

#[test]
fn of_secrets_within_each_other_nothing_is_left() {
    assert_eq!(scrubber(&["hunter", "hunter2"]).scrub("hunter2 hunter3"), "<secret> <secret>3");
    assert_eq!(scrubber(&["unte", "hunter2"]).scrub("hunter2"), "<secret>");
    assert_eq!(scrubber(&["abcd", "cdef", "fghi"]).scrub("abcdefghi abcdcdef"), "<secret> <secret><secret>");
}

#[test]
fn lines_of_a_secret_are_secrets_unless_they_are_short() {
    let key = scrubber(&["-----BEGIN KEY-----\n  c2VjcmV0\r\n}\n"]);
    assert_eq!(key.scrub("read c2VjcmV0 }"), "read <secret> }");
    let short = scrubber(&["123", ""]);
    assert_eq!(short.scrub("123 steps"), "123 steps");
    assert_eq!(scrubber(&[]).scrub("123 steps"), "123 steps");
}

#[test]
fn names_of_what_is_told_are_scrubbed_too() {
    let scrubber = scrubber(&["hunter2"]);
    let mut metadata = BTreeMap::from([(
        "of hunter2".to_owned(),
        serde_json::json!({ "hunter2": ["as hunter2"], "other": { "hunter2": 1 } }),
    )]);
    scrubber.metadata(&mut metadata);
    let mut fields = BTreeMap::from([("hunter2".to_owned(), "is hunter2".to_owned())]);
    scrubber.texts(&mut fields);
    assert_snapshot!(format!("{}\n{fields:?}", serde_json::to_string(&metadata).unwrap()), @r#"
    {"of <secret>":{"<secret>":["as <secret>"],"other":{"<secret>":1}}}
    {"<secret>": "is <secret>"}
    "#);
}

#[test]
fn it_does_not_tell_what_it_looks_for() {
    assert_eq!(format!("{:?}", scrubber(&["hunter2"])), "Scrubber(..)");
}

proptest! {
    /// Of every occurrence of a secret every letter is gone, and nothing else is.
    #[test]
    fn what_is_left_is_what_belongs_to_no_secret(
        secrets in proptest::collection::vec("[ab]{4,6}", 1..4),
        text in "[ab ]{0,40}",
    ) {
        let known: Vec<_> = secrets.iter().map(|secret| Secret::new(secret.clone())).collect();
        let scrubbed = Scrubber::new(&known).scrub(&text).into_owned();
        let covered = |at: usize| {
            let covers = |secret: &String, start: usize| {
                start <= at && at < start + secret.len() && text[start..].starts_with(secret.as_str())
            };
            secrets.iter().any(|secret| (0..=at).any(|start| covers(secret, start)))
        };
        let left: String = text.char_indices().filter(|(at, _)| !covered(*at)).map(|(_, c)| c).collect();
        prop_assert_eq!(scrubbed.replace("<secret>", ""), left);
    }
}
