//! What has become of a recorded run, to be compared with what becomes of the same run if nothing disturbs it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use orch::event::{Detail, EventKind, Logged, RunStatus, RunView, StepState};
use orch::ids::RunId;
use orch::storage::ReadRuns as _;
use orch_sqlite::{Durability, Folder};

#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) status: RunStatus,
    pub(crate) steps: BTreeMap<String, StepState>,
    /// The bytes of each output that is kept, by its step, name and key.
    pub(crate) values: BTreeMap<String, Vec<u8>>,
}

impl Outcome {
    pub(crate) fn read(home: &Path, run: RunId) -> Self {
        let folder = Folder::open(home, Durability::Normal).expect("a folder");
        let events = folder.events(run).expect("the run is there");
        let (mut view, mut values) = (RunView::new(Detail::Steps), BTreeMap::new());
        let each = &mut |logged: Logged| {
            view.apply(&logged.event);
            if let (EventKind::StepOutput { output, key, .. }, Some(step)) =
                (&logged.event.kind, &logged.event.step)
            {
                let key = key.as_ref().map(|key| format!("[{key}]")).unwrap_or_default();
                let value = events.value(logged.number).expect("it can be read");
                values.extend(value.map(|value| (format!("{step} {output}{key}"), value.bytes().to_vec())));
            }
            ControlFlow::Continue(())
        };
        events.events(0, false, each).expect("it can be read");
        let steps = view.steps().iter().map(|step| (step.path.to_string(), step.state.clone())).collect();
        Self { status: view.status(), steps, values }
    }
}
