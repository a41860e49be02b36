#![allow(missing_docs)]
use super::*;
use std::path::Path;
#[derive(Clone, Copy, Debug)]
pub enum FileFormat {
    Yaml,
    Toml,
    Json,
}
pub fn check(node: &Node, _: &schemars::Schema, _: &EnvVars) -> Result<Node, ConfigError> {
    Ok(node.clone())
}
impl Node {
    pub fn read_file(_: &Path) -> Result<Self, ConfigError> {
        Err(ConfigError::new(vec![]))
    }
    pub fn parse(_: FileFormat, _: &str, _: &str) -> Result<Self, ConfigError> {
        Err(ConfigError::new(vec![]))
    }
    pub fn from_set(_: &str) -> Result<Self, ConfigError> {
        Err(ConfigError::new(vec![]))
    }
    pub fn merge(self, over: Self) -> Self {
        match (self.value, over.value) {
            (Value::Map(mut under), Value::Map(entries)) => {
                for entry in entries {
                    match under.iter_mut().find(|found| found.key == entry.key) {
                        Some(found) => {
                            found.node = found.node.clone().merge(entry.node);
                        }
                        None => under.push(entry),
                    }
                }
                Self { value: Value::Map(under), origin: self.origin }
            }
            (_, value) => Self { value, origin: over.origin },
        }
    }
}
