use std::io::{BufRead as _, BufReader, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use orch::config::EnvVars;
use orch::define::Cancel;
use orch::event::{Event, EventKind};
use orch::prelude::*;
use orch::report::story;
use orch::run::{Run, RunError, RunErrorKind, Runner};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use crate::{asked, crash, observed, ops};

pub(crate) fn main() -> ExitCode {
    // A program that says that it offers workers, and is none.
    if std::env::var_os("MUTE").is_some() && std::env::args().any(|argument| argument == "orch-worker") {
        say("reading mail");
        return ExitCode::SUCCESS;
    }
    orch::run::worker(|| Ok(ops::definitions()));
    let wanted: Vec<String> = std::env::args().skip(1).filter(|wanted| !wanted.starts_with('-')).collect();
    match &wanted[..] {
        [word] if word == "host" => return host(),
        [word] if word == "live" => return crash::live(),
        _ => {}
    }
    let mut failed = 0;
    for (name, test) in TESTS {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
            continue;
        }
        let result = catch_unwind(AssertUnwindSafe(test));
        failed += i32::from(result.is_err());
        say(&format!("test {name} ... {}", if result.is_ok() { "ok" } else { "FAILED" }));
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

const TESTS: [(&str, fn()); 26] = [
    ("an_asset_is_made_in_a_process_of_its_own", an_asset_is_made_in_a_process_of_its_own),
    (
        "of_several_assets_a_process_makes_those_that_are_asked_for",
        of_several_assets_a_process_makes_those_that_are_asked_for,
    ),
    ("a_check_looks_in_a_process_of_its_own", a_check_looks_in_a_process_of_its_own),
    ("an_observation_looks_in_a_process_of_its_own", observed::an_observation_looks_in_a_process_of_its_own),
    ("a_process_looks_at_a_partition", observed::a_process_looks_at_a_partition),
    (
        "a_process_works_for_a_dynamic_partition_and_adds_some",
        asked::a_process_works_for_a_dynamic_partition_and_adds_some,
    ),
    ("a_process_is_told_what_is_known_of_assets", asked::a_process_is_told_what_is_known_of_assets),
    ("a_crash_fails_the_attempt_and_says_how", a_crash_fails_the_attempt_and_says_how),
    ("a_crash_is_tried_again_as_any_failure", a_crash_is_tried_again_as_any_failure),
    ("a_timeout_ends_code_that_nobody_can_stop", a_timeout_ends_code_that_nobody_can_stop),
    ("an_item_that_does_not_come_in_time_ends_its_process", an_item_that_does_not_come_ends_its_process),
    ("a_crash_in_a_map_leaves_its_source_alone", a_crash_in_a_map_leaves_its_source_alone),
    ("a_program_that_is_no_worker_is_found_out", a_program_that_is_no_worker_is_found_out),
    ("memory_is_bounded", memory_is_bounded),
    ("what_is_printed_and_logged_is_the_steps", what_is_printed_and_logged_is_the_steps),
    ("who_prints_without_end_holds_nobody_up", who_prints_without_end_holds_nobody_up),
    ("a_thousand_steps_use_one_process_for_each_slot", a_thousand_steps_use_one_process_for_each_slot),
    ("a_process_is_taken_along_by_the_run_that_started_it", a_process_is_taken_along_by_the_run),
    ("a_canceled_step_is_told_so", a_canceled_step_is_told_so),
    ("a_step_that_does_not_listen_is_killed_with_its_children", a_deaf_step_is_killed_with_its_children),
    ("secrets_are_in_no_argument_and_no_variable", secrets_are_in_no_argument_and_no_variable),
    ("resources_are_closed_when_the_process_ends", resources_are_closed_when_the_process_ends),
    ("the_story_is_the_same_in_process", the_story_is_the_same_in_process),
    ("what_was_given_to_a_run_alone_is_missed", what_was_given_to_a_run_alone_is_missed),
    ("a_plan_says_what_is_isolated", a_plan_says_what_is_isolated),
    (
        "killed_at_each_boundary_it_goes_on_to_the_same_end",
        crash::killed_at_each_boundary_it_goes_on_to_the_same_end,
    ),
];

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("stdout");
}

fn runner(job: &Job) -> Runner {
    ops::definitions().runner(job).keep_events().keep_outputs().grace(Duration::from_secs(5))
}

fn run_of(result: &Result<Run, RunError>) -> &Run {
    match result {
        Ok(run) => run,
        Err(error) => error.run().unwrap_or_else(|| panic!("{error}")),
    }
}

/// How the first step of a job failed.
fn failure(job: &Job) -> String {
    let error = runner(job).run_blocking().expect_err("a step fails");
    let RunErrorKind::Failed { steps, .. } = error.kind() else { panic!("{error}") };
    let kind = serde_json::to_string(&steps[0].error.kind).expect("a word");
    format!("{kind} {}", steps[0].error)
}

fn an_asset_is_made_in_a_process_of_its_own() {
    let definitions = ops::definitions();
    let job = definitions.materialize_unchecked(&"apart".parse().expect("a selection"));
    let run = definitions.runner(&job).keep_events().run_blocking().expect("it succeeds");
    let told = run.events().iter().find_map(|event| match &event.kind {
        EventKind::AssetMaterialization { metadata, data_version, .. } => Some((metadata, data_version)),
        _ => None,
    });
    let (metadata, version) = told.expect("it is told");
    assert_ne!(metadata["process"].number(), Some(f64::from(std::process::id())));
    assert_eq!(version.as_deref(), Some("v1"));
}

fn of_several_assets_a_process_makes_those_that_are_asked_for() {
    let definitions = ops::definitions();
    let job = definitions.materialize(&"split/tens".parse().expect("a selection"));
    let run = definitions.runner(&job).keep_events().run_blocking().expect("it succeeds");
    let told = run.events().iter().filter_map(|event| match &event.kind {
        EventKind::AssetMaterialization { asset, metadata, data_version, .. } => {
            Some(format!("{asset} {} {data_version:?}", metadata["wanted"]))
        }
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [r#"split/tens true false Some("v2")"#]);
    let run = runner(&ops::saying()).run_blocking().expect("it succeeds");
    let logs = |event: &&Event| event.kind.name() == "LOG";
    assert_snapshot!(story(run.events().iter().filter(logs)), @"LOG said warn: `rows` is said of no asset: the step makes none");
}

fn a_check_looks_in_a_process_of_its_own() {
    let definitions = ops::definitions();
    let job = definitions.materialize(&"apart".parse().expect("a selection"));
    let ran = definitions.runner(&job).keep_events().max_concurrent(1).run_blocking();
    let events = run_of(&ran).events();
    let process = events.iter().find_map(|event| match &event.kind {
        EventKind::AssetCheckEvaluation { result, .. } => result.metadata["process"].number(),
        _ => None,
    });
    assert_ne!(process.expect("it has looked"), f64::from(std::process::id()));
    let ends = |event: &&Event| {
        matches!(event.kind.name(), "ASSET_CHECK_EVALUATION" | "STEP_SUCCESS" | "STEP_FAILURE")
    };
    assert_snapshot!(story(events.iter().filter(ends)), @r"
    STEP_SUCCESS apart
    ASSET_CHECK_EVALUATION apart.looked_at apart failed: it is 42
    STEP_SUCCESS apart.looked_at
    ASSET_CHECK_EVALUATION apart.compared apart passed
    STEP_SUCCESS apart.compared
    ");
}

fn a_crash_fails_the_attempt_and_says_how() {
    let told =
        [ops::abort(), ops::segv(), ops::kill(), ops::exit_3(), ops::exit_0()].map(|job| failure(&job));
    let told = told.join("\n").replace(", and left a core dump", "");
    assert_snapshot!(told, @r#"
    "crash" the process of the step was killed by signal 6 (SIGABRT)
      last output: ["about to"]
    "crash" the process of the step was killed by signal 11 (SIGSEGV)
      last output: ["about to"]
    "crash" the process of the step was killed by signal 9 (SIGKILL)
      last output: ["about to"]
      hint: nobody in this program sent that signal: it may be the memory limit of the machine or the container, or somebody who ended it
    "crash" the process of the step ended with exit code 3 in the middle of the step
      last output: ["about to"]
    "crash" the process of the step ended by itself with exit code 0 in the middle of the step
      last output: ["about to"]
    "#);
}

fn a_crash_is_tried_again_as_any_failure() {
    let run = runner(&ops::second_chance()).run_blocking().expect("the second attempt succeeds");
    assert_snapshot!(story(run.events()), @r"
    RUN_START second_chance
    STEP_START dies_once
    STEP_UP_FOR_RETRY dies_once #1 the process of the step ended with exit code 9 in the middle of the step, again at once
    STEP_RESTARTED dies_once #2
    STEP_OUTPUT dies_once result
    STEP_SUCCESS dies_once #2
    RUN_SUCCESS
    ");
}

fn a_timeout_ends_code_that_nobody_can_stop() {
    let begun = Instant::now();
    let result = runner(&ops::hard_timeout()).run_blocking();
    // The process of the first is gone, and the second has another one.
    assert_snapshot!(story(run_of(&result).events()), @r"
    RUN_START hard_timeout
    STEP_START spins
    STEP_FAILURE spins timeout: no result within 200ms
    STEP_START next
    STEP_INPUT next number
    STEP_OUTPUT next result
    STEP_SUCCESS next
    RUN_FAILURE 1 step failed, the first is spins
    ");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

fn an_item_that_does_not_come_ends_its_process() {
    let result = runner(&ops::slow_items()).run_blocking();
    assert_snapshot!(story(run_of(&result).events()), @r"
    RUN_START slow_items
    STEP_START drips
    STEP_OUTPUT drips result[0]
    STEP_START next[0]
    STEP_INPUT next[0] number
    STEP_OUTPUT next[0] result
    STEP_SUCCESS next[0]
    STEP_FAILURE drips timeout: no result within 200ms
    RUN_FAILURE 1 step failed, the first is drips
    ");
}

fn a_crash_in_a_map_leaves_its_source_alone() {
    let result = runner(&ops::crash_in_map()).run_blocking();
    assert_snapshot!(story(run_of(&result).events()), @r"
    RUN_START crash_in_map
    STEP_START numbers
    STEP_INPUT numbers count
    STEP_OUTPUT numbers result[0]
    STEP_START picky[0]
    STEP_INPUT picky[0] number
    STEP_OUTPUT picky[0] result
    STEP_SUCCESS picky[0]
    STEP_OUTPUT numbers result[1]
    STEP_START picky[1]
    STEP_INPUT picky[1] number
    STEP_FAILURE picky[1] the process of the step ended with exit code 5 in the middle of the step
    STEP_OUTPUT numbers result[2]
    STEP_START picky[2]
    STEP_INPUT picky[2] number
    STEP_OUTPUT picky[2] result
    STEP_SUCCESS picky[2]
    STREAM_CLOSED numbers result, 3 items
    STEP_SUCCESS numbers
    RUN_FAILURE 1 step failed, the first is picky[1]
    ");
}

fn a_program_that_is_no_worker_is_found_out() {
    let program = std::env::current_exe().expect("this program");
    let host = Command::new(program).arg("host").env("MUTE", "1").output().expect("another run");
    assert_snapshot!(String::from_utf8_lossy(&host.stdout), @r#"
    reading mail
    the run of `family` failed: 1 step
    `has_children`: the process for the step did not begin to work
      caused by: the process of the step ended by itself with exit code 0
      last output: ["reading mail"]
      hint: a program whose steps run in processes of their own is started once more for them: its `main` begins with `orch::run::worker(..)`, before it reads arguments, prints or starts anything; `#[orch::main]` does so
    "#);
}

fn memory_is_bounded() {
    let result = runner(&ops::too_much()).run_blocking();
    let told = result.expect_err("one takes too much").to_string();
    // With a backtrace, if one is wanted.
    let told: Vec<_> = told.lines().filter(|line| !line.contains("last output")).collect();
    assert_snapshot!(told.join("
"), @r"
    the run of `too_much` failed: 1 step
    `takes_more`: the process of the step was killed by signal 6 (SIGABRT)
      hint: it asked for more memory than its op allows, `memory` of 268435456 bytes: give it more, or let it take less at a time
    ");
}

fn what_is_printed_and_logged_is_the_steps() {
    let run = runner(&ops::talk()).run_blocking().expect("it only talks");
    let logs = run.events().iter().filter(|event| matches!(event.kind, EventKind::Log { .. }));
    // Each way has its order, but they have none among them.
    let mut told: Vec<_> = logs.map(|event| story([event])).collect();
    told.sort();
    assert_snapshot!(told.join("
"), @r"
    LOG talks info: has said hello name=you
    LOG talks info: hello you
    LOG talks info: one
    LOG talks info: two
    LOG talks warn: no end of line
    LOG talks_2 info: has said hello name=you
    LOG talks_2 info: hello you
    LOG talks_2 info: one
    LOG talks_2 info: two
    LOG talks_2 warn: no end of line
    ");
    let is_log = |event: &&Event| matches!(event.kind, EventKind::Log { .. });
    let is_over = |event: &Event| event.kind == EventKind::StepSuccess;
    let first = run.events().iter().take_while(|event| !is_over(event)).filter(is_log).count();
    assert_eq!(first, 5, "what a step says is told before its end");
}

fn who_prints_without_end_holds_nobody_up() {
    ops::definitions().runner(&ops::noise()).run_blocking().expect("both steps return");
}

fn a_thousand_steps_use_one_process_for_each_slot() {
    let run = runner(&ops::many()).run_blocking().expect("all go well");
    let pids = run.output::<ops::distinct>();
    // One more is the source's as long as it has items.
    assert!((1..=2).contains(&pids.len()), "{pids:?}");
    assert!(!pids.contains(&std::process::id()));
    pids.iter().for_each(|pid| assert!(is_gone(*pid), "{pid} is there when the run is over"));
}

/// Whether a process ends soon; who was not waited for by the one that has started it counts too.
fn is_gone(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process");
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return true };
    let mut fds = [rustix::event::PollFd::new(&process, rustix::event::PollFlags::IN)];
    let most = rustix::event::Timespec { tv_sec: 20, tv_nsec: 0 };
    rustix::event::poll(&mut fds, Some(&most)).expect("a wait") > 0
}

/// The numbers in a line `pids 7 8`, once it is there.
fn pids(lines: &mut impl Iterator<Item = String>) -> Vec<u32> {
    let line = lines.find(|line| line.contains("pids ")).expect("it tells its processes");
    let numbers = line.split("pids ").nth(1).expect("numbers").split(' ');
    numbers.map(|number| number.trim().parse().expect("a number")).collect()
}

/// A run whose step has a child, told of on stdout.
fn host() -> ExitCode {
    let tell = |event: &Event| {
        if let EventKind::Log { message, .. } = &event.kind {
            say(message);
        }
    };
    match runner(&ops::family()).sink(tell).run_blocking() {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn a_process_is_taken_along_by_the_run() {
    let program = std::env::current_exe().expect("this program");
    let mut host: Child =
        Command::new(program).arg("host").stdout(Stdio::piped()).spawn().expect("another run");
    let out = BufReader::new(host.stdout.take().expect("a pipe"));
    let pids = pids(&mut out.lines().map_while(Result::ok));
    assert_eq!(pids.len(), 2);
    let pid = i32::try_from(host.id()).ok().and_then(Pid::from_raw).expect("a process");
    kill_process(pid, Signal::KILL).expect("it is there");
    host.wait().expect("it is ours");
    pids.iter().for_each(|pid| assert!(is_gone(*pid), "{pid} outlives the run"));
}

/// Runs a job that is canceled when a line of it says so.
fn canceled_at(job: &Job, word: &'static str, grace: Duration) -> Result<Run, RunError> {
    let cancel = Cancel::new();
    let told = cancel.clone();
    let sink = move |event: &Event| {
        if let EventKind::Log { message, .. } = &event.kind
            && message.starts_with(word)
        {
            told.cancel();
        }
    };
    runner(job).sink(sink).cancel(cancel).grace(grace).run_blocking()
}

fn a_canceled_step_is_told_so() {
    let result = canceled_at(&ops::obedient(), "listening", Duration::from_secs(60));
    assert_snapshot!(story(run_of(&result).events()), @r"
    RUN_START obedient
    STEP_START listens
    LOG listens info: listening
    RUN_CANCELING
    LOG listens info: heard
    STEP_FAILURE listens stopped
    RUN_CANCELED
    ");
}

fn a_deaf_step_is_killed_with_its_children() {
    let begun = Instant::now();
    let result = canceled_at(&ops::family(), "pids", Duration::from_millis(400));
    let told = story(run_of(&result).events());
    let pids = pids(&mut told.lines().map(str::to_owned));
    pids.iter().for_each(|pid| assert!(is_gone(*pid), "{pid} outlives the run"));
    let told = pids.iter().fold(told, |told, pid| told.replace(&pid.to_string(), "N"));
    assert_snapshot!(told, @r"
    RUN_START family
    STEP_START has_children
    LOG has_children info: pids N N
    RUN_CANCELING
    STEP_FAILURE has_children the run was canceled
    RUN_CANCELED
    ");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

fn with_secret(job: &Job) -> Runner {
    let config = serde_json::json!({ "name": "me", "password": { "env": "CANARY" } });
    let config = RunConfig::new().op("looks", &config);
    runner(job).config(config).env(EnvVars::none().with("CANARY", "canary-7"))
}

fn secrets_are_in_no_argument_and_no_variable() {
    let run = with_secret(&ops::secrets()).run_blocking().expect("all is as it should be");
    let (told, seen) = run.output::<ops::looks>();
    assert!(*told, "the op has it");
    assert!(seen.contains("orch-worker") && seen.contains("ORCH_WORKER="), "{seen}");
    assert!(!seen.contains("canary-7"), "nobody else has it");
    let events = serde_json::to_string(run.events()).expect("events");
    assert!(!events.contains("canary-7"), "and no event");
}

fn resources_are_closed_when_the_process_ends() {
    let run = with_secret(&ops::secrets()).run_blocking().expect("all is as it should be");
    let told = story(run.events().iter().filter(|event| !matches!(event.kind, EventKind::StepInput { .. })));
    assert_snapshot!(told, @r"
    RUN_START secrets
    STEP_START looks
    LOG looks info: connected
    LOG looks info: the password is <secret>
    STEP_OUTPUT looks output_0
    STEP_OUTPUT looks output_1
    STEP_SUCCESS looks
    STEP_START looks_again
    STEP_OUTPUT looks_again result
    STEP_SUCCESS looks_again
    LOG info: disconnected
    RUN_SUCCESS
    ");
}

fn the_story_is_the_same_in_process() {
    for job in [ops::mixed(), ops::retried()] {
        let told = |runner: Runner| {
            let result = runner.run_blocking();
            let errors = result.as_ref().err().map(ToString::to_string);
            (story(run_of(&result).events()), errors)
        };
        let (isolated, in_process) = (told(runner(&job)), told(runner(&job).in_process()));
        assert!(isolated.0.lines().count() > 15, "{}", isolated.0);
        assert_eq!(isolated.0, in_process.0);
        assert_eq!(isolated.1, in_process.1);
    }
}

fn what_was_given_to_a_run_alone_is_missed() {
    let error =
        with_secret(&ops::secrets()).with(ops::fake()).run_blocking().expect_err("nobody else has it");
    assert_snapshot!(error, @r"
    the run of `secrets` failed: 1 step
    `looks`: the program that is started for the step is not the one of the run
      caused by: it is not the same resource `Database` that it has
      hint: what a run is given beside the definitions of the program, as with `Runner::with`, no other process has: give it to the definitions, or let the op run in the process of the run
    ");
}

fn a_plan_says_what_is_isolated() {
    assert_snapshot!(ops::too_much().plan(), @r"
    job too_much
      depth_first, 1 at once
    takes(bytes: usize <- 1048576) -> usize
      | isolated, memory 256MiB
    takes_more = takes(bytes: usize <- 1073741824) -> usize
      | isolated, memory 256MiB
    ");
    let step = serde_json::to_value(ops::too_much().plan()).expect("data")["steps"][0].clone();
    assert_eq!((&step["isolated"], &step["memory"]), (&true.into(), &(256_u64 << 20).into()));
    let error = ops::unsendable().try_plan().expect_err("what cannot be sent");
    let told = error.to_string();
    let told: Vec<_> = told.lines().filter(|line| !line.trim_start().starts_with("-->")).collect();
    assert_snapshot!(told.join("\n"), @r"
    the job `unsendable` cannot be planned: 2 problems
    error: `opens` runs in a process of its own and returns the output `result` of type `Connection`, which cannot be sent there
      hint: let `Connection` own its data and derive serde's `Serialize` and `Deserialize`, or do not isolate the op; an op made by hand names the codec, `.input_codec(..)` or `.coded(..)`
    error: `uses` runs in a process of its own and takes the input `connection` of type `Connection`, which cannot be sent there
      hint: let `Connection` own its data and derive serde's `Serialize` and `Deserialize`, or do not isolate the op; an op made by hand names the codec, `.input_codec(..)` or `.coded(..)`
    ");
}
