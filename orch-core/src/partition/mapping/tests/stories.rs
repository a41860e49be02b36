//! What each mapping means, by examples.

use super::super::super::{
    KeySet, KeySets, Link, PartitionMapping, PartitionSet, PartitionsDefinition, TimePartitions,
};
use super::{days, link, needed_by, needs, now, one, regions, resolve, sales, weeks};

#[test]
fn the_same_definition_maps_each_to_itself() {
    for definition in [days().into(), regions(), sales()] {
        let space = resolve(definition);
        let set: PartitionSet = space.all(now()).iter().step_by(2).collect();
        let link = link(None, &space, &space);
        assert_eq!(link.upstream_of(&set, now()).require().unwrap(), set);
        assert_eq!(link.downstream_of(&set, now()), set);
    }
}

#[test]
fn windows_need_those_that_overlap_them() {
    let (days, weeks) = (resolve(days()), resolve(weeks()));
    assert_eq!(needs(None, &days, &weeks, "2024-01-07"), "2024-01-07..2024-01-13");
    assert_eq!(
        needs(None, &days, &weeks, "2024-01-07, 2024-01-21"),
        "2024-01-07..2024-01-13, 2024-01-21..2024-01-27"
    );
    assert_eq!(needed_by(None, &days, &weeks, "2024-01-10..2024-01-20"), "2024-01-07..2024-01-14");
    assert_eq!(needs(None, &weeks, &days, "2024-01-10"), "2024-01-07");
    // Neither is within the other: a month begins within a week.
    let months = resolve(TimePartitions::monthly("2024-01-01"));
    assert_eq!(needs(None, &weeks, &months, "2024-02-01"), "2024-01-28..2024-02-18 missing 2024-02-25");
    let hours = resolve(TimePartitions::hourly("2024-01-01"));
    assert_eq!(needs(None, &hours, &days, "2024-01-31"), "2024-01-31-00:00..2024-01-31-23:00");
}

#[test]
fn offsets_are_counted_in_downstream_windows() {
    let days = resolve(days());
    let needs = |start, end, key| needs(Some(PartitionMapping::time_window(start, end)), &days, &days, key);
    assert_eq!(needs(-1, -1, "2024-01-05"), "2024-01-04");
    assert_eq!(needs(-6, 0, "2024-01-20"), "2024-01-14..2024-01-20");
    // What is needed and is not there is named, before the first and behind the last.
    assert_eq!(needs(-2, 0, "2024-01-01"), "2024-01-01 missing 2023-12-30..2023-12-31");
    assert_eq!(needs(0, 1, "2024-02-28..2024-02-29"), "2024-02-28..2024-02-29 missing 2024-03-01");
    let yesterday = || Some(PartitionMapping::time_window(-1, -1));
    assert_eq!(needed_by(yesterday(), &days, &days, "2024-01-04"), "2024-01-05");
    assert_eq!(needed_by(yesterday(), &days, &days, "latest"), "", "that does not exist yet");
}

#[test]
fn what_is_needed_and_does_not_exist_is_an_error_unless_it_is_allowed() {
    let (days, weeks) = (resolve(TimePartitions::daily("2024-01-10")), resolve(weeks()));
    let week = weeks.select("2024-01-07", now()).unwrap();
    let mapped = link(None, &days, &weeks).upstream_of(&week, now());
    insta::assert_snapshot!(mapped.require().unwrap_err(), @"
    upstream partitions are needed that do not exist: 2024-01-07..2024-01-09
      hint: begin later or wait for them, or let the mapping `allow_missing()`
    ");
    let allowed = link(Some(PartitionMapping::time_window(0, 0).allow_missing()), &days, &weeks);
    let keys = allowed.upstream_of(&week, now()).require().unwrap();
    assert_eq!(days.show(&keys), "2024-01-10..2024-01-13");
}

#[test]
fn an_asset_without_partitions_belongs_to_all() {
    let days = resolve(days());
    let (whole, some) = (PartitionSet::from(0..1), PartitionSet::from(3..5));
    let down = Link::new(None, Some(&days), None).unwrap();
    assert_eq!(down.upstream_of(&whole, now()).require().unwrap(), days.all(now()));
    assert_eq!(down.downstream_of(&some, now()), whole);
    let up = Link::new(None, None, Some(&days)).unwrap();
    assert_eq!(up.upstream_of(&some, now()).require().unwrap(), whole);
    assert_eq!(up.downstream_of(&whole, now()), days.all(now()));
    let last = Link::new(Some(&PartitionMapping::last()), Some(&days), None).unwrap();
    assert_eq!(days.show(&last.upstream_of(&whole, now()).keys), "2024-02-29");
    assert!(last.downstream_of(&some, now()).is_empty());
}

#[test]
fn all_and_last_and_specific_are_what_they_say() {
    let (days, regions) = (resolve(days()), resolve(regions()));
    let all = || Some(PartitionMapping::all());
    assert_eq!(needs(all(), &days, &regions, "eu"), "2024-01-01..2024-02-29");
    assert_eq!(needed_by(all(), &days, &regions, "latest"), "eu, us, asia");
    let last = || Some(PartitionMapping::last());
    assert_eq!(needs(last(), &days, &regions, "eu"), "2024-02-29");
    assert_eq!(needed_by(last(), &days, &regions, "2024-02-28"), "");
    let some = || Some(PartitionMapping::specific(["2024-02-28", "2024-03-01"]));
    assert_eq!(needs(some(), &days, &regions, "eu"), "2024-02-28 missing 2024-03-01");
    assert_eq!(needed_by(some(), &days, &regions, "2024-02-28..2024-02-29"), "eu, us, asia");
    let later = resolve(TimePartitions::daily("2025-01-01"));
    assert_eq!(needs(last(), &later, &regions, "eu"), " missing latest");
}

#[test]
fn names_map_by_pairs_or_by_their_keys() {
    let regions = resolve(regions());
    let countries = resolve(PartitionsDefinition::of(["de", "fr", "us", "jp"]));
    let pairs = || {
        Some(PartitionMapping::pairs([
            ("de", "eu"),
            ("fr", "eu"),
            ("us", "us"),
            ("jp", "asia"),
            ("us", "asia"),
        ]))
    };
    assert_eq!(needs(pairs(), &countries, &regions, "eu"), "de, fr");
    assert_eq!(needs(pairs(), &countries, &regions, "asia"), "us, jp");
    assert_eq!(needed_by(pairs(), &countries, &regions, "us"), "us, asia");
    assert_eq!(needs(None, &countries, &regions, "us, eu"), "us missing eu");
    assert_eq!(needed_by(None, &countries, &regions, "*"), "us");
}

#[test]
fn one_dimension_is_shared_by_several() {
    let (days, sales) = (resolve(days()), resolve(sales()));
    assert_eq!(needs(None, &days, &sales, "2024-01-05|eu, 2024-01-07|us"), "2024-01-05, 2024-01-07");
    assert_eq!(needed_by(None, &days, &sales, "2024-01-05"), "date=2024-01-05");
    assert_eq!(needs(None, &sales, &days, "2024-01-05..2024-01-07"), "date=2024-01-05..2024-01-07");
    assert_eq!(needed_by(None, &sales, &days, "2024-01-05|eu"), "2024-01-05");
    let weeks = resolve(weeks());
    let by_date = || Some(PartitionMapping::dimension("date"));
    assert_eq!(needs(by_date(), &sales, &weeks, "2024-01-07"), "date=2024-01-07..2024-01-13");
    assert_eq!(needed_by(by_date(), &weeks, &sales, "2024-02-18"), "date=2024-02-18..2024-02-24");
}

#[test]
fn several_dimensions_map_one_by_one() {
    let sales = resolve(sales());
    let weekly = resolve(
        PartitionsDefinition::product()
            .by("customer", PartitionsDefinition::dynamic("customers"))
            .by("week", weeks())
            .by("zone", regions()),
    );
    let mapping = || {
        let yesterday = PartitionMapping::time_window(-1, -1);
        Some(PartitionMapping::dimensions().on_by("week", "date", yesterday).on("zone", "region"))
    };
    assert_eq!(
        needs(
            mapping(),
            &sales,
            &weekly,
            "week=2024-01-14; zone=eu; customer=acme || week=2024-01-21; zone=us"
        ),
        "date=2024-01-07..2024-01-13; region=eu || date=2024-01-14..2024-01-20; region=us"
    );
    assert_eq!(
        needed_by(mapping(), &sales, &weekly, "2024-01-10|eu"),
        "customer=acme, bolt, cogs; week=2024-01-14; zone=eu"
    );
    assert_eq!(
        needs(mapping(), &sales, &weekly, "week=2024-01-07; zone=us; customer=acme"),
        "date=2024-01-01..2024-01-06; region=us missing date=2023-12-31"
    );
}

#[test]
fn a_million_windows_are_one_stretch() {
    let minutes = resolve(TimePartitions::cron("* * * * *", "2020-01-01").in_zone("Europe/Berlin"));
    let days = resolve(TimePartitions::daily("2020-01-01").in_zone("Europe/Berlin"));
    let link = link(None, &minutes, &days);
    let needed =
        link.upstream_of(&days.select("2020-01-01..2023-12-31", now()).unwrap(), now()).require().unwrap();
    assert_eq!(needed, PartitionSet::from(0..1461 * 24 * 60));
    assert_eq!(link.downstream_of(&needed, now()).len(), 1461);
    assert_eq!(link.downstream_of(&one(1_000_000), now()).len(), 1);
}

#[test]
fn a_mapping_is_data_that_can_be_kept() {
    let mapping = PartitionMapping::dimensions()
        .on_by("week", "date", PartitionMapping::time_window(-1, 0))
        .on("zone", "region")
        .allow_missing();
    let text = serde_json::to_string(&mapping).unwrap();
    insta::assert_snapshot!(text, @r#"{"rule":{"dimensions":{"week":{"upstream":"date","rule":{"time_window":{"start_offset":-1,"end_offset":0}}},"zone":{"upstream":"region"}}},"allow_missing":true}"#);
    assert_eq!(serde_json::from_str::<PartitionMapping>(&text).unwrap(), mapping);
}

#[test]
fn ten_thousand_keys_that_come_and_go_are_mapped_one_by_one_at_once() {
    let mut keys = KeySet::new();
    let names: Vec<String> = (0..10_000).map(|number| format!("customer_{number}")).collect();
    names.iter().for_each(|name| _ = keys.add(name).unwrap());
    names.iter().skip(9_990).for_each(|name| _ = keys.remove(name));
    let sets = KeySets::new().with("customers", keys);
    let customers = PartitionsDefinition::dynamic("customers");
    let products = PartitionsDefinition::product().by("customer", customers.clone()).by("date", days());
    let [customers, products] = [customers, products.into()].map(|of| of.resolve(&sets).unwrap());
    let by_name = resolve(PartitionsDefinition::of(names));
    for (mapping, up, down, missing, none) in [
        (None, &customers, &customers, 10, 10),
        (Some(PartitionMapping::identity()), &customers, &by_name, 10, 0),
        (Some(PartitionMapping::identity()), &by_name, &customers, 0, 10),
    ] {
        let link = link(mapping, up, down);
        let mapped = (0..10_000).map(|index| link.upstream_of(&one(index), now()));
        assert_eq!(mapped.filter(|mapped| !mapped.missing.is_empty()).count(), missing);
        let needing = (0..10_000).map(|index| link.downstream_of(&one(index), now()));
        assert_eq!(needing.filter(PartitionSet::is_empty).count(), none);
    }
    let (same, all) = (link(None, &products, &products), products.all(now()));
    let some: PartitionSet = all.iter().step_by(59).collect();
    let each = some.iter().map(|index| same.upstream_of(&one(index), now()).keys);
    assert_eq!(each.map(|keys| keys.len()).sum::<u64>(), some.len());
}
