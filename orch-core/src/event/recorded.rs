//! What the log of a run says for whoever takes the run up again.

mod names;
mod output;
mod step;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::names::Names;
use super::{Event, EventKind, Logged, Taken};
use crate::asset::{InputVersion, Versions};
use crate::ids::{PathMap, StepPath};

pub(crate) use output::{Handled, RecordedItem, RecordedStream, RecordedValue};
pub(crate) use step::{RecordedEnd, RecordedStep};

/// A run as its log tells it, with what resuming needs: how far each step had come, what it gave, and which hooks have
/// been told of its end.
///
/// It is a fold: [`Recorded::apply`] takes one event after another. Steps are found by name and keys, since the paths of a
/// log have no positions of emission. What a run has a hundred thousand of is kept small: names, branches and IO keys are
/// there once, and what few steps have lies apart.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// The position of each step in `steps`.
    numbers: PathMap<u32>,
    /// In the order in which they were first heard of.
    steps: Vec<RecordedStep>,
    names: Names,
    /// The step of the last event that had one: the next is often of the same.
    latest: Option<(StepPath, u32)>,
    /// Of the last event, if it was an output: the step, and the place of the output in it.
    told: Option<(u32, output::Place)>,
    last_event: u64,
    hooks: Vec<Arc<str>>,
    canceling: bool,
    end: Option<EventKind>,
    /// The assets that it has made, or looked at.
    assets: Versions,
    failed: u64,
    first_failed: Option<StepPath>,
}

impl Recorded {
    /// What all these events say.
    #[cfg(test)]
    pub(crate) fn of<'a>(events: impl IntoIterator<Item = &'a Logged>) -> Self {
        let mut recorded = Self::default();
        events.into_iter().for_each(|logged| recorded.apply(logged));
        recorded
    }

    /// Takes one event; they come in the order of the log. After the end of the run nothing changes.
    pub(crate) fn apply(&mut self, logged: &Logged) {
        self.last_event = self.last_event.max(logged.number);
        if self.end.is_some() {
            return;
        }
        let told = self.told.take();
        let Event { step, kind, .. } = &logged.event;
        match (kind, step) {
            (EventKind::RunCanceling, _) => self.canceling = true,
            (kind, _) if kind.ends_run() => self.end = Some(kind.clone()),
            (EventKind::HookCompleted { hook, .. } | EventKind::HookErrored { hook, .. }, None) => {
                self.hooks.push(Arc::clone(hook));
            }
            (EventKind::HandledOutput { output, io, metadata }, Some(_)) => {
                let Some((number, place)) = told else { return };
                let handled = Handled::new(self.names.name(io), metadata, &mut self.names);
                self.steps[number as usize].handled(place, output, handled);
            }
            (EventKind::AssetMaterialization { asset, partition, data_version, .. }, Some(_)) => {
                let version = InputVersion::new(asset.clone(), Some(logged.event.run), data_version.clone());
                self.assets.insert(version.partition(partition.clone()));
            }
            (EventKind::AssetObservation { asset, partition, data_version, .. }, Some(_)) => {
                let version = InputVersion::observed(asset.clone(), logged.event.run, data_version.clone());
                self.assets.insert(version.partition(partition.clone()));
            }
            (EventKind::StepMemoized { of, taken }, Some(path)) => {
                if let Taken::Assets(assets) = taken {
                    assets.iter().for_each(|asset| self.assets.insert(asset.clone()));
                }
                let number = self.number_or_new(path);
                self.steps[number as usize].finish(RecordedEnd::Memoized(Box::new((*of, taken.clone()))));
            }
            // Nothing follows from these, and there are many of them.
            (EventKind::Log { .. } | EventKind::StepInput { .. }, _) | (_, None) => {}
            (_, Some(path)) => self.apply_to_step(path, logged),
        }
    }

    fn apply_to_step(&mut self, path: &StepPath, logged: &Logged) {
        let number = self.number_or_new(path);
        let step = &mut self.steps[number as usize];
        let Event { time, attempt, kind, .. } = &logged.event;
        match kind {
            EventKind::StepStart { .. } | EventKind::StepRestarted { .. } => step.begin(*attempt),
            EventKind::StepInterrupted => step.interrupt(),
            EventKind::StepLost { cause } => step.lose(cause),
            EventKind::StepUpForRetry { delay, .. } => step.wait(*time, *delay),
            EventKind::StepOutput { output, key } => {
                let value = RecordedValue::new(logged.number, logged.has_value);
                let output = self.names.name(output);
                let place = match key {
                    Some(key) => step.item(&output, key, *attempt, value),
                    None => step.output(output, value),
                };
                self.told = Some((number, place));
            }
            EventKind::StreamClosed { output, orphans, .. } => {
                step.close(&self.names.name(output), orphans);
            }
            EventKind::StepSuccess => _ = step.finish(RecordedEnd::Succeeded),
            EventKind::StepFailure { error } => {
                let has_ended = step.finish(RecordedEnd::Failed(Arc::clone(error)));
                if has_ended {
                    self.failed += 1;
                    self.first_failed.get_or_insert_with(|| path.clone());
                }
            }
            EventKind::StepSkipped { cause } => {
                step.finish(RecordedEnd::Skipped(Box::new(cause.clone())));
            }
            EventKind::HookCompleted { hook, .. } | EventKind::HookErrored { hook, .. } => {
                step.hooked(self.names.name(hook));
            }
            _ => {}
        }
    }

    fn number_or_new(&mut self, path: &StepPath) -> u32 {
        if let Some((latest, number)) = &self.latest
            && latest == path
        {
            return *number;
        }
        let number = match self.numbers.get(path) {
            Some(number) => *number,
            None => {
                let number = self.steps.len() as u32;
                self.steps.push(RecordedStep::default());
                self.numbers.insert(self.names.path(path), number);
                number
            }
        };
        self.latest = Some((path.clone(), number));
        number
    }

    /// From now on it is as if someone had asked to cancel the run: nothing is made anew any more.
    pub(crate) fn cancel(&mut self) {
        self.canceling = true;
    }

    /// Forgets what did not come to a good end, so that it is begun anew.
    pub(crate) fn forget_failures(&mut self) {
        self.steps.iter_mut().for_each(RecordedStep::forget_failure);
        (self.canceling, self.end, self.failed, self.first_failed) = (false, None, 0, None);
    }

    /// Forgets a step, so that it is begun anew.
    pub(crate) fn forget(&mut self, number: u32) {
        self.steps[number as usize] = RecordedStep::default();
    }

    /// Takes over the steps of another run that this one does not have and that are `wanted`, and gives their paths.
    pub(crate) fn adopt(&mut self, other: Self, wanted: impl Fn(&StepPath) -> bool) -> Vec<StepPath> {
        let Self { numbers, steps, assets, .. } = other;
        self.assets.fill(assets);
        let mut steps: Vec<_> = steps.into_iter().map(Some).collect();
        let mut adopted = Vec::new();
        for (path, number) in numbers {
            let step = steps[number as usize].take().filter(|step| step.end().is_some() && wanted(&path));
            if let Some(step) = step
                && !self.numbers.contains_key(&path)
            {
                self.numbers.insert(path.clone(), self.steps.len() as u32);
                self.steps.push(step);
                adopted.push(path);
            }
        }
        adopted
    }

    /// A step that the log tells of; none of one that it says nothing of.
    pub(crate) fn step(&self, path: &StepPath) -> Option<&RecordedStep> {
        self.number(path).map(|number| self.at(number))
    }

    /// The number of a step, by which it is found at once.
    pub(crate) fn number(&self, path: &StepPath) -> Option<u32> {
        self.numbers.get(path).copied()
    }

    /// The step of this number.
    pub(crate) fn at(&self, number: u32) -> &RecordedStep {
        &self.steps[number as usize]
    }

    /// All steps with their paths, in no particular order.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&StepPath, &RecordedStep)> {
        self.numbers.iter().map(|(path, number)| (path, self.at(*number)))
    }

    /// The steps with an attempt that began and did not come to an end, in the order in which they were first heard of.
    pub(crate) fn under_way(&self) -> Vec<&StepPath> {
        let under_way = self.numbers.iter().filter(|(_, number)| self.at(**number).is_under_way());
        let mut under_way: Vec<_> = under_way.map(|(path, number)| (*number, path)).collect();
        under_way.sort_unstable_by_key(|(number, _)| *number);
        under_way.into_iter().map(|(_, path)| path).collect()
    }

    /// The number of the last event; 0 if there is none.
    pub(crate) fn last_event(&self) -> u64 {
        self.last_event
    }

    /// The hooks of the run that have been called and come to an end, in the order of their ends.
    pub(crate) fn hooks(&self) -> &[Arc<str>] {
        &self.hooks
    }

    /// Whether cancellation was asked for.
    pub(crate) fn is_canceling(&self) -> bool {
        self.canceling
    }

    /// The event that ended the run; none while it has not ended.
    pub(crate) fn end(&self) -> Option<&EventKind> {
        self.end.as_ref()
    }

    /// The versions of the assets that it has made, or looked at.
    pub(crate) fn assets(&self) -> &Versions {
        &self.assets
    }

    /// How many steps failed.
    #[cfg(test)]
    pub(crate) fn failed(&self) -> u64 {
        self.failed
    }

    /// The first of them.
    #[cfg(test)]
    pub(crate) fn first_failed(&self) -> Option<&StepPath> {
        self.first_failed.as_ref()
    }
}
