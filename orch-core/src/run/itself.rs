use serde::Deserialize;

use super::schema;
use crate::config::{
    ConfigError, ConfigPath, ConfigProblem, EnvVars, Node, Origin, RunConfig, Value, check, read,
};
use crate::define::{Order, Tags};

/// What the configuration says of the run itself, checked before all else: which steps run decides what the others lack.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Itself {
    pub(super) select: Option<String>,
    pub(super) execution: Execution,
    pub(super) tags: Tags,
}

/// How the run is executed.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Execution {
    pub(super) max_concurrent: Option<usize>,
    pub(super) max_in_flight: Option<usize>,
    pub(super) order: Option<Order>,
}

impl Itself {
    /// Reads it; what is wrong is told once more when all is checked.
    pub(super) fn read(config: &RunConfig, env: &EnvVars) -> Result<Self, Vec<ConfigProblem>> {
        let (mut node, _) = config.clone().into_node();
        let schema = schema::of_itself();
        if let Value::Map(entries) = &mut node.value {
            entries.retain(|entry| {
                schema.get("properties").is_some_and(|known| known.get(&*entry.key).is_some())
            });
        }
        let node = check(&node, &schema, env).map_err(ConfigError::into_problems)?;
        // A schema of its own, so that nothing of it can be refused any more.
        Ok(read(&node, env).unwrap_or_default())
    }

    /// Where the selection comes from.
    pub(super) fn selected_at(config: &RunConfig) -> Origin {
        let node: Option<&Node> = config.at(&ConfigPath::root().key("select"));
        node.map_or(Origin::Nowhere, |node| node.origin.clone())
    }
}
