use std::sync::Arc;

use orch_core::graph::{AssetGraph, Job};
use orch_core::report;
use orch_core::run::{Definitions, Making, Runner};
use orch_core::storage::Memory;
use serde_json::{Value, json};

use super::args::MaterializeArgs;
use super::home::Around;
use super::printer::Printer;
use super::to_make::{self, Wish, partitions_for};
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
            let partition = partitions_for(args.options.partition.as_deref(), making(args), &job);
            run::begin(&job, &args.options, definitions, around, printer, |runner| {
                to_make::held_to(making(args), partition.into_iter().fold(runner, Runner::partition))
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
    let making = making(args);
    let job = match args.no_checks {
        true => definitions.materialize_unchecked(&selection),
        false => definitions.materialize(&selection),
    };
    if making == Making::All && !args.dry_run {
        printer.note(&report::assets_made_along(graph, &selected));
        return Ok(Some(job));
    }
    let (no_checks, partition) = (args.no_checks, args.options.partition.as_deref());
    let (configure, home) = (&args.options.configure, &args.options.record.home);
    let wish = Wish { job: &job, selected, making, no_checks, partition, configure, home };
    let is_json = args.options.live.json;
    let Some(found) = to_make::find(wish, definitions, around, printer)? else {
        if args.dry_run && is_json {
            printer.data(&preview_as_json(&json!([])));
        }
        return Ok(None);
    };
    if !args.dry_run {
        printer.note(&found.told(printer.palette()));
        return Ok(Some(found.job));
    }
    printer.data(&match is_json {
        true => preview_as_json(&found.as_json()),
        false => found.told(printer.data_palette()),
    });
    let runner = configure::runner(definitions, &found.job, configure, around.env.clone(), printer)?;
    let could_begin =
        partitions_for(partition, making, &found.job).into_iter().fold(runner, Runner::partition);
    let could_begin = could_begin.could_begin(&found.storage.unwrap_or_else(|| Arc::new(Memory::new())));
    could_begin.map(|()| None).map_err(|error| run::refused(&error, printer))
}

fn preview_as_json(assets: &Value) -> String {
    format!("{:#}\n", json!({ "assets": assets }))
}

/// What is made of what is asked for.
fn making(args: &MaterializeArgs) -> Making {
    match (args.stale, args.missing) {
        (true, _) => Making::Stale,
        (_, true) => Making::Missing,
        _ => Making::All,
    }
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
