use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use super::format::{KeyFormat, is_skipped, moments};
use super::pattern::{DAY, Pattern};
use super::ticks::{Ticks, timestamp};
use super::{TimePartitions, TimeWindow};
use crate::ids::nearest;
use crate::partition::error::PartitionError;

/// Windows end before this year, or 400 years after their start if that is later.
const LAST_YEAR: i16 = 2400;

/// The windows of a definition by number, 0 being the first.
#[derive(Debug)]
pub(in crate::partition) struct Windows {
    cron: String,
    zone: TimeZone,
    zone_name: String,
    format: KeyFormat,
    ticks: Ticks,
    /// The number of the tick with which the first window begins.
    first: i64,
    /// How many windows there ever are.
    all: u64,
    end_offset: i64,
}

impl Windows {
    pub(in crate::partition) fn new(definition: &TimePartitions) -> Result<Self, PartitionError> {
        let TimePartitions { cron, zone: zone_name, start, end, end_offset, format } = definition;
        let pattern = Pattern::parse(cron)?;
        let zone = zone(zone_name)?;
        let format = KeyFormat::new(format.as_deref(), &pattern, cron)?;
        let civil_start = civil("start", start)?;
        let start_at = moment("start", civil_start, &zone)?;
        let end_at = match end {
            Some(end) => moment("end", civil("end", end)?, &zone)?,
            None => {
                let year = LAST_YEAR.max(civil_start.year().saturating_add(400)).min(9990);
                moment("end", DateTime::constant(year, 1, 1, 0, 0, 0, 0), &zone)?
            }
        };
        if end_at <= start_at {
            return Err(PartitionError::definition(format!(
                "the end `{}` is not after the start `{start}`",
                end.as_deref().unwrap_or_default()
            )));
        }
        let ticks = Ticks::new(pattern, &zone, start_at.as_second(), end_at.as_second());
        let first = ticks.before(start_at.as_second());
        let mut windows = Self {
            cron: cron.clone(),
            // As the zone itself is written, whatever capitals it was given in.
            zone_name: zone.iana_name().unwrap_or(zone_name).to_owned(),
            zone,
            format,
            ticks,
            first,
            all: u64::MAX,
            end_offset: *end_offset,
        };
        windows.all = windows.ended(end_at);
        Ok(windows)
    }

    /// When the clocks are changed while there are windows, and how far from UTC they are since then.
    pub(in crate::partition) fn changes(&self) -> impl Iterator<Item = (Timestamp, Offset)> {
        let (first, end) = (self.start(0), self.start(self.all));
        let changes = self.zone.following(first).map(|change| (change.timestamp(), change.offset()));
        std::iter::once((first, self.zone.to_offset(first)))
            .chain(changes.take_while(move |(at, _)| *at < end))
    }

    /// How many windows have ended at this moment, had they no last one.
    fn ended(&self, now: Timestamp) -> u64 {
        u64::try_from(self.number(floor(now))).unwrap_or_default()
    }

    pub(in crate::partition) fn count(&self, now: Timestamp) -> u64 {
        self.ended(now).saturating_add_signed(self.end_offset).min(self.all)
    }

    /// How many windows there ever are.
    pub(in crate::partition) fn all(&self) -> u64 {
        self.all
    }

    /// When a window begins that need not exist: negative numbers are before the first. In seconds.
    pub(in crate::partition) fn begin(&self, number: i64) -> i64 {
        // Ten times as many as any calendar has within what is known, and few enough to be reckoned with.
        const FURTHEST: i64 = 1 << 34;
        self.ticks.tick(self.first.saturating_add(number.clamp(-FURTHEST, FURTHEST)))
    }

    /// The number of the window that contains a second, which need not exist either.
    pub(in crate::partition) fn number(&self, second: i64) -> i64 {
        self.ticks.before(second.saturating_add(1)) - self.first - 1
    }

    /// The seconds for which [`begin`](Self::begin) and [`number`](Self::number) are right.
    pub(in crate::partition) fn known(&self) -> (i64, i64) {
        let margin = 30 * 365 * DAY;
        (self.begin(0) - margin, self.start(self.all).as_second() + margin)
    }

    /// Whether each of these windows lies in one of others, by the same clock: days in weeks do, weeks in months do not. Of others that
    /// are very many it is found out of the first of them.
    pub(in crate::partition) fn lie_within(&self, others: &Self) -> bool {
        const MANY: usize = 10_000;
        if self.cron == others.cron {
            return true;
        }
        let (from, to) = (self.begin(0), self.start(self.all).as_second());
        let mut begins = (others.number(from) + 1..).map(|number| others.begin(number));
        let is_boundary = |second: i64| self.begin(self.number(second)) == second;
        begins.by_ref().take(MANY).take_while(|begin| *begin < to).all(is_boundary)
    }

    /// The key that a window has or would have.
    pub(in crate::partition) fn key_of_number(&self, number: i64) -> String {
        self.format.write(timestamp(self.begin(number)), &self.zone)
    }

    pub(in crate::partition) fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// When the window begins; that of the first behind the last is where the last ends.
    pub(in crate::partition) fn start(&self, index: u64) -> Timestamp {
        timestamp(self.ticks.tick(self.first.saturating_add_unsigned(index.min(self.all))))
    }

    pub(in crate::partition) fn window(&self, index: u64) -> TimeWindow {
        let zoned = |index| self.start(index).to_zoned(self.zone.clone());
        TimeWindow { start: zoned(index), end: zoned(index.saturating_add(1)) }
    }

    pub(in crate::partition) fn key(&self, index: u64) -> String {
        self.format.write(self.start(index), &self.zone)
    }

    /// The window in which the moment is, if there is one.
    pub(in crate::partition) fn index_at(&self, moment: Timestamp) -> Option<u64> {
        u64::try_from(self.number(floor(moment))).ok().filter(|index| *index < self.all)
    }

    pub(in crate::partition) fn index(&self, key: &str) -> Result<u64, PartitionError> {
        let Some(civil) = self.format.read(key) else { return Err(self.unreadable(key)) };
        self.beginning(key, civil).ok_or_else(|| self.unknown(key, civil))
    }

    /// The same, for who does not want to know what is wrong.
    pub(in crate::partition) fn find(&self, key: &str) -> Option<u64> {
        self.beginning(key, self.format.read(key)?)
    }

    /// The window of a key that names this time.
    fn beginning(&self, key: &str, civil: DateTime) -> Option<u64> {
        // A moment that the clock shows twice is one of two windows; their keys say which. The full hour that a key names may be
        // shown once and the minute at which its window begins twice.
        let named = std::iter::once(civil).chain(std::iter::once_with(|| self.ticks.by_calendar(civil)));
        let moments = named.filter_map(|civil| moments(civil, &self.zone));
        let candidates = moments.flat_map(|(first, last)| [first, last]);
        let mut candidates = candidates.filter_map(|moment| {
            let number = self.ticks.before(moment.as_second()) - self.first;
            u64::try_from(number).ok().filter(|index| *index < self.all)
        });
        candidates.find(|index| self.key(*index) == key)
    }

    fn unreadable(&self, key: &str) -> PartitionError {
        let error = PartitionError::key(format!("`{key}` is no key of these partitions by time"));
        if self.all == 0 {
            return error.hint("there are none: no window lies between their start and their end");
        }
        error.hint(format!("keys are the starts of windows, such as `{}`, the first", self.key(0)))
    }

    /// A time at which no window begins, and which one is nearest.
    fn unknown(&self, key: &str, civil: DateTime) -> PartitionError {
        if self.all == 0 {
            return self.unreadable(key);
        }
        let Some((moment, _)) = moments(civil, &self.zone) else { return self.unreadable(key) };
        let number = self.number(floor(moment));
        let last = self.all - 1;
        if number < 0 {
            return PartitionError::key(format!("`{key}` is before the first of these partitions"))
                .hint(format!("the first is `{}`", self.key(0)));
        }
        let Some(index) = u64::try_from(number).ok().filter(|index| *index <= last) else {
            return PartitionError::key(format!("`{key}` is behind the last of these partitions"))
                .hint(format!("the last is `{}`", self.key(last)));
        };
        if is_skipped(civil, &self.zone) {
            return PartitionError::key(format!(
                "`{key}` is no key of these partitions: the clock of {} skips that time",
                self.zone_name
            ))
            .hint(format!("it goes on within `{}`", self.key(index)));
        }
        if self.start(index) == moment {
            return PartitionError::key(format!(
                "`{key}` is no key of these partitions: they are written otherwise"
            ))
            .hint(format!("did you mean `{}`?", self.key(index)));
        }
        PartitionError::key(format!(
            "`{key}` is no key of these partitions: none begins then by the cron `{}`",
            self.cron
        ))
        .hint(format!("the one that contains it is `{}`", self.key(index)))
    }
}

/// The second in which a moment is; that of a moment before 1970 is the one before it too.
fn floor(moment: Timestamp) -> i64 {
    moment.as_second() - i64::from(moment.subsec_nanosecond() < 0)
}

fn zone(name: &str) -> Result<TimeZone, PartitionError> {
    // Not those of the machine, of which each has its own.
    let zones = TimeZoneDatabase::bundled();
    zones.get(name).map_err(|_| {
        let known: Vec<String> = zones.available().map(|name| name.to_string()).collect();
        let error = PartitionError::definition(format!("there is no time zone `{name}`"));
        match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("zones have IANA names, such as `UTC` or `Europe/Berlin`"),
        }
    })
}

fn civil(what: &str, text: &str) -> Result<DateTime, PartitionError> {
    text.parse().map_err(|_| {
        PartitionError::definition(format!("the {what} `{text}` is no date"))
            .hint("write `2024-01-31` or `2024-01-31T06:00`, on the clock of the zone")
    })
}

fn moment(what: &str, civil: DateTime, zone: &TimeZone) -> Result<Timestamp, PartitionError> {
    let moment = moments(civil, zone).map(|(first, _)| first);
    // The arithmetic looks a little further on both sides, and what is shown must have a date.
    moment.filter(|_| (1..=9990).contains(&civil.year())).ok_or_else(|| {
        PartitionError::definition(format!("the {what} `{civil}` is out of range"))
            .hint("partitions by time are between the years 1 and 9990")
    })
}
