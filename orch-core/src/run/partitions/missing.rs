use std::fmt;

use super::reading::Reading;
use crate::asset::AssetKey;
use crate::failure::Failure;
use crate::ids::{Place, StepPath};
use crate::partition::{PartitionSet, quoted};
use crate::plan::{Problem, ProblemKind, Program};

/// Who takes partitions of an asset: another asset, or a step, which may be a check.
pub(super) struct Taker {
    name: String,
    is_check: bool,
    /// Where it stands in the source.
    place: Option<Place>,
}

impl Taker {
    /// Who takes what the step of this number reads.
    pub(super) fn of(program: &Program, number: usize, key: &AssetKey) -> Self {
        let reader = program.reader_of(number);
        let place = reader.map(|step| step.place.clone());
        match reader {
            Some(step) if step.check.is_some() => Self { name: step.name.clone(), is_check: true, place },
            Some(step) => Self { name: program.made_of(key, step), is_check: false, place },
            None => Self { name: key.to_string(), is_check: false, place },
        }
    }

    /// The problem with the places of the one who takes partitions, and of the asset that they are of.
    pub(super) fn told(&self, problem: Problem, of: &Place) -> Problem {
        let takes = if self.is_check { "looks at it" } else { "is made of it" };
        let problem = self.place.iter().fold(problem, |problem, place| problem.at(takes, place.clone()));
        problem.at("the asset", of.clone())
    }

    pub(super) fn is_check(&self) -> bool {
        self.is_check
    }

    /// What it does, before the partitions that it takes.
    fn does(&self) -> &'static str {
        if self.is_check { "looks at" } else { "is made of" }
    }

    /// What it does instead, without adding anything.
    fn may_do(&self) -> &'static str {
        if self.is_check { "look at others" } else { "make others" }
    }
}

impl fmt::Display for Taker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Partitions of an asset that are taken and not there.
#[derive(Default)]
pub(super) struct Absent {
    /// Those that nobody has made.
    pub(super) never: PartitionSet,
    /// Those that others make, and of which nothing was there when they were looked at last.
    pub(super) nothing_there: PartitionSet,
}

impl Absent {
    pub(super) fn is_empty(&self) -> bool {
        self.never.is_empty() && self.nothing_there.is_empty()
    }

    /// Those of them that are among these.
    pub(super) fn of(&self, set: &PartitionSet) -> Self {
        Self { never: &self.never & set, nothing_there: &self.nothing_there & set }
    }

    /// Which they are, and why they are not there.
    fn told(&self, reading: &Reading) -> String {
        let (key, show) = (&reading.asset.key, |set: &PartitionSet| reading.up.show(set));
        let never = || format!("partitions of `{key}` that were never materialized: {}", show(&self.never));
        let nothing = |of: &str| {
            format!("{of} nothing was there when they were observed last: {}", show(&self.nothing_there))
        };
        match (self.never.is_empty(), self.nothing_there.is_empty()) {
            (false, true) => never(),
            (true, _) => nothing(&format!("partitions of `{key}` of which")),
            (false, false) => format!("{}; {}", never(), nothing("and some of which")),
        }
    }
}

/// What steps take and is not there.
pub(in crate::run) struct Lacking {
    /// The number of the step that stands for it, or reads it.
    pub(in crate::run) number: usize,
    /// The copies of that step which have nothing to give, and what one says that does without.
    pub(in crate::run) copies: Vec<(StepPath, String)>,
    /// Whether these are all.
    pub(in crate::run) all: bool,
    /// What is wrong, where none can do without.
    pub(in crate::run) problem: Problem,
}

/// Partitions of an asset are taken that its definition does not have.
pub(super) fn unmapped(reading: &Reading, taker: &Taker, missing: &[String]) -> Problem {
    let (key, does, missing) = (&reading.asset.key, taker.does(), missing.join(", "));
    let message = format!("`{taker}` {does} partitions of `{key}` that do not exist: {missing}");
    let others = match reading.of.definition.key_sets().first() {
        Some(set) => format!("add them, `partitions add {set} KEY`"),
        None => taker.may_do().to_owned(),
    };
    Problem::new(ProblemKind::InvalidPartition, message).hint(format!("{others}, or {}", without(reading)))
}

/// Partitions of an asset are taken that nobody has made, or of which nothing is there.
pub(super) fn absent(reading: &Reading, taker: &Taker, lacking: &Absent) -> Problem {
    let (key, does, keys) = (&reading.asset.key, taker.does(), reading.up.show(&lacking.never));
    let message = format!("`{taker}` {does} {}", lacking.told(reading));
    let hint = if lacking.never.is_empty() {
        let again = quoted(&reading.up.show(&lacking.nothing_there));
        let instead = if taker.is_check { "look at others".to_owned() } else { without(reading) };
        format!(
            "have them observed again when others have made them, `assets observe {key} --partition {again}`, or {instead}"
        )
    } else if taker.is_check {
        format!(
            "materialize them before, `materialize {key} --partition {}`, or look at others",
            quoted(&keys)
        )
    } else if reading.asset.external {
        format!("have the program that makes them run on this instance, or {}", without(reading))
    } else {
        format!(
            "materialize them before, `materialize {key} --partition {}`, or {}",
            quoted(&keys),
            without(reading)
        )
    };
    Problem::new(ProblemKind::MissingAsset, message).hint(hint)
}

/// Partitions are to be read of which nothing was there when the run looked that reads them.
pub(super) fn nothing_there(reading: &Reading, nothing: &PartitionSet) -> Failure {
    let (key, keys) = (&reading.asset.key, reading.up.show(nothing));
    let hint = format!("run again when others have made it, or {}", without(reading));
    let failure = Failure::new(format!("of `{key}[{keys}]` nothing was there when this run looked"));
    // The run does not look again.
    failure.not_retryable().hint(hint)
}

/// What a check says that does without them.
pub(super) fn lacks(reading: &Reading, lacking: &Absent) -> String {
    format!("it takes {}", lacking.told(reading))
}

/// What to write to do without them.
fn without(reading: &Reading) -> String {
    if reading.of.single && !reading.of.own {
        format!("take it as an `Option`: `{}: Option<..>`", reading.asset.key.name())
    } else {
        "let the mapping say that it does without: `.allow_missing()`".to_owned()
    }
}

/// Partitions of an asset are taken by a run that knows of no place where they could be.
pub(super) fn not_stored(key: &AssetKey, taker: &Taker) -> Problem {
    let message = format!(
        "`{taker}` reads partitions of `{key}`, and the run knows of no instance that could have them"
    );
    Problem::new(ProblemKind::MissingAsset, message)
        .hint("record the run, `.record(&storage)`, or have an IO manager store them, `io = \"..\"`; on the command line leave out `--no-record`")
}

/// Partitions of an asset are taken that nothing writes down.
pub(super) fn not_written(key: &AssetKey, taker: &Taker) -> Problem {
    let message =
        format!("`{taker}` reads partitions of `{key}`, which are in memory alone and cannot be read again");
    Problem::new(ProblemKind::MissingAsset, message).hint(
        "derive `Serialize` and `Deserialize` for its type, or have an IO manager store it: `io = \"..\"`",
    )
}
