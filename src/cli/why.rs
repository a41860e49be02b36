mod again;
pub(super) mod failed;

use std::ops::ControlFlow;

use jiff::Timestamp;
use orch_core::asset::{AssetKey, FailedMaterialization, MaterializationQuery};
use orch_core::ids::StepPath;
use orch_core::memo::MemoQuery;
use orch_core::partition::quoted;
use orch_core::report::{self, AssetFacts, History, Why, WhyAsset};
use orch_core::run::Definitions;
use orch_core::storage::{Holder, Pinned, RunState, StorageError};

use self::again::Known;
use super::args::WhyArgs;
use super::assets::{self, Recorded};
use super::home::{self, Around};
use super::printer::Printer;
use super::recorded::Found;
use super::to_make::with_upstream;
use super::{Exit, IntoDefinitions, defined, program_name, recorded};

/// With so many memos of its op, the newest, a step is compared.
const COMPARED: usize = 10_000;

/// Why a run, or a step of it, is where it is; or why an asset is stale. What may be the beginning of the identifier of a run is
/// taken for one, so that a run can be asked for whatever has become of the definitions.
pub(super) fn why<D: IntoDefinitions>(
    args: &WhyArgs,
    definitions: impl FnOnce() -> D,
    around: &Around,
    printer: &Printer,
) -> Exit {
    let named = args.of.run.strip_prefix("key:");
    let is_of_asset = named.is_some() || args.partition.is_some();
    if !is_of_asset && recorded::may_name_a_run(&args.of.run) {
        return why_run(args, around, printer);
    }
    let definitions = match defined(definitions, printer) {
        Ok(definitions) => definitions,
        Err(exit) => return exit,
    };
    let graph = definitions.asset_graph();
    let found = match named {
        Some(named) => assets::find(named, graph, &[], printer),
        None => match assets::own(&args.of.run, graph) {
            Some(key) => Ok(key),
            None if !is_of_asset && (args.step.is_some() || graph.assets().is_empty()) => {
                return why_run(args, around, printer);
            }
            None => assets::find(&args.of.run, graph, &[], printer),
        },
    };
    let told = found.and_then(|key| match &args.step {
        Some(step) => {
            let hint =
                format!("of a partition of it: `{} why {key} --partition {}`", program_name(), quoted(step));
            printer.error(
                &format!("`{key}` is an asset, and no run, of which `{step}` could be a step"),
                Some(&hint),
            );
            Err(Exit::Usage)
        }
        None => why_asset(key, args, &definitions, around, printer),
    });
    told.err().unwrap_or(Exit::Success)
}

/// Why an asset is as it is.
fn why_asset(
    key: &AssetKey,
    args: &WhyArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Printer,
) -> Result<(), Exit> {
    let graph = definitions.asset_graph();
    let mut recorded = Recorded::read(&args.of.home, graph, around, printer)?;
    let one = |text: &String| assets::one_partition(text, key, (graph, &recorded.latest), around, printer);
    let partition = args.partition.as_ref().map(one).transpose()?;
    let shown = assets::only(key, graph);
    let Some(standings) = assets::standings(definitions, &shown, &mut recorded, around, printer) else {
        return Err(Exit::Usage);
    };
    let at = |asset: &AssetKey, partition: Option<&str>, time: Timestamp| {
        let query = MaterializationQuery {
            asset: Some(asset.clone()),
            partition: partition.map(str::to_owned),
            until: Some(time),
            limit: Some(1),
            ..Default::default()
        };
        recorded.storage.as_ref()?.materializations(&query).ok()?.pop()
    };
    let before = with_upstream(graph, &shown).into_iter();
    let partitions = recorded.partitions(graph, before, around, printer)?;
    let facts = recorded.facts(graph, Some(&standings), &partitions, around, printer);
    let (partition, latest) = (partition.as_deref(), &recorded.latest);
    let failed = report::failed_before(&facts, key, partition).into_iter().filter_map(|(key, partition)| {
        let storage = recorded.storage.as_ref()?;
        assets::last_failure(&**storage, graph, &key, partition.as_deref()).transpose()
    });
    let failed: Result<Vec<_>, _> = failed.collect();
    let failed = failed.map_err(|error| home::refused(&error, printer))?;
    let failed = recorded.storage.as_ref().map(|storage| failed::attempts(&**storage, failed));
    let failed = failed.unwrap_or_default();
    let runs = recorded.runs().chain(failed.iter().map(|failed| failed.fact.run));
    let facts = AssetFacts { digits: report::digits(runs), ..facts };
    let why = WhyAsset { facts, latest, standings: &standings, key, partition, failed: &failed, at: &at };
    printer.data(&report::why_asset(&why));
    // What is being made again needs no word.
    let is_left = |fact: &FailedMaterialization| {
        why.facts.in_progress.run(&fact.asset, fact.partition.as_deref()).is_none()
    };
    if let Some(first) = failed.iter().map(|failed| &failed.fact).find(|fact| is_left(fact)) {
        let all = partitions.get(key).filter(|_| first.asset == *key && partition.is_none());
        let home = &args.of.home;
        let in_progress = why.facts.in_progress;
        let known = Known { definitions, standings: &standings, latest, in_progress, around, home };
        printer.hint(&known.again(first, (key, partition), all));
    }
    Ok(())
}

fn why_run(args: &WhyArgs, around: &Around, printer: &Printer) -> Exit {
    let found = match recorded::find(&args.of, around, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let (pinned, holder, history) = match read(&found, args.step.as_deref()) {
        Ok(read) => read,
        Err(error) => return home::refused(&error, printer),
    };
    let why = Why {
        history: &history,
        plan: &pinned.plan,
        taken: if pinned.memoizes { &pinned.loaded } else { &[] },
        // With a selection all that is not taken from there is named by the plan.
        upstream: pinned.upstream.filter(|_| pinned.selection.is_none()),
        state: found.state,
        holder: holder.as_ref(),
        now: (around.now)(),
        palette: printer.data_palette(),
    };
    let told = match &args.step {
        None => report::why_run(&why),
        Some(step) => match found.step(step, &pinned, |name| history.is_heard_of(name), printer) {
            Ok(path) => report::why_step(&why, &path),
            Err(exit) => return exit,
        },
    };
    printer.data(&told);
    if found.state == RunState::Interrupted {
        let (name, home) = (program_name(), home::again(&args.of.home));
        let does = if history.is_canceling() { "ends it as canceled" } else { "goes on with it" };
        printer.note(&format!("`{name} resume {}{home}` {does}\n", found.run.id));
    }
    Exit::Success
}

/// All that is known of a run, and if a memoized step is asked for, what is remembered of its op.
fn read(found: &Found, step: Option<&str>) -> Result<(Pinned, Option<Holder>, History), StorageError> {
    let pinned = found.storage.pinned(found.run.id)?;
    let holder = found.storage.holder(found.run.id)?;
    let mut history = History::new();
    found.storage.events(found.run.id)?.events(0, false, &mut |logged| {
        history.apply(&logged.event);
        ControlFlow::Continue(())
    })?;
    let step = step.and_then(|step| step.parse::<StepPath>().ok());
    if let Some(op) = step.and_then(|step| history.memoized_op(&step).map(MemoQuery::of)) {
        history.remember(found.storage.memos(&MemoQuery { limit: Some(COMPARED), ..op })?);
    }
    Ok((pinned, holder, history))
}
