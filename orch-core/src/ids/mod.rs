//! Names of things: runs, steps and mapping keys. Vocabulary that every stage may use.

mod key;
mod path;
mod run;

pub use key::{IntoKey, MappingKey};
pub use path::{Branch, ParseStepPathError, StepPath};
pub use run::RunId;
