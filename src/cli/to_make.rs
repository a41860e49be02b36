//! Of what is asked for what is to be made: what is stale, or missing.

use std::sync::Arc;

use orch_core::graph::{AssetDef, AssetGraph, Job};
use orch_core::partition::quoted;
use orch_core::plan::{Plan, PlanError};
use orch_core::report::{self, Palette};
use orch_core::run::{
    Definitions, LatestFacts, Making, PartitionStandings, Runner, Standing, Standings, ToMake,
};
use orch_core::select::Selectable as _;
use orch_core::storage::Storage;
use serde_json::Value;

use super::args::{ConfigureArgs, HomeArgs};
use super::home::{self, Around};
use super::printer::Printer;
use super::{Exit, configure, program_name};

/// Of which assets what is to be made.
pub(super) struct Wish<'a> {
    /// The job of all that is asked for.
    pub(super) job: &'a Job,
    pub(super) selected: Vec<bool>,
    pub(super) making: Making,
    pub(super) no_checks: bool,
    pub(super) partition: Option<&'a str>,
    pub(super) configure: &'a ConfigureArgs,
    pub(super) home: &'a HomeArgs,
}

/// What is to be made, and what is known of all that was asked for.
pub(super) struct Found<'a> {
    graph: &'a AssetGraph,
    selected: Vec<bool>,
    standings: Standings,
    pub(super) made: ToMake,
    /// The same with what blocking checks look at before, and what is passed over to be made good.
    pub(super) checked: ToMake,
    /// What is passed over since the last attempt at it failed, and is as it would be made.
    made_good: ToMake,
    /// The job that makes it.
    pub(super) job: Job,
    /// Where that was looked up, if there is such a place.
    pub(super) storage: Option<Arc<dyn Storage>>,
}

/// Finds what is to be made; nothing if there is nothing, which is told.
pub(super) fn find<'a>(
    wish: Wish<'_>,
    definitions: &'a Definitions,
    around: &Around,
    printer: &Printer,
) -> Result<Option<Found<'a>>, Exit> {
    let (graph, making) = (definitions.asset_graph(), wish.making);
    let runner = |job: &Job| configure::runner(definitions, job, wish.configure, around.env.clone(), printer);
    let drawn = |numbers: &[usize]| match wish.no_checks {
        true => definitions.materialize_numbered_unchecked(numbers),
        false => definitions.materialize_numbered(numbers),
    };
    let refused = |error: PlanError| {
        printer.error(&error, None);
        Exit::Usage
    };
    // What is not asked for may lack its configuration: then nobody asks how it stands.
    let whole = definitions.materialize_numbered(&with_upstream(graph, &wish.selected));
    let whole = runner(&whole)?;
    let recipes = whole.recipes().or(runner(wish.job)?.recipes()).map_err(refused)?;
    let storage = home::perhaps(wish.home, around, printer)?;
    let latest = storage.as_ref();
    let latest = latest.map_or(Ok(LatestFacts::default()), |storage| LatestFacts::read(&**storage, graph));
    let mut latest = latest.map_err(|error| home::refused(&error, printer))?;
    // Of what was not asked for something else may be wrong, of which that is told when it is.
    let looked = whole.look(&mut latest).or_else(|_| runner(wish.job)?.look(&mut latest).map_err(refused))?;
    looked.iter().for_each(|failure| printer.warning(&failure.info(), None));
    let standings = Standings::of(graph, recipes, &latest, (around.now)());
    let asked = wish.partition.into_iter().fold(runner(wish.job)?, Runner::partition);
    let asked = asked.key_sets(latest.keys.clone()).partitions().map_err(refused)?;
    let made = standings.to_make_of(&wish.selected, making, &asked);
    let of = (&wish.selected[..], &asked);
    let made_good = match storage.as_ref().filter(|_| making == Making::Stale) {
        Some(storage) => standings.fresh_but_failed(&made, graph, of, &**storage),
        None => Ok(ToMake::default()),
    };
    let made_good = made_good.map_err(|error| home::refused(&error, printer))?;
    if made.assets.is_empty() && made_good.assets.is_empty() {
        printer.note(&nothing(&wish, &standings, graph));
        return Ok(None);
    }
    let checked = match storage.as_ref().filter(|_| !wish.no_checks) {
        Some(storage) => standings.with_unpassed(made.clone(), graph, of, &latest, &**storage),
        None => Ok(made.clone()),
    };
    let checked = checked.map_err(|error| home::refused(&error, printer))?.with(&made_good, graph);
    let job = drawn(&checked.in_run(graph, &asked));
    Ok(Some(Found { graph, selected: wish.selected, standings, made, checked, made_good, job, storage }))
}

impl Found<'_> {
    /// A line for each asset that is to be made, and why; and which are passed over since they failed.
    pub(super) fn told(&self, palette: Palette) -> String {
        let to_make = match self.made.assets.is_empty() {
            true => String::new(),
            false => {
                report::assets_to_make(self.graph, &self.standings, (&self.selected, &self.made), palette)
            }
        };
        to_make + &report::assets_made_good(self.graph, &self.standings, &self.made_good)
    }

    /// What is to be made, for scripts.
    pub(super) fn as_json(&self) -> Value {
        report::assets_to_make_as_json(self.graph, &self.standings, (&self.selected, &self.made))
    }
}

/// The partitions that the run of a job is told: what is left to make may have none, though some were asked for.
pub(super) fn partitions_for<'a>(partition: Option<&'a str>, making: Making, job: &Job) -> Option<&'a str> {
    let is_told = |plan: Plan| plan.partitions.iter().any(|of| of.takers.is_empty());
    let has_partitions = job.try_plan().is_ok_and(is_told);
    partition.filter(|_| has_partitions || making == Making::All)
}

/// A run that makes no more than that of what it is for.
pub(super) fn held_to(making: Making, runner: Runner) -> Runner {
    match making {
        Making::Stale => runner.memoize(),
        Making::Missing => runner.only_missing(),
        Making::All => runner,
    }
}

/// The numbers of the selected assets and of all that they are made of.
pub(super) fn with_upstream(graph: &AssetGraph, selected: &[bool]) -> Vec<usize> {
    let mut wanted = selected.to_vec();
    for &number in graph.order().iter().rev() {
        if wanted[number] {
            graph.upstream(number).iter().for_each(|&other| wanted[other] = true);
        }
    }
    (0..wanted.len()).filter(|&number| wanted[number]).collect()
}

/// Why there is nothing to make. What is stale only for what it is made of waits for that, which was not asked for.
fn nothing(wish: &Wish<'_>, standings: &Standings, graph: &AssetGraph) -> String {
    let Wish { selected, making, partition, .. } = wish;
    let mut keys =
        graph.assets().iter().zip(selected).filter(|(_, selected)| **selected).map(|(asset, _)| asset.key());
    let is_behind = |standing: &Standing| matches!(standing, Standing::Behind(_));
    let behind = keys.find(|key| {
        let mut partitions = standings.partitions(key).into_iter().flat_map(PartitionStandings::changed);
        standings.get(key).is_some_and(is_behind) || partitions.any(|(_, standing)| is_behind(standing))
    });
    match behind {
        _ if *making == Making::Missing => "nothing is missing: there is nothing to make\n".to_owned(),
        Some(key) => format!(
            "nothing that was asked for would come out otherwise as long as what `{key}` is made of is as it is; with that: \
             `{} materialize --stale +{key}{}`\n",
            program_name(),
            partition.map_or_else(String::new, |of| format!(" --partition {}", quoted(of)))
        ),
        None => match observed_before(selected, graph).as_slice() {
            [] => "all is as it would be made: there is nothing to make\n".to_owned(),
            [_, _, _, _, ..] => format!(
                "all is as it would be made of what others make as that was observed last: `{} assets observe` looks again\n",
                program_name()
            ),
            assets => {
                let program = program_name();
                let keys: Vec<_> = assets.iter().map(|asset| format!("`{}`", asset.key())).collect();
                let commands = assets.iter().map(|asset| {
                    let of = partition.filter(|_| asset.partitions().is_some());
                    let of = of.map_or_else(String::new, |of| format!(" --partition {}", quoted(of)));
                    format!("`{program} assets observe {}{of}`", asset.key())
                });
                let commands: Vec<_> = commands.collect();
                let (was, look) = if assets.len() == 1 { ("was", "looks") } else { ("were", "look") };
                format!(
                    "all is as it would be made of what {} {was} observed as last: {} {look} again\n",
                    keys.join(" and "),
                    commands.join(" and ")
                )
            }
        },
    }
}

/// What others make, of which something that is selected is made, and at which a run of the selection does not look.
fn observed_before<'a>(selected: &[bool], graph: &'a AssetGraph) -> Vec<&'a AssetDef> {
    let upstream = with_upstream(graph, selected).into_iter();
    let found = upstream.filter(|&number| !selected[number] && graph.observation(number).is_some());
    found.map(|number| &*graph.assets()[number]).collect()
}
