use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::select::Given;
use super::{
    Collect, Input, Kept, Maker, Map, Output, Plan, PlanError, PlannedPartitions, Problem, ProblemKind,
    Source, Step, assets, depth, hooks, isolated, literal, memoized, names, tags,
};
use crate::config::{ConfigDef, NoConfig, Secret};
use crate::define::{
    CRON_HINT, HookDef, JobOptions, OpDef, OutputKind, PRIORITY_TAG, Tags, check_cron, resource_type,
};
use crate::graph::{self, Derive, GraphNode, Job, SourceKind, StepConfig};
use crate::ids::{Place, nearest};
use crate::value::{Assemble, TypeInfo, Value};

/// A plan together with what cannot be written down: the functions and constants it refers to by index.
pub(crate) struct Program {
    pub(crate) plan: Plan,
    pub(crate) ops: Vec<Arc<OpDef>>,
    /// Hooks of each step besides those of the job.
    pub(crate) step_hooks: Vec<Vec<Arc<HookDef>>>,
    /// Hooks of the job, of steps and of runs.
    pub(crate) hooks: Vec<Arc<HookDef>>,
    pub(crate) literals: Vec<Value>,
    /// The texts of secrets that are in them.
    pub(crate) secrets: Vec<Secret<String>>,
    /// Makes one value of each [`Plan::collects`].
    pub(crate) collects: Vec<Assemble>,
    /// Makes one value of each [`Source::List`].
    pub(crate) lists: Vec<Assemble>,
    /// The type of the job's own configuration.
    pub(crate) job_config: Option<ConfigDef>,
    /// The literals that are made of it, when a run begins.
    pub(crate) derived: Vec<(usize, Derive)>,
    /// What the call of each step says of its configuration.
    pub(crate) configs: Vec<StepConfig>,
    /// What makes the assets.
    pub(crate) makers: Vec<Maker>,
    /// What is known before the run, where only a part runs.
    pub(super) given: Option<Given>,
}

impl Program {
    pub(crate) fn compile(job: &Job) -> Result<Self, PlanError> {
        let graph = &*job.graph;
        let mut problems = graph.problems.clone();
        let names = names::name_steps(&job.options, &graph.nodes, &mut problems);
        tags::check(&job.options, &graph.nodes, &mut problems);
        hooks::check(&graph.nodes, &names, &mut problems);
        let attached = graph.nodes.iter().flat_map(|node| &node.hooks).chain(&job.options.hooks);
        hooks::check_called(attached, &mut problems);
        let mut sources = Sources {
            graph,
            done: vec![None; graph.sources.len()],
            collects: Vec::new(),
            assemblies: Vec::new(),
            lists: Vec::new(),
            literals: graph.literals.clone(),
            derived: Vec::new(),
        };
        let mut steps = Vec::with_capacity(graph.nodes.len());
        for (node, name) in graph.nodes.iter().zip(names) {
            check_inputs(graph, node, &name, &mut problems);
            steps.push(step(&job.options, node, name, &mut sources, &mut problems));
        }
        let makers = assets::assign(graph, &mut steps, &mut problems);
        // What gives the partitions of the run knows the run, which a worker does not; nor is waiting a work of its own.
        let of_partitions = graph.partitions.iter().flat_map(|drawn| [Some(drawn.node), drawn.end]);
        of_partitions.flatten().for_each(|node| steps[node].isolated = false);
        check_after(graph, &steps, &mut problems);
        check_timeouts(&graph.nodes, &mut problems);
        isolated::check(&graph.nodes, &steps, &mut problems);
        memoized::mark(&graph.nodes, &mut steps, &mut problems);
        let configs = configs(graph, &steps, &mut sources, &mut problems);
        let Sources { collects, assemblies, lists, literals, derived, .. } = sources;
        let maps = graph.maps.iter().map(|map| Map {
            parent: map.parent.checked_sub(1),
            step: map.node,
            output: map.output,
        });
        let partitions = graph.partitions.iter().map(|drawn| PlannedPartitions {
            step: drawn.node,
            end: drawn.end,
            definition: drawn.definition.clone(),
            from: drawn.from.clone(),
            takers: drawn.takers.clone(),
            external: drawn.external.clone(),
        });
        let mut plan = Plan {
            job: job.options.name.clone(),
            description: job.options.description.clone(),
            tags: job.options.tags.clone(),
            max_concurrent: job.options.max_concurrent,
            max_in_flight: job.options.max_in_flight,
            order: job.options.order,
            limits: job.options.limits.clone(),
            hooks: hooks::names(&job.options.hooks),
            maps: maps.collect(),
            steps,
            collects,
            partitions: partitions.collect(),
        };
        assets::find_reads(&mut plan);
        check_limits(&plan, &job.options, &mut problems);
        check_schedule(&job.options, &mut problems);
        // Depths need indices that all point somewhere.
        if problems.is_empty() {
            depth::assign(&mut plan, &graph.nodes, &mut problems);
        }
        if !problems.is_empty() {
            return Err(PlanError::new(plan.job, problems));
        }
        Ok(Self {
            plan,
            ops: graph.nodes.iter().map(|node| Arc::clone(&node.op)).collect(),
            step_hooks: graph.nodes.iter().map(|node| node.hooks.clone()).collect(),
            hooks: job.options.hooks.clone(),
            literals,
            secrets: graph.secrets.clone(),
            collects: assemblies,
            lists,
            job_config: graph.config.clone(),
            derived,
            configs,
            makers,
            given: None,
        })
    }
}

fn step(
    options: &JobOptions,
    node: &GraphNode,
    name: String,
    sources: &mut Sources<'_>,
    problems: &mut Vec<Problem>,
) -> Step {
    let op = &*node.op;
    let inputs = op.inputs().iter().zip(&node.inputs).filter_map(|(input, &source)| {
        Some(Input {
            name: input.name.to_string(),
            ty: input.ty.name(),
            passing: input.passing,
            source: sources.resolve(source)?,
        })
    });
    let inputs = inputs.collect();
    let outputs = op.outputs().iter().map(|output| Output {
        name: output.name.to_string(),
        ty: output.ty.name(),
        kind: output.kind,
        kept: match (op.io(), output.codec) {
            (Some(_), _) => Kept::Io,
            (None, Some(_)) => Kept::Codec,
            (None, None) => Kept::Memory,
        },
    });
    let mut tags: Tags = op.tags.clone();
    tags.extend(node.tags.clone());
    let priority = tags.remove(PRIORITY_TAG).map_or(0, |text| {
        text.trim().parse().unwrap_or_else(|_| {
            problems.push(
                Problem::new(
                    ProblemKind::InvalidTag,
                    format!("the tag `{PRIORITY_TAG}` of `{name}` is `{text}`, which is no integer"),
                )
                .at("the step", node.place.clone())
                .hint("write it as `priority = 5`"),
            );
            0
        })
    });
    // What loads has nothing of the user's to be kept apart but an IO manager, which belongs to the run.
    let isolated = isolated::is(options, op) && node.loads.is_none();
    Step {
        name,
        op: op.name().to_owned(),
        description: op.description.clone(),
        map: node.scope.checked_sub(1),
        inputs,
        outputs: outputs.collect(),
        after: node.after.iter().map(|(other, _)| *other).collect(),
        depth: 0,
        priority,
        tags,
        retry: node.retry.or(op.retry).or(options.retry),
        timeout: op.timeout,
        isolated,
        memory: op.memory.filter(|_| isolated),
        pool: op.pool.clone(),
        code_version: op.code_version.clone(),
        memoize: false,
        io: op.io.clone(),
        // What is configured once for all takes nothing that a reader of the plan could give.
        config: op
            .needs
            .config()
            .map(ConfigDef::ty)
            .filter(|ty| *ty != TypeInfo::of::<NoConfig>())
            .map(|ty| ty.name()),
        resources: op.needs.resources().iter().map(|need| resource_type(need.ty)).collect(),
        given: node.loads.as_ref().is_some_and(|asset| !asset.is_read()),
        loads: node.loads.clone(),
        assets: Vec::new(),
        left_out: Vec::new(),
        check: node.check.clone(),
        observes: node.observes.clone(),
        graph: None,
        only: Vec::new(),
        hooks: hooks::names(&node.hooks),
        place: node.place.clone(),
    }
}

/// Turns the graph's sources into the plan's, and keeps only the collects that somebody takes.
struct Sources<'a> {
    graph: &'a graph::Graph,
    done: Vec<Option<Source>>,
    collects: Vec<Collect>,
    assemblies: Vec<Assemble>,
    lists: Vec<Assemble>,
    literals: Vec<Value>,
    derived: Vec<(usize, Derive)>,
}

impl Sources<'_> {
    fn resolve(&mut self, index: usize) -> Option<Source> {
        let source = self.graph.sources.get(index)?;
        if let Some(done) = &self.done[index] {
            return Some(done.clone());
        }
        let resolved = match &source.kind {
            SourceKind::Output { node, output } => Source::Output { step: *node, output: *output },
            SourceKind::Item => Source::Item { map: source.scope.checked_sub(1)? },
            SourceKind::Literal(literal) => {
                let value = literal::written(&self.graph.literals[*literal]);
                Source::Literal { literal: *literal, value }
            }
            SourceKind::Derived(derived) => {
                // Its value is not known before the run is.
                self.literals.push(Value::new(()));
                let literal = self.literals.len() - 1;
                self.derived.push((literal, Arc::clone(&self.graph.derived[*derived])));
                Source::Config { literal }
            }
            SourceKind::Collect { map, element, results, assemble } => {
                let element = self.resolve(*element)?;
                self.collects.push(Collect { map: map.checked_sub(1)?, element, results: *results });
                self.assemblies.push(*assemble);
                Source::Collect { collect: self.collects.len() - 1 }
            }
            SourceKind::List { elements, assemble } => {
                let elements =
                    elements.iter().map(|&element| self.resolve(element)).collect::<Option<Vec<_>>>()?;
                self.lists.push(*assemble);
                Source::List { elements, list: self.lists.len() - 1 }
            }
        };
        self.done[index] = Some(resolved.clone());
        Some(resolved)
    }
}

/// What the calls say of configuration, checked against what the ops take.
fn configs(
    graph: &graph::Graph,
    steps: &[Step],
    sources: &mut Sources<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<StepConfig> {
    let mut problem = |place: &Place, message: String, hint: &str| {
        let problem = Problem::new(ProblemKind::InvalidConfig, message).at("here", place.clone());
        problems.push(if hint.is_empty() { problem } else { problem.hint(hint) });
    };
    let nodes = graph.nodes.iter().zip(steps);
    let configs = nodes.map(|(node, step)| match (&node.config, node.op.needs().config()) {
        (StepConfig::Fixed(_, place) | StepConfig::From(_, place), None) => {
            let message = format!("`{}` is given configuration and takes none", step.name);
            problem(place, message, "let the op have a parameter `config: Config<T>`");
            StepConfig::Open
        }
        (StepConfig::From(source, place), Some(def)) => {
            let found = graph.sources[*source].ty;
            if found != def.ty() {
                let (wanted, found) = (def.ty().name(), found.name());
                problem(
                    place,
                    format!("`{}` takes the configuration `{wanted}` and is given `{found}`", step.name),
                    "",
                );
            }
            match sources.resolve(*source) {
                Some(Source::Config { literal } | Source::Literal { literal, .. }) => {
                    StepConfig::From(literal, place.clone())
                }
                _ => StepConfig::Open,
            }
        }
        (config, _) => config.clone(),
    });
    configs.collect()
}

/// What the types of the handles make sure of in macro-made jobs, for those made by hand.
fn check_inputs(graph: &graph::Graph, node: &GraphNode, name: &str, problems: &mut Vec<Problem>) {
    if node.inputs.len() != node.op.inputs().len() {
        problems.push(
            Problem::new(
                ProblemKind::WrongInputs,
                format!(
                    "`{name}` is given {} inputs and takes {}",
                    node.inputs.len(),
                    node.op.inputs().len()
                ),
            )
            .at("the step", node.place.clone())
            .at("the op", node.op.place.clone()),
        );
    }
    for (input, &index) in node.op.inputs().iter().zip(&node.inputs) {
        let Some(source) = graph.sources.get(index) else { continue };
        let declared = match source.kind {
            SourceKind::Output { node, output } => {
                graph.nodes[node].op.outputs().get(output).map(|output| output.ty)
            }
            SourceKind::Item => source.scope.checked_sub(1).and_then(|map| {
                let map = &graph.maps[map];
                graph.nodes[map.node].op.outputs().get(map.output).map(|output| output.ty)
            }),
            _ => Some(source.ty),
        };
        if declared != Some(input.ty) {
            let found = declared.map_or_else(|| "nothing".to_owned(), |ty| format!("`{}`", ty.name()));
            problems.push(
                Problem::new(
                    ProblemKind::TypeMismatch,
                    format!(
                        "input `{}` of `{name}` takes `{}` and is fed {found}",
                        input.name,
                        input.ty.name()
                    ),
                )
                .at("the step", node.place.clone())
                .at("the op", node.op.place.clone()),
            );
        }
    }
}

fn check_after(graph: &graph::Graph, steps: &[Step], problems: &mut Vec<Problem>) {
    let encloses = |outer: Option<usize>, inner: Option<usize>| {
        let parents = |map: &Option<usize>| map.map(|map| graph.maps[map].parent.checked_sub(1));
        std::iter::successors(Some(inner), parents).any(|map| map == outer)
    };
    for (node, step) in graph.nodes.iter().zip(steps) {
        for (other, place) in &node.after {
            let other = &steps[*other];
            if !encloses(other.map, step.map) {
                problems.push(
                    Problem::new(
                        ProblemKind::LeakedFromMap,
                        format!(
                            "`{}` stands outside the map of `{}` and cannot come after it",
                            step.name, other.name
                        ),
                    )
                    .at("here", place.clone())
                    .at("the other", other.place.clone())
                    .hint(
                        "to wait for all items of the map, let an op take them, `let done = op(mapped.collect());`, and \
                         write `.after(done)`",
                    ),
                );
            }
        }
    }
}

fn check_timeouts(nodes: &[GraphNode], problems: &mut Vec<Problem>) {
    // Of an op, however often it is called.
    let mut seen = HashSet::new();
    for op in nodes.iter().map(|node| &node.op).filter(|op| op.timeout().is_some_and(|time| time.is_zero())) {
        if seen.insert(Arc::as_ptr(op)) {
            problems.push(
                Problem::new(
                    ProblemKind::InvalidTimeout,
                    format!("the timeout of `{}` is 0, so that no attempt could succeed", op.name()),
                )
                .at("the op", op.place.clone())
                .hint("give it the time that an attempt may take, or no timeout"),
            );
        }
    }
}

fn check_schedule(options: &JobOptions, problems: &mut Vec<Problem>) {
    if let Some(text) = &options.schedule
        && let Err(why) = check_cron(text)
    {
        let message = format!("the schedule `{}` is no cron text: {why}", text.escape_debug());
        let problem =
            Problem::new(ProblemKind::InvalidSchedule, message).at("the job", options.place.clone());
        problems.push(problem.hint(CRON_HINT));
    }
}

/// How many values of a tag are told.
const TOLD: usize = 12;

fn check_limits(plan: &Plan, options: &JobOptions, problems: &mut Vec<Problem>) {
    let mut problem = |kind, message: String, hint: &str| {
        problems.push(Problem::new(kind, message).at("the job", options.place.clone()).hint(hint));
    };
    for (name, value) in [("max_concurrent", plan.max_concurrent), ("max_in_flight", plan.max_in_flight)] {
        if value == Some(0) {
            problem(
                ProblemKind::InvalidLimit,
                format!("`{name}` is 0, so that nothing could run"),
                "write 1 or more",
            );
        }
    }
    // Tags by key and by key and value, so that many limits and many steps do not multiply.
    let mut known: HashSet<(&str, Option<&str>)> = HashSet::new();
    for step in &plan.steps {
        for (key, value) in &step.tags {
            known.insert((key, None));
            known.insert((key, Some(value)));
        }
    }
    let mut seen = HashMap::new();
    for limit in &plan.limits {
        let face = (limit.key.as_str(), limit.value.as_deref(), limit.per_value);
        if seen.insert(face, limit.max).is_some() {
            problem(
                ProblemKind::InvalidLimit,
                format!("the limit on `{}` is given twice", limit.key),
                "keep one of them",
            );
        }
        if limit.max == 0 {
            let message = format!("the limit on `{}` is 0, so that its steps could never run", limit.key);
            problem(ProblemKind::InvalidLimit, message, "write 1 or more");
        }
        if !known.contains(&(limit.key.as_str(), limit.value.as_deref())) {
            let tag = match &limit.value {
                Some(value) => format!("{}={value}", limit.key),
                None => limit.key.clone(),
            };
            let mut keys: Vec<&str> = known.iter().map(|(key, _)| *key).collect();
            keys.sort_unstable();
            keys.dedup();
            let near = nearest(&limit.key, keys.iter().copied()).filter(|near| *near != limit.key);
            // The key is right and the value is not: what its steps have is told, and not the other keys.
            let mut values: Vec<&str> =
                known.iter().filter(|(key, _)| *key == limit.key).filter_map(|(_, value)| *value).collect();
            values.sort_unstable();
            let hint = match (near, keys.as_slice()) {
                _ if !values.is_empty() => {
                    let wanted = limit.value.as_deref().unwrap_or_default();
                    let near = nearest(wanted, values.iter().copied());
                    let near = near.map(|near| format!("did you mean `{}={near}`? ", limit.key));
                    let more = values.len().saturating_sub(TOLD);
                    values.truncate(TOLD);
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    let values = values.join(", ") + &more;
                    format!(
                        "{}steps have these values of `{}`: {values}",
                        near.unwrap_or_default(),
                        limit.key
                    )
                }
                (_, []) => "no step has a tag; give one with `tags(..)` or `.tag(..)`".to_owned(),
                (Some(near), _) => format!("did you mean `{near}`? tags of this job: {}", keys.join(", ")),
                (None, keys) => format!("tags of this job: {}", keys.join(", ")),
            };
            problem(ProblemKind::UnknownLimit, format!("the limit on `{tag}` concerns no step"), &hint);
        }
    }
}

impl Step {
    /// Whether the step yields items.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.outputs.iter().any(|output| output.kind == OutputKind::Dynamic)
    }
}
