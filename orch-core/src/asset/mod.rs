//! Words about assets: their keys, what is said of a materialization, and the record of one, of one that failed, and of
//! one that was passed over; what a check finds, and the
//! record of that; the version of data that others make.

mod check;
mod failed;
mod history;
mod key;
mod materialization;
mod metadata;
mod observation;
mod passed_over;
mod recipe;

pub use check::{CheckEvaluation, CheckResult, CheckTarget, EvaluationQuery, Severity};
pub use failed::FailedMaterialization;
pub use history::AssetHistory;
pub use key::{AssetKey, InvalidAssetKey};
pub use materialization::{InputVersion, Materialization, MaterializationQuery, ValueAt};
pub use metadata::{Column, ColumnSource, MetadataValue, Table, TypedMetadata};
pub use observation::DataVersion;
pub use passed_over::PassedOver;
pub use recipe::{Change, Difference, Ingredient, Recipe};

pub(crate) use materialization::Versions;
pub(crate) use metadata::typed;
pub(crate) use recipe::Digest;
