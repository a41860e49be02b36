//! What is shown of assets: which there are, what became of one of them, and what is made of what.

mod checks;
mod diagram;
mod drawing;
mod failed;
mod layout;
mod list;
mod looker;
mod mark;
mod metadata;
mod named;
mod neighbours;
mod order;
mod partitions;
mod plot;
mod plots;
mod reasons;
mod refused;
mod show;
pub(super) mod stale;
mod standing;
mod status;
#[cfg(test)]
mod tests;
mod to_make;
mod told;
mod tree;
mod why;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::palette::Palette;
use super::short::short;
use super::words::{ago, moment};
use crate::asset::{AssetKey, CheckEvaluation, FailedMaterialization, Materialization, MetadataValue};
use crate::graph::AssetGraph;
use crate::ids::RunId;
use crate::run::{InProgress, PartitionStandings, Standing, Standings};
use crate::storage::AssetRecord;

pub use diagram::{asset_graph_as_dot, asset_graph_as_mermaid};
pub use drawing::asset_graph_as_svg;
pub use failed::{FailedAttempt, failed_before};
pub use list::{asset_others, assets, assets_as_json};
pub use partitions::{PartitionState, PartitionStates};
pub use plots::asset_plots_as_svg;
pub use show::{ShownAsset, asset, asset_as_json};
pub use status::{ShownPartitions, asset_partitions, asset_partitions_as_json};
pub use to_make::{assets_made_along, assets_made_good, assets_to_make, assets_to_make_as_json};
pub use told::materialized;
pub use tree::asset_graph;
pub use why::{MaterializedAt, WhyAsset, why_asset};

/// What is said of what a run under way is to make.
const IN_PROGRESS: &str = "in progress";

/// What checks found last, by the keys of their assets and their names; of an asset with partitions, of each partition.
pub type Evaluations = HashMap<AssetKey, HashMap<String, Vec<CheckEvaluation>>>;

/// The assets of a program, and what an instance knows of these and of others, at a moment.
#[derive(Clone, Copy, Debug)]
pub struct AssetFacts<'a> {
    /// The assets of the program.
    pub graph: &'a AssetGraph,
    /// What is known of each asset that was ever materialized, in the order of their keys.
    pub records: &'a [AssetRecord],
    /// Of how many of what is known of an asset it is known that they are observations, where there are some.
    pub observations: &'a BTreeMap<AssetKey, u64>,
    /// Which partitions are materialized, of the assets that have some and are shown.
    pub partitions: &'a PartitionStates,
    /// What runs under way are to make.
    pub in_progress: &'a InProgress,
    /// Of the assets without partitions at which the last attempt failed, that it did.
    pub failures: &'a BTreeMap<AssetKey, FailedMaterialization>,
    /// How those of the program stand, if that could be found out.
    pub standings: Option<&'a Standings>,
    /// What each check of the program found last; of what others make, each that others have let look.
    pub evaluations: &'a Evaluations,
    /// The present time.
    pub now: Timestamp,
    /// How many digits of the identifiers of runs are shown; see [`digits`](super::digits).
    pub digits: usize,
    /// Whether times are told exactly, in UTC, and not as how long ago they are.
    pub exact: bool,
    /// Whether colours may be used.
    pub palette: Palette,
}

impl<'a> AssetFacts<'a> {
    fn record(&self, key: &AssetKey) -> Option<&'a AssetRecord> {
        AssetRecord::find(self.records, key)
    }

    /// How often an asset was materialized, and how often observed.
    fn times(&self, record: &AssetRecord) -> (u64, u64) {
        let observed = self.observations.get(&record.key).copied().unwrap_or_default();
        (record.materializations.saturating_sub(observed), observed)
    }

    fn latest(&self, key: &AssetKey) -> Option<&'a Materialization> {
        self.record(key).map(|record| &record.latest)
    }

    fn standing(&self, key: &AssetKey) -> Option<&'a Standing> {
        self.standings.and_then(|standings| standings.get(key))
    }

    fn partition_standings(&self, key: &AssetKey) -> Option<&'a PartitionStandings> {
        self.standings.and_then(|standings| standings.partitions(key))
    }

    /// Whether a run under way is to make the asset, of one without partitions.
    fn is_in_progress(&self, key: &AssetKey) -> bool {
        self.in_progress.run(key, None).is_some()
    }

    fn when(&self, time: Timestamp) -> String {
        if self.exact { moment(time) } else { ago(time, self.now) }
    }

    fn run(&self, fact: &Materialization) -> String {
        self.run_of(fact.run)
    }

    fn run_of(&self, run: RunId) -> String {
        short(run, self.digits)
    }
}

/// How many rows there are, if that is known: what says that it counts rows, or a number under that name.
fn rows(fact: &Materialization) -> Option<String> {
    let counted = fact.metadata.values().find(|value| matches!(value, MetadataValue::RowCount(_)));
    let named = || fact.metadata.get("rows").filter(|value| value.number().is_some());
    counted.or_else(named).map(ToString::to_string)
}
