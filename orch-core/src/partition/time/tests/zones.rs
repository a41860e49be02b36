//! The arithmetic against the oracles, over the zones of the world.

use std::collections::BTreeMap;

use jiff::civil::date;
use jiff::tz::{self, TimeZone};
use jiff::{Timestamp, ToSpan as _};

use super::super::TimePartitions;
use super::super::pattern::Pattern;
use super::super::ticks::Ticks;
use super::super::windows::Windows;
use super::oracle::{Meaning, meanings, ticks, walk};
use super::windows;

/// Those in which something is odd: half hours, whole days left out, changes at midnight, winter as an exception, changes
/// by the moon, two changes a year besides.
const ODD: [&str; 16] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Caracas",
    "America/Havana",
    "America/Los_Angeles",
    "America/Nuuk",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Pacific/Apia",
    "UTC",
];

/// Zones whose clocks are changed between 2010 and 2030: of those that show the same all the time the first.
fn changing() -> Vec<String> {
    let mut shown = BTreeMap::new();
    let mut changing = 0;
    for name in tz::db().available().map(|name| name.to_string()) {
        let changes = changes(&TimeZone::get(&name).unwrap(), at(2009), at(2032));
        if changes.iter().any(|(change, _)| (at(2010)..at(2030)).contains(change)) {
            changing += 1;
            shown.entry(changes).or_insert(name);
        }
    }
    assert!(changing > 250 && shown.len() > 80, "the zones are part of the program: {changing}");
    shown.into_values().collect()
}

/// When clocks are changed, and how far from UTC they are since then; first how they are before.
fn changes(zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, i32)> {
    let changes = zone.following(from).map(|change| (change.timestamp(), change.offset().seconds()));
    let first = (from, zone.to_offset(from).seconds());
    std::iter::once(first).chain(changes.take_while(|(change, _)| *change < to)).collect()
}

fn at(year: i16) -> Timestamp {
    date(year, 1, 1).at(0, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp()
}

/// Every tick of the years, where clocks are changed, and one of many elsewhere.
fn check(name: &str, meaning: &Meaning, from: i16, to: i16) {
    let zone = TimeZone::get(name).unwrap();
    let days = i64::from(to - from) * 366 + 10;
    // Days around the turn of the year are shown by other oracles' days.
    let expected = ticks(meaning, &zone, date(from, 1, 1).yesterday().unwrap(), days);
    let (from, to) = (at(from), at(to));
    let first = expected.partition_point(|tick| *tick < from);
    let expected: Vec<_> = expected[first..].iter().copied().take_while(|tick| *tick <= to).collect();
    let made = Ticks::new(Pattern::parse(meaning.cron).unwrap(), &zone, from.as_second(), to.as_second());
    let base = made.before(from.as_second());
    let what = format!("{name}, `{}`", meaning.cron);
    assert_eq!(made.before(to.as_second() + 1) - base, expected.len() as i64, "{what}: all");

    let changes: Vec<_> =
        zone.following(from).map(|change| change.timestamp()).take_while(|at| *at < to).collect();
    for (number, tick) in (0..).zip(&expected) {
        let next_change = changes.get(changes.partition_point(|at| *at + 30.hours() < *tick));
        let near = next_change.is_some_and(|at| *at - 30.hours() < *tick);
        if near || number % 61 == 0 {
            let second = tick.as_second();
            assert_eq!(made.tick(base + number), second, "{what}: tick {number} is at {tick}");
            assert_eq!(made.before(second) - base, number, "{what}: before {tick}");
            assert_eq!(made.before(second + 1) - base, number + 1, "{what}: at {tick}");
        }
    }
}

#[test]
fn ticks_are_those_of_an_enumeration_where_something_is_odd() {
    for name in ODD {
        for meaning in meanings() {
            // Hours are many; the years with most oddities will do.
            let (from, to) = if meaning.times.len() >= 24 { (2010, 2013) } else { (2010, 2031) };
            check(name, &meaning, from, to);
        }
    }
}

/// The ticks of the days around each change of the clocks; those of one pattern for all the years.
fn check_changes(name: &str, meaning: &Meaning) {
    let zone = TimeZone::get(name).unwrap();
    let (from, to) = (at(2009).as_second(), at(2032).as_second());
    let made = Ticks::new(Pattern::parse(meaning.cron).unwrap(), &zone, from, to);
    for (change, _) in changes(&zone, at(2010), at(2031)).into_iter().skip(1) {
        let (from, to) = (change - 36.hours(), change + 36.hours());
        let days = ticks(meaning, &zone, zone.to_datetime(from).date().yesterday().unwrap(), 7);
        let expected: Vec<_> = days.into_iter().filter(|tick| (from..to).contains(tick)).collect();
        let numbers = made.before(from.as_second())..made.before(to.as_second());
        let found: Vec<_> =
            numbers.map(|number| Timestamp::from_second(made.tick(number)).unwrap()).collect();
        assert_eq!(found, expected, "{name}, `{}`: around {change}", meaning.cron);
    }
}

#[test]
fn ticks_are_those_of_an_enumeration_in_all_zones() {
    for name in changing() {
        for meaning in meanings() {
            check_changes(&name, &meaning);
            // Between the changes hours go on as days do, and are many.
            if meaning.times.len() < 24 {
                check(&name, &meaning, 2010, 2031);
            }
        }
    }
}

#[test]
#[ignore = "takes minutes: `cargo test --release -p orch-core --lib partition -- --ignored`"]
fn ticks_are_those_of_an_enumeration_in_two_centuries() {
    let names: Vec<_> = tz::db().available().map(|name| name.to_string()).collect();
    for name in &names {
        meanings()
            .iter()
            .filter(|meaning| meaning.times.len() < 24)
            .for_each(|meaning| check(name, meaning, 1900, 2100));
    }
}

#[test]
fn ticks_are_what_the_clock_shows_minute_by_minute() {
    for (name, from, days) in [
        ("America/Los_Angeles", "2023-03-10T00:00Z", 5),
        ("America/Los_Angeles", "2023-11-03T00:00Z", 5),
        ("Australia/Lord_Howe", "2024-04-05T00:00Z", 4),
        ("Australia/Lord_Howe", "2024-10-04T00:00Z", 4),
        ("America/Havana", "2024-03-08T00:00Z", 4),
        ("America/Havana", "2024-11-01T00:00Z", 4),
        ("America/Sao_Paulo", "2017-10-13T00:00Z", 4),
        ("America/Sao_Paulo", "2018-02-16T00:00Z", 4),
        // A day is left out.
        ("Pacific/Apia", "2011-12-28T00:00Z", 5),
        // A day comes twice.
        ("Pacific/Kwajalein", "1993-08-19T00:00Z", 5),
        ("America/Toronto", "1919-03-29T00:00Z", 4),
    ] {
        let zone = TimeZone::get(name).unwrap();
        let from: Timestamp = from.replace("Z", ":00Z").parse().unwrap();
        let to = from + (days * 24).hours();
        for meaning in meanings() {
            // A tick at the end may be one that comes again, which only those who go on would know.
            let lead = 36.hours();
            let walked = walk(&meaning, &zone, from - lead, (days * 24 + 72) * 60);
            let expected: Vec<_> = walked.into_iter().filter(|tick| (from..to).contains(tick)).collect();
            let pattern = Pattern::parse(meaning.cron).unwrap();
            let ticks = Ticks::new(pattern, &zone, from.as_second(), to.as_second());
            let numbers = ticks.before(from.as_second())..ticks.before(to.as_second());
            let made: Vec<_> =
                numbers.map(|number| Timestamp::from_second(ticks.tick(number)).unwrap()).collect();
            assert_eq!(made, expected, "{name}, `{}`", meaning.cron);
        }
    }
}

/// Crons with formats of keys, of which many leave out what is the same of all windows, or have it in another order.
const FORMATS: [(&str, &str); 14] = [
    ("0 * * * *", "%Y-%m-%d-%H"),
    ("0 * * * *", "%FT%H%z"),
    ("1 * * * *", "%F/%H"),
    ("30 * * * *", "%Y-%m-%d-%H"),
    ("59 * * * *", "%H.%d.%m.%Y"),
    ("15 * * * SAT,SUN", "%Y-%j-%H"),
    ("*/15 * * * *", "%Y-%j-%R"),
    ("30 2 * * *", "%Y-%j"),
    ("1 0 * * *", "%F"),
    ("45 23 * * *", "%d.%b.%Y"),
    ("0 */6 * * *", "%F.%H"),
    ("0 0 1 * *", "%B.%Y"),
    ("30 23 L * *", "%Y-%m"),
    ("0 0 1 1 *", "%Y"),
];

#[test]
fn each_key_leads_back_to_its_window_where_clocks_are_changed() {
    let own = meanings().into_iter().map(|meaning| (meaning.cron, None));
    let crons: Vec<_> = own.chain(FORMATS.map(|(cron, format)| (cron, Some(format)))).collect();
    for name in changing() {
        let zone = TimeZone::get(&name).unwrap();
        let changes = changes(&zone, at(2010), at(2030));
        for (cron, format) in &crons {
            let definition = TimePartitions::cron(*cron, "2009-06-01").in_zone(&name);
            let windows = windows(&match format {
                Some(format) => definition.key_format(*format),
                None => definition,
            });
            for (change, _) in changes.iter().skip(1) {
                // The first may be later than the change.
                let index_at = |moment| windows.index_at(moment).unwrap_or_default();
                let (from, to) = (index_at(*change - 3.hours()), index_at(*change + 3.hours()));
                for index in from.saturating_sub(1)..=to + 1 {
                    check_key(&windows, index, &format!("{name}, `{cron}` as {format:?}"));
                }
            }
        }
    }
}

/// That a window is found by its key, by its beginning and by its end.
fn check_key(windows: &Windows, index: u64, what: &str) {
    let (key, window) = (windows.key(index), windows.window(index));
    assert_eq!(windows.find(&key), Some(index), "{what}: `{key}`");
    assert!(window.start < window.end, "{what}: `{key}`");
    assert_eq!(window.end.timestamp(), windows.start(index + 1), "{what}: `{key}`");
    assert_eq!(windows.index_at(window.start.timestamp()), Some(index), "{what}: `{key}`");
    let last = window.end.timestamp() - 1.nanosecond();
    assert_eq!(windows.index_at(last), Some(index), "{what}: `{key}`");
}
