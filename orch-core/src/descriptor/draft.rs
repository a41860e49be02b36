use std::collections::HashMap;
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::model::{JobModel, StepModel};
use super::{DescriptorProblem, DescriptorProblemKind, Registry};
use crate::config::{
    ConfigPath, ConfigProblem, ConfigProblemKind, ConfigStep, EnvVars, Node, Origin, Value, check_at, read,
};
use crate::define::OpDef;
use crate::ids::Place;

/// A descriptor that was read: what is right in it, so that all the rest can be checked too.
pub(super) struct Draft {
    /// None if it is not written as a descriptor is.
    pub(super) job: Option<JobModel<Json>>,
    pub(super) node: Node,
    /// In the order of the file.
    pub(super) steps: Vec<StepDraft>,
    pub(super) by_name: HashMap<Arc<str>, usize>,
}

/// A step of it.
pub(super) struct StepDraft {
    pub(super) name: Arc<str>,
    /// Where its name stands.
    pub(super) at: Origin,
    /// None if it is not written as a step is.
    pub(super) model: Option<StepModel>,
    /// None if there is no op of this kind.
    pub(super) op: Option<Arc<OpDef>>,
    node: Node,
}

impl Draft {
    /// Reads a descriptor as far as it can be read; what is wrong is added to the problems.
    pub(super) fn read(node: &Node, registry: &Registry, problems: &mut Vec<DescriptorProblem>) -> Self {
        let env = registry.env_vars();
        let of_job = SchemaGenerator::default().into_root_schema_for::<JobModel<Json>>();
        let of_step = SchemaGenerator::default().into_root_schema_for::<StepModel>();
        let job = model(node, &of_job, &ConfigPath::root(), env, problems);
        let entries = match node.at(&ConfigPath::root().key("steps")).map(|steps| &steps.value) {
            Some(Value::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        let steps = entries.iter().map(|entry| {
            let path = ConfigPath::root().key("steps").key(Arc::clone(&entry.key));
            let model: Option<StepModel> = model(&entry.node, &of_step, &path, env, problems);
            let op = model.as_ref().and_then(|model| registry.get(&model.op)).cloned();
            let (name, at, node) = (Arc::clone(&entry.key), entry.at.clone(), entry.node.clone());
            StepDraft { name, at, model, op, node }
        });
        let steps: Vec<_> = steps.collect();
        let by_name = steps.iter().enumerate().map(|(at, step)| (Arc::clone(&step.name), at)).collect();
        Self { job, node: node.clone(), steps, by_name }
    }

    /// Where a value of the job stands, or its name if it is in a map.
    pub(super) fn origin(&self, path: &[&str]) -> Origin {
        origin(&self.node, path).unwrap_or_else(|| self.node.origin.clone())
    }
}

impl StepDraft {
    /// Where a value of the step stands.
    pub(super) fn origin(&self, path: &[&str]) -> Origin {
        origin(&self.node, path).unwrap_or_else(|| self.at.clone())
    }

    /// A value of the step, as it is written.
    pub(super) fn value(&self, path: &[&str]) -> Option<&Node> {
        self.node.at(&path.iter().copied().collect())
    }

    /// Where the item of a list stands.
    pub(super) fn item(&self, path: &[&str], item: usize) -> Origin {
        let path: ConfigPath = path.iter().copied().collect();
        self.node.at(&path.index(item)).map_or_else(|| self.at.clone(), |node| node.origin.clone())
    }

    /// The place of the step, as plans know places.
    pub(super) fn place(&self) -> Place {
        self.at.place()
    }
}

/// Where a value stands; of one in a map, its name, which is what a reader looks for.
fn origin(node: &Node, path: &[&str]) -> Option<Origin> {
    let (last, before) = path.split_last()?;
    let Value::Map(entries) = &node.at(&before.iter().copied().collect())?.value else { return None };
    entries.iter().find(|entry| &*entry.key == *last).map(|entry| entry.node.origin.clone())
}

/// Checks a part of a descriptor and reads it.
fn model<T: DeserializeOwned>(
    node: &Node,
    schema: &Schema,
    path: &ConfigPath,
    env: &EnvVars,
    problems: &mut Vec<DescriptorProblem>,
) -> Option<T> {
    match check_at(node, schema, env, path.clone()) {
        Ok(checked) => match read(&checked, env) {
            Ok(model) => Some(model),
            Err(error) => {
                problems.push(DescriptorProblem::unread(path, &error));
                None
            }
        },
        Err(error) => {
            problems.extend(error.into_problems().into_iter().map(written));
            None
        }
    }
}

/// A problem of what is written; whoever writes a constant as an input is told how one is written.
fn written(problem: ConfigProblem) -> DescriptorProblem {
    let steps = problem.path().steps();
    let is = |at: usize, name: &str| matches!(steps.get(at), Some(ConfigStep::Key(key)) if **key == *name);
    let of_input = steps.len() == 4 && is(0, "steps") && is(2, "inputs");
    let at = problem.places().next().cloned();
    match at {
        Some(at) if of_input && problem.kind() == ConfigProblemKind::WrongType => {
            DescriptorProblem::new(DescriptorProblemKind::Written, problem.message())
                .at(at)
                .hint("write the step that feeds it, and a constant as `{ value: .. }`")
        }
        _ => problem.into(),
    }
}
