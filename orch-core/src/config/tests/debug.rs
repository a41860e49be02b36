use insta::assert_snapshot;

use crate::config::{FileFormat, Node, RunConfig};

#[test]
fn what_was_set_or_written_in_a_file_is_not_in_debug() {
    let config = RunConfig::new()
        .text(FileFormat::Yaml, "conf.yaml", "resources: {db: {config: {password: canary-1, port: 77777}}}")
        .set("ops.load.config.password=canary-2")
        .set("ops.load.config.pin=77777")
        .set("ops.load.config.list=[canary-3, 77777");
    let debug = format!("{config:#?}");
    assert!(!debug.contains("canary") && !debug.contains("77777"), "{debug}");
    assert_snapshot!(format!("{:?}", Node::from_set("a=canary").unwrap()), @r#"Node { value: Map([Entry { key: "a", at: Origin(--set a), node: Node { value: Text(..), origin: Origin(--set a) }, layer: 0 }]), origin: Origin(--set a) }"#);
}

#[test]
fn errors_are_told_in_debug_as_people_read_them() {
    let error = Node::parse(FileFormat::Yaml, "conf.yaml", "a: 1\na: 2\nb: 1\nb: 2\n").unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
    assert_snapshot!(format!("{error:?}"), @r"
    the configuration cannot be used: 2 problems
    error: the name `a` stands twice in one map
      --> conf.yaml:2:1
      --> conf.yaml:1:1 (first)
    error: the name `b` stands twice in one map
      --> conf.yaml:4:1
      --> conf.yaml:3:1 (first)
    ");
}
