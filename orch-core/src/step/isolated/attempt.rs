use std::collections::HashMap;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Runtime;
use tracing::Dispatch;

use super::frame::FrameError;
use super::message::{FromWorker, Sent, ToWorker, Told, split};
use super::worker::{Asked, Prepared, ToHost};
use crate::define::{Args, Body, Context, Inputs, ItemStream, OutputDef, Product, Products, Said, Saying};
use crate::failure::{Failure, quietly};
use crate::ids::StepPath;
use crate::io::EncodeError;
use crate::step::code::{self, Attempt, LogTo};
use crate::step::guarded::guarded_as;
use crate::step::logs::subscriber;
use crate::step::write;
use crate::value::Value;

/// The attempts of a worker, one after another.
pub(super) struct Attempts {
    prepared: Arc<Prepared>,
    /// The numbers of the steps in the plan.
    steps: Arc<HashMap<String, usize>>,
    to_host: Arc<ToHost>,
    runtime: Runtime,
    subscriber: Dispatch,
    /// What the last one has left to be pulled, by output.
    streams: Arc<Mutex<HashMap<u32, ItemStream>>>,
    /// The last one.
    attempt: Option<Attempt>,
    /// What it has said of the assets that its step makes.
    said: Option<Box<Said>>,
}

/// What is to be told of code that has ended.
type Outcome = Result<(Vec<Sent>, Vec<Vec<u8>>), Failure>;

impl Attempts {
    pub(super) fn new(prepared: Prepared, to_host: Arc<ToHost>, runtime: Runtime) -> Self {
        let subscriber = subscriber();
        // For the tasks that code starts beside itself. There is one already, or there is none.
        let _ = tracing::dispatcher::set_global_default(subscriber.clone());
        let steps = prepared.program.plan.steps.iter().enumerate();
        Self {
            steps: Arc::new(steps.map(|(number, step)| (step.name.clone(), number)).collect()),
            prepared: Arc::new(prepared),
            to_host,
            runtime,
            subscriber,
            streams: Arc::default(),
            attempt: None,
            said: None,
        }
    }

    /// Does what is asked for until there is nothing more.
    pub(super) fn work(mut self, asked: &Asked) -> Result<(), FrameError> {
        let subscriber = self.subscriber.clone();
        tracing::dispatcher::with_default(&subscriber, || {
            while let Ok((message, body)) = asked.recv() {
                match message {
                    ToWorker::Call { id, step, path, attempt, inputs } => {
                        let called = self.call(&step, path, attempt, &inputs, &body);
                        drop(body);
                        self.returned(id, called)?;
                    }
                    ToWorker::Pull { id, output } => self.pull(id, output),
                    ToWorker::Release => self.release()?,
                    ToWorker::End => {
                        self.close();
                        break;
                    }
                    ToWorker::Begin { .. } | ToWorker::Cancel | ToWorker::Answer { .. } => {
                        return Err(FrameError::Malformed("it is said at the wrong time".to_owned()));
                    }
                }
            }
            // What code has left running is not waited for.
            self.runtime.shutdown_background();
            Ok(())
        })
    }

    fn call(&mut self, step: &str, path: StepPath, number: u32, lengths: &[u64], mut body: &[u8]) -> Outcome {
        let prepared = Arc::clone(&self.prepared);
        let Prepared { program, run, surroundings } = &*prepared;
        let Some(&step) = self.steps.get(step) else {
            return Err(Failure::contract(format!("the process of the step knows no step `{step}`")));
        };
        let said = program.plan.steps[step].says().then(Saying::default);
        let to = LogTo::Host(Arc::clone(&self.to_host));
        self.attempt = Some(Attempt { to, path: Some(path.clone()), number, said: said.clone() });
        self.said = None;
        let attempt = &mut self.attempt;
        let canceled = || run.cancel.canceled();
        self.runtime.block_on(guarded_as(attempt, canceled(), || surroundings.open(step)))?;
        if run.cancel.is_canceled() {
            return Err(Failure::canceled());
        }
        let op = &program.ops[step];
        let mut inputs = Inputs::new();
        for (input, length) in op.inputs().iter().zip(lengths) {
            let bytes = split(&mut body, *length).map_err(|error| Failure::contract(error.to_string()))?;
            let codec = input.codec.ok_or_else(|| Failure::contract("an input has no codec"))?;
            // `Deserialize` is the user's code.
            inputs.push(Some(code::run(attempt, || codec.decode(bytes)).and_then(|value| value)?));
        }
        let args = Args::of(inputs, Context::new(Arc::clone(run), step, path, number, None, said));
        let products = match op.body() {
            Body::Blocking(body) => {
                let _entered = self.runtime.enter();
                code::run(attempt, || body(args)).and_then(|result| result)
            }
            Body::Async(body) => self.runtime.block_on(guarded_as(attempt, canceled(), || body(args))),
        };
        let products = products?;
        self.said = write::said(&products, attempt);
        self.sent(op.outputs(), products)
    }

    /// What was returned, as it is sent; items stay here.
    fn sent(&mut self, outputs: &[OutputDef], products: Products) -> Outcome {
        let (mut sent, mut bodies) = (Vec::new(), Vec::new());
        let streams = Arc::clone(&self.streams);
        lock(&streams).clear();
        for (number, product) in products.into_iter().enumerate() {
            sent.push(match (product, outputs.get(number)) {
                (Product::Value(value), Some(output)) => {
                    let bytes = written(output, &value, &mut self.attempt)?;
                    bodies.push(bytes);
                    Sent::Value(bodies.last().map_or(0, |bytes| bytes.len() as u64))
                }
                (Product::Items(items), _) => {
                    lock(&streams).insert(number as u32, items);
                    Sent::Items
                }
                // That there are more than were declared is told by whoever counts them.
                (Product::Absent | Product::Value(_), _) => Sent::Absent,
            });
        }
        Ok((sent, bodies))
    }

    fn returned(&mut self, id: u64, called: Outcome) -> Result<(), FrameError> {
        flush();
        let (message, body) = match called {
            Ok((products, body)) => (FromWorker::Returned { id, products, said: self.said.take() }, body),
            Err(failure) => (FromWorker::Failed { id, failure: Told::of(&failure) }, Vec::new()),
        };
        match self.to_host.send(&message, &body) {
            Err(error @ FrameError::TooLarge(_)) => {
                let failure = Failure::contract(format!("what the step returned cannot be sent: {error}"))
                    .hint("what is so large is better written to a file, and its name returned");
                self.to_host.send(&FromWorker::Failed { id, failure: Told::of(&failure) }, &[])
            }
            sent => sent,
        }
    }

    /// Pulls an item beside others: two outputs of one step may wait for each other.
    fn pull(&self, id: u64, output: u32) {
        let Some(mut items) = lock(&self.streams).remove(&output) else {
            let failure = Failure::contract("there are no items to be pulled");
            return self.tell(&FromWorker::Failed { id, failure: Told::of(&failure) }, &[]);
        };
        let (streams, to_host) = (Arc::clone(&self.streams), Arc::clone(&self.to_host));
        let (prepared, steps) = (Arc::clone(&self.prepared), Arc::clone(&self.steps));
        let mut attempt = self.attempt.clone();
        let subscriber = self.subscriber.clone();
        let pull = move || {
            let Prepared { program, run, .. } = &*prepared;
            let stopped = async { run.cancel.canceled().await };
            let pulled = code::run(&mut attempt, || items.next_blocking(stopped));
            let path = attempt.as_ref().and_then(|attempt| attempt.path.as_ref());
            let op = path.and_then(|path| Some(&program.ops[*steps.get(path.name())?]));
            let definition = op.and_then(|op| op.outputs().get(output as usize));
            let told = match pulled.map(|item| item.transpose()).and_then(|item| item) {
                Ok(None) => Ok((FromWorker::Ended { id }, Vec::new())),
                Ok(Some((key, value))) => {
                    let output = definition.ok_or_else(|| Failure::contract("there is no such output"));
                    let bytes = output.and_then(|output| written(output, &value, &mut attempt));
                    // Dropped by the one who would have dropped it.
                    drop(code::run(&mut attempt, || drop(value)));
                    bytes.map(|bytes| (FromWorker::Item { id, key }, bytes))
                }
                Err(failure) => Err(failure),
            };
            let (message, body) = told.unwrap_or_else(|failure| {
                (FromWorker::Failed { id, failure: Told::of(&failure) }, Vec::new())
            });
            lock(&streams).insert(output, items);
            flush();
            let _ = to_host.send(&message, &[body]);
        };
        drop(self.runtime.spawn_blocking(move || tracing::dispatcher::with_default(&subscriber, pull)));
    }

    /// Drops what is left of the last attempt, which is the user's.
    fn release(&mut self) -> Result<(), FrameError> {
        let streams = std::mem::take(&mut *lock(&self.streams));
        let _ = code::run(&mut self.attempt, || drop(streams));
        flush();
        self.to_host.send(&FromWorker::Released, &[])
    }

    fn close(&mut self) {
        let mut attempt =
            Some(Attempt { to: LogTo::Host(Arc::clone(&self.to_host)), path: None, number: 0, said: None });
        let surroundings = &self.prepared.surroundings;
        let closing = guarded_as(&mut attempt, std::future::pending(), || surroundings.close());
        if let Err(failure) = self.runtime.block_on(closing) {
            let told = || tracing::warn!("a resource of the process of a step is not closed: {failure}");
            let _ = code::run(&mut attempt, told);
        }
        flush();
    }

    fn tell(&self, message: &FromWorker, body: &[Vec<u8>]) {
        // If nobody hears it, this process is about to end.
        let _ = self.to_host.send(message, body);
    }
}

/// A value of an output as bytes.
fn written(output: &OutputDef, value: &Value, attempt: &mut Option<Attempt>) -> Result<Vec<u8>, Failure> {
    let cannot = |why: &str| {
        let (name, ty) = (&output.name, output.ty.name());
        Failure::contract(format!("`{name}`, a `{ty}`, cannot be sent from the process of the step: {why}"))
    };
    let codec = output.codec.ok_or_else(|| cannot("it has no codec"))?;
    let mut bytes = Vec::new();
    // `Serialize` is the user's code.
    let encoded = code::run(attempt, || codec.encode(value, &mut bytes))?;
    match encoded {
        Ok(()) => Ok(bytes),
        Err(EncodeError::Write(error)) => Err(cannot(&error.to_string())),
        Err(EncodeError::Value(error)) => Err(cannot(&error)),
    }
}

/// What the code has printed is told before what it returned.
fn flush() {
    let _ = quietly(|| io::stdout().flush());
}

fn lock(streams: &Mutex<HashMap<u32, ItemStream>>) -> MutexGuard<'_, HashMap<u32, ItemStream>> {
    streams.lock().unwrap_or_else(PoisonError::into_inner)
}
