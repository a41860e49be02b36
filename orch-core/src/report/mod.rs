//! What is shown of a run: events, or the picture folded from them, as text; and of assets. Nothing here prints.
//!
//! | to show | use |
//! |---|---|
//! | what happened, in a test | [`story`] |
//! | what happens, a line for each event | [`line()`], with [`slow()`] for steps of which nothing is heard |
//! | how a run stands, drawn again and again | [`frame()`], with a [`notice`] above it now and then |
//! | how a run went, at its end | [`summary()`] |
//! | when each step ran | [`gantt()`] in a terminal, [`svg()`] in a file |
//! | which runs there are | [`runs()`], with as many [`digits`] of their identifiers as tell them apart |
//! | what became of one of them | [`begun()`], [`summary_of()`], [`ops()`], [`steps()`] |
//! | why it, or a step of it, is where it is | [`why_run`] and [`why_step`], of a [`History`] |
//! | which assets there are | [`assets()`], [`asset_others()`] |
//! | what became of an asset | [`asset()`], [`asset_plots_as_svg()`] |
//! | what is made of what | [`asset_graph()`], [`asset_graph_as_svg()`] |
//! | what a run has materialized | [`materialized()`] |
//! | which backfills there are, where one stands | [`backfills()`], [`backfill()`] |

mod assets;
mod backfills;
mod chart;
mod columns;
mod gantt;
mod key_sets;
mod ops;
mod palette;
mod picture;
mod progress;
mod runs;
mod short;
mod show;
mod slow;
mod summary;
mod svg;
mod table;
mod text;
mod why;
mod words;

pub use assets::{
    AssetFacts, Evaluations, FailedAttempt, MaterializedAt, PartitionState, PartitionStates, ShownAsset,
    ShownPartitions, WhyAsset, asset, asset_as_json, asset_graph, asset_graph_as_dot, asset_graph_as_mermaid,
    asset_graph_as_svg, asset_others, asset_partitions, asset_partitions_as_json, asset_plots_as_svg, assets,
    assets_as_json, assets_made_along, assets_made_good, assets_to_make, assets_to_make_as_json,
    failed_before, materialized, why_asset,
};
pub use backfills::{backfill, backfill_as_json, backfill_event_as_json, backfills};
pub use gantt::gantt;
pub use key_sets::{PartitionedBySets, key_set_as_json, key_sets, key_sets_as_json};
pub use ops::{ops, steps};
pub use palette::{Palette, Role};
pub use progress::{Frame, frame};
pub use runs::{Listed, run_as_json, runs};
pub use short::{digits, short};
pub use show::{Shown, begun, shown_as_json};
pub use slow::slow;
pub use summary::{failure, summary, summary_of};
pub use svg::svg;
pub use text::{line, notice, retry_hint, story};
pub use why::{History, Why, why_run, why_step};
pub use words::{ago, count, size};
