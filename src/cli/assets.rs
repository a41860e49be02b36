mod evaluations;
mod partitions;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use orch_core::asset::{AssetKey, FailedMaterialization, MaterializationQuery};
use orch_core::graph::AssetGraph;
use orch_core::ids::{RunId, nearest};
use orch_core::partition::quoted;
use orch_core::report::{
    self, AssetFacts, Evaluations, FailedAttempt, PartitionState, PartitionStates, ShownAsset,
};
use orch_core::run::{Definitions, InProgress, LatestFacts, Runner, Standings};
use orch_core::select::AssetSelection;
use orch_core::storage::{AssetRecord, Storage, StorageError};

use super::args::{
    AssetCheckArgs, AssetGraphArgs, AssetListArgs, AssetObserveArgs, AssetShowArgs, AssetsArgs,
    AssetsCommand, GraphFormat, HomeArgs,
};
use super::home::{self, Around};
use super::printer::{Printer, Verbosity};
use super::to_make::with_upstream;
use super::why::failed::attempts;
use super::{Exit, program_name, run, select};

/// The assets of the program, and what is recorded of them.
pub(super) fn assets(
    args: &AssetsArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
) -> Exit {
    let done = select::asset_graph(definitions, printer).and_then(|graph| match &args.command {
        AssetsCommand::Check(args) => Err(check(args, graph, definitions, around, printer)),
        AssetsCommand::Observe(args) => Err(observe(args, graph, definitions, around, printer)),
        AssetsCommand::List(args) => list(args, definitions, around, printer),
        AssetsCommand::Show(args) => show(args, definitions, around, printer),
        AssetsCommand::Partitions(args) => partitions::show(args, graph, around, printer),
        AssetsCommand::Graph(args) => draw(args, definitions, around, printer),
    });
    done.err().unwrap_or(Exit::Success)
}

/// Runs the checks of the selected assets alone.
fn check(
    args: &AssetCheckArgs,
    graph: &AssetGraph,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
) -> Exit {
    match select::assets(&args.selection, graph, printer) {
        Ok((selection, _)) => run::begin(
            &definitions.check_assets(&selection),
            &args.options,
            definitions,
            around,
            printer,
            |runner| args.options.partition.iter().fold(runner, Runner::partition),
        ),
        Err(exit) => exit,
    }
}

/// Runs the observations of the selected assets alone.
fn observe(
    args: &AssetObserveArgs,
    graph: &AssetGraph,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
) -> Exit {
    match select::assets(&args.selection, graph, printer) {
        Ok((selection, _)) => {
            let job = definitions.observe_assets(&selection);
            run::begin(&job, &args.options, definitions, around, printer, |runner| {
                args.options.partition.iter().fold(runner, Runner::partition)
            })
        }
        Err(exit) => exit,
    }
}

/// What is recorded of assets.
pub(super) struct Recorded {
    /// None if nothing is recorded yet.
    pub(super) storage: Option<Arc<dyn Storage>>,
    /// What runs under way are to make.
    in_progress: InProgress,
    pub(super) latest: LatestFacts,
    /// How often each asset was observed that others make.
    observations: BTreeMap<AssetKey, u64>,
    /// What each check of the program found last.
    evaluations: Evaluations,
    /// Of the assets of the program without partitions at which the last attempt failed, that it did.
    failures: BTreeMap<AssetKey, FailedMaterialization>,
}

impl Recorded {
    pub(super) fn read(
        args: &HomeArgs,
        graph: &AssetGraph,
        around: &Around,
        printer: &Printer,
    ) -> Result<Self, Exit> {
        let storage = home::perhaps(args, around, printer)?;
        let in_progress = partitions::in_progress(storage.as_deref(), printer);
        let latest = match &storage {
            Some(storage) => LatestFacts::read(&**storage, graph),
            None => Ok(LatestFacts::default()),
        };
        let latest_facts = latest.map_err(|error| home::refused(&error, printer))?;
        let damaged = storage.as_ref().map_or(Ok(Vec::new()), |storage| storage.damaged_assets());
        for damaged in damaged.map_err(|error| home::refused(&error, printer))? {
            printer.warning(&damaged.to_string(), damaged.advice());
        }
        let evaluations = storage.as_ref().map(|storage| evaluations::read(&**storage, graph)).transpose();
        let evaluations = evaluations.map_err(|error| home::refused(&error, printer))?.unwrap_or_default();
        let observations =
            storage.as_ref().map(|storage| observations(&**storage, &latest_facts.records, graph));
        let observations = observations.unwrap_or_default();
        let failures = storage.as_ref().map_or(Ok(BTreeMap::new()), |storage| failures(&**storage, graph));
        let failures = failures.map_err(|error| home::refused(&error, printer))?;
        Ok(Self { storage, in_progress, latest: latest_facts, observations, evaluations, failures })
    }

    /// The runs that are spoken of.
    pub(super) fn runs(&self) -> impl Iterator<Item = RunId> {
        let made = self.latest.records.iter().map(|record| record.latest.run);
        let failed = self.failures.values().map(|failed| failed.run);
        let evaluated = self.evaluations.values().flat_map(HashMap::values).flatten().map(|fact| fact.run);
        made.chain(evaluated).chain(failed).chain(self.in_progress.runs())
    }

    /// Which partitions are materialized of the assets of these numbers, in progress, or failed.
    pub(super) fn partitions(
        &self,
        graph: &AssetGraph,
        numbers: impl Iterator<Item = usize>,
        around: &Around,
        printer: &Printer,
    ) -> Result<PartitionStates, Exit> {
        let mut states = PartitionStates::new();
        for asset in numbers.map(|number| &graph.assets()[number]) {
            let Some(definition) = asset.partitions() else { continue };
            let known = self.latest.partitions.get(asset.key()).into_iter().flatten();
            // A definition that cannot be was told with the graph.
            let Ok(keyspace) = definition.resolve(&self.latest.keys) else { continue };
            let status =
                partitions::status(self.storage.as_deref(), (asset.key(), graph), &keyspace, printer)?;
            let in_progress = self.in_progress.partitions(asset.key(), &keyspace);
            let state = PartitionState::of(keyspace, known, &status, &in_progress, (around.now)());
            states.insert(asset.key().clone(), state);
        }
        Ok(states)
    }

    /// As it is shown, with runs by so many digits as tell the latest of each asset apart.
    pub(super) fn facts<'a>(
        &'a self,
        graph: &'a AssetGraph,
        standings: Option<&'a Standings>,
        partitions: &'a PartitionStates,
        around: &Around,
        printer: &Printer,
    ) -> AssetFacts<'a> {
        AssetFacts {
            graph,
            partitions,
            records: &self.latest.records,
            observations: &self.observations,
            in_progress: &self.in_progress,
            evaluations: &self.evaluations,
            failures: &self.failures,
            standings,
            now: (around.now)(),
            digits: report::digits(self.runs()),
            exact: printer.verbosity == Verbosity::Verbose,
            palette: printer.data_palette(),
        }
    }
}

/// How often assets were observed, of those that may have been. Where that cannot be read, nobody knows; the rest is told.
fn observations(
    storage: &dyn Storage,
    records: &[AssetRecord],
    graph: &AssetGraph,
) -> BTreeMap<AssetKey, u64> {
    let is_own =
        |key: &AssetKey| graph.number(key).is_some_and(|number| !graph.assets()[number].is_external());
    let count = |record: &AssetRecord| {
        let query = MaterializationQuery {
            asset: Some(record.key.clone()),
            observed: Some(true),
            ..Default::default()
        };
        Some((record.key.clone(), storage.materializations(&query).ok()?.len() as u64))
    };
    records.iter().filter(|record| !is_own(&record.key)).filter_map(count).collect()
}

/// Of the assets without partitions at which the last attempt failed, that it did.
fn failures(
    storage: &dyn Storage,
    graph: &AssetGraph,
) -> Result<BTreeMap<AssetKey, FailedMaterialization>, StorageError> {
    let mut failures = BTreeMap::new();
    for asset in graph.assets().iter().filter(|asset| asset.partitions().is_none()) {
        let failed = last_failure(storage, graph, asset.key(), None)?;
        failures.extend(failed.map(|failed| (asset.key().clone(), failed)));
    }
    Ok(failures)
}

/// The one asset, of those of the program.
pub(super) fn only(key: &AssetKey, graph: &AssetGraph) -> Vec<bool> {
    graph.assets().iter().map(|asset| asset.key() == key).collect()
}

/// How the assets of the program stand, with the configuration that the program has by itself. If that lacks something, nobody
/// knows, and that is told. It is looked in the places of those alone that are shown, and of what they are made of.
pub(super) fn standings(
    definitions: &Definitions,
    shown: &[bool],
    recorded: &mut Recorded,
    around: &Around,
    printer: &Printer,
) -> Option<Standings> {
    let (graph, latest) = (definitions.asset_graph(), &mut recorded.latest);
    if graph.assets().iter().all(|asset| asset.is_external()) {
        return Some(Standings::of(graph, BTreeMap::new(), latest, (around.now)()));
    }
    let runner = definitions.runner(&definitions.materialize(&AssetSelection::all()));
    let runner = runner.env(around.env.clone());
    let looked = definitions.materialize_numbered_unchecked(&with_upstream(graph, shown));
    let looked = definitions.runner(&looked).env(around.env.clone()).look(latest);
    match looked.and_then(|failures| Ok((failures, runner.recipes()?))) {
        Ok((failures, recipes)) => {
            failures.iter().for_each(|failure| printer.warning(&failure.info(), None));
            // What is being made anew is stored before it is known that it is.
            let in_progress = &recorded.in_progress;
            latest.lost.retain(|(key, partition), _| in_progress.run(key, partition.as_deref()).is_none());
            Some(Standings::of(graph, recipes, latest, (around.now)()))
        }
        Err(error) => {
            printer.warning(&format!("what is stale is not known here: {error}"), None);
            None
        }
    }
}

fn list(
    args: &AssetListArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Printer,
) -> Result<(), Exit> {
    let graph = definitions.asset_graph();
    let (_, selected) = select::assets(&args.selection, graph, printer)?;
    let mut recorded = Recorded::read(&args.home, graph, around, printer)?;
    let shown = (0..selected.len()).filter(|&number| selected[number]);
    let partitions = recorded.partitions(graph, shown, around, printer)?;
    let standings = standings(definitions, &selected, &mut recorded, around, printer);
    let facts = recorded.facts(graph, standings.as_ref(), &partitions, around, printer);
    let with_others = args.selection.is_empty();
    if args.json {
        printer.data(&format!("{:#}\n", report::assets_as_json(&facts, &selected, with_others)));
        return Ok(());
    }
    if graph.assets().is_empty() {
        printer.note("this program has no assets\n");
    } else if selected.contains(&true) {
        printer.data(&report::assets(&facts, &selected));
    } else {
        printer.note("the selection leaves no asset\n");
    }
    let others = if with_others { report::asset_others(&facts) } else { String::new() };
    if !others.is_empty() {
        let gap = if graph.assets().is_empty() { "" } else { "\n" };
        printer.data(&format!("{gap}{others}"));
    }
    Ok(())
}

fn show(
    args: &AssetShowArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Printer,
) -> Result<(), Exit> {
    let graph = definitions.asset_graph();
    let mut recorded = Recorded::read(&args.home, graph, around, printer)?;
    let key = &find(&args.key, graph, &recorded.latest.records, printer)?.clone();
    let one = |text: &String| {
        let mut known = recorded.latest.partitions.get(key).into_iter().flatten();
        // What was made of a key that was removed is history as much as the rest.
        match known.any(|fact| fact.partition.as_ref() == Some(text)) {
            true => Ok(text.clone()),
            false => one_partition(text, key, (graph, &recorded.latest), around, printer),
        }
    };
    let partition = args.partition.as_ref().map(one).transpose()?;
    let query = MaterializationQuery {
        asset: Some(key.clone()),
        partition: partition.clone(),
        limit: Some(args.limit.get()),
        ..Default::default()
    };
    let partitions = recorded.partitions(graph, graph.number(key).into_iter(), around, printer)?;
    let history = recorded.storage.as_ref().map(|storage| storage.history(&query)).transpose();
    let (history, damaged) = history.map_err(|error| home::refused(&error, printer))?.unwrap_or_default();
    for damaged in damaged {
        printer.warning(&damaged.to_string(), damaged.advice());
    }
    let failed = failed_last(&recorded, graph, key, partition.as_deref());
    let failed = failed.map_err(|error| home::refused(&error, printer))?;
    let shown = only(key, graph);
    let standings = standings(definitions, &shown, &mut recorded, around, printer);
    let of_failed = failed.iter().map(|failed| failed.fact.run);
    let digits = report::digits(recorded.runs().chain(history.iter().map(|fact| fact.run)).chain(of_failed));
    let facts =
        AssetFacts { digits, ..recorded.facts(graph, standings.as_ref(), &partitions, around, printer) };
    let (latest, partition) = (&recorded.latest, partition.as_deref());
    let shown = ShownAsset { facts, latest, key, history: &history, partition, failed: failed.as_ref() };
    printer.data(&match (args.json, args.svg) {
        (true, _) => format!("{:#}\n", report::asset_as_json(&shown)),
        (_, true) => report::asset_plots_as_svg(&shown),
        _ => report::asset(&shown),
    });
    Ok(())
}

/// That the last attempt at an asset, or at a partition of it, failed; of what the program does not make, or the last look.
pub(super) fn last_failure(
    storage: &dyn Storage,
    graph: &AssetGraph,
    key: &AssetKey,
    partition: Option<&str>,
) -> Result<Option<FailedMaterialization>, StorageError> {
    let is_own = graph.number(key).is_some_and(|number| !graph.assets()[number].is_external());
    let look = if is_own { None } else { storage.look_failed_last(key, partition)? };
    look.map_or_else(|| storage.failed_last(key, partition), |look| Ok(Some(look)))
}

/// The last attempt at an asset, or at a partition of it, if it failed.
fn failed_last(
    recorded: &Recorded,
    graph: &AssetGraph,
    key: &AssetKey,
    partition: Option<&str>,
) -> Result<Option<FailedAttempt>, StorageError> {
    let Some(storage) = &recorded.storage else { return Ok(None) };
    let failed = match partition {
        None => recorded.failures.get(key).cloned(),
        Some(_) => last_failure(&**storage, graph, key, partition)?,
    };
    Ok(attempts(&**storage, failed.into_iter().collect()).pop())
}

/// The key of the one partition of an asset that is written as `materialize --partition` takes it.
pub(super) fn one_partition(
    text: &str,
    key: &AssetKey,
    (graph, latest): (&AssetGraph, &LatestFacts),
    around: &Around,
    printer: &Printer,
) -> Result<String, Exit> {
    let refused = |message: &str, hint: Option<&str>| {
        printer.error(&message, hint);
        Err(Exit::Usage)
    };
    // Of an asset of another program nobody knows which it has.
    let Some(asset) = graph.number(key).map(|number| &graph.assets()[number]) else {
        return Ok(text.to_owned());
    };
    let Some(definition) = asset.partitions() else {
        return refused(&format!("`{key}` has no partitions"), Some("leave `--partition` out"));
    };
    let now = (around.now)();
    let found = definition.resolve(&latest.keys).and_then(|keyspace| {
        let set = keyspace.select(text, now)?;
        let first = set.first().map(|first| keyspace.key_of(first)).transpose()?;
        Ok((set.len(), first, keyspace.show(&set)))
    });
    match found {
        Ok((1, Some(one), _)) => Ok(one.to_string()),
        Ok((0, ..)) => refused(&format!("of `{key}`: `{text}` selects no partition"), None),
        Ok((len, first, all)) => {
            let first =
                first.map(|first| format!("name one of them: `--partition {}`", quoted(first.as_str())));
            refused(
                &format!("of `{key}`: `{all}` selects {len} partitions, and one is asked for"),
                first.as_deref(),
            )
        }
        Err(error) => refused(&format!("of `{key}`: {}", error.message()), error.advice()),
    }
}

/// The asset of the program of this key, or the only one whose key ends so.
pub(super) fn own<'a>(named: &str, graph: &'a AssetGraph) -> Option<&'a AssetKey> {
    let keys = || graph.assets().iter().map(|asset| asset.key());
    let ends = |key: &&AssetKey| key.as_str().strip_suffix(named).is_some_and(|rest| rest.ends_with('/'));
    let mut found = keys().filter(ends);
    keys().find(|key| key.as_str() == named).or_else(|| found.next().filter(|_| found.next().is_none()))
}

/// The asset of this key, or the only one whose key ends so; else says what there is.
pub(super) fn find<'a>(
    named: &str,
    graph: &'a AssetGraph,
    records: &'a [AssetRecord],
    printer: &Printer,
) -> Result<&'a AssetKey, Exit> {
    let own = graph.assets().iter().map(|asset| asset.key());
    let others = records.iter().map(|record| &record.key).filter(|key| graph.number(key).is_none());
    let keys: Vec<&AssetKey> = own.chain(others).collect();
    if let Some(exact) = keys.iter().find(|key| key.as_str() == named) {
        return Ok(exact);
    }
    let ends = |key: &&&AssetKey| key.as_str().strip_suffix(named).is_some_and(|rest| rest.ends_with('/'));
    let (program, found) = (program_name(), keys.iter().filter(ends).collect::<Vec<_>>());
    match found.as_slice() {
        [key] => Ok(key),
        [] => {
            let whole = nearest(named, keys.iter().map(|key| key.as_str()));
            let by_name = || {
                let name = nearest(named, keys.iter().map(|key| key.name()))?;
                keys.iter().find(|key| key.name() == name).map(|key| key.as_str())
            };
            let hint = match whole.or_else(by_name) {
                Some(near) => format!("did you mean `{near}`? `{program} assets list` names all assets"),
                None if keys.is_empty() => "this program has no assets".to_owned(),
                None => format!("`{program} assets list` names all assets"),
            };
            printer.error(&format!("there is no asset `{named}`"), Some(&hint));
            Err(Exit::Usage)
        }
        several => {
            let keys: Vec<_> = several.iter().map(|key| format!("  {key}")).collect();
            let message =
                format!("the keys of {} assets end with `{named}`:\n{}", keys.len(), keys.join("\n"));
            printer.error(&message, Some("write more of it"));
            Err(Exit::Usage)
        }
    }
}

fn draw(
    args: &AssetGraphArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Printer,
) -> Result<(), Exit> {
    let graph = definitions.asset_graph();
    let (_, selected) = select::assets(&args.selection, graph, printer)?;
    if graph.assets().is_empty() {
        printer.note("this program has no assets\n");
    } else if !selected.contains(&true) {
        printer.note("the selection leaves no asset\n");
    }
    let drawn = |facts: Option<&AssetFacts<'_>>| match args.format {
        GraphFormat::Text => report::asset_graph(graph, &selected, facts, printer.data_palette()),
        GraphFormat::Mermaid => report::asset_graph_as_mermaid(graph, &selected, facts),
        GraphFormat::Dot => report::asset_graph_as_dot(graph, &selected, facts),
        GraphFormat::Svg => report::asset_graph_as_svg(graph, &selected, facts),
    };
    if !args.status {
        printer.data(&drawn(None));
        return Ok(());
    }
    let mut recorded = Recorded::read(&args.home, graph, around, printer)?;
    let shown = (0..selected.len()).filter(|&number| selected[number]);
    let partitions = recorded.partitions(graph, shown, around, printer)?;
    let standings = standings(definitions, &selected, &mut recorded, around, printer);
    let facts = recorded.facts(graph, standings.as_ref(), &partitions, around, printer);
    printer.data(&drawn(Some(&facts)));
    Ok(())
}
