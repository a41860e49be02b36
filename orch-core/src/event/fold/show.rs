use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::RunView;
use crate::event::view::{
    CanceledStep, Counts, Detail, FailedStep, HookError, LiveStep, OpView, ResourceView, RunStatus, StepView,
    Total, between,
};
use crate::ids::{RunId, StepPath};

/// How deep maps are followed when totals are reckoned; a guard against logs whose maps go in circles.
const MAX_NESTING: u32 = 64;

/// What the picture shows.
impl RunView {
    /// How much is kept.
    #[must_use]
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// The run; none before its first event.
    #[must_use]
    pub fn run(&self) -> Option<RunId> {
        self.run
    }

    /// The job's name; empty before the run's start is told.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.job
    }

    /// The tags of the job and of the run.
    #[must_use]
    pub fn tags(&self) -> &BTreeMap<String, String> {
        &self.tags
    }

    /// How many steps may run at once; none before the run's start is told.
    #[must_use]
    pub fn max_concurrent(&self) -> Option<usize> {
        self.max_concurrent
    }

    /// Where the run stands.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        self.status
    }

    /// The run's resources, in the order of their opening.
    #[must_use]
    pub fn resources(&self) -> &[ResourceView] {
        &self.resources
    }

    /// The first hooks that failed, those that failed alike as one.
    #[must_use]
    pub fn hook_errors(&self) -> &[HookError] {
        &self.hook_errors
    }

    /// How often a hook failed.
    #[must_use]
    pub fn hooks_errored(&self) -> u64 {
        self.hooks_errored
    }

    /// How often the run was taken up again after its process was gone, to go on; not to end as canceled.
    #[must_use]
    pub fn resumed(&self) -> u64 {
        self.resumed
    }

    /// The ops of which a program that the run went on with had other code than the one that began it, in the order of their names.
    pub fn other_code(&self) -> impl Iterator<Item = &str> {
        self.other_code.iter().map(|op| &**op)
    }

    /// When the first event was emitted.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.start
    }

    /// When the latest event was emitted.
    #[must_use]
    pub fn latest(&self) -> Option<Timestamp> {
        self.latest
    }

    /// When the run ended; none while it is under way.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        self.latest.filter(|_| self.status.is_terminal())
    }

    /// The same at this moment: what is under way has lasted until then, though nothing was told of it since. A run that is over
    /// has lasted as long as it has.
    #[must_use]
    pub fn until(mut self, now: Timestamp) -> Self {
        self.until = Some(now);
        self
    }

    /// The time from the first event to the latest, or of a run under way [until](RunView::until) it is shown.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        let end = self.latest.max(self.present());
        self.start.zip(end).map_or(Duration::ZERO, |(start, end)| between(start, end))
    }

    /// How long a step has taken, as [`StepView::took`]; of one under way so far, if it is said [until](RunView::until) when.
    #[must_use]
    pub fn took(&self, step: &StepView) -> Option<Duration> {
        step.took_until(self.present())
    }

    /// The moment that a run under way is shown at, if one is said.
    pub(crate) fn present(&self) -> Option<Timestamp> {
        self.until
            .filter(|_| !self.status.is_terminal())
            .map(|until| self.latest.map_or(until, |latest| until.max(latest)))
    }

    /// The counts over all steps.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The ops: first those of the plan in its order, where the run's start names them, then others as they appeared.
    #[must_use]
    pub fn ops(&self) -> &[OpView] {
        &self.ops
    }

    /// The op with this name in the plan.
    #[must_use]
    pub fn op(&self, name: &str) -> Option<&OpView> {
        self.op_of_name.get(name).map(|&op| &self.ops[op])
    }

    /// The steps that run or wait for their next attempt, in no particular order.
    pub fn live(&self) -> impl Iterator<Item = &LiveStep> {
        self.live.values().map(|live| &live.step)
    }

    /// The live step with this path.
    #[must_use]
    pub fn live_step(&self, path: &StepPath) -> Option<&LiveStep> {
        self.live.get(path).map(|live| &live.step)
    }

    /// Every step that began, failed or was skipped, in this order; empty without [`Detail::Steps`].
    #[must_use]
    pub fn steps(&self) -> &[StepView] {
        &self.steps
    }

    /// The failed steps in the order of their failing, at most a hundred. Mapped copies that failed with the same error
    /// are one, the first of them; [`RunView::steps`] has each.
    #[must_use]
    pub fn failures(&self) -> &[FailedStep] {
        &self.failures
    }

    /// The steps that were under way, or waited for a retry, when the run was canceled, in the order of their ends;
    /// without [`Detail::Steps`] the first hundred.
    #[must_use]
    pub fn canceled(&self) -> &[CanceledStep] {
        &self.canceled
    }

    /// Steps of a canceled run whose code did not end within the grace period.
    #[must_use]
    pub fn detached(&self) -> &[StepPath] {
        &self.detached
    }

    /// How many steps the run will have; open as long as a stream is, and without a plan until the run ends.
    #[must_use]
    pub fn total(&self) -> Total {
        let ops = self.ops.iter().map(|op| self.total_of(op));
        let open = !self.planned && !self.status.is_terminal();
        ops.fold(Total { known: 0, open }, |sum, total| Total {
            known: sum.known + total.known,
            open: sum.open || total.open,
        })
    }

    /// How many copies an op will have. Outside maps it is 1; inside it is known once the stream it is mapped over is
    /// closed.
    #[must_use]
    pub fn total_of(&self, op: &OpView) -> Total {
        self.total_within(op, MAX_NESTING)
    }

    fn total_within(&self, op: &OpView, nesting: u32) -> Total {
        let seen = op.counts.seen();
        if !op.mapped {
            return Total { known: seen.max(1), open: false };
        }
        let running = !self.status.is_terminal();
        let source = op.over.as_ref().and_then(|over| Some((self.op(&over.step)?, over)));
        let Some((source, over)) = source.filter(|_| nesting > 0) else {
            return Total { known: seen, open: running };
        };
        let stream = source.streams.iter().find(|stream| stream.output == over.output);
        let closed = if source.mapped {
            let copies = self.total_within(source, nesting - 1);
            !copies.open && source.counts.finished() >= copies.known
        } else {
            source.counts.finished() > 0 || stream.is_some_and(|stream| stream.closed > 0)
        };
        let items = stream.map_or(0, |stream| stream.items);
        Total { known: items.max(seen), open: running && !closed }
    }
}
