//! Assets are listed.

use super::*;

#[test]
fn assets_are_listed_with_their_latest_materialization() {
    let mut kept = Shop::empty();
    insta::assert_snapshot!(kept.session(shop(3), "assets list"), @r"
    exit 0
    --- stdout
    asset         group  kinds  materialized  state
    fx/rate                                   external
    mart/orders   sales         never         missing
    mart/refunds  sales         never         missing
    raw_orders    raw    list   never         missing
    report                      never         missing
    total         sales         never         missing
    ");
    kept.put(1, &shop::earlier(), &all());
    kept.put(2, &shop(3), &"+total".parse().expect("a selection"));
    kept.put(3, &shop(5), &"raw_orders".parse().expect("a selection"));
    insta::assert_snapshot!(kept.session(shop(5), "assets list"), @r"
    exit 0
    --- stdout
    asset         group  kinds  materialized  run            rows  times  state
    fx/rate                                                               external
    mart/orders   sales         2h ago        019a5f3c-0002  3     2      stale
    mart/refunds  sales         2h ago        019a5f3c-0002        1      stale
    raw_orders    raw    list   1h ago        019a5f3c-0003  5     3      stale
    report                      never                                     missing
    total         sales         2h ago        019a5f3c-0002        1      stale

    made by other programs, or by this one before it changed:
    asset     materialized  run            times
    mart/old  3h ago        019a5f3c-0001  1
    ");
    insta::assert_snapshot!(kept.session(shop(5), "assets list group:raw report --verbose"), @r"
    exit 0
    --- stdout
    asset       group  kinds  materialized          run            rows  times  state
    raw_orders  raw    list   2026-11-20 12:00:00Z  019a5f3c-0003  5     3      stale
    report                    never                                             missing
    ");
    insta::assert_snapshot!(kept.session(Definitions::new(), "assets list"), @r"
    exit 0
    --- stdout
    made by other programs, or by this one before it changed:
    asset         materialized  run            rows  times
    mart/old      3h ago        019a5f3c-0001        1
    mart/orders   2h ago        019a5f3c-0002  3     2
    mart/refunds  2h ago        019a5f3c-0002        1
    raw_orders    1h ago        019a5f3c-0003  5     3
    total         2h ago        019a5f3c-0002        1
    --- stderr
    this program has no assets
    ");
    insta::assert_snapshot!(kept.session(shop(5), "assets list not"), @r"
    exit 2
    --- stderr
    error: expected a key, an attribute such as `tag:k`, or `(`, found the end, at column 4
      not
         ^
    ");
    let others = kept.session(shop(5), "assets list --json");
    assert_eq!(others.matches("\"defined\": false").count(), 1, "{others}");
    insta::assert_snapshot!(kept.session(shop(5), "assets list mart/refunds --json"), @r#"
    exit 0
    --- stdout
    [
      {
        "key": "mart/refunds",
        "defined": true,
        "external": false,
        "observation": null,
        "made_with": [],
        "group": "sales",
        "kinds": [],
        "owners": [],
        "tags": {},
        "description": null,
        "code_version": null,
        "type": "usize",
        "io": null,
        "metadata": {},
        "partitions": null,
        "in_progress": [],
        "place": "src/cli/tests/assets/shop.rs:_",
        "upstream": [
          "raw_orders"
        ],
        "downstream": [
          "total"
        ],
        "materializations": 1,
        "observations": 0,
        "latest": {
          "time": "2026-11-20T11:00:02.6Z",
          "run": "019a5f3c-0002-7000-8000-000000000002",
          "event": 27,
          "partition": null,
          "code_version": null,
          "data_version": "48fc721fbbc172e0925fa27af1671de225ba927134802998b10a1568a188652b",
          "inputs": [
            {
              "asset": "raw_orders",
              "partition": null,
              "run": "019a5f3c-0002-7000-8000-000000000002",
              "data_version": "d2d00cdf5ac920d058f364916e63c233caba8e93de077956eddffc3608be75f0"
            }
          ],
          "metadata": {},
          "value": "fact"
        },
        "standing": {
          "state": "stale",
          "reason": "the data of `raw_orders` has changed: d2d00cdf → 4918716b",
          "ingredient": "input raw_orders",
          "before": "d2d00cdf5ac920d058f364916e63c233caba8e93de077956eddffc3608be75f0",
          "now": "4918716b3258a5e3be407a519f7da6c44cadf14e6bd6b4069cb43705148c62b6"
        },
        "checks": []
      }
    ]
    "#);
}

#[test]
fn where_nothing_is_recorded_assets_are_listed_all_the_same() {
    let folder = std::env::temp_dir().join(format!("orch-no-assets-{}", std::process::id()));
    let told = session(|| Ok(shop(3)), &format!("assets list mart/orders --home {}", folder.display()));
    let told = told.replace(&folder.display().to_string(), "FOLDER");
    insta::assert_snapshot!(told, @r"
    exit 0
    --- stdout
    asset        group  materialized  state
    mart/orders  sales  never         missing
    --- stderr
    nothing has been recorded in `FOLDER` yet
    ");
    assert!(!folder.exists(), "a folder is not made by looking");
    std::fs::create_dir(&folder).expect("a folder");
    let empty = session(|| Ok(shop(3)), &format!("assets list mart/orders --home {}", folder.display()));
    std::fs::remove_dir(&folder).expect("it is empty");
    assert_eq!(empty.replace(&folder.display().to_string(), "FOLDER"), told);
}
