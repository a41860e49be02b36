//! Runs: what is shown while they go on and when they are over.

use super::*;

#[test]
fn a_log_filter_that_cannot_be_read_is_told() {
    let err = Kept::default();
    let quiet = crate::cli::args::OutputArgs {
        quiet: true,
        verbose: false,
        color: crate::cli::args::ColorChoice::Never,
    };
    let printer = Printer::to(Kept::default(), err.clone(), quiet);
    let filter = |wanted| crate::cli::run::log_filter(wanted, &printer).to_string();
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
    run <run>, recorded in memory
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
fn a_run_is_told_line_by_line() {
    insta::assert_snapshot!(session(one, "run --tags env=test"), @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
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
    run <run>, recorded in memory
    ────────────
         Failure [<time>] bad_pages: 4 steps: 3 succeeded, 1 failed
          Failed [<time>] load[1]
                 cannot store page 1
                   caused by: disk full
                   hint: delete something
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
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
    run <run>, recorded in memory
    ────────────
         Failure [<time>] wrong: 501 steps: 1 succeeded, 500 failed
          Failed [<time>] load[0], and 499 more items: [1], [2], [3], …
                 wrong password
    hint: `program why <run>` tells more; `program rerun <run> --from-failure` goes on from there
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
    let exit = run_in(&in_memory(EnvVars::none()), words, None, one, |args| Printer::to(Gone, Gone, args));
    assert_eq!(exit, crate::cli::Exit::Success);
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
        let exit = run_in(&in_memory(EnvVars::none()), words, None, two, |args| {
            Printer::to(Full, err.clone(), args)
        });
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

#[test]
fn a_hook_that_fails_is_told_and_the_exit_code_is_that_of_the_run() {
    let hooked = || {
        let tell = HookDef::builder("tell").blocking(|_| Err("no route".into()));
        let say = op("say", Ok);
        let call = || Call::of(&say).input::<i64>(lit(1_i64)).place::<Number>();
        let job = Job::compose(JobOptions::new("talk").hook(&tell), call);
        Ok(Definitions::new().job(job))
    };
    insta::assert_snapshot!(session(hooked, "run --progress plain"), @r"
    exit 0
    --- stderr
    run <run>, recorded in memory
    <time>  RUN_START talk
    <time>  STEP_START say
    <time>  STEP_SUCCESS say (took <time>)
    <time>  HOOK_ERRORED say tell: no route
    <time>  RUN_SUCCESS (took <time>)
    ────────────
         Success [<time>] talk: 1 step: 1 succeeded
     Hook failed tell of say
                 no route
    ");
}

#[test]
fn what_a_resource_cannot_give_out_when_it_is_closed_is_a_failure() {
    struct Writer;
    #[crate::resource(close = flush)]
    fn writer() -> Writer {
        Writer
    }
    fn flush(_: &Writer) -> Result<(), Failure> {
        Err("the last rows cannot be written".into())
    }
    #[crate::op]
    fn write(_writer: crate::define::Res<Writer>) {}
    #[crate::job]
    fn rows() {
        write();
    }
    let program = || Ok(Definitions::new().job(rows()).resource_from::<writer>());
    insta::assert_snapshot!(session(program, "run -q"), @r"
    exit 1
    --- stderr
    ────────────
         Success [<time>] rows: 1 step: 1 succeeded
      Not closed resource writer
                 the last rows cannot be written
    ");
}
