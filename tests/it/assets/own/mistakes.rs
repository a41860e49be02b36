//! Assets that take something of their own which they cannot take.

use super::*;

mod far {
    use self::remote as itself;
    use super::*;

    /// It names itself by another name.
    #[asset(partitions = Daily)]
    pub(super) fn remote(
        #[from(itself)]
        #[mapped(PartitionMapping::time_window(-1, -1))]
        before: &Partitions<i64>,
    ) -> i64 {
        before.values().sum()
    }
}

/// Two that take each other's days before.
#[asset(partitions = Daily)]
fn even(#[mapped(PartitionMapping::time_window(-1, -1))] odd: &Partitions<i64>) -> i64 {
    odd.values().sum()
}

#[asset(partitions = Daily)]
fn odd(#[mapped(PartitionMapping::time_window(-1, -1))] even: &Partitions<i64>) -> i64 {
    even.values().sum()
}

#[asset(partitions = Daily)]
fn late(#[mapped(PartitionMapping::time_window(-1, 0))] late: &Partitions<i64>) -> i64 {
    late.values().sum()
}

/// What is wrong with these assets.
fn refused(assets: &Definitions) -> String {
    let job = assets.materialize(&"*".parse().expect("a selection"));
    job.try_plan().expect_err("it cannot be").to_string()
}

#[test]
fn what_cannot_be_made_of_its_own_is_told() {
    insta::assert_snapshot!(refused(&Definitions::new().assets(assets![late])), @r"
    the job `materialize` cannot be planned
    error: `late` takes partitions of its own that do not all come before
      --> tests/it/assets/own/mistakes.rs:32 (takes them)
      hint: take windows that end before its own: `PartitionMapping::time_window(-1, -1)`
    ");
    insta::assert_snapshot!(refused(&Definitions::new().assets(assets![far::remote])), @r"
    the job `materialize` cannot be planned
    error: assets are made of each other in a circle: `remote` is made of `remote`
      --> tests/it/assets/own/mistakes.rs:11 (in the circle)
      hint: only earlier partitions of its own can an asset take: `#[from(remote)] #[mapped(PartitionMapping::time_window(-1, -1))]`
    ");
    insta::assert_snapshot!(refused(&Definitions::new().assets(assets![even, odd])), @r"
    the job `materialize` cannot be planned
    error: assets are made of each other in a circle: `even` is made of `odd` is made of `even`
      --> tests/it/assets/own/mistakes.rs:22 (in the circle)
      --> tests/it/assets/own/mistakes.rs:27 (in the circle)
      hint: take one of the parameters away: an asset can take earlier partitions of its own, and not of what is made of it
    ");
}
