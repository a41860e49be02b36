//! Graphs that make an asset, as is told of them where a run passes them over.

use orch::prelude::*;
use orch_core::run::Runner;

use super::stale::without_program;
use super::{Shop, all};

#[asset(code_version = "1")]
fn sales() -> Vec<i64> {
    vec![1, 2, 3]
}

mod other {
    use super::*;

    /// The same sales in another order.
    #[asset(code_version = "2")]
    pub(super) fn sales() -> Vec<i64> {
        vec![3, 2, 1]
    }
}

#[asset(code_version = "1")]
fn sorted(mut sales: Vec<i64>) -> Vec<i64> {
    sales.sort_unstable();
    sales
}

#[op]
fn each(sorted: Vec<i64>) -> Dynamic<i64> {
    Dynamic::from_values(sorted)
}

#[op]
fn with_tax(sale: i64) -> i64 {
    sale * 2
}

#[op]
fn sum(all: &[i64]) -> i64 {
    all.iter().sum()
}

#[graph_asset(code_version = "1")]
fn revenue(sorted: Out<Vec<i64>>) -> Out<i64> {
    sum(each(sorted).map(with_tax).collect())
}

fn program() -> Definitions {
    Definitions::new().assets(assets![other::sales, sorted, revenue])
}

#[test]
fn all_steps_of_a_graph_are_told_to_be_passed_over() {
    let mut kept = Shop::empty();
    kept.put(1, &Definitions::new().assets(assets![sales, sorted, revenue]), &all());
    kept.put_with(2, &program(), &all(), Runner::memoize);
    insta::assert_snapshot!(kept.session(program(), "logs latest --events"), @"
    exit 0
    --- stdout
       0.000  RUN_START materialize
       0.100  STEP_START sales
       0.200  STEP_OUTPUT sales result
       0.300  ASSET_MATERIALIZATION sales sales
       0.400  STEP_SUCCESS sales (took 300ms)
       0.500  STEP_START sorted
       0.600  STEP_OUTPUT sorted result
       0.700  ASSET_MATERIALIZATION sorted sorted
       0.800  STEP_SUCCESS sorted (took 300ms)
       0.900  STEP_MEMOIZED revenue.each: made of the same as by the run 019a5f3c-0001-7000-8000-000000000001
       1.000  STEP_MEMOIZED revenue.sum: made of the same as by the run 019a5f3c-0001-7000-8000-000000000001
       1.100  RUN_SUCCESS (took 1.1s)
    ");
    insta::assert_snapshot!(without_program(&kept.session(program(), "show latest --steps --gantt")), @"
    exit 0
    --- stdout
    run          019a5f3c-0002-7000-8000-000000000002
    job          materialize
    status       success
    begun        2026-11-20 11:00:00Z, 3h ago
    took         1.1s
    ────────────
         Success [    1.1s] materialize: 4 steps: 2 succeeded, 2 memoized

    op                steps        attempts  time   longest
    sales             1 succeeded  1         300ms  300ms
    sorted            1 succeeded  1         300ms  300ms
    revenue.each      1 memoized
    revenue.with_tax  not begun
    revenue.sum       1 memoized

       Succeeded [   300ms] sales
       Succeeded [   300ms] sorted
        Memoized [        ] revenue.each: made of the same as by the run 019a5f3c-0001-7000-8000-000000000001
        Memoized [        ] revenue.sum: made of the same as by the run 019a5f3c-0001-7000-8000-000000000001
                 ╷0.0s         ╷0.2s         ╷0.4s         ╷0.6s         ╷0.8s         ╷1.0s
    sales               █████████████████████                                                     300ms
    sorted                                          ██████████████████████                        300ms
    revenue.each                                                                ≡               memoized
    revenue.sum                                                                        ≡        memoized
    ░ queued  █ running  ━ open  ▒ failed attempt  ╌ waiting for retry  ✗ failed  · skipped  ≡ memoized
    ");
    insta::assert_snapshot!(kept.session(program(), "why latest revenue.sum"), @"
    exit 0
    --- stdout
    revenue.sum was memoized: all that it is made of is what it was made of by the run 019a5f3c-0001-7000-8000-000000000001
    ");
    insta::assert_snapshot!(kept.session(program(), "why latest revenue.each"), @"
    exit 0
    --- stdout
    revenue.each was memoized with all that makes `revenue`: all that it is made of is what it was made of by the run 019a5f3c-0001-7000-8000-000000000001
    ");
    insta::assert_snapshot!(kept.session(program(), "why latest revenue.with_tax[0]"), @"
    exit 0
    --- stdout
    revenue.with_tax[0] has not run: revenue.each was memoized, and put out no items
    ");
    insta::assert_snapshot!(kept.session(program(), "why latest revenue.with_tax"), @"
    exit 0
    --- stdout
    revenue.with_tax has not run: revenue.each was memoized, and put out no items
    ");
    insta::assert_snapshot!(kept.session(program(), "why revenue"), @"
    exit 0
    --- stdout
    revenue is fresh: the run 019a5f3c-0001 made it 3h ago
    ");
    insta::assert_snapshot!(kept.session(program(), "assets list"), @"
    exit 0
    --- stdout
    asset    materialized  run            times  state
    revenue  3h ago        019a5f3c-0001  1      fresh
    sales    2h ago        019a5f3c-0002  2      fresh
    sorted   2h ago        019a5f3c-0002  2      fresh
    ");
    insta::assert_snapshot!(kept.session(program(), "runs"), @"
    exit 0
    --- stdout
    run            job          status   when    took  steps
    019a5f3c-0002  materialize  success  3h ago  1.1s  2 ok, 2 memoized
    019a5f3c-0001  materialize  success  4h ago  2.8s  7 ok
    ");
}
