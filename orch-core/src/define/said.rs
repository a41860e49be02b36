use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::Products;
use crate::asset::{InputVersion, TypedMetadata};

/// What the code of an attempt says of the asset that it makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) metadata: TypedMetadata,
    pub(crate) data_version: Option<Arc<str>>,
    /// What the step has read, if it reads partitions of an asset.
    pub(crate) read: Vec<InputVersion>,
    /// What is said of one output alone, by its number.
    pub(crate) outputs: Vec<(usize, OutputSaid)>,
}

/// What is said of one output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OutputSaid {
    pub(crate) metadata: TypedMetadata,
    pub(crate) data_version: Option<Arc<str>>,
}

impl Said {
    /// What is said of an output: of the whole step, and before that of this one alone.
    pub(crate) fn of(&self, output: usize) -> OutputSaid {
        let Self { metadata, data_version, .. } = self;
        let mut said = OutputSaid { metadata: metadata.clone(), data_version: data_version.clone() };
        for (_, own) in self.outputs.iter().filter(|(number, _)| *number == output) {
            said.metadata.extend(own.metadata.clone());
            said.data_version = own.data_version.clone().or(said.data_version);
        }
        said
    }
}

/// Where it is kept until the attempt has ended; the code's context has it, and whoever reports the attempt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Saying(Arc<Mutex<Said>>);

impl Saying {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is said of the outputs that an attempt has given.
    pub(crate) fn hear(&self, products: &Products) {
        if !products.said().is_empty() {
            self.lock().outputs = products.said().to_vec();
        }
    }

    /// All that was said; nothing is left.
    pub(crate) fn take(&self) -> Option<Box<Said>> {
        let said = std::mem::take(&mut *self.lock());
        (said != Said::default()).then(|| Box::new(said))
    }
}
