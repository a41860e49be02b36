//! Mappings that do not fit the definitions, each with what is told of it.

use super::super::super::{Keyspace, Link, PartitionMapping, TimePartitions};
use super::{days, regions, resolve, sales, weeks};

fn refused(mapping: Option<PartitionMapping>, up: &Keyspace, down: &Keyspace) -> String {
    let link = |mapping: Option<&_>| Link::new(mapping, Some(up), Some(down)).unwrap_err().to_string();
    mapping.map_or_else(|| link(None), |mapping| link(Some(&mapping)))
}

#[test]
fn times_of_two_zones_do_not_map() {
    let berlin = resolve(TimePartitions::hourly("2024-01-01").in_zone("Europe/Berlin"));
    insta::assert_snapshot!(refused(None, &berlin, &resolve(days())), @"
    windows by the clock of `Europe/Berlin` do not map to those of `UTC`
      hint: give both definitions one time zone
    ");
}

#[test]
fn offsets_are_those_of_a_window() {
    let (days, weeks) = (resolve(days()), resolve(weeks()));
    let offsets = |start, end| refused(Some(PartitionMapping::time_window(start, end)), &days, &weeks);
    insta::assert_snapshot!(offsets(1, 0), @"a window from offset 1 to offset 0 ends before it begins");
    insta::assert_snapshot!(offsets(-2000, 0), @"offsets from -2000 to 0 reach further than 30 years");
    // What someone writes who means all of them.
    assert!(offsets(i64::MIN, i64::MAX).ends_with("reach further than 30 years"));
    insta::assert_snapshot!(refused(Some(PartitionMapping::time_window(0, 0)), &days, &resolve(regions())), @"
    a mapping of time windows is between partitions by time
      hint: of several dimensions map one: `PartitionMapping::dimensions().on_by(..)`
    ");
}

#[test]
fn keys_of_a_mapping_are_those_of_its_definitions() {
    let (days, regions) = (resolve(days()), resolve(regions()));
    insta::assert_snapshot!(refused(Some(PartitionMapping::specific(["eurpe"])), &regions, &days), @"
    the mapping: `eurpe` is no key of these partitions
      hint: did you mean `eu`?
    ");
    insta::assert_snapshot!(refused(Some(PartitionMapping::pairs([("eu", "2024-01-32")])), &regions, &days), @"
    the mapping: `2024-01-32` is no key of these partitions by time
      hint: keys are the starts of windows, such as `2024-01-01`, the first
    ");
}

#[test]
fn dimensions_of_a_mapping_are_those_of_its_definitions() {
    let (days, weeks, sales) = (resolve(days()), resolve(weeks()), resolve(sales()));
    let dimension = |name| Some(PartitionMapping::dimension(name));
    insta::assert_snapshot!(refused(None, &weeks, &sales), @r#"
    which dimension is shared does not follow from the definitions
      hint: say which: `PartitionMapping::dimension("date")`
    "#);
    insta::assert_snapshot!(refused(dimension("dat"), &days, &sales), @"
    the downstream partitions have no dimension `dat`
      hint: the dimensions are date, region
    ");
    insta::assert_snapshot!(refused(dimension("date"), &sales, &sales), @"
    the dimension `date` is to map between one dimension and several, and these are not
      hint: between several and several map each: `PartitionMapping::dimensions().on(..)`
    ");
    let dimensions = PartitionMapping::dimensions;
    insta::assert_snapshot!(refused(Some(dimensions().on("date", "date")), &days, &sales), @"
    the upstream partitions have no dimension `date`
      hint: they have but one, without a name
    ");
    insta::assert_snapshot!(refused(Some(dimensions().on("date", "date").on("region", "date")), &sales, &sales), @"two dimensions are mapped from the upstream dimension `date`");
    insta::assert_snapshot!(refused(Some(dimensions().on_by("date", "date", dimensions())), &sales, &sales), @"dimension `date`: a dimension has no dimensions itself to map by");
    insta::assert_snapshot!(refused(Some(PartitionMapping::time_window(0, 0)), &days, &sales), @r#"
    this mapping is between definitions of one dimension
      hint: of several map each: `PartitionMapping::dimensions().on_by("date", "date", ..)`
    "#);
}

#[test]
fn nothing_maps_by_keys_where_there_are_none() {
    let days = resolve(days());
    let pairs = PartitionMapping::pairs([("a", "b")]);
    insta::assert_snapshot!(Link::new(Some(&pairs), Some(&days), None).unwrap_err(), @"
    the downstream asset is not partitioned, so that there is nothing to map
      hint: without a mapping all partitions belong together
    ");
    let specific = PartitionMapping::specific(["a"]);
    insta::assert_snapshot!(Link::new(Some(&specific), None, Some(&days)).unwrap_err(), @"
    the upstream asset is not partitioned, so that there is nothing to map
      hint: without a mapping all partitions belong together
    ");
}
