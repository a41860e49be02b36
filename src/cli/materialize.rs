use std::sync::Arc;

use orch_core::graph::AssetGraph;
use orch_core::run::Definitions;

use super::args::MaterializeArgs;
use super::home::Around;
use super::printer::Printer;
use super::{Exit, program_name, run, select};

/// How many assets are named where one is to be chosen.
const NAMED: usize = 20;

/// Runs what makes the selected assets, with live progress, then tells how it went.
pub(super) fn materialize(
    args: &MaterializeArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Arc<Printer>,
) -> Exit {
    let selection = select::asset_graph(definitions, printer).and_then(|graph| {
        if graph.assets().is_empty() {
            let hint =
                "list them in the function with #[orch::main]: `Definitions::new().assets(assets![my_asset])`";
            printer.error(&"this program has no assets", Some(hint));
            return Err(Exit::Usage);
        }
        if args.selection.is_empty() && !args.all {
            return Err(which(graph, printer));
        }
        select::assets(&args.selection, graph, printer).map(|(selection, _)| selection)
    });
    match selection {
        Ok(selection) => {
            let job = match args.no_checks {
                true => definitions.materialize_unchecked(&selection),
                false => definitions.materialize(&selection),
            };
            run::begin(&job, &args.options, definitions, around, printer)
        }
        Err(exit) => exit,
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
        None => "all of them are external: others make them".to_owned(),
    };
    let message = format!("which assets? this program makes:\n{}", names.join("\n"));
    printer.error(&message.trim_end(), Some(&hint));
    Exit::Usage
}
