use std::sync::Arc;

use orch_core::asset::{AssetKey, CheckEvaluation, EvaluationQuery, MaterializationQuery};
use orch_core::graph::{AssetGraph, CheckDef};
use orch_core::ids::{RunId, nearest};
use orch_core::report::{self, AssetFacts, ShownAsset};
use orch_core::run::Definitions;
use orch_core::storage::{AssetRecord, Storage};

use super::args::{
    AssetCheckArgs, AssetGraphArgs, AssetListArgs, AssetShowArgs, AssetsArgs, AssetsCommand, GraphFormat,
    HomeArgs,
};
use super::home::{self, Around};
use super::printer::{Printer, Verbosity};
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
        AssetsCommand::List(args) => list(args, graph, around, printer),
        AssetsCommand::Show(args) => show(args, graph, around, printer),
        AssetsCommand::Graph(args) => draw(args, graph, printer),
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
        Ok((selection, _)) => {
            run::begin(&definitions.check_assets(&selection), &args.options, definitions, around, printer)
        }
        Err(exit) => exit,
    }
}

/// What is recorded of assets.
struct Recorded {
    /// None if nothing is recorded yet.
    storage: Option<Arc<dyn Storage>>,
    records: Vec<AssetRecord>,
    /// What each check of the program found last.
    evaluations: Vec<CheckEvaluation>,
}

impl Recorded {
    fn read(args: &HomeArgs, graph: &AssetGraph, around: &Around, printer: &Printer) -> Result<Self, Exit> {
        let storage = home::perhaps(args, around, printer)?;
        let records = storage.as_ref().map_or(Ok(Vec::new()), |storage| storage.assets());
        let records = records.map_err(|error| home::refused(&error, printer))?;
        let latest = |check: &Arc<CheckDef>| match &storage {
            Some(storage) => storage.evaluations(&EvaluationQuery::latest(check.asset().key(), check.name())),
            None => Ok(Vec::new()),
        };
        let evaluations: Result<Vec<_>, _> = graph.checks().iter().map(latest).collect();
        let evaluations = evaluations.map_err(|error| home::refused(&error, printer))?;
        Ok(Self { storage, records, evaluations: evaluations.into_iter().flatten().collect() })
    }

    /// The runs that are spoken of.
    fn runs(&self) -> impl Iterator<Item = RunId> {
        let made = self.records.iter().map(|record| record.latest.run);
        made.chain(self.evaluations.iter().map(|fact| fact.run))
    }
}

fn list(args: &AssetListArgs, graph: &AssetGraph, around: &Around, printer: &Printer) -> Result<(), Exit> {
    let (_, selected) = select::assets(&args.selection, graph, printer)?;
    let recorded = Recorded::read(&args.home, graph, around, printer)?;
    let facts = AssetFacts {
        graph,
        records: &recorded.records,
        evaluations: &recorded.evaluations,
        now: (around.now)(),
        digits: report::digits(recorded.runs()),
        exact: printer.verbosity == Verbosity::Verbose,
        palette: printer.data_palette(),
    };
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

fn show(args: &AssetShowArgs, graph: &AssetGraph, around: &Around, printer: &Printer) -> Result<(), Exit> {
    let recorded = Recorded::read(&args.home, graph, around, printer)?;
    let key = find(&args.key, graph, &recorded.records, printer)?;
    let query =
        MaterializationQuery { asset: Some(key.clone()), limit: Some(args.limit), ..Default::default() };
    let history =
        recorded.storage.as_ref().map_or(Ok(Vec::new()), |storage| storage.materializations(&query));
    let history = history.map_err(|error| home::refused(&error, printer))?;
    let facts = AssetFacts {
        graph,
        records: &recorded.records,
        evaluations: &recorded.evaluations,
        now: (around.now)(),
        digits: report::digits(recorded.runs().chain(history.iter().map(|fact| fact.run))),
        exact: printer.verbosity == Verbosity::Verbose,
        palette: printer.data_palette(),
    };
    let shown = ShownAsset { facts, key, history: &history };
    printer.data(&match (args.json, args.svg) {
        (true, _) => format!("{:#}\n", report::asset_as_json(&shown)),
        (_, true) => report::asset_plots_as_svg(&shown),
        _ => report::asset(&shown),
    });
    Ok(())
}

/// The asset of this key, or the only one whose key ends so; else says what there is.
fn find<'a>(
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

fn draw(args: &AssetGraphArgs, graph: &AssetGraph, printer: &Printer) -> Result<(), Exit> {
    let (_, selected) = select::assets(&args.selection, graph, printer)?;
    if graph.assets().is_empty() {
        printer.note("this program has no assets\n");
    } else if !selected.contains(&true) {
        printer.note("the selection leaves no asset\n");
    }
    printer.data(&match args.format {
        GraphFormat::Text => report::asset_graph(graph, &selected, printer.data_palette()),
        GraphFormat::Mermaid => report::asset_graph_as_mermaid(graph, &selected),
        GraphFormat::Dot => report::asset_graph_as_dot(graph, &selected),
        GraphFormat::Svg => report::asset_graph_as_svg(graph, &selected),
    });
    Ok(())
}
