//! What keeps a folder in order: looking at it, checking it, copying it, and clearing away what is old.

mod assets;
mod backfills;
mod backup;
mod check;
mod gc;
mod info;
mod parcel;

pub use backup::BackedUp;
pub use check::Finding;
pub use gc::{Collected, Retention};
pub use info::Info;
pub use parcel::Parcel;
