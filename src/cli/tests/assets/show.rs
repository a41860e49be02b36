//! One asset is shown.

use super::*;

#[test]
fn an_asset_is_shown_with_what_became_of_it() {
    let mut kept = Shop::empty();
    insta::assert_snapshot!(kept.session(shop(3), "assets show total"), @r"
    exit 0
    --- stdout
    total
      All orders, each doubled by a step of its own.

    group        sales
    type         i64
    defined      src/cli/tests/assets/shop.rs:_
    state        missing: it was never materialized

    upstream      materialized
    mart/orders   never
    mart/refunds  never

    downstream  materialized
    report      never

    never materialized
    ");
    kept.put(1, &shop(3), &"+total".parse().expect("a selection"));
    insta::assert_snapshot!(kept.session(shop(3), "assets show orders"), @r"
    exit 0
    --- stdout
    mart/orders

    group        sales
    code         version 2
    type         Vec<i64>
    defined      src/cli/tests/assets/shop.rs:_
    state        stale: it is made of `raw_orders`, which is to be made

    upstream    materialized  run       data
    raw_orders  3h ago        019a5f3c  d2d00cdf5ac9

    downstream  materialized  run       data
    total       3h ago        019a5f3c  84cb40e74f0e

    latest       2026-11-20 10:00:00Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    data         d2d00cdf5ac920d058f364916e63c233caba8e93de077956eddffc3608be75f0
    code         version 2
    value        kept with what is known of it
    docs         https://example.org/orders
    mean         1
    rows         3
    note
      # Orders

      Sorted, **all** of them.
    sample
      id  name
      1   Ada
      2   null
    schema
      column  type
      id      i64
      name    str

    materialized  run       data          code  mean  rows
    3h ago        019a5f3c  d2d00cdf5ac9  2     1     3
    ");
    kept.put(2, &shop(8), &"+mart/orders".parse().expect("a selection"));
    kept.put(3, &shop(5), &"raw_orders".parse().expect("a selection"));
    insta::assert_snapshot!(kept.session(shop(5), "assets show raw_orders"), @r"
    exit 0
    --- stdout
    raw_orders
      Orders as they come.

    group        raw
    owners       data team
    kinds        list
    tags         team=data
    type         Vec<i64>
    defined      src/cli/tests/assets/shop.rs:_
    state        stale: nobody knows the version of the resource `Day`: the program gives it as a value; if that is always the same, say `trust_resources`
    source       billing

    downstream    materialized  run            data
    mart/orders   2h ago        019a5f3c-0002  843d6d3082df  made of an earlier one
    mart/refunds  3h ago        019a5f3c-0001  48fc721fbbc1  made of an earlier one

    latest       2026-11-20 12:00:00Z, 1h ago
    run          019a5f3c-0003-7000-8000-000000000003
    data         4918716b3258a5e3be407a519f7da6c44cadf14e6bd6b4069cb43705148c62b6
    value        kept with what is known of it
    rows         5

    materialized  run            data          rows
    1h ago        019a5f3c-0003  4918716b3258  5
    2h ago        019a5f3c-0002  843d6d3082df  8
    3h ago        019a5f3c-0001  d2d00cdf5ac9  3

    number  oldest to newest  least  most  latest
    rows    ▁█▄               3      8     5
    ");
    // What it is made of was materialized anew since.
    insta::assert_snapshot!(kept.session(shop(5), "assets show mart/orders --limit 1"), @r"
    exit 0
    --- stdout
    mart/orders

    group        sales
    code         version 2
    type         Vec<i64>
    defined      src/cli/tests/assets/shop.rs:_
    state        stale: the data of `raw_orders` has changed: 843d6d30 → 4918716b

    upstream    materialized  run            data
    raw_orders  1h ago        019a5f3c-0003  4918716b3258  newer than what the latest was made of

    downstream  materialized  run            data
    total       3h ago        019a5f3c-0001  84cb40e74f0e  made of an earlier one

    latest       2026-11-20 11:00:00Z, 2h ago
    run          019a5f3c-0002-7000-8000-000000000002
    data         843d6d3082dfa06a0edb2c955015dfb3a15c32e49fbdf430a65afb49f58208b1
    code         version 2
    value        kept with what is known of it
    docs         https://example.org/orders
    mean         9.3333
    rows         8
    note
      # Orders

      Sorted, **all** of them.
    sample
      id  name
      1   Ada
      2   null
    schema
      column  type
      id      i64
      name    str

    materialized  run            data          code  mean    rows
    2h ago        019a5f3c-0002  843d6d3082df  2     9.3333  8
    and 1 earlier one
    ");
    insta::assert_snapshot!(kept.session(shop(5), "assets show fx/rate"), @r"
    exit 0
    --- stdout
    fx/rate
      What a dollar is worth.

    external     others make it
    type         f64
    io           rates
    defined      src/cli/tests/assets/shop.rs:_

    downstream  materialized
    report      never
    ");
}

#[test]
fn an_asset_of_another_version_of_the_program_is_told_as_such() {
    let mut kept = Shop::empty();
    kept.put(1, &shop::earlier(), &all());
    insta::assert_snapshot!(kept.session(shop(3), "assets show orders"), @r"
    exit 0
    --- stdout
    mart/orders

    group        sales
    code         version 2; the latest was made by version 1
    type         Vec<i64>
    defined      src/cli/tests/assets/shop.rs:_
    state        stale: its code version has changed: 1 → 2

    upstream    materialized  run       data
    raw_orders  3h ago        019a5f3c  66ed6d0a881d

    downstream  materialized  run       data
    total       never
    mart/old    3h ago        019a5f3c  48fc721fbbc1

    latest       2026-11-20 10:00:00Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    data         66ed6d0a881def625af287d0e5413538136a8d7f873fbc6b74e5474d8009c3c0
    code         version 1
    value        kept with what is known of it

    materialized  run       data          code
    3h ago        019a5f3c  66ed6d0a881d  1
    ");
    insta::assert_snapshot!(kept.session(shop(3), "assets show mart/old"), @r"
    exit 0
    --- stdout
    mart/old
    no asset of this program: another one made it, or this one before it changed

    upstream     materialized  run       data
    mart/orders  3h ago        019a5f3c  66ed6d0a881d

    latest       2026-11-20 10:00:01Z, 3h ago
    run          019a5f3c-0001-7000-8000-000000000001
    data         48fc721fbbc172e0925fa27af1671de225ba927134802998b10a1568a188652b
    value        kept with what is known of it

    materialized  run       data
    3h ago        019a5f3c  48fc721fbbc1
    ");
    // The same data, made anew.
    kept.put(2, &shop(2), &"raw_orders".parse().expect("a selection"));
    let told = kept.session(shop(3), "assets show orders --json");
    let json = told.strip_prefix("exit 0\n--- stdout\n").expect("data");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let keys: Vec<_> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    insta::assert_snapshot!(keys.join(" "), @"key defined external observation made_with group kinds owners tags description code_version type io metadata partitions in_progress place upstream downstream materializations observations latest standing checks last_failed code_changed history");
    insta::assert_snapshot!(format!("{:#}", json["upstream"]), @r#"
    [
      {
        "key": "raw_orders",
        "partition": null,
        "time": "2026-11-20T11:00:00.3Z",
        "run": "019a5f3c-0002-7000-8000-000000000002",
        "data_version": "66ed6d0a881def625af287d0e5413538136a8d7f873fbc6b74e5474d8009c3c0",
        "standing": "same_data"
      }
    ]
    "#);
    assert_eq!(json["code_changed"], true);
    assert_eq!(json["history"].as_array().expect("materializations").len(), 1);
}

#[test]
fn a_key_that_is_not_there_is_told_with_the_nearest() {
    insta::assert_snapshot!(session(|| Ok(shop(3)), "assets show oders"), @r"
    exit 2
    --- stderr
    error: there is no asset `oders`
    hint: did you mean `mart/orders`? `program assets list` names all assets
    ");
    insta::assert_snapshot!(session(|| Ok(shop(3)), "assets show xyz"), @r"
    exit 2
    --- stderr
    error: there is no asset `xyz`
    hint: `program assets list` names all assets
    ");
    insta::assert_snapshot!(session(|| Ok(Definitions::new()), "assets show xyz"), @r"
    exit 2
    --- stderr
    error: there is no asset `xyz`
    hint: this program has no assets
    ");
    let two = || Ok(shop(3).assets(assets![shop::other_orders]));
    insta::assert_snapshot!(session(two, "assets show orders"), @r"
    exit 2
    --- stderr
    error: the keys of 2 assets end with `orders`:
      mart/orders
      copy/orders
    hint: write more of it
    ");
}

#[test]
fn numbers_are_drawn_as_a_picture() {
    let mut kept = Shop::empty();
    kept.put(1, &shop(3), &"+mart/orders".parse().expect("a selection"));
    kept.put(2, &shop(8), &"+mart/orders".parse().expect("a selection"));
    let told = kept.session(shop(3), "assets show orders --svg");
    let lines: Vec<_> = told.lines().filter(|line| !line.contains("fill:")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    exit 0
    --- stdout
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 268" width="860" height="268" role="img">
    <title>mart/orders</title>
    <rect class="bg" width="100%" height="100%"/>
    <text class="h" x="12" y="24">mart/orders</text>
    <text class="d" x="12" y="44">2 materializations, 2026-11-20 10:00:00Z to 2026-11-20 11:00:00Z</text>
    <path class="l" d="M180 68H770M180 140H770"/>
    <text x="12" y="100">mean</text>
    <text class="d" x="12" y="118">latest 9.3333</text>
    <text class="d" x="780" y="78">9.3333</text>
    <text class="d" x="780" y="140">1</text>
    <path class="p" d="M180.0 136.0L770.0 72.0"/>
    <circle class="c" cx="180.0" cy="136.0" r="3"><title>1: run 019a5f3c-0001, 2026-11-20 10:00:00Z</title></circle>
    <circle class="c" cx="770.0" cy="72.0" r="3"><title>9.3333: run 019a5f3c-0002, 2026-11-20 11:00:00Z</title></circle>
    <path class="l" d="M180 168H770M180 240H770"/>
    <text x="12" y="200">rows</text>
    <text class="d" x="12" y="218">latest 8</text>
    <text class="d" x="780" y="178">8</text>
    <text class="d" x="780" y="240">3</text>
    <path class="p" d="M180.0 236.0L770.0 172.0"/>
    <circle class="c" cx="180.0" cy="236.0" r="3"><title>3: run 019a5f3c-0001, 2026-11-20 10:00:00Z</title></circle>
    <circle class="c" cx="770.0" cy="172.0" r="3"><title>8: run 019a5f3c-0002, 2026-11-20 11:00:00Z</title></circle>
    </svg>
    "#);
    assert!(kept.session(shop(3), "assets show total --svg").contains("no materialization says a number"));
}
