//! Whole sessions: what a user types, what the program answers.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use orch_core::define::{Dynamic, JobOptions, One, OpDef, Retry, kind};
use orch_core::failure::Failure;
use orch_core::graph::{Call, Job, lit};
use orch_core::run::Definitions;

use super::printer::Printer;
use super::run_with;

type Number = One<i64, { kind::VALUE }>;
type Numbers = One<Dynamic<i64>, { kind::DYNAMIC }>;

/// A stream that can be read when the session is over.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What a program with these definitions answers: exit code, stdout, stderr; times and the program's name redacted.
fn session(definitions: impl FnOnce() -> Result<Definitions, Failure>, args: &str) -> String {
    let (out, err) = (Kept::default(), Kept::default());
    let words = std::iter::once("program").chain(args.split_whitespace()).map(Into::into);
    let exit =
        run_with(words, Some("1.2.3"), definitions, |args| Printer::to(out.clone(), err.clone(), args));
    let (out, err) = (redacted(&out.text()), redacted(&err.text()));
    let said = |name: &str, text: &str| {
        if text.is_empty() { String::new() } else { format!("\n--- {name}\n{text}") }
    };
    format!("exit {}{}{}", exit.code(), said("stdout", &out), said("stderr", &err))
}

fn redacted(text: &str) -> String {
    let text = text.replace(&super::program_name(), "program");
    let lines = text.lines().map(|line| {
        let mut line = line.to_owned();
        if line.get(4..5) == Some(".") && line.trim_start().starts_with(|c: char| c.is_ascii_digit()) {
            line.replace_range(..8, "<time>");
        }
        for (from, to) in [
            ("(took ", ")"),
            ("Success [", "]"),
            ("Failure [", "]"),
            ("Failed [", "]"),
            ("Info [", "]"),
            ("\"time\":\"", "\""),
        ] {
            if let Some(at) = line.find(from).map(|at| at + from.len())
                && let Some(end) = line[at..].find(to)
            {
                line.replace_range(at..at + end, "<time>");
            }
        }
        line
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn op(name: &str, body: impl Fn(i64) -> Result<i64, Failure> + Send + Sync + 'static) -> Arc<OpDef> {
    let op = OpDef::builder(name).input::<i64>("x").retry(Retry::new(1)).returns::<Number>();
    Arc::new(op.blocking(move |mut args| body(args.take(0)?)))
}

/// Pages are extracted and loaded; page 1 cannot be.
fn pages(name: &str, bad: i64) -> Job {
    let extract = OpDef::builder("extract").returns::<Numbers>().blocking(|_| Ok(Dynamic::from_values(0..3)));
    let extract = Arc::new(extract);
    let load = op("load", move |page| {
        if page == bad {
            let failure = Failure::new("disk full").context(format!("cannot store page {page}"));
            return Err(failure.hint("delete something").not_retryable());
        }
        Ok(page)
    });
    let options = JobOptions::new(name).max_concurrent(1).description("Loads all pages. One by one.");
    Job::compose(options, || {
        let pages = Call::of(&extract).place::<Numbers>();
        pages.map(|page| Call::of(&load).input::<i64>(page).place::<Number>())
    })
}

fn one() -> Result<Definitions, Failure> {
    Ok(Definitions::new().job(pages("pages", -1)))
}

fn two() -> Result<Definitions, Failure> {
    Ok(one()?.job(pages("bad_pages", 1)))
}

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
        "description": "Loads all pages. One by one.",
        "max_concurrent": 1,
        "max_in_flight": null,
        "name": "pages",
        "order": "depth_first",
        "tags": {}
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
fn an_unknown_job_is_told_with_the_known() {
    insta::assert_snapshot!(session(two, "run bad_page"), @r"
    exit 2
    --- stderr
    error: there is no job `bad_page`
    hint: did you mean `program run bad_pages`? `program list` names all jobs
    ");
    insta::assert_snapshot!(session(two, "run load"), @r"
    exit 2
    --- stderr
    error: there is no job `load`; the jobs of this program are:
      pages
      bad_pages
    ");
    insta::assert_snapshot!(session(two, "plan"), @r"
    exit 2
    --- stderr
    error: which job? the jobs of this program are:
      pages
      bad_pages
    hint: name it: `program plan pages`
    ");
    insta::assert_snapshot!(session(|| Ok(Definitions::new()), "run"), @r"
    exit 2
    --- stderr
    error: this program has no jobs
    hint: return them from the function with #[orch::main]: Definitions::new().job(my_job())
    ");
}

#[test]
fn a_hyphen_in_the_name_of_a_job_is_an_underscore() {
    assert_eq!(session(two, "plan bad-pages"), session(two, "plan bad_pages"));
    assert!(session(two, "plan bad-pages").starts_with("exit 0"));
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
fn wrong_numbers_name_their_option() {
    insta::assert_snapshot!(session(one, "run --max-concurrent 0"), @r"
    exit 2
    --- stderr
    error: invalid value '0' for '--max-concurrent <STEPS>': write 1 or more

    For more information, try '--help'.
    ");
    for number in ["0", "-1", "many", "1.5"] {
        for option in ["--max-concurrent <STEPS>", "--max-in-flight <ITEMS>"] {
            let (name, _) = option.split_once(' ').expect("a name");
            let told = session(one, &format!("run {name} {number}"));
            let error = format!("error: invalid value '{number}' for '{option}': write 1 or more");
            assert!(told.starts_with("exit 2") && told.contains(&error), "{told}");
        }
    }
}

#[test]
fn a_job_taken_for_a_file_is_told() {
    insta::assert_snapshot!(session(one, "run --gantt pages"), @r"
    exit 2
    --- stderr
    error: invalid value 'pages' for '--gantt [<FILE.svg>]': what follows --gantt is the file of the chart, and its name ends in .svg; if this is the job, write `run pages --gantt`, else `--gantt pages.svg`

    For more information, try '--help'.
    ");
}

#[test]
fn the_version_is_that_of_the_program() {
    insta::assert_snapshot!(session(one, "--version"), @r"
    exit 0
    --- stdout
    program 1.2.3
    ");
}

#[test]
fn a_log_filter_that_cannot_be_read_is_told() {
    let err = Kept::default();
    let quiet =
        super::args::OutputArgs { quiet: true, verbose: false, color: super::args::ColorChoice::Never };
    let printer = Printer::to(Kept::default(), err.clone(), quiet);
    let filter = |wanted| super::run::log_filter(wanted, &printer).to_string();
    assert_eq!(
        (filter(None), filter(Some("")), filter(Some("my_crate=trace"))),
        ("info".into(), "info".into(), "my_crate=trace".into())
    );
    assert_eq!(err.text(), "");
    assert_eq!(filter(Some("my_crate=loud")), "info");
    insta::assert_snapshot!(err.text(), @r#"
    warning: RUST_LOG is `my_crate=loud`, which cannot be read (error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5); lines from `info` on are shown
    hint: write a level, `RUST_LOG=debug`, or targets, `RUST_LOG=info,my_crate=trace`
    "#);
}

#[test]
fn without_progress_only_what_steps_log_is_shown() {
    let talking = || {
        let say = op("say", |n| {
            tracing::info!(n, "said");
            tracing::debug!("thought");
            Ok(n)
        });
        let call = || Call::of(&say).input::<i64>(lit(1_i64)).place::<Number>();
        Ok(Definitions::new().job(Job::compose(JobOptions::new("talk"), call)))
    };
    insta::assert_snapshot!(session(talking, "run --progress none"), @r"
    exit 0
    --- stderr
            Info [<time>] say: said n=1
    ────────────
         Success [<time>] talk: 1 step: 1 succeeded
    ");
    insta::assert_snapshot!(session(talking, "run --progress none --quiet"), @"exit 0");
}

#[test]
fn attempts_are_counted_in_the_error() {
    let stubborn = || {
        let load = OpDef::builder("load").retry(Retry::new(2)).returns::<Number>();
        let load = Arc::new(load.blocking(|_| Err(Failure::new("disk full"))));
        Ok(Definitions::new()
            .job(Job::compose(JobOptions::new("stubborn"), || Call::of(&load).place::<Number>())))
    };
    insta::assert_snapshot!(session(stubborn, "run --quiet"), @r"
    exit 1
    --- stderr
    ────────────
         Failure [<time>] stubborn: 1 step: 1 failed
          Failed [<time>] load after 3 attempts
                 disk full
    ");
}

#[test]
fn hints_of_attempts_that_are_followed_by_another_are_for_those_who_look_closely() {
    let flaky = || {
        let load = OpDef::builder("load").retry(Retry::new(1)).returns::<Number>();
        let load = Arc::new(load.blocking(|args| match args.context().attempt() {
            1 => Err(Failure::new("disk full").hint("delete something")),
            _ => Ok(1),
        }));
        Ok(Definitions::new()
            .job(Job::compose(JobOptions::new("flaky"), || Call::of(&load).place::<Number>())))
    };
    let hint = "disk full, again at once (took <time>)\n             hint: delete something\n";
    assert!(session(flaky, "run --verbose").contains(hint), "{}", session(flaky, "run --verbose"));
    assert!(!session(flaky, "run").contains("hint"));
}

#[test]
fn wrong_arguments_end_with_2() {
    insta::assert_snapshot!(session(one, "run --tags env"), @r"
    exit 2
    --- stderr
    error: invalid value 'env' for '--tags <KEY=VALUE>': a tag is written key=value

    For more information, try '--help'.
    ");
    assert!(session(one, "--help").starts_with("exit 0\n--- stdout\nRun the jobs of this program"));
    assert_eq!(session(one, "help run"), session(one, "run --help"));
    insta::assert_snapshot!(session(one, "run --tags env=test,team=a,env=prod"), @r"
    exit 2
    --- stderr
    error: the tag `env` is given twice
    hint: keep one: `--tags env=..`
    ");
    insta::assert_snapshot!(session(one, "run --gantt="), @r"
    exit 2
    --- stderr
    error: invalid value '' for '--gantt [<FILE.svg>]': the file of the chart has no name; write `--gantt` alone for a chart in the terminal, or a name that ends in .svg

    For more information, try '--help'.
    ");
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
fn a_run_is_told_line_by_line() {
    insta::assert_snapshot!(session(one, "run --tags env=test"), @r"
    exit 0
    --- stderr
    <time>  RUN_START pages env=test
    <time>  STEP_START extract
    <time>  STEP_START load[0]
    <time>  STEP_SUCCESS load[0] (took <time>)
    <time>  STEP_START load[1]
    <time>  STEP_SUCCESS load[1] (took <time>)
    <time>  STEP_START load[2]
    <time>  STEP_SUCCESS load[2] (took <time>)
    <time>  STREAM_CLOSED extract result, 3 items
    <time>  STEP_SUCCESS extract (took <time>)
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] pages: 4 steps: 4 succeeded
    ");
}

#[test]
fn a_failed_run_ends_with_1_and_its_errors() {
    insta::assert_snapshot!(session(two, "run bad_pages --progress none"), @r"
    exit 1
    --- stderr
    ────────────
         Failure [<time>] bad_pages: 4 steps: 3 succeeded, 1 failed
          Failed [<time>] load[1]
                 cannot store page 1
                   caused by: disk full
                   hint: delete something
    ");
    insta::assert_snapshot!(session(two, "run bad_pages --quiet"), @r"
    exit 1
    --- stderr
    ────────────
         Failure [<time>] bad_pages: 4 steps: 3 succeeded, 1 failed
          Failed [<time>] load[1]
                 cannot store page 1
                   caused by: disk full
                   hint: delete something
    ");
    insta::assert_snapshot!(session(two, "run pages --quiet"), @"exit 0");
}

#[test]
fn items_that_fail_alike_are_one_entry_also_with_a_chart() {
    let wrong_setting = || {
        let source =
            OpDef::builder("source").returns::<Numbers>().blocking(|_| Ok(Dynamic::from_values(0..500)));
        let source = Arc::new(source);
        let load = op("load", |_| Err(Failure::new("wrong password").not_retryable()));
        Ok(Definitions::new().job(Job::compose(JobOptions::new("wrong").max_concurrent(1), || {
            let items = Call::of(&source).place::<Numbers>();
            items.map(|item| Call::of(&load).input::<i64>(item).place::<Number>());
        })))
    };
    insta::assert_snapshot!(session(wrong_setting, "run --progress none"), @r"
    exit 1
    --- stderr
    ────────────
         Failure [<time>] wrong: 501 steps: 1 succeeded, 500 failed
          Failed [<time>] load[0], and 499 more items: [1], [2], [3], …
                 wrong password
    ");
    let told = session(wrong_setting, "run --progress none --gantt");
    assert_eq!(told.matches("wrong password").count(), 1, "{told}");
}

#[test]
fn events_are_lines_of_json() {
    let told = session(one, "run --json --progress none");
    let (_, data) = told.split_once("--- stdout\n").expect("data");
    let (data, _) = data.split_once("\n--- stderr").expect("a summary");
    let lines: Vec<serde_json::Value> =
        data.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[0]["event"], "RUN_START");
    assert_eq!(lines.last().expect("lines")["event"], "RUN_SUCCESS");
    assert!(lines.iter().any(|line| line["step"] == "load[2]" && line["event"] == "STEP_SUCCESS"), "{data}");
}

#[test]
fn a_chart_is_data() {
    let told = session(one, "run --gantt --progress none");
    assert!(
        told.contains("--- stdout\n") && told.contains("\nload[2] ") && told.contains("░ queued"),
        "{told}"
    );
    let file = std::env::temp_dir().join(format!("orch-chart-{}.svg", std::process::id()));
    let told = session(one, &format!("run --gantt {} --progress none", file.display()));
    assert!(told.contains("the chart is in "), "{told}");
    assert!(std::fs::read_to_string(&file).expect("the chart").starts_with("<svg"));
    std::fs::remove_file(&file).expect("the chart goes");
}

#[test]
fn a_chart_that_cannot_be_written_is_told_before_the_run() {
    insta::assert_snapshot!(session(one, "run --gantt /nowhere/at/all.svg"), @r"
    exit 3
    --- stderr
    error: the chart cannot be written to `/nowhere/at/all.svg`: No such file or directory (os error 2); no step has run
    ");
    // A folder is there, but no file; and what is there already stays as it is.
    let folder = std::env::temp_dir().join(format!("orch-charts-{}", std::process::id()));
    let chart = folder.join("old.svg");
    std::fs::create_dir_all(folder.join("folder.svg")).expect("a folder");
    std::fs::write(&chart, "old").expect("a chart");
    let told = session(one, &format!("run --gantt {}", folder.join("folder.svg").display()));
    assert!(told.starts_with("exit 3") && told.contains("no step has run"), "{told}");
    let unplanned = || {
        let op = Arc::new(OpDef::builder("query").pool("db").returns::<Number>().blocking(|_| Ok(1)));
        Ok(Definitions::new().job(Job::compose(JobOptions::new("query"), || Call::of(&op).place::<Number>())))
    };
    for file in ["old.svg", "new.svg"] {
        let told = session(unplanned, &format!("run --gantt {}", folder.join(file).display()));
        assert!(told.starts_with("exit 2"), "{told}");
    }
    assert_eq!(std::fs::read_to_string(&chart).expect("the chart"), "old");
    assert!(!folder.join("new.svg").exists());
    // What became of the run is told by the exit code, also if the chart's place is gone by then.
    for (fails, exit) in [(true, "exit 1"), (false, "exit 3")] {
        std::fs::create_dir_all(&folder).expect("a folder");
        let gone = folder.clone();
        let removes = move || {
            let remove = op("remove", move |n| {
                std::fs::remove_dir_all(&gone).expect("the folder goes");
                if fails { Err(Failure::new("no").not_retryable()) } else { Ok(n) }
            });
            let call = || Call::of(&remove).input::<i64>(lit(1_i64)).place::<Number>();
            Ok(Definitions::new().job(Job::compose(JobOptions::new("removes"), call)))
        };
        let told = session(removes, &format!("run --gantt {}", folder.join("new.svg").display()));
        assert!(told.starts_with(exit) && told.contains("error: the chart cannot be written to"), "{told}");
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
fn a_run_outlives_its_reader() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let words = ["program", "run", "--json"].map(Into::into);
    let exit = run_with(words, None, one, |args| Printer::to(Gone, Gone, args));
    assert_eq!(exit, super::Exit::Success);
}

#[test]
fn data_that_cannot_be_written_is_told() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::StorageFull, "no space left"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let told = |args: &str| {
        let err = Kept::default();
        let words = std::iter::once("program").chain(args.split_whitespace()).map(Into::into);
        let exit = run_with(words, None, two, |args| Printer::to(Full, err.clone(), args));
        format!("exit {}\n{}", exit.code(), redacted(&err.text()))
    };
    insta::assert_snapshot!(told("plan pages"), @r"
    exit 3
    error: stdout cannot be written to: no space left; what stands there is not complete
    ");
    for args in ["list", "completions bash", "--help", "run pages --json --quiet"] {
        assert_eq!(told(args), told("plan pages"), "{args}");
    }
    // What became of the run is told first.
    assert!(told("run bad_pages --json").starts_with("exit 1\n"));
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
        let (before, after) = told.split_once("tests.rs:").expect("a place");
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':').replace(hint, "");
        format!("{before}tests.rs:_{after}")
    };
    insta::assert_snapshot!(without_line(session(in_body, "list")), @r"
    exit 4
    --- stderr
    error: the body of the job `empty` panicked: index out of bounds: the len is 0 but the index is 0
      --> src/cli/tests.rs:_
    ");
    insta::assert_snapshot!(without_line(session(|| panic!("no settings"), "run")), @r"
    exit 4
    --- stderr
    error: the function that makes the definitions of this program panicked: no settings
      --> src/cli/tests.rs:_
    ");
}

#[test]
fn a_wide_map_is_not_held_up() {
    let wide = || {
        let source =
            OpDef::builder("source").returns::<Numbers>().blocking(|_| Ok(Dynamic::from_values(0..5000)));
        let (source, same) = (Arc::new(source), op("same", Ok));
        Ok(Definitions::new().job(Job::compose(JobOptions::new("wide"), || {
            let items = Call::of(&source).place::<Numbers>();
            items.map(|item| Call::of(&same).input::<i64>(item).place::<Number>());
            Call::of(&same).input::<i64>(lit(1_i64)).place::<Number>()
        })))
    };
    let told = session(wide, "run --progress none");
    assert!(told.contains("wide: 5002 steps: 5002 succeeded"), "{told}");
}
