use orch_core::graph::AssetGraph;
use orch_core::run::{Definitions, Runner};
use orch_core::select::{AssetSelection, StepSelection};

use super::Exit;
use super::args::PartArgs;
use super::printer::Printer;

/// The runner of the part that is asked for, if one is; what is wrong with a selection is said, all of it.
pub(super) fn part(args: &PartArgs, mut runner: Runner, printer: &Printer) -> Result<Runner, Exit> {
    let mut selections = Vec::new();
    let mut wrong = false;
    for text in &args.select {
        match text.parse::<StepSelection>() {
            Ok(selection) => selections.push(selection),
            Err(error) => {
                printer.error(&error, None);
                wrong = true;
            }
        }
    }
    if wrong {
        return Err(Exit::Usage);
    }
    if let Some(selection) = selections.into_iter().reduce(StepSelection::and) {
        runner = runner.select(selection);
    }
    if let Some(run) = args.upstream {
        runner = runner.upstream_stored(run);
    }
    Ok(runner)
}

/// The assets of the program; what is wrong with them as a whole is said, all of it.
pub(super) fn asset_graph<'a>(
    definitions: &'a Definitions,
    printer: &Printer,
) -> Result<&'a AssetGraph, Exit> {
    let graph = definitions.asset_graph();
    if graph.problems().is_empty() {
        return Ok(graph);
    }
    let problems: Vec<_> = graph.problems().iter().map(ToString::to_string).collect();
    printer.error(&format!("the assets of this program do not fit together\n{}", problems.join("\n")), None);
    Err(Exit::Usage)
}

/// What any of these selects, and for each asset whether it is selected; all if there are none. What is wrong with selections
/// is said, all of it.
pub(super) fn assets(
    texts: &[String],
    graph: &AssetGraph,
    printer: &Printer,
) -> Result<(AssetSelection, Vec<bool>), Exit> {
    let mut selection: Option<AssetSelection> = None;
    let mut selected = vec![texts.is_empty(); graph.assets().len()];
    let mut wrong = false;
    for text in texts {
        // Each by itself, so that a mistake is shown in what was written.
        let found = text.parse::<AssetSelection>().and_then(|one| Ok((one.of(graph)?, one)));
        match found {
            Ok((these, one)) => {
                selected.iter_mut().zip(these).for_each(|(all, this)| *all |= this);
                selection = Some(selection.map_or(one.clone(), |all| all.or(one)));
            }
            Err(error) => {
                printer.error(&error, None);
                wrong = true;
            }
        }
    }
    if wrong { Err(Exit::Usage) } else { Ok((selection.unwrap_or_else(AssetSelection::all), selected)) }
}
