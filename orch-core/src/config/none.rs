use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Configurable;

/// The configuration of what takes none, or of what is configured once for all: nothing can be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "Nothing can be given.")]
pub struct NoConfig {}

#[diagnostic::do_not_recommend]
impl Configurable for NoConfig {}
