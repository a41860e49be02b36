//! Plans as text, JSON and diagrams.

use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use orch_core::define::{Backoff, Dynamic, Jitter, JobOptions, Limit, One, OpDef, Optional, Order, Retry};
use orch_core::graph::{Call, Handle as _, Job, enter_graph, lit};
use orch_core::plan::{Input, Kept, Plan};

use super::support::{Many, Maybe, Plain, call, give, job, pass};

type Split = (One<i64, 0>, One<Optional<String>, 1>, One<Dynamic<i64>, 2>);

/// A little of everything.
fn rich() -> Job {
    let extract = OpDef::builder("extract").description("Reads the pages.").input::<String>("path");
    let extract = extract
        .io("files")
        .code_version("3")
        .returns::<Split>()
        .blocking(|_| Ok((0, Optional::none(), Dynamic::from_values([]))));
    let retry =
        Retry::new(3).delay(Duration::from_secs(1)).backoff(Backoff::Exponential).jitter(Jitter::Full);
    let clean =
        OpDef::builder("clean").input_ref::<i64>("page").input::<i64>("version").retry(retry).pool("cpu");
    let clean = clean.returns::<Maybe>().blocking(|_| Ok(Optional::none()));
    let cells = OpDef::builder("cells")
        .input::<i64>("row")
        .returns::<Many>()
        .blocking(|_| Ok(Dynamic::from_values([])));
    let report = OpDef::builder("report").input::<Vec<i64>>("counts").input::<Vec<i64>>("notes");
    let report = report.timeout(Duration::from_secs(90)).returns::<Plain>().blocking(|_| Ok(0));
    let total = OpDef::builder("total").input::<Vec<i64>>("xs").returns::<Plain>().blocking(|_| Ok(0));
    let (extract, clean, cells) = (Arc::new(extract), Arc::new(clean), Arc::new(cells));
    let (report, total, load) = (Arc::new(report), Arc::new(total), pass("load"));
    let options =
        JobOptions::new("rich").description("A little of everything.").max_concurrent(4).max_in_flight(16);
    let options = options.order(Order::BreadthFirst).tag("team", "data").limit(Limit::per_value("db", 2));
    Job::compose(options, || {
        let (version, _, pages) = Call::of(&extract).input::<String>(lit("pages.csv")).place::<Split>();
        let counts = pages.map(|page| {
            let clean = Call::of(&clean).input::<i64>(page).input::<i64>(version).place::<Maybe>();
            let loaded = enter_graph("store", || call(&load, &[clean]).tag("db", "red").priority(2));
            let cells = Call::of(&cells).input::<i64>(loaded).place::<Many>();
            let weights = cells.map(|cell| call(&load, &[cell]).named("weigh"));
            Call::of(&total).input::<Vec<i64>>(weights.collect()).place::<Plain>()
        });
        let counts = counts.collect();
        let report =
            Call::of(&report).input::<Vec<i64>>(counts).input::<Vec<i64>>([version, lit(1)]).place::<Plain>();
        call(&load, &[version]).after(report);
    })
}

#[test]
fn as_text() {
    assert_snapshot!(rich().plan(), @r#"
    job rich: A little of everything.
      breadth_first, 4 at once, 16 in flight, limit db=* 2, tags team=data
    extract(path: String <- "pages.csv") -> output_0: i64, output_1: optional String, output_2: dynamic i64
      | io files
      | code version 3
    map extract.output_2
        clean(page: &i64 <- each extract.output_2, version: i64 <- extract.output_0) -> optional i64
          | retry 3x after 1s exponential full jitter
          | pool cpu
        store.load(x: i64 <- clean) -> i64
          | priority 2
          | tags db=red
        cells(row: i64 <- store.load) -> dynamic i64
        map cells
            weigh = load(x: i64 <- each cells) -> i64
        total(xs: Vec<i64> <- collect weigh) -> i64
    report(counts: Vec<i64> <- collect total, notes: Vec<i64> <- [extract.output_0, 1]) -> i64
      | timeout 1m 30s
    load(x: i64 <- extract.output_0) -> i64
      | after report
    "#);
}

#[test]
fn as_mermaid() {
    assert_snapshot!(rich().plan().to_mermaid(), @r#"
    flowchart TD
        s0["extract<br>path: #quot;pages.csv#quot;"]
        s6["report<br>notes: 1"]
        s7["load"]
        subgraph m0["map extract.output_2"]
            s1["clean"]
            s2["store.load"]
            s3["cells"]
            s5["total"]
            subgraph m1["map cells"]
                s4["weigh"]
            end
        end
        s0 -->|"page"| s1
        s0 -->|"version"| s1
        s1 -->|"x"| s2
        s2 -->|"row"| s3
        s3 -->|"x"| s4
        s4 -->|"xs: collect"| s5
        s5 -->|"counts: collect"| s6
        s0 -->|"notes"| s6
        s0 -->|"x"| s7
        s6 -.->|"after"| s7
    "#);
}

#[test]
fn as_dot() {
    assert_snapshot!(rich().plan().to_dot(), @r#"
    digraph "rich" {
        node [shape=box, style=rounded];
        s0 [label="extract\npath: \"pages.csv\""];
        s6 [label="report\nnotes: 1"];
        s7 [label="load"];
        subgraph cluster_m0 {
            label="map extract.output_2";
            s1 [label="clean"];
            s2 [label="store.load"];
            s3 [label="cells"];
            s5 [label="total"];
            subgraph cluster_m1 {
                label="map cells";
                s4 [label="weigh"];
            }
        }
        s0 -> s1 [label="page"];
        s0 -> s1 [label="version"];
        s1 -> s2 [label="x"];
        s2 -> s3 [label="row"];
        s3 -> s4 [label="x"];
        s4 -> s5 [label="xs: collect"];
        s5 -> s6 [label="counts: collect"];
        s0 -> s6 [label="notes"];
        s0 -> s7 [label="x"];
        s6 -> s7 [label="after", style=dashed];
    }
    "#);
}

#[test]
fn a_constant_shows_its_value_whatever_is_in_it() {
    let greet = OpDef::builder("greet").input::<String>("text").input::<i64>("times").input::<()>("none");
    let greet = Arc::new(greet.returns::<Plain>().blocking(|_| Ok(0)));
    let plan = job(|| {
        let greeting = Call::of(&greet).input::<String>(lit("<b>\"A & #1\"\\\n"));
        greeting.input::<i64>(lit(19)).input::<()>(lit(())).place::<Plain>();
    })
    .plan();
    assert_snapshot!(plan, @r#"
    job job
      depth_first, 1 at once
    greet(text: String <- "<b>\"A & #1\"\\\n", times: i64 <- 19, none: () <- literal) -> i64
    "#);
    assert_snapshot!(plan.to_mermaid(), @r#"
    flowchart TD
        s0["greet<br>text: #quot;#lt;b#gt;#92;#quot;A #amp; #35;1#92;#quot;#92;#92;#92;n#quot;<br>times: 19"]
    "#);
    assert_snapshot!(plan.to_dot(), @r#"
    digraph "job" {
        node [shape=box, style=rounded];
        s0 [label="greet\ntext: \"<b>\\\"A & #1\\\"\\\\\\n\"\ntimes: 19"];
    }
    "#);
    let [_, times, none] = plan.steps[0].inputs.as_slice() else { panic!("three inputs") };
    let json = |input: &Input| serde_json::to_string(&input.source).unwrap();
    assert_snapshot!(json(times), @r#"{"literal":{"literal":1,"value":"19"}}"#);
    assert_snapshot!(json(none), @r#"{"literal":{"literal":2}}"#);
}

#[test]
fn as_json_it_reads_back_as_it_was() {
    let plan = rich().plan();
    let read: Plan = serde_json::from_str(&plan.to_json()).unwrap();
    assert_eq!(read, plan);
    assert_eq!(read.to_string(), plan.to_string());
}

#[test]
fn a_job_of_one_step_as_json() {
    let mut plan = Job::compose(JobOptions::new("small"), || call(&give("give", || Ok(1)), &[])).plan();
    plan.steps[0].place.line = 7;
    assert_snapshot!(plan.to_json(), @r#"
    {
      "job": "small",
      "order": "depth_first",
      "steps": [
        {
          "name": "give",
          "op": "give",
          "inputs": [],
          "outputs": [
            {
              "name": "result",
              "type": "i64",
              "kind": "single"
            }
          ],
          "depth": 0,
          "priority": 0,
          "hooks": [],
          "place": {
            "file": "orch-core/tests/behaviour/plan.rs",
            "line": 7
          }
        }
      ]
    }
    "#);
}

#[test]
fn what_is_kept_by_nothing_is_made_anew_when_a_run_is_resumed() {
    let by_hand = |name: &str| OpDef::builder(name).input::<i64>("x").returns::<Plain>();
    let open = Arc::new(OpDef::builder("open").returns::<Split>().blocking(|_| unreachable!("not run")));
    let stored: Arc<OpDef> = by_hand("stored").io("files").blocking(|mut args| args.take::<i64>(0)).into();
    let (bare, kept) = (Arc::new(by_hand("bare").blocking(|mut args| args.take::<i64>(0))), pass("kept"));
    let total = OpDef::builder("total").input::<Vec<i64>>("xs").returns::<Plain>().blocking(|_| Ok(0));
    let total = Arc::new(total);
    let one = job(|| {
        let (number, _, items) = Call::of(&open).place::<Split>();
        let (stored, kept) = (call(&stored, &[number]), call(&kept, &[number]));
        let bare = items.map(|_| call(&bare, &[kept]));
        Call::of(&total).input::<Vec<i64>>(bare.collect()).place::<Plain>();
        Call::of(&total).input::<Vec<i64>>([stored, kept]).place::<Plain>();
    });
    let plan = one.plan();
    let kept = |name: &str| plan.step(name).unwrap().outputs[0].kept;
    assert_eq!(["stored", "kept", "bare"].map(kept), [Kept::Io, Kept::Codec, Kept::Memory]);
    // Neither the text nor the items of `open`, nor the totals: nobody takes them.
    let names = plan.memory_only().into_iter().map(|(step, output)| plan.output_name(step, output));
    assert_eq!(names.collect::<Vec<_>>(), ["open.output_0", "bare"]);
}

#[test]
fn composing_twice_gives_the_same_plan() {
    assert_eq!(rich().plan(), rich().plan());
}

#[test]
fn ten_thousand_steps_are_named_and_placed_in_order() {
    let (give, work, steps) = (give("give", || Ok(1)), pass("work"), 10_000);
    let chain = Job::compose(JobOptions::new("chain"), || {
        (1..steps).fold(call(&give, &[]), |last, _| call(&work, &[last]))
    });
    let plan = chain.plan();
    assert_eq!(plan.steps.len(), steps);
    for (index, step) in plan.steps.iter().enumerate() {
        assert_eq!(step.depth, index);
        let name = match index {
            0 => "give".to_owned(),
            1 => "work".to_owned(),
            index => format!("work_{index}"),
        };
        assert_eq!(step.name, name);
    }
    assert_eq!(plan.step("work_9999").unwrap().depth, 9999);
}

#[test]
fn a_step_is_named_by_text_of_any_kind() {
    let give = give("give", || Ok(1));
    let job = Job::compose(JobOptions::new("names"), || {
        call(&give, &[]).named("literal");
        call(&give, &[]).named(String::from("owned"));
        for number in 1..3 {
            call(&give, &[]).named(format!("shard_{number}"));
        }
    });
    let plan = job.plan();
    let names: Vec<_> = plan.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["literal", "owned", "shard_1", "shard_2"]);
}
