use std::fmt;

use crate::asset::InputVersion;
use crate::failure::Failure;
use crate::ids::StepPath;
use crate::io::Codec;
use crate::partition::{Keyspace, PartitionKey, PartitionSet};
use crate::value::{TypeInfo, Value};

/// The partitions that a run is for, of one definition.
#[derive(Debug)]
pub(crate) struct RunPartitions {
    pub(crate) keyspace: Keyspace,
    pub(crate) set: PartitionSet,
}

/// What a step makes of partitions that it reads.
#[derive(Clone, Copy)]
pub(crate) struct ReadPartitions {
    /// What each of them is, or all of them together.
    pub(crate) ty: TypeInfo,
    /// What it is for an IO manager that knows whether it is there: an `Option` of that.
    pub(crate) if_there: Option<TypeInfo>,
    /// How that is written, where no IO manager stores it.
    pub(crate) codec: Option<Codec>,
    pub(crate) takes: Takes,
    /// Makes the step's value of theirs; none where the IO manager reads all of them as one.
    pub(crate) gather: Option<Gathers>,
}

impl ReadPartitions {
    /// Whether the IO manager reads all of them as one value.
    pub(crate) fn is_together(&self) -> bool {
        self.gather.is_none()
    }
}

/// How many partitions a step takes of those that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// One, as what it is.
    One,
    /// One or none.
    OneIfThere,
    /// As many as there are, by key or together.
    All,
}

type Gathers = fn(Vec<(PartitionKey, Value)>) -> Result<Value, Failure>;

impl fmt::Debug for ReadPartitions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadPartitions").field(&self.ty).finish()
    }
}

/// Who reads assets as they are stored for the steps of a run.
pub(crate) trait ReadsAssets: fmt::Debug + Send + Sync {
    /// The value of a step of this number and path, that reads an asset without partitions as this type, or does `without` one; with
    /// the version that was read, if it is another one than the run knows.
    ///
    /// # Errors
    /// If it is not there, or another one than is known, or cannot be read.
    fn read_whole(
        &self,
        step: (usize, &StepPath),
        ty: TypeInfo,
        without: Option<fn() -> Value>,
    ) -> Result<(Value, Option<InputVersion>), Failure>;

    /// The value of a step: what the one of this number takes for the partition `within` that it is of, if it is of one; with the
    /// version of all that was read.
    ///
    /// # Errors
    /// If one that is taken is not there, or cannot be read.
    fn read_partitions(
        &self,
        step: usize,
        within: Option<&str>,
        reads: ReadPartitions,
    ) -> Result<(Value, InputVersion), Failure>;
}
