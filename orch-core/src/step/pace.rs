use std::sync::atomic::{AtomicU8, Ordering};

use jiff::SignedDuration;

/// What takes less is not worth another worker: to wake one takes about as long.
const BRIEF: SignedDuration = SignedDuration::from_micros(5);

/// What takes less is not worth a commit of its own: to write what is held before it would take about as long.
const SHORT: SignedDuration = SignedDuration::from_micros(50);

/// As long as work may wait for a step that was held to be brief, and is not.
pub(super) const LONG: SignedDuration = SignedDuration::from_millis(20);

/// What is known of how long a step's pieces of async work take: one of the numbers below.
#[derive(Debug)]
pub(super) struct Pace(AtomicU8);

/// The last one took longer than short, or there was none.
const UNKNOWN: u8 = 0;
/// The last one was brief.
const LIGHT: u8 = 1;
/// One took long though the one before it was short, and may have kept others waiting. That happens once in a run.
const UNEVEN: u8 = 2;
/// The last one was short, but not brief.
const MIDDLING: u8 = 3;

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

    /// Whether the next piece is likely to take no longer than a commit.
    pub(super) fn is_short(&self) -> bool {
        matches!(self.0.load(Ordering::Relaxed), LIGHT | MIDDLING)
    }

    /// Learns from a piece for which others waited or not, since it was held to take little time; it took so long.
    pub(super) fn learn(&self, kept_waiting: bool, time: SignedDuration) {
        let learnt = match time {
            time if time < BRIEF => LIGHT,
            time if time < SHORT => MIDDLING,
            time if time > LONG && kept_waiting => UNEVEN,
            _ => UNKNOWN,
        };
        if self.0.load(Ordering::Relaxed) == learnt {
            return;
        }
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
        for micros in [90, 2, 3, 40, 80, 1, 30_000, 1, 1] {
            let was_short = pace.is_short();
            pace.learn(was_short, SignedDuration::from_micros(micros));
            told.push((micros, pace.is_brief(), pace.is_short()));
        }
        let expected = [
            (90, false, false),
            (2, true, true),
            (3, true, true),
            (40, false, true),
            (80, false, false),
            (1, true, true),
            (30_000, false, false),
            (1, false, false),
            (1, false, false),
        ];
        assert_eq!(told, expected);
    }
}
