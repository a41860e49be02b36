//! A run that is canceled is killed at each of its writes, and ends as canceled when it goes on; what is left of it is made
//! by a run that is made from it.

use std::collections::HashMap;
use std::env;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use orch::event::{Detail, Event, EventKind, Logged, RunStatus, RunView, StepState};
use orch::ids::{RunId, StepPath};
use orch::run::{Rerun, RunErrorKind};
use orch::storage::{ReadRuns as _, Storage};
use orch_sqlite::{Durability, Folder};

use crate::books::{RUN, apart, definitions};
use crate::expected;
use crate::killed::Case;
use crate::outcome::Outcome;

/// The run that is made of the canceled one.
const CHILD: RunId = RunId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0003);

/// Set for a run that is to be canceled.
pub(super) const CANCELED: &str = "CRASH_CANCEL";

/// In a run that is to be canceled these steps do not end by themselves, so that none gets to its end before it hears of it. One is
/// in a process of its own, long before.
pub(super) fn hangs(step: &StepPath) -> bool {
    let (is_last, is_apart) = (step.name() == "doubled", step.name() == "audit");
    let within = |key: &str| step.to_string().contains(key);
    env::var_os(CANCELED).is_some() && (is_last && within("[south") || is_apart && within("[north"))
}

/// Whether the run is to be canceled by now.
pub(super) fn is_the_time(event: &Event) -> bool {
    let is_begun = matches!(event.kind, EventKind::StepStart { .. } | EventKind::StepRestarted { .. });
    let is_last = |step: &StepPath| step.name() == "doubled" && hangs(step);
    is_begun && event.step.as_ref().is_some_and(is_last)
}

fn log(home: &Path, run: RunId) -> Vec<Event> {
    let folder = Folder::open(home, Durability::Normal).expect("a folder");
    let mut log = Vec::new();
    let mut keep = |logged: Logged| {
        log.push(logged.event);
        ControlFlow::Continue(())
    };
    folder.events(run).and_then(|events| events.events(0, false, &mut keep)).expect("it can be read");
    log
}

/// Nothing is begun after the cancel was told, in whichever life; what had ended stays ended; the end is the last of all
/// and names what was cut off.
fn ends_in_order(home: &Path, place: &str) {
    let log = log(home, RUN);
    let told = |kind: fn(&EventKind) -> bool| log.iter().filter(|event| kind(&event.kind)).count();
    let ends = told(|kind| matches!(kind, EventKind::RunSuccess | EventKind::RunFailure { .. }));
    assert_eq!((ends, told(|kind| matches!(kind, EventKind::RunCanceled { .. }))), (0, 1), "{place}");
    let last = log.last().map(|event| &event.kind);
    assert!(matches!(last, Some(EventKind::RunCanceled { .. })), "{place}: {last:?}");
    let is_begun = |event: &&Event| {
        matches!(
            event.kind,
            EventKind::StepStart { .. } | EventKind::StepRestarted { .. } | EventKind::StepUpForRetry { .. }
        )
    };
    let canceling = log.iter().position(|event| matches!(event.kind, EventKind::RunCanceling));
    let canceling = canceling.expect(place);
    assert_eq!(log[canceling..].iter().find(is_begun), None, "{place}");

    let mut ended = HashMap::new();
    for event in &log {
        let Some(step) = &event.step else { continue };
        let before = ended.remove(step);
        assert!(
            before.is_none() || matches!(event.kind, EventKind::StepLost { .. }),
            "{place}: {step} had ended by {before:?}, and there is {:?}",
            event.kind
        );
        if matches!(
            event.kind,
            EventKind::StepSuccess | EventKind::StepFailure { .. } | EventKind::StepSkipped { .. }
        ) {
            ended.insert(step.clone(), event.kind.clone());
        }
    }
    let mut view = RunView::new(Detail::Steps);
    log.iter().for_each(|event| view.apply(event));
    let left: Vec<_> = view.steps().iter().filter(|step| matches!(step.state, StepState::Running)).collect();
    assert!(left.is_empty(), "{place}: {left:?}");
}

/// What a run that is made from the canceled one comes to, together with what that has.
fn made_from_it(home: &Path, canceled: Outcome, place: &str) -> Outcome {
    let storage: Arc<dyn Storage> = Arc::new(Folder::open(home, Durability::Normal).expect("a folder"));
    let definitions = definitions();
    let refused = definitions.resume(&storage, RUN).expect_err("it is over");
    assert!(refused.to_string().contains("is over: canceled"), "{place}: {refused}");
    let rerun = definitions.rerun(&storage, RUN, Rerun::FromFailure).expect("it can be made again");
    let failed = apart(rerun).run_id(CHILD).run_blocking().expect_err("an audit fails for good");
    assert!(matches!(failed.kind(), RunErrorKind::Failed { .. }), "{place}: {failed}");
    assert_eq!(storage.run(CHILD).expect("it is listed").parent, Some(RUN), "{place}");
    let Outcome { status, steps, values, files, streams } = Outcome::read(home, CHILD);
    let mut together = Outcome { status, ..canceled };
    together.steps.extend(steps);
    together.values.extend(values);
    together.files.extend(files);
    together.streams.extend(streams);
    together
}

pub(crate) fn killed_while_it_is_being_canceled_it_ends_as_canceled() {
    let (expected, _) = expected();
    let case = Case::new("books", "cancel", &[CANCELED]);
    let boundaries = case.undisturbed();
    assert_eq!(Outcome::read(&case.home, RUN).status, RunStatus::Canceled);
    let look = |place: &str| {
        assert!(case.live(None, None).success(), "it goes on, {place}");
        let outcome = Outcome::read(&case.home, RUN);
        assert_eq!(outcome.status, RunStatus::Canceled, "{place}");
        for (name, value) in &outcome.values {
            assert_eq!(Some(value), expected.values.get(name), "{name}, {place}");
        }
        ends_in_order(&case.home, place);
        made_from_it(&case.home, outcome, place).assert_is(expected, place);
    };
    if cfg!(unix) {
        assert!(boundaries.iter().any(|name| name == "before worker.cancel"), "a process of a step is told");
    }
    case.killed_at_each(&boundaries, |_| {}, look);
}
