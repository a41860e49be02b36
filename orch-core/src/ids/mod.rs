//! Names of things: runs, steps, mapping keys, keys of tags and places in the source. Vocabulary that every stage may use.

mod backfill;
mod escape;
mod hash;
mod key;
mod nearest;
mod path;
mod place;
mod quoted;
mod run;
mod tag;

pub use backfill::BackfillId;
pub use key::{IntoKey, MappingKey};
pub use nearest::nearest;
pub(crate) use path::PathMap;
pub use path::{Branch, ParseStepPathError, StepPath};
pub use place::Place;
pub use run::RunId;
pub use tag::{InvalidTagKey, check_tag_key};

pub(crate) use escape::Escaped;
pub(crate) use hash::{QuickMap, QuickSet, stable_hash};
pub(crate) use quoted::quoted;
pub(crate) use tag::PRIORITY;
