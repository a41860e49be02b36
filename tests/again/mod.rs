//! A program is killed at any of its boundaries, its processes of steps among them, and when it goes on is killed again.

use std::env;

use orch::event::RunStatus;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

use crate::books::RUN;
use crate::expected;
use crate::killed::{At, Case};
use crate::outcome::Outcome;

/// Has these kills made again and no others, as a failure tells them: `17 w3 41`.
const KILLS: &str = "CRASH_KILLS";

/// What failed before is tried first.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/again/regressions.txt");

/// Of a life: the number of the boundary, and whether it is one of a process of a step.
#[derive(Clone, Copy, Debug)]
struct Kill {
    number: usize,
    apart: bool,
}

impl Kill {
    /// `17`, or `w17` for a process of a step.
    fn parse(text: &str) -> Self {
        let (apart, number) = text.strip_prefix('w').map_or((false, text), |number| (true, number));
        Self { number: number.parse().unwrap_or_else(|_| panic!("{KILLS}: `{text}` is no kill")), apart }
    }
}

fn told(kills: &[Kill]) -> String {
    let told = kills.iter().map(|kill| format!("{}{}", if kill.apart { "w" } else { "" }, kill.number));
    told.collect::<Vec<_>>().join(" ")
}

fn goes_on(case: &Case, kills: &[Kill]) {
    let place = format!("killed at {KILLS}=\"{}\"", told(kills));
    case.clear();
    for kill in kills {
        let at = Some(At { number: kill.number, name: None });
        if kill.apart {
            case.live_killing(at, None);
        } else {
            case.live(at, None);
        }
    }
    assert!(case.live(None, None).success(), "it goes on, {place}");
    let (outcome, crashes) = Outcome::read(&case.home, RUN).without_crashes(&place);
    assert_eq!(outcome.status, RunStatus::Failure, "{place}");
    assert!(crashes <= kills.iter().filter(|kill| kill.apart).count(), "{place}: {crashes} crashes");
    outcome.assert_is(&expected().0, &place);
}

pub(crate) fn killed_several_times_it_goes_on_to_the_same_end() {
    let case = Case::new("books", "again", &[]);
    if let Ok(kills) = env::var(KILLS) {
        return goes_on(&case, &kills.split_whitespace().map(Kill::parse).collect::<Vec<_>>());
    }
    let boundaries = expected().1.len();
    // A process of a step passes about as many in its life.
    let apart = 16;
    let kill = (any::<Index>(), prop::bool::weighted(0.25)).prop_map(move |(at, apart_too)| {
        let apart_too = apart_too && cfg!(unix);
        Kill { number: 1 + at.index(if apart_too { apart } else { boundaries }), apart: apart_too }
    });
    // Each case is a few lives of a program, so there are few; and what is no smaller for it is not looked for long.
    let config = Config {
        cases: 48,
        max_shrink_iters: 12,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        ..Config::default()
    };
    let kills = prop::collection::vec(kill, 2..=4);
    let outcome = TestRunner::new(config).run(&kills, |kills| {
        goes_on(&case, &kills);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
