//! Running the code of one step: the executor of this process, behind the engine's port.
//!
//! `local` starts work where it belongs and does what may block, `worker` does async work on the runtime, `piece` is one
//! call or pull that it has under way, `pace` what is guessed of how long the next one takes. `code` surrounds every poll
//! of a user's code (panics caught with their place, logs led to the step), `store` has outputs written by their IO
//! manager. `guarded` awaits code of the program that is no step's with the same care,
//! `hook` calls hooks.

mod call;
mod code;
mod guarded;
mod hook;
#[cfg(unix)]
pub(crate) mod isolated;
#[cfg(not(unix))]
#[path = "isolated/elsewhere.rs"]
pub(crate) mod isolated;
mod local;
mod logs;
mod pace;
mod piece;
mod store;
mod worker;
mod write;

#[cfg(test)]
mod tests;

pub use logs::LogLayer;

pub(crate) use call::call;
pub(crate) use code::panics;
pub(crate) use guarded::guarded;
pub(crate) use local::{Files, Local};
pub(crate) use logs::subscriber;
#[cfg(unix)]
pub(crate) use logs::{log_to_host, wanted};
