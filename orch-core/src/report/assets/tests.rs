use std::sync::{Arc, OnceLock};

use proptest::prelude::*;

use super::super::picture::tests::well_formed;
use super::super::{Palette, digits};
use super::metadata::metadata;
use super::plot::{number, plots, series};
use super::standing::Standing;
use super::*;
use crate::asset::{Column, ColumnSource, InputVersion, Recipe, Table, TypedMetadata, ValueAt};
use crate::graph::AssetDef;
use crate::ids::RunId;
use crate::run::{InProgress, LatestFacts};

/// Assets of which one is made of others: a function for each, which gives its definition.
macro_rules! definitions {
    ($($name:ident: $key:literal $(in $group:literal)? <- [$($of:ident),*] $(after $before:ident)?;)*) => {$(
        fn $name() -> &'static Arc<AssetDef> {
            static DEF: OnceLock<Arc<AssetDef>> = OnceLock::new();
            DEF.get_or_init(|| {
                let asset = AssetDef::builder($key)$(.group($group))?$(.takes($of))*$(.after($before))?;
                Arc::new(asset.external::<i64>(None))
            })
        }
    )*};
}

definitions! {
    raw: "raw" in "a \"raw\" <one>" <- [];
    left: "mart/left" in "sales" <- [raw];
    right: "mart/right" in "sales" <- [raw];
    joined: "joined" <- [left, right, raw];
    apart: "apart" <- [];
    last: "last" <- [joined] after apart;
}

fn graph() -> AssetGraph {
    AssetGraph::of([last, joined, right, left, raw, apart].map(|asset| Arc::clone(asset())))
}

fn key(text: &str) -> AssetKey {
    text.parse().expect("a key")
}

fn run(number: u128) -> RunId {
    RunId::from_u128(0x019a_5f3c_0000_7000_8000_0000_0000_0000 + number * ((1 << 80) + 1))
}

fn now() -> Timestamp {
    "2026-11-20T14:00:00Z".parse().expect("a time")
}

/// A materialization by the run of this number, so many hours after nine o'clock.
fn fact(asset: &str, number: u32, metadata: TypedMetadata) -> Materialization {
    Materialization {
        asset: key(asset),
        partition: None,
        run: run(number.into()),
        event: 7,
        time: now() - std::time::Duration::from_secs(3600 * u64::from(5_u32.saturating_sub(number))),
        metadata,
        code_version: None,
        data_version: None,
        inputs: Vec::new(),
        recipe: Recipe::new(),
        value: ValueAt::Fact,
        stamp: None,
    }
}

/// Materializations that say these numbers, the oldest first; the newest stands before the others.
fn told(numbers: &[Option<f64>]) -> Vec<Materialization> {
    let facts = numbers.iter().zip(0..).map(|(value, at)| {
        let said = value.map(|value| ("n".to_owned(), MetadataValue::Float(value)));
        fact("raw", at, said.into_iter().collect())
    });
    facts.collect::<Vec<_>>().into_iter().rev().collect()
}

fn plot(numbers: &[Option<f64>]) -> String {
    let told = told(numbers);
    let text = plots(&series(&told), Palette::Plain);
    text.lines().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn each_asset_stands_once_below_what_it_is_made_of() {
    let graph = graph();
    let all = vec![true; 6];
    insta::assert_snapshot!(asset_graph(&graph, &all, None, Palette::Plain), @r#"
    raw           a "raw" <one>, external
      mart/right  sales, external
      mart/left   sales, external
        joined    external  <- mart/left, mart/right, raw
    apart         external
      last        external  <- joined, apart
    "#);
    let part: Vec<_> = graph.assets().iter().map(|asset| asset.key().as_str() != "raw").collect();
    insta::assert_snapshot!(asset_graph(&graph, &part, None, Palette::Plain), @r"
    mart/right  sales, external
    mart/left   sales, external
      joined    external  <- mart/left, mart/right
    apart       external
      last      external  <- joined, apart
    ");
    assert_eq!(asset_graph(&graph, &[false; 6], None, Palette::Plain), "");
}

#[test]
fn diagrams_stand_whatever_groups_are_called() {
    let graph = graph();
    let first = |text: String| {
        let (all, mut lines) = (text.lines().count(), text.lines());
        let first: Vec<_> = lines.by_ref().take(5).collect();
        let last: Vec<_> = lines.skip(all - 9).collect();
        format!("{}\n..\n{}", first.join("\n"), last.join("\n"))
    };
    insta::assert_snapshot!(first(asset_graph_as_mermaid(&graph, &[true; 6], None)), @r#"
    flowchart LR
        subgraph g0["a #quot;raw#quot; #lt;one#gt;"]
            a4["raw"]
        end
        subgraph g1["sales"]
    ..
        a1 --> a0
        a5 -.-> a0
        classDef external stroke-dasharray: 4 3
        class a4,a2,a3,a1,a5,a0 external
    "#);
    insta::assert_snapshot!(first(asset_graph_as_dot(&graph, &[true; 6], None)), @r#"
    digraph assets {
        rankdir=LR;
        node [shape=box, style=rounded];
        subgraph cluster_g0 {
            label="a \"raw\" <one>";
    ..
        a4 -> a1;
        a1 -> a0;
        a5 -> a0 [style=dashed];
    }
    "#);
}

#[test]
fn a_picture_has_each_asset_right_of_what_it_is_made_of() {
    let graph = graph();
    let file = asset_graph_as_svg(&graph, &[true; 6], None);
    well_formed(&file).expect("XML");
    assert_eq!(file, asset_graph_as_svg(&graph, &[true; 6], None), "it is the same each time");
    well_formed(&asset_graph_as_svg(&graph, &[false; 6], None)).expect("XML");
    let drawn = file.lines().skip_while(|line| !line.starts_with("<g ")).skip(1);
    let drawn = drawn.take_while(|line| *line != "</g>").filter_map(|line| line.split("<text").next());
    insta::assert_snapshot!(drawn.collect::<Vec<_>>().join("\n"), @r#"
    <path class="e" d="M115.0 48.0C143.0 48.0 143.0 28.0 171.0 28.0"/><path class="t" d="M179.0 28.0l-8 -4v8z"/>
    <path class="e" d="M115.0 48.0C143.0 48.0 143.0 84.0 171.0 84.0"/><path class="t" d="M179.0 84.0l-8 -4v8z"/>
    <path class="e" d="M273.0 84.0C301.0 84.0 301.0 66.0 329.0 66.0"/><path class="t" d="M337.0 66.0l-8 -4v8z"/>
    <path class="e" d="M273.0 28.0C301.0 28.0 301.0 66.0 329.0 66.0"/><path class="t" d="M337.0 66.0l-8 -4v8z"/>
    <path class="e" d="M115.0 48.0C147.0 48.0 147.0 122.0 179.0 122.0H273.0C301.0 122.0 301.0 66.0 329.0 66.0"/><path class="t" d="M337.0 66.0l-8 -4v8z"/>
    <path class="e" d="M427.0 66.0C455.0 66.0 455.0 76.0 483.0 76.0"/><path class="t" d="M491.0 76.0l-8 -4v8z"/>
    <path class="e w" d="M115.0 104.0C147.0 104.0 147.0 142.0 179.0 142.0H273.0C305.0 142.0 305.0 104.0 337.0 104.0H427.0C455.0 104.0 455.0 76.0 483.0 76.0"/><path class="t" d="M491.0 76.0l-8 -4v8z"/>
    <g><title>raw: made by others</title><rect class="x" x="0.0" y="28.0" width="115.0" height="40" rx="6"/>
    <g><title>mart/right: made by others</title><rect class="x" x="179.0" y="8.0" width="94.0" height="40" rx="6"/>
    <g><title>mart/left: made by others</title><rect class="x" x="179.0" y="64.0" width="94.0" height="40" rx="6"/>
    <g><title>joined: made by others</title><rect class="x" x="337.0" y="46.0" width="90.0" height="40" rx="6"/>
    <g><title>apart: made by others</title><rect class="x" x="0.0" y="84.0" width="115.0" height="40" rx="6"/>
    <g><title>last: made by others</title><rect class="x" x="491.0" y="56.0" width="90.0" height="40" rx="6"/>
    "#);
}

#[test]
fn numbers_become_blocks_with_gaps() {
    let some = |numbers: &[f64]| numbers.iter().copied().map(Some).collect::<Vec<_>>();
    let all = [
        plot(&some(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])),
        plot(&some(&[5.0, 5.0])),
        plot(&[Some(1.0), None, Some(3.0), None]),
        plot(&some(&[-1e308, 1e308])),
        // Of many, neighbours share a block.
        plot(&(0..600).map(|at| Some(f64::from(at))).collect::<Vec<_>>()),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    n       ▁▂▃▄▅▆▇█          0      7     7
    n       ▅▅                5      5     5
    n       ▁ █               1      3     3
    n       ▁█                -1e308  1e308  1e308
    n       ▁▁▁▁▂▂▂▂▂▂▂▂▂▃▃▃▃▃▃▃▃▄▄▄▄▄▄▄▄▄▅▅▅▅▅▅▅▅▅▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇▇▇████  0      599   599
    ");
    // One alone is no plot, and what is no number has no place in one.
    assert_eq!(plot(&some(&[5.0])), "");
    assert_eq!(plot(&[Some(1.0), Some(f64::NAN)]), "");
}

proptest! {
    #[test]
    fn a_number_that_is_shown_is_nearly_the_number(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        let shown: f64 = number(value).parse().expect("a number");
        prop_assert!((shown - value).abs() <= value.abs() * 1e-4, "{value} is shown as {shown}");
        prop_assert!(number(value).chars().count() <= 17, "{}", number(value));
    }
}

#[test]
fn numbers_are_shown_in_short() {
    let all = [0.0, 3.0, -12.5, 1.0 / 3.0, 1234.5678, 123_456_789.0, 1e15, 1.5e-7, 0.1 + 0.2, 99_999.96];
    let all = all.map(number).join(", ");
    assert_eq!(all, "0, 3, -12.5, 0.33333, 1234.6, 123456789, 1e15, 1.5e-7, 0.3, 100000");
}

#[test]
fn a_materialization_stands_to_what_it_is_made_of() {
    let version = |data: &str| Some(data.into());
    let of = |input: Option<(Option<u128>, Option<Arc<str>>)>, latest: Option<(u32, Option<Arc<str>>)>| {
        let mut made = fact("last", 3, TypedMetadata::new());
        made.inputs.extend(input.map(|(by, data)| InputVersion::new(key("raw"), by.map(run), data)));
        let latest = latest.map(|(by, data)| Materialization {
            data_version: data,
            ..fact("raw", by, TypedMetadata::new())
        });
        Standing::of(&made, &key("raw"), latest.as_ref())
    };
    assert_eq!(of(Some((Some(1), version("a"))), Some((1, version("a")))), Standing::Current);
    assert_eq!(of(Some((Some(1), None)), Some((1, None))), Standing::Current);
    assert_eq!(of(Some((Some(1), version("a"))), Some((2, version("b")))), Standing::Newer);
    assert_eq!(of(Some((Some(1), version("a"))), Some((2, version("a")))), Standing::SameData);
    // Of what no version is known, nobody knows that it is the same.
    assert_eq!(of(Some((Some(1), None)), Some((2, None))), Standing::Newer);
    assert_eq!(of(Some((None, None)), Some((2, None))), Standing::Newer);
    assert_eq!(of(Some((None, None)), None), Standing::Unknown);
    assert_eq!(of(None, Some((2, None))), Standing::NotTaken);
}

#[test]
fn metadata_is_shown_as_what_it_is() {
    let source = ColumnSource { asset: key("raw/orders"), column: "price".to_owned() };
    let columns = vec![
        Column::new("id", "i64"),
        Column { description: Some("Who ordered.".to_owned()), ..Column::new("name", "str") },
    ];
    let rows = (0..22).map(|at| vec![at.into(), if at == 1 { "".into() } else { "ピカチュウ\u{7}".into() }]);
    let said = [
        ("text", "daily".into()),
        ("lines", "one\n two".into()),
        ("rows", MetadataValue::RowCount(800)),
        ("at", now().into()),
        ("path", MetadataValue::path("lake/orders.parquet")),
        ("json", serde_json::json!({"a": [1]}).into()),
        ("count", serde_json::json!(3).into()),
        ("schema", MetadataValue::TableSchema(columns.clone())),
        ("sample", Table { columns, rows: rows.collect() }.into()),
        ("lineage", MetadataValue::ColumnLineage([("total".to_owned(), vec![source])].into())),
    ];
    let said = said.map(|(name, value): (&str, MetadataValue)| (name.to_owned(), value));
    insta::assert_snapshot!(metadata(&said.into(), Palette::Plain), @r#"
    at           2026-11-20 14:00:00Z
    count        3
    path         lake/orders.parquet
    rows         800
    text         daily
    json
      {
        "a": [
          1
        ]
      }
    lineage
      total <- raw/orders.price
    lines
      one
       two
    sample
      id  name
      0   ピカチュウ\u{7}
      1   ""
      2   ピカチュウ\u{7}
      3   ピカチュウ\u{7}
      4   ピカチュウ\u{7}
      5   ピカチュウ\u{7}
      6   ピカチュウ\u{7}
      7   ピカチュウ\u{7}
      8   ピカチュウ\u{7}
      9   ピカチュウ\u{7}
      10  ピカチュウ\u{7}
      11  ピカチュウ\u{7}
      12  ピカチュウ\u{7}
      13  ピカチュウ\u{7}
      14  ピカチュウ\u{7}
      15  ピカチュウ\u{7}
      16  ピカチュウ\u{7}
      17  ピカチュウ\u{7}
      18  ピカチュウ\u{7}
      19  ピカチュウ\u{7}
      and 2 more rows
    schema
      column  type
      id      i64
      name    str   Who ordered.
    "#);
}

#[test]
fn what_a_run_has_materialized_is_told_in_lines() {
    let rows = |rows| TypedMetadata::from([("n".to_owned(), MetadataValue::RowCount(rows))]);
    let facts = [fact("raw", 1, rows(1)), fact("mart/orders", 1, rows(20)), fact("total", 1, rows(0))];
    insta::assert_snapshot!(materialized(&facts, Palette::Plain), @r"
    Materialized raw          1 row
    Materialized mart/orders  20 rows
    Materialized total        0 rows
    ");
    let many: Vec<_> = (0..22).map(|_| fact("raw", 1, TypedMetadata::new())).collect();
    let told = materialized(&many, Palette::Plain);
    assert!(told.ends_with("Materialized raw\n             and 2 more assets\n"), "{told}");
    let observed = |version: Option<&str>| Materialization {
        value: ValueAt::Elsewhere,
        data_version: version.map(Into::into),
        ..fact("raw", 1, TypedMetadata::new())
    };
    insta::assert_snapshot!(materialized(&[observed(Some("v3")), observed(None)], Palette::Plain), @"
    Observed raw  as v3
    Observed raw  nothing there
    ");
    let mut many: Vec<_> = (0..22).map(|_| observed(Some("v3"))).collect();
    many.push(fact("orders", 1, TypedMetadata::new()));
    let told = materialized(&many, Palette::Plain);
    assert!(
        told.starts_with("Materialized orders\n    Observed raw     as v3\n"),
        "what was made comes first: {told}"
    );
    assert_eq!(materialized(&[], Palette::Plain), "");
}

#[test]
fn plots_over_time_are_a_picture() {
    let (graph, history) = (graph(), told(&[Some(1.0), None, Some(4.0)]));
    let records = [AssetRecord::new(history[0].clone(), 3)];
    let partitions = PartitionStates::new();
    let facts = AssetFacts {
        partitions: &partitions,
        failures: &BTreeMap::new(),
        evaluations: &Evaluations::new(),
        graph: &graph,
        standings: None,
        in_progress: &InProgress::default(),
        records: &records,
        observations: &BTreeMap::new(),
        now: now(),
        digits: digits(history.iter().map(|fact| fact.run)),
        exact: false,
        palette: Palette::Plain,
    };
    let drawn = |history: &[Materialization]| {
        let latest = &LatestFacts::default();
        asset_plots_as_svg(&ShownAsset {
            facts,
            latest,
            key: &history[0].asset,
            history,
            partition: None,
            failed: None,
        })
    };
    let file = drawn(&history);
    well_formed(&file).expect("XML");
    let drawn_points: Vec<_> = file.lines().filter(|line| line.contains("circle")).collect();
    insta::assert_snapshot!(drawn_points.join("\n"), @r#"
    <circle class="c" cx="180.0" cy="136.0" r="3"><title>1: run 019a5f3c-0000, 2026-11-20 09:00:00Z</title></circle>
    <circle class="c" cx="770.0" cy="72.0" r="3"><title>4: run 019a5f3c-0002, 2026-11-20 11:00:00Z</title></circle>
    "#);
    // Of one moment, or one alone.
    well_formed(&drawn(&history[..1])).expect("XML");
    assert!(drawn(&history[1..2]).contains("no materialization says a number"));
}
