//! Names of things: runs, steps, mapping keys and places in the source. Vocabulary that every stage may use.

mod escape;
mod hash;
mod key;
mod nearest;
mod path;
mod place;
mod run;

pub use key::{IntoKey, MappingKey};
pub use nearest::nearest;
pub use path::{Branch, ParseStepPathError, StepPath};
pub use place::Place;
pub use run::RunId;

pub(crate) use escape::Escaped;
pub(crate) use hash::stable_hash;
