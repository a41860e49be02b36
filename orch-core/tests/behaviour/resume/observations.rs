//! Runs that observe what others make are interrupted at any commit, and others make it anew before they go on: what runs then looks
//! anew, so that whatever is made is known as made of what it was made of.

use std::sync::OnceLock;

use orch_core::asset::{DataVersion, Materialization};
use orch_core::event::EventKind;
use orch_core::failure::Result;
use orch_core::graph::{AssetBuilder, AssetDef, ObservationDef, Upstream};
use orch_core::io::{IoManager, Metadata, OutputAt};
use orch_core::partition::{
    ByTime, Partition, PartitionMapping, Partitioning, Partitions, PartitionsDefinition, TimePartitions,
};

use orch_core::run::Runner;

use super::*;

const RUN: RunId = RunId::from_u128(1);

/// What others make: a number, which each of them that comes by makes larger.
#[derive(Clone, Debug, Default)]
struct Foreign(Arc<AtomicUsize>);

impl Foreign {
    fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn is_made_anew(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl IoManager<i64> for Foreign {
    fn store(&self, _: &OutputAt<'_>, _: &i64) -> Result<Metadata> {
        Err(Failure::new("others make it"))
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<i64> {
        Ok(self.now() as i64)
    }
}

fn foreign() -> &'static Arc<AssetDef> {
    static ASSET: OnceLock<Arc<AssetDef>> = OnceLock::new();
    ASSET.get_or_init(|| {
        AssetDef::builder("foreign").io("foreign").external::<i64>(Coded::<i64>::CODEC).into()
    })
}

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-05").into()
    }
}

fn foreign_days() -> &'static Arc<AssetDef> {
    static ASSET: OnceLock<Arc<AssetDef>> = OnceLock::new();
    ASSET.get_or_init(|| {
        let days = AssetDef::builder("foreign_days").io("foreign").partitioned_by::<Daily>();
        days.external::<i64>(Coded::<i64>::CODEC).into()
    })
}

/// The looks of both, which find the number there is.
fn looks(foreign: &Foreign) -> [ObservationDef; 2] {
    let (whole, days) = (foreign.clone(), foreign.clone());
    [
        ObservationDef::builder_of(self::foreign(), "seen").looks(move |_| DataVersion::new(whole.now())),
        ObservationDef::builder_of(foreign_days(), "seen")
            .looks_at(move |_: &Partition<Daily>, _| DataVersion::new(days.now())),
    ]
}

/// An asset of the number.
fn of_foreign(name: &str, draw: impl Fn(Out<i64>) -> Out<i64> + Send + Sync + 'static) -> AssetDef {
    let def = AssetDef::builder(name).code_version("1").takes_made(foreign());
    def.drawn::<i64>(Coded::<i64>::CODEC, move |drawn| draw(drawn.of_made::<i64>(foreign())))
}

/// An asset of the number of each day.
fn of_days(name: &str, draw: impl Fn(Out<i64>) -> Out<i64> + Send + Sync + 'static) -> AssetDef {
    let def = AssetDef::builder(name).code_version("1").partitioned_by::<Daily>();
    def.takes_made(foreign_days())
        .drawn::<i64>(Coded::<i64>::CODEC, move |drawn| draw(drawn.of_made::<i64>(foreign_days())))
}

/// An asset of the numbers of a day and the day before, which is their sum.
fn of_two_days(name: &str) -> AssetDef {
    let op = OpDef::builder("sum").input::<Partitions<i64>>("days").returns::<Plain>();
    let op = op.coded([Coded::<i64>::CODEC]);
    let op: Arc<OpDef> = op
        .blocking(|mut args| {
            let sum: i64 = args.take::<Partitions<i64>>(0)?.values().sum();
            args.context().set_data_version(sum.to_string());
            Ok(sum)
        })
        .into();
    let def = AssetDef::builder(name).code_version("1").partitioned_by::<Daily>();
    let def = def.takes_partitions_made(foreign_days()).mapped(PartitionMapping::time_window(-1, 0));
    def.drawn::<i64>(Coded::<i64>::CODEC, move |drawn: &Upstream| {
        let days = drawn.partitions_of_made::<i64>(foreign_days());
        Call::of(&op).input::<Partitions<i64>>(days).place::<Plain>()
    })
}

/// An op that gives what a function makes of the numbers that it takes, and says that this is its version.
fn versioned(name: &str, takes: usize, body: impl Fn(i64) -> i64 + Send + Sync + 'static) -> Arc<OpDef> {
    let op = (0..takes).fold(OpDef::builder(name), |op, input| op.input::<i64>(&format!("x{input}")));
    let op = op.returns::<Plain>().coded([Coded::<i64>::CODEC]).blocking(move |mut args| {
        let sum = (0..takes).map(|input| args.take::<i64>(input)).sum::<Result<i64>>()?;
        let number = body(sum);
        args.context().set_data_version(number.to_string());
        Ok(number)
    });
    op.into()
}

/// The keys of the items that one version has: more or fewer than the one before, and partly others.
fn items(version: i64) -> impl Iterator<Item = u64> {
    match version {
        0 => 1_u64..3,
        1 => 2..3,
        _ => 0..4,
    }
}

/// The version of what is made of a version.
fn expected(of: &str, version: i64) -> i64 {
    match of {
        of if of.starts_with("each") => items(version).count() as i64 * (version * 11) * 100 + version,
        of if of.starts_with("tw") => version * 2,
        _ => version,
    }
}

/// What is made of the number: in one step, in one that looks it up by itself, in a graph of which the first step takes it, and in one
/// of which both steps do.
fn definitions(foreign: &Foreign) -> Definitions {
    let one = || {
        let op = versioned("one", 1, |number| number);
        move |number| call(&op, &[number])
    };
    let graph = || {
        let (first, last) = (pass("first"), versioned("last", 1, |number| number));
        move |number| call(&last, &[call(&first, &[number])])
    };
    let twice = || {
        let (first, last) = (pass("first"), versioned("last", 2, |sum| sum));
        move |number| call(&last, &[call(&first, &[number]), number])
    };
    let beside = |def: AssetBuilder| {
        let foreign = foreign.clone();
        let op = versioned("beside", 0, move |_| foreign.now() as i64);
        def.code_version("1").drawn::<i64>(Coded::<i64>::CODEC, move |_| call(&op, &[]))
    };
    let by_day = |name: &str| AssetDef::builder(name).partitioned_by::<Daily>().after_made(foreign_days());
    let days = PartitionMapping::time_window(-1, 0).allow_missing();
    let each = || {
        let each = OpDef::builder("each").input::<i64>("x").returns::<Many>().coded([Coded::<i64>::CODEC]);
        let each: Arc<OpDef> = each
            .blocking(|mut args| {
                let number = args.take::<i64>(0)?;
                Ok(Dynamic::from_iter(items(number).map(move |item| (item, number * 10))))
            })
            .into();
        let (first, last) = (versioned("first", 2, |sum| sum), OpDef::builder("last"));
        let last = last.input::<Vec<i64>>("all").input::<i64>("x").returns::<Plain>();
        let last: Arc<OpDef> = last
            .coded([Coded::<i64>::CODEC])
            .blocking(|mut args| {
                let number =
                    args.take::<Vec<i64>>(0)?.into_iter().sum::<i64>() * 100 + args.take::<i64>(1)?;
                args.context().set_data_version(number.to_string());
                Ok(number)
            })
            .into();
        move |number| {
            let items = Call::of(&each).input::<i64>(number).place::<Many>();
            let firsts = items.map(|item: Out<i64>| call(&first, &[item, number]));
            Call::of(&last).input::<Vec<i64>>(firsts.collect()).input::<i64>(number).place::<Plain>()
        }
    };
    let assets = [
        beside(AssetDef::builder("beside").after_made(self::foreign())),
        beside(by_day("beside_a_day")),
        beside(by_day("beside_days").mapped(days)),
        of_foreign("one", one()),
        of_foreign("graph", graph()),
        of_foreign("twice", twice()),
        of_foreign("each", each()),
        of_days("one_day", one()),
        of_days("twice_a_day", twice()),
        of_two_days("two_days"),
    ];
    Definitions::new()
        .assets([Arc::clone(self::foreign()), Arc::clone(foreign_days())])
        .assets(assets.map(Arc::new))
        .observations(looks(foreign))
        .io::<i64>("foreign", foreign.clone())
}

/// A run of these assets, of a day if they have partitions, of two if these take several.
fn runner(definitions: &Definitions, selection: &str, storage: &Arc<dyn Storage>) -> Runner {
    let job = definitions.materialize(&selection.parse().unwrap());
    let runner = definitions.runner(&job).max_concurrent(1).record(storage);
    match selection {
        of if of.contains("two_days") || of.contains("beside_days") => {
            runner.partition("2024-01-02..2024-01-03")
        }
        of if of.contains("day") => runner.partition("2024-01-02"),
        _ => runner,
    }
}

fn mortal(memory: &Memory, left: usize) -> Arc<dyn Storage> {
    let (memory, left) = (memory.clone(), Arc::new(AtomicUsize::new(left)));
    Arc::new(Mortal { memory, left, room: true, unread: None })
}

fn is_over(memory: &Memory) -> bool {
    memory.run(RUN).is_ok_and(|run| run.status.is_terminal())
}

/// The latest of what is made, by asset and partition, as the versions that their ops have said.
fn latest(memory: &Memory, selection: &str) -> Vec<(String, String)> {
    let mut latest = BTreeMap::new();
    for fact in memory.materializations(&MaterializationQuery::default()).unwrap() {
        let Materialization { asset, partition, .. } = &fact;
        if selection.contains(asset.as_str()) && !fact.is_observation() {
            let of = format!("{asset} {}", partition.as_deref().unwrap_or_default());
            latest.entry(of).or_insert_with(|| fact.data_version.unwrap_or_default().to_string());
        }
    }
    latest.into_iter().collect()
}

/// Interrupts a run of these assets after any number of commits, and again after any number of those that follow, while others make what
/// it takes anew each time. Then they make any of the versions again: nothing that is stale is taken for fresh.
fn never_stale(selection: &str) {
    let runtime = runtime();
    let undisturbed = {
        let (memory, foreign) = (Memory::new(), Foreign::default());
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let storage = Mortal { memory: memory.clone(), left: Arc::clone(&left), room: true, unread: None };
        let storage: Arc<dyn Storage> = Arc::new(storage);
        runtime.block_on(runner(&definitions(&foreign), selection, &storage).run()).unwrap();
        usize::MAX - left.load(Ordering::Relaxed)
    };
    for (first, version) in (0..undisturbed).flat_map(|first| (0..3).map(move |version| (first, version))) {
        // Where there are many commits, not after each of them.
        let step = if undisturbed > 12 { 4 } else { 1 };
        for second in (0..).step_by(step) {
            let (memory, foreign) = (Memory::new(), Foreign::default());
            let definitions = definitions(&foreign);
            let begun = runner(&definitions, selection, &mortal(&memory, first)).run_id(RUN);
            let _ = runtime.block_on(begun.run());
            let resume = |left| {
                foreign.is_made_anew();
                runtime.block_on(definitions.resume(&mortal(&memory, left), RUN).unwrap().run())
            };
            let _ = resume(second);
            let is_last = is_over(&memory);
            if !is_last {
                resume(usize::MAX).unwrap();
            }
            foreign.0.store(version, Ordering::Relaxed);
            let run = runner(&definitions, selection, &mortal(&memory, usize::MAX)).memoize();
            runtime.block_on(run.run()).unwrap();
            for (of, found) in latest(&memory, selection) {
                let when = format!("interrupted after {first} and {second} commits");
                assert_eq!(found, expected(&of, version as i64).to_string(), "{of}, {when}");
            }
            if is_last {
                break;
            }
        }
    }
}

#[test]
fn nothing_is_taken_for_what_it_is_not_made_of() {
    never_stale("foreign or one");
    never_stale("foreign or beside");
}

#[test]
fn a_graph_is_made_of_one_version_alone() {
    never_stale("foreign or graph");
    never_stale("foreign or twice");
}

#[test]
fn a_graph_has_the_items_of_one_version_alone() {
    never_stale("foreign or each");
}

#[test]
fn so_it_is_with_each_day() {
    never_stale("foreign_days or one_day or twice_a_day");
    never_stale("foreign_days or beside_a_day");
}

#[test]
fn so_it_is_with_several_days_that_are_taken_together() {
    never_stale("foreign_days or two_days");
    never_stale("foreign_days or beside_days");
}

/// What is told of a run that is interrupted after so many commits, and goes on.
fn gone_on(selection: &str, commits: usize) -> String {
    let (memory, foreign) = (Memory::new(), Foreign::default());
    let definitions = definitions(&foreign);
    let begun = runner(&definitions, selection, &mortal(&memory, commits)).run_id(RUN);
    let _ = runtime().block_on(begun.run());
    let resumed = definitions.resume(&mortal(&memory, usize::MAX), RUN).unwrap().keep_events();
    let run = runtime().block_on(resumed.run()).unwrap();
    let told = run.events().iter().filter_map(|event| {
        let step = event.step.as_ref()?;
        let cause = match &event.kind {
            EventKind::StepLost { cause, .. } => format!(", {cause}"),
            EventKind::StepSuccess => String::new(),
            _ => return None,
        };
        Some(format!("{} {step}{cause}", event.kind.name()))
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn only_what_is_read_anew_is_looked_at_anew() {
    insta::assert_snapshot!(gone_on("foreign_days or one_day or two_days", 8), @"
    STEP_LOST foreign_days.seen[2024-01-01], what others make may be another by now
    STEP_LOST foreign_days.seen[2024-01-02], what others make may be another by now
    STEP_LOST foreign_days.seen[2024-01-03], what others make may be another by now
    STEP_SUCCESS foreign_days.seen[2024-01-01]
    STEP_SUCCESS foreign_days.seen[2024-01-02]
    STEP_SUCCESS foreign_days.seen[2024-01-03]
    STEP_SUCCESS all_foreign_days_partitions
    STEP_SUCCESS read_foreign_days[2024-01-02]
    STEP_SUCCESS one[2024-01-02]
    STEP_SUCCESS read_foreign_days_2[2024-01-02]
    STEP_SUCCESS sum[2024-01-02]
    STEP_SUCCESS read_foreign_days[2024-01-03]
    STEP_SUCCESS one[2024-01-03]
    STEP_SUCCESS read_foreign_days_2[2024-01-03]
    STEP_SUCCESS sum[2024-01-03]
    STEP_SUCCESS daily_partitions
    ");
    insta::assert_snapshot!(gone_on("foreign_days or two_days", 13), @"
    STEP_LOST foreign_days.seen[2024-01-02], what others make may be another by now
    STEP_LOST foreign_days.seen[2024-01-03], what others make may be another by now
    STEP_LOST all_foreign_days_partitions, what others make may be another by now
    STEP_SUCCESS foreign_days.seen[2024-01-02]
    STEP_SUCCESS foreign_days.seen[2024-01-03]
    STEP_SUCCESS all_foreign_days_partitions
    STEP_SUCCESS read_foreign_days[2024-01-03]
    STEP_SUCCESS sum[2024-01-03]
    STEP_SUCCESS daily_partitions
    ");
    insta::assert_snapshot!(gone_on("foreign or twice", 3), @"
    STEP_LOST foreign.seen, what others make may be another by now
    STEP_LOST first, what others make may be another by now
    STEP_SUCCESS foreign.seen
    STEP_SUCCESS first
    STEP_SUCCESS last
    ");
}
