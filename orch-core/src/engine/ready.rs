use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use super::Settings;
use super::frame::FrameId;
use crate::ids::Branch;
use crate::plan::Program;

/// A step that could run now, or a stream that could be pulled.
pub(super) struct Ready {
    pub(super) rank: u32,
    pub(super) branch: Option<Branch>,
    /// The plan's step.
    pub(super) step: u32,
    pub(super) frame: FrameId,
    /// The local stream to pull, if it is not the step itself, and the ticket under which it was queued.
    pub(super) stream: Option<(u32, u64)>,
}

impl Ready {
    /// The documented order: priority and depth, then the older branch, then definition.
    fn order(&self, other: &Self) -> Ordering {
        let branch = || match (&self.branch, &other.branch) {
            (Some(a), Some(b)) => a.age_cmp(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        self.rank
            .cmp(&other.rank)
            .then_with(branch)
            .then(self.step.cmp(&other.step))
            .then(self.stream.cmp(&other.stream))
    }
}

impl Ord for Ready {
    /// Greater goes first, as [`BinaryHeap`] wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        other.order(self)
    }
}

impl PartialOrd for Ready {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ready {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ready {}

/// All that is ready, and the limits that hold it back.
///
/// Steps under the same limits form a class with a heap of its own, so that one class that is held back never stands
/// before another that could run, and taking the next costs no more than a look at each class.
pub(super) struct ReadyQueue {
    heaps: Vec<BinaryHeap<Ready>>,
    /// How many there are in all heaps.
    len: usize,
    classes: Vec<Vec<usize>>,
    free: Vec<usize>,
}

impl ReadyQueue {
    pub(super) fn new(classes: &Classes) -> Self {
        let heaps = classes.limits_of.iter().map(|_| BinaryHeap::new()).collect();
        Self { heaps, len: 0, classes: classes.limits_of.clone(), free: classes.limits.clone() }
    }

    pub(super) fn push(&mut self, class: u32, ready: Ready) {
        self.len += 1;
        self.heaps[class as usize].push(ready);
    }

    /// Takes the first that no limit holds back, and what it needs of the limits.
    pub(super) fn take(&mut self) -> Option<Ready> {
        if self.len == 0 {
            return None;
        }
        let class = (0..self.heaps.len())
            .filter(|&class| self.classes[class].iter().all(|&limit| self.free[limit] > 0))
            .filter_map(|class| self.heaps[class].peek().map(|ready| (ready, class)))
            .max_by(|(a, _), (b, _)| a.cmp(b))?
            .1;
        let ready = self.heaps[class].pop()?;
        self.len -= 1;
        for &limit in &self.classes[class] {
            self.free[limit] -= 1;
        }
        Some(ready)
    }

    /// Gives back what a step of this class held.
    pub(super) fn release(&mut self, class: u32) {
        for &limit in &self.classes[class as usize] {
            self.free[limit] += 1;
        }
    }

    /// Takes everything that is ready, in no particular order.
    pub(super) fn drain(&mut self) -> Vec<Ready> {
        self.len = 0;
        self.heaps.iter_mut().flat_map(BinaryHeap::drain).collect()
    }
}

/// The steps sorted by the limits that hold for them.
pub(super) struct Classes {
    /// The limits of each class, the job's own among them.
    pub(super) limits_of: Vec<Vec<usize>>,
    /// How many steps of each limit may run.
    pub(super) limits: Vec<usize>,
}

/// Sorts the steps into classes by the limits that hold for them, and says which class each is in.
pub(super) fn classify(program: &Program, settings: &Settings) -> (Classes, Vec<u32>) {
    // The job's own limit holds for every class.
    let mut limits = vec![settings.max_concurrent];
    let mut numbers: HashMap<(usize, &str), usize> = HashMap::new();
    let mut classes: HashMap<Vec<usize>, usize> = HashMap::new();
    let mut limits_of: Vec<Vec<usize>> = Vec::new();
    let pool_face = program.plan.limits.len();
    let class_of = program.plan.steps.iter().map(|step| {
        let mut own = vec![0];
        let mut add = |face, value, max| {
            own.push(*numbers.entry((face, value)).or_insert_with(|| {
                limits.push(max);
                limits.len() - 1
            }));
        };
        for (face, limit) in program.plan.limits.iter().enumerate() {
            let Some(value) = step.tags.get(&limit.key) else { continue };
            if limit.value.as_ref().is_none_or(|wanted| wanted == value) {
                add(face, if limit.per_value { value.as_str() } else { "" }, limit.max);
            }
        }
        if let Some((pool, size)) = step.pool.as_ref().and_then(|pool| settings.pools.get_key_value(pool)) {
            add(pool_face, pool, *size);
        }
        let class = *classes.entry(own).or_insert_with_key(|own| {
            limits_of.push(own.clone());
            limits_of.len() - 1
        });
        class as u32
    });
    let class_of = class_of.collect();
    (Classes { limits_of, limits }, class_of)
}
