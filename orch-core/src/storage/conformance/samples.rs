use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::asset::{
    AssetKey, CheckResult, CheckTarget, Column, Ingredient, InputVersion, MetadataValue, Recipe, Severity,
    Table,
};
use crate::define::JobOptions;
use crate::event::{
    Encoded, Entry, Event, EventKind, GivenBy, LogLevel, LostCause, PlannedStep, SkipCause, StreamName, Taken,
};
use crate::failure::{ErrorInfo, ErrorKind};
use crate::graph::Job;
use crate::ids::{Branch, MappingKey, RunId, StepPath};
use crate::io::{ASSET_FILES, ArtifactRef};
use crate::plan::PlannedCheck;
use crate::storage::{Made, Pinned, Row, RunRecord};

/// A moment so many nanoseconds after the one at which all samples begin.
pub(super) fn at(nanoseconds: u64) -> Timestamp {
    let begin = Timestamp::from_second(1_767_322_805).unwrap_or(Timestamp::UNIX_EPOCH);
    begin + Duration::from_nanos(nanoseconds)
}

/// A run that is about to begin.
pub(super) fn record(bits: u128, job: &str, created: u64) -> RunRecord {
    RunRecord::new(RunId::from_u128(bits), job, BTreeMap::new(), at(created))
}

/// What a run of an empty job was begun with.
#[must_use]
pub fn pinned() -> Pinned {
    let plan = Job::compose(JobOptions::new("empty"), || ()).plan();
    let mut pinned = Pinned::new(plan, serde_json::json!({"ops": {"load": {"batch": 50}}}), Made::default());
    pinned.environment = Some("prod".to_owned());
    pinned.code = BTreeMap::from([("load".to_owned(), "9c01".into())]);
    pinned.heeded = vec![PlannedCheck {
        asset: key("takings"),
        external: false,
        name: "positive".into(),
        blocking: true,
        severity: None,
        partitions: Some(0),
    }];
    pinned
}

/// The four events of a step that takes one input and gives one small value: `add[17]`.
#[must_use]
pub fn step(run: RunId, number: u64) -> [Entry; 4] {
    let path = StepPath::new("add", Some(Branch::new(None, MappingKey::from(number), number)));
    let event = |after: u64, kind| {
        let time = at(number * 1_000_003 + after * 1_009);
        Entry::from(Event::new(time, run, Some(path.clone()), 1, kind))
    };
    let waited = Duration::from_nanos(1_000 + number % 977);
    let mut output = event(2, EventKind::StepOutput { output: "result".into(), key: None });
    output.value = Some(Encoded::from(number.to_be_bytes().to_vec()));
    [
        event(0, EventKind::StepStart { waited }),
        event(1, EventKind::StepInput { input: "x".into(), gathered: None }),
        output,
        event(3, EventKind::StepSuccess),
    ]
}

/// The events of a step that materializes an asset: its value is small and lies with the fact, or in a file of the
/// instance. Those of greater numbers are newer.
#[must_use]
pub fn asset(run: RunId, number: u64, asset: &str, file: Option<&ArtifactRef>) -> Vec<Entry> {
    let asset = key(asset);
    let path: StepPath = asset.step_name().parse().expect("the name of a step");
    let event = |after: u64, kind| {
        let time = at(number * 1_000_003 + after * 1_009);
        Entry::from(Event::new(time, run, Some(path.clone()), 1, kind))
    };
    let result: Arc<str> = "result".into();
    let mut output = event(1, EventKind::StepOutput { output: Arc::clone(&result), key: None });
    output.value = file.is_none().then(|| Encoded::from(number.to_be_bytes().to_vec()));
    let handled = file.map(|file| EventKind::HandledOutput {
        output: result,
        io: ASSET_FILES.into(),
        metadata: file.metadata(),
    });
    let materialized = EventKind::AssetMaterialization {
        asset,
        partition: None,
        metadata: [("rows".to_owned(), MetadataValue::RowCount(number))].into(),
        code_version: None,
        data_version: Some(number.to_string().into()),
        inputs: Vec::new(),
        recipe: Recipe::new().with(Ingredient::Source, number.to_string()),
    };
    let mut events = vec![event(0, EventKind::StepStart { waited: Duration::ZERO }), output];
    events.extend(handled.map(|handled| event(2, handled)));
    events.extend([event(3, materialized), event(4, EventKind::StepSuccess)]);
    events
}

/// The events of a step that was to materialize an asset, and failed. Those of greater numbers are newer, also than those of
/// [`asset`].
#[must_use]
pub fn failed(run: RunId, number: u64, asset: &str) -> Vec<Entry> {
    let asset = key(asset);
    let path: StepPath = asset.step_name().parse().expect("the name of a step");
    let event = |after: u64, kind| {
        let time = at(number * 1_000_003 + after * 1_009);
        Entry::from(Event::new(time, run, Some(path.clone()), 1, kind))
    };
    let told = EventKind::AssetFailedToMaterialize { asset, partition: None, observed: false };
    let start = EventKind::StepStart { waited: Duration::ZERO };
    vec![event(0, start), event(3, told), event(3, EventKind::StepFailure { error: error() })]
}

/// The same of a step that was to look at an asset, which others make.
#[must_use]
pub fn failed_look(run: RunId, number: u64, asset: &str) -> Vec<Entry> {
    let mut entries = failed(run, number, asset);
    for entry in &mut entries {
        if let EventKind::AssetFailedToMaterialize { observed, .. } = &mut entry.event.kind {
            *observed = true;
        }
    }
    entries
}

/// The event of a step that was passed over, since its asset was as it would be made. Those of greater numbers are newer, also than
/// those of [`asset`] and [`failed`].
#[must_use]
pub fn passed_over(run: RunId, number: u64, asset: &str) -> Vec<Entry> {
    let asset = key(asset);
    let path: StepPath = asset.step_name().parse().expect("the name of a step");
    let of = RunId::from_u128(7);
    let taken = Taken::Assets(vec![InputVersion::new(asset, Some(of), Some(number.to_string().into()))]);
    let time = at(number * 1_000_003 + 3 * 1_009);
    vec![Event::new(time, run, Some(path), 0, EventKind::StepMemoized { of, taken }).into()]
}

/// The same events, of a partition of the asset.
#[must_use]
pub fn of_partition(mut entries: Vec<Entry>, of: &str) -> Vec<Entry> {
    for entry in &mut entries {
        match &mut entry.event.kind {
            EventKind::AssetMaterialization { partition, .. }
            | EventKind::AssetFailedToMaterialize { partition, .. }
            | EventKind::AssetObservation { partition, .. }
            | EventKind::AssetCheckEvaluation { partition, .. } => *partition = Some(of.into()),
            EventKind::StepMemoized { taken: Taken::Assets(assets), .. } => {
                assets.iter_mut().for_each(|asset| asset.partition = Some(of.into()));
            }
            _ => {}
        }
    }
    entries
}

/// The events of a step that observes an asset, which others make. They happen after those of [`asset`] of the number.
#[must_use]
pub fn observation(run: RunId, number: u64, asset: &str) -> Vec<Entry> {
    let asset = key(asset);
    let path: StepPath = format!("{}.written", asset.step_name()).parse().expect("the name of a step");
    let event = |after: u64, kind| {
        let time = at(number * 1_000_003 + after * 1_009);
        Entry::from(Event::new(time, run, Some(path.clone()), 1, kind))
    };
    let mut output = event(6, EventKind::StepOutput { output: "result".into(), key: None });
    output.value = Some(Encoded::from(number.to_string().into_bytes()));
    let observed = EventKind::AssetObservation {
        asset,
        partition: None,
        data_version: Some(number.to_string().into()),
        metadata: [("rows".to_owned(), MetadataValue::RowCount(number))].into(),
    };
    let start = EventKind::StepStart { waited: Duration::ZERO };
    vec![event(5, start), output, event(7, observed), event(8, EventKind::StepSuccess)]
}

/// The same, of one that finds nothing there.
#[must_use]
pub fn observation_of_nothing(run: RunId, number: u64, asset: &str) -> Vec<Entry> {
    let mut entries = observation(run, number, asset);
    for entry in &mut entries {
        if let EventKind::AssetObservation { data_version, metadata, .. } = &mut entry.event.kind {
            (*data_version, *metadata) = (None, BTreeMap::new());
        }
    }
    entries
}

/// The events of a step that is the check of an asset, of which the second tells what it has found. They happen after
/// those of [`asset`] of the number.
#[must_use]
pub fn check(run: RunId, number: u64, asset: &str, check: &str) -> Vec<Entry> {
    check_of(run, number, (asset, None), check)
}

/// As [`check`], of a partition.
pub(super) fn check_of(
    run: RunId,
    number: u64,
    (asset, partition): (&str, Option<&str>),
    check: &str,
) -> Vec<Entry> {
    let asset = key(asset);
    let item = partition.map_or_else(String::new, |partition| format!("[{partition}]"));
    let path: StepPath = format!("{}.{check}{item}", asset.step_name()).parse().expect("the name of a step");
    let event = |after: u64, kind| {
        let time = at(number * 1_000_003 + after * 1_009);
        Entry::from(Event::new(time, run, Some(path.clone()), 1, kind))
    };
    let found = EventKind::AssetCheckEvaluation {
        asset,
        check: check.into(),
        partition: partition.map(Into::into),
        blocking: false,
        result: Box::new(CheckResult::passed().description(number.to_string())),
        target: Some(CheckTarget::new(run, Some(number.to_string().into()))),
    };
    let start = EventKind::StepStart { waited: Duration::ZERO };
    vec![event(5, start), event(6, found), event(6, EventKind::StepSuccess)]
}

/// The events of a step of a memoized op that was given something of this version, in code of another one. Those of greater
/// numbers are newer.
#[must_use]
pub fn memoized(run: RunId, number: u64, op: &str, (code, given): (&str, &str)) -> Vec<Entry> {
    let path: StepPath = op.parse().expect("the name of a step");
    let event = |after: u64, kind| {
        let time = at(number * 1_000_003 + after * 1_009);
        Entry::from(Event::new(time, run, Some(path.clone()), 1, kind))
    };
    let recipe = Recipe::new().with(Ingredient::Op, op).with(Ingredient::CodeVersion, code);
    let told = EventKind::OpRecipe {
        op: op.into(),
        recipe: recipe.with(Ingredient::Parameter("x".into()), given),
        outputs: BTreeMap::from([("result".into(), Some(number.to_string().into()))]),
    };
    let start = EventKind::StepStart { waited: Duration::ZERO };
    vec![event(0, start), event(1, told), event(2, EventKind::StepSuccess)]
}

/// Events of every kind, some with all that they can have and some with as little.
#[must_use]
pub fn events_of_each_kind(run: RunId) -> Vec<Entry> {
    let mut kinds = vec![first()];
    while let Some(kind) = kinds.last().and_then(next) {
        kinds.push(kind);
    }
    kinds.extend(variations());
    let of_run = |kind: &EventKind| {
        let name = kind.name();
        name.starts_with("RUN") || name.starts_with("RESOURCE") || name.starts_with("HOOK")
    };
    let mut events = Vec::new();
    for (number, kind) in (0_u64..).zip(kinds) {
        let keys = [r"a b[0]\", "ß\n", "7"];
        let step = if of_run(&kind) { None } else { Some(path(&keys[..number as usize % 4])) };
        let attempt = if step.is_some() { number as u32 } else { 0 };
        // A log line has none.
        let has_value = number % 3 == 0 && !matches!(kind, EventKind::Log { .. });
        let value = has_value.then(|| Encoded::from(vec![number as u8; number as usize]));
        events.push(Entry { event: Event::new(at(number), run, step, attempt, kind), value });
    }
    events
}

fn path(keys: &[&str]) -> StepPath {
    let branch = keys.iter().fold(None, |outer: Option<Branch>, key| {
        Some(Branch::new(outer.as_ref(), MappingKey::from(*key), 0))
    });
    StepPath::new("clean.load", branch)
}

/// The asset of this name.
pub(super) fn key(text: &str) -> AssetKey {
    text.parse().expect("a key")
}

fn error() -> Arc<ErrorInfo> {
    let mut error = ErrorInfo::new(ErrorKind::Panic, "boom \"quoted\"").hint("look away");
    error.causes = vec!["a cause".to_owned(), "the root".to_owned()];
    error.place = Some("src/main.rs:7:5".to_owned());
    error.metadata = BTreeMap::from([("rows".to_owned(), serde_json::json!({"bad": [1, 2.5, null]}))]);
    Arc::new(error)
}

fn texts() -> BTreeMap<String, String> {
    BTreeMap::from([("team".to_owned(), "data".to_owned()), ("k\u{1}".to_owned(), String::new())])
}

fn first() -> EventKind {
    let steps = Arc::new([
        PlannedStep { name: "pages".into(), over: None },
        PlannedStep {
            name: "clean.load".into(),
            over: Some(StreamName { step: "pages".into(), output: "result".into() }),
        },
    ]);
    EventKind::RunStart { job: "job".into(), tags: texts(), max_concurrent: 4, steps }
}

fn materialization() -> EventKind {
    let version = |version: &str| Some(Arc::from(version));
    let metadata = [
        ("rows", MetadataValue::RowCount(8)),
        ("note", "Größe \"x\"".into()),
        ("columns", MetadataValue::TableSchema(vec![Column::new("id", "i64")])),
    ];
    EventKind::AssetMaterialization {
        asset: key("warehouse/orders"),
        partition: Some("2026-01-02".into()),
        metadata: metadata.map(|(name, value)| (name.to_owned(), value)).into(),
        code_version: version("2"),
        data_version: version("b0b"),
        inputs: vec![
            InputVersion::new(key("raw.orders"), Some(RunId::from_u128(7)), version("a11")),
            InputVersion::new(key("rates"), None, None),
        ],
        recipe: Recipe::new()
            .with(Ingredient::CodeVersion, "2")
            .with_unknown(Ingredient::Input(key("rates"))),
    }
}

fn evaluation() -> EventKind {
    let result = CheckResult::failed("3 are \"null\"").severity(Severity::Warn);
    EventKind::AssetCheckEvaluation {
        asset: key("warehouse/orders"),
        check: "not_null".into(),
        partition: Some("2026-01-02".into()),
        blocking: true,
        result: Box::new(
            result.metadata("nulls", 3).metadata("sample", MetadataValue::Table(Table::default())),
        ),
        target: Some(CheckTarget::new(RunId::from_u128(7), Some("b0b".into()))),
    }
}

/// The kind after this one. A kind that is new does not compile until it is sampled here.
fn next(kind: &EventKind) -> Option<EventKind> {
    let (took, waited, delay) = (Duration::new(3, 7), Duration::from_nanos(9), Duration::MAX);
    let (resource, output): (Arc<str>, Arc<str>) = ("db".into(), "result".into());
    Some(match kind {
        EventKind::RunStart { .. } => EventKind::RunResumed { other_code: vec!["load".into()] },
        EventKind::RunResumed { .. } => EventKind::StepInterrupted,
        EventKind::StepInterrupted => {
            EventKind::StepLost { cause: LostCause::Unreadable("the file is gone".to_owned()) }
        }
        EventKind::StepLost { .. } => EventKind::StepStart { waited },
        EventKind::StepStart { .. } => EventKind::StepRestarted { waited },
        EventKind::StepRestarted { .. } => EventKind::StepInput { input: "page".into(), gathered: Some(3) },
        EventKind::StepInput { .. } => Row::log(LogLevel::Warn, "a::b", "Größe 'x' 100%", texts()),
        EventKind::Log { .. } => EventKind::StepOutput { output, key: Some("ß\n".into()) },
        EventKind::StepOutput { .. } => EventKind::HandledOutput {
            output,
            io: "files".into(),
            metadata: BTreeMap::from([("bytes".to_owned(), serde_json::json!(1))]),
        },
        EventKind::HandledOutput { .. } => materialization(),
        EventKind::AssetMaterialization { .. } => EventKind::AssetFailedToMaterialize {
            asset: key("warehouse/orders"),
            partition: Some("2026-01-02".into()),
            observed: true,
        },
        EventKind::AssetFailedToMaterialize { .. } => EventKind::OpRecipe {
            op: "mail::embed".into(),
            recipe: Recipe::new().with(Ingredient::Op, "mail::embed").with_unknown(Ingredient::Source),
            outputs: BTreeMap::from([(output, Some("b0b".into())), ("more".into(), None)]),
        },
        EventKind::OpRecipe { .. } => EventKind::StepMemoized {
            of: RunId::from_u128(7),
            taken: Taken::Assets(vec![
                InputVersion::new(key("warehouse/orders"), Some(RunId::from_u128(7)), Some("b0b".into())),
                InputVersion::new(key("warehouse/customers"), Some(RunId::from_u128(8)), None),
            ]),
        },
        EventKind::StepMemoized { .. } => evaluation(),
        EventKind::AssetCheckEvaluation { .. } => EventKind::AssetObservation {
            asset: key("lake/orders"),
            partition: Some("2024-01-31".into()),
            data_version: Some("Größe \"x\"".into()),
            metadata: [("rows".to_owned(), MetadataValue::RowCount(8))].into(),
        },
        EventKind::AssetObservation { .. } => EventKind::StreamClosed {
            output,
            count: u64::MAX,
            orphaned: 2,
            orphans: vec!["a".into(), 7.into()],
        },
        EventKind::StreamClosed { .. } => EventKind::StepSuccess,
        EventKind::StepSuccess => EventKind::StepUpForRetry { error: error(), delay },
        EventKind::StepUpForRetry { .. } => EventKind::StepFailure { error: error() },
        EventKind::StepFailure { .. } => EventKind::StepSkipped { cause: SkipCause::Absent(path(&["1"])) },
        EventKind::StepSkipped { .. } => EventKind::ResourceInitStarted { resource },
        EventKind::ResourceInitStarted { .. } => EventKind::ResourceInitSuccess { resource, took },
        EventKind::ResourceInitSuccess { .. } => EventKind::ResourceInitFailure { resource, error: error() },
        EventKind::ResourceInitFailure { .. } => EventKind::ResourceClosed { resource, took },
        EventKind::ResourceClosed { .. } => EventKind::ResourceCloseFailure { resource, error: error() },
        EventKind::ResourceCloseFailure { .. } => EventKind::HookCompleted { hook: "tell".into(), took },
        EventKind::HookCompleted { .. } => EventKind::HookErrored { hook: "tell".into(), error: error() },
        EventKind::HookErrored { .. } => EventKind::RunCanceling,
        EventKind::RunCanceling => EventKind::RunSuccess,
        EventKind::RunSuccess => {
            EventKind::RunFailure { failed: 1, first: Some(path(&[])), resource: Some(resource) }
        }
        EventKind::RunFailure { .. } => EventKind::RunCanceled { detached: vec![path(&["a", "b"])] },
        EventKind::RunCanceled { .. } => return None,
    })
}

/// Kinds with as little as they can have, and other causes.
fn variations() -> Vec<EventKind> {
    let output: Arc<str> = "result".into();
    vec![
        EventKind::StepInput { input: "page".into(), gathered: None },
        EventKind::StepOutput { output: Arc::clone(&output), key: None },
        EventKind::HandledOutput {
            output: Arc::clone(&output),
            io: "files".into(),
            metadata: BTreeMap::new(),
        },
        EventKind::AssetMaterialization {
            asset: key("orders"),
            partition: None,
            metadata: BTreeMap::new(),
            code_version: None,
            data_version: None,
            inputs: Vec::new(),
            recipe: Recipe::new(),
        },
        EventKind::OpRecipe { op: "embed".into(), recipe: Recipe::new(), outputs: BTreeMap::new() },
        EventKind::StepMemoized {
            of: RunId::from_u128(7),
            taken: Taken::Assets(vec![
                InputVersion::new(key("orders"), None, None).partition(Some("2024-01-31".into())),
            ]),
        },
        EventKind::StepMemoized {
            of: RunId::from_u128(7),
            taken: Taken::Step(GivenBy::new(path(&["a"]), 12)),
        },
        EventKind::AssetCheckEvaluation {
            asset: key("orders"),
            check: "fresh".into(),
            partition: None,
            blocking: false,
            result: Box::new(CheckResult::passed()),
            target: None,
        },
        EventKind::AssetObservation {
            asset: key("orders"),
            partition: None,
            data_version: None,
            metadata: BTreeMap::new(),
        },
        EventKind::StreamClosed { output, count: 0, orphaned: 0, orphans: Vec::new() },
        EventKind::StepLost { cause: LostCause::Memory },
        EventKind::StepLost { cause: LostCause::Changed },
        EventKind::StepLost { cause: LostCause::Observed },
        EventKind::StepSkipped { cause: SkipCause::Failed(path(&[])) },
        EventKind::StepSkipped { cause: SkipCause::Canceled },
        EventKind::StepSkipped {
            cause: SkipCause::Lacking("it takes `ß`, which was never made\n".to_owned()),
        },
        Row::log(LogLevel::Trace, "a", "", BTreeMap::new()),
        EventKind::RunFailure { failed: 0, first: None, resource: None },
        EventKind::RunCanceled { detached: Vec::new() },
    ]
}
