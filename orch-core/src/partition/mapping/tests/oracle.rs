//! Mappings of sets against those of single partitions, and of windows against what overlaps.

use jiff::Timestamp;
use proptest::prelude::*;

use super::super::super::{
    KeySets, Keyspace, PartitionMapping, PartitionSet, PartitionsDefinition, TimePartitions,
};
use super::{days, link, now, one, regions, resolve, sales, weeks};

const CRONS: [&str; 9] = [
    "0 0 * * *",
    "0 0 * * 0",
    "0 0 1 * *",
    "30 2 * * *",
    "0 */6 * * *",
    "15 1,2,3 * * SUN",
    "0 6 * * MON-FRI",
    "0 * * * *",
    "30 * * * *",
];

/// Zones, each with a time before a change of its clock, or shortly before it, and one behind. Clocks are changed at midnight and a
/// minute later, by half an hour and by two hours, by a day that is left out, four times a year, and for good.
const CHANGES: [(&str, [&str; 2], &str); 9] = [
    ("America/Havana", ["2023-10-20", "2023-11-05"], "2023-12-01T12:00:00Z"),
    ("America/Goose_Bay", ["2010-10-20", "2010-11-06"], "2010-12-01T12:00:00Z"),
    ("America/St_Johns", ["2011-02-20", "2011-03-12"], "2011-04-01T12:00:00Z"),
    ("Africa/Casablanca", ["2024-02-20", "2024-03-10"], "2024-04-20T12:00:00Z"),
    ("America/Caracas", ["2016-04-10", "2016-05-01"], "2016-05-15T12:00:00Z"),
    ("Antarctica/Troll", ["2024-10-10", "2024-10-27"], "2024-11-15T12:00:00Z"),
    ("Asia/Gaza", ["2023-10-10", "2023-10-28"], "2023-11-15T12:00:00Z"),
    ("Australia/Lord_Howe", ["2024-03-20", "2024-04-07"], "2024-04-25T12:00:00Z"),
    ("Pacific/Apia", ["2011-12-10", "2011-12-29"], "2012-01-20T12:00:00Z"),
];

fn time(zone: &'static str, starts: [&'static str; 2]) -> impl Strategy<Value = TimePartitions> {
    (prop::sample::select(&CRONS[..]), prop::sample::select(starts.to_vec()), -1..3_i64).prop_map(
        move |(cron, start, offset)| TimePartitions::cron(cron, start).in_zone(zone).end_offset(offset),
    )
}

/// Two in one zone, and what time it is there.
fn times() -> impl Strategy<Value = (TimePartitions, TimePartitions, Timestamp)> {
    prop::sample::select(&CHANGES[..]).prop_flat_map(|(zone, starts, now)| {
        (time(zone, starts), time(zone, starts), Just(now.parse().unwrap()))
    })
}

fn space(partitions: impl Into<PartitionsDefinition>) -> Keyspace {
    partitions.into().resolve(&KeySets::new()).unwrap()
}

/// Both directions, of each partition that exists, say the same.
fn check_inverse(mapping: Option<PartitionMapping>, up: &Keyspace, down: &Keyspace, now: Timestamp) {
    let link = link(mapping, up, down);
    let (ups, downs) = (up.all(now), down.all(now));
    let mut pairs = Vec::new();
    for d in downs.iter() {
        let needed = link.upstream_of(&one(d), now).keys;
        assert!(needed.is_subset(&ups), "what does not exist is no key");
        pairs.extend(needed.iter().map(|u| (u, d)));
    }
    let mut back = Vec::new();
    for u in ups.iter() {
        back.extend(link.downstream_of(&one(u), now).iter().map(|d| (u, d)));
    }
    pairs.sort_unstable();
    assert_eq!(pairs, back);
    // A set needs what its members need.
    let some: PartitionSet = downs.iter().filter(|d| d % 3 != 1).collect();
    let needed = pairs.iter().filter(|(_, d)| some.contains(*d)).map(|(u, _)| *u).collect();
    assert_eq!(link.upstream_of(&some, now).keys, needed);
    let some: PartitionSet = ups.iter().filter(|u| u % 3 != 1).collect();
    let needing = pairs.iter().filter(|(u, _)| some.contains(*u)).map(|(_, d)| *d).collect();
    assert_eq!(link.downstream_of(&some, now), needing);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn windows_need_exactly_what_overlaps(
        (up, down, now) in times(),
        (start, len) in (-3..3_i64, 0..3_i64),
    ) {
        let mapping = PartitionMapping::time_window(start, start + len);
        let (up, down) = (space(up), space(down));
        let link = link(Some(mapping.clone()), &up, &down);
        let window = |space: &Keyspace, index: i64| space.window_of(u64::try_from(index).unwrap()).unwrap();
        let count = i64::try_from(up.count(now)).unwrap();
        for d in (3..i64::try_from(down.count(now)).unwrap()).step_by(7) {
            let (from, to) = (window(&down, d + start).start, window(&down, d + start + len).end);
            let overlaps = |u: &i64| {
                let window = window(&up, *u);
                window.start < to && from < window.end
            };
            let expected: PartitionSet = (0..count).filter(overlaps).map(i64::unsigned_abs).collect();
            let mapped = link.upstream_of(&one(d.unsigned_abs()), now);
            prop_assert_eq!(&mapped.keys, &expected);
            let lacks = from < window(&up, 0).start || to > window(&up, count).start;
            prop_assert_eq!(mapped.missing.is_empty(), !lacks, "{:?}", mapped.missing);
        }
        check_inverse(Some(mapping), &up, &down, now);
        // Windows of different crons may have keys in common.
        check_inverse(Some(PartitionMapping::identity()), &up, &down, now);
    }

    #[test]
    fn what_lies_within_others_needs_one_of_them((up, down, now) in times()) {
        let (up, down) = (space(up), space(down));
        let link = link(None, &up, &down);
        let needs: Vec<u64> =
            down.all(now).iter().map(|d| link.upstream_of(&one(d), now).keys.len()).collect();
        if down.lies_within(&up) {
            prop_assert!(needs.iter().all(|needs| *needs <= 1));
        }
    }
}

#[test]
fn days_lie_within_weeks_and_weeks_not_within_months() {
    let berlin = |time: TimePartitions| resolve(time.in_zone("Europe/Berlin"));
    let (day, hour) =
        (berlin(TimePartitions::daily("2024-01-03")), berlin(TimePartitions::hourly("2024-01-01")));
    let (week, month) =
        (berlin(TimePartitions::weekly("2024-01-01")), berlin(TimePartitions::monthly("2023-11-01")));
    let later = berlin(TimePartitions::daily("2024-05-01"));
    for (down, up, lies) in [
        (&hour, &day, true),
        (&day, &week, true),
        (&day, &month, true),
        (&later, &day, true),
        (&week, &month, false),
        (&month, &week, false),
        (&week, &day, false),
        (&resolve(regions()), &day, false),
    ] {
        assert_eq!(down.lies_within(up), lies, "{:?} {:?}", down.definition(), up.definition());
    }
}

#[test]
fn both_directions_say_the_same() {
    let (days, weeks, regions, sales) =
        (resolve(days()), resolve(weeks()), resolve(regions()), resolve(sales()));
    let months = resolve(
        PartitionsDefinition::product()
            .by("month", TimePartitions::monthly("2023-11-01"))
            .by("region", super::regions()),
    );
    let dimensions = PartitionMapping::dimensions;
    let window = PartitionMapping::time_window;
    for (mapping, up, down) in [
        (None, &days, &days),
        (None, &sales, &sales),
        (None, &days, &sales),
        (None, &sales, &days),
        (None, &sales, &regions),
        (None, &sales, &months),
        (Some(PartitionMapping::all()), &sales, &weeks),
        (Some(PartitionMapping::last()), &days, &regions),
        (Some(PartitionMapping::last()), &sales, &weeks),
        (Some(PartitionMapping::specific(["eu", "us"])), &regions, &sales),
        (Some(PartitionMapping::specific(["2024-01-01|eu", "2024-01-02|us"])), &sales, &regions),
        (Some(PartitionMapping::pairs([("eu", "asia"), ("us", "asia"), ("us", "eu")])), &regions, &regions),
        (Some(PartitionMapping::dimension("date")), &weeks, &sales),
        (Some(PartitionMapping::dimension("date")), &sales, &weeks),
        (Some(dimensions().on("month", "date").on("region", "region")), &sales, &months),
        (Some(dimensions().on_by("date", "month", window(-1, -1))), &months, &sales),
        (
            Some(dimensions().on_by("date", "date", window(-2, 0)).on_by(
                "region",
                "region",
                PartitionMapping::all(),
            )),
            &sales,
            &sales,
        ),
        (
            Some(dimensions().on_by("date", "date", PartitionMapping::last()).on("region", "region")),
            &sales,
            &sales,
        ),
        (Some(dimensions()), &sales, &months),
    ] {
        check_inverse(mapping, up, down, now());
    }
}
