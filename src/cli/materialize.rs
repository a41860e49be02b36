use std::collections::BTreeMap;
use std::sync::Arc;

use orch_core::asset::AssetKey;
use orch_core::graph::{AssetGraph, Job};
use orch_core::partition::PartitionSet;
use orch_core::plan::PlanError;
use orch_core::report;
use orch_core::run::{Definitions, LatestFacts, Making, Runner, Standing, Standings};
use orch_core::select::Selectable as _;
use orch_core::storage::Memory;

use super::args::MaterializeArgs;
use super::home::{self, Around};
use super::printer::Printer;
use super::{Exit, configure, detach, program_name, run, select};

/// How many assets are named where one is to be chosen.
const NAMED: usize = 20;

/// Runs what makes the selected assets, with live progress, then tells how it went.
pub(super) fn materialize(
    args: &MaterializeArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
) -> Exit {
    match job(args, definitions, around, printer) {
        Ok(Some(job)) => {
            let partition = partitions_for(args, &job);
            run::begin(&job, &args.options, definitions, around, printer, |runner| {
                let runner = partition.into_iter().fold(runner, Runner::partition);
                match (args.stale, args.missing) {
                    (true, _) => runner.memoize(),
                    (_, true) => runner.only_missing(),
                    _ => runner,
                }
            })
        }
        Ok(None) => {
            if args.options.live.detached {
                detach::tell_nothing();
            }
            Exit::Success
        }
        Err(exit) => exit,
    }
}

/// The job that makes what is asked for; none if there is nothing to run, which has been told.
fn job(
    args: &MaterializeArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Printer,
) -> Result<Option<Job>, Exit> {
    let graph = select::asset_graph(definitions, printer)?;
    if graph.assets().is_empty() {
        let hint =
            "list them in the function with #[orch::main]: `Definitions::new().assets(assets![my_asset])`";
        printer.error(&"this program has no assets", Some(hint));
        return Err(Exit::Usage);
    }
    if args.selection.is_empty() && !(args.all || args.stale || args.missing) {
        return Err(which(graph, printer));
    }
    let (selection, selected) = select::assets(&args.selection, graph, printer)?;
    if args.missing {
        check_missing(graph, &selected, printer)?;
    }
    let job = match args.no_checks {
        true => definitions.materialize_unchecked(&selection),
        false => definitions.materialize(&selection),
    };
    if !(args.stale || args.missing || args.dry_run) {
        printer.note(&report::assets_made_along(graph, &selected));
        return Ok(Some(job));
    }
    let runner_of =
        |job: &Job| configure::runner(definitions, job, &args.options.configure, around.env.clone(), printer);
    let refused = |error: PlanError| {
        printer.error(&error, None);
        Exit::Usage
    };
    // What is not asked for may lack its configuration: then nobody asks how it stands.
    let whole = definitions.materialize_numbered(&with_upstream(graph, &selected));
    let runner = runner_of(&whole)?;
    let recipes = runner.recipes().or(runner_of(&job)?.recipes()).map_err(refused)?;
    let storage = home::perhaps(&args.options.record.home, around, printer)?;
    let latest = storage.as_ref();
    let latest = latest.map_or(Ok(LatestFacts::default()), |storage| LatestFacts::read(&**storage, graph));
    let mut latest = latest.map_err(|error| home::refused(&error, printer))?;
    runner.look(&mut latest).map_err(refused)?;
    let standings = Standings::of(graph, recipes, &latest, (around.now)());
    let making = match (args.stale, args.missing) {
        (true, _) => Making::Stale,
        (_, true) => Making::Missing,
        _ => Making::All,
    };
    let runner = runner_of(&job)?;
    let runner = args.options.partition.iter().fold(runner, Runner::partition).key_sets(latest.keys.clone());
    let asked = runner.partitions().map_err(refused)?;
    let made = standings.to_make_of(&selected, making, &asked);
    if made.assets.is_empty() {
        printer.note(&nothing(args, &standings, &selected, graph));
        return Ok(None);
    }
    if args.dry_run {
        printer.data(&report::assets_to_make(graph, &standings, (&selected, &made), printer.data_palette()));
    } else {
        printer.note(&report::assets_to_make(graph, &standings, (&selected, &made), printer.palette()));
    }
    // What has partitions stays in the run, which passes over those that are not to be made: for which partitions a run is follows
    // from all of its assets.
    let drawn: Vec<usize> = graph
        .order()
        .iter()
        .copied()
        .filter(|number| {
            made.assets.contains(number) || !made.partitions.is_empty() && asked_for(graph, *number, &asked)
        })
        .collect();
    let job = match args.no_checks {
        true => definitions.materialize_numbered_unchecked(&drawn),
        false => definitions.materialize_numbered(&drawn),
    };
    if args.dry_run {
        let could_begin = partitions_for(args, &job).into_iter().fold(runner_of(&job)?, Runner::partition);
        let could_begin = could_begin.could_begin(&storage.unwrap_or_else(|| Arc::new(Memory::new())));
        return could_begin.map(|()| None).map_err(|error| run::refused(&error, printer));
    }
    Ok(Some(job))
}

/// The partitions that the run of a job is told: what is left to make may have none, though some were asked for.
fn partitions_for<'a>(args: &'a MaterializeArgs, job: &Job) -> Option<&'a str> {
    let has_partitions = job.try_plan().is_ok_and(|plan| !plan.partitions.is_empty());
    let partition = args.options.partition.as_deref();
    partition.filter(|_| has_partitions || !(args.stale || args.missing))
}

/// Whether partitions of an asset are asked for.
fn asked_for(graph: &AssetGraph, number: usize, asked: &BTreeMap<AssetKey, PartitionSet>) -> bool {
    asked.contains_key(graph.assets()[number].key())
}

/// That of all assets with partitions those can be left out that are there.
fn check_missing(graph: &AssetGraph, selected: &[bool], printer: &Printer) -> Result<(), Exit> {
    let mut chosen = graph.assets().iter().zip(selected).filter(|(_, selected)| **selected);
    let Some((asset, _)) =
        chosen.find(|(asset, _)| asset.partitions().is_some() && !asset.is_external() && !asset.is_op())
    else {
        return Ok(());
    };
    let (key, program) = (asset.key(), program_name());
    printer.error(
        &format!(
            "`{key}` is made by a graph, of which `--missing` cannot leave out the partitions that are there"
        ),
        Some(&format!(
            "`{program} assets show {key}` names those that are missing: `--partition` makes them"
        )),
    );
    Err(Exit::Usage)
}

/// The numbers of the selected assets and of all that they are made of.
fn with_upstream(graph: &AssetGraph, selected: &[bool]) -> Vec<usize> {
    let mut wanted = selected.to_vec();
    for &number in graph.order().iter().rev() {
        if wanted[number] {
            graph.upstream(number).iter().for_each(|&other| wanted[other] = true);
        }
    }
    (0..wanted.len()).filter(|&number| wanted[number]).collect()
}

/// Why there is nothing to make. What is stale only for what it is made of waits for that, which was not asked for.
fn nothing(args: &MaterializeArgs, standings: &Standings, selected: &[bool], graph: &AssetGraph) -> String {
    let mut keys =
        graph.assets().iter().zip(selected).filter(|(_, selected)| **selected).map(|(asset, _)| asset.key());
    let behind = keys.find(|key| matches!(standings.get(key), Some(Standing::Behind(_))));
    match behind {
        _ if args.missing => "nothing is missing: there is nothing to make\n".to_owned(),
        Some(key) => format!(
            "nothing that was asked for would come out otherwise as long as what `{key}` is made of is as it is; with that: \
             `{} materialize --stale +{key}`\n",
            program_name()
        ),
        None => match observed_before(selected, graph) {
            Some(key) => format!(
                "all is as it would be made of what `{key}` was observed as last: `{} assets observe {key}` looks again\n",
                program_name()
            ),
            None => "all is as it would be made: there is nothing to make\n".to_owned(),
        },
    }
}

/// What others make, of which something that is selected is made, and at which a run of the selection does not look.
fn observed_before<'a>(selected: &[bool], graph: &'a AssetGraph) -> Option<&'a AssetKey> {
    let mut upstream = with_upstream(graph, selected).into_iter();
    let found = upstream.find(|&number| !selected[number] && graph.observation(number).is_some());
    found.map(|number| graph.assets()[number].key())
}

/// Nothing is made by mistake: all assets are asked for as such.
fn which(graph: &AssetGraph, printer: &Printer) -> Exit {
    let makes: Vec<_> = graph.assets().iter().filter(|asset| !asset.is_external()).collect();
    let mut names: Vec<_> = makes.iter().take(NAMED).map(|asset| format!("  {}", asset.key())).collect();
    if makes.len() > NAMED {
        names.push(format!("  and {} more: `{} assets list`", makes.len() - NAMED, program_name()));
    }
    let program = program_name();
    let hint = match makes.first() {
        Some(first) => format!(
            "name some, `{program} materialize {key}`, with all that they are made of, `{program} materialize +{key}`, or \
             take all, `{program} materialize --all`",
            key = first.key()
        ),
        None if (0..graph.assets().len()).any(|number| graph.observation(number).is_some()) => {
            format!(
                "all of them are external: others make them, and `{program} assets observe` looks at them"
            )
        }
        None => "all of them are external: others make them".to_owned(),
    };
    let message = format!("which assets? this program makes:\n{}", names.join("\n"));
    printer.error(&message.trim_end(), Some(&hint));
    Exit::Usage
}
