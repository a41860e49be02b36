use std::sync::Arc;

use jiff::Timestamp;

use super::{RunView, depth};
use crate::event::StreamName;
use crate::event::view::StreamView;
use crate::ids::StepPath;

/// A stream of a step that is live. A later attempt emits again what an earlier one had emitted, so items are counted
/// up to the highest number that any attempt reached.
#[derive(Clone, Debug)]
pub(super) struct OpenStream {
    stream: usize,
    pub(super) emitted: u64,
    highest: u64,
}

/// Dynamic outputs.
impl RunView {
    pub(super) fn item(&mut self, path: &StepPath, output: &Arc<str>, time: Timestamp) {
        self.first_item(path, time);
        if self.live.get(path).is_none_or(|live| live.lost) {
            return;
        }
        let Some(open) = self.open(path, output) else { return };
        open.emitted += 1;
        if open.emitted > open.highest {
            open.highest = open.emitted;
            let stream = open.stream;
            let op = self.live[path].op;
            self.ops[op].streams[stream].items += 1;
            self.count(op, |counts| counts.items += 1);
        }
    }

    /// With its first item the attempt becomes an open one.
    fn first_item(&mut self, path: &StepPath, time: Timestamp) {
        let Some(live) = self.live.get_mut(path) else { return };
        if live.step.open || live.step.retry_after.is_some() || live.cut.is_some() {
            return;
        }
        live.step.open = true;
        let (op, view) = (live.op, live.view);
        self.count(op, |counts| counts.open += 1);
        if let Some(attempt) = self.steps.get_mut(view).and_then(|step| step.attempts.last_mut()) {
            attempt.opened = Some(time.max(attempt.start));
        }
    }

    /// The close tells the exact number of items, so it corrects what was counted.
    pub(super) fn close(&mut self, path: &StepPath, output: &Arc<str>, items: u64) {
        if self.live.get(path).is_none_or(|live| live.lost) {
            return;
        }
        let Some(open) = self.open(path, output) else { return };
        let counted = std::mem::replace(&mut open.highest, items);
        let stream = open.stream;
        let op = self.live[path].op;
        let view = &mut self.ops[op].streams[stream];
        view.items = view.items.saturating_add(items) - counted;
        view.closed += 1;
        self.count(op, |counts| counts.items = counts.items.saturating_add(items) - counted);
    }

    fn open(&mut self, path: &StepPath, output: &Arc<str>) -> Option<&mut OpenStream> {
        let live = self.live.get_mut(path)?;
        let op = &mut self.ops[live.op];
        let stream = op.streams.iter().position(|stream| stream.output == *output).unwrap_or_else(|| {
            op.streams.push(StreamView { output: Arc::clone(output), items: 0, closed: 0 });
            let depth = depth(path);
            if self.streams_at.len() <= depth {
                self.streams_at.resize(depth + 1, Vec::new());
            }
            let name = StreamName { step: Arc::clone(&op.name), output: Arc::clone(output) };
            self.streams_at[depth].push(name);
            op.streams.len() - 1
        });
        let at = live.streams.iter().position(|open| open.stream == stream).unwrap_or_else(|| {
            live.streams.push(OpenStream { stream, emitted: 0, highest: 0 });
            live.streams.len() - 1
        });
        Some(&mut live.streams[at])
    }
}
