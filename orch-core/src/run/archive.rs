use std::sync::{Arc, Mutex, PoisonError};

use super::values::SmallValues;
use crate::define::{KeptOutput, OpDef, OutputKind};
use crate::event::{LostCause, RecordedStep, RecordedValue};
use crate::failure::{Failure, quietly};
use crate::ids::{MappingKey, QuickMap, RunId, StepPath};
use crate::io::{
    ARTIFACTS, ASSET_FILES, ArtifactRef, Erased, IoManagers, OutputAt, STAMP, StorageError, version_told,
};
use crate::plan::{PlannedAsset, PlannedPartitions};
use crate::step::Files;
use crate::storage::ReadEvents;
use crate::value::{TypeInfo, Value};

/// The values that are recorded of a run, and the ways to them.
pub(super) struct Archive {
    pub(super) run: RunId,
    pub(super) job: Arc<str>,
    pub(super) values: SmallValues,
    pub(super) events: Mutex<Box<dyn ReadEvents>>,
    pub(super) files: Files,
    pub(super) io: Arc<IoManagers>,
    /// The steps that made assets, by name.
    pub(super) assets: QuickMap<String, Vec<PlannedAsset>>,
    /// The partitions of the plan, of which some of these are made.
    pub(super) partitions: Vec<PlannedPartitions>,
}

/// Which output it is, or which item of it.
#[derive(Clone)]
pub(super) struct Which {
    pub(super) path: StepPath,
    pub(super) op: Arc<OpDef>,
    pub(super) output: usize,
    pub(super) key: Option<MappingKey>,
}

/// Where a value lies.
enum Place {
    /// With the event of this number.
    Event(u64),
    /// In a file of the run.
    File(ArtifactRef),
    /// In a file of an asset.
    AssetFile(ArtifactRef),
    /// Where the IO manager of the op has put it, which knows it again by this stamp.
    Manager(Option<String>),
}

impl Archive {
    /// Whether a value is there and can be read. What an IO manager of the program's own has stored is not read: to load it may
    /// take long, and who needs it says if it cannot be. But of an asset it may tell that it is not there any more.
    pub(super) fn readable(&self, which: &Which, recorded: &RecordedValue) -> Result<(), LostCause> {
        match Place::of(which, recorded)? {
            Place::Manager(None) => Ok(()),
            Place::Manager(Some(stamp)) => match self.managed(which, |io, at| io.look(at, &stamp)) {
                Ok(found) if found.is_lost() => Err(LostCause::Unreadable(found.to_string())),
                // Who needs it says if it cannot be read.
                Ok(_) | Err(_) => Ok(()),
            },
            place => match self.load(which, &place) {
                Ok(_) => Ok(()),
                Err(failure) => Err(LostCause::Unreadable(failure.to_string())),
            },
        }
    }

    /// The value, to be loaded when someone looks at it.
    fn later(self: &Arc<Self>, which: Which, recorded: &RecordedValue) -> Value {
        let (archive, place) = (Arc::clone(self), Place::of(&which, recorded));
        let version = self.version(&which, recorded);
        let value = Value::later(move || match &place {
            Ok(place) => archive.load(&which, place).map_err(|failure| {
                let item = which.key.as_ref().map(|key| format!(", item `{key}`")).unwrap_or_default();
                let output = &which.op.outputs()[which.output].name;
                let (path, run) = (&which.path, archive.run);
                failure.context(format!("`{output}`{item} of `{path}` cannot be loaded")).hint(format!(
                    "have it made anew, with all that depends on it: rerun {run} --select '{path}+'"
                ))
            }),
            Err(cause) => Err(gone(&which, cause)),
        });
        version.into_iter().fold(value, Value::versioned)
    }

    /// The value, which is loaded at once.
    pub(super) fn read(&self, which: &Which, recorded: &RecordedValue) -> Result<Value, Failure> {
        self.load(which, &Place::of(which, recorded).map_err(|cause| gone(which, &cause))?)
    }

    /// The version of the data of a value, if versions are needed and it is known.
    fn version(&self, which: &Which, recorded: &RecordedValue) -> Option<Arc<str>> {
        let has_content = which.op.outputs()[which.output].ty != TypeInfo::of::<()>();
        if !(self.values.is_versioned() && has_content) {
            return None;
        }
        match recorded.handled() {
            None => self.values.version(recorded.event()),
            Some(handled) => version_told(handled.io(), &handled.metadata()),
        }
    }

    fn load(&self, which: &Which, place: &Place) -> Result<Value, Failure> {
        let output = &which.op.outputs()[which.output];
        let decode = |bytes: &[u8]| match output.codec {
            // `Deserialize` is the user's code.
            Some(codec) => quietly(|| codec.decode(bytes)).and_then(|value| value),
            None => Err(Failure::new(format!("serde cannot read a `{}`", output.ty.name()))),
        };
        match place {
            Place::Event(number) => {
                if let Some(value) = self.values.get(*number) {
                    return decode(value);
                }
                let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
                let value = events.value(*number).map_err(StorageError::into_failure)?;
                drop(events);
                decode(value.ok_or_else(|| Failure::new("the log has no value of it"))?.bytes())
            }
            Place::File(file) => decode(&self.files.run.read(file).map_err(StorageError::into_failure)?),
            Place::AssetFile(file) => {
                decode(&self.files.assets.read(file).map_err(StorageError::into_failure)?)
            }
            Place::Manager(_) => self.managed(which, |manager, at| manager.load(at)),
        }
    }

    /// What an IO manager does where it has put a value.
    fn managed<T>(
        &self,
        which: &Which,
        does: impl FnOnce(&dyn Erased, &OutputAt<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (io, output) = (which.op.io().unwrap_or_default(), &which.op.outputs()[which.output]);
        let manager = self.io.get(io, output.ty).ok_or_else(|| {
            Failure::new(format!("there is no IO manager `{io}` for `{}`", output.ty.name()))
        })?;
        let at = OutputAt::new(self.run, &self.job, &which.path, &output.name);
        let assets = self.assets.get(which.path.name()).into_iter().flatten();
        let asset = assets.into_iter().find(|asset| asset.output == which.output);
        let partition = asset.and_then(|asset| asset.partition_at(&which.path));
        let at = at.item(which.key.as_ref());
        let at = asset.map_or(at, |asset| asset.placed(at, partition.as_deref(), &self.partitions));
        quietly(|| does(&**manager, &at)).and_then(|done| done)
    }

    /// What a step that succeeded has given.
    pub(super) fn outputs(
        self: &Arc<Self>,
        path: &StepPath,
        op: &Arc<OpDef>,
        step: &RecordedStep,
    ) -> Vec<KeptOutput> {
        let which = |output, key: Option<&MappingKey>| Which {
            path: path.clone(),
            op: Arc::clone(op),
            output,
            key: key.cloned(),
        };
        let outputs = op.outputs().iter().enumerate().map(|(number, output)| match output.kind {
            OutputKind::Dynamic => {
                let items = step.stream(&output.name).map_or(&[] as &[_], |stream| stream.items());
                let items = items.iter().filter(|item| !item.is_orphan());
                KeptOutput::Items(
                    items
                        .map(|item| {
                            let value = self.later(which(number, Some(item.key())), item.value());
                            (item.key().to_string(), value)
                        })
                        .collect(),
                )
            }
            OutputKind::Single | OutputKind::Optional => match step.plain(&output.name) {
                Some(value) => KeptOutput::Value(self.later(which(number, None), value)),
                None => KeptOutput::Absent,
            },
        });
        outputs.collect()
    }
}

/// That nothing is left of a value.
fn gone(which: &Which, cause: &LostCause) -> Failure {
    Failure::new(format!("`{}` is not there any more: {cause}", which.path))
}

impl Place {
    fn of(which: &Which, recorded: &RecordedValue) -> Result<Self, LostCause> {
        let output = &which.op.outputs()[which.output];
        if recorded.has_value() {
            return Ok(Self::Event(recorded.event()));
        }
        match recorded.handled() {
            Some(handled) if handled.io() == ARTIFACTS || handled.io() == ASSET_FILES => {
                let file = ArtifactRef::of(&handled.metadata()).ok_or_else(|| {
                    LostCause::Unreadable(format!("nothing says which file `{}` lies in", output.name))
                })?;
                Ok(if handled.io() == ARTIFACTS { Self::File(file) } else { Self::AssetFile(file) })
            }
            Some(handled) if which.op.io() == Some(handled.io()) => {
                let metadata = handled.metadata();
                Ok(Self::Manager(metadata.get(STAMP).and_then(|told| told.as_str()).map(str::to_owned)))
            }
            Some(_) => Err(LostCause::Changed),
            None => Err(LostCause::Memory),
        }
    }
}
