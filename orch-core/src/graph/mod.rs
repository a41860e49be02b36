//! Who feeds whom: the graph that a job body draws by calling ops. It knows nothing of running.
//!
//! A job body runs once, when the job is built. Each call of an op adds a node and returns handles on its outputs;
//! the types of the handles are what lets the compiler check the wiring.

mod asset;
pub mod checks;
mod collect;
mod compose;
mod config;
mod constant;
mod handle;
mod input;
mod node;
mod out;
mod unknown;
mod untyped;

pub use asset::{
    Asset, AssetBuilder, AssetDef, AssetFields, AssetGraph, AssetHandle, Check, CheckBuilder, CheckDef,
    ExternalAsset, MadeBy, MultiAssetBuilder, MultiAssetDef, Observation, ObservationBuilder, ObservationDef,
    TakenAs, Upstream, asset_of, check_of, observation_of,
};
pub use collect::{Element, Keys, Mode, Results, Values};
pub use compose::{Job, JobInBody, JobNode, composing};
pub use config::JobConfig;
// In a body it is called by the type of its name, as ops are.
pub use constant::{Lit, Lit as lit, lit};
pub use handle::{Handle, NodeRef};
pub use input::{IntoInput, Takes};
pub use node::{Call, HookInBody, HookNode, Node, Op, Placed, TakesConfig, enter_graph, enter_hooked_graph};
pub use out::{Collected, DynamicOut, Mapped, Out};
pub use unknown::Unknown;

pub(crate) use asset::{AssetGroup, Selected, draw as draw_assets, groups as asset_groups};
pub(crate) use compose::{Graph, GraphNode, SourceKind};
pub(crate) use config::{Derive, StepConfig};
pub(crate) use untyped::{Drawn, DrawnOutput, UntypedCall, collect, constant, list};
