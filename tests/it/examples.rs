//! Every example as a whole program: what a user types, what it answers.

use serde_json::Value;

use crate::project::Session;

fn session(example: &str, args: &str) -> String {
    Session::of(example, args).text()
}

#[test]
fn hello_greets_all() {
    insta::assert_snapshot!(session("hello", "list"), @r"
    exit 0
    --- stdout
    hello  Greets all.
    ");
    insta::assert_snapshot!(session("hello", "plan"), @r"
    exit 0
    --- stdout
    job hello: Greets all.
      depth_first, as many at once as processors
    names() -> dynamic String
    map names
        greet(name: &String <- each names) -> String
    say(greetings: &Vec<String> <- collect greet) -> String
    ");
    insta::assert_snapshot!(session("hello", "run --progress none"), @r"
    exit 0
    --- stderr
    run <run>, recorded in <home>
            Info [<time>] say: Hello, Ada! Hello, Grace! Hello, Edsger!
    ────────────
         Success [<time>] hello: 5 steps: 5 succeeded
    ");
    insta::assert_snapshot!(session("hello", "run --quiet"), @"exit 0");
}

#[test]
fn the_job_made_by_hand_is_that_of_hello() {
    for args in ["list", "plan", "run --progress none"] {
        assert_eq!(session("by_hand", args), session("hello", args), "{args}");
    }
}

#[test]
fn dynamic_has_four_forms() {
    insta::assert_snapshot!(session("dynamic", "plan chained"), @r"
    exit 0
    --- stdout
    job chained: Two ops one after the other: `map` of a map goes on with the same items.
      depth_first, as many at once as processors
    files() -> dynamic String
    map files
        shout(text: &String <- each files) -> String
        measure(text: &String <- shout) -> usize
    summarize(sizes: &Vec<usize> <- collect measure) -> usize
    ");
    insta::assert_snapshot!(session("dynamic", "plan per_item"), @r"
    exit 0
    --- stdout
    job per_item: The same as a function for each item, which may call any number of ops.
      depth_first, as many at once as processors
    files() -> dynamic String
    map files
        shout(text: &String <- each files) -> String
        measure(text: &String <- shout) -> usize
    summarize(sizes: &Vec<usize> <- collect measure) -> usize
    ");
    insta::assert_snapshot!(session("dynamic", "plan with_arguments"), @r"
    exit 0
    --- stdout
    job with_arguments: Further arguments from outside the map: each item's step gets the same value.
      depth_first, as many at once as processors
    unit() -> usize
    files() -> dynamic String
    map files
        measure_in(text: &String <- each files, unit: usize <- unit) -> usize
    summarize(sizes: &Vec<usize> <- collect measure_in) -> usize
    files_2 = files() -> dynamic String
    map files_2
        measure_in_2 = measure_in(text: &String <- each files_2, unit: usize <- 10) -> usize
    summarize_2 = summarize(sizes: &Vec<usize> <- collect measure_in_2) -> usize
    ");
    insta::assert_snapshot!(session("dynamic", "plan several"), @r"
    exit 0
    --- stdout
    job several: Several outputs of one op, each mapped on its own.
      depth_first, as many at once as processors
    files() -> dynamic String
    sort(texts: Vec<String> <- collect each files) -> small: dynamic String, large: dynamic String, number: usize
    map sort.small
        measure(text: &String <- each sort.small) -> usize
    map sort.large
        shout(text: &String <- each sort.large) -> String
        measure_2 = measure(text: &String <- shout) -> usize
    summarize_small = summarize(sizes: &Vec<usize> <- collect measure) -> usize
    summarize_large = summarize(sizes: &Vec<usize> <- collect measure_2) -> usize
    note(number: usize <- sort.number) -> ()
    ");
    for job in ["chained", "per_item", "with_arguments", "several"] {
        let run = Session::of("dynamic", &format!("run {job} --progress none"));
        assert_eq!(run.exit, Some(0), "{job}: {}", run.stderr);
    }
}

#[test]
fn dynamic_hands_failures_on_and_leaves_out_what_is_skipped() {
    insta::assert_snapshot!(session("dynamic", "plan with_failures"), @r"
    exit 0
    --- stdout
    job with_failures: Failures handed on as values.
      depth_first, as many at once as processors
    files() -> dynamic String
    map files
        second(text: &String <- each files) -> optional String
        price(thing: &String <- second) -> usize
    receipt(prices: &Vec<Keyed<Result<usize, StepFailure>>> <- collect results of price) -> String
    ");
    insta::assert_snapshot!(session("dynamic", "run with_failures --progress none"), @r"
    exit 1
    --- stderr
    run <run>, recorded in <home>
            Info [<time>] receipt: a.txt: 5, c.txt: `price[c.txt]` failed: wine is not for sale
    ────────────
         Failure [<time>] with_failures: 8 steps: 6 succeeded, 1 failed, 1 skipped
          Failed [<time>] price[c.txt]
                 wine is not for sale
    hint: `dynamic why <run>` tells more; `dynamic rerun <run> --from-failure` goes on from there
    ");
}

#[test]
fn dynamic_lists_its_jobs_for_scripts() {
    let list: Value = serde_json::from_str(&Session::of("dynamic", "list --json").stdout).unwrap();
    let names: Vec<_> = list.as_array().unwrap().iter().map(|job| job["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["chained", "per_item", "with_arguments", "several", "with_failures"]);
}

#[test]
fn nested_closes_its_maps_level_by_level() {
    insta::assert_snapshot!(session("nested", "list"), @r"
    exit 0
    --- stdout
    library  Counts the words of every shelf.
    ");
    insta::assert_snapshot!(session("nested", "plan"), @r"
    exit 0
    --- stdout
    job library: Counts the words of every shelf.
      depth_first, as many at once as processors
    shelves() -> dynamic Shelf
    map shelves
        books(shelf: &Shelf <- each shelves) -> dynamic &str
        map books
            words.clean(text: &String <- each books) -> String
            words.count(text: &String <- words.clean) -> usize
        sum(numbers: &Vec<usize> <- collect words.count) -> usize
    report(totals: &Vec<usize> <- collect sum) -> String
    --- stderr
    note: in memory alone, and made anew when a run is resumed: `shelves` (Shelf), `books` (&str); to keep them, derive `serde::Serialize` and `Deserialize` for types that own their data, or name an IO manager
    ");
    insta::assert_snapshot!(session("nested", "run --progress none"), @r"
    exit 0
    --- stderr
    run <run>, recorded in <home>
            Info [<time>] report: words on the shelves: [9, 9, 0]
    ────────────
         Success [<time>] library: 14 steps: 14 succeeded
    ");
}

#[test]
fn an_unknown_job_is_wrong_usage() {
    insta::assert_snapshot!(session("hello", "run goodbye"), @r"
    exit 2
    --- stderr
    error: there is no job `goodbye`; the jobs of this program are:
      hello
    ");
    insta::assert_snapshot!(session("dynamic", "plan severl"), @r"
    exit 2
    --- stderr
    error: there is no job `severl`
    hint: did you mean `dynamic plan several`? `dynamic list` names all jobs
    ");
    insta::assert_snapshot!(session("dynamic", "run"), @r"
    exit 2
    --- stderr
    error: which job? the jobs of this program are:
      chained
      per_item
      with_arguments
      several
      with_failures
    hint: name it: `dynamic run chained`
    ");
}

#[test]
fn a_chart_that_cannot_be_written_is_the_machines_fault() {
    let run = Session::of("hello", "run --quiet --gantt no/such/folder/run.svg");
    assert_eq!(run.exit, Some(3), "{}", run.stderr);
    let told = "error: the chart cannot be written to `no/such/folder/run.svg`: ";
    assert!(run.stdout.is_empty() && run.stderr.starts_with(told), "{}", run.stderr);
}

/// The whole log of a run with one slot, where the order of events is decided: depth-first, item by item.
#[test]
fn events_are_lines_of_json() {
    let run = Session::of("hello", "run --json --progress none --max-concurrent 1");
    insta::assert_snapshot!(shapes(&run.stdout), @r#"
    {"event":"RUN_START","job":"hello","max_concurrent":1,"steps":[{"name":"names"},{"name":"greet","over":{"step":"names","output":"result"}},{"name":"say"}]}
    {"step":"names","attempt":1,"event":"STEP_START"}
    {"step":"names","attempt":1,"event":"STEP_OUTPUT","output":"result","key":"0"}
    {"step":"greet[0]","attempt":1,"event":"STEP_START"}
    {"step":"greet[0]","attempt":1,"event":"STEP_INPUT","input":"name"}
    {"step":"greet[0]","attempt":1,"event":"STEP_OUTPUT","output":"result"}
    {"step":"greet[0]","attempt":1,"event":"STEP_SUCCESS"}
    {"step":"names","attempt":1,"event":"STEP_OUTPUT","output":"result","key":"1"}
    {"step":"greet[1]","attempt":1,"event":"STEP_START"}
    {"step":"greet[1]","attempt":1,"event":"STEP_INPUT","input":"name"}
    {"step":"greet[1]","attempt":1,"event":"STEP_OUTPUT","output":"result"}
    {"step":"greet[1]","attempt":1,"event":"STEP_SUCCESS"}
    {"step":"names","attempt":1,"event":"STEP_OUTPUT","output":"result","key":"2"}
    {"step":"greet[2]","attempt":1,"event":"STEP_START"}
    {"step":"greet[2]","attempt":1,"event":"STEP_INPUT","input":"name"}
    {"step":"greet[2]","attempt":1,"event":"STEP_OUTPUT","output":"result"}
    {"step":"greet[2]","attempt":1,"event":"STEP_SUCCESS"}
    {"step":"names","attempt":1,"event":"STREAM_CLOSED","output":"result","count":3}
    {"step":"names","attempt":1,"event":"STEP_SUCCESS"}
    {"step":"say","attempt":1,"event":"STEP_START"}
    {"step":"say","attempt":1,"event":"STEP_INPUT","input":"greetings","gathered":3}
    {"step":"say","attempt":1,"event":"LOG","level":"info","target":"hello","message":"Hello, Ada! Hello, Grace! Hello, Edsger!"}
    {"step":"say","attempt":1,"event":"STEP_OUTPUT","output":"result"}
    {"step":"say","attempt":1,"event":"STEP_SUCCESS"}
    {"event":"RUN_SUCCESS"}
    "#);
    assert_eq!(run.exit, Some(0), "{}", run.stderr);
}

#[test]
fn a_plan_as_json_has_all_its_parts() {
    let plan = Session::of("nested", "plan --format json").stdout;
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let steps = plan["steps"].as_array().unwrap();
    let told: Vec<_> = steps.iter().map(|step| format!("{} {}", step["name"], step["map"])).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    "shelves" null
    "books" 0
    "words.clean" 1
    "words.count" 1
    "sum" 0
    "report" null
    "#);
    insta::assert_snapshot!(plan["maps"], @r#"[{"step":0,"output":0},{"parent":0,"step":1,"output":0}]"#);
    insta::assert_snapshot!(plan["collects"], @r#"[{"map":1,"element":{"output":{"step":3,"output":0}},"results":false},{"map":0,"element":{"output":{"step":4,"output":0}},"results":false}]"#);
    insta::assert_snapshot!(steps[2]["inputs"], @r#"[{"name":"text","type":"String","passing":"reference","source":{"list":{"elements":[{"item":{"map":1}}],"list":0}}}]"#);
}

/// Each line without what differs from run to run: the time, the run's identifier, and how long a step had waited.
fn shapes(lines: &str) -> String {
    let shape = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        let fields = event.as_object_mut().unwrap();
        for name in ["time", "run"] {
            assert!(fields.shift_remove(name).is_some_and(|value| value.is_string()), "{name}: {line}");
        }
        if let Some(waited) = fields.shift_remove("waited") {
            assert!(waited["secs"].is_u64() && waited["nanos"].is_u64(), "{line}");
        }
        event.to_string()
    };
    lines.lines().map(shape).collect::<Vec<_>>().join("\n")
}

#[test]
fn descriptors_are_jobs() {
    insta::assert_snapshot!(session("descriptors", "list"), @r"
    exit 0
    --- stdout
    legends  Tells of which generation the legendary Pokémon are.
    types    Counts the Pokémon of each type, page by page.
             schedule: 0 6 * * *
    ");
    insta::assert_snapshot!(session("descriptors", "plan types"), @r#"
    exit 0
    --- stdout
    job types: Counts the Pokémon of each type, page by page.
      depth_first, 2 at once, tags team=data
    pages = read_pages() -> dynamic Page
      | config Source
    map pages
        counted = count_by(page: &Page <- each pages, column: &String <- "type1") -> Counts
          | retry 2x after 100ms exponential
    total = add_up(counts: Vec<Counts> <- collect counted) -> Counts
    report = tell(title: &String <- "most frequent types", counts: &Counts <- total, most: Option<usize> <- literal) -> ()
    "#);
    insta::assert_snapshot!(session("descriptors", "plan legends"), @r#"
    exit 0
    --- stdout
    job legends: Tells of which generation the legendary Pokémon are.
      depth_first, as many at once as processors, tags orch/priority=5
    pages = read_pages() -> dynamic Page
      | config Source
    map pages
        legends = keep(page: Page <- each pages, column: &String <- "is_legendary", value: &String <- "1") -> Page
        counted = count_by(page: &Page <- legends, column: &String <- "generation") -> Counts
    total = add_up(counts: Vec<Counts> <- collect counted) -> Counts
    report = tell(title: &String <- "legends by generation", counts: &Counts <- total, most: Option<usize> <- literal) -> ()
    "#);
    insta::assert_snapshot!(session("descriptors", "run types --progress none"), @r"
    exit 0
    --- stderr
    run <run>, recorded in <home>
            Info [<time>] report: most frequent types: 100 water, 89 normal, 61 grass, 60 bug, 44 psychic
    ────────────
         Success [<time>] types: 7 steps: 7 succeeded
    ");
    insta::assert_snapshot!(session("descriptors", "run legends --progress none"), @r"
    exit 0
    --- stderr
    run <run>, recorded in <home>
            Info [<time>] report: legends by generation: 13 4, 13 5, 10 3
    ────────────
         Success [<time>] legends: 17 steps: 17 succeeded
    ");
}

#[test]
fn there_is_nothing_to_mend_in_the_examples() {
    for example in ["hello", "dynamic", "nested", "by_hand", "descriptors"] {
        let session = Session::of(example, "check");
        assert_eq!(session.exit, Some(0), "{example}: {}", session.text());
    }
    assert_eq!(
        Session::of("hello", "check").stdout,
        "checked 1 job, 0 presets, 0 environments: nothing to mend\n"
    );
}

#[test]
fn assets_are_made_of_each_other() {
    insta::assert_snapshot!(session("assets", "assets graph"), @r"
    exit 0
    --- stdout
    till           raw
      sales        sales
        revenue    sales
          letters  letters
          report   letters
    ");
    insta::assert_snapshot!(session("assets", "plan nightly"), @r"
    exit 0
    --- stdout
    job nightly
      depth_first, as many at once as processors
    till() -> String
      | loads asset till
    sales(till: &String <- till) -> Vec<(String, f64)>
      | makes asset sales
    revenue(sales: &Vec<(String, f64)> <- sales) -> BTreeMap<String, f64>
      | makes asset revenue
    letters.customers(revenue: BTreeMap<String, f64> <- revenue) -> dynamic (String, f64)
    map letters.customers
        letters.letter(due: (String, f64) <- each letters.customers) -> String
    letters.bind(letters: &Vec<String> <- collect letters.letter) -> String
      | makes asset letters
    report(revenue: &BTreeMap<String, f64> <- revenue) -> String
      | makes asset report
    ");
    insta::assert_snapshot!(session("assets", "materialize +group:sales+ --progress none --max-concurrent 1"), @r"
    exit 0
    --- stderr
    run <run>, recorded in <home>
    ────────────
         Success [<time>] materialize: 9 steps: 9 succeeded
    Materialized till
    Materialized sales    4 rows
    Materialized revenue
    Materialized letters
    Materialized report
    ");
    // What it takes was never made.
    insta::assert_snapshot!(session("assets", "materialize report"), @r"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: `report` takes the asset `revenue`, which was never materialized
      --> examples/assets.rs:74 (the step)
      hint: materialize it before, `materialize revenue`, or with all that is needed: `materialize '+report'`
    ");
}

#[test]
fn partitions_are_made_by_steps_of_their_own() {
    let all = "materialize --all --partition 2024-01-01..2024-01-07 --progress none --max-concurrent 1";
    insta::assert_snapshot!(session("partitions", all), @r"
    exit 0
    --- stderr
    run <run>, recorded in <home>
    ────────────
         Success [<time>] materialize: 21 steps: 21 succeeded
    Materialized till[2024-01-01]
    Materialized revenue[2024-01-01]
    Materialized till[2024-01-02]
    Materialized revenue[2024-01-02]
    Materialized till[2024-01-03]
    Materialized revenue[2024-01-03]
    Materialized till[2024-01-04]
    Materialized revenue[2024-01-04]
    Materialized till[2024-01-05]
    Materialized revenue[2024-01-05]
    Materialized till[2024-01-06]
    Materialized revenue[2024-01-06]
    Materialized till[2024-01-07]
    Materialized revenue[2024-01-07]
    Materialized best_day
    Materialized week[2024-01-01]
    ");
    insta::assert_snapshot!(session("partitions", "run nightly --partition 2024-01-01"), @r"
    exit 2
    --- stderr
    error: the job `nightly` cannot be planned: 2 problems
    error: `revenue` is made of partitions of `till` that were never materialized: 2024-01-01
      --> examples/partitions.rs:46 (is made of it)
      --> examples/partitions.rs:39 (the asset)
      hint: materialize them before, `materialize till --partition '2024-01-01'`, or take it as an `Option`: `till: Option<..>`
    error: `week` is made of partitions of `revenue` that were never materialized: 2024-01-02..2024-01-07
      --> examples/partitions.rs:60 (is made of it)
      --> examples/partitions.rs:46 (the asset)
      hint: materialize them before, `materialize revenue --partition '2024-01-02..2024-01-07'`, or let the mapping say that it does without: `.allow_missing()`
    ");
    insta::assert_snapshot!(session("partitions", "materialize till --partition 2024-01-09..2024-01-03"), @r"
    exit 2
    --- stderr
    error: the job `materialize` cannot be planned
    error: of the partitions of `till`: the range `2024-01-09..2024-01-03` ends before it begins
      --> examples/partitions.rs:39 (the asset)
      hint: write `2024-01-03..2024-01-09`
    ");
}
