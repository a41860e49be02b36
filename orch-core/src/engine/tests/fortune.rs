//! How work comes out, and what is said of it.

use std::time::Duration;

use super::fixture::no_items;
use super::knowledge::Given;
use super::model::Outcome;
use super::random::Random;
use super::simulation::Simulation;
use crate::define::{OutputKind, Product, Products};
use crate::engine::{Message, Produced, Timer, Token, Written};
use crate::failure::Failure;
use crate::ids::MappingKey;
use crate::plan::{Program, Source};
use crate::value::{Keyed, StepFailure, Value};

impl Simulation {
    pub(super) fn draw_return(&mut self, step: usize) -> Outcome {
        if self.random.chance(20) {
            return Outcome::Failed { retryable: self.random.chance(80) };
        }
        let kinds: Vec<_> = self.program.plan.steps[step].outputs.iter().map(|output| output.kind).collect();
        let values = kinds.into_iter().map(|kind| match kind {
            OutputKind::Single => Some(self.value()),
            OutputKind::Optional => self.random.chance(60).then(|| self.value()),
            OutputKind::Dynamic => None,
        });
        Outcome::Returned(values.collect())
    }

    pub(super) fn draw_pull(&mut self, at: &super::model::At, output: usize) -> Outcome {
        let stream = self.model.stream(at, output);
        if self.random.chance(7) {
            return Outcome::Failed { retryable: self.random.chance(80) };
        }
        if self.items == 0 || self.random.chance(25) {
            return Outcome::Ended;
        }
        self.items -= 1;
        // Streams of even steps number their items, the others have keys of their own.
        if at.0.is_multiple_of(2) {
            return Outcome::Item(stream.seen.len().to_string(), self.value());
        }
        let letter = |random: &mut Random| char::from(b'a' + random.below(8) as u8).to_string();
        let mut key = letter(&mut self.random);
        if stream.seen.contains(&key) && self.random.chance(85) {
            key = format!("{key}{}", stream.seen.len());
        }
        Outcome::Item(key, self.value())
    }

    fn value(&mut self) -> i64 {
        self.values += 1;
        self.values
    }

    /// What comes of having an outcome stored.
    pub(super) fn draw_store(&mut self, outcome: Outcome) -> Outcome {
        if self.random.chance(10) {
            return Outcome::Failed { retryable: self.random.chance(80) };
        }
        Outcome::Stored(Box::new(outcome))
    }

    pub(super) fn message(&mut self, token: Token, outcome: &Outcome) -> Message {
        match outcome {
            Outcome::Returned(values) => Message::Returned {
                token,
                result: Ok(self.products(token, values)),
                written: Written::default(),
            },
            Outcome::Stored(outcome) => {
                let produced = match &**outcome {
                    Outcome::Item(key, value) => Produced::Item {
                        output: 0,
                        key: own_key(key),
                        number: 0,
                        value: Value::new(*value),
                        written: Written::default(),
                    },
                    Outcome::Returned(values) => Produced::Outputs {
                        products: self.products(token, values),
                        written: Written::default(),
                    },
                    outcome => panic!("{outcome:?} is nothing to store"),
                };
                Message::Stored { token, produced, result: Ok(Vec::new()) }
            }
            Outcome::Item(key, value) => {
                let Product::Items(rest) = no_items() else { panic!("items are items") };
                Message::Item {
                    token,
                    key: own_key(key),
                    value: Value::new(*value),
                    written: Written::default(),
                    rest,
                }
            }
            Outcome::Ended => Message::Ended { token },
            Outcome::TimedOut => Message::Due(Timer::Deadline(token)),
            Outcome::Failed { retryable } => {
                let failure = match (retryable, self.random.below(4)) {
                    (false, _) => Failure::new("unlucky").not_retryable(),
                    (true, 0) => Failure::retry_after(Duration::from_secs(3), "unlucky"),
                    (true, _) => Failure::new("unlucky"),
                };
                if self.model.storing.contains(&token) {
                    let produced =
                        Produced::Outputs { products: Products::new(), written: Written::default() };
                    return Message::Stored { token, produced, result: Err(failure) };
                }
                match self.model.running.get(&token) {
                    Some((_, Some(_))) => Message::Broke { token, failure },
                    // Code made by hand may give more or fewer outputs than it declares.
                    Some(_) if !retryable && self.random.chance(30) => {
                        Message::Returned { token, result: Ok(Products::new()), written: Written::default() }
                    }
                    _ => Message::Returned { token, result: Err(failure), written: Written::default() },
                }
            }
        }
    }

    fn products(&self, token: Token, values: &[Option<i64>]) -> Products {
        let (step, _) = self.step_of(token);
        let outputs = self.program.plan.steps[step].outputs.iter().zip(values);
        let products = outputs.map(|(output, value)| match (output.kind, value) {
            (OutputKind::Dynamic, _) => no_items(),
            (_, Some(value)) => Product::Value(Value::new(*value)),
            (_, None) => Product::Absent,
        });
        products.collect()
    }

    fn step_of(&self, token: Token) -> (usize, Option<usize>) {
        match self.model.running.get(&token) {
            Some(((step, _), output)) => (*step, *output),
            // Given up: what it says does not matter.
            None => (0, None),
        }
    }
}

/// The key of an item, unless the engine numbers it.
fn own_key(key: &str) -> Option<MappingKey> {
    key.parse::<u64>().is_err().then(|| key.into())
}

/// A value as the step's code would see it.
pub(super) fn given(program: &Program, source: &Source, value: Value) -> Given {
    match source {
        Source::Collect { collect } if program.plan.collects[*collect].results => {
            let items = value.take::<Vec<Keyed<Result<i64, StepFailure>>>>().unwrap();
            let told = items
                .into_iter()
                .map(|item| (item.key.to_string(), item.value.map_err(|failure| failure.step)));
            Given::Keyed(told.collect())
        }
        Source::Collect { .. } => {
            let items = value.take::<Vec<Keyed<i64>>>().unwrap();
            Given::Keyed(items.into_iter().map(|item| (item.key.to_string(), Ok(item.value))).collect())
        }
        Source::List { .. } => Given::List(value.take().unwrap()),
        _ => Given::One(value.take().unwrap()),
    }
}
