use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::fixed;
use super::wiring::Wiring;
use crate::config::{ConfigDef, ConfigPath, ConfigStep, RARE, shorten};
use crate::define::{OpDef, Provider};
use crate::graph::StepConfig;
use crate::plan::Program;

/// What a schema is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be looked at, and for editors: all that can be given, whether this run needs it or not.
    Describe,
    /// To check what was given, before what is made of the job's own configuration is there.
    Given,
    /// To check all of it.
    Whole,
}

/// The steps of a whole job and what each is configured with, whatever part of it runs: one file is for all parts.
pub(super) struct Configurables {
    steps: Vec<(String, Arc<OpDef>)>,
    /// Whether the job takes configuration of its own.
    job: bool,
}

impl Configurables {
    pub(super) fn of(program: &Program) -> Self {
        let steps = program.plan.steps.iter().zip(&program.ops);
        let steps = steps.map(|(step, op)| (step.name.clone(), Arc::clone(op))).collect();
        Self { steps, job: program.job_config.is_some() }
    }

    /// Whether the job has what stands at a path: what a program says of its jobs in common need not concern each of them.
    pub(super) fn has(&self, path: &ConfigPath) -> bool {
        match path.steps() {
            [ConfigStep::Key(section)] if **section == *"config" => self.job,
            [ConfigStep::Key(section), ConfigStep::Key(name)] if **section == *"ops" => {
                self.steps.iter().any(|(step, _)| step.split('.').next() == Some(&**name))
            }
            _ => true,
        }
    }
}

/// The schema of all that a run of this program, a part of the `whole`, can be configured with.
pub(super) fn of_run(whole: &Configurables, program: &Program, wiring: &Wiring, purpose: Purpose) -> Schema {
    let mut types = SchemaGenerator::default();
    let mut root = Level::default();
    if let Some(job) = &program.job_config {
        put_config(&mut root, job, true, purpose, &mut types);
    }
    let mut ops = Tree::default();
    let steps = program.plan.steps.iter().zip(&program.configs);
    let runs: HashMap<_, _> =
        steps.filter(|(step, _)| !step.given).map(|(step, config)| (&*step.name, config)).collect();
    for (name, op) in &whole.steps {
        let run = runs.get(&**name);
        let open = purpose == Purpose::Whole || !matches!(run, Some(StepConfig::From(..)));
        let step = ops.step(name);
        match (op.needs().config(), run) {
            (Some(def), Some(StepConfig::Fixed(fixed, _))) if purpose == Purpose::Describe => {
                if let Some(left) = fixed::without(of_config(def, &mut types), fixed, &types) {
                    let required = left.get("required").is_some();
                    step.own.put("config", left, required);
                }
            }
            (Some(def), _) if open => put_config(&mut step.own, def, run.is_some(), purpose, &mut types),
            // That it is given nonetheless is told where it is made.
            (Some(_), _) if purpose == Purpose::Given => {
                step.own.properties.insert("config".to_owned(), json!({}));
            }
            _ => {}
        }
        step.inputs = op.inputs().iter().map(|input| input.name.to_string()).collect();
    }
    ops.into_level().close_into(&mut root, "ops", "Configuration of steps, by their name in the plan.");
    resources(wiring, purpose, &mut types).close_into(
        &mut root,
        "resources",
        "Configuration of resources, by their key.",
    );
    put_itself(&mut root);
    let (mut schema, _) = root.close();
    let definitions = types.take_definitions(true);
    if let Some(words) = schema.as_object_mut() {
        words.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        words.insert("title".into(), format!("Configuration of {}", program.plan.job).into());
        if !definitions.is_empty() {
            words.insert("$defs".into(), Value::Object(definitions));
        }
    }
    let mut schema = Schema::try_from(schema).unwrap_or_else(|_| json_schema!({}));
    shorten(&mut schema);
    schema
}

/// What is opened, and what would be: one file is for all environments, and for tests that put something else in the
/// place of a resource.
fn resources(wiring: &Wiring, purpose: Purpose, types: &mut SchemaGenerator) -> Level {
    let mut level = Level::default();
    let provided = wiring.resources().iter().enumerate();
    let opened = provided.filter_map(|(at, provided)| match &provided.by {
        Provider::Opened(def) => Some((&**def, wiring.order.contains(&at))),
        Provider::Value(_) => None,
    });
    for (def, needed) in opened.chain(wiring.resources().replaced().map(|def| (def, false))) {
        if level.properties.contains_key(def.key()) {
            continue;
        }
        let mut resource = Level::default();
        if let Some(config) = def.config() {
            put_config(&mut resource, config, needed, purpose, types);
        }
        resource.close_into(&mut level, def.key(), def.description().unwrap_or_default());
    }
    level
}

/// The schema of what is said of the run itself.
pub(super) fn of_itself() -> Schema {
    let mut root = Level::default();
    put_itself(&mut root);
    Schema::try_from(root.close().0).unwrap_or_else(|_| json_schema!({}))
}

fn put_itself(root: &mut Level) {
    root.put("execution", execution(), false);
    let tag = json!({ "type": "string" });
    let tags = json!({ "type": "object", "additionalProperties": tag, "description": "Tags of the run." });
    root.put("tags", tags, false);
    let description = "The steps that run, such as `load+`; all by default.";
    root.put("select", json!({ "type": "string", "description": description }), false);
}

/// Whether a value must be given, since some of it has no default.
fn is_required(def: &ConfigDef) -> bool {
    let schema = def.schema();
    let empty = |word: &str| schema.get(word).and_then(Value::as_array).is_none_or(Vec::is_empty);
    // A choice has to be made, and only a map can be empty.
    !empty("required") || schema.get("type").is_none_or(|ty| ty != "object")
}

/// The configuration of a job, step or resource. What this run does not need, an unselected step's or that of a resource
/// that is not opened, is not checked: one file is for all parts of a job, and not all of it can be had everywhere.
fn put_config(
    level: &mut Level,
    def: &ConfigDef,
    needed: bool,
    purpose: Purpose,
    types: &mut SchemaGenerator,
) {
    match needed {
        true => level.put("config", of_config(def, types), is_required(def)),
        false => {
            let described = purpose == Purpose::Describe;
            let config = if described { of_config(def, types) } else { json!({}) };
            level.properties.insert("config".to_owned(), config);
        }
    }
}

fn of_config(def: &ConfigDef, types: &mut SchemaGenerator) -> Value {
    def.schema_in(types).to_value()
}

fn execution() -> Value {
    let count = |description: &str| json!({ "type": "integer", "minimum": 1, "description": description });
    json!({
        "type": "object",
        "description": "How the run is executed.",
        "properties": {
            "max_concurrent": count("How many steps may run at once."),
            "max_in_flight": count("How many items of one dynamic output may be alive at once."),
            "order": {
                "enum": ["depth_first", "breadth_first"],
                "description": "Which of several ready steps goes first.",
            },
        },
        "additionalProperties": false,
    })
}

/// An object of a schema in the making.
#[derive(Default)]
struct Level {
    properties: Map<String, Value>,
    required: Vec<Value>,
}

impl Level {
    fn put(&mut self, key: &str, mut schema: Value, required: bool) {
        if required {
            self.required.push(key.into());
        } else if let Some(words) = schema.as_object_mut()
            && (words.get("type").is_some_and(|ty| ty == "object") || words.contains_key("$ref"))
        {
            // What is left out is there with all its defaults.
            words.entry("default").or_insert_with(|| json!({}));
        }
        self.properties.insert(key.to_owned(), schema);
    }

    /// The schema, and whether anything in it must be given.
    fn close(self) -> (Value, bool) {
        let required = !self.required.is_empty();
        let mut schema =
            json!({ "type": "object", "properties": self.properties, "additionalProperties": false });
        if let Some(words) = schema.as_object_mut().filter(|_| required) {
            words.insert("required".into(), Value::Array(self.required));
        }
        (schema, required)
    }

    fn close_into(self, outer: &mut Self, key: &str, description: &str) {
        let (mut schema, required) = self.close();
        if let Some(words) = schema.as_object_mut().filter(|_| !description.is_empty()) {
            words.insert("description".into(), description.into());
        }
        outer.put(key, schema, required);
    }
}

/// The steps as their names nest: `clean.trim` is `trim` among the ops of `clean`.
#[derive(Default)]
struct Tree {
    /// What it takes itself.
    own: Level,
    /// The names of its inputs: their values are of types that only serde knows.
    inputs: Vec<String>,
    /// In the order of the plan.
    ops: Vec<(String, Self)>,
    numbers: BTreeMap<String, usize>,
}

impl Tree {
    fn step(&mut self, name: &str) -> &mut Self {
        let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
        let at = *self.numbers.entry(first.to_owned()).or_insert_with(|| {
            self.ops.push((first.to_owned(), Self::default()));
            self.ops.len() - 1
        });
        let child = &mut self.ops[at].1;
        match rest {
            Some(rest) => child.step(rest),
            None => child,
        }
    }

    /// The level of its ops.
    fn into_level(self) -> Level {
        let mut level = Level::default();
        for (name, child) in self.ops {
            let Self { own: mut node, inputs, ops, numbers } = child;
            if !inputs.is_empty() {
                let mut values = Level::default();
                inputs.iter().for_each(|input| values.put(input, json!({}), false));
                let (mut values, _) = values.close();
                values[RARE] = true.into();
                values["description"] = "Values of inputs whose own step does not run.".into();
                node.properties.insert("inputs".to_owned(), values);
            }
            if !ops.is_empty() {
                let inner = Self { ops, numbers, ..Self::default() };
                inner.into_level().close_into(&mut node, "ops", "");
            }
            node.close_into(&mut level, &name, "");
        }
        level
    }
}
