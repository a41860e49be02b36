use crate::asset::AssetKey;
use crate::partition::PartitionsDefinition;
use crate::plan::{Problem, ProblemKind};

/// Partitions of an asset are taken that its definition does not have.
pub(super) fn unmapped(
    (key, definition): (&AssetKey, &PartitionsDefinition),
    taker: &str,
    missing: &[String],
) -> Problem {
    let message =
        format!("`{taker}` is made of partitions of `{key}` that do not exist: {}", missing.join(", "));
    let others = match definition.key_sets().first() {
        Some(set) => format!("add them, `partitions add {set} KEY`"),
        None => "make others".to_owned(),
    };
    Problem::new(ProblemKind::InvalidPartition, message)
        .hint(format!("{others}, or let the mapping say that it does without: `.allow_missing()`"))
}

/// Partitions of an asset are taken that nobody has made.
pub(super) fn absent(key: &AssetKey, taker: &str, keys: &str, external: bool) -> Problem {
    let message = format!("`{taker}` is made of partitions of `{key}` that were never materialized: {keys}");
    let hint = if external {
        "have the program that makes them run on this instance, or let the mapping say that it does without: `.allow_missing()`"
            .to_owned()
    } else {
        format!(
            "materialize them before, `materialize {key} --partition '{keys}'`, or let the mapping say that it does without: `.allow_missing()`"
        )
    };
    Problem::new(ProblemKind::MissingAsset, message).hint(hint)
}

/// Partitions of an asset are taken by a run that knows of no place where they could be.
pub(super) fn not_stored(key: &AssetKey, taker: &str) -> Problem {
    let message = format!(
        "`{taker}` reads partitions of `{key}`, and the run knows of no instance that could have them"
    );
    Problem::new(ProblemKind::MissingAsset, message)
        .hint("record the run, `.record(&storage)`, or have an IO manager store them: `io = \"..\"`")
}

/// Partitions of an asset are taken that nothing writes down.
pub(super) fn not_written(key: &AssetKey, taker: &str) -> Problem {
    let message =
        format!("`{taker}` reads partitions of `{key}`, which are in memory alone and cannot be read again");
    Problem::new(ProblemKind::MissingAsset, message).hint(
        "derive `Serialize` and `Deserialize` for its type, or have an IO manager store it: `io = \"..\"`",
    )
}
