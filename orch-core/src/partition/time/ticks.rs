use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::pattern::{DAY, Pattern};

/// The moments at which a cron ticks on the clock of a zone, by number. Nothing is enumerated: between two changes of the
/// clock ticks are those of the calendar, and the changes are a sorted table.
///
/// What happens at a change:
///
/// | | a cron of each hour | any other |
/// |---|---|---|
/// | ticks that the clock skips | are left out | are one tick, where the clock goes on, if that is still the same day |
/// | ticks that the clock repeats | happen twice | happen the second time |
///
/// So a cron that is not of each hour ticks at a time of day `c` at the last moment at which the clock shows `c` or less.
/// Moments are in seconds since 1970-01-01 00:00 UTC.
#[derive(Debug)]
pub(super) struct Ticks {
    pattern: Pattern,
    pieces: Vec<Piece>,
}

/// A time without a change of the clock, in which a stretch of the calendar's ticks happens.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// When it begins.
    from: i64,
    /// What the clock is ahead of UTC.
    offset: i64,
    /// The calendar's ticks from here on, and before there, are those that happen in it.
    civil_from: i64,
    civil_to: i64,
    /// How many ticks the calendar has before the first of these.
    passed: i64,
    /// Whether what the clock skipped before it ticks at its beginning.
    moved: bool,
    /// How many ticks are before it.
    before: i64,
}

/// So long before the first moment and behind the last the table goes on. A mapping asks for windows that never exist, to
/// say which they would be; and what the clock skips just before the first moment counts.
const LEAD: i64 = 31 * 366 * DAY;

impl Ticks {
    /// Those of a time between two moments; what is asked for beyond is wrong.
    pub(super) fn new(pattern: Pattern, zone: &TimeZone, from: i64, to: i64) -> Self {
        let (from, to) = (from - LEAD, to + LEAD);
        let begin = timestamp(from);
        let mut parts = vec![(from, i64::from(zone.to_offset(begin).seconds()))];
        for change in zone.following(begin) {
            let (at, offset) = (change.timestamp().as_second(), i64::from(change.offset().seconds()));
            if at > to {
                break;
            }
            // Some changes are of the name of the time alone.
            if parts.last().is_none_or(|(_, last)| *last != offset) {
                parts.push((at, offset));
            }
        }
        let pieces = pieces(&pattern, &parts);
        Self { pattern, pieces }
    }

    /// How many ticks are before this moment, counted from some moment before the first that may be asked for.
    pub(super) fn before(&self, moment: i64) -> i64 {
        let piece = self.piece(|piece| piece.from < moment);
        // At its very beginning nothing of a piece is before the moment, which is then in the piece before.
        let civil = (moment + piece.offset).clamp(piece.civil_from, piece.civil_to);
        let within = self.pattern.before(civil) - piece.passed;
        piece.before + i64::from(piece.moved && piece.from < moment) + within
    }

    /// The moment of a tick, by the number of ticks before it.
    pub(super) fn tick(&self, number: i64) -> i64 {
        let piece = self.piece(|piece| piece.before <= number);
        let within = number - piece.before - i64::from(piece.moved);
        if within < 0 {
            return piece.from;
        }
        self.pattern.tick(piece.passed + within) - piece.offset
    }

    /// What the clock shows at the first tick from here on, as if it were never changed.
    pub(super) fn by_calendar(&self, civil: DateTime) -> DateTime {
        let from = Offset::UTC.to_timestamp(civil).unwrap_or(Timestamp::MAX).as_second();
        Offset::UTC.to_datetime(timestamp(self.pattern.tick(self.pattern.before(from))))
    }

    /// The last piece for which this holds, as it does for all before it; else the first.
    fn piece(&self, holds: impl Fn(&Piece) -> bool) -> Piece {
        self.pieces[self.pieces.partition_point(holds).saturating_sub(1)]
    }
}

/// The table, of the moments of changes and what the clock is ahead of UTC from then on.
fn pieces(pattern: &Pattern, parts: &[(i64, i64)]) -> Vec<Piece> {
    // What the clock shows at the least from each change on: what it shows up to there is shown again.
    let mut floors = vec![i64::MAX; parts.len() + 1];
    for (at, (from, offset)) in parts.iter().enumerate().rev() {
        floors[at] = floors[at + 1].min(from + offset);
    }
    let mut pieces: Vec<Piece> = Vec::with_capacity(parts.len());
    let mut before = 0;
    // Up to where the calendar's ticks have happened.
    let mut reached = i64::MAX;
    for (at, (from, offset)) in parts.iter().copied().enumerate() {
        let civil_from = from + offset;
        let end = parts.get(at + 1).map_or(i64::MAX, |(next, _)| next + offset);
        let once = !pattern.every_hour();
        let civil_to = if once { end.min(floors[at + 1]).max(civil_from) } else { end };
        let passed = pattern.before(civil_from);
        let moved = once && civil_from < civil_to && reached < civil_from && {
            let same_day = reached.max(civil_from.div_euclid(DAY) * DAY);
            passed > pattern.before(same_day) && !pattern.ticks_at(civil_from)
        };
        pieces.push(Piece { from, offset, civil_from, civil_to, passed, moved, before });
        if civil_to < i64::MAX {
            before += i64::from(moved) + pattern.before(civil_to) - passed;
            // What is shown in this piece but is shown again later has not happened.
            if at == 0 || civil_from < civil_to {
                reached = civil_to;
            }
        }
    }
    pieces
}

/// The nearest moment that can be told.
pub(super) fn timestamp(second: i64) -> Timestamp {
    let second = second.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}
