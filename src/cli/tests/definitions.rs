//! What a program has, and what is said if it cannot be made or planned.

use super::*;

#[test]
fn jobs_are_listed() {
    insta::assert_snapshot!(session(two, "list"), @r"
    exit 0
    --- stdout
    pages      Loads all pages.
    bad_pages  Loads all pages.
    ");
    insta::assert_snapshot!(session(one, "list --json"), @r#"
    exit 0
    --- stdout
    [
      {
        "name": "pages",
        "description": "Loads all pages. One by one.",
        "tags": {},
        "max_concurrent": 1,
        "max_in_flight": null,
        "order": "depth_first",
        "schedule": null,
        "presets": [],
        "environments": []
      }
    ]
    "#);
    insta::assert_snapshot!(session(|| Ok(Definitions::new()), "list"), @r"
    exit 0
    --- stderr
    this program has no jobs
    ");
}

#[test]
fn definitions_can_fail() {
    let failing =
        || Err(Failure::new("DATABASE_URL is not set").hint("export DATABASE_URL=postgres://localhost/dex"));
    insta::assert_snapshot!(session(failing, "list"), @r"
    exit 2
    --- stderr
    error: the definitions of this program cannot be made
      caused by: DATABASE_URL is not set
      hint: export DATABASE_URL=postgres://localhost/dex
    ");
    let twice = || Ok(one()?.job(pages("pages", 0)));
    assert!(session(twice, "list").contains("two jobs have the name `pages`\n  --> src/cli/tests.rs:"));
}

#[test]
fn a_plan_is_shown_in_four_forms() {
    assert!(session(one, "plan").starts_with("exit 0\n--- stdout\njob pages"));
    assert!(
        session(one, "plan pages --format json").starts_with("exit 0\n--- stdout\n{\n  \"job\": \"pages\",")
    );
    assert!(session(one, "plan --format mermaid").contains("flowchart"));
    assert!(session(one, "plan --format dot").contains("digraph"));
}

#[test]
fn a_plan_that_cannot_be_made_ends_with_2() {
    let unnamed_pool = || {
        let op = OpDef::builder("query").pool("db").returns::<Number>().blocking(|_| Ok(1));
        let op = Arc::new(op);
        Ok(Definitions::new().job(Job::compose(JobOptions::new("query"), || Call::of(&op).place::<Number>())))
    };
    let told = session(unnamed_pool, "run");
    assert!(told.starts_with("exit 2\n--- stderr\nerror: the job `query` cannot be planned"), "{told}");
    let unnamed_io = || {
        let op = OpDef::builder("query").io("files").returns::<Number>().blocking(|_| Ok(1));
        let op = Arc::new(op);
        Ok(Definitions::new().job(Job::compose(JobOptions::new("query"), || Call::of(&op).place::<Number>())))
    };
    assert!(session(unnamed_io, "run").contains("the IO manager `files`, which is not defined"));
    // What a run refuses is no plan, whatever its form.
    for format in ["text", "json", "mermaid", "dot"] {
        let plan = format!("plan --format {format}");
        assert_eq!(session(unnamed_pool, &plan), told);
        assert_eq!(session(unnamed_io, &plan), session(unnamed_io, "run"));
    }
}

#[test]
fn completions_know_the_jobs() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = session(two, &format!("completions {shell}"));
        assert!(script.starts_with("exit 0\n--- stdout\n"), "{script}");
        assert!(!matches!(shell, "bash" | "zsh") || script.contains("bad_pages"), "{shell}");
    }
}

#[test]
fn a_panic_before_any_run_names_job_and_place() {
    let in_body = || {
        let none: Vec<Job> = Vec::new();
        Ok(Definitions::new().job(Job::compose(JobOptions::new("empty"), || none[0].name().to_owned())))
    };
    // The hint is there unless these tests themselves are run with backtraces.
    let hint = "hint: with RUST_BACKTRACE=1 it is told how the program came there";
    let traced = std::env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0");
    let without_line = |told: String| {
        assert_eq!(told.contains(hint), !traced, "{told}");
        let (before, after) = told.split_once("definitions.rs:").expect("a place");
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':').replace(hint, "");
        format!("{before}definitions.rs:_{after}")
    };
    insta::assert_snapshot!(without_line(session(in_body, "list")), @r"
    exit 4
    --- stderr
    error: the body of the job `empty` panicked: index out of bounds: the len is 0 but the index is 0
      --> src/cli/tests/definitions.rs:_
    ");
    insta::assert_snapshot!(without_line(session(|| panic!("no settings"), "run")), @r"
    exit 4
    --- stderr
    error: the function that makes the definitions of this program panicked: no settings
      --> src/cli/tests/definitions.rs:_
    ");
}

#[test]
fn a_plan_tells_what_is_made_anew_when_a_run_is_resumed() {
    /// Neither is serde's.
    struct Connection;
    type Connections = One<Connection, { kind::VALUE }>;
    let program = |connections: usize| {
        move || {
            let connect = OpDef::builder("connect").returns::<Connections>().blocking(|_| Ok(Connection));
            let query = OpDef::builder("query").input_ref::<Connection>("to").returns::<Number>();
            let query = query.coded([Coded::<i64>::CODEC]).blocking(|_| Ok(1));
            let (connect, query) = (Arc::new(connect), Arc::new(query));
            Ok(Definitions::new().job(Job::compose(JobOptions::new("query"), || {
                for _ in 0..connections {
                    let to = Call::of(&connect).place::<Connections>();
                    Call::of(&query).input::<Connection>(to).place::<Number>();
                }
                // Nobody takes it, so that nobody asks for it again.
                Call::of(&connect).place::<Connections>();
            })))
        }
    };
    insta::assert_snapshot!(session(program(1), "plan"), @r"
    exit 0
    --- stdout
    job query
      depth_first, as many at once as processors
    connect() -> Connection
    query(to: &Connection <- connect) -> i64
    connect_2 = connect() -> Connection
    --- stderr
    note: in memory alone, and made anew when a run is resumed: `connect` (Connection); to keep them, derive `serde::Serialize` and `Deserialize` for types that own their data, or name an IO manager
    ");
    let many = session(program(10), "plan");
    assert!(many.contains("`connect_8` (Connection) and 2 more; to keep them"), "{many}");
    // Data alone, where nothing is to be said.
    assert!(!session(program(1), "plan --quiet").contains("stderr"));
    assert!(!session(program(0), "plan").contains("stderr"));
}
