use croner::Weekday;
use croner::parser::{CronParser, Seconds, Year};
use croner::time::{day_of_year, days_in_month, days_in_year};

use super::super::error::PartitionError;

/// Seconds of a day that has no change of its clock.
pub(super) const DAY: i64 = 86_400;

/// From 1970-01-01 to 2000-01-01, in days. Years 2000 to 2399 are one cycle of the calendar, and 2000-01-01 is a Saturday.
const CYCLE_FROM: i64 = 10_957;

/// Days of 400 years. They are full weeks, so that the calendar repeats itself with its weekdays.
const CYCLE: i64 = 146_097;

/// For whoever wrote another.
const HINT: &str =
    "write minute, hour, day of the month, month and day of the week: `0 6 * * *` is each day at 6:00";

/// When a cron ticks by the calendar alone, as if clocks were never changed.
///
/// Moments are civil: seconds from 1970-01-01 00:00 on the clock of a zone. A cron is a set of days and a set of times of
/// day, the same on each of these days. So the number of ticks before a moment is a count of days times the times of day,
/// and a remainder. The days are counted by year of the 400-year cycle, and within a year by its kind: there are fourteen,
/// by the weekday of January 1 and whether the year is a leap year.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Seconds of the day, ascending.
    times: Vec<i64>,
    every_hour: bool,
    kinds: Vec<Kind>,
    /// The years of a cycle.
    years: Vec<Year400>,
    /// Days that tick in 400 years.
    cycle: i64,
}

/// A kind of year: how many of its days tick before each, and at its end those of all.
#[derive(Debug)]
struct Kind {
    before: Vec<u16>,
    /// The most days that tick within a month.
    in_a_month: usize,
}

/// A year of the cycle.
#[derive(Clone, Copy, Debug)]
struct Year400 {
    /// Its January 1, in days from that of the first.
    from: i64,
    kind: usize,
    /// How many days of the years before it tick.
    before: i64,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, PartitionError> {
        let wrong = |why: String| PartitionError::definition(format!("the cron `{text}`: {why}"));
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        // Croner says of such texts that seconds are disallowed, whichever fields are too few or too many.
        let fields = text.split_whitespace().count();
        if fields != 5 && !text.trim().starts_with('@') {
            return Err(wrong(format!("a cron of partitions has five fields, and this {fields}")).hint(HINT));
        }
        let cron = parser.parse(text).map_err(|error| wrong(error.to_string()).hint(HINT))?.pattern;
        let strange = |error: croner::errors::CronError| wrong(error.to_string());

        let mut times = Vec::new();
        let mut every_hour = true;
        for hour in 0..24 {
            if !cron.hour_match(hour).map_err(strange)? {
                every_hour = false;
                continue;
            }
            for minute in 0..60 {
                if cron.minute_match(minute).map_err(strange)? {
                    times.push(i64::from(hour) * 3600 + i64::from(minute) * 60);
                }
            }
        }

        let mut kinds = Vec::with_capacity(14);
        for kind in 0..14 {
            // What matters of a year is its kind, so any of the kind stands for it: 2000 and 2001 have the two lengths.
            let year = if kind < 7 { 2001 } else { 2000 };
            let mut before = vec![0];
            let (mut count, mut in_a_month) = (0, 0);
            for month in 1..=12 {
                let start = count;
                for day in 1..=days_in_month(year, month) {
                    let weekday = (kind % 7) as u32 + day_of_year(year, month, day) - 1;
                    let weekday = Weekday::from_days_from_sunday(weekday % 7);
                    let ticks = cron.month_match(month).map_err(strange)?
                        && cron.day_match(year, month, day, weekday).map_err(strange)?;
                    count += u16::from(ticks);
                    before.push(count);
                }
                in_a_month = in_a_month.max(usize::from(count - start));
            }
            kinds.push(Kind { before, in_a_month });
        }

        let mut years = Vec::with_capacity(400);
        let (mut from, mut before) = (0, 0);
        for year in 2000..2400 {
            let weekday = usize::try_from((from + 6) % 7).unwrap_or_default();
            let kind = weekday + if days_in_year(year) == 366 { 7 } else { 0 };
            years.push(Year400 { from, kind, before });
            from += i64::from(days_in_year(year));
            before += i64::from(kinds[kind].all());
        }
        if before == 0 || times.is_empty() {
            return Err(wrong("no day is ever one of it".into()));
        }
        Ok(Self { times, every_hour, kinds, years, cycle: before })
    }

    /// Whether it ticks in each hour of its days. Then what a clock skips is left out and what it repeats is repeated,
    /// while a time of day is moved behind what is skipped, and is taken once of what is repeated.
    pub(super) fn every_hour(&self) -> bool {
        self.every_hour
    }

    /// Whether all times of day are full hours.
    pub(super) fn on_the_hour(&self) -> bool {
        self.times.iter().all(|time| time % 3600 == 0)
    }

    /// The most ticks that such a stretch ever has: a key that names no more of its time stands for one alone.
    pub(super) fn most(&self, within: Within) -> usize {
        let days_in_month = self.kinds.iter().map(|kind| kind.in_a_month).max().unwrap_or_default();
        let days_in_year = self.kinds.iter().map(|kind| usize::from(kind.all())).max().unwrap_or_default();
        match within {
            Within::Hour => {
                let in_hour = |hour| self.times.iter().filter(|time| **time / 3600 == hour).count();
                (0..24).map(in_hour).max().unwrap_or_default()
            }
            Within::Day => self.times.len(),
            Within::Month => self.times.len() * days_in_month,
            Within::Year => self.times.len() * days_in_year,
        }
    }

    /// How many ticks are before this moment, counted from some moment long ago that is always the same. Before that one
    /// they are negative.
    pub(super) fn before(&self, civil: i64) -> i64 {
        let (day, time) = (civil.div_euclid(DAY), civil.rem_euclid(DAY));
        let (cycle, year, day) = self.place(day);
        let counts = &self.kinds[year.kind].before;
        let days = cycle * self.cycle + year.before + i64::from(counts[day]);
        let ticks = counts[day] < counts[day + 1];
        let within = if ticks { self.times.partition_point(|at| *at < time) as i64 } else { 0 };
        days * self.times.len() as i64 + within
    }

    /// Whether there is a tick at this moment.
    pub(super) fn ticks_at(&self, civil: i64) -> bool {
        self.ticks_on(civil.div_euclid(DAY)) && self.times.binary_search(&civil.rem_euclid(DAY)).is_ok()
    }

    /// The moment of a tick, by the number of ticks before it.
    pub(super) fn tick(&self, number: i64) -> i64 {
        let times = self.times.len() as i64;
        let (day, time) = (number.div_euclid(times), number.rem_euclid(times));
        let (cycle, day) = (day.div_euclid(self.cycle), day.rem_euclid(self.cycle));
        let year = self.years[self.years.partition_point(|year| year.before <= day) - 1];
        let before = &self.kinds[year.kind].before;
        let day_of_year = before.partition_point(|count| i64::from(*count) <= day - year.before) as i64 - 1;
        let day = CYCLE_FROM + cycle * CYCLE + year.from + day_of_year;
        day * DAY + self.times[usize::try_from(time).unwrap_or_default()]
    }

    fn ticks_on(&self, day: i64) -> bool {
        let (_, year, day) = self.place(day);
        let before = &self.kinds[year.kind].before;
        before[day] < before[day + 1]
    }

    /// The cycle, the year and the day of that year, of a day since 1970-01-01.
    fn place(&self, day: i64) -> (i64, Year400, usize) {
        let (cycle, day) = ((day - CYCLE_FROM).div_euclid(CYCLE), (day - CYCLE_FROM).rem_euclid(CYCLE));
        let year = self.years[self.years.partition_point(|year| year.from <= day) - 1];
        (cycle, year, usize::try_from(day - year.from).unwrap_or_default())
    }
}

impl Kind {
    fn all(&self) -> u16 {
        self.before.last().copied().unwrap_or_default()
    }
}

/// A stretch of the calendar that a key may stand for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Within {
    Hour,
    Day,
    Month,
    Year,
}
