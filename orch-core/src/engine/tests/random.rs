//! Random jobs, each decided by its seed.

use std::sync::Arc;
use std::time::Duration;

use super::fixture::{Many, Maybe, Plain};
use crate::define::{
    Backoff, Dynamic, Jitter, JobOptions, Limit, One, OpBuilder, OpDef, Optional, Order, Outputs, Retry,
};
use crate::failure::Failure;
use crate::graph::{Call, DynamicOut, Handle as _, Job, Out};
use crate::plan::Program;
use crate::value::{Keyed, StepFailure};

/// A sequence of numbers that its seed decides (`SplitMix64`).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

type Pair = (One<i64, 0>, One<Dynamic<i64>, 2>);
type Twins = (One<Dynamic<i64>, 2>, One<Dynamic<i64>, 2>);
type Split = (One<Optional<i64>, 1>, One<i64, 0>);
type Kept = Vec<Keyed<i64>>;
type Told = Vec<Keyed<Result<i64, StepFailure>>>;

/// A job that can be planned; what the seed gives first may wait for itself, or limit a tag that no step has.
pub(super) fn job(random: &mut Random) -> Program {
    loop {
        if let Ok(program) = Program::compile(&draw(random)) {
            return program;
        }
    }
}

fn draw(random: &mut Random) -> Job {
    let mut options = JobOptions::new("random");
    if random.chance(40) {
        options = options.limit(Limit::tag("db", 1 + random.below(2)));
    }
    if random.chance(20) {
        options = options.limit(Limit::per_value("db", 1));
    }
    if random.chance(20) {
        options = options.limit(Limit::tag_value("cpu", "1", 1));
    }
    if random.chance(30) {
        options = options.order(Order::BreadthFirst);
    }
    let nodes = 2 + random.below(12);
    Job::compose(options, || {
        let mut drawing = Drawing { random, nodes, known: Vec::new(), steps: Vec::new() };
        while drawing.nodes > 0 {
            drawing.node(0);
        }
    })
}

struct Drawing<'a> {
    random: &'a mut Random,
    /// How many more to draw.
    nodes: usize,
    /// What can be read here: outputs of this map and those around it, and their items.
    known: Vec<Out<i64>>,
    /// Of these, what are outputs of steps.
    steps: Vec<Out<i64>>,
}

impl Drawing<'_> {
    fn node(&mut self, level: usize) {
        self.nodes -= self.nodes.min(1);
        match self.random.below(10) {
            0..=3 => {
                let out = self.place::<Plain>();
                self.made(out);
            }
            4 => {
                let out = self.place::<Maybe>();
                self.made(out);
            }
            5 => {
                let (maybe, out) = self.place::<Split>();
                self.made(maybe);
                self.made(out);
            }
            6 if !self.known.is_empty() => self.fan_in(),
            7 if level < 3 => {
                let (left, right) = self.place::<Twins>();
                self.map(left, level);
                self.map(right, level);
            }
            8 if level < 3 => {
                let (out, items) = self.place::<Pair>();
                self.made(out);
                self.map(items, level);
            }
            _ if level < 3 => {
                let items = self.place::<Many>();
                self.map(items, level);
            }
            _ => {}
        }
    }

    fn made(&mut self, out: Out<i64>) {
        let out = self.decorate(out);
        self.known.push(out);
        self.steps.push(out);
    }

    fn map(&mut self, items: DynamicOut<i64>, level: usize) {
        let (known, steps) = (self.known.len(), self.steps.len());
        let mapped = items.map(|item| {
            self.known.push(item);
            for _ in 0..self.random.below(4) {
                self.node(level + 1);
            }
            let inside = self.known.split_off(known);
            self.steps.truncate(steps);
            inside[self.random.below(inside.len())]
        });
        match self.random.below(4) {
            0 => {}
            1 => {
                let op = self.op().input::<Told>("all");
                let out =
                    Call::of(&finished::<Plain>(op)).input::<Told>(mapped.collect_results()).place::<Plain>();
                self.made(out);
            }
            _ => {
                let op = self.op().input::<Kept>("all");
                let out =
                    Call::of(&finished::<Plain>(op)).input::<Kept>(mapped.collect_keyed()).place::<Plain>();
                self.made(out);
            }
        }
    }

    fn fan_in(&mut self) {
        let elements: Vec<_> = (0..1 + self.random.below(3)).map(|_| self.any_known()).collect();
        let op = self.op().input::<Vec<i64>>("list");
        let out = Call::of(&finished::<Plain>(op)).input::<Vec<i64>>(elements).place::<Plain>();
        self.made(out);
    }

    fn place<O: Outputs>(&mut self) -> O::Handles {
        let inputs = if self.known.is_empty() { 0 } else { self.random.below(3) };
        let inputs: Vec<_> = (0..inputs).map(|_| self.any_known()).collect();
        let op = inputs.iter().enumerate().fold(self.op(), |op, (at, _)| op.input::<i64>(format!("x{at}")));
        let op = finished::<O>(op);
        inputs.into_iter().fold(Call::of(&op), |call, input| call.input::<i64>(input)).place::<O>()
    }

    fn any_known(&mut self) -> Out<i64> {
        // Recent ones more often, for depth.
        let at = self.random.below(self.known.len()).max(self.random.below(self.known.len()));
        self.known[at]
    }

    fn op(&mut self) -> OpBuilder<()> {
        let mut op = OpDef::builder("op");
        if self.random.chance(40) {
            let retry = Retry::new(self.random.below(3) as u32)
                .delay(Duration::from_secs(self.random.below(4) as u64));
            op = op.retry(retry.backoff(Backoff::Linear).jitter(if self.random.chance(50) {
                Jitter::Full
            } else {
                Jitter::None
            }));
        }
        if self.random.chance(25) {
            op = op.timeout(Duration::from_secs(4 + self.random.below(5) as u64));
        }
        if self.random.chance(20) {
            op = op.pool("pool");
        }
        if self.random.chance(30) {
            op = op.io("files");
        }
        if self.random.chance(20) {
            op = op.priority(self.random.below(4) as i64 - 1);
        }
        if self.random.chance(30) {
            op = op.tag("db", self.random.below(2).to_string());
        }
        if self.random.chance(30) {
            op = op.tag("cpu", self.random.below(2).to_string());
        }
        op
    }

    fn decorate(&mut self, out: Out<i64>) -> Out<i64> {
        if self.random.chance(15) && !self.steps.is_empty() {
            let before = self.steps[self.random.below(self.steps.len())];
            return out.after(before);
        }
        out
    }
}

/// The op, with a body that the simulation never calls.
fn finished<O: Outputs>(op: OpBuilder<()>) -> Arc<OpDef> {
    op.returns::<O>().blocking(|_| Err(Failure::new("not to be called"))).into()
}
