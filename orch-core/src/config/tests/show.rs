use insta::assert_snapshot;

use super::yaml;
use crate::config::{EnvVars, Node, Origin, check, show};
use crate::ids::Place;

#[test]
fn each_value_is_shown_with_its_origin() {
    let text = "
ops:
  load:
    config:
      batch: 50
      password: {env: DB_PASSWORD}
      sources: [{path: a, depth: 2}, {path: b}, [1, [2]], {}, []]
      \"a b\": \"no\"
      text: \"two\\nlines\"
      long: a text that is so long that no comment of another line should have to stand behind it
";
    let code = Node::of_json(
        &serde_json::json!({ "level": 3 }),
        &Origin::Code(Place { file: "src/main.rs".into(), line: 7 }),
    );
    let layers = code.merge(yaml(text)).merge(Node::from_set("ops.load.config.batch=60").unwrap());
    let schema = schemars::json_schema!({ "properties": { "level": true, "ops": true, "name": { "type": "string", "default": "x" }, "home": { "type": "string" } } });
    let layers = layers.merge(Node::from_set("home={env: HOME}").unwrap());
    let effective = check(&layers, &schema, &EnvVars::none().with("HOME", "/home")).unwrap();
    assert_snapshot!(show(&effective), @r#"
    level: 3                            # src/main.rs:7
    ops:
      load:
        config:
          batch: 60                     # --set
          password: {env: DB_PASSWORD}  # conf/a.yaml:6:17
          sources:
            - path: a                   # conf/a.yaml:7:24
              depth: 2                  # conf/a.yaml:7:34
            - path: b                   # conf/a.yaml:7:45
            -
              - 1                       # conf/a.yaml:7:50
              -
                - 2                     # conf/a.yaml:7:54
            - {}                        # conf/a.yaml:7:59
            - []                        # conf/a.yaml:7:63
          "a b": "no"                   # conf/a.yaml:8:14
          text: "two\nlines"            # conf/a.yaml:9:13
          long: "a text that is so long that no comment of another line should have to stand behind it"  # conf/a.yaml:10:13
    name: x                             # default
    home: /home                         # env HOME
    "#);
}

#[test]
fn nothing_is_shown_as_nothing() {
    assert_eq!(show(&yaml("")), "");
}
