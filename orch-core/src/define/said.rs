use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::asset::{InputVersion, TypedMetadata};

/// What the code of an attempt says of the asset that it makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) metadata: TypedMetadata,
    pub(crate) data_version: Option<Arc<str>>,
    /// What the step has read, if it reads partitions of an asset.
    pub(crate) read: Vec<InputVersion>,
}

/// Where it is kept until the attempt has ended; the code's context has it, and whoever reports the attempt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Saying(Arc<Mutex<Said>>);

impl Saying {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that was said; nothing is left.
    pub(crate) fn take(&self) -> Option<Box<Said>> {
        let said = std::mem::take(&mut *self.lock());
        (said != Said::default()).then(|| Box::new(said))
    }
}
