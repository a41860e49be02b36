use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::asset::{DrawnAsset, DrawnPartitions};
use super::config::{Derive, StepConfig};
use crate::asset::AssetKey;
use crate::config::{ConfigDef, Secret};
use crate::define::{
    HookDef, JobOptions, OpDef, Opens, Preset, Res, Resource, Resources, Retry, Tags, unite,
};
use crate::ids::Place;
use crate::plan::{LoadedAsset, PlannedCheck, Problem, ProblemKind};
use crate::value::{Assemble, TypeInfo, Value};

/// A job: a named graph of steps with the options that hold for all of them.
///
/// `#[job]` makes one; by hand it is composed from a closure that calls ops:
///
/// ```
/// use orch_core::define::{JobOptions, One, OpDef};
/// use orch_core::graph::{Call, Job, lit};
///
/// let double = OpDef::builder("double")
///     .input::<i64>("x")
///     .returns::<One<i64, 0>>()
///     .blocking(|mut args| Ok(args.take::<i64>(0)? * 2));
/// let double = std::sync::Arc::new(double);
/// let job = Job::compose(JobOptions::new("six"), || {
///     Call::of(&double).input::<i64>(lit(3)).place::<One<i64, 0>>();
/// });
/// assert_eq!(job.plan().steps.len(), 1);
/// ```
#[derive(Clone)]
pub struct Job {
    pub(crate) options: Arc<JobOptions>,
    pub(crate) graph: Arc<Graph>,
    pub(crate) resources: Resources,
    pub(crate) presets: Vec<Preset>,
}

impl Job {
    /// Composes a job by running `body` once.
    ///
    /// Mistakes that the types cannot see are kept, and told together when the job is planned.
    pub fn compose<R>(options: JobOptions, body: impl FnOnce() -> R) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let composition = Composition {
            job: options.name.clone(),
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            graph: Graph::default(),
            scopes: vec![0],
            groups: vec![Group::default()],
        };
        COMPOSITIONS.with_borrow_mut(|stack| stack.push(composition));
        let guard = PopOnDrop;
        body();
        let composed = COMPOSITIONS.with_borrow_mut(Vec::pop);
        std::mem::forget(guard);
        let graph = composed.map(|composition| composition.graph).unwrap_or_default();
        Self {
            options: Arc::new(options),
            graph: Arc::new(graph),
            resources: Resources::new(),
            presets: Vec::new(),
        }
    }

    /// The same job with one more mistake, which is told with its plan.
    pub(crate) fn with_problem(mut self, problem: Problem) -> Self {
        if let Some(graph) = Arc::get_mut(&mut self.graph) {
            graph.problems.push(problem);
        }
        self
    }

    /// The job's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.options.name
    }

    /// The job's options.
    #[must_use]
    pub fn options(&self) -> &JobOptions {
        &self.options
    }

    /// The same job with a resource of its own, in place of all of this type that the program has: for a test, a fake.
    ///
    /// ```
    /// use orch_core::define::{Args, JobOptions, OpDef, One};
    /// use orch_core::graph::{Call, Job};
    ///
    /// struct Database(&'static str);
    ///
    /// // With #[op] and #[job]: fn name(db: Res<Database>) -> String { db.0.to_owned() }
    /// let name = OpDef::builder("name").resource::<Database>("db").returns::<One<String, 0>>();
    /// let name = name.blocking(|args| Ok(args.resource::<Database>(0)?.0.to_owned())).into();
    /// let job = Job::compose(JobOptions::new("tell"), || Call::of(&name).place::<One<String, 0>>());
    ///
    /// let run = job.with(Database("fake")).run_blocking()?;
    /// let (_, told) = run.outputs_of::<One<String, 0>>(&name).next().unwrap();
    /// assert_eq!(told, "fake");
    /// # Ok::<(), orch_core::run::RunError>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn with<T: Resource>(mut self, resource: T) -> Self {
        self.resources.add::<T>(Res::new(resource));
        self
    }

    /// As [`Job::with`], in place of the one of this type and key.
    #[must_use]
    #[track_caller]
    pub fn with_as<T: Resource>(mut self, key: impl Into<String>, resource: T) -> Self {
        self.resources.add_as::<T>(key, Res::new(resource));
        self
    }

    /// As [`Job::with`], of what is shared already, or of a trait: `.with_shared::<dyn Store>(Arc::new(Fake))`.
    #[must_use]
    #[track_caller]
    pub fn with_shared<T: Resource + ?Sized>(mut self, resource: Arc<T>) -> Self {
        self.resources.add::<T>(resource);
        self
    }

    /// As [`Job::with_shared`], in place of the one of this type and key.
    #[must_use]
    #[track_caller]
    pub fn with_shared_as<T: Resource + ?Sized>(mut self, key: impl Into<String>, resource: Arc<T>) -> Self {
        self.resources.add_as::<T>(key, resource);
        self
    }

    /// The same job with what the function `R` with `#[resource]` opens, in place of the one of its type and key; if there is
    /// none of this key, of the only one of its type.
    #[must_use]
    #[track_caller]
    pub fn with_from<R: Opens>(mut self) -> Self {
        self.resources.add_opened(R::def());
        self
    }

    /// The same job with a preset: a named configuration that its runs can take. One of the same name is replaced.
    #[must_use]
    pub fn preset(mut self, preset: Preset) -> Self {
        self.presets.retain(|other| other.name() != preset.name());
        self.presets.push(preset);
        self
    }

    /// The presets, in the order in which they were added.
    #[must_use]
    pub fn presets(&self) -> &[Preset] {
        &self.presets
    }

    /// The same job with other options.
    #[must_use]
    pub fn with_options(mut self, change: impl FnOnce(JobOptions) -> JobOptions) -> Self {
        self.options = Arc::new(change((*self.options).clone()));
        self
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job({}, {} nodes)", self.options.name, self.graph.nodes.len())
    }
}

/// A function that `#[job]` has turned into one that builds a [`Job`]; implemented by the macro's hidden type.
pub trait JobNode: Sized {
    /// Not possible: a job is no step. Declared so that the compiler can say so.
    fn call(self)
    where
        Self: JobInBody,
    {
    }
}

/// Never implemented: says why a job cannot be called in the body of another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a job, and the body of a job calls ops and graphs",
    label = "this is a job",
    note = "to use it within other jobs, make it a `#[graph]`"
)]
pub trait JobInBody {}

/// A panic in a body must not leave its composition behind for the next job on this thread.
struct PopOnDrop;

impl Drop for PopOnDrop {
    fn drop(&mut self) {
        COMPOSITIONS.with_borrow_mut(Vec::pop);
    }
}

thread_local! {
    /// The compositions under way on this thread; a job body may build another job.
    static COMPOSITIONS: RefCell<Vec<Composition>> = const { RefCell::new(Vec::new()) };
}

/// What the handles of a job body write into.
pub(crate) struct Composition {
    job: String,
    pub(crate) id: u32,
    pub(crate) graph: Graph,
    /// The maps that the body is in at present, the innermost last; 0 is the job itself.
    scopes: Vec<usize>,
    /// The graphs that the body is in at present.
    groups: Vec<Group>,
}

#[derive(Default)]
struct Group {
    prefix: String,
    children: Vec<(String, u32)>,
    /// Of this graph and of those around it.
    hooks: Vec<Arc<HookDef>>,
}

/// The nodes of a job, in the order of their calls, and what connects them.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<GraphNode>,
    /// The maps; index 0, the job itself, is left out, so map `n` is at `n - 1`.
    pub(crate) maps: Vec<Scope>,
    pub(crate) sources: Vec<Source>,
    pub(crate) literals: Vec<Value>,
    /// The texts of secrets that are in them.
    pub(crate) secrets: Vec<Secret<String>>,
    /// The type of the job's own configuration.
    pub(crate) config: Option<ConfigDef>,
    /// What is made of it.
    pub(crate) derived: Vec<Derive>,
    pub(crate) problems: Vec<Problem>,
    /// The assets that it makes.
    pub(crate) assets: Vec<DrawnAsset>,
    /// The outputs that are assets and not made, by their nodes, though the step makes others.
    pub(crate) left_out: Vec<(usize, usize)>,
    /// The partitions that it is for.
    pub(crate) partitions: Vec<DrawnPartitions>,
}

/// One call of an op.
pub(crate) struct GraphNode {
    pub(crate) op: Arc<OpDef>,
    /// `clean.` for a node in the graph `clean`.
    pub(crate) prefix: String,
    /// A name given by `.named(..)`.
    pub(crate) named: Option<String>,
    pub(crate) inputs: Vec<usize>,
    /// The nodes it comes after, and where that is said.
    pub(crate) after: Vec<(usize, Place)>,
    pub(crate) scope: usize,
    pub(crate) tags: Tags,
    pub(crate) retry: Option<Retry>,
    pub(crate) config: StepConfig,
    /// Hooks of the call and of the graphs that it stands in.
    pub(crate) hooks: Vec<Arc<HookDef>>,
    /// The asset that stands here without being made: its value is loaded.
    pub(crate) loads: Option<LoadedAsset>,
    /// The check that it is the step of.
    pub(crate) check: Option<PlannedCheck>,
    /// The asset that it is the observation of.
    pub(crate) observes: Option<AssetKey>,
    pub(crate) place: Place,
}

/// A map: what runs once for each item of one dynamic output.
pub(crate) struct Scope {
    pub(crate) parent: usize,
    pub(crate) node: usize,
    pub(crate) output: usize,
}

/// Something that can feed an input.
pub(crate) struct Source {
    pub(crate) kind: SourceKind,
    /// The map in which it can be read.
    pub(crate) scope: usize,
    pub(crate) ty: TypeInfo,
}

pub(crate) enum SourceKind {
    Output {
        node: usize,
        output: usize,
    },
    Item,
    Literal(usize),
    /// Made of the job's configuration.
    Derived(usize),
    Collect {
        map: usize,
        element: usize,
        results: bool,
        assemble: Assemble,
    },
    List {
        elements: Vec<usize>,
        assemble: Assemble,
    },
}

/// The job whose body runs on this thread at present: for a panic hook, which is called before the body is left.
#[doc(hidden)]
#[must_use]
pub fn composing() -> Option<String> {
    // The panic may be one of this module's own, under the borrow.
    COMPOSITIONS.with(|stack| Some(stack.try_borrow().ok()?.last()?.job.clone()))
}

/// Where a node or handle stands: which composition, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    pub(crate) composition: u32,
    pub(crate) index: usize,
}

/// Runs `f` on the composition under way.
///
/// # Panics
/// If there is none: handles and ops can be used in the body of a job or graph only.
#[track_caller]
pub(crate) fn with<R>(f: impl FnOnce(&mut Composition) -> R) -> R {
    COMPOSITIONS.with_borrow_mut(|stack| match stack.last_mut() {
        Some(composition) => f(composition),
        None => panic!(
            "ops are placed in the body of a `#[job]` or `#[graph]` that a job calls, and nowhere else"
        ),
    })
}

impl Composition {
    pub(crate) fn scope(&self) -> usize {
        self.scopes.last().copied().unwrap_or(0)
    }

    pub(crate) fn prefix(&self) -> String {
        self.groups.last().map(|group| group.prefix.clone()).unwrap_or_default()
    }

    /// The hooks of the graphs that the body is in at present.
    pub(crate) fn hooks(&self) -> Vec<Arc<HookDef>> {
        self.groups.last().map(|group| group.hooks.clone()).unwrap_or_default()
    }

    pub(crate) fn enter_scope(&mut self, scope: usize) {
        self.scopes.push(scope);
    }

    pub(crate) fn leave_scope(&mut self) {
        self.scopes.pop();
    }

    /// Enters the graph `name`, which is called `name_2` if the present graph has one of that name already.
    pub(crate) fn enter_group(&mut self, name: &str, hooks: &[&Arc<HookDef>]) {
        let Some(outer) = self.groups.last_mut() else { return };
        let times = match outer.children.iter_mut().find(|(child, _)| child == name) {
            Some((_, times)) => {
                *times += 1;
                *times
            }
            None => {
                outer.children.push((name.to_owned(), 1));
                1
            }
        };
        let prefix = match times {
            1 => format!("{}{name}.", outer.prefix),
            n => format!("{}{name}_{n}.", outer.prefix),
        };
        let mut all = outer.hooks.clone();
        unite(&mut all, hooks.iter().copied());
        self.groups.push(Group { prefix, children: Vec::new(), hooks: all });
    }

    pub(crate) fn leave_group(&mut self) {
        self.groups.pop();
    }

    pub(crate) fn parent_of(&self, scope: usize) -> usize {
        scope.checked_sub(1).and_then(|map| self.graph.maps.get(map)).map_or(0, |map| map.parent)
    }

    /// Whether what lives in `outer` can be read in `inner`.
    pub(crate) fn encloses(&self, outer: usize, inner: usize) -> bool {
        std::iter::successors(Some(inner), |&scope| (scope > 0).then(|| self.parent_of(scope)))
            .any(|scope| scope == outer)
    }

    pub(crate) fn add_source(&mut self, kind: SourceKind, scope: usize, ty: TypeInfo) -> Placement {
        self.graph.sources.push(Source { kind, scope, ty });
        Placement { composition: self.id, index: self.graph.sources.len() - 1 }
    }

    /// The handle of this output of a node.
    pub(crate) fn output_of(&self, node: usize, number: usize) -> Option<Placement> {
        let is_it = |source: &Source| matches!(source.kind, SourceKind::Output { node: of, output } if (of, output) == (node, number));
        let index = self.graph.sources.iter().rposition(is_it)?;
        Some(Placement { composition: self.id, index })
    }

    /// Adds a step that stands for an asset which is loaded, in a map and outside of all graphs.
    pub(crate) fn add_loading(&mut self, op: OpDef, asset: LoadedAsset, scope: usize) -> usize {
        let place = op.place.clone();
        self.graph.nodes.push(GraphNode {
            op: Arc::new(op),
            prefix: String::new(),
            named: None,
            inputs: Vec::new(),
            after: Vec::new(),
            scope,
            tags: Tags::new(),
            retry: None,
            config: StepConfig::default(),
            hooks: Vec::new(),
            loads: Some(asset),
            check: None,
            observes: None,
            place,
        });
        self.graph.nodes.len() - 1
    }

    /// Checks that a handle belongs to this composition.
    pub(crate) fn own(&mut self, handle: Placement, place: &Place) -> bool {
        let own = handle.composition == self.id;
        if !own {
            self.graph.problems.push(
                Problem::new(ProblemKind::ForeignHandle, "a handle of another job is used here")
                    .at("used", place.clone())
                    .hint("handles live in the body they were made in; call the op in this job"),
            );
        }
        own
    }

    /// The name of the node behind a map's stream, for messages.
    pub(crate) fn map_name(&self, scope: usize) -> String {
        scope.checked_sub(1).and_then(|map| self.graph.maps.get(map)).map_or_else(
            || "the job".to_owned(),
            |map| format!("the map over `{}`", self.node_name(map.node)),
        )
    }

    pub(crate) fn node_name(&self, node: usize) -> String {
        let node = &self.graph.nodes[node];
        format!("{}{}", node.prefix, node.named.as_deref().unwrap_or(node.op.name()))
    }

    /// The outermost graph that contains the node and not the present body, if there is one.
    pub(crate) fn graph_around(&self, node: usize) -> Option<String> {
        let mut here = self.groups.last().map_or("", |group| &group.prefix).split_terminator('.');
        let mut there = self.graph.nodes[node].prefix.split_terminator('.');
        // The graphs around both are the same calls, as each call has a name of its own.
        there.find(|&graph| here.next() != Some(graph)).map(str::to_owned)
    }

    /// The node that a source comes from, for messages.
    pub(crate) fn node_of(&self, source: usize) -> Option<usize> {
        match &self.graph.sources[source].kind {
            SourceKind::Output { node, .. } => Some(*node),
            SourceKind::Item => {
                let map = self.graph.sources[source].scope.checked_sub(1)?;
                self.graph.maps.get(map).map(|map| map.node)
            }
            SourceKind::Literal(_) | SourceKind::Derived(_) => None,
            SourceKind::Collect { element, .. } => self.node_of(*element),
            SourceKind::List { elements, .. } => elements.first().and_then(|element| self.node_of(*element)),
        }
    }
}
