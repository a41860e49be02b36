//! Backfills of a part of what is asked for.

use orch::partition::PartitionSet;
use orch::run::ToMake;

use super::*;

#[asset(partitions = Daily)]
fn read() -> i64 {
    1
}

#[asset(partitions = Daily)]
fn cleaned(read: i64) -> i64 {
    read
}

/// What it takes directly, it takes in a round about way too.
#[asset(partitions = Daily)]
fn compared(read: i64, cleaned: i64) -> bool {
    read == cleaned
}

/// These partitions of the three.
fn part(partitions: [&[u64]; 3]) -> ToMake {
    let mut made = ToMake::default();
    made.assets = (0..3).filter(|&number: &usize| !partitions[number].is_empty()).collect();
    let set = |number: &usize| (*number, PartitionSet::from_iter(partitions[*number].iter().copied()));
    made.partitions = made.assets.iter().map(set).collect();
    made
}

fn launched(made: ToMake) -> String {
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let definitions = Definitions::new().assets(assets![read, cleaned, compared]);
    let whole = definitions.materialize(&"*".parse().expect("a selection"));
    // What is not made is there.
    let before = definitions.runner(&whole).partition("2024-01-01..2024-01-03").record(&storage);
    before.run_blocking().expect("it succeeds");
    let asked = definitions.runner(&whole).partition("2024-01-01..2024-01-03");
    driven(definitions.backfill(asked).only(made).launch(&storage).expect("it is launched"))
}

#[test]
fn of_each_asset_its_own_partitions_are_made() {
    insta::assert_snapshot!(launched(part([&[0, 1], &[0, 1], &[1, 2]])), @r"
    begun compared 2024-01-03
    begun read cleaned 2024-01-01
    begun read cleaned 2024-01-02
    begun compared 2024-01-02
    backfill ID: success
    asset     asked for  done
    read      2          2
    cleaned   2          2
    compared  2          2
    ");
}

#[test]
fn what_others_wait_for_is_apart_from_what_waits_for_them() {
    insta::assert_snapshot!(launched(part([&[0, 1], &[1], &[0, 1]])), @r"
    begun read 2024-01-01
    begun compared 2024-01-01
    begun read 2024-01-02
    begun cleaned 2024-01-02
    begun compared 2024-01-02
    backfill ID: success
    asset     asked for  done
    read      2          2
    cleaned   1          1
    compared  2          2
    ");
}
