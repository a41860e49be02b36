use std::collections::HashMap;

use super::schema::{self, Configurables, Purpose};
use super::wiring::Wiring;
use crate::config::{
    self, AnyConfig, ConfigDef, ConfigError, ConfigPath, ConfigProblem, ConfigProblemKind, EnvVars, Node,
    Origin, ReadError, RunConfig, Scrubber, Value, of_step,
};
use crate::failure::quietly;
use crate::graph::StepConfig;
use crate::plan::Program;

/// The configuration of a run, checked and read: what its job, its steps and its resources are given.
#[derive(Default)]
pub(super) struct Configured {
    /// By the number of the step in the plan.
    pub(super) steps: Vec<Option<AnyConfig>>,
    /// By the number of the resource.
    pub(super) resources: HashMap<usize, AnyConfig>,
    /// The effective values, references left as they are.
    pub(super) node: Option<Node>,
    job: Option<AnyConfig>,
}

impl Configured {
    /// Checks all, reads it, and makes of the job's own configuration what its body asked for.
    pub(super) fn read(
        given: &RunConfig,
        whole: &Configurables,
        program: &mut Program,
        wiring: &Wiring,
        env: &EnvVars,
    ) -> Result<Self, ConfigError> {
        if given.is_empty() && !takes_config(program, wiring) {
            return Ok(Self::default());
        }
        let (node, unread) = given.clone().into_node();
        match Self::read_node(node, whole, program, wiring, env) {
            Ok(configured) if unread.is_empty() => Ok(configured),
            Ok(_) => Err(ConfigError::new(unread)),
            Err(error) if unread.is_empty() => Err(error),
            Err(error) => {
                // What is missing may be in what could not be read.
                let others = error.into_problems().into_iter();
                let others = others.filter(|problem| problem.kind() != ConfigProblemKind::Missing);
                Err(ConfigError::new(unread.into_iter().chain(others).collect()))
            }
        }
    }

    fn read_node(
        node: Node,
        whole: &Configurables,
        program: &mut Program,
        wiring: &Wiring,
        env: &EnvVars,
    ) -> Result<Self, ConfigError> {
        let (mut node, twice) = with_fixed(node, program);
        let checked = Self::read_whole(&mut node, whole, program, wiring, env);
        match checked {
            Ok(configured) if twice.is_empty() => Ok(configured),
            checked => {
                let others = checked.err().into_iter().flat_map(ConfigError::into_problems);
                Err(ConfigError::new(twice.into_iter().chain(others).collect()))
            }
        }
    }

    fn read_whole(
        node: &mut Node,
        whole: &Configurables,
        program: &mut Program,
        wiring: &Wiring,
        env: &EnvVars,
    ) -> Result<Self, ConfigError> {
        let job = Self::derive(node, whole, program, wiring, env)?;
        let schema = schema::of_run(whole, program, wiring, Purpose::Whole);
        let node = config::check(node, &schema, env)?;
        if env.leaves_secrets() {
            return Ok(Self { node: Some(node), job, ..Self::default() });
        }
        let mut reader = Reader { node: &node, env, problems: Vec::new() };
        let root = ConfigPath::root;
        let steps = program.plan.steps.iter().zip(&program.ops).map(|(step, op)| {
            op.needs().config().and_then(|def| reader.config(&of_step(&step.name).key("config"), def))
        });
        let steps = steps.collect();
        let mut resources = HashMap::new();
        for &at in &wiring.order {
            let Some(def) = wiring.opened(at) else { continue };
            let Some(config) = def.config() else { continue };
            let path = root().key("resources").key(def.key()).key("config");
            resources.extend(reader.config(&path, config).map(|config| (at, config)));
        }
        match reader.problems {
            problems if problems.is_empty() => Ok(Self { steps, resources, node: Some(node), job }),
            problems => Err(ConfigError::new(problems)),
        }
    }

    /// Reads the job's own configuration, and makes of it what the body of the job asked for: inputs, and configuration of
    /// steps, which is put into the tree to be checked like any other.
    fn derive(
        node: &mut Node,
        whole: &Configurables,
        program: &mut Program,
        wiring: &Wiring,
        env: &EnvVars,
    ) -> Result<Option<AnyConfig>, ConfigError> {
        let Some(def) = program.job_config.clone() else { return Ok(None) };
        let schema = schema::of_run(whole, program, wiring, Purpose::Given);
        let checked = config::check(node, &schema, env)?;
        let path = ConfigPath::root().key("config");
        let mut reader = Reader { node: &checked, env, problems: Vec::new() };
        let Some(job) = reader.config(&path, &def) else { return Err(ConfigError::new(reader.problems)) };
        let scrubber = Scrubber::new(job.secrets());
        for (literal, derive) in &program.derived {
            match quietly(|| derive(&job)).and_then(|made| made) {
                Ok(value) => program.literals[*literal] = value,
                Err(failure) => {
                    let origin = checked.at(&path).map_or(Origin::Default, |node| node.origin.clone());
                    let message =
                        format!("nothing can be made of `{path}`: {}", scrubber.error(failure.info()));
                    reader.problem(&path, message, &origin);
                }
            }
        }
        let mut made = RunConfig::new();
        for ((step, op), config) in program.plan.steps.iter().zip(&program.ops).zip(&program.configs) {
            let (StepConfig::From(literal, place), Some(def)) = (config, op.needs().config()) else {
                continue;
            };
            let (path, origin) = (of_step(&step.name).key("config"), Origin::Code(place.clone()));
            match def.written(&program.literals[*literal], &origin) {
                Some(Ok(node)) => made = made.put(&path, node),
                Some(Err(error)) => {
                    let error = error.to_string();
                    let message = format!("`{path}` cannot be made: {}", scrubber.scrub(&error));
                    reader.problem(&path, message, &origin);
                }
                // What it should have been made of is a problem already.
                None => {}
            }
        }
        if !reader.problems.is_empty() {
            return Err(ConfigError::new(reader.problems));
        }
        *node = node.clone().merge(made.into_node().0);
        Ok(Some(job))
    }

    /// What takes the secrets of the configuration, and of the program's constants, out of what a run tells.
    pub(super) fn scrubber(&self, program: &Program) -> Scrubber {
        let configs = self.steps.iter().flatten().chain(self.resources.values()).chain(&self.job);
        Scrubber::new(configs.flat_map(AnyConfig::secrets).chain(&program.secrets))
    }
}

/// Whether anything of the run can be configured, but for the run itself.
fn takes_config(program: &Program, wiring: &Wiring) -> bool {
    program.job_config.is_some()
        || program.ops.iter().any(|op| op.needs().config().is_some())
        || wiring.order.iter().any(|&at| wiring.opened(at).is_some_and(|def| def.config().is_some()))
}

/// Adds what the calls of ops have given once for all. Whoever gives it again is told so.
fn with_fixed(node: Node, program: &Program) -> (Node, Vec<ConfigProblem>) {
    let mut problems = Vec::new();
    let mut fixed = RunConfig::new();
    for (step, config) in program.plan.steps.iter().zip(&program.configs) {
        let path = of_step(&step.name).key("config");
        match config {
            StepConfig::Open => {}
            StepConfig::Fixed(values, place) => {
                if let Some(given) = node.at(&path) {
                    overlap(values, given, &path, &Origin::Code(place.clone()), &mut problems);
                }
                fixed = fixed.put(&path, values.clone());
            }
            StepConfig::From(_, place) => {
                if let Some(given) = node.at(&path) {
                    let message = format!("`{path}` is made of the job's configuration, and cannot be given");
                    problems.push(given_twice(&path, message, given, &Origin::Code(place.clone())));
                }
            }
        }
    }
    (node.merge(fixed.into_node().0), problems)
}

/// Finds what is given though it is fixed: within maps that both have, value by value.
fn overlap(fixed: &Node, given: &Node, path: &ConfigPath, call: &Origin, problems: &mut Vec<ConfigProblem>) {
    if let (Value::Map(fixed), Value::Map(given)) = (&fixed.value, &given.value) {
        for entry in fixed {
            if let Some(other) = given.iter().find(|other| other.key == entry.key) {
                overlap(&entry.node, &other.node, &path.clone().key(&*entry.key), call, problems);
            }
        }
    } else {
        let message = format!("`{path}` is fixed where the op is called, and cannot be given");
        problems.push(given_twice(path, message, given, call));
    }
}

fn given_twice(path: &ConfigPath, message: String, given: &Node, call: &Origin) -> ConfigProblem {
    ConfigProblem::new(ConfigProblemKind::Fixed, path.clone(), message)
        .at(given.origin.clone())
        .at_as("the call", call.clone())
        .hint("leave it out, or out of the call")
}

/// Reads parts of a checked tree. What the schema allows a type may still refuse.
struct Reader<'a> {
    node: &'a Node,
    env: &'a EnvVars,
    problems: Vec<ConfigProblem>,
}

impl Reader<'_> {
    fn config(&mut self, path: &ConfigPath, def: &ConfigDef) -> Option<AnyConfig> {
        let node = self.node.at(path)?;
        def.read(node, self.env).map_err(|error| self.refused(path, &error)).ok()
    }

    fn refused(&mut self, path: &ConfigPath, error: &ReadError) {
        let message = format!("`{}`: {}", path.clone().join(&error.path), error.message);
        self.problem(path, message, &error.origin);
    }

    fn problem(&mut self, path: &ConfigPath, message: String, origin: &Origin) {
        let problem = ConfigProblem::new(ConfigProblemKind::WrongValue, path.clone(), message);
        self.problems.push(problem.at(origin.clone()));
    }
}
