use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};

use super::Settings;
use super::frame::FrameId;
use super::limits::Classes;
use crate::define::Order;
use crate::ids::Branch;
use crate::plan::{Program, Step};

/// A step that could run now, or a stream that could be pulled.
#[derive(Clone)]
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
/// before another that could run. The first of each class is its *head*. The heads of the classes that could run are in
/// order, and so are those that a limit holds back, at the limit; of these the first is freed as soon as it has room. So
/// taking the next costs the logarithm of what is ready, whatever the number of classes.
pub(super) struct ReadyQueue {
    classes: Vec<Class>,
    heads: BTreeSet<Head>,
    limits: Vec<Limit>,
}

struct Class {
    ready: BinaryHeap<Ready>,
    limits: Vec<usize>,
    head: Option<Ready>,
    /// The limit that holds its head; none if the head is free.
    parked: Option<usize>,
}

struct Limit {
    free: usize,
    parked: BTreeSet<Head>,
}

/// The limit of the job, which holds for every class. When it has no room nothing is taken, so no class is parked at it.
const JOB: usize = 0;

impl ReadyQueue {
    pub(super) fn new(classes: &Classes) -> Self {
        let class = |limits: &Vec<usize>| Class {
            ready: BinaryHeap::new(),
            limits: limits.clone(),
            head: None,
            parked: None,
        };
        let limit = |&free| Limit { free, parked: BTreeSet::new() };
        Self {
            classes: classes.limits_of.iter().map(class).collect(),
            heads: BTreeSet::new(),
            limits: classes.limits.iter().map(limit).collect(),
        }
    }

    pub(super) fn push(&mut self, class: u32, ready: Ready) {
        let number = class as usize;
        let class = &mut self.classes[number];
        let is_first = class.ready.peek().is_none_or(|first| ready > *first);
        class.ready.push(ready);
        if is_first {
            self.renew_head(number);
        }
    }

    /// Takes the first that no limit holds back, and what it needs of the limits.
    pub(super) fn take(&mut self) -> Option<Ready> {
        if self.limits[JOB].free == 0 {
            return None;
        }
        // Where all steps are under the same limits, as they usually are, there is no need of heads.
        let number = if self.classes.len() == 1 {
            self.full_limit(0).is_none().then_some(0)?
        } else {
            self.first_class()?
        };
        let class = &mut self.classes[number];
        let ready = class.ready.pop()?;
        for &limit in &class.limits {
            self.limits[limit].free -= 1;
        }
        self.renew_head(number);
        self.free_heads(number);
        Some(ready)
    }

    /// Gives back what a step of this class held.
    pub(super) fn release(&mut self, class: u32) {
        for &limit in &self.classes[class as usize].limits {
            self.limits[limit].free += 1;
        }
        self.free_heads(class as usize);
    }

    /// Takes everything that is ready, in no particular order.
    pub(super) fn drain(&mut self) -> Vec<Ready> {
        self.heads.clear();
        self.limits.iter_mut().for_each(|limit| limit.parked.clear());
        let all = self.classes.iter_mut().flat_map(|class| {
            (class.head, class.parked) = (None, None);
            class.ready.drain()
        });
        all.collect()
    }

    /// The class whose first is the first of all that no limit holds back; on the way, parks those that one does.
    fn first_class(&mut self) -> Option<usize> {
        loop {
            let head = self.heads.pop_last()?;
            let number = head.class;
            let Some(full) = self.full_limit(number) else { return Some(number) };
            self.classes[number].parked = Some(full);
            self.limits[full].parked.insert(head);
            // It may have been freed for the room of another limit, which is someone else's now.
            self.free_heads(number);
        }
    }

    /// A limit that holds the class back.
    fn full_limit(&self, class: usize) -> Option<usize> {
        self.classes[class].limits.iter().copied().find(|&limit| self.limits[limit].free == 0)
    }

    /// Makes the first of a class its head, in place of the one before.
    fn renew_head(&mut self, number: usize) {
        if self.classes.len() == 1 {
            return;
        }
        let class = &mut self.classes[number];
        let head = class.ready.peek().cloned();
        let before = std::mem::replace(&mut class.head, head.clone());
        let place = match class.parked {
            Some(limit) => &mut self.limits[limit].parked,
            None => &mut self.heads,
        };
        if let Some(ready) = before {
            place.remove(&Head { ready, class: number });
        }
        if let Some(ready) = head {
            place.insert(Head { ready, class: number });
        }
        if let Some(limit) = self.classes[number].parked {
            self.free_head(limit);
        }
    }

    /// Where the limits of a class have room, the first of the heads that they held is free.
    fn free_heads(&mut self, class: usize) {
        for at in 0..self.classes[class].limits.len() {
            self.free_head(self.classes[class].limits[at]);
        }
    }

    fn free_head(&mut self, limit: usize) {
        let limit = &mut self.limits[limit];
        if limit.free > 0
            && let Some(head) = limit.parked.pop_last()
        {
            self.classes[head.class].parked = None;
            self.heads.insert(head);
        }
    }

    /// How many heads there are, for tests: never more than classes.
    #[cfg(test)]
    pub(super) fn heads(&self) -> usize {
        self.heads.len() + self.limits.iter().map(|limit| limit.parked.len()).sum::<usize>()
    }

    #[cfg(test)]
    pub(super) fn classes(&self) -> usize {
        self.classes.len()
    }
}

/// The first of a class, ordered as it is.
struct Head {
    ready: Ready,
    class: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ready.cmp(&other.ready).then(self.class.cmp(&other.class))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

/// The dense rank of each step by priority and depth; steps of one rank are told apart by branch and definition.
pub(super) fn ranks(program: &Program, settings: &Settings) -> Vec<u32> {
    let key = |step: &Step| {
        let depth = step.depth as i64;
        (-step.priority, if settings.order == Order::DepthFirst { -depth } else { depth })
    };
    let mut keys: Vec<_> = program.plan.steps.iter().map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    let rank = |step| keys.binary_search(&key(step)).unwrap_or(0) as u32;
    program.plan.steps.iter().map(rank).collect()
}
