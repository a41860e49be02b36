//! What is made of what.

use super::stale::{first, second};
use super::*;

#[test]
fn what_is_made_of_what_is_drawn_in_each_format() {
    let drawn = |args: &str| session(|| Ok(shop(3)), &format!("assets graph {args}"));
    insta::assert_snapshot!(drawn(""), @r"
    exit 0
    --- stdout
    fx/rate         external
    raw_orders      raw
      mart/orders   sales
      mart/refunds  sales
        total       sales  <- mart/orders, mart/refunds
          report      <- total, fx/rate
    ");
    insta::assert_snapshot!(drawn("+total"), @r"
    exit 0
    --- stdout
    raw_orders      raw
      mart/orders   sales
      mart/refunds  sales
        total       sales  <- mart/orders, mart/refunds
    ");
    insta::assert_snapshot!(drawn("--format mermaid"), @r#"
    exit 0
    --- stdout
    flowchart LR
        a2["fx/rate"]
        a0["report"]
        subgraph g1["raw"]
            a5["raw_orders"]
        end
        subgraph g2["sales"]
            a3["mart/orders"]
            a4["mart/refunds"]
            a1["total"]
        end
        a5 --> a3
        a5 --> a4
        a3 --> a1
        a4 --> a1
        a1 --> a0
        a2 --> a0
        classDef external stroke-dasharray: 4 3
        class a2 external
    "#);
    insta::assert_snapshot!(drawn("--format dot"), @r#"
    exit 0
    --- stdout
    digraph assets {
        rankdir=LR;
        node [shape=box, style=rounded];
        a2 [label="fx/rate", style="rounded,dashed"];
        a0 [label="report"];
        subgraph cluster_g1 {
            label="raw";
            a5 [label="raw_orders"];
        }
        subgraph cluster_g2 {
            label="sales";
            a3 [label="mart/orders"];
            a4 [label="mart/refunds"];
            a1 [label="total"];
        }
        a5 -> a3;
        a5 -> a4;
        a3 -> a1;
        a4 -> a1;
        a1 -> a0;
        a2 -> a0;
    }
    "#);
    let svg = drawn("--format svg");
    assert!(svg.starts_with("exit 0\n--- stdout\n<svg ") && svg.contains("<title>6 assets</title>"), "{svg}");
    insta::assert_snapshot!(session(|| Ok(Definitions::new()), "assets graph"), @r"
    exit 0
    --- stderr
    this program has no assets
    ");
    insta::assert_snapshot!(drawn("+totl"), @r"
    exit 2
    --- stderr
    error: no asset fits `key:totl`, at column 2
      +totl
       ^^^^
      hint: did you mean `total`? keys: fx/rate, mart/orders, mart/refunds, raw_orders, report, total
    ");
}

#[test]
fn completions_know_the_assets() {
    for shell in ["bash", "zsh"] {
        let script = session(|| Ok(shop(3)), &format!("completions {shell}"));
        assert!(script.matches("mart/orders").count() >= 3, "{shell}: {script}");
    }
}

#[test]
fn how_each_asset_stands_is_drawn_with_the_reason() {
    let mut kept = Shop::empty();
    insta::assert_snapshot!(kept.session(first::program(), "assets graph --status"), @r"
    exit 0
    --- stdout
    sales         missing: it was never materialized
      revenue     missing: it was never materialized
        report    missing: it was never materialized
    ");
    kept.put(1, &first::program(), &all());
    insta::assert_snapshot!(kept.session(first::program(), "assets graph --status"), @r"
    exit 0
    --- stdout
    sales         fresh
      revenue     fresh
        report    fresh
    ");
    insta::assert_snapshot!(kept.session(second::program(), "assets graph --status"), @r"
    exit 0
    --- stdout
    sales         stale: its code version has changed: 1 → 2
      revenue     stale: it is made of `sales`, which is to be made
        report    stale: it is made of `revenue`, which is to be made
    ");
    insta::assert_snapshot!(kept.session(second::program(), "assets graph --status --format mermaid"), @r#"
    exit 0
    --- stdout
    flowchart LR
        a0["sales"]
        a1["revenue"]
        a2["report"]
        a0 --> a1
        a1 --> a2
        classDef stale stroke:#bf8700,stroke-width:2px
        class a0,a1,a2 stale
    "#);
    insta::assert_snapshot!(kept.session(second::program(), "assets graph --status --format dot"), @r##"
    exit 0
    --- stdout
    digraph assets {
        rankdir=LR;
        node [shape=box, style=rounded];
        a0 [label="sales", color="#bf8700", tooltip="stale: its code version has changed: 1 → 2"];
        a1 [label="revenue", color="#bf8700", tooltip="stale: it is made of `sales`, which is to be made"];
        a2 [label="report", color="#bf8700", tooltip="stale: it is made of `revenue`, which is to be made"];
        a0 -> a1;
        a1 -> a2;
    }
    "##);
    let svg = kept.session(second::program(), "assets graph --status --format svg");
    let told: Vec<_> = svg.lines().filter(|line| line.contains("<title>")).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    <title>3 assets</title>
    <g><title>sales: stale: its code version has changed: 1 → 2</title><rect class="a stale" x="0.0" y="8.0" width="90.0" height="40" rx="6"/><text x="12.0" y="25.0">sales</text><text class="d" x="12.0" y="40.0"></text></g>
    <g><title>revenue: stale: it is made of `sales`, which is to be made</title><rect class="a stale" x="154.0" y="8.0" width="90.0" height="40" rx="6"/><text x="166.0" y="25.0">revenue</text><text class="d" x="166.0" y="40.0"></text></g>
    <g><title>report: stale: it is made of `revenue`, which is to be made</title><rect class="a stale" x="308.0" y="8.0" width="90.0" height="40" rx="6"/><text x="320.0" y="25.0">report</text><text class="d" x="320.0" y="40.0"></text></g>
    "#);
}
