mod check;
mod choices;
mod debug;
mod defaults;
mod files;
mod fuzz;
mod oracle;
mod references;
mod scaffold;
mod set;
mod show;
mod trees;

use schemars::{JsonSchema, Schema};

use super::{EnvVars, FileFormat, Node};

/// A file of YAML.
fn yaml(text: &str) -> Node {
    Node::parse(FileFormat::Yaml, "conf/a.yaml", text).unwrap()
}

/// What the check of a file says: what is in effect, or everything that is wrong.
fn told<T: JsonSchema>(text: &str) -> String {
    told_of(&yaml(text), &schemars::schema_for!(T), &EnvVars::none())
}

fn told_of(node: &Node, schema: &Schema, env: &EnvVars) -> String {
    match super::check(node, schema, env) {
        Ok(effective) => super::show(&effective),
        Err(error) => error.to_string(),
    }
}
