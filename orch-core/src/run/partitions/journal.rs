use std::sync::Arc;

use super::Reader;
use crate::engine::Memory;
use crate::event::{Entry, EventKind, Journal, Taken};
use crate::failure::Failure;
use crate::storage::Facts;

/// A journal of which the reader is told what was made, once that is durable.
pub(in crate::run) struct Telling<J> {
    journal: J,
    facts: Facts,
    reader: Arc<Reader>,
    /// What may be taken in the place of what the run makes.
    memory: Arc<Memory>,
}

impl<J> Telling<J> {
    pub(in crate::run) fn new(journal: J, reader: Arc<Reader>, memory: Arc<Memory>) -> Self {
        Self { journal, facts: Facts::default(), reader, memory }
    }
}

impl<J: Journal> Journal for Telling<J> {
    fn commit(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        self.journal.commit(entries)?;
        for Entry { event, value } in entries {
            // Its number in the log is not asked for.
            if let Some((fact, value)) = self.facts.take(0, event, value.as_ref()) {
                self.reader.tell(fact, value);
            }
            if let EventKind::StepMemoized { taken: Taken::Assets(assets), .. } = &event.kind {
                let taken = assets.iter().filter_map(|taken| self.memory.get(&taken.asset, &taken.partition));
                taken.for_each(|remembered| self.reader.tell(remembered.fact.clone(), None));
            }
        }
        Ok(())
    }

    fn blocks_from(&self) -> usize {
        self.journal.blocks_from()
    }
}
