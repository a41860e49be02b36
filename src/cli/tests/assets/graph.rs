//! What is made of what.

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
