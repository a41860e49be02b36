//! Names of things: runs, steps and mapping keys. Vocabulary that every stage may use.

mod hash;
mod key;
mod path;
mod run;

pub use key::{IntoKey, MappingKey};
pub use path::{Branch, ParseStepPathError, StepPath};
pub use run::RunId;

pub(crate) use hash::stable_hash;
