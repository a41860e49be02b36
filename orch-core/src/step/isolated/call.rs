use std::sync::{Arc, Weak};

use super::frame::FrameError;
use super::host::Worker;
use super::message::{FromWorker, Sent, ToWorker, split};
use super::pool::Pool;
use crate::define::{Cancel, Inputs, ItemStream, OpDef, Product, Products, Saying, StreamItem};
use crate::engine::Dispatcher;
use crate::failure::{Failure, quietly};
use crate::ids::StepPath;
use crate::io::{Codec, EncodeError};

/// A call of an op in a process of its own.
pub(crate) struct Call<'a> {
    pub(crate) op: &'a OpDef,
    /// The name of the step in the plan.
    pub(crate) step: &'a str,
    pub(crate) path: &'a StepPath,
    pub(crate) attempt: u32,
    /// Unique within the run.
    pub(crate) ticket: u64,
    /// How this attempt alone is told to stop.
    pub(crate) stop: Option<&'a Cancel>,
    /// How the run is told to.
    pub(crate) run: &'a Cancel,
    pub(crate) dispatcher: &'a Arc<Dispatcher>,
    /// Where it says something of the asset that it makes, if it makes one.
    pub(crate) said: Option<&'a Saying>,
}

impl Pool {
    /// Calls an op in a worker and waits for what it gives.
    pub(crate) fn call(&self, call: &Call<'_>, inputs: Inputs) -> Result<Products, Failure> {
        let inputs = written(call, inputs)?;
        let attempt = (call.path.clone(), call.attempt);
        let is_stopped = || call.stop.is_some_and(Cancel::is_canceled) || call.run.is_canceled();
        self.expects(call.ticket);
        // Whoever stops it after this finds it.
        if is_stopped() {
            self.done(call.ticket);
            return Err(Failure::canceled());
        }
        let taken = self.take(call.ticket, call.op.memory, attempt.clone(), call.dispatcher);
        let worker = taken.inspect_err(|_| self.done(call.ticket))?;
        // A worker that was getting ready was not told that the run is canceled.
        if is_stopped() {
            self.done(call.ticket);
            self.put_back(&worker);
            return Err(Failure::canceled());
        }
        let lengths = inputs.iter().map(|input| input.len() as u64).collect();
        let (step, path) = (call.step.to_owned(), call.path.clone());
        let asked = worker.ask(
            &inputs,
            |id| ToWorker::Call { id, step, path, attempt: call.attempt, inputs: lengths },
            call.run,
        );
        self.done(call.ticket);
        drop(inputs);
        let (message, body) = match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(death)) => return Err(death.failure()),
            Err(refused) => {
                self.put_back(&worker);
                return Err(unsent(&refused));
            }
        };
        let FromWorker::Returned { products, said, .. } = message else {
            self.put_back(&worker);
            return Err(failed(message));
        };
        if let (Some(here), Some(said)) = (call.said, said) {
            *here.lock() = *said;
        }
        if products.iter().any(|product| matches!(product, Sent::Items)) {
            self.keeps(attempt.clone(), &worker);
        } else {
            self.put_back(&worker);
        }
        let run = call.run.clone();
        let source = Arc::new(Source { pool: Weak::clone(self.me()), worker, attempt, run });
        read(call.op, &products, &body, &source)
    }

    /// While an item of this attempt is pulled, [`Pool::kill`] finds the one that gives it.
    pub(crate) fn pulling<R>(
        &self,
        ticket: u64,
        attempt: &(StepPath, u32),
        stop: Option<&Cancel>,
        pull: impl FnOnce() -> R,
    ) -> R {
        self.pulls(ticket, attempt);
        if stop.is_some_and(Cancel::is_canceled) {
            self.kill(ticket);
        }
        let pulled = pull();
        self.done(ticket);
        pulled
    }
}

/// The inputs as bytes.
fn written(call: &Call<'_>, inputs: Inputs) -> Result<Vec<Vec<u8>>, Failure> {
    let inputs = call.op.inputs().iter().zip(inputs);
    let written = inputs.map(|(input, value)| {
        let cannot = |why: &str| {
            let (name, ty) = (&input.name, input.ty.name());
            Failure::contract(format!(
                "the input `{name}`, a `{ty}`, cannot be sent to the process of the step: {why}"
            ))
        };
        let codec = input.codec.ok_or_else(|| cannot("it has no codec"))?;
        let value = value.ok_or_else(|| cannot("it is not there"))?;
        let mut bytes = Vec::new();
        codec.encode(&value, &mut bytes).map_err(|error| match error {
            EncodeError::Write(error) => cannot(&error.to_string()),
            EncodeError::Value(error) => cannot(&error),
        })?;
        Ok(bytes)
    });
    written.collect()
}

/// What came back, as values.
fn read(op: &OpDef, products: &[Sent], body: &[u8], source: &Arc<Source>) -> Result<Products, Failure> {
    let mut rest = body;
    let products = products.iter().enumerate().map(|(number, product)| {
        let output = op.outputs().get(number);
        let codec = || {
            output.and_then(|output| output.codec).ok_or_else(|| Failure::contract("an output has no codec"))
        };
        match product {
            Sent::Absent => Ok(Product::Absent),
            Sent::Value(length) => {
                let bytes = split(&mut rest, *length).map_err(|error| Failure::new(error.to_string()))?;
                codec()?.decode(bytes).map(Product::Value)
            }
            Sent::Items => {
                let (output, codec) = (number as u32, codec()?);
                let items = Items { source: Arc::clone(source), output, codec };
                Ok(Product::Items(ItemStream::pulled(items)))
            }
        }
    });
    products.collect()
}

/// The failure that a worker told, in place of what it was asked for.
fn failed(message: FromWorker) -> Failure {
    match message {
        FromWorker::Failed { failure, .. } => failure.into_failure(),
        _ => Failure::contract("the process of the step answers another question"),
    }
}

fn unsent(error: &FrameError) -> Failure {
    Failure::contract(format!("the inputs cannot be sent to the process of the step: {error}"))
        .hint("what is so large is better passed on as a file, by its name")
}

/// The worker that has the items of an attempt, and works for nobody else until they are dropped.
struct Source {
    pool: Weak<Pool>,
    worker: Arc<Worker>,
    attempt: (StepPath, u32),
    run: Cancel,
}

/// The items of a dynamic output, pulled from the process that makes them.
struct Items {
    source: Arc<Source>,
    output: u32,
    codec: Codec,
}

impl Iterator for Items {
    type Item = StreamItem;

    fn next(&mut self) -> Option<StreamItem> {
        let output = self.output;
        let Source { worker, run, .. } = &*self.source;
        let answer = worker.ask(&[], |id| ToWorker::Pull { id, output }, run);
        match answer {
            Ok(Ok((FromWorker::Item { key, .. }, body))) => {
                Some(quietly(|| self.codec.decode(&body)).and_then(|value| value).map(|value| (key, value)))
            }
            Ok(Ok((FromWorker::Ended { .. }, _))) => None,
            Ok(Ok((other, _))) => Some(Err(failed(other))),
            Ok(Err(death)) => Some(Err(death.failure())),
            Err(refused) => Some(Err(unsent(&refused))),
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let Some(pool) = self.pool.upgrade() else { return };
        if pool.lets_go(&self.attempt) {
            // It works on when all is dropped there.
            let _ = self.worker.send(&ToWorker::Release, &[]);
        }
    }
}
