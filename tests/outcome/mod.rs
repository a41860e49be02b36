//! What has become of a recorded run, to be compared with what becomes of the same run if nothing disturbs it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use orch::event::{Detail, EventKind, Logged, RunStatus, RunView, StepState, StepView};
use orch::failure::ErrorInfo;
use orch::ids::{MappingKey, RunId};
use orch::storage::{ArtifactRef, ReadRuns as _};
use orch_sqlite::{Durability, Folder};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) status: RunStatus,
    pub(crate) steps: BTreeMap<String, Step>,
    /// The bytes of each output that is kept in the log, by its step, name and key.
    pub(crate) values: BTreeMap<String, Vec<u8>>,
    /// The files of those that are kept beside it, each with the hash of the bytes that it has.
    pub(crate) files: BTreeMap<String, ArtifactRef>,
    /// The keys of each stream that was closed, by its step and name.
    pub(crate) streams: BTreeMap<String, Vec<MappingKey>>,
}

/// What has become of a step, and how it came to that.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// With what was in the way, if it was skipped.
    pub(crate) state: StepState,
    /// Why it has failed for good, if it has.
    pub(crate) failed: Option<Arc<ErrorInfo>>,
    /// Why other attempts have failed, by their numbers.
    pub(crate) retried: BTreeMap<u32, Arc<ErrorInfo>>,
    /// The attempts that were cut off with the process of the run.
    pub(crate) interrupted: BTreeSet<u32>,
}

impl Step {
    fn of(view: &StepView) -> Self {
        let errors =
            view.attempts.iter().filter_map(|attempt| Some((attempt.number, attempt.error.clone()?)));
        let mut retried: BTreeMap<_, _> = errors.collect();
        let last = view.attempts.last().filter(|_| view.state == StepState::Failed);
        let failed = last.and_then(|last| retried.remove(&last.number));
        let interrupted = view.attempts.iter().filter(|attempt| attempt.interrupted);
        let interrupted = interrupted.map(|attempt| attempt.number).collect();
        Self { state: view.state.clone(), failed, retried, interrupted }
    }
}

impl Outcome {
    pub(crate) fn read(home: &Path, run: RunId) -> Self {
        let folder = Folder::open(home, Durability::Normal).expect("a folder");
        let events = folder.events(run).expect("the run is there");
        let artifacts = folder.artifacts(run).expect("the files of the run");
        let mut view = RunView::new(Detail::Steps);
        let (mut values, mut files, mut streams) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        // What was told last of an output of each step, and the keys of its items that were told.
        let (mut told, mut keys) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
        let each = &mut |logged: Logged| {
            view.apply(&logged.event);
            let Some(step) = &logged.event.step else { return ControlFlow::Continue(()) };
            match &logged.event.kind {
                EventKind::StepOutput { output, key, .. } => {
                    let place = key.as_ref().map(|key| format!("[{key}]")).unwrap_or_default();
                    let place = format!("{step} {output}{place}");
                    let value = events.value(logged.number).expect("it can be read");
                    values.extend(value.map(|value| (place.clone(), value.bytes().to_vec())));
                    told.insert(step.to_string(), place);
                    keys.entry(format!("{step} {output}")).or_default().extend(key.clone());
                }
                EventKind::StreamClosed { output, count, orphans, .. } => {
                    let stream = format!("{step} {output}");
                    let mut of: Vec<MappingKey> = keys.get(&stream).cloned().unwrap_or_default();
                    let mut met = BTreeSet::new();
                    // Of a step that was to run again all is told again.
                    of.retain(|key| !orphans.contains(key) && met.insert(key.to_string()));
                    assert_eq!(of.len() as u64, *count, "{stream}: {of:?}");
                    streams.insert(stream, of);
                }
                kind => {
                    if let Some(file) = ArtifactRef::told_by(kind) {
                        // Which is refused if it has other bytes than that says.
                        artifacts.read(&file).expect("the file is whole");
                        // Among those of its run.
                        let name = file.file.split_once('/').map_or(&*file.file, |(_, name)| name).to_owned();
                        files.insert(told[&step.to_string()].clone(), ArtifactRef { file: name, ..file });
                    }
                }
            }
            ControlFlow::Continue(())
        };
        events.events(0, false, each).expect("it can be read");
        let steps = view.steps().iter().map(|step| (step.path.to_string(), Step::of(step))).collect();
        Self { status: view.status(), steps, values, files, streams }
    }

    /// All is as it is in the run that nothing has disturbed.
    ///
    /// Left out is that attempts were interrupted, which do not count; and what would have come of such an attempt, if it had
    /// failed and been followed by another: an op that fails in its first attempt alone, as it says itself, does not fail in the
    /// second.
    #[track_caller]
    pub(crate) fn assert_is(mut self, undisturbed: &Self, place: &str) {
        let mut expected = undisturbed.clone();
        for (name, step) in &mut self.steps {
            let interrupted = std::mem::take(&mut step.interrupted);
            if let Some(expected) = expected.steps.get_mut(name) {
                expected.retried.retain(|attempt, _| !interrupted.contains(attempt));
            }
        }
        let Self { status, steps, values, files, streams } = &expected;
        assert_eq!(self.status, *status, "{place}");
        are(&self.steps, steps, place);
        are(&self.values, values, place);
        are(&self.files, files, place);
        are(&self.streams, streams, place);
    }
}

#[track_caller]
fn are<T: fmt::Debug + PartialEq>(found: &BTreeMap<String, T>, expected: &BTreeMap<String, T>, place: &str) {
    for name in found.keys().chain(expected.keys()) {
        assert_eq!(found.get(name), expected.get(name), "{name}, {place}");
    }
}
