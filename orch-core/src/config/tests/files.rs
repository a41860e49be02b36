use std::path::Path;

use insta::assert_snapshot;

use crate::config::{FileFormat, Node, Origin, Value, show};

fn told(format: FileFormat, text: &str) -> String {
    let extension = format.to_string().to_lowercase();
    match Node::parse(format, &format!("a.{extension}"), text) {
        Ok(node) => show(&node),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_value_knows_its_line_and_column() {
    let yaml =
        "# first\nops:\n  load:  {\"é\": [1, 'ü', x]}\n  text: |\n    a\n    b\nlast: {a: {}, b: []}\n";
    assert_snapshot!(told(FileFormat::Yaml, yaml), @r#"
    ops:
      load:
        é:
          - 1         # a.yaml:3:17
          - ü         # a.yaml:3:20
          - x         # a.yaml:3:25
      text: "a\nb\n"  # a.yaml:5:5
    last:
      a: {}           # a.yaml:7:11
      b: []           # a.yaml:7:18
    "#);
    let toml = "z = 1\n[ops.load]\n\"é\" = [1, 'ü', 1979-05-27]\nb.c = { d = 0x1F }\n[[ops.list]]\na = 1_000.5\n[[ops.list]]\n";
    assert_snapshot!(told(FileFormat::Toml, toml), @r#"
    z: 1                  # a.toml:1:5
    ops:
      load:
        é:
          - 1             # a.toml:3:8
          - ü             # a.toml:3:11
          - "1979-05-27"  # a.toml:3:16
        b:
          c:
            d: 31         # a.toml:4:13
      list:
        - a: 1000.5       # a.toml:6:5
        - {}              # a.toml:7:1
    "#);
    let json = "{\n  \"é\": [1, \"ü\", {\"x\": null}],\n\t\"a\": {}\n}";
    assert_snapshot!(told(FileFormat::Json, json), @r"
    é:
      - 1        # a.json:2:9
      - ü        # a.json:2:12
      - x: null  # a.json:2:23
    a: {}        # a.json:3:7
    ");
}

#[test]
fn names_know_their_places_too() {
    for (format, text) in [
        (FileFormat::Yaml, "é: {b: 1}"),
        (FileFormat::Toml, "'é' = {b = 1}"),
        (FileFormat::Json, "{\"é\": {\"b\": 1}}"),
    ] {
        let node = Node::parse(format, "a", text).unwrap();
        let Value::Map(outer) = &node.value else { panic!("a map") };
        let Value::Map(inner) = &outer[0].node.value else { panic!("a map") };
        let column = |origin: &Origin| match origin {
            Origin::File { line: 1, column, .. } => *column as usize,
            other => panic!("{other}"),
        };
        let character = |at: usize| text.chars().nth(at - 1).unwrap();
        assert_eq!(character(column(&inner[0].at)).to_string().replace('"', "b"), "b", "{text}");
        assert_eq!(character(column(&inner[0].node.origin)), '1', "{text}");
        assert_eq!(character(column(&outer[0].node.origin)), '{', "{text}");
    }
}

#[test]
fn words_mean_what_they_mean_in_yaml_1_2() {
    let text = "a: [yes, no, on, True, ~, null, 0x1f, 0o17, 017, 1e3, +5, -0.5, .5, 1_000, 2001-01-01, !!str 5, '5', 12:30]";
    assert_snapshot!(told(FileFormat::Yaml, text), @r#"
    a:
      - "yes"         # a.yaml:1:5
      - "no"          # a.yaml:1:10
      - "on"          # a.yaml:1:14
      - true          # a.yaml:1:18
      - null          # a.yaml:1:24
      - null          # a.yaml:1:27
      - 31            # a.yaml:1:33
      - 15            # a.yaml:1:39
      - 17            # a.yaml:1:45
      - 1000.0        # a.yaml:1:50
      - 5             # a.yaml:1:55
      - -0.5          # a.yaml:1:59
      - 0.5           # a.yaml:1:65
      - "1_000"       # a.yaml:1:69
      - "2001-01-01"  # a.yaml:1:76
      - "5"           # a.yaml:1:88
      - "5"           # a.yaml:1:97
      - "12:30"       # a.yaml:1:102
    "#);
    assert_snapshot!(told(FileFormat::Yaml, "a: .inf\nb: -.inf\nc: .nan\nd: 99999999999999999999\ne: 1e999\nf: !!int x\ng: !foo x\n"), @r"
    the configuration cannot be used: 7 problems
    error: infinity is no number that can be kept
      --> a.yaml:1:4
      hint: in quotes it is a text
    error: infinity is no number that can be kept
      --> a.yaml:2:4
      hint: in quotes it is a text
    error: `.nan` is no number that can be kept
      --> a.yaml:3:4
      hint: in quotes it is a text
    error: the whole number is too large, it does not fit 64 bits
      --> a.yaml:4:4
      hint: in quotes it is a text
    error: the number is too large
      --> a.yaml:5:4
      hint: in quotes it is a text
    error: this is no value of the tag `!!int`
      --> a.yaml:6:4
    error: the tag `!foo` has no meaning here
      --> a.yaml:7:4
    ");
    assert_snapshot!(told(FileFormat::Toml, "a = inf\nb = -nan\n"), @r"
    the configuration cannot be used: 2 problems
    error: `inf` and `nan` are no numbers that can be kept
      --> a.toml:1:5
    error: `inf` and `nan` are no numbers that can be kept
      --> a.toml:2:5
    ");
    assert_snapshot!(told(FileFormat::Json, "{\"a\": 99999999999999999999, \"b\": 1e999, \"c\": 01}"), @r"
    the configuration cannot be used
    error: this is not JSON: expected comma
      --> a.json:1:47
    ");
}

#[test]
fn aliases_stand_for_what_they_repeat() {
    assert_snapshot!(told(FileFormat::Yaml, "a: &x {b: 1}\nc: [*x, *x]\n"), @r"
    a:
      b: 1    # a.yaml:1:11
    c:
      - b: 1  # a.yaml:1:11
      - b: 1  # a.yaml:1:11
    ");
    assert_snapshot!(told(FileFormat::Yaml, "a: &x {b: 1}\nc:\n  <<: *x\n"), @r"
    the configuration cannot be used
    error: `<<` merges no maps, as YAML 1.2 knows it no more
      --> a.yaml:3:3
      hint: write the names out, or keep them in a file that is given before
    ");
    assert_snapshot!(told(FileFormat::Yaml, "a: *x\n"), @r"
    the configuration cannot be used
    error: this is not YAML: while parsing node, found unknown anchor
      --> a.yaml:1:4
    ");
}

#[test]
fn what_is_not_as_the_format_asks_is_told_with_its_place() {
    assert_snapshot!(told(FileFormat::Yaml, "a: [1, 2\nb: 3\n"), @r"
    the configuration cannot be used
    error: this is not YAML: illegal placement of ':' indicator
      --> a.yaml:2:2
    ");
    assert_snapshot!(told(FileFormat::Yaml, "a: b: c\n"), @r"
    the configuration cannot be used
    error: this is not YAML: mapping values are not allowed in this context
      --> a.yaml:1:5
    ");
    assert_snapshot!(told(FileFormat::Yaml, "a:\n\tb: 1\n"), @r"
    the configuration cannot be used
    error: this is not YAML: tabs disallowed within this context (block indentation)
      --> a.yaml:2:2
    ");
    assert_snapshot!(told(FileFormat::Yaml, "a: 'x\n"), @r"
    the configuration cannot be used
    error: this is not YAML: while scanning a quoted scalar, found unexpected end of stream
      --> a.yaml:1:4
    ");
    assert_snapshot!(told(FileFormat::Yaml, "a: 1\n---\nb: 2\n"), @r"
    the configuration cannot be used
    error: there is more than one document in the file
      --> a.yaml:2:1
      hint: keep one, without `---`; several files can be given one after the other
    ");
    assert_snapshot!(told(FileFormat::Yaml, "[1]: 2\n"), @r"
    the configuration cannot be used
    error: a name is a text, and neither a list nor a map
      --> a.yaml:1:1
    ");
    assert_snapshot!(told(FileFormat::Toml, "a = \nb = 'x\n[c\n"), @r"
    the configuration cannot be used: 3 problems
    error: this is not TOML: string values must be quoted, expected literal string
      --> a.toml:1:5
    error: this is not TOML: invalid literal string, expected `'`
      --> a.toml:2:7
    error: this is not TOML: unclosed table, expected `]`
      --> a.toml:3:3
    ");
    assert_snapshot!(told(FileFormat::Json, "{\"a\": 1,}"), @r"
    the configuration cannot be used
    error: this is not JSON: trailing commas are not allowed
      --> a.json:1:8
    ");
    assert_snapshot!(told(FileFormat::Json, "{\"a\": 1 // one\n}"), @r"
    the configuration cannot be used
    error: this is not JSON: comments are not allowed
      --> a.json:1:9
      hint: JSON has no comments; YAML and TOML have, with `#`
    ");
    assert_snapshot!(told(FileFormat::Json, "{a: 1}"), @r"
    the configuration cannot be used
    error: this is not JSON: expected string for object property
      --> a.json:1:2
    ");
    assert_snapshot!(told(FileFormat::Json, "{\"a\" 1}"), @r"
    the configuration cannot be used
    error: this is not JSON: expected colon after the string or word in object property
      --> a.json:1:6
    ");
    assert_snapshot!(told(FileFormat::Json, "{\"a\": tru}"), @r"
    the configuration cannot be used
    error: this is not JSON: unexpected token
      --> a.json:1:7
    ");
}

#[test]
fn a_name_that_stands_twice_is_told_with_both_places() {
    assert_snapshot!(told(FileFormat::Yaml, "a: {x: 1}\nb: 2\na: 3\nb: 4\n"), @r"
    the configuration cannot be used: 2 problems
    error: the name `a` stands twice in one map
      --> a.yaml:3:1
      --> a.yaml:1:1 (first)
    error: the name `b` stands twice in one map
      --> a.yaml:4:1
      --> a.yaml:2:1 (first)
    ");
    assert_snapshot!(told(FileFormat::Toml, "x = 1\n[a]\nx = 1\ny.z = 1\ny.z = 2\nx = 2\n[b]\n[a]\n"), @r"
    the configuration cannot be used: 3 problems
    error: the name `z` stands twice in one map
      --> a.toml:5:3
      --> a.toml:4:3 (first)
    error: the name `x` stands twice in one map
      --> a.toml:6:1
      --> a.toml:3:1 (first)
    error: the name `a` stands twice in one map
      --> a.toml:8:2
      --> a.toml:2:2 (first)
    ");
    assert_snapshot!(told(FileFormat::Json, "{\"a\": 1, \"b\": {\"a\": 2, \"a\": 3}}"), @r"
    the configuration cannot be used
    error: the name `a` stands twice in one map
      --> a.json:1:24
      --> a.json:1:16 (first)
    ");
}

#[test]
fn a_file_holds_a_map_or_nothing() {
    for format in [FileFormat::Yaml, FileFormat::Toml, FileFormat::Json] {
        assert_eq!(told(format, ""), "");
        assert_eq!(told(format, "\u{feff}"), "");
    }
    assert_eq!(told(FileFormat::Yaml, "# nothing\n---\n"), "");
    assert_snapshot!(told(FileFormat::Yaml, "- a\n"), @r"
    the configuration cannot be used
    error: a configuration is a map, but `a.yaml` is a list
      --> a.yaml:1:1
      hint: write names with values: `name: value`
    ");
    assert_snapshot!(told(FileFormat::Json, "\"text\""), @r"
    the configuration cannot be used
    error: a configuration is a map, but `a.json` is the text `text`
      --> a.json:1:1
      hint: write names with values: `name: value`
    ");
}

#[test]
fn a_file_is_read_by_its_extension() {
    let told = |path: &str| Node::read_file(Path::new(path)).unwrap_err().to_string();
    assert_snapshot!(told("conf/a.ini"), @r"
    the configuration cannot be used
    error: the configuration file `conf/a.ini` ends in `.ini`, which is no known format
      hint: known are .yaml, .yml, .toml and .json
    ");
    assert_snapshot!(told("conf/a"), @r"
    the configuration cannot be used
    error: the configuration file `conf/a` has no extension that says its format
      hint: known are .yaml, .yml, .toml and .json
    ");
    assert_snapshot!(told("no-such-folder/a.yaml"), @r"
    the configuration cannot be used
    error: there is no configuration file `no-such-folder/a.yaml`
      hint: a relative path begins at the working directory
    ");
    let formats =
        ["a.yaml", "a.YML", "a.toml", "a.json", "a.txt"].map(|name| FileFormat::of_path(Path::new(name)));
    let (yaml, toml, json) = (Some(FileFormat::Yaml), Some(FileFormat::Toml), Some(FileFormat::Json));
    assert_eq!(formats, [yaml, yaml, toml, json, None]);
    let manifest = Node::read_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    assert!(matches!(manifest.value, Value::Map(_)));
}

#[cfg(unix)]
#[test]
fn what_may_never_end_is_not_read() {
    let folder = std::env::temp_dir().join(format!("orch-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let endless = folder.join("a.yaml");
    std::os::unix::fs::symlink("/dev/zero", &endless).unwrap();
    let error = Node::read_file(&endless).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_snapshot!(error.replace(&folder.display().to_string(), "conf"), @r"
    the configuration cannot be used
    error: the configuration file `conf/a.yaml` is no regular file
      hint: copy what it gives into a file
    ");
}
