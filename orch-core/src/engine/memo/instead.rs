use crate::engine::frame::{Content, FrameId, Missing, Phase};
use crate::engine::{Kept, State, Turn};
use crate::event::{EventKind, Taken};
use crate::ids::RunId;
use crate::value::Value;

/// What stands in the place of an output of a step that is passed over.
pub(super) enum Instead {
    Value(Value),
    /// Nothing will come.
    Absent,
    /// All that would take it is passed over too; a dynamic output has no items.
    Unneeded,
}

impl State {
    /// The step is over without having run, and this stands in its outputs.
    pub(super) fn take_instead(
        &mut self,
        frame: FrameId,
        step: usize,
        (of, taken): (RunId, Taken),
        outputs: Vec<Instead>,
        turn: &mut Turn,
    ) {
        self.emit(frame, step, EventKind::StepMemoized { of, taken }, turn);
        let local = self.layout.steps[step].local;
        self.run(frame, local).phase = Phase::Done;
        let path = self.path(frame, step);
        let is_whole = !outputs.iter().any(|output| matches!(output, Instead::Unneeded));
        for ((output, instead), cell) in outputs.into_iter().enumerate().zip(self.layout.cells(step)) {
            let content = match instead {
                Instead::Value(value) => {
                    if self.settings.keep {
                        let (path, value) = (path.clone(), value.clone());
                        turn.kept.push(Kept::Value { path, step, output, key: None, value });
                    }
                    Content::Value(value)
                }
                Instead::Absent => Content::Missing(Box::new(Missing::Absent(path.clone()))),
                Instead::Unneeded => {
                    let stream = self.layout.stream(step, output);
                    stream.into_iter().for_each(|stream| self.end_stream(frame, stream));
                    Content::Released
                }
            };
            self.resolve(frame, cell, content);
        }
        // What nobody knows of a step is not taken for left out.
        if self.settings.keep && is_whole {
            turn.kept.push(Kept::Succeeded { path, step });
        }
        self.done(frame, step, None);
    }
}
