use std::collections::HashMap;

use crate::event::{Recorded, RecordedEnd, SkipCause};
use crate::ids::{Branch, MappingKey, StepPath};
use crate::plan::resume::{Gone, Mark, Resumption};
use crate::plan::{Plan, Source};

/// The rules, looked up in the record for each step by itself.
pub(super) struct Rules<'a> {
    pub(super) plan: &'a Plan,
    pub(super) recorded: &'a Recorded,
    pub(super) resumption: &'a Resumption,
    pub(super) can_read: &'a dyn Fn(&StepPath, Option<&MappingKey>) -> bool,
}

/// Whether something comes that is needed.
#[derive(Clone, Copy, PartialEq)]
enum Comes {
    Yes,
    LeftOut,
    Failed,
}

/// A value: of this step the output, and of a dynamic one the item.
type Value = (usize, Vec<MappingKey>, usize, Option<MappingKey>);

impl Rules<'_> {
    pub(super) fn check(&self) -> Result<(), String> {
        let mut needed: HashMap<Value, Vec<StepPath>> = HashMap::new();
        for (step, keys) in self.all() {
            let path = self.path(step, &keys);
            if self.is_lost(&path) && self.end(step, &keys) != Some(&RecordedEnd::Succeeded) {
                return Err(format!("{path} is lost and has not succeeded"));
            }
            if !self.runs(step, &keys) {
                continue;
            }
            if self.blocked(step, &keys).is_some() {
                if self.is_lost(&path) {
                    return Err(format!("{path} is lost and cannot run"));
                }
                continue;
            }
            for value in self.needs(step, &keys) {
                needed.entry(value).or_default().push(path.clone());
            }
        }
        for (value, by) in &needed {
            let (step, keys, ..) = value;
            if !self.runs(*step, keys)
                && self.is_recorded(value)
                && !self.is_readable(value)
                && !self.is_gone(value)
            {
                return Err(format!("{value:?} is needed by {by:?} and nobody has it"));
            }
        }
        for (path, _) in &self.resumption.lost {
            let missed = |value: &&Value| self.path(value.0, &value.1) == *path && !self.is_readable(value);
            if !needed.keys().any(|value| missed(&value)) {
                return Err(format!("{path} is lost and nobody needs it"));
            }
        }
        for Gone { path, output, key, .. } in &self.resumption.gone {
            let step = self.plan.steps.iter().position(|step| step.name == path.name()).expect("a step");
            let keys: Vec<_> =
                path.branch().map(Branch::keys).unwrap_or_default().into_iter().cloned().collect();
            let over = self.is_over(step, &keys) || self.blocked(step, &keys).is_some();
            let value = (step, keys, *output, key.clone());
            if !over || self.is_readable(&value) || !self.is_recorded(&value) {
                return Err(format!("{value:?} is not gone"));
            }
        }
        Ok(())
    }

    /// All steps for which there is a frame.
    fn all(&self) -> Vec<(usize, Vec<MappingKey>)> {
        let of =
            |step: usize| self.frames(self.plan.steps[step].map).into_iter().map(move |keys| (step, keys));
        (0..self.plan.steps.len()).flat_map(of).collect()
    }

    fn frames(&self, map: Option<usize>) -> Vec<Vec<MappingKey>> {
        let Some(map) = map else { return vec![Vec::new()] };
        let (outer, source) = (self.frames(self.plan.maps[map].parent), self.plan.maps[map].step);
        let items = |keys: &Vec<MappingKey>| {
            let items = self.items(source, keys, self.plan.maps[map].output, true);
            items.into_iter().map(|key| [keys.clone(), vec![key]].concat()).collect::<Vec<_>>()
        };
        outer.iter().flat_map(items).collect()
    }

    fn items(&self, step: usize, keys: &[MappingKey], output: usize, orphans: bool) -> Vec<MappingKey> {
        let name = &self.plan.steps[step].outputs[output].name;
        let record = self.recorded.step(&self.path(step, keys));
        let stream = record.and_then(|record| record.stream(name));
        let items = stream.iter().flat_map(|stream| stream.items());
        items.filter(|item| orphans || !item.is_orphan()).map(|item| item.key().clone()).collect()
    }

    fn is_closed(&self, step: usize, keys: &[MappingKey], output: usize) -> bool {
        let name = &self.plan.steps[step].outputs[output].name;
        let record = self.recorded.step(&self.path(step, keys));
        record.and_then(|record| record.stream(name)).is_some_and(|stream| stream.is_closed())
    }

    fn path(&self, step: usize, keys: &[MappingKey]) -> StepPath {
        let branch = keys.iter().fold(None, |parent, key| Some(Branch::new(parent.as_ref(), key.clone(), 0)));
        StepPath::new(self.plan.steps[step].name.as_str(), branch)
    }

    fn end(&self, step: usize, keys: &[MappingKey]) -> Option<&RecordedEnd> {
        self.recorded.step(&self.path(step, keys))?.end()
    }

    fn is_lost(&self, path: &StepPath) -> bool {
        self.resumption.mark(self.recorded, path) == Mark::Lost
    }

    fn runs(&self, step: usize, keys: &[MappingKey]) -> bool {
        self.end(step, keys).is_none() || self.is_lost(&self.path(step, keys))
    }

    /// Whether it has failed or was skipped.
    fn is_over(&self, step: usize, keys: &[MappingKey]) -> bool {
        matches!(self.end(step, keys), Some(RecordedEnd::Failed(_) | RecordedEnd::Skipped(_)))
    }

    fn is_recorded(&self, (step, keys, output, key): &Value) -> bool {
        let name = &self.plan.steps[*step].outputs[*output].name;
        match key {
            Some(key) => self.items(*step, keys, *output, true).contains(key),
            None => {
                let record = self.recorded.step(&self.path(*step, keys));
                record.is_some_and(|record| record.plain(name).is_some())
            }
        }
    }

    fn is_readable(&self, (step, keys, _, key): &Value) -> bool {
        (self.can_read)(&self.path(*step, keys), key.as_ref())
    }

    fn is_gone(&self, (step, keys, output, key): &Value) -> bool {
        let path = self.path(*step, keys);
        self.resumption.gone.iter().any(|gone| (&gone.path, &gone.output, &gone.key) == (&path, output, key))
    }

    /// The values that a step takes, and of a source those that the steps of a further item would take of what there is.
    fn needs(&self, step: usize, keys: &[MappingKey]) -> Vec<Value> {
        let mut needs = Vec::new();
        for input in &self.plan.steps[step].inputs {
            self.add(&input.source, keys, &mut needs);
        }
        for (index, map) in self.plan.maps.iter().enumerate() {
            if map.step != step || self.is_closed(step, keys, map.output) {
                continue;
            }
            for inner in &self.plan.steps {
                let around = std::iter::successors(inner.map, |&map| self.plan.maps[map].parent);
                let depth = around.clone().count();
                if around.into_iter().any(|map| map == index) {
                    let yet_to_come = vec![MappingKey::from("yet to come"); depth - keys.len()];
                    let keys = [keys, &yet_to_come].concat();
                    inner.inputs.iter().for_each(|input| self.add(&input.source, &keys, &mut needs));
                }
            }
        }
        needs.retain(|(_, keys, _, key)| !keys.iter().chain(key).any(|key| key.to_string() == "yet to come"));
        needs
    }

    fn add(&self, source: &Source, keys: &[MappingKey], needs: &mut Vec<Value>) {
        match source {
            Source::Output { step, output } => needs.push((*step, self.at(*step, keys), *output, None)),
            Source::Item { map } => {
                let map = &self.plan.maps[*map];
                let outer = self.at(map.step, keys);
                let key = keys[outer.len()].clone();
                needs.push((map.step, outer, map.output, Some(key)));
            }
            Source::List { elements, .. } => {
                elements.iter().for_each(|element| self.add(element, keys, needs));
            }
            Source::Collect { collect } => {
                let collect = &self.plan.collects[*collect];
                let map = &self.plan.maps[collect.map];
                let outer = self.at(map.step, keys);
                for key in self.items(map.step, &outer, map.output, false) {
                    self.add(&collect.element, &[outer.clone(), vec![key]].concat(), needs);
                }
            }
            Source::Literal { .. } | Source::Config { .. } => {}
        }
    }

    /// The keys of the frame around that a step lies in.
    fn at(&self, step: usize, keys: &[MappingKey]) -> Vec<MappingKey> {
        let depth =
            std::iter::successors(self.plan.steps[step].map, |&map| self.plan.maps[map].parent).count();
        keys[..depth].to_vec()
    }

    /// Why a step cannot run, if something that it waits for does not come.
    fn blocked(&self, step: usize, keys: &[MappingKey]) -> Option<Comes> {
        if self.is_over(step, keys) {
            return None;
        }
        let inputs = self.plan.steps[step].inputs.iter().map(|input| self.comes(&input.source, keys));
        let after = self.plan.steps[step].after.iter().map(|&other| self.after(other, &self.at(other, keys)));
        let all: Vec<_> = inputs.chain(after).collect();
        [Comes::Failed, Comes::LeftOut].into_iter().find(|missing| all.contains(missing))
    }

    /// Whether a step comes to an end after which others run.
    fn after(&self, step: usize, keys: &[MappingKey]) -> Comes {
        match self.end(step, keys) {
            Some(RecordedEnd::Failed(_)) => Comes::Failed,
            Some(RecordedEnd::Skipped(cause)) => skipped(cause),
            Some(RecordedEnd::Succeeded | RecordedEnd::Memoized(..)) => Comes::Yes,
            None => self.blocked(step, keys).unwrap_or(Comes::Yes),
        }
    }

    fn comes(&self, source: &Source, keys: &[MappingKey]) -> Comes {
        let all = |all: Vec<Comes>| match () {
            () if all.contains(&Comes::Failed) => Comes::Failed,
            () if !all.is_empty() && all.iter().all(|one| *one == Comes::LeftOut) => Comes::LeftOut,
            () => Comes::Yes,
        };
        match source {
            Source::Literal { .. } | Source::Config { .. } => Comes::Yes,
            Source::List { elements, .. } => all(elements.iter().map(|one| self.comes(one, keys)).collect()),
            Source::Collect { collect } => {
                let collect = &self.plan.collects[*collect];
                let map = &self.plan.maps[collect.map];
                let outer = self.at(map.step, keys);
                if !self.is_closed(map.step, &outer, map.output) {
                    return self.gives(map.step, &outer);
                }
                let element = |key| match self.comes(&collect.element, &[outer.clone(), vec![key]].concat()) {
                    Comes::Failed if collect.results => Comes::Yes,
                    comes => comes,
                };
                all(self.items(map.step, &outer, map.output, false).into_iter().map(element).collect())
            }
            Source::Output { .. } | Source::Item { .. } => {
                let mut value = Vec::new();
                self.add(source, keys, &mut value);
                let value = value.remove(0);
                let is_there = self.is_recorded(&value) && self.is_readable(&value);
                match self.end(value.0, &value.1) {
                    _ if is_there => Comes::Yes,
                    Some(RecordedEnd::Succeeded) if !self.is_recorded(&value) => Comes::LeftOut,
                    _ => self.gives(value.0, &value.1),
                }
            }
        }
    }

    /// Whether a step can give what is not there.
    fn gives(&self, step: usize, keys: &[MappingKey]) -> Comes {
        match self.end(step, keys) {
            Some(RecordedEnd::Failed(_)) => Comes::Failed,
            Some(RecordedEnd::Skipped(cause)) => skipped(cause),
            _ => self.blocked(step, keys).unwrap_or(Comes::Yes),
        }
    }
}

fn skipped(cause: &SkipCause) -> Comes {
    if matches!(cause, SkipCause::Absent(_)) { Comes::LeftOut } else { Comes::Failed }
}
