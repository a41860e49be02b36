use std::collections::{HashMap, HashSet};

use super::need::Needed;
use super::shape::{Shape, Taken, scope_of};
use super::walk::{At, State, Walk};
use crate::event::LostCause;
use crate::ids::{Branch, MappingKey};
use crate::plan::Plan;

/// Of what others make the steps of a plan take what was observed of it: by which steps that look.
#[derive(Default)]
pub(super) struct Looks {
    /// For each step the looks at what it takes. Empty if nothing is looked at.
    of: Vec<Vec<Look>>,
    /// For each step those that say for it as what partitions were observed of which it takes no value.
    waits: Vec<Vec<usize>>,
    /// For each map what is looked at outside of it for the steps within.
    outer: Vec<Vec<Look>>,
    /// The steps of each asset that is made by a graph.
    graphs: Vec<Graph>,
}

/// A step that looks, as another one takes what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Look {
    step: usize,
    behind: Option<Behind>,
}

/// The look stands in a map of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Behind {
    /// The step that waits for all of that map.
    end: usize,
    /// The step that reads partitions for the one that takes them.
    reader: usize,
}

/// An asset that several steps make.
struct Graph {
    /// The last of them, which gives it.
    gives: usize,
    steps: Vec<usize>,
}

/// The frames of a look in a map of its own, as a step that reads takes them.
#[derive(Default)]
pub(super) struct Frames {
    /// By the partitions for which it reads.
    by_key: HashMap<MappingKey, Vec<usize>>,
    /// Those that it takes for whichever.
    any: Vec<usize>,
}

impl Looks {
    pub(super) fn of(plan: &Plan, shape: &Shape) -> Self {
        if plan.steps.iter().all(|step| step.observes.is_none()) {
            return Self::default();
        }
        let numbers = || 0..plan.steps.len();
        let mut looks = Self { of: numbers().map(|step| found_by(plan, step)).collect(), ..Self::default() };
        let loading = |step: usize| {
            let taken = shape.takes[step].iter().filter_map(|taken| match taken {
                Taken::Output { step, .. } if plan.steps[*step].loads.is_some() => Some(*step),
                _ => None,
            });
            taken.collect::<Vec<_>>()
        };
        let loaded: Vec<Vec<usize>> = numbers().map(loading).collect();
        let observed = |look: &Look| plan.steps[look.step].observes.clone();
        looks.graphs = graphs(plan, shape);
        // Of a graph all outermost steps wait for the look. If some of them take the value, the others take nothing of what was found.
        for graph in &looks.graphs {
            let readers: HashSet<usize> =
                graph.steps.iter().flat_map(|&step| &loaded[step]).copied().collect();
            let taken: HashSet<_> =
                readers.into_iter().flat_map(|step| looks.of[step].iter().map(observed)).collect();
            for &step in &graph.steps {
                looks.of[step].retain(|look| !taken.contains(&observed(look)));
            }
        }
        looks.waits = numbers()
            .map(|step| {
                let before = plan.steps[step].after.iter().copied();
                let alone = before.filter(|&before| {
                    plan.steps[before].loads.as_ref().is_some_and(|loads| loads.versions_alone())
                });
                alone.collect()
            })
            .collect();
        for step in numbers() {
            for &other in loaded[step].iter().chain(&looks.waits[step]) {
                let of = looks.of[other].clone();
                looks.of[step].extend(of);
            }
            let mut seen = HashSet::new();
            looks.of[step].retain(|look| seen.insert(*look));
        }
        looks.outer = (0..plan.maps.len()).map(|map| looks.outside(plan, shape, map)).collect();
        looks
    }

    /// What is looked at outside of a map for the steps within.
    fn outside(&self, plan: &Plan, shape: &Shape, map: usize) -> Vec<Look> {
        let is_within = |step: usize| shape.encloses(map + 1, scope_of(plan.steps[step].map));
        let within = (0..plan.steps.len()).filter(|&step| is_within(step));
        let mut looks: Vec<_> = within.flat_map(|step| self.of[step].iter().copied()).collect();
        let mut seen = HashSet::new();
        looks.retain(|look| !is_within(look.step) && seen.insert(*look));
        looks
    }
}

/// The looks that a step waits for since it takes, or reads for others, what they find.
fn found_by(plan: &Plan, step: usize) -> Vec<Look> {
    let reads = plan.steps[step].loads.as_ref().map(|asset| &asset.key);
    let mut looks = Vec::new();
    for &before in &plan.steps[step].after {
        match &plan.steps[before].observes {
            // What reads others only waits for the look.
            Some(observed) if reads.is_none_or(|asset| asset == observed) => {
                looks.push(Look { step: before, behind: None });
            }
            Some(_) => {}
            None => {
                let Some(of) = plan.partitions.iter().find(|of| of.end == Some(before)) else { continue };
                let is_behind = |map: usize| plan.maps[map].step == of.step;
                let behind = Some(Behind { end: before, reader: step });
                let within = plan.steps.iter().enumerate().filter(|(_, other)| {
                    other.observes.is_some()
                        && other.observes.as_ref() == reads
                        && other.map.is_some_and(is_behind)
                });
                looks.extend(within.map(|(step, _)| Look { step, behind }));
            }
        }
    }
    looks
}

fn graphs(plan: &Plan, shape: &Shape) -> Vec<Graph> {
    let mut steps: HashMap<_, Vec<usize>> = HashMap::new();
    for (number, step) in plan.steps.iter().enumerate() {
        step.graph.iter().for_each(|asset| steps.entry(asset).or_default().push(number));
    }
    let graphs = steps.into_iter().filter_map(|(asset, mut steps)| {
        let makes = |step: &usize| plan.steps[*step].assets.iter().any(|made| made.key == *asset);
        let gives = steps.iter().copied().find(makes)?;
        let scope = |step: usize| scope_of(plan.steps[step].map);
        steps.retain(|&step| shape.encloses(scope(gives), scope(step)));
        Some(Graph { gives, steps })
    });
    graphs.collect()
}

/// What others make may be another by the time that a run goes on. So what runs then looks at it anew, and reads what it finds: what it
/// was before says nothing of what is made now.
impl Walk<'_> {
    /// What a step that runs is to know is found anew.
    pub(super) fn look_anew(&mut self, at: At, needed: &mut Needed) {
        let Some(waits) = self.shape.looks.waits.get(at.step) else { return };
        let looks = self.looks(at);
        if self.state(at) == State::Lost && !looks.is_empty() {
            self.begin_again(at);
        }
        for (look, end) in looks {
            self.lose_look(look, end, needed);
        }
        for &step in waits {
            self.lose_for_look(self.seen_from(at, step), needed);
        }
    }

    /// The same for the steps of items that are yet to come, of a map whose source runs.
    pub(super) fn look_anew_within(&mut self, map: usize, source: At, needed: &mut Needed) {
        let Some(looks) = self.shape.looks.outer.get(map) else { return };
        for &look in looks {
            let Some(behind) = look.behind else {
                self.lose_look(self.seen_from(source, look.step), None, needed);
                continue;
            };
            let known: HashSet<_> = self.keys_of(map, source.frame).collect();
            let frames = self.frames_of(look.step, behind.reader);
            let unknown = frames.by_key.iter().filter(|(key, _)| !known.contains(*key));
            let unknown = unknown.flat_map(|(_, frames)| frames);
            let frames: HashSet<_> = unknown.chain(&frames.any).copied().collect();
            for frame in frames {
                self.lose_look(At { step: look.step, frame }, Some(behind.end), needed);
            }
        }
    }

    /// Begins anew the graphs that have not come to their end and of which some steps have taken what is looked at anew: what is made of
    /// two versions is made of neither. Says whether there are any.
    pub(super) fn begin_mixed_anew(&mut self) -> bool {
        let shape = self.shape;
        let mut found = false;
        for graph in &shape.looks.graphs {
            for done in self.under_way(graph) {
                if done.iter().any(|&at| !self.at(at).again)
                    && done.iter().any(|&at| self.is_looked_at_anew(at))
                {
                    done.iter().for_each(|&at| self.at_mut(at).again = true);
                    found = true;
                }
            }
        }
        found
    }

    /// Of a graph, by the frames in which it has begun to make its asset and has not come to its end, the steps that had succeeded.
    fn under_way(&self, graph: &Graph) -> Vec<Vec<At>> {
        let frames = self.instances[graph.gives].len();
        let mut done = vec![Vec::new(); frames];
        for &step in &graph.steps {
            for frame in 0..self.instances[step].len() {
                let at = At { step, frame };
                // What cannot run will not, whatever is looked at.
                if matches!(self.state(at), State::Succeeded | State::Lost) && self.at(at).blocked.is_none() {
                    done[self.seen_from(at, graph.gives).frame].push(at);
                }
            }
        }
        let is_under_way = |frame: &usize| {
            let gives = At { step: graph.gives, frame: *frame };
            matches!(self.state(gives), State::Open | State::Lost) && self.at(gives).blocked.is_none()
        };
        (0..frames).filter(is_under_way).map(|frame| std::mem::take(&mut done[frame])).collect()
    }

    /// Whether something that a step takes is looked at anew.
    fn is_looked_at_anew(&mut self, at: At) -> bool {
        self.looks(at).iter().any(|(look, _)| self.state(*look) == State::Lost)
    }

    /// The looks at what a step takes, each with the step that waits for all of its map, if that is one of its own.
    fn looks(&mut self, at: At) -> Vec<(At, Option<usize>)> {
        let shape = self.shape;
        let mut looks = Vec::new();
        for look in &shape.looks.of[at.step] {
            let Some(behind) = look.behind else {
                looks.push((self.seen_from(at, look.step), None));
                continue;
            };
            let path = self.path(at);
            let key = path.branch().and_then(|branch| branch.keys().first().copied());
            let frames = self.frames_of(look.step, behind.reader);
            let of_key = key.and_then(|key| frames.by_key.get(key));
            let frames = of_key.into_iter().flatten().chain(&frames.any);
            looks.extend(frames.map(|&frame| (At { step: look.step, frame }, Some(behind.end))));
        }
        looks
    }

    /// A step as one sees it that stands in a map of its map, or in the same.
    fn seen_from(&self, at: At, step: usize) -> At {
        let scope = |step: usize| scope_of(self.program.plan.steps[step].map);
        At { step, frame: self.around(scope(at.step), at.frame, scope(step)) }
    }

    /// Which partitions of those that are looked at a step reads, for each for which it does; found once.
    fn frames_of(&mut self, look: usize, reader: usize) -> &Frames {
        if !self.looked_at.contains_key(&(look, reader)) {
            let mut found = Frames::default();
            for frame in 0..self.instances[look].len() {
                let path = self.path(At { step: look, frame });
                let Some(key) = path.branch().map(Branch::key) else { continue };
                match (self.takers)(reader, &[key.clone()].into()) {
                    Some(by) => by.into_iter().for_each(|by| found.by_key.entry(by).or_default().push(frame)),
                    None => found.any.push(frame),
                }
            }
            self.looked_at.insert((look, reader), found);
        }
        &self.looked_at[&(look, reader)]
    }

    /// It runs again on other data. Whatever else it may be lost for, it may give other items than it did.
    pub(super) fn begin_again(&mut self, at: At) {
        (self.at_mut(at).again, self.at_mut(at).cause) = (true, None);
        self.lost_for(at, LostCause::Observed);
    }

    /// A look is needed, and with it what waits for all of its map.
    fn lose_look(&mut self, look: At, end: Option<usize>, needed: &mut Needed) {
        self.lose_for_look(look, needed);
        if let Some(step) = end {
            self.lose_for_look(At { step, frame: 0 }, needed);
        }
    }

    fn lose_for_look(&mut self, at: At, needed: &mut Needed) {
        if self.state(at) == State::Succeeded {
            self.lost_for(at, LostCause::Observed);
            self.lose(at, needed);
        }
    }
}
