//! The job that a description describes, made with the builders.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use orch_core::define::{Args, Dynamic, JobOptions, One, OpBuilder, OpDef, Optional, Outputs, Retry};
use orch_core::failure::{Failure, Result};
use orch_core::graph::{Call, DynamicOut, Handle as _, Job, Out};
use orch_core::run::Run;
use orch_core::value::{Keyed, StepFailure};

use super::describe::{Collect, Items, Luck, Node, is_absent, mix};

type Told = Vec<Keyed<Result<i64, StepFailure>>>;
type Rows = Vec<Keyed<Result<Vec<i64>, StepFailure>>>;
/// What the last attempt of each step was given.
pub(crate) type Given = Arc<Mutex<BTreeMap<String, String>>>;

/// The outputs of an op's steps, by path: keys, which are empty but for dynamic outputs, and values.
pub(crate) type Read = Box<dyn Fn(&Run) -> Vec<(String, Vec<(String, i64)>)>>;

/// What an op gives, and how a run is asked for it.
trait Kind: 'static {
    const NAME: &str;
    type Outputs: Outputs;

    fn told(values: <Self::Outputs as Outputs>::Values<'_>) -> Vec<(String, i64)>;
}

struct Plain;
struct Grid;
struct Maybe;
struct Source;

impl Kind for Plain {
    const NAME: &str = "plain";
    type Outputs = One<i64, 0>;

    fn told(value: &i64) -> Vec<(String, i64)> {
        vec![(String::new(), *value)]
    }
}

impl Kind for Grid {
    const NAME: &str = "grid";
    type Outputs = One<i64, 0>;

    fn told(value: &i64) -> Vec<(String, i64)> {
        Plain::told(value)
    }
}

impl Kind for Maybe {
    const NAME: &str = "maybe";
    type Outputs = One<Optional<i64>, 1>;

    fn told(value: Option<&i64>) -> Vec<(String, i64)> {
        value.map(Plain::told).unwrap_or_default()
    }
}

impl Kind for Source {
    const NAME: &str = "source";
    type Outputs = One<Dynamic<i64>, 2>;

    fn told(items: <Self::Outputs as Outputs>::Values<'_>) -> Vec<(String, i64)> {
        items.into_iter().map(|(key, value)| (key, *value)).collect()
    }
}

pub(crate) fn job(nodes: &[Node]) -> (Job, Given, Vec<Read>) {
    let mut drawing = Drawing {
        number: 0,
        known: Vec::new(),
        steps: Vec::new(),
        given: Arc::new(Mutex::new(BTreeMap::new())),
        reads: RefCell::default(),
    };
    let job = Job::compose(JobOptions::new("oracle"), || drawing.body(nodes));
    (job, drawing.given, drawing.reads.into_inner())
}

struct Drawing {
    number: usize,
    known: Vec<Out<i64>>,
    steps: Vec<Out<i64>>,
    given: Given,
    /// Of each op.
    reads: RefCell<Vec<Read>>,
}

impl Drawing {
    fn body(&mut self, nodes: &[Node]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn next(&mut self) -> usize {
        self.number += 1;
        self.number - 1
    }

    fn made(&mut self, out: Out<i64>) {
        self.known.push(out);
        self.steps.push(out);
    }

    fn pick(&self, inputs: &[usize]) -> Vec<Out<i64>> {
        let known = &self.known;
        if known.is_empty() {
            Vec::new()
        } else {
            inputs.iter().map(|input| known[input % known.len()]).collect()
        }
    }

    fn node(&mut self, node: &Node) {
        let id = self.next();
        match node {
            Node::Plain { inputs, after, luck } => {
                let out = self.number::<Plain>(id, &self.pick(inputs), *luck, Ok);
                if let Some(after) = after.filter(|_| !self.steps.is_empty()) {
                    out.after(self.steps[after % self.steps.len()]);
                }
                self.made(out);
            }
            Node::Maybe { inputs, luck } => {
                let out = self.number::<Maybe>(id, &self.pick(inputs), *luck, leave_out);
                self.made(out);
            }
            Node::FanIn { elements, luck } => {
                let elements = self.pick(elements);
                let op = self.op::<Plain, Vec<i64>>(id, *luck, |list| (format!("{list:?}"), list.clone()));
                let call = Call::of(&op).input::<Vec<i64>>(elements);
                self.placed(call, id);
            }
            Node::Source { inputs, luck, items, body, collect } => {
                let out = self.source(id, &self.pick(inputs), *luck, *items);
                let (known, steps) = (self.known.len(), self.steps.len());
                let mapped = out.map(|item| {
                    self.known.push(item);
                    self.body(body);
                    let inside = self.known.split_off(known);
                    self.steps.truncate(steps);
                    inside[collect.map_or(0, |collect| collect.element) % inside.len()]
                });
                match *collect {
                    Some(Collect { results: false, luck, .. }) => {
                        let id = self.next();
                        let op =
                            self.op::<Plain, Vec<i64>>(id, luck, |list| (format!("{list:?}"), list.clone()));
                        let call = Call::of(&op).input::<Vec<i64>>(mapped.collect());
                        self.placed(call, id);
                    }
                    Some(Collect { results: true, luck, .. }) => {
                        let id = self.next();
                        let op = self.op::<Plain, Told>(id, luck, tell);
                        let call = Call::of(&op).input::<Told>(mapped.collect_results());
                        self.placed(call, id);
                    }
                    None => {}
                }
            }
            Node::Grid { inputs, rows, columns, results, luck } => {
                let never = Luck { one_in: 0, failures: 0, retries: 0 };
                let items = |count| Items { count, keyed: false, breaks_at: None, duplicate: false };
                let rows = self.source(id, &self.pick(inputs), never, items(*rows));
                let (columns_id, cell_id, all_id) = (self.next(), self.next(), self.next());
                let table = rows.map(|row| {
                    self.source(columns_id, &[row], never, items(*columns))
                        .map(|cell| self.number::<Maybe>(cell_id, &[cell], *luck, leave_out))
                        .collect()
                });
                let call = if *results {
                    let op = self.op::<Grid, Rows>(all_id, never, tell_rows);
                    Call::of(&op).input::<Rows>(table.collect_results())
                } else {
                    let op = self.op::<Grid, Vec<Vec<i64>>>(all_id, never, |rows| {
                        let told: Vec<_> = rows.iter().map(|row| format!("{row:?}")).collect();
                        (told.join(" "), rows.concat())
                    });
                    Call::of(&op).input::<Vec<Vec<i64>>>(table.collect())
                };
                self.placed(call, all_id);
            }
        }
    }

    fn placed(&mut self, call: Call, id: usize) {
        let out = call.place::<One<i64, 0>>().named(format!("n{id}"));
        self.made(out);
    }

    /// A step from numbers to a number.
    fn number<K: Kind>(
        &self,
        id: usize,
        inputs: &[Out<i64>],
        luck: Luck,
        finish: fn(i64) -> Result<<K::Outputs as Outputs>::Raw>,
    ) -> Out<i64>
    where
        K::Outputs: Outputs<Handles = Out<i64>, Raw: Send>,
    {
        let count = inputs.len();
        let given = Arc::clone(&self.given);
        let numbers = move |args: &mut Args| -> Result<i64> {
            let values = (0..count).map(|input| args.take::<i64>(input)).collect::<Result<Vec<_>>>()?;
            note(&given, args, format!("{values:?}"));
            unless_unlucky(args, luck, mix(id, values))
        };
        let op = with_inputs(op::<K>(luck), count).returns::<K::Outputs>();
        // Async and sync ones side by side, as they share slots and not threads.
        let op = if id.is_multiple_of(2) {
            op.blocking(move |mut args| finish(numbers(&mut args)?))
        } else {
            let numbers = Arc::new(numbers);
            op.asynchronous(move |mut args| {
                let numbers = Arc::clone(&numbers);
                async move {
                    tokio::task::yield_now().await;
                    finish(numbers(&mut args)?)
                }
            })
        };
        let op = Arc::new(op);
        self.read::<K>(&op);
        let call = inputs.iter().fold(Call::of(&op), |call, &input| call.input::<i64>(input));
        call.place::<K::Outputs>().named(format!("n{id}"))
    }

    /// The op of a step with one input of many values.
    fn op<K: Kind, T: Clone + Send + Sync + 'static>(
        &self,
        id: usize,
        luck: Luck,
        look: fn(&T) -> (String, Vec<i64>),
    ) -> Arc<OpDef>
    where
        K::Outputs: Outputs<Raw = i64>,
    {
        let given = Arc::clone(&self.given);
        let op = op::<K>(luck).input::<T>("all").returns::<K::Outputs>().blocking(move |mut args| {
            let (told, values) = look(&args.take::<T>(0)?);
            note(&given, &args, told);
            unless_unlucky(&args, luck, mix(id, values))
        });
        let op = Arc::new(op);
        self.read::<K>(&op);
        op
    }

    fn read<K: Kind>(&self, op: &Arc<OpDef>) {
        let op = Arc::clone(op);
        self.reads.borrow_mut().push(Box::new(move |run| {
            let outputs = run.outputs_of::<K::Outputs>(&op);
            outputs.map(|(path, values)| (path.to_string(), K::told(values))).collect()
        }));
    }

    fn source(&self, id: usize, inputs: &[Out<i64>], luck: Luck, items: Items) -> DynamicOut<i64> {
        let count = inputs.len();
        let given = Arc::clone(&self.given);
        let op = with_inputs(op::<Source>(luck), count).returns::<One<Dynamic<i64>, 2>>();
        let op = Arc::new(op.blocking(move |mut args| {
            let values = (0..count).map(|input| args.take::<i64>(input)).collect::<Result<Vec<_>>>()?;
            note(&given, &args, format!("{values:?}"));
            let base = mix(id, values);
            let unlucky = args.context().attempt() <= luck.failures_for(base);
            let breaks_at = if unlucky { Some(items.breaks_at.unwrap_or(0).min(items.count)) } else { None };
            let values = (0..items.count).map(move |at| base + at as i64);
            let mut all: Vec<Result<(String, i64)>> =
                values.enumerate().map(|(at, value)| Ok((items.key(at), value))).collect();
            if let Some(breaks_at) = breaks_at {
                all.truncate(breaks_at);
                all.push(Err(Failure::new("unlucky")));
            }
            Ok(if items.keyed {
                Dynamic::try_from_iter(all)
            } else {
                Dynamic::try_from_values(all.into_iter().map(|item| item.map(|(_, value)| value)))
            })
        }));
        self.read::<Source>(&op);
        let call = inputs.iter().fold(Call::of(&op), |call, &input| call.input::<i64>(input));
        call.place::<One<Dynamic<i64>, 2>>().named(format!("n{id}"))
    }
}

fn op<K: Kind>(luck: Luck) -> OpBuilder<()> {
    let op = OpDef::builder(K::NAME);
    if luck.retries > 0 { op.retry(Retry::new(luck.retries)) } else { op }
}

fn with_inputs(op: OpBuilder<()>, count: usize) -> OpBuilder<()> {
    (0..count).fold(op, |op, input| op.input::<i64>(format!("x{input}")))
}

fn note(given: &Given, args: &Args, told: String) {
    given.lock().unwrap().insert(args.context().step().to_string(), told);
}

fn unless_unlucky(args: &Args, luck: Luck, value: i64) -> Result<i64> {
    if args.context().attempt() <= luck.failures_for(value) {
        Err(Failure::new("unlucky"))
    } else {
        Ok(value)
    }
}

fn leave_out(value: i64) -> Result<Optional<i64>> {
    Ok(Some(value).filter(|&value| !is_absent(value)).into())
}

fn tell(all: &Told) -> (String, Vec<i64>) {
    let told = all.iter().map(|item| match &item.value {
        Ok(value) => format!("{}={value}", item.key),
        Err(failure) => format!("{}!{}", item.key, failure.step),
    });
    let told: Vec<_> = told.collect();
    (format!("{told:?}"), all.iter().map(|item| *item.value.as_ref().unwrap_or(&-1)).collect())
}

fn tell_rows(all: &Rows) -> (String, Vec<i64>) {
    let told = all.iter().map(|item| match &item.value {
        Ok(row) => format!("{row:?}"),
        Err(failure) => format!("!{}", failure.step),
    });
    let told: Vec<_> = told.collect();
    (told.join(" "), all.iter().filter_map(|item| item.value.as_ref().ok()).flatten().copied().collect())
}
