//! What surrounds the steps, in the words of the model, and random fortunes for it.

use super::model::Model;
use super::simulation::Simulation;
use crate::engine::{Message, Turn};
use crate::failure::Failure;

/// What the model knows of it. Resources are numbered in the order of their opening.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) opening: bool,
    /// Whether anything was to be opened.
    opens: bool,
    open: Vec<usize>,
    /// The last event, once the steps are over.
    last: Option<String>,
}

impl Around {
    pub(super) fn is_closing(&self) -> bool {
        self.last.is_some()
    }
}

impl Model {
    pub(super) fn begin(&mut self) {
        self.told.push("RUN_START".to_owned());
        (self.around.opening, self.around.opens) = (self.settings.resources, self.settings.resources);
    }

    pub(super) fn steps_over(&mut self, last: String) {
        self.running.clear();
        self.late.clear();
        if self.around.opens {
            self.around.last = Some(last);
        } else {
            self.told.push(last);
            self.ended = true;
        }
    }

    pub(super) fn starts_nothing(&self) -> bool {
        self.canceling || self.ended || self.around.opening || self.around.is_closing()
    }

    fn end(&mut self) {
        self.told.extend(self.around.last.clone());
        self.ended = true;
    }

    pub(super) fn out_of_time(&mut self) -> bool {
        for resource in self.around.open.drain(..).rev() {
            self.told.push(format!("RESOURCE_CLOSE_FAILURE {resource}"));
        }
        self.end();
        true
    }

    fn surround(&mut self, next: Next) {
        let line = match next {
            Next::Opening(resource) => format!("RESOURCE_INIT_STARTED {resource}"),
            Next::Open(resource) => {
                self.around.open.push(resource);
                format!("RESOURCE_INIT_SUCCESS {resource}")
            }
            Next::Break(resource) => format!("RESOURCE_INIT_FAILURE {resource}"),
            Next::Close(resource, well) => {
                self.around.open.retain(|open| *open != resource);
                format!("RESOURCE_CLOSE{} {resource}", if well { "D" } else { "_FAILURE" })
            }
            Next::AllOpen => {
                self.around.opening = false;
                return;
            }
            Next::AllClosed => return self.end(),
        };
        self.told.push(line);
        if let Next::Break(resource) = next
            && std::mem::take(&mut self.around.opening)
        {
            self.steps_over(format!("RUN_FAILURE for want of {resource}"));
        }
    }
}

/// What happens next around the steps.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    Opening(usize),
    Open(usize),
    Break(usize),
    AllOpen,
    Close(usize, bool),
    AllClosed,
}

/// Who opens and closes the resources.
#[derive(Debug, Default)]
pub(super) struct Opener {
    pub(super) resources: usize,
    /// Which one cannot be opened.
    pub(super) breaks: Option<usize>,
    open: Vec<usize>,
    /// At what time what comes next.
    pub(super) next: Option<(u64, Next)>,
    closing: bool,
}

impl Opener {
    /// Does what comes next, and gives the message that tells of it.
    fn message(&mut self, next: Next) -> Message {
        match next {
            Next::Opening(resource) => Message::ResourceOpening { resource: name(resource) },
            Next::Open(resource) => {
                self.open.push(resource);
                Message::ResourceOpened { resource: name(resource), took: std::time::Duration::ZERO }
            }
            Next::Break(resource) => {
                Message::ResourceBroke { resource: name(resource), failure: Failure::new("no") }
            }
            Next::AllOpen => Message::Opened,
            Next::Close(resource, well) => {
                self.open.pop();
                let result = if well { Ok(std::time::Duration::ZERO) } else { Err(Failure::new("no")) };
                Message::ResourceClosed { resource: name(resource), result }
            }
            Next::AllClosed => Message::Closed,
        }
    }
}

fn name(resource: usize) -> std::sync::Arc<str> {
    resource.to_string().into()
}

impl Simulation {
    pub(super) fn next_around(&mut self) {
        let Some((_, next)) = self.opener.next.take() else { return };
        let message = self.opener.message(next);
        self.model.surround(next);
        self.turn(message);
        // The turn may have said what comes next; else it is what follows.
        if self.opener.next.is_some() || self.model.ended {
            return;
        }
        let next = match next {
            _ if self.opener.closing => self.draw_close(),
            Next::Opening(resource) if self.opener.breaks == Some(resource) => Next::Break(resource),
            Next::Opening(resource) => Next::Open(resource),
            Next::Open(resource) if resource + 1 < self.opener.resources => Next::Opening(resource + 1),
            Next::Open(_) => Next::AllOpen,
            Next::AllOpen | Next::Break(_) | Next::Close(..) | Next::AllClosed => return,
        };
        self.coming_around(next);
    }

    fn draw_close(&mut self) -> Next {
        let well = !self.random.chance(20);
        self.opener.open.last().map_or(Next::AllClosed, |&last| Next::Close(last, well))
    }

    fn coming_around(&mut self, next: Next) {
        let takes = if self.random.chance(10) { 20 } else { self.random.below(4) as u64 };
        self.opener.next = Some((self.now + takes, next));
    }

    /// Has resources opened and closed, when the engine and the model want it.
    pub(super) fn open_and_close(&mut self, turn: &Turn, began: bool) {
        assert_eq!(turn.open, began && self.model.around.opening);
        if turn.open {
            self.coming_around(Next::Opening(0));
        }
        let closes = self.model.around.is_closing() && !self.opener.closing;
        assert_eq!(turn.close, closes);
        if turn.close {
            self.opener.closing = true;
            let next = match self.opener.next {
                // What is being opened is given up, unless it was done at that very moment.
                Some((_, Next::Open(resource))) if self.random.chance(30) => Next::Open(resource),
                Some((_, Next::Open(resource) | Next::Break(resource))) => Next::Break(resource),
                _ => self.draw_close(),
            };
            self.coming_around(next);
        }
    }
}
