//! What a backfill is launched with.

use std::fmt::Write as _;
use std::sync::Arc;

use orch_core::asset::AssetKey;
use orch_core::backfill::Launch;
use orch_core::graph::AssetDef;
use orch_core::report;
use orch_core::run::{Definitions, Making, Runner, ToMake};
use orch_core::storage::Memory;
use serde_json::json;

use super::super::args::BackfillLaunchArgs;
use super::super::home::{self, Around};
use super::super::printer::Printer;
use super::super::to_make::{self, Wish};
use super::super::{Exit, configure, detach, keep, program_name, run, select};
use super::{drive, refused};

/// Launches a backfill, and drives it to its end.
pub(super) fn launch(
    args: &BackfillLaunchArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
) -> Result<Exit, Exit> {
    let Some(Asked { runner, only }) = asked(args, definitions, around, printer)? else {
        match &args.driven {
            driven if driven.detached => detach::tell_nothing(),
            driven if driven.json && args.dry_run => printer.data(&preview_as_json(0, &[])),
            driven if driven.json => printer.data(&format!("{}\n", json!({ "event": "NOTHING" }))),
            _ => {}
        }
        return Ok(Exit::Success);
    };
    let launch = |runner| {
        let (per, runs) = (args.per.get() as u64, args.max_concurrent.get());
        only.into_iter().fold(definitions.backfill(runner).per(per).max_concurrent(runs), Launch::only)
    };
    if args.dry_run {
        // Where nothing was ever recorded, nothing is there yet.
        let storage = home::perhaps(&args.home, around, printer)?.unwrap_or_else(|| Arc::new(Memory::new()));
        let (units, assets) = launch(runner).preview(&storage).map_err(|error| refused(&error, printer))?;
        printer.data(&if args.driven.json {
            preview_as_json(units, &assets)
        } else {
            preview(units, &assets)
        });
        return Ok(Exit::Success);
    }
    // What is refused leaves nothing behind, not even a folder.
    let home = home::write(&args.home, &args.durable, around, printer)?;
    let backfill = launch(runner).launch(&home.storage).map_err(|error| refused(&error, printer))?;
    let exit = drive(backfill, &args.driven, &home.storage, &args.home, printer);
    keep::clear(&home, around, printer);
    Ok(exit)
}

fn preview(units: u64, assets: &[(AssetKey, u64)]) -> String {
    let mut told = format!("{} of\n", report::count(units, "run", "runs"));
    for (asset, partitions) in assets {
        let _ = writeln!(told, "  {asset}: {}", report::count(*partitions, "partition", "partitions"));
    }
    told
}

fn preview_as_json(units: u64, assets: &[(AssetKey, u64)]) -> String {
    let asset = |(asset, partitions): &(AssetKey, u64)| json!({ "asset": asset, "partitions": partitions });
    format!("{:#}\n", json!({ "units": units, "assets": assets.iter().map(asset).collect::<Vec<_>>() }))
}

/// What a backfill is to be of.
struct Asked {
    runner: Runner,
    /// What of it is made, if that is not all.
    only: Option<ToMake>,
}

/// What the arguments ask for; nothing if there is nothing to make, which is told.
fn asked(
    args: &BackfillLaunchArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Printer,
) -> Result<Option<Asked>, Exit> {
    let graph = select::asset_graph(definitions, printer)?;
    let making = match (args.stale, args.missing) {
        (true, _) => Making::Stale,
        (_, true) => Making::Missing,
        _ => Making::All,
    };
    if args.selection.is_empty() && !args.all && making == Making::All {
        let program = program_name();
        printer.error(
            &"which assets?",
            Some(&format!(
                "name some, `{program} backfill launch ASSET --partition ..`, or take all, `--all`; `{program} assets list` \
                 shows them"
            )),
        );
        return Err(Exit::Usage);
    }
    let (selection, mut selected) = select::assets(&args.selection, graph, printer)?;
    let (no_checks, partition) = (args.no_checks, args.partition.as_deref());
    let job = match no_checks {
        true => definitions.materialize_unchecked(&selection),
        false => definitions.materialize(&selection),
    };
    let (job, only) = if making == Making::All {
        (job, None)
    } else {
        // Its runs look at what others make by partition alone.
        let is_looked_at = |asset: &AssetDef| !asset.is_external() || asset.partitions().is_some();
        selected.iter_mut().zip(graph.assets()).for_each(|(is, asset)| *is &= is_looked_at(asset));
        let (configure, home) = (&args.configure, &args.home);
        let wish = Wish { job: &job, selected, making, no_checks, partition, configure, home };
        let Some(found) = to_make::find(wish, definitions, around, printer)? else { return Ok(None) };
        match (args.dry_run, args.driven.json) {
            (true, false) => printer.data(&found.told(printer.data_palette())),
            _ => printer.note(&found.told(printer.palette())),
        }
        (found.job, Some(found.checked))
    };
    let runner = configure::runner(definitions, &job, &args.configure, around.env.clone(), printer)?;
    run::told_once(&args.tags, printer)?;
    let partition = to_make::partitions_for(partition, making, &job);
    let runner = partition.into_iter().fold(runner, Runner::partition);
    let runner = to_make::held_to(
        making,
        args.tags.iter().fold(runner, |runner, (key, value)| runner.tag(key, value)),
    );
    let plan = runner.plan().map_err(|error| {
        printer.error(&error, None);
        Exit::Usage
    })?;
    let is_for_none = run::tell_empty(&runner, &plan, &args.home, around, printer)?;
    Ok((!is_for_none).then_some(Asked { runner, only }))
}
