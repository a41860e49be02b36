use std::sync::atomic::{AtomicU8, Ordering};

use jiff::SignedDuration;

/// What takes less is not worth another worker: to wake one takes about as long.
const BRIEF: SignedDuration = SignedDuration::from_micros(5);

/// As long as work may wait for a step that was held to be brief, and is not.
pub(super) const LONG: SignedDuration = SignedDuration::from_millis(20);

/// What is known of how long a step's pieces of async work take: one of the numbers below.
#[derive(Debug)]
pub(super) struct Pace(AtomicU8);

/// The last one took longer than brief, or there was none.
const UNKNOWN: u8 = 0;
/// The last one was brief.
const LIGHT: u8 = 1;
/// One kept others waiting for long, since the one before it was brief. That happens once in a run.
const UNEVEN: u8 = 2;

/// What is held of a step at first. In this crate's own tests it is held to be brief, so that work waits behind it.
const FIRST: u8 = if cfg!(test) { LIGHT } else { UNKNOWN };

impl Default for Pace {
    fn default() -> Self {
        Self(AtomicU8::new(FIRST))
    }
}

impl Pace {
    /// Whether the next piece is likely to take next to nothing.
    pub(super) fn is_brief(&self) -> bool {
        self.0.load(Ordering::Relaxed) == LIGHT
    }

    /// Learns from a piece that was held to be brief or not, and took so long.
    pub(super) fn learn(&self, was_brief: bool, time: SignedDuration) {
        let learnt = match (was_brief, time < BRIEF) {
            (true, true) | (false, false) => return,
            (false, true) => LIGHT,
            (true, false) if time > LONG => UNEVEN,
            (true, false) => UNKNOWN,
        };
        // Which of two workers was the last to learn does not matter, unless it is for good.
        let known = |present| (present != UNEVEN).then_some(learnt);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_piece_tells_of_the_next_until_one_is_held_to_be_brief_and_takes_long() {
        let pace = Pace(AtomicU8::new(UNKNOWN));
        let mut told = Vec::new();
        for micros in [50, 2, 3, 80, 1, 30_000, 1, 1] {
            let was_brief = pace.is_brief();
            pace.learn(was_brief, SignedDuration::from_micros(micros));
            told.push((micros, pace.is_brief()));
        }
        let expected = [
            (50, false),
            (2, true),
            (3, true),
            (80, false),
            (1, true),
            (30_000, false),
            (1, false),
            (1, false),
        ];
        assert_eq!(told, expected);
    }
}
