use std::sync::Arc;

use super::compose::{self, GraphNode, Placement, Scope, SourceKind};
use super::config::StepConfig;
use super::{DynamicOut, IntoInput, Out};
use crate::define::{HookDef, OpDef, Outputs, Tags};
use crate::ids::Place;
use crate::plan::{Problem, ProblemKind};
use crate::value::{Data, TypeInfo};

/// What a job body can call: the hidden type beside a function with `#[op]` or `#[graph]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an op nor a graph, so a job body cannot call it",
    label = "not an `#[op]` or `#[graph]`",
    note = "annotate the function with `#[op]`; what a `#[resource]` opens is a parameter of ops, `db: Res<Database>`",
    note = "to call a plain function while the job is built, write `(function)(..)`"
)]
pub trait Node {
    /// What a call is made on: the type itself, or of an op that is another one but for its configuration, the other's.
    type Call;

    /// The value whose `call` takes the function's parameters.
    fn node() -> Self::Call;
}

/// A hook, as job bodies see it; implemented by the macro's hidden type.
pub trait HookNode: Sized {
    /// Not possible: a hook is no step. Declared so that the compiler can say so.
    fn call<T>(self, _: T)
    where
        Self: HookInBody,
    {
    }
}

/// Never implemented: says why a hook cannot be called in the body of a job.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a hook, and the body of a job calls ops and graphs",
    label = "this is a hook",
    note = "a hook is attached: to one call, `load(page).hook::<{Self}>()`, to a job, `#[job(hooks({Self}))]`, or to all, \
            `Definitions::new().hook::<{Self}>()`"
)]
pub trait HookInBody {}

/// An op as a type: the hidden type beside a function with `#[op]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an op",
    label = "not the name of an `#[op]`",
    note = "write the name of a function with `#[op]`: `run.output::<load>()`"
)]
pub trait Op: Node {
    /// What it returns.
    type Outputs: Outputs;

    /// The configuration it takes; [`NoConfig`](crate::config::NoConfig) if none.
    type Config;

    /// Its definition.
    fn def() -> &'static Arc<OpDef>;

    /// The value whose `call` places a step of this definition: its own, or one that is the same but for its
    /// configuration.
    fn calling(def: &'static Arc<OpDef>) -> Self::Call;
}

/// An op that takes configuration, so that another one can fix it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an op that takes configuration",
    label = "takes no configuration",
    note = "`#[configured(load)]` makes an op of `load` with other configuration, which `load` takes as a parameter: \
            `config: Config<Load>`"
)]
pub trait TakesConfig {
    /// The op.
    type Op: Op;
}

/// A call of an op in a job body, in the making: its inputs, one after another, then its place in the graph.
#[derive(Debug)]
pub struct Call {
    op: Arc<OpDef>,
    inputs: Vec<usize>,
    place: Place,
}

impl Call {
    /// Begins a call of `op` at the caller's place in the source.
    #[track_caller]
    #[must_use]
    pub fn of(op: &Arc<OpDef>) -> Self {
        Self { op: Arc::clone(op), inputs: Vec::with_capacity(op.inputs().len()), place: Place::caller() }
    }

    /// Feeds the next input, of type `T`.
    #[must_use]
    pub fn input<T>(mut self, source: impl IntoInput<T>) -> Self {
        let feed = source.into_input();
        let own = compose::with(|composition| composition.own(feed.0, &self.place));
        // The foreign handle is a problem already; without its index the plan would name it twice.
        self.inputs.push(if own { feed.0.index } else { usize::MAX });
        self
    }

    /// Places the step in the graph and returns the handles on its outputs.
    pub fn place<O: Outputs>(self) -> O::Handles {
        let Self { op, inputs, place } = self;
        let placed = compose::with(|composition| {
            let scope = composition.scope();
            for (input, &source) in inputs.iter().enumerate() {
                let Some(readable) = composition.graph.sources.get(source).map(|source| source.scope) else {
                    continue;
                };
                if !composition.encloses(readable, scope) {
                    let problem = out_of_scope(composition, &op, input, source, readable, scope, &place);
                    composition.graph.problems.push(problem);
                }
            }
            composition.graph.nodes.push(GraphNode {
                op,
                prefix: composition.prefix(),
                named: None,
                inputs,
                after: Vec::new(),
                scope,
                tags: Tags::new(),
                retry: None,
                config: StepConfig::default(),
                hooks: composition.hooks(),
                loads: None,
                check: None,
                observes: None,
                place,
            });
            Placed {
                node: Placement { composition: composition.id, index: composition.graph.nodes.len() - 1 },
                next: 0,
            }
        });
        O::handles(placed)
    }
}

fn out_of_scope(
    composition: &compose::Composition,
    op: &OpDef,
    input: usize,
    source: usize,
    readable: usize,
    scope: usize,
    place: &Place,
) -> Problem {
    let name = op.inputs().get(input).map_or_else(String::new, |input| input.name.to_string());
    let from = composition.node_of(source);
    let (kind, message, hint) = if scope == 0 || composition.encloses(scope, readable) {
        (
            ProblemKind::LeakedFromMap,
            format!(
                "input `{name}` of `{}` is one item of {}, but the step stands outside that map",
                op.name(),
                composition.map_name(readable)
            ),
            "return the value from the map's closure and use what `.map(..)` gives, closed with `.collect()`",
        )
    } else {
        (
            ProblemKind::UnrelatedDynamic,
            format!(
                "`{}` stands in {} and takes input `{name}` from {}: two unrelated dynamic outputs meet",
                op.name(),
                composition.map_name(scope),
                composition.map_name(readable)
            ),
            "`.collect()` one of them first, or call the op that yields it inside the other's map",
        )
    };
    let problem = Problem::new(kind, message).at("the step", place.clone());
    let problem = match from {
        Some(node) => problem.at("the value", composition.graph.nodes[node].place.clone()),
        None => problem,
    };
    problem.hint(hint)
}

/// A step that was just placed, whose outputs are turned into handles one after another.
#[derive(Debug)]
pub struct Placed {
    node: Placement,
    next: usize,
}

impl Placed {
    /// A handle on the next output, which has one value or none.
    pub fn next_out<T: Data>(&mut self) -> Out<T> {
        let output = self.take_index();
        compose::with(|composition| {
            let scope = composition.scope();
            let kind = SourceKind::Output { node: self.node.index, output };
            Out::new(composition.add_source(kind, scope, TypeInfo::of::<T>()))
        })
    }

    /// A handle on the next output, which is dynamic.
    pub fn next_dynamic<T: Data>(&mut self) -> DynamicOut<T> {
        let output = self.take_index();
        compose::with(|composition| {
            let parent = composition.scope();
            composition.graph.maps.push(Scope { parent, node: self.node.index, output });
            let scope = composition.graph.maps.len();
            let item = composition.add_source(SourceKind::Item, scope, TypeInfo::of::<T>());
            DynamicOut::new(item, scope)
        })
    }

    fn take_index(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }
}

/// Runs the body of a graph, its steps named `name.step`. `#[graph]` calls it.
pub fn enter_graph<R>(name: &str, body: impl FnOnce() -> R) -> R {
    enter_hooked_graph(name, &[], body)
}

/// As [`enter_graph`], with hooks for all its steps.
pub fn enter_hooked_graph<R>(name: &str, hooks: &[&Arc<HookDef>], body: impl FnOnce() -> R) -> R {
    compose::with(|composition| composition.enter_group(name, hooks));
    let result = body();
    compose::with(compose::Composition::leave_group);
    result
}
