//! How values are stored beside the run: the interface of IO managers, and the ones a program has.

mod artifact;
mod boundary;
mod codec;
mod error;
mod partition;
mod path;
mod stamp;

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

pub use artifact::{ARTIFACTS, ASSET_FILES, ArtifactRef, Artifacts};
pub use boundary::{around, boundary, start_process};
pub use codec::{Codec, Coded, DefaultCoded};
pub use error::{Holder, StorageError, StorageErrorKind};
pub use partition::{DimensionAt, PartitionAt};
pub use stamp::{Found, STAMP};

pub(crate) use codec::EncodeError;

use crate::asset::AssetKey;
use crate::failure::Failure;
use crate::ids::{MappingKey, RunId, StepPath};
use crate::value::{Data, TypeInfo, Value};

/// Stores the outputs of ops that name it with `io = "key"`, and loads them again.
///
/// It is called on a thread that may block. A step's success is told only after `store` has returned, so what it writes
/// must be complete by then. It is called again for the same place only if what it wrote there was never told, as after
/// an attempt that failed, and then replaces it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no IO manager for values of type `{T}`",
    label = "does not store `{T}`",
    note = "implement `IoManager<{T}>` for it, or name the type that it stores: `.io::<Type>(\"key\", manager)`"
)]
pub trait IoManager<T: Data>: Send + Sync + 'static {
    /// Stores the value of one output, under [`OutputAt::relative_path`] or wherever it belongs, and says what is worth knowing of it: path, size, rows.
    ///
    /// # Errors
    /// Any; the attempt at the step then fails, and its retry policy decides what follows.
    fn store(&self, at: &OutputAt<'_>, value: &T) -> Result<Metadata, Failure>;

    /// What steps of the same run are handed once the value is stored; by default the value itself, `None`. A manager of values that
    /// are a plan of work rather than its outcome, as a `LazyFrame` is, gives one of what it has stored there, or each step that
    /// takes the value would do the work once more. It is asked only for what some step takes, with what `store` has `told`: of what
    /// another run has stored there since, nothing is to be handed on.
    ///
    /// # Errors
    /// Any; the attempt at the step then fails, as if the value could not be stored.
    fn hand_on(&self, at: &OutputAt<'_>, value: &T, told: &Metadata) -> Result<Option<T>, Failure> {
        let _ = (at, value, told);
        Ok(None)
    }

    /// Loads what `store` stored there. Steps are handed values in memory, or what `hand_on` gives; it is called before a run of
    /// a part of a job for what steps that do not run have stored in an earlier one.
    ///
    /// # Errors
    /// If it is not there or cannot be read.
    fn load(&self, at: &OutputAt<'_>) -> Result<T, Failure>;

    /// Loads what `store` stored of these partitions of an asset as one value, in which each part says of which it is: as a frame
    /// does by columns, of the names and values of its [dimensions](PartitionAt::dimensions).
    ///
    /// # Errors
    /// If one of them is not there or cannot be read, and if there are none and of nothing no value can be made.
    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<T, Failure> {
        let (manager, ty) = (std::any::type_name::<Self>(), TypeInfo::of::<T>().name());
        let message = format!("`{manager}` reads a `{ty}` of one partition, and not one of {}", at.len());
        Err(Failure::new(message).hint("implement `IoManager::load_partitions` for it").not_retryable())
    }

    /// Whether what lies there is still what was stored, of which `store` has told this [`STAMP`]: a run may have died after it has
    /// stored and before that was told, and others may write to the same place. It is asked before an asset is taken, and whenever
    /// someone wants to know how assets stand, so it should be told without reading all, as by the time and the size of a file.
    ///
    /// Files that were put back from a backup, or copied by `rsync`, are the same by what is in them, and not by such marks. A manager
    /// that then reads them, as those of `orch-polars` do to hash them, reads all of them at each look until their assets are made
    /// anew, since a look keeps nothing.
    ///
    /// # Errors
    /// If the place cannot be looked at.
    fn look(&self, at: &OutputAt<'_>, stamp: &str) -> Result<Found, Failure> {
        let _ = (at, stamp);
        Ok(Found::Unseen)
    }

    /// Whether `load` gives the [columns](OutputAt::columns) alone that it is asked for. Of a manager that does not, a program
    /// that asks for some is refused before it runs.
    fn takes_columns(&self) -> bool {
        false
    }

    /// Whether there is a `load_partitions`. Of a manager without, a program that takes partitions together is refused before it
    /// runs.
    fn takes_partitions(&self) -> bool {
        false
    }

    /// Whether what a run has stored stays as it is, whatever other runs store: outputs that are no assets lie where
    /// [`OutputAt::relative_path`] says, or elsewhere in a place of that run. With a manager that does not say so no memoized step
    /// is passed over, since what is loaded might be that of a later run.
    fn keeps_runs_apart(&self) -> bool {
        false
    }
}

/// What an IO manager says of a stored output, by names of its own; it is told with the event
/// [`HandledOutput`](crate::event::EventKind::HandledOutput). Of an asset [`DATA_VERSION`] is the version of its data, and
/// [`STAMP`] by what it is known again.
pub type Metadata = BTreeMap<String, serde_json::Value>;

/// The name under which an IO manager tells the version of the data of an asset that it has stored, as a text: a hash of all that
/// it has written. Without it nobody knows whether what is stored is what was there before, unless the asset's code says so.
pub const DATA_VERSION: &str = "data_version";

/// The version of what was stored, as the event says it that tells so: of a file of the run or the instance its hash.
pub(crate) fn version_told(io: &str, metadata: &Metadata) -> Option<Arc<str>> {
    match io {
        ARTIFACTS | ASSET_FILES => ArtifactRef::of(metadata).map(|file| file.blake3.into()),
        _ => metadata.get(DATA_VERSION).and_then(|told| told.as_str()).map(Into::into),
    }
}

/// Which output of which step of which run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OutputAt<'a> {
    /// The run.
    pub run: RunId,
    /// The job's name.
    pub job: &'a str,
    /// The step, with the keys of the maps it is in.
    pub step: &'a StepPath,
    /// The output's name.
    pub output: &'a str,
    /// The key of the item, where the output is dynamic.
    pub key: Option<&'a MappingKey>,
    /// The asset that the output is the value of, if it is one: it has one place for all runs.
    pub asset: Option<AssetAt<'a>>,
    /// The columns that are wanted of what is loaded, in this order; all if none are named.
    pub columns: &'a [String],
}

/// Which asset, or which partition of one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AssetAt<'a> {
    /// The asset.
    pub key: &'a AssetKey,
    /// The partition, of an asset that has some.
    pub partition: Option<PartitionAt<'a>>,
}

impl<'a> OutputAt<'a> {
    /// The output of a step in a run, and no item of one.
    #[must_use]
    pub fn new(run: RunId, job: &'a str, step: &'a StepPath, output: &'a str) -> Self {
        Self { run, job, step, output, key: None, asset: None, columns: &[] }
    }

    /// The same, of the item of this key.
    #[must_use]
    pub fn item(self, key: Option<&'a MappingKey>) -> Self {
        Self { key, ..self }
    }

    /// The same, as the value of this asset.
    #[must_use]
    pub fn asset(self, key: Option<&'a AssetKey>) -> Self {
        Self { asset: key.map(|key| AssetAt { key, partition: None }), ..self }
    }

    /// The same, of which these columns are wanted; all if none are named.
    #[must_use]
    pub fn columns(self, columns: &'a [String]) -> Self {
        Self { columns, ..self }
    }

    /// The same, as a partition of the asset.
    #[must_use]
    pub fn partition(self, partition: Option<PartitionAt<'a>>) -> Self {
        Self { asset: self.asset.map(|asset| AssetAt { partition, ..asset }), ..self }
    }
}

/// The IO managers of a program, by key and type.
#[derive(Clone, Default)]
pub struct IoManagers {
    managers: HashMap<(String, TypeId), Arc<dyn Erased>>,
}

impl IoManagers {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the manager of values of type `T` under `key`; one of the same key and type is replaced.
    pub fn add<T: Data>(&mut self, key: impl Into<String>, manager: impl IoManager<T>) {
        let typed = Typed { manager, value: std::marker::PhantomData };
        self.managers.insert((key.into(), TypeId::of::<T>()), Arc::new(typed));
    }

    /// Adds all of another set, in place of those of the same key and type.
    pub(crate) fn extend(&mut self, others: Self) {
        self.managers.extend(others.managers);
    }

    /// The keys and types there are, sorted, for messages.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = |((key, _), manager): (&(String, TypeId), &Arc<dyn Erased>)| {
            format!("`{key}` for `{}`", manager.type_name())
        };
        let mut names: Vec<_> = self.managers.iter().map(name).collect();
        names.sort_unstable();
        names
    }

    /// Whether there is one of this key, of whatever type.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.of(key).next().is_some()
    }

    /// Whether one of this key reads partitions as one value.
    pub(crate) fn takes_partitions(&self, key: &str) -> bool {
        self.of(key).any(|manager| manager.takes_partitions())
    }

    fn of(&self, key: &str) -> impl Iterator<Item = &Arc<dyn Erased>> {
        self.managers.iter().filter(move |((other, _), _)| other == key).map(|(_, manager)| manager)
    }

    pub(crate) fn get(&self, key: &str, ty: TypeInfo) -> Option<&Arc<dyn Erased>> {
        self.managers.get(&(key.to_owned(), ty.id()))
    }
}

impl fmt::Debug for IoManagers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// An IO manager, its type erased.
pub(crate) trait Erased: Send + Sync {
    fn store(&self, at: &OutputAt<'_>, value: &Value) -> Result<Metadata, Failure>;
    fn hand_on(&self, at: &OutputAt<'_>, value: &Value, told: &Metadata) -> Result<Option<Value>, Failure>;
    fn load(&self, at: &OutputAt<'_>) -> Result<Value, Failure>;
    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<Value, Failure>;
    fn look(&self, at: &OutputAt<'_>, stamp: &str) -> Result<Found, Failure>;
    fn takes_columns(&self) -> bool;
    fn takes_partitions(&self) -> bool;
    fn keeps_runs_apart(&self) -> bool;
    fn type_name(&self) -> String;
}

struct Typed<T, M> {
    manager: M,
    value: std::marker::PhantomData<fn() -> T>,
}

impl<T: Data, M: IoManager<T>> Erased for Typed<T, M> {
    fn store(&self, at: &OutputAt<'_>, value: &Value) -> Result<Metadata, Failure> {
        self.manager.store(at, typed(value)?)
    }

    fn hand_on(&self, at: &OutputAt<'_>, value: &Value, told: &Metadata) -> Result<Option<Value>, Failure> {
        Ok(self.manager.hand_on(at, typed(value)?, told)?.map(Value::new))
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<Value, Failure> {
        self.manager.load(at).map(Value::new)
    }

    fn load_partitions(&self, at: &[OutputAt<'_>]) -> Result<Value, Failure> {
        self.manager.load_partitions(at).map(Value::new)
    }

    fn look(&self, at: &OutputAt<'_>, stamp: &str) -> Result<Found, Failure> {
        self.manager.look(at, stamp)
    }

    fn takes_columns(&self) -> bool {
        self.manager.takes_columns()
    }

    fn takes_partitions(&self) -> bool {
        self.manager.takes_partitions()
    }

    fn keeps_runs_apart(&self) -> bool {
        self.manager.keeps_runs_apart()
    }

    fn type_name(&self) -> String {
        TypeInfo::of::<T>().name()
    }
}

fn typed<T: Data>(value: &Value) -> Result<&T, Failure> {
    value.get::<T>().ok_or_else(|| Failure::new("the value is of another type"))
}
