//! A program that is killed by `kill -9` at each of its writes, or at each word with a process that it has started, and goes on.
//! This one is both who kills and the program; and that starts itself once more for steps that have a process of their own, so it
//! has a `main`.

mod again;
mod backfills;
mod books;
mod canceled;
mod killed;
mod outcome;
mod workers;

use std::io::Write as _;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::{env, thread};

use orch::event::RunStatus;

use self::books::RUN;
use self::killed::{Case, HOME};
use self::outcome::Outcome;

type Story = (&'static str, fn());

const PLAIN: &backfills::Shape = backfills::SHAPES[0];
const WIDE: &backfills::Shape = backfills::SHAPES[1];

const STORIES: &[Story] = &[
    ("killed_at_each_write_it_goes_on_to_the_same_end", killed_at_each_write_it_goes_on_to_the_same_end),
    (
        "killed_while_it_is_being_canceled_it_ends_as_canceled",
        canceled::killed_while_it_is_being_canceled_it_ends_as_canceled,
    ),
    ("a_backfill_killed_at_each_write_goes_on_to_the_same_end", || {
        backfills::killed_at_each_write_it_goes_on_to_the_same_end(PLAIN);
    }),
    ("a_wide_backfill_killed_at_each_write_goes_on_to_the_same_end", || {
        backfills::killed_at_each_write_it_goes_on_to_the_same_end(WIDE);
    }),
    ("a_backfill_killed_while_failed_ones_are_made_again_goes_on_to_the_same_end", || {
        backfills::killed_while_failed_ones_are_made_again_it_goes_on_to_the_same_end(PLAIN);
    }),
    ("a_wide_backfill_killed_while_failed_ones_are_made_again_goes_on_to_the_same_end", || {
        backfills::killed_while_failed_ones_are_made_again_it_goes_on_to_the_same_end(WIDE);
    }),
    ("a_backfill_killed_while_it_is_being_canceled_ends_as_canceled", || {
        backfills::killed_while_it_is_being_canceled_it_ends_as_canceled(PLAIN);
    }),
    ("a_wide_backfill_killed_while_it_is_being_canceled_ends_as_canceled", || {
        backfills::killed_while_it_is_being_canceled_it_ends_as_canceled(WIDE);
    }),
    ("a_backfill_that_was_killed_has_nothing_in_progress", backfills::killed_it_has_nothing_in_progress),
    (
        "killed_several_times_it_goes_on_to_the_same_end",
        again::killed_several_times_it_goes_on_to_the_same_end,
    ),
    (
        "a_process_of_steps_that_is_killed_costs_an_attempt_and_nothing_else",
        workers::one_that_is_killed_costs_an_attempt_and_nothing_else,
    ),
];

fn main() -> ExitCode {
    orch::run::worker(|| Ok(books::definitions()));
    let wanted: Vec<String> = env::args().skip(1).filter(|wanted| !wanted.starts_with('-')).collect();
    if let Some(home) = env::var_os(HOME) {
        match &wanted[..] {
            [program] if program == "books" => books::live(Path::new(&home)),
            [program] => {
                let shape = backfills::SHAPES.into_iter().find(|shape| shape.program == program);
                backfills::live(Path::new(&home), shape.expect("it is a program"));
            }
            unknown => panic!("{unknown:?} is no program"),
        }
        return ExitCode::SUCCESS;
    }
    // What the test runner asks of each test binary.
    if env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str()));
    let stories: Vec<&Story> = STORIES.iter().filter(|(name, _)| is_wanted(name)).collect();
    if tell(&stories) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tells stories, as many at once as there are processors; whether all hold.
fn tell(stories: &[&Story]) -> bool {
    let (next, good) = (AtomicUsize::new(0), AtomicBool::new(true));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                while let Some((name, story)) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let is_good = catch_unwind(story).is_ok();
                    good.fetch_and(is_good, Ordering::Relaxed);
                    let word = if is_good { "ok" } else { "FAILED" };
                    writeln!(std::io::stdout(), "test {name} ... {word}").expect("stdout");
                }
            });
        }
    });
    good.into_inner()
}

/// The run undisturbed, and the names of the boundaries that it passes.
fn expected() -> &'static (Outcome, Vec<String>) {
    static EXPECTED: OnceLock<(Outcome, Vec<String>)> = OnceLock::new();
    EXPECTED.get_or_init(|| {
        let case = Case::new("books", "whole", &[]);
        let boundaries = case.undisturbed();
        let outcome = Outcome::read(&case.home, RUN);
        assert_eq!(outcome.status, RunStatus::Failure);
        (outcome, boundaries)
    })
}

fn killed_at_each_write_it_goes_on_to_the_same_end() {
    let (expected, boundaries) = expected();
    assert!(expected.steps.len() >= 60, "{} steps", expected.steps.len());
    assert!(expected.values.contains_key("report result"), "the report is kept");
    assert!(expected.files.contains_key("archive result"), "the archive is a file");
    let case = Case::new("books", "each", &[]);
    let look = |place: &str| {
        assert!(case.live(None, None).success(), "it goes on, {place}");
        Outcome::read(&case.home, RUN).assert_is(expected, place);
    };
    case.killed_at_each(boundaries, |_| {}, look);
}
