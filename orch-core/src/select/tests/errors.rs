//! What is said of texts that are no selections.

use std::fmt::Write as _;

use insta::assert_snapshot;

use crate::select::{AssetSelection, StepSelection};

fn told<S: std::str::FromStr<Err = crate::select::SelectionError>>(texts: &[&str]) -> String {
    let mut told = String::new();
    for text in texts {
        let Err(error) = text.parse::<S>() else { panic!("`{text}` is a selection") };
        let _ = writeln!(told, "{error}");
    }
    told
}

#[test]
fn steps() {
    assert_snapshot!(told::<StepSelection>(&[
        "", "a,,b", "load[100", "load [100]", "[100]", "lo*ad", "*+load", "**", "2+load", "load+2", "+ load",
        "load*[100]", "key:load", "(load)", "a.b.", "a..b", "lade-ß", "load!",
    ]), @r"
    expected the name of a step, found the end, at column 1
      hint: `*` selects all steps
    expected the name of a step, found `,`, at column 3
      a,,b
        ^
    expected `]`, found the end, at column 9
      load[100
              ^
    expected the name of a step, found `[100]`, at column 6
      load [100]
           ^^^^^
      hint: keys stand behind a name: `load[100]`
    expected the name of a step, found `[100]`, at column 1
      [100]
      ^^^^^
      hint: keys stand behind a name: `load[100]`
    expected a blank or a comma, found `ad`, at column 4
      lo*ad
         ^^
      hint: `*` is no wildcard: behind a name it selects what depends on that step; to select several steps, write all their names
    expected one `*` or some `+`, found `*+`, at column 1
      *+load
      ^^
      hint: `*` goes all the way, each `+` one step
    expected one `*` or some `+`, found `**`, at column 1
      **
      ^^
      hint: `*` goes all the way, each `+` one step
    expected a blank or a comma, found `load`, at column 3
      2+load
        ^^^^
      hint: there is a `+` for each step to go: `++load`
    expected a blank or a comma, found `2`, at column 6
      load+2
           ^
      hint: there is a `+` for each step to go: `load++`
    expected the name of a step, found `load`, at column 3
      + load
        ^^^^
      hint: `*` and `+` stand directly beside the name that they go out from: `*load`, `load+`
    expected a blank or a comma, found `[100]`, at column 6
      load*[100]
           ^^^^^
      hint: keys stand directly behind the name: `load[100]*`
    expected a blank or a comma, found `:`, at column 4
      key:load
         ^
      hint: steps are selected by name; attributes such as `key:` and `tag:` are for assets
    expected the name of a step, found `(`, at column 1
      (load)
      ^
      hint: steps are selected by a list, `a, b*`; parentheses are for assets
    expected a name behind the `.`, at column 4
      a.b.
         ^
      hint: names are made of letters, digits and `_`, with dots behind those of graphs: `clean.trim`
    expected a name, found `.`, at column 3
      a..b
        ^
      hint: names are made of letters, digits and `_`, with dots behind those of graphs: `clean.trim`
    expected a letter, a digit or `_`, found `-`, at column 5
      lade-ß
          ^
      hint: names are made of letters, digits and `_`, with dots behind those of graphs: `clean.trim`
    expected a blank or a comma, found `!`, at column 5
      load!
          ^
    ");
}

#[test]
fn all_clauses_that_are_wrong_are_told() {
    assert_snapshot!(told::<StepSelection>(&["a-b, good, 2+load\t-"]), @r"
    the selection has 3 mistakes
    error: expected a letter, a digit or `_`, found `-`, at column 2
      a-b, good, 2+load -
       ^
      hint: names are made of letters, digits and `_`, with dots behind those of graphs: `clean.trim`
    error: expected a blank or a comma, found `load`, at column 14
      a-b, good, 2+load -
                   ^^^^
      hint: there is a `+` for each step to go: `++load`
    error: expected a letter, a digit or `_`, found `-`, at column 19
      a-b, good, 2+load -
                        ^
      hint: names are made of letters, digits and `_`, with dots behind those of graphs: `clean.trim`
    ");
}

#[test]
fn a_long_text_is_shown_around_the_mistake() {
    let text = format!("{}, größe-, {}", "load".repeat(20), "load".repeat(30));
    assert_snapshot!(told::<StepSelection>(&[&text]), @r"
    expected a letter, a digit or `_`, found `ö`, at column 85
      …loadloadloadloadloadloadloadloadload, größe-, loadloadloadloadloadloadloadloadloadloadloadloadloadlo…
                                               ^
      hint: names are made of letters, digits and `_`, with dots behind those of graphs: `clean.trim`
    ");
    assert_snapshot!(told::<StepSelection>(&["表[\u{301}]\tx-y"]), @r"
    the selection has 2 mistakes
    error: expected a letter, a digit or `_`, found `表`, at column 1
      表[ ] x-y
      ^^
      hint: names are made of letters, digits and `_`, with dots behind those of graphs: `clean.trim`
    error: expected a letter, a digit or `_`, found `-`, at column 7
      表[ ] x-y
             ^
      hint: names are made of letters, digits and `_`, with dots behind those of graphs: `clean.trim`
    ");
}

#[test]
fn assets() {
    assert_snapshot!(told::<AssetSelection>(&[
        "", "a b", "a, b", "a && b", "a | b", "and b", "a and", "(a", "a)", "keys:a", "sink(a)", "key: a",
        "tag:k=", "tag:a*", "kind:*", "owner:\"x", "a +b", "+ a", "a+b", "++a", "99999999999+a",
        "key:\"a\\n\"", "not", "#a",
    ]), @r#"
    expected a selection, found the end, at column 1
      hint: `*` selects all assets
    expected `and`, `or` or the end, found `b`, at column 3
      a b
        ^
    expected `and`, `or` or the end, found `,`, at column 2
      a, b
       ^
      hint: what either of two selects is written `a or b`
    expected `and`, `or` or the end, found `&`, at column 3
      a && b
        ^
      hint: write `and`
    expected `and`, `or` or the end, found `|`, at column 3
      a | b
        ^
      hint: write `or`
    expected a key, an attribute such as `tag:k`, or `(`, found `and`, at column 1
      and b
      ^^^
      hint: an asset of this key is `key:and`
    expected a key, an attribute such as `tag:k`, or `(`, found the end, at column 6
      a and
           ^
    expected `and`, `or` or `)`, found the end, at column 3
      (a
        ^
    expected `and`, `or` or the end, found `)`, at column 2
      a)
       ^
      hint: no `(` stands before it
    there is no attribute `keys:`, at column 1
      keys:a
      ^^^^
      hint: did you mean `key:`? attributes: `key:`, `group:`, `tag:`, `owner:`, `kind:`
    there is no function `sink`, at column 1
      sink(a)
      ^^^^
      hint: functions are `sinks(..)` and `roots(..)`
    expected a value directly behind `:`, found `a`, at column 6
      key: a
           ^
      hint: it is written `key:value`
    expected a value directly behind `=`, found the end, at column 7
      tag:k=
            ^
      hint: an empty value is written `tag:k=""`
    expected a value without wildcards, found `*`, at column 6
      tag:a*
           ^
      hint: `*` stands in `key:` and `group:`; a value that has one stands in quotes
    expected a value without wildcards, found `*`, at column 6
      kind:*
           ^
      hint: `*` stands in `key:` and `group:`; a value that has one stands in quotes
    expected `"`, found the end, at column 9
      owner:"x
              ^
    expected `and`, `or` or the end, found `+`, at column 3
      a +b
        ^
      hint: `+` stands directly beside what it goes out from: `+key:a`, `key:a+1`
    expected no blank behind `+`, found `a`, at column 3
      + a
        ^
      hint: `+` stands directly beside what it goes out from: `+key:a`, `key:a+1`
    expected a number or a blank, found `b`, at column 3
      a+b
        ^
      hint: a number behind `+` says how many edges to go: `key:a+2`
    expected a key, an attribute such as `tag:k`, or `(`, found `+`, at column 2
      ++a
       ^
      hint: one `+` goes all the way, `2+key:a` two edges
    `99999999999` edges are more than can be counted, at column 1
      99999999999+a
      ^^^^^^^^^^^
      hint: `+` without a number goes all the way
    expected an escape: `\"`, `\\` or `\u{..}`, found `\`, at column 7
      key:"a\n"
            ^
    expected a key, an attribute such as `tag:k`, or `(`, found the end, at column 4
      not
         ^
    expected a key, an attribute such as `tag:k`, or `(`, found `#`, at column 1
      #a
      ^
      hint: what is no word stands in quotes: `key:"a b"`
    "#);
}

#[test]
fn all_mistakes_are_told_also_in_debug() {
    let error = "1+a +1".parse::<StepSelection>().unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
}
