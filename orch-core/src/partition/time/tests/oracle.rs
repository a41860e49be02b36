use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

/// A cron, and what it means, written by hand.
pub(super) struct Meaning {
    pub(super) cron: &'static str,
    pub(super) times: Vec<Time>,
    pub(super) on: fn(Date) -> bool,
    pub(super) every_hour: bool,
}

pub(super) fn meanings() -> Vec<Meaning> {
    let of = |cron, hours: &[i8], minutes: &[i8], on: fn(Date) -> bool| Meaning {
        cron,
        times: hours
            .iter()
            .flat_map(|hour| minutes.iter().map(|minute| Time::constant(*hour, *minute, 0, 0)))
            .collect(),
        on,
        every_hour: hours.len() == 24,
    };
    let all: Vec<i8> = (0..24).collect();
    vec![
        of("0 * * * *", &all, &[0], |_| true),
        of("0 0 * * *", &[0], &[0], |_| true),
        of("0 0 * * 0", &[0], &[0], |day| day.weekday() == Weekday::Sunday),
        of("0 0 1 * *", &[0], &[0], |day| day.day() == 1),
        of("30 2 * * *", &[2], &[30], |_| true),
        of("*/15 * * * *", &all, &[0, 15, 30, 45], |_| true),
        of("0 6 * * MON-FRI", &[6], &[0], |day| day.weekday().to_monday_one_offset() < 6),
        of("0 0 29 2 *", &[0], &[0], |day| (day.month(), day.day()) == (2, 29)),
        of("15 1,2,3 * * SUN", &[1, 2, 3], &[15], |day| day.weekday() == Weekday::Sunday),
        of("40 23 * * *", &[23], &[40], |_| true),
        of("*/20 0,12,23 L * *", &[0, 12, 23], &[0, 20, 40], |day| day.tomorrow().unwrap().day() == 1),
        of("0 */2 * * TUE#2", &(0..24).step_by(2).collect::<Vec<_>>(), &[0], |day| {
            day.weekday() == Weekday::Tuesday && (8..15).contains(&day.day())
        }),
    ]
}

/// The ticks of some days, one by one: each time of each day is asked of the zone.
pub(super) fn ticks(meaning: &Meaning, zone: &TimeZone, from: Date, days: i64) -> Vec<Timestamp> {
    let mut ticks = Vec::new();
    for day in (0..days).map(|day| from + day.days()).filter(|day| (meaning.on)(*day)) {
        for time in &meaning.times {
            let civil = DateTime::from_parts(day, *time);
            let at = |offset: jiff::tz::Offset| offset.to_timestamp(civil).unwrap();
            match zone.to_ambiguous_timestamp(civil).offset() {
                AmbiguousOffset::Unambiguous { offset } => ticks.push(at(offset)),
                AmbiguousOffset::Fold { before, after } => {
                    ticks.extend(meaning.every_hour.then(|| at(before)));
                    ticks.push(at(after));
                }
                AmbiguousOffset::Gap { .. } if meaning.every_hour => {}
                AmbiguousOffset::Gap { after, .. } => {
                    // The first second that is not skipped.
                    let mut moment = at(after);
                    while zone.to_datetime(moment) < civil {
                        moment = zone.following(moment).next().unwrap().timestamp();
                    }
                    if zone.to_datetime(moment).date() == day {
                        ticks.push(moment);
                    }
                }
            }
        }
    }
    ticks.sort();
    ticks.dedup();
    ticks
}

/// The ticks of a time as the rule says them, minute by minute of time as it passes: nothing is asked but what the clock
/// shows.
pub(super) fn walk(meaning: &Meaning, zone: &TimeZone, from: Timestamp, minutes: i64) -> Vec<Timestamp> {
    let shown: Vec<(Timestamp, DateTime)> =
        (0..minutes).map(|minute| from + minute.minutes()).map(|at| (at, zone.to_datetime(at))).collect();
    let ticks_at = |civil: DateTime| (meaning.on)(civil.date()) && meaning.times.contains(&civil.time());
    if meaning.every_hour {
        return shown.into_iter().filter(|(_, civil)| ticks_at(*civil)).map(|(at, _)| at).collect();
    }
    // The last moment at which the clock shows a time or less; if it shows less, the next moment, on the same day.
    let mut ticks = Vec::new();
    let mut least = DateTime::MAX;
    for (at, civil) in shown.into_iter().rev() {
        let mut missed = civil;
        while missed < least {
            if ticks_at(missed) {
                match missed == civil {
                    true => ticks.push(at),
                    false if least.date() == missed.date() => ticks.push(at + 1.minute()),
                    false => {}
                }
            }
            // Behind the end of what is walked nothing is known.
            if least == DateTime::MAX {
                break;
            }
            missed += 1.minute();
        }
        least = least.min(civil);
    }
    ticks.sort();
    ticks.dedup();
    ticks
}
