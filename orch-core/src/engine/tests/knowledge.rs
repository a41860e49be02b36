//! What the model can find out by looking: what has a value, what is over, and who is first.

use super::model::{At, Branch, Gone, Held, Model, Status};
use crate::define::Order;
use crate::plan::Source;

/// What is known of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Pending,
    /// As text: what a step is given is compared as such.
    Value(Given),
    Gone(Gone),
}

/// A value as a step is given it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    One(i64),
    List(Vec<i64>),
    /// Keys with values, or with the path of the step that failed.
    Keyed(Vec<(String, Result<i64, String>)>),
}

impl Model {
    pub(super) fn path(&self, (step, branch): &At) -> String {
        let mut path = self.plan().steps[*step].name.clone();
        let mut maps: Vec<usize> =
            std::iter::successors(self.plan().steps[*step].map, |&map| self.plan().maps[map].parent)
                .collect();
        maps.reverse();
        for (level, map) in maps.into_iter().enumerate() {
            let source = (self.plan().maps[map].step, branch[..level].to_vec());
            let (key, _) = &self.stream(&source, self.plan().maps[map].output).items[branch[level]];
            path += &format!("[{key}]");
        }
        path
    }

    fn level(&self, map: Option<usize>) -> usize {
        std::iter::successors(map, |&map| self.plan().maps[map].parent).count()
    }

    /// The source of a map, seen from within or from its collect.
    fn source_of(&self, map: usize, branch: &[usize]) -> (At, usize) {
        let map = &self.plan().maps[map];
        ((map.step, branch[..self.level(map.parent)].to_vec()), map.output)
    }

    /// All branches in which a scope is open.
    fn branches(&self, map: Option<usize>) -> Vec<Branch> {
        let Some(map) = map else { return vec![Vec::new()] };
        let outer = self.branches(self.plan().maps[map].parent);
        let inner = outer.into_iter().flat_map(|branch| {
            let (source, output) = self.source_of(map, &branch);
            let items = self.stream(&source, output).items.len();
            (0..items).map(move |item| [branch.clone(), vec![item]].concat())
        });
        inner.collect()
    }

    pub(super) fn every_step(&self) -> Vec<At> {
        let steps = self.plan().steps.iter().enumerate();
        steps
            .flat_map(|(index, step)| self.branches(step.map).into_iter().map(move |branch| (index, branch)))
            .collect()
    }

    /// Whether everything in a scope is done.
    pub(super) fn is_over(&self, map: Option<usize>, branch: &[usize]) -> bool {
        let steps = self.plan().steps.iter().enumerate().filter(|(_, step)| step.map == map);
        let mut maps = self.plan().maps.iter().enumerate().filter(|(_, inner)| inner.parent == map);
        steps.map(|(index, _)| (index, branch.to_vec())).all(|at| self.step(&at).status == Status::Done)
            && maps.all(|(inner, _)| self.is_finished(inner, branch))
    }

    /// Whether a stream is over, and with it all its items.
    fn is_finished(&self, map: usize, branch: &[usize]) -> bool {
        let (source, output) = self.source_of(map, branch);
        self.stream(&source, output).over && self.alive(&source, output, map) == 0
    }

    pub(super) fn alive(&self, source: &At, output: usize, map: usize) -> usize {
        let items = 0..self.stream(source, output).items.len();
        items.filter(|&item| !self.is_over(Some(map), &[source.1.clone(), vec![item]].concat())).count()
    }

    pub(super) fn known(&self, source: &Source, branch: &[usize]) -> Known {
        match source {
            Source::Literal { .. } | Source::Config { .. } => unreachable!("random jobs have no constants"),
            Source::Item { map } => {
                let (source, output) = self.source_of(*map, branch);
                let item = branch[self.level(Some(*map)) - 1];
                Known::Value(Given::One(self.stream(&source, output).items[item].1))
            }
            Source::Output { step, output } => {
                let at = (*step, branch[..self.level(self.plan().steps[*step].map)].to_vec());
                let step = self.step(&at);
                match (step.outputs.as_ref().map(|outputs| outputs[*output]), step.gone) {
                    (Some(Some(value)), _) => Known::Value(Given::One(value)),
                    (Some(None), _) => Known::Gone(Gone { path: self.path(&at), failed: false }),
                    (None, Some(gone)) => Known::Gone(gone),
                    (None, None) => Known::Pending,
                }
            }
            Source::Collect { collect } => self.collected(*collect, branch),
            Source::List { elements, .. } => self.list(elements, branch),
        }
    }

    fn collected(&self, collect: usize, branch: &[usize]) -> Known {
        let collect = &self.plan().collects[collect];
        let (at, output) = self.source_of(collect.map, branch);
        if !self.is_finished(collect.map, &at.1) {
            return Known::Pending;
        }
        let stream = self.stream(&at, output);
        if let (Some(gone), false) = (self.step(&at).gone, stream.complete) {
            return Known::Gone(gone);
        }
        let (mut kept, mut skipped) = (Vec::new(), None);
        for (index, (key, _)) in
            stream.items.iter().enumerate().filter(|(index, _)| !stream.orphans.contains(index))
        {
            match self.known(&collect.element, &[at.1.clone(), vec![index]].concat()) {
                Known::Value(Given::One(value)) => kept.push((key.clone(), Ok(value))),
                Known::Gone(gone) if gone.failed && collect.results => {
                    kept.push((key.clone(), Err(gone.path)));
                }
                Known::Gone(gone) if gone.failed => return Known::Gone(gone),
                Known::Gone(gone) => skipped = skipped.or(Some(gone)),
                known => panic!("{known:?} of an item that is over"),
            }
        }
        match skipped {
            Some(gone) if kept.is_empty() => Known::Gone(gone),
            _ => Known::Value(Given::Keyed(kept)),
        }
    }

    fn list(&self, elements: &[Source], branch: &[usize]) -> Known {
        let (mut values, mut gone) = (Vec::new(), Vec::new());
        for element in elements {
            match self.known(element, branch) {
                Known::Pending => return Known::Pending,
                Known::Value(Given::One(value)) => values.push(value),
                Known::Value(given) => panic!("{given:?} in a list of numbers"),
                Known::Gone(why) => gone.push(why),
            }
        }
        match gone.iter().find(|gone| gone.failed).or_else(|| gone.first().filter(|_| values.is_empty())) {
            Some(gone) => Known::Gone(gone.clone()),
            None => Known::Value(Given::List(values)),
        }
    }

    /// What a step comes after.
    fn before(&self, (step, branch): &At) -> Vec<At> {
        let after = self.plan().steps[*step].after.iter();
        after.map(|&other| (other, branch[..self.level(self.plan().steps[other].map)].to_vec())).collect()
    }

    /// Whether all that a step waits for is known, be it that it will not come.
    pub(super) fn has_all(&self, at: &At) -> bool {
        let mut inputs = self.plan().steps[at.0].inputs.iter();
        inputs.all(|input| self.known(&input.source, &at.1) != Known::Pending)
            && self.before(at).iter().all(|other| self.step(other).status == Status::Done)
    }

    /// Why a step that has all cannot run: a failure before an absence.
    pub(super) fn why_not(&self, at: &At) -> Option<Gone> {
        let inputs = self.plan().steps[at.0].inputs.iter().map(|input| self.known(&input.source, &at.1));
        let inputs = inputs.filter_map(|known| if let Known::Gone(gone) = known { Some(gone) } else { None });
        let after = self.before(at).into_iter().filter_map(|other| self.step(&other).gone);
        let all: Vec<Gone> = inputs.chain(after).collect();
        all.iter().find(|gone| gone.failed).or(all.first()).cloned()
    }

    /// Of all that could start, what goes first in the documented order.
    pub(super) fn first_eligible(&self, started: &[Held]) -> Option<Held> {
        let held = self.running.values().chain(self.to_store.iter().map(|(held, _)| held)).chain(started);
        let late = self.late.values().map(|((step, _), _)| *step);
        let held: Vec<usize> = held.map(|((step, _), _)| *step).chain(late).collect();
        let eligible = |step: usize| {
            let used = |name: &String| {
                held.iter().filter(|&&other| self.limits_of(other).contains_key(name)).count()
            };
            self.limits_of(step).iter().all(|(name, max)| used(name) < *max)
        };
        let mut ready: Vec<Held> = Vec::new();
        for at in self.every_step().into_iter().filter(|at| eligible(at.0)) {
            match self.step(&at).status {
                Status::Ready => ready.push((at, None)),
                Status::Streaming => {
                    let maps = self.plan().maps.iter().enumerate().filter(|(_, map)| map.step == at.0);
                    for (index, map) in maps {
                        let stream = self.stream(&at, map.output);
                        let room = self.alive(&at, map.output, index) < self.settings.max_in_flight;
                        if !stream.over && !stream.pulling && room {
                            ready.push((at.clone(), Some(map.output)));
                        }
                    }
                }
                _ => {}
            }
        }
        let key = |((index, branch), output): &Held| {
            let step = &self.plan().steps[*index];
            let depth = step.depth as i64;
            let depth = if self.settings.order == Order::DepthFirst { -depth } else { depth };
            (-step.priority, depth, branch.clone(), *index, *output)
        };
        ready.into_iter().min_by_key(key)
    }

    /// How many values somebody still needs.
    pub(super) fn needed_values(&self) -> usize {
        let plan = self.plan();
        let outputs = self.every_step().into_iter().map(|at| {
            let sources =
                (0..plan.steps[at.0].outputs.len()).map(|output| Source::Output { step: at.0, output });
            sources.filter(|source| self.is_needed(source, plan.steps[at.0].map, &at.1)).count()
        });
        let items = (0..plan.maps.len()).map(|map| {
            let open = self.branches(Some(map)).into_iter();
            open.filter(|branch| self.is_needed(&Source::Item { map }, Some(map), branch)).count()
        });
        let collects = (0..plan.collects.len()).map(|collect| {
            let scope = plan.maps[plan.collects[collect].map].parent;
            let open = self.branches(scope).into_iter();
            open.filter(|branch| self.is_needed(&Source::Collect { collect }, scope, branch)).count()
        });
        outputs.sum::<usize>() + items.sum::<usize>() + collects.sum::<usize>()
    }

    /// Whether there is a value, and a step of its scope has still to take it, or a map is open whose steps use it.
    fn is_needed(&self, source: &Source, scope: Option<usize>, branch: &[usize]) -> bool {
        let users = self.plan().steps.iter().enumerate().filter(|(_, step)| {
            step.inputs.iter().any(|input| match &input.source {
                Source::List { elements, .. } => elements.contains(source),
                other => other == source,
            })
        });
        let mut needed = users.filter(|(index, step)| {
            if step.map == scope {
                let run = self.step(&(*index, branch.to_vec()));
                let last = run.attempt > step.retry.map_or(0, |retry| retry.max);
                return run.status != Status::Done
                    && !(matches!(run.status, Status::Running | Status::Streaming) && last);
            }
            let maps = std::iter::successors(step.map, |&map| self.plan().maps[map].parent);
            let between = maps.into_iter().find(|&map| self.plan().maps[map].parent == scope);
            between.is_some_and(|map| !self.is_finished(map, branch))
        });
        needed.next().is_some() && matches!(self.known(source, branch), Known::Value(_))
    }
}
