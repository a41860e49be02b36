use std::path::Path;

use serde::Serialize;

use super::{
    ConfigError, ConfigPath, ConfigProblem, ConfigProblemKind, ConfigStep, Entry, FileFormat, Node, Origin,
    Value, write,
};
use crate::ids::Place;

/// The configuration of a run, in layers: what is added later goes before what was there.
///
/// What cannot be read is told when the run is checked, together with all else that is wrong.
///
/// ```
/// use orch_core::config::RunConfig;
///
/// let config = RunConfig::new()
///     .file("conf/base.yaml")
///     .op("load", &serde_json::json!({ "batch": 50 }))
///     .set("ops.load.config.batch=100");
/// # let _ = config;
/// ```
///
/// Its shape is that of Dagster's run config:
///
/// ```yaml
/// config: {}              # of the job itself, if it takes one
/// ops:
///   load:
///     config: {}          # of the step `load`
///     inputs: {}          # values of inputs whose step is not selected
///   clean:                # of the graph `clean`
///     ops:
///       trim:
///         config: {}      # of the step `clean.trim`
/// resources:
///   database:
///     config: {}
/// execution:
///   max_concurrent: 4
///   max_in_flight: 8
///   order: depth_first
/// tags:
///   team: data
/// select: load+
/// ```
#[derive(Clone, Debug, Default)]
pub struct RunConfig {
    node: Option<Node>,
    problems: Vec<ConfigProblem>,
}

impl RunConfig {
    /// Nothing: defaults hold.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file; its name ends in `.yaml`, `.yml`, `.toml` or `.json`.
    #[must_use]
    pub fn file(self, path: impl AsRef<Path>) -> Self {
        self.add(Node::read_file(path.as_ref()))
    }

    /// Adds a text as if it were that of a file of this name, such as one that the program holds:
    /// `.text(FileFormat::Yaml, "prod.yaml", include_str!("../conf/prod.yaml"))`.
    #[must_use]
    pub fn text(self, format: FileFormat, name: &str, text: &str) -> Self {
        self.add(Node::parse(format, name, text))
    }

    /// Sets one value, as `--set` does: `ops.load.config.batch=50`.
    #[must_use]
    pub fn set(self, assignment: &str) -> Self {
        self.add(Node::from_set(assignment))
    }

    /// Configures a step, by its name in the plan: `load`, `load_2`, `clean.trim`. A value of a type that derives
    /// `Config` gives all fields, `serde_json::json!({ "batch": 50 })` those that it names.
    #[must_use]
    #[track_caller]
    pub fn op(self, step: &str, config: &(impl Serialize + ?Sized)) -> Self {
        self.value(of_step(step).key("config"), config, Place::caller())
    }

    /// Gives a value to an input whose own step is not selected.
    #[must_use]
    #[track_caller]
    pub fn input(self, step: &str, input: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.value(of_step(step).key("inputs").key(input), value, Place::caller())
    }

    /// Configures a resource, by its key.
    #[must_use]
    #[track_caller]
    pub fn resource(self, key: &str, config: &(impl Serialize + ?Sized)) -> Self {
        self.value(ConfigPath::root().key("resources").key(key).key("config"), config, Place::caller())
    }

    /// Configures the job itself.
    #[must_use]
    #[track_caller]
    pub fn job(self, config: &(impl Serialize + ?Sized)) -> Self {
        self.value(ConfigPath::root().key("config"), config, Place::caller())
    }

    /// Puts a value at a path.
    pub(crate) fn put(self, path: &ConfigPath, node: Node) -> Self {
        let origin = node.origin.clone();
        self.add(Ok(at(path, node, &origin)))
    }

    /// What is given at a path, if anything is.
    pub(crate) fn at(&self, path: &ConfigPath) -> Option<&Node> {
        self.node.as_ref()?.at(path)
    }

    /// The names within one of the sections, each with where it comes from.
    pub(crate) fn names_at(&self, section: &str) -> impl Iterator<Item = (&str, &Origin)> {
        let node = self.node.as_ref().and_then(|node| node.at(&ConfigPath::root().key(section)));
        let entries = node.map_or(&[] as &[Entry], |node| match &node.value {
            Value::Map(entries) => entries,
            _ => &[],
        });
        entries.iter().map(|entry| (&*entry.key, &entry.at))
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.node.is_none() && self.problems.is_empty()
    }

    /// The same without what is not wanted, of what stands at the root and in its sections.
    pub(crate) fn only(mut self, wanted: impl Fn(&ConfigPath) -> bool) -> Self {
        let Some(Node { value: Value::Map(sections), .. }) = &mut self.node else { return self };
        sections.retain_mut(|section| {
            let path = ConfigPath::root().key(section.key.clone());
            if let Value::Map(entries) = &mut section.node.value {
                entries.retain(|entry| wanted(&path.clone().key(entry.key.clone())));
            }
            wanted(&path)
        });
        self
    }

    /// Lays another configuration over this one.
    #[must_use]
    pub fn over(mut self, over: Self) -> Self {
        self.problems.extend(over.problems);
        self.node = match (self.node, over.node) {
            (Some(under), Some(over)) => Some(under.merge(over)),
            (under, over) => over.or(under),
        };
        self
    }

    /// All layers as one, as far as they can be read, and why some cannot: files that are not there, what cannot be set.
    #[must_use]
    pub fn into_node(self) -> (Node, Vec<ConfigProblem>) {
        let nothing = || Node { value: Value::Map(Vec::new()), origin: Origin::Nowhere };
        (self.node.unwrap_or_else(nothing), self.problems)
    }

    fn add(mut self, layer: Result<Node, ConfigError>) -> Self {
        match layer {
            Ok(mut node) => {
                empty_sections(&mut node);
                self.over(Self { node: Some(node), problems: Vec::new() })
            }
            Err(error) => {
                self.problems.extend(error.into_problems());
                self
            }
        }
    }

    fn value(self, path: ConfigPath, value: &(impl Serialize + ?Sized), place: Place) -> Self {
        let origin = Origin::Code(place);
        let layer = match write(value, &origin) {
            Ok(node) => Ok(at(&path, node, &origin)),
            Err(error) => Err(ConfigProblem::new(ConfigProblemKind::WrongValue, path, error.to_string())
                .at(origin)
                .into()),
        };
        self.add(layer)
    }
}

/// Where the configuration of a step stands: `ops.clean.ops.trim` of `clean.trim`.
pub(crate) fn of_step(step: &str) -> ConfigPath {
    step.split('.').fold(ConfigPath::root(), |path, name| path.key("ops").key(name))
}

/// A section all of whose lines are commented out is none of no value, but one in which nothing is said.
fn empty_sections(node: &mut Node) {
    let Value::Map(sections) = &mut node.value else { return };
    let empty = |node: &mut Node| {
        if node.value == Value::Null {
            node.value = Value::Map(Vec::new());
        }
    };
    for section in sections {
        match &*section.key {
            "ops" | "resources" => {
                empty(&mut section.node);
                let Value::Map(named) = &mut section.node.value else { continue };
                for entry in named {
                    empty(&mut entry.node);
                    empty_sections(&mut entry.node);
                }
            }
            "config" | "inputs" | "execution" | "tags" => empty(&mut section.node),
            _ => {}
        }
    }
}

/// A tree in which a value stands at a path of names.
fn at(path: &ConfigPath, node: Node, origin: &Origin) -> Node {
    path.steps().iter().rev().fold(node, |node, step| match step {
        ConfigStep::Key(key) => {
            let entry = Entry::new(key.clone(), origin.clone(), node);
            Node { value: Value::Map(vec![entry]), origin: origin.clone() }
        }
        ConfigStep::Index(_) => node,
    })
}

impl Node {
    /// What stands at a path of names; none if there is nothing.
    #[must_use]
    pub fn at(&self, path: &ConfigPath) -> Option<&Self> {
        path.steps().iter().try_fold(self, |node, step| match (&node.value, step) {
            (Value::Map(entries), ConfigStep::Key(key)) => {
                entries.iter().find(|entry| entry.key == *key).map(|entry| &entry.node)
            }
            (Value::List(items), ConfigStep::Index(index)) => items.get(*index),
            _ => None,
        })
    }

    pub(super) fn at_mut(&mut self, path: &ConfigPath) -> Option<&mut Self> {
        path.steps().iter().try_fold(self, |node, step| match (&mut node.value, step) {
            (Value::Map(entries), ConfigStep::Key(key)) => {
                entries.iter_mut().find(|entry| entry.key == *key).map(|entry| &mut entry.node)
            }
            (Value::List(items), ConfigStep::Index(index)) => items.get_mut(*index),
            _ => None,
        })
    }
}
