use std::fmt;

use super::Event;

/// Receives the events of a run, in order, each exactly once.
///
/// `emit` is called with the engine's state locked: hand the event on and return. Whoever falls behind holds the run
/// back, which is wanted of a store and of nothing else. A sink that panics ends the run.
pub trait Sink: Send + Sync {
    /// Takes one event. It is called on whichever thread has something to report, never on two at once for one run.
    fn emit(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync> Sink for F {
    fn emit(&self, event: &Event) {
        self(event);
    }
}

/// Hands every event to several sinks, in their order.
#[derive(Default)]
pub struct Tee(Vec<Box<dyn Sink>>);

impl Tee {
    /// A tee without any sink.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sink.
    pub fn add(&mut self, sink: impl Sink + 'static) {
        self.0.push(Box::new(sink));
    }

    /// Adds all sinks of another tee.
    pub(crate) fn add_all(&mut self, sinks: Self) {
        self.0.extend(sinks.0);
    }
}

impl fmt::Debug for Tee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tee({} sinks)", self.0.len())
    }
}

impl Sink for Tee {
    fn emit(&self, event: &Event) {
        for sink in &self.0 {
            sink.emit(event);
        }
    }
}
