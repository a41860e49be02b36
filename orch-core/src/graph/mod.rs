//! Who feeds whom: the graph that a job body draws by calling ops. It knows nothing of running.
//!
//! A job body runs once, when the job is built. Each call of an op adds a node and returns handles on its outputs;
//! the types of the handles are what lets the compiler check the wiring.

mod compose;
mod handle;
mod input;
mod node;
mod unknown;

pub use compose::{Job, JobInBody, JobNode, Placement};
pub use handle::{
    Collected, DynamicOut, Element, Handle, Keys, Mapped, Mode, NodeRef, Out, Results, Values, lit,
};
pub use input::{Feed, IntoInput, Takes};
pub use node::{Call, Node, Op, Placed, enter_graph};
pub use unknown::Unknown;

pub(crate) use compose::{Graph, GraphNode, SourceKind};
