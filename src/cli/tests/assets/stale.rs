//! What is stale, why, and what is made of it.

use orch_core::run::Runner;

use super::{Shop, all, shop};

/// A chain of three, as it was at first.
pub(super) mod first {
    use orch::prelude::*;

    #[asset(code_version = "1")]
    pub(super) fn sales() -> Vec<i64> {
        vec![1, 2, 3]
    }

    #[asset(code_version = "1")]
    pub(super) fn revenue(sales: &[i64]) -> i64 {
        sales.iter().sum()
    }

    #[asset(code_version = "1", env = ["CURRENCY"])]
    pub(super) fn report(revenue: i64) -> String {
        format!("{revenue} {}", std::env::var("CURRENCY").unwrap_or_default())
    }

    pub(in super::super) fn program() -> Definitions {
        Definitions::new().assets(assets![sales, revenue, report])
    }
}

/// The same, in which sales come otherwise.
pub(super) mod second {
    use orch::prelude::*;

    #[asset(code_version = "2")]
    pub(super) fn sales() -> Vec<i64> {
        vec![3, 2, 1]
    }

    #[asset(code_version = "1")]
    pub(super) fn revenue(sales: &[i64]) -> i64 {
        sales.iter().sum()
    }

    #[asset(code_version = "1", env = ["CURRENCY"])]
    pub(super) fn report(revenue: i64) -> String {
        revenue.to_string()
    }

    pub(in super::super) fn program() -> Definitions {
        Definitions::new().assets(assets![sales, revenue, report])
    }
}

/// What was said but for what differs each time.
pub(super) fn steady(told: &str) -> String {
    let differs = |line: &str| line.starts_with("run ") || line.starts_with('─');
    let told = told.lines().filter(|line| !differs(line)).map(|line| match line.find('[') {
        Some(at) if line.contains("Success") => {
            format!("{}{}", &line[..at], &line[line.find(']').unwrap_or(at) + 2..])
        }
        _ => line.to_owned(),
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Without the line that says which program it was, which differs each time.
pub(super) fn without_program(told: &str) -> String {
    told.lines().filter(|line| !line.starts_with("program ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_has_changed_is_found_from_the_code_to_the_last_that_depends_on_it() {
    let mut kept = Shop::empty();
    insta::assert_snapshot!(kept.session(first::program(), "assets list"), @r"
    exit 0
    --- stdout
    asset    materialized  state
    report   never         missing
    revenue  never         missing
    sales    never         missing
    ");
    insta::assert_snapshot!(kept.session(first::program(), "materialize --missing --dry-run"), @r"
    exit 0
    --- stdout
    to make  since
    sales    it was never materialized
    revenue  it was never materialized
    report   it was never materialized
    ");
    insta::assert_snapshot!(kept.session(first::program(), "materialize report --missing --dry-run --json"), @r#"
    exit 2
    --- stdout
    {
      "assets": [
        {
          "asset": "report",
          "partitions": null,
          "state": "missing",
          "reason": "it was never materialized"
        }
      ]
    }
    --- stderr
    error: the job `materialize` cannot be planned
    error: `report` takes the asset `revenue`, which was never materialized
      --> src/cli/tests/assets/stale.rs:_ (the step)
      hint: materialize it before, `materialize revenue`, or with all that is needed: `materialize '+report'`
    "#);
    // What the run would be refused for is told too.
    insta::assert_snapshot!(kept.session(first::program(), "materialize revenue --dry-run"), @r"
    exit 2
    --- stdout
    to make  since
    revenue  it was never materialized
    --- stderr
    error: the job `materialize` cannot be planned
    error: `revenue` takes the asset `sales`, which was never materialized
      --> src/cli/tests/assets/stale.rs:_ (the step)
      hint: materialize it before, `materialize sales`, or with all that is needed: `materialize '+revenue'`
    ");
    kept.put(1, &first::program(), &all());
    insta::assert_snapshot!(kept.session(first::program(), "assets list"), @r"
    exit 0
    --- stdout
    asset    materialized  run       times  state
    report   3h ago        019a5f3c  1      fresh
    revenue  3h ago        019a5f3c  1      fresh
    sales    3h ago        019a5f3c  1      fresh
    ");
    insta::assert_snapshot!(kept.session(first::program(), "materialize --stale"), @r"
    exit 0
    --- stderr
    all is as it would be made: there is nothing to make
    ");
    insta::assert_snapshot!(kept.session(first::program(), "materialize --stale report"), @r"
    exit 0
    --- stderr
    all is as it would be made: there is nothing to make
    ");
    insta::assert_snapshot!(kept.session(first::program(), "materialize --missing"), @r"
    exit 0
    --- stderr
    nothing is missing: there is nothing to make
    ");
    insta::assert_snapshot!(kept.session(second::program(), "assets list"), @r"
    exit 0
    --- stdout
    asset    materialized  run       times  state
    report   3h ago        019a5f3c  1      stale
    revenue  3h ago        019a5f3c  1      stale
    sales    3h ago        019a5f3c  1      stale
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why report"), @r"
    exit 0
    --- stdout
    report is stale: the run 019a5f3c made it 3h ago
      it is made of `revenue`, which is to be made
        it is made of `sales`, which is to be made
          its code version has changed: 1 → 2
    ");
    insta::assert_snapshot!(kept.session(second::program(), "materialize --stale --dry-run"), @r"
    exit 0
    --- stdout
    to make  since
    sales    its code version has changed: 1 → 2
    revenue  it is made of `sales`, which is to be made
    report   it is made of `revenue`, which is to be made
    ");
    // What is not selected stays as it is, and what is made of it with it.
    insta::assert_snapshot!(kept.session(second::program(), "materialize --stale report"), @r"
    exit 0
    --- stderr
    nothing that was asked for would come out otherwise as long as what `report` is made of is as it is; with that: `program materialize --stale +report`
    ");
    // The sum of the sales is the same.
    let told = kept.session(second::program(), "materialize --stale --progress none");
    insta::assert_snapshot!(steady(&told), @r"
    exit 0
    --- stderr
    to make  since
    sales    its code version has changed: 1 → 2
    revenue  it is made of `sales`, which is to be made
    report   it is made of `revenue`, which is to be made
         Success materialize: 3 steps: 2 succeeded, 1 memoized
    Materialized sales
    Materialized revenue
    ");
    insta::assert_snapshot!(kept.session(second::program(), "materialize --stale --dry-run"), @r"
    exit 0
    --- stderr
    all is as it would be made: there is nothing to make
    ");
}

#[test]
fn an_asset_that_was_made_of_what_is_there_no_more_says_why_that_was_made_anew() {
    let mut kept = Shop::empty();
    kept.put(1, &first::program(), &all());
    kept.put(2, &second::program(), &"sales".parse().expect("a selection"));
    insta::assert_snapshot!(kept.session(second::program(), "why revenue"), @r"
    exit 0
    --- stdout
    revenue is stale: the run 019a5f3c-0001 made it 3h ago
      the data of `sales` has changed: 136c049a → 18be46b8
        `sales` was made anew by the run 019a5f3c-0002 2h ago: its code version has changed: 1 → 2
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why report"), @r"
    exit 0
    --- stdout
    report is stale: the run 019a5f3c-0001 made it 3h ago
      it is made of `revenue`, which is to be made
        the data of `sales` has changed: 136c049a → 18be46b8
          `sales` was made anew by the run 019a5f3c-0002 2h ago: its code version has changed: 1 → 2
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why sales"), @r"
    exit 0
    --- stdout
    sales is fresh: the run 019a5f3c-0002 made it 2h ago
    ");
}

#[test]
fn what_a_run_passed_over_is_told_apart_from_what_it_made() {
    let mut kept = Shop::empty();
    kept.put(1, &first::program(), &all());
    kept.put_with(2, &second::program(), &all(), Runner::memoize);
    insta::assert_snapshot!(kept.session(second::program(), "logs latest --events"), @r"
    exit 0
    --- stdout
       0.000  RUN_START materialize
       0.100  STEP_START sales
       0.200  STEP_OUTPUT sales result
       0.300  ASSET_MATERIALIZATION sales sales
       0.400  STEP_SUCCESS sales (took 300ms)
       0.500  STEP_START revenue
       0.600  STEP_OUTPUT revenue result
       0.700  ASSET_MATERIALIZATION revenue revenue
       0.800  STEP_SUCCESS revenue (took 300ms)
       0.900  STEP_MEMOIZED report: made of the same as by the run 019a5f3c-0001-7000-8000-000000000001
       1.000  RUN_SUCCESS (took 1.0s)
    ");
    insta::assert_snapshot!(without_program(&kept.session(second::program(), "show latest --steps")), @r"
    exit 0
    --- stdout
    run          019a5f3c-0002-7000-8000-000000000002
    job          materialize
    status       success
    begun        2026-11-20 11:00:00Z, 3h ago
    took         1.0s
    ────────────
         Success [    1.0s] materialize: 3 steps: 2 succeeded, 1 memoized

    op       steps        attempts  time   longest
    sales    1 succeeded  1         300ms  300ms
    revenue  1 succeeded  1         300ms  300ms
    report   1 memoized

       Succeeded [   300ms] sales
       Succeeded [   300ms] revenue
        Memoized [        ] report: made of the same as by the run 019a5f3c-0001-7000-8000-000000000001
    ");
    insta::assert_snapshot!(without_program(&kept.session(second::program(), "show latest --gantt")), @r"
    exit 0
    --- stdout
    run          019a5f3c-0002-7000-8000-000000000002
    job          materialize
    status       success
    begun        2026-11-20 11:00:00Z, 3h ago
    took         1.0s
    ────────────
         Success [    1.0s] materialize: 3 steps: 2 succeeded, 1 memoized

    op       steps        attempts  time   longest
    sales    1 succeeded  1         300ms  300ms
    revenue  1 succeeded  1         300ms  300ms
    report   1 memoized
            ╷0.0s           ╷0.2s            ╷0.4s           ╷0.6s            ╷0.8s
    sales           █████████████████████████                                                     300ms
    revenue                                          █████████████████████████                    300ms
    report                                                                            ≡         memoized
    ░ queued  █ running  ━ open  ▒ failed attempt  ╌ waiting for retry  ✗ failed  · skipped  ≡ memoized
    ");
    insta::assert_snapshot!(kept.session(second::program(), "why latest report"), @r"
    exit 0
    --- stdout
    report was memoized: all that it is made of is what it was made of by the run 019a5f3c-0001-7000-8000-000000000001
    ");
    insta::assert_snapshot!(kept.session(second::program(), "runs"), @r"
    exit 0
    --- stdout
    run            job          status   when    took  steps
    019a5f3c-0002  materialize  success  3h ago  1.0s  2 ok, 1 memoized
    019a5f3c-0001  materialize  success  4h ago  1.3s  3 ok
    ");
}

#[test]
fn what_may_name_a_run_is_taken_for_one() {
    use orch::prelude::*;

    let mut kept = Shop::empty();
    kept.put(1, &first::program(), &all());
    insta::assert_snapshot!(kept.session(first::program(), "why key:sales"), @r"
    exit 0
    --- stdout
    sales is fresh: the run 019a5f3c made it 3h ago
    ");
    insta::assert_snapshot!(kept.session(first::program(), "why latest"), @r"
    exit 0
    --- stdout
    materialize succeeded: 3 steps
    ");
    #[asset]
    fn bef() -> i64 {
        1
    }
    // Identifiers of runs begin with a digit.
    let hexadecimal = Definitions::new().assets(assets![bef]);
    insta::assert_snapshot!(kept.session(hexadecimal, "why bef"), @r"
    exit 0
    --- stdout
    bef is missing
      it was never materialized
    ");
    insta::assert_snapshot!(kept.session(first::program(), "why sale"), @r"
    exit 2
    --- stderr
    error: there is no asset `sale`
    hint: did you mean `sales`? `program assets list` names all assets
    ");
    insta::assert_snapshot!(kept.session(first::program(), "why sales 2024-01-01"), @r"
    exit 2
    --- stderr
    error: `sales` is an asset, and no run, of which `2024-01-01` could be a step
    hint: of a partition of it: `program why sales --partition '2024-01-01'`
    ");
    insta::assert_snapshot!(kept.session(first::program(), "why key:sale"), @r"
    exit 2
    --- stderr
    error: there is no asset `sale`
    hint: did you mean `sales`? `program assets list` names all assets
    ");
}

#[test]
fn what_nobody_knows_is_stale_and_says_what_to_do() {
    let mut kept = Shop::empty();
    kept.put(1, &shop(3), &all());
    insta::assert_snapshot!(kept.session(shop(3), "materialize --stale --dry-run"), @r"
    exit 0
    --- stdout
    to make       since
    raw_orders    nobody knows the version of the resource `Day`: the program gives it as a value; if that is always the same, say `trust_resources`
    mart/orders   it is made of `raw_orders`, which is to be made
    mart/refunds  it is made of `raw_orders`, which is to be made
    total         it is made of `mart/orders`, which is to be made
    report        nobody knows the version of the data of `fx/rate`: nothing is known of its bytes; whoever makes it may say it, `context.set_data_version(..)`, and of what others make an `#[asset_observation]` finds it out, when someone looks: `assets observe`
    ");
    insta::assert_snapshot!(kept.session(shop(3), "materialize raw_orders --dry-run"), @r"
    exit 0
    --- stdout
    to make     since
    raw_orders  nobody knows the version of the resource `Day`: the program gives it as a value; if that is always the same, say `trust_resources`
    ");
    let told = kept.session(shop(3), "materialize --stale --missing");
    assert!(told.contains("the argument '--stale' cannot be used with '--missing'"), "{told}");
}

#[test]
fn what_opens_a_resource_by_code_that_nobody_knows_is_named() {
    use orch::prelude::*;

    struct Till(i64);

    #[asset(code_version = "1")]
    fn takings(till: Res<Till>) -> i64 {
        till.0
    }

    let opened = || {
        let till = orch::define::ResourceDef::builder("till").opens();
        till.blocking(|_| Ok(Res::new(Till(3)))).build()
    };
    let program = || Definitions::new().assets(assets![takings]).resource_opened(&opened());
    let mut kept = Shop::empty();
    kept.put(1, &program(), &all());
    insta::assert_snapshot!(kept.session(program(), "why takings"), @r#"
    exit 0
    --- stdout
    takings is stale: the run 019a5f3c made it 3h ago
      nobody knows the version of what opens the resource `till`: give it one, `#[resource(code_version = "1")]`, or say `trust_resources` of what takes it
    "#);
}
