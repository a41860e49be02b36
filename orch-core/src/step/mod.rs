//! Running the code of one step: the executor of this process, behind the engine's port.
//!
//! `local` runs attempts on the async runtime and on blocking threads, `piece` is one call or pull under way on the runtime, `code` surrounds every poll of a user's code
//! (panics caught with their place, logs led to the step), `store` has outputs written by their IO manager.

mod code;
mod local;
mod logs;
mod piece;
mod store;

pub use logs::LogLayer;

pub(crate) use local::Local;
