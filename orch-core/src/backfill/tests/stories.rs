//! The order in which units come, as a story.

use super::super::schedule::{Outcome, Schedule};
use super::*;
use crate::partition::{KeySets, PartitionSet};

/// Days, weeks of them, and a total of the weeks.
fn sales(per: u64) -> Units {
    let groups = vec![
        group("sales", Some((days(), "2024-01-05..2024-01-16")), []),
        group("week", Some((weeks(), "2024-01-07")), [(0, None)]),
        group("total", None, [(1, None)]),
    ];
    units(groups, per)
}

/// Begins what is ready, as many at once, and has each end as it is told: by the partitions that fail. Says what begins and what ends.
fn driven(units: &Units, at_once: usize, fails: &[(usize, &str)]) -> Vec<String> {
    let mut schedule = Schedule::new(units, Outcome::none(units));
    let (mut under_way, mut told) = (Vec::new(), Vec::new());
    let named = |unit: Unit, set: &PartitionSet| match units.show(unit.group, set) {
        Some(partitions) => format!("{} {partitions}", unit.group),
        None => unit.group.to_string(),
    };
    loop {
        while under_way.len() < at_once {
            let Some(unit) = schedule.next() else { break };
            let partitions = schedule.left_of(unit);
            told.push(named(unit, &partitions));
            under_way.push((unit, partitions));
        }
        if under_way.is_empty() {
            break;
        }
        let (unit, partitions) = under_way.remove(0);
        let fails = fails.iter().filter(|(group, _)| *group == unit.group);
        let fails = fails.filter_map(|(group, key)| units.select(*group, key)?.first());
        let lost = &fails.collect::<PartitionSet>() & &partitions;
        if lost.is_empty() {
            schedule.succeed(unit, &partitions);
        } else {
            told.push(format!("{} failed", named(unit, &lost)));
            schedule.fail(unit, &partitions, &[lost]);
        }
    }
    for group in 0..units.groups() {
        let excluded = schedule.excluded(group);
        if !excluded.is_empty() {
            told.push(format!("excluded: {} {}", group, units.show(group, excluded).unwrap_or_default()));
        }
        assert!(schedule.left(group).is_empty(), "nothing waits for ever");
    }
    told
}

#[test]
fn a_week_comes_as_soon_as_its_days_are_done() {
    insta::assert_snapshot!(driven(&sales(1), 1, &[]).join("\n"), @r"
    0 2024-01-05
    0 2024-01-06
    0 2024-01-07
    0 2024-01-08
    0 2024-01-09
    0 2024-01-10
    0 2024-01-11
    0 2024-01-12
    0 2024-01-13
    1 2024-01-07
    2
    0 2024-01-14
    0 2024-01-15
    0 2024-01-16
    ");
}

#[test]
fn several_partitions_are_one_unit() {
    insta::assert_snapshot!(driven(&sales(5), 2, &[]).join("\n"), @r"
    0 2024-01-05..2024-01-09
    0 2024-01-10..2024-01-14
    0 2024-01-15..2024-01-16
    1 2024-01-07
    2
    ");
}

#[test]
fn what_failed_excludes_what_is_made_of_it_and_nothing_else() {
    insta::assert_snapshot!(driven(&sales(4), 1, &[(0, "2024-01-10")]).join("\n"), @r"
    0 2024-01-05..2024-01-08
    0 2024-01-09..2024-01-12
    0 2024-01-10 failed
    0 2024-01-13..2024-01-16
    excluded: 1 2024-01-07
    excluded: 2
    ");
}

/// Days that take the one before, or the one two days before, and weeks of them.
fn chained(per: u64, days_before: i64) -> Units {
    let own = PartitionMapping::time_window(-days_before, -days_before);
    let groups = vec![
        group("balance", Some((days(), "2024-01-05..2024-01-13")), [(0, Some(own))]),
        group("week", Some((weeks(), "2024-01-07")), [(0, None)]),
    ];
    units(groups, per)
}

#[test]
fn days_that_take_the_one_before_come_one_after_the_other() {
    insta::assert_snapshot!(driven(&chained(2, 1), 4, &[]).join("\n"), @r"
    0 2024-01-05..2024-01-06
    0 2024-01-07..2024-01-08
    0 2024-01-09..2024-01-10
    0 2024-01-11..2024-01-12
    0 2024-01-13
    1 2024-01-07
    ");
}

#[test]
fn a_day_that_failed_excludes_all_that_follow_from_it() {
    insta::assert_snapshot!(driven(&chained(1, 1), 4, &[(0, "2024-01-09")]).join("\n"), @r"
    0 2024-01-05
    0 2024-01-06
    0 2024-01-07
    0 2024-01-08
    0 2024-01-09
    0 2024-01-09 failed
    excluded: 0 2024-01-10..2024-01-13
    excluded: 1 2024-01-07
    ");
    insta::assert_snapshot!(driven(&chained(1, 2), 2, &[(0, "2024-01-09")]).join("\n"), @r"
    0 2024-01-05
    0 2024-01-06
    0 2024-01-07
    0 2024-01-08
    0 2024-01-09
    0 2024-01-10
    0 2024-01-09 failed
    0 2024-01-12
    excluded: 0 2024-01-11, 2024-01-13
    excluded: 1 2024-01-07
    ");
}

#[test]
fn keys_that_look_like_lists_of_others_are_partitions_of_their_own() {
    let places = PartitionsDefinition::of(["eu, us", "eu", "us", "\"eu\""]);
    let space = places.resolve(&KeySets::new()).unwrap();
    let asked = |from: u64, to: u64| space.show(&PartitionSet::from(from..to));
    let of =
        |asked: &str| driven(&units(vec![group("places", Some((places.clone(), asked)), [])], 2), 1, &[]);
    insta::assert_snapshot!(of(&asked(0, 4)).join("\n"), @r#"
    0 "eu, us", eu
    0 us, """eu"""
    "#);
    insta::assert_snapshot!(of(&asked(1, 3)).join("\n"), @"0 eu..eu, eu, us");
    insta::assert_snapshot!(of(&asked(0, 1)).join("\n"), @r#"0 "eu, us""#);
}

#[test]
fn of_a_unit_that_needs_what_failed_the_rest_is_made() {
    let groups = vec![
        group("sales", Some((days(), "2024-01-05..2024-01-10")), []),
        group("copy", Some((days(), "2024-01-05..2024-01-10")), [(0, None)]),
        group(
            "balance",
            Some((days(), "2024-01-05..2024-01-10")),
            [(1, None), (2, Some(PartitionMapping::time_window(-1, -1)))],
        ),
    ];
    insta::assert_snapshot!(driven(&units(groups, 3), 2, &[(0, "2024-01-06")]).join("\n"), @r"
    0 2024-01-05..2024-01-07
    0 2024-01-08..2024-01-10
    0 2024-01-06 failed
    1 2024-01-05, 2024-01-07
    1 2024-01-08..2024-01-10
    2 2024-01-05
    excluded: 1 2024-01-06
    excluded: 2 2024-01-06..2024-01-10
    ");
}

#[test]
fn what_is_left_of_a_unit_does_not_wait_for_what_only_its_excluded_partitions_need() {
    let groups = vec![
        group("sales", Some((days(), "2024-01-07..2024-01-12")), []),
        group("week", Some((weeks(), "2024-01-07..2024-01-21")), [(0, None)]),
    ];
    insta::assert_snapshot!(driven(&units(groups, 3), 1, &[(0, "2024-01-07")]).join("\n"), @r"
    0 2024-01-07..2024-01-09
    0 2024-01-07 failed
    1 2024-01-14..2024-01-21
    0 2024-01-10..2024-01-12
    excluded: 1 2024-01-07
    ");
}

/// The stocks of shops, each made of the one of the day before.
#[test]
fn keys_of_another_dimension_are_excluded_by_none_but_their_own() {
    let shops = PartitionsDefinition::of(["a", "b"]);
    let of = PartitionsDefinition::product().by("shop", shops).by("date", days()).into();
    let earlier = PartitionMapping::time_window(-1, -1);
    let own = PartitionMapping::dimensions().on("shop", "shop").on_by("date", "date", earlier);
    let selection = "date=2024-01-05..2024-01-08";
    let units = units(vec![group("stock", Some((of, selection)), [(0, Some(own))])], 3);
    insta::assert_snapshot!(driven(&units, 2, &[(0, "2024-01-06|a")]).join("\n"), @r"
    0 date=2024-01-05 || date=2024-01-06; shop=a
    0 date=2024-01-06; shop=a failed
    0 date=2024-01-06..2024-01-07; shop=b
    0 date=2024-01-08; shop=b
    excluded: 0 date=2024-01-07..2024-01-08; shop=a
    ");
}

#[test]
fn ten_thousand_days_in_a_row_are_planned_at_once() {
    let own = PartitionMapping::time_window(-1, -1);
    let of = TimePartitions::daily("1990-01-01").into();
    let units = units(vec![group("balance", Some((of, "1990-01-01..2017-05-18")), [(0, Some(own))])], 1);
    assert_eq!(units.len(), 10_000);
    let mut schedule = Schedule::new(&units, Outcome::none(&units));
    for chunk in 0..5_000 {
        assert_eq!(schedule.next(), Some(unit(0, chunk)));
        assert_eq!(schedule.next(), None, "the next one waits");
        schedule.succeed(unit(0, chunk), &units.partitions(unit(0, chunk)));
    }
    let failed = units.partitions(unit(0, 5_000));
    schedule.fail(unit(0, 5_000), &failed, std::slice::from_ref(&failed));
    assert_eq!(schedule.excluded(0).len(), 4_999);
    assert!(schedule.left(0).is_empty());
}

#[test]
fn a_hundred_thousand_partitions_that_all_need_each_other_s_are_planned_at_once() {
    let hours = || TimePartitions::hourly("2010-01-01").into();
    let every = "2010-01-01-00:00..2021-05-29-15:00";
    let groups = vec![
        group("first", Some((hours(), every)), []),
        group("second", Some((hours(), every)), [(0, Some(PartitionMapping::all()))]),
        group(
            "third",
            Some((hours(), every)),
            [(1, Some(PartitionMapping::time_window(-1, 0).allow_missing()))],
        ),
    ];
    let units = units(groups, 1);
    assert_eq!((units.count(0), units.len()), (100_000, 300_000));
    let mut schedule = Schedule::new(&units, Outcome::none(&units));
    let mut begun = 0;
    while let Some(unit) = schedule.next() {
        schedule.succeed(unit, &units.partitions(unit));
        begun += 1;
    }
    assert_eq!(begun, units.len());
}
