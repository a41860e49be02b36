use std::fmt;

use crate::asset::AssetKey;

/// An asset, or one of its partitions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    pub(super) key: AssetKey,
    /// Its index and its key.
    pub(super) partition: Option<(u64, String)>,
}

impl Named {
    pub(super) fn whole(key: &AssetKey) -> Self {
        Self { key: key.clone(), partition: None }
    }

    pub(super) fn partition(&self) -> Option<&str> {
        self.partition.as_ref().map(|(_, key)| key.as_str())
    }

    pub(super) fn index(&self) -> u64 {
        self.partition.as_ref().map_or(0, |(index, _)| *index)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.partition() {
            Some(partition) => write!(f, "{}[{partition}]", self.key),
            None => write!(f, "{}", self.key),
        }
    }
}
