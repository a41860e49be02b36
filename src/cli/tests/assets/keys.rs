//! Dynamic partitions on the command line: keys are listed, added and removed, and assets are made for them.

use orch::partition::{BySet, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;

use super::*;

pub(super) struct Customers;

impl Partitioning for Customers {
    type Kind = BySet;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::dynamic("customers")
    }
}

pub(super) struct Stations;

impl Partitioning for Stations {
    type Kind = orch::partition::ByDimensions;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::product()
            .by("date", TimePartitions::daily("2024-01-01").until("2024-01-03"))
            .by("station", PartitionsDefinition::dynamic("stations"))
            .into()
    }
}

/// What a customer has ordered.
#[asset]
pub(super) fn orders(customer: &Partition<Customers>) -> String {
    customer.key().to_string()
}

#[asset(partitions = Customers)]
fn bills(orders: String) -> String {
    orders
}

#[asset(partitions = Stations)]
pub(super) fn weather() -> i64 {
    7
}

pub(super) fn market() -> Definitions {
    Definitions::new().assets(assets![orders, bills, weather])
}

#[test]
fn keys_are_added_listed_and_removed() {
    let kept = Shop::empty();
    let mut told = String::new();
    for args in [
        "partitions list",
        "partitions list customers",
        "partitions add customers acme beta",
        "partitions add customers beta gamma gamma",
        "partitions list customers",
        "partitions remove customers beta gama",
        "partitions list",
        "partitions add stations north",
        "partitions list --json",
        "partitions list customers --json",
    ] {
        told += &format!("$ program {args}\n{}\n", kept.session(market(), args));
    }
    insta::assert_snapshot!(told, @r#"
    $ program partitions list
    exit 0
    --- stdout
    set        keys  partitions of
    customers  0     orders, bills
    stations   0     weather
    $ program partitions list customers
    exit 0
    --- stderr
    the set `customers` has no keys: `program partitions add customers KEY` adds one
    $ program partitions add customers acme beta
    exit 0
    --- stdout
    added to `customers`: acme, beta
    $ program partitions add customers beta gamma gamma
    exit 0
    --- stdout
    added to `customers`: gamma
    in `customers` already: beta
    $ program partitions list customers
    exit 0
    --- stdout
    acme
    beta
    gamma
    $ program partitions remove customers beta gama
    exit 0
    --- stdout
    removed from `customers`: beta
    not in `customers`: gama; did you mean `gamma`?
    --- stderr
    what was made of 1 partition stays in the history of orders, bills
    $ program partitions list
    exit 0
    --- stdout
    set        keys  partitions of
    customers  2     orders, bills
    stations   0     weather
    $ program partitions add stations north
    exit 0
    --- stdout
    added to `stations`: north
    $ program partitions list --json
    exit 0
    --- stdout
    [
      {
        "set": "customers",
        "keys": [
          "acme",
          "gamma"
        ],
        "assets": [
          "orders",
          "bills"
        ]
      },
      {
        "set": "stations",
        "keys": [
          "north"
        ],
        "assets": [
          "weather"
        ]
      }
    ]
    $ program partitions list customers --json
    exit 0
    --- stdout
    {
      "set": "customers",
      "keys": [
        "acme",
        "gamma"
      ],
      "assets": [
        "orders",
        "bills"
      ]
    }
    "#);
}

#[test]
fn sets_that_nobody_knows_and_keys_that_cannot_be_are_named() {
    let kept = Shop::empty();
    let mut told = String::new();
    for args in [
        "partitions add custmers acme",
        "partitions list regions",
        "partitions add customers acme a|b a..b",
        "partitions add customers",
    ] {
        told += &format!("$ program {args}\n{}\n", kept.session(market(), args));
    }
    let none = || Definitions::new().assets(assets![plain]);
    told += &format!("$ program partitions list\n{}\n", kept.session(none(), "partitions list"));
    told += &format!("$ program partitions add x y\n{}\n", kept.session(none(), "partitions add x y"));
    insta::assert_snapshot!(told, @r#"
    $ program partitions add custmers acme
    exit 2
    --- stderr
    error: this program knows no set of partitions `custmers`
    hint: did you mean `customers`? there are `customers`, `stations`
    $ program partitions list regions
    exit 2
    --- stderr
    error: this program knows no set of partitions `regions`
    hint: there are `customers`, `stations`
    $ program partitions add customers acme a|b a..b
    exit 2
    --- stderr
    error: the partition key `a|b` has `|`; the partition key `a..b` has `..`, which ranges of keys are written with
    hint: keys of several dimensions and their selections are written with `|`, `,`, `;`, `[` and `]`
    $ program partitions add customers
    exit 2
    --- stderr
    error: the following required arguments were not provided:
      <KEY>...

    Usage: program partitions add <SET> <KEY>...

    For more information, try '--help'.
    $ program partitions list
    exit 0
    --- stderr
    no asset of this program has dynamic partitions
    $ program partitions add x y
    exit 2
    --- stderr
    error: this program knows no set of partitions `x`
    hint: no asset of this program has dynamic partitions: `PartitionsDefinition::dynamic("..")` names a set
    "#);
    insta::assert_snapshot!(kept.session(market(), "partitions list customers"), @r"
    exit 0
    --- stderr
    the set `customers` has no keys: `program partitions add customers KEY` adds one
    ");
}

#[asset]
fn plain() -> i64 {
    1
}

#[test]
fn assets_are_shown_with_the_keys_that_there_are() {
    let mut kept = Shop::empty();
    kept.session(market(), "partitions add customers acme beta gamma");
    let sets = kept.storage().key_sets().expect("the sets");
    kept.put_with(1, &market(), &"orders or bills".parse().expect("a selection"), |runner| {
        runner.partition("acme, beta").key_sets(sets)
    });
    kept.session(market(), "partitions remove customers beta");
    kept.session(market(), "partitions add customers delta");
    let mut told = String::new();
    for args in [
        "assets list",
        "assets show orders --limit 3",
        "assets show orders --partition beta --limit 1",
        "assets show orders --partition gama",
        "why orders",
        "why orders --partition gamma",
        "materialize orders --missing --dry-run --partition *",
        "backfill launch orders bills --partition * --dry-run",
        "materialize orders --partition beta --dry-run",
        "materialize orders --partition epsilon --progress none",
    ] {
        told += &format!("$ program {args}\n{}\n", kept.session(market(), args));
    }
    insta::assert_snapshot!(told, @r"
    $ program assets list
    exit 0
    --- stdout
    asset    materialized  run       times  state
    bills    3h ago        019a5f3c  2      1 of 3 partitions
    orders   3h ago        019a5f3c  2      1 of 3 partitions
    weather  never                          0 of 0 partitions
    $ program assets show orders --limit 3
    exit 0
    --- stdout
    orders
      What a customer has ordered.

    type         String
    defined      src/cli/tests/assets/keys.rs:_
    partitions   1 of 3 partitions are materialized
    present      acme
    missing      gamma, delta
                 1 were materialized of keys that were removed

    downstream  materialized  run
    bills       3h ago        019a5f3c

    latest       2026-11-20 10:00:01Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    partition    beta
    data         bfb525848ddeb04eabe2db713a6b02abbc5573a27d082cdd16426b5331dd046c
    value        kept with what is known of it

    materialized  run       partition  data
    3h ago        019a5f3c  beta       bfb525848dde
    3h ago        019a5f3c  acme       a3c1e0baf508
    $ program assets show orders --partition beta --limit 1
    exit 0
    --- stdout
    orders
      What a customer has ordered.

    type         String
    defined      src/cli/tests/assets/keys.rs:_
    partitions   1 of 3 partitions are materialized
    present      acme
    missing      gamma, delta
                 1 were materialized of keys that were removed

    downstream   materialized  run       data
    bills[beta]  3h ago        019a5f3c  bfb525848dde

    latest       2026-11-20 10:00:01Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    partition    beta
    data         bfb525848ddeb04eabe2db713a6b02abbc5573a27d082cdd16426b5331dd046c
    value        kept with what is known of it

    materialized  run       partition  data
    3h ago        019a5f3c  beta       bfb525848dde
    $ program assets show orders --partition gama
    exit 2
    --- stderr
    error: of `orders`: `gama` is not in the set `customers`
    hint: did you mean `gamma`? else add it with `partitions add customers gama`
    $ program why orders
    exit 0
    --- stdout
    orders has 3 partitions: 1 fresh, 2 missing
      missing gamma, delta: it was never materialized
    $ program why orders --partition gamma
    exit 0
    --- stdout
    orders[gamma] is missing
      it was never materialized
    $ program materialize orders --missing --dry-run --partition *
    exit 0
    --- stdout
    to make               since
    orders[gamma, delta]  it was never materialized
    $ program backfill launch orders bills --partition * --dry-run
    exit 0
    --- stdout
    3 runs of
      orders: 3 partitions
      bills: 3 partitions
    $ program materialize orders --partition beta --dry-run
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: of the partitions of `orders`: `beta` was removed from the set `customers`
      --> src/cli/tests/assets/keys.rs:_ (the asset)
      hint: `partitions add customers beta` adds it again; it is then the partition it was
    $ program materialize orders --partition epsilon --progress none
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: of the partitions of `orders`: `epsilon` is not in the set `customers`
      --> src/cli/tests/assets/keys.rs:_ (the asset)
      hint: add it with `partitions add customers epsilon`
    ");
}

/// There are some.
#[asset_check(asset = orders)]
fn some(orders: &str) -> bool {
    !orders.is_empty()
}

#[test]
fn what_was_found_of_a_key_that_is_gone_is_of_its_latest_materialization() {
    let shop = || Definitions::new().assets(assets![orders]).checks(checks![some]);
    let mut kept = Shop::empty();
    kept.session(shop(), "partitions add customers acme beta");
    let sets = kept.storage().key_sets().expect("the sets");
    let put = |kept: &mut Shop, hour, program: &Definitions, partition: &str| {
        let all = "*".parse().expect("a selection");
        kept.put_with(hour, program, &all, |runner| runner.partition(partition).key_sets(sets.clone()));
    };
    put(&mut kept, 1, &shop(), "acme, beta");
    put(&mut kept, 2, &Definitions::new().assets(assets![orders]), "acme");
    kept.session(shop(), "partitions remove customers acme beta");
    let found = |partition: &str| {
        let told = kept.session(shop(), &format!("assets show orders --limit 1 --partition {partition}"));
        let mut lines = told.lines().skip_while(|line| !line.starts_with("check "));
        [lines.next().unwrap_or_default(), lines.next().unwrap_or_default()].map(str::trim_end).join("\n")
    };
    insta::assert_snapshot!(found("beta"), @r"
    check  found  looked  run
    some   ok     3h ago  019a5f3c-0001
    ");
    insta::assert_snapshot!(found("acme"), @r"
    check  found  looked  run            of
    some   ok     3h ago  019a5f3c-0001  an earlier materialization
    ");
}
