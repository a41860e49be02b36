//! Sets of partitions against sets of numbers.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::{
    ByDimensions, ByKey, ByTime, Partition, PartitionErrorKind, PartitionSet, Partitioning,
    PartitionsDefinition,
};
use super::{days, resolve, sales};

/// Stretches and single numbers, near each other and where bitmaps meet.
fn numbers() -> impl Strategy<Value = BTreeSet<u64>> {
    let starts =
        prop_oneof![0..300_u64, 65_500..65_600_u64, (u64::from(u32::MAX) - 50)..(u64::from(u32::MAX) + 50)];
    let runs = prop::collection::vec((starts, 1..80_u64), 0..8);
    runs.prop_map(|runs| runs.into_iter().flat_map(|(start, len)| start..start + len).collect())
}

fn made(numbers: &BTreeSet<u64>) -> PartitionSet {
    numbers.iter().copied().collect()
}

proptest! {
    #[test]
    fn sets_are_sets(a in numbers(), b in numbers(), probe in 0..400_u64) {
        let (set, other) = (made(&a), made(&b));
        prop_assert_eq!(&set | &other, made(&(&a | &b)));
        prop_assert_eq!(&set & &other, made(&(&a & &b)));
        prop_assert_eq!(&set - &other, made(&(&a - &b)));
        prop_assert_eq!(set.common_len(&other), (&a & &b).len() as u64);
        prop_assert_eq!(set.is_subset(&other), a.is_subset(&b));
        prop_assert_eq!((set.len(), set.is_empty()), (a.len() as u64, a.is_empty()));
        prop_assert_eq!((set.first(), set.last()), (a.first().copied(), a.last().copied()));
        prop_assert_eq!(set.contains(probe), a.contains(&probe));
        prop_assert!(set.iter().eq(a.iter().copied()));

        let runs: Vec<_> = set.runs().collect();
        prop_assert!(runs.iter().cloned().flatten().eq(a.iter().copied()));
        prop_assert!(runs.windows(2).all(|two| two[0].end() + 1 < *two[1].start()), "as long as can be: {:?}", runs);
        let mut again = PartitionSet::new();
        runs.into_iter().for_each(|run| again.insert_run(run));
        prop_assert_eq!(&again, &set);
        prop_assert_eq!(PartitionSet::from_bytes(&set.to_bytes()).unwrap(), set);
    }

    #[test]
    fn bytes_that_were_damaged_are_an_error_or_some_set(
        numbers in numbers(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = made(&numbers).to_bytes();
        // Whatever is cut off is missed.
        let short = PartitionSet::from_bytes(&bytes[..cut.index(bytes.len())]).unwrap_err();
        prop_assert_eq!(short.kind(), PartitionErrorKind::Damaged);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(set) = PartitionSet::from_bytes(&bytes) {
            prop_assert_eq!(set.len(), set.iter().count() as u64);
            prop_assert!(set.iter().is_sorted());
        }
    }
}

#[test]
fn damaged_bytes_say_so() {
    let bytes = PartitionSet::from(0..100).to_bytes();
    insta::assert_snapshot!(PartitionSet::from_bytes(&bytes[..9]).unwrap_err(), @"these 9 bytes are no set of partitions: failed to fill whole buffer");
    insta::assert_snapshot!(PartitionSet::from_bytes(&[&bytes[..], b"more"].concat()).unwrap_err(), @"these 31 bytes are no set of partitions: the last 4 are not part of it");
    assert_eq!(PartitionSet::from_bytes(&PartitionSet::new().to_bytes()).unwrap(), PartitionSet::new());
}

#[test]
fn a_set_of_millions_is_small() {
    let mut failed = PartitionSet::from(3_000_000..3_000_100);
    failed.insert(7_654_321);
    let materialized = &PartitionSet::from(0..10_000_000) - &failed;
    assert_eq!(materialized.len(), 9_999_899);
    assert_eq!(materialized.to_bytes().len(), 2_186);
    assert_eq!(format!("{materialized:?}"), "9999899 {0..=2999999, 3000100..=7654320, 7654322..=9999999}");
    assert!(failed.remove(7_654_321) && !failed.remove(7_654_321));
}

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        days().into()
    }
}

struct Sales;

impl Partitioning for Sales {
    type Kind = ByDimensions;

    fn definition() -> PartitionsDefinition {
        sales().definition().clone()
    }
}

struct Mistaken;

impl Partitioning for Mistaken {
    type Kind = ByKey;

    fn definition() -> PartitionsDefinition {
        Daily::definition()
    }
}

#[test]
fn code_is_given_what_its_partitions_have() {
    let day = Partition::<Daily>::new(&resolve(Daily::definition()), 30).unwrap();
    assert_eq!(day.key().as_str(), "2024-01-31");
    assert_eq!(day.window().end.to_string(), "2024-02-01T00:00:00+00:00[UTC]");
    let space = resolve(Sales::definition());
    let sale = Partition::<Sales>::new(&space, space.index_of("2024-01-31|us").unwrap()).unwrap();
    assert_eq!((sale.value("region"), sale.value("regoin")), (Some("us"), None));
    assert_eq!(sale.window_in("date").unwrap(), day.window());
    assert!(sale.window_in("region").is_none());
    assert_eq!(format!("{sale:?}"), r#"Partition(PartitionKey("2024-01-31|us"))"#);
    assert!(Partition::<Daily>::new(&resolve(Daily::definition()), u64::MAX).is_err());
    insta::assert_snapshot!(Partition::<Mistaken>::new(&resolve(Mistaken::definition()), 0).unwrap_err(), @r"
    the partitions of `orch_core::partition::tests::sets::Mistaken` are of another kind than it says
      hint: they are by time: `type Kind = ByTime;`
    ");
}
