use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::frame::FrameId;
use super::limits::Classes;
use crate::ids::Branch;

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
/// before another that could run. The first of each class that is not held back is a *head*, and the heads have a heap
/// too. A class that a limit holds back is parked at it, and of the parked ones the first becomes a head again as soon as
/// the limit has room. So taking the next costs the logarithm of what is ready, whatever the number of classes.
///
/// Heads are copies, and are not searched for when their class changes: one that is no longer the first of its class is
/// passed over when it comes up.
pub(super) struct ReadyQueue {
    classes: Vec<Class>,
    heads: BinaryHeap<Head>,
    limits: Vec<Limit>,
}

struct Class {
    ready: BinaryHeap<Ready>,
    limits: Vec<usize>,
    /// The limit that it is parked at.
    parked: Option<usize>,
}

struct Limit {
    free: usize,
    parked: BinaryHeap<Head>,
}

/// The limit of the job, which holds for every class. When it has no room nothing is taken, so no class is parked at it.
const JOB: usize = 0;

impl ReadyQueue {
    pub(super) fn new(classes: &Classes) -> Self {
        let class =
            |limits: &Vec<usize>| Class { ready: BinaryHeap::new(), limits: limits.clone(), parked: None };
        let limit = |&free| Limit { free, parked: BinaryHeap::new() };
        Self {
            classes: classes.limits_of.iter().map(class).collect(),
            heads: BinaryHeap::new(),
            limits: classes.limits.iter().map(limit).collect(),
        }
    }

    pub(super) fn push(&mut self, class: u32, ready: Ready) {
        let number = class as usize;
        let class = &mut self.classes[number];
        let is_first = class.ready.peek().is_none_or(|first| ready > *first);
        class.ready.push(ready);
        if is_first {
            self.put_head(number);
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
        self.put_head(number);
        self.unpark_beside(number);
        Some(ready)
    }

    /// Gives back what a step of this class held.
    pub(super) fn release(&mut self, class: u32) {
        for &limit in &self.classes[class as usize].limits {
            self.limits[limit].free += 1;
        }
        self.unpark_beside(class as usize);
    }

    /// Takes everything that is ready, in no particular order.
    pub(super) fn drain(&mut self) -> Vec<Ready> {
        self.classes.iter_mut().flat_map(|class| class.ready.drain()).collect()
    }

    /// The class whose first is the first of all that no limit holds back; on the way, parks those that one does.
    fn first_class(&mut self) -> Option<usize> {
        loop {
            let head = self.heads.pop()?;
            let number = head.class;
            let class = &self.classes[number];
            if class.parked.is_some() || class.ready.peek() != Some(&head.ready) {
                continue;
            }
            let Some(full) = self.full_limit(number) else { return Some(number) };
            self.classes[number].parked = Some(full);
            self.limits[full].parked.push(head);
            // It may have come up for the room of another limit, which is someone else's now.
            self.unpark_beside(number);
        }
    }

    /// A limit that holds the class back.
    fn full_limit(&self, class: usize) -> Option<usize> {
        self.classes[class].limits.iter().copied().find(|&limit| self.limits[limit].free == 0)
    }

    /// Makes the first of a class a head, or lets it wait where the class is parked.
    fn put_head(&mut self, number: usize) {
        if self.classes.len() == 1 {
            return;
        }
        let class = &mut self.classes[number];
        let Some(first) = class.ready.peek() else { return };
        let head = Head { ready: first.clone(), class: number };
        match class.parked {
            Some(limit) if self.limits[limit].free == 0 => self.limits[limit].parked.push(head),
            _ => {
                class.parked = None;
                self.heads.push(head);
            }
        }
    }

    /// Where a limit of this class has room, the first of those that are parked there becomes a head.
    fn unpark_beside(&mut self, number: usize) {
        for at in 0..self.classes[number].limits.len() {
            let limit = self.classes[number].limits[at];
            if self.limits[limit].free == 0 {
                continue;
            }
            while let Some(head) = self.limits[limit].parked.pop() {
                let class = &mut self.classes[head.class];
                if class.parked == Some(limit) && class.ready.peek() == Some(&head.ready) {
                    class.parked = None;
                    self.heads.push(head);
                    break;
                }
            }
        }
    }
}

/// The first of a class, ordered as it is.
struct Head {
    ready: Ready,
    class: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ready.cmp(&other.ready)
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
