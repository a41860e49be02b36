//! How partitions are read: one by one, or together.

use std::sync::PoisonError;

use super::super::foreign;
use super::reader::{Made, Reader};
use super::reading::Reading;
use crate::asset::{AssetKey, Materialization, MaterializationQuery, ValueAt};
use crate::define::ReadPartitions;
use crate::event::Encoded;
use crate::failure::{Failure, quietly};
use crate::ids::StepPath;
use crate::io::{Erased, OutputAt, PartitionAt};
use crate::partition::{PartitionKey, quoted};
use crate::run::place::as_it_lies;
use crate::storage::StorageError;
use crate::value::{TypeInfo, Value};

impl Reader {
    /// The materialization that a partition is, if one is known: else its IO manager has it, or nobody.
    ///
    /// # Errors
    /// If it was not made, or a blocking check has stopped it, or not let it through before.
    pub(super) fn known(
        &self,
        reading: &Reading,
        partition: &str,
        is_made: bool,
    ) -> Result<Option<Made>, Failure> {
        let key = &reading.asset.key;
        if is_made && reading.heeds_checks {
            self.stopped().check_passed(key, partition)?;
        } else if is_made {
            self.stopped().check_made(key, partition)?;
        } else if !reading.is_for_check && !reading.asset.external {
            self.unpassed.check_passed(key, partition)?;
        }
        let known = if is_made { self.made_here(key, partition) } else { self.taken_of(key, partition) };
        let is_stored = reading.asset.read_by.is_some() && (!is_made || self.storage.is_none());
        if known.is_none() && !is_stored {
            let does = if reading.asset.external { "observed" } else { "made" };
            return Err(Failure::new(format!(
                "`{key}[{partition}]` was to be {does} in this run before, and was not"
            )));
        }
        Ok(known)
    }

    /// Whether a partition that the run was to make is not there, since its step has left it out, and was not there before.
    ///
    /// # Errors
    /// If it was not made for another reason, or a blocking check has stopped it.
    pub(super) fn is_left_out(&self, reading: &Reading, partition: &str) -> Result<bool, Failure> {
        let key = &reading.asset.key;
        let Some(storage) = self.storage.as_ref().filter(|_| !reading.asset.external) else {
            return Ok(false);
        };
        if self.made_here(key, partition).is_some() {
            return Ok(false);
        }
        self.stopped().check_well(key, partition)?;
        // What an earlier run has made of it stays, as for whoever takes it in a run of its own.
        let is_well = |_: &Materialization| self.stopped().check_passed(key, partition).is_ok();
        let before = storage.latest_made(key, Some(partition))?.filter(is_well);
        let is_left_out = before.is_none();
        before.into_iter().for_each(|fact| self.tell_again(fact));
        Ok(is_left_out)
    }

    /// The value of a partition.
    pub(super) fn value(
        &self,
        reading: &Reading,
        partition: &str,
        known: Option<&Made>,
        reads: ReadPartitions,
    ) -> Result<Value, Failure> {
        let read_by = reading.asset.read_by.as_deref();
        let named = format_args!("{}[{partition}]", reading.asset.key);
        let foreign = |io: &str, failure| match reading.asset.external {
            true => foreign::unloaded(&named, io, failure),
            false => failure,
        };
        let Some((fact, inline)) = known else {
            let io = read_by.unwrap_or_default();
            return self.managed(io, reading, partition, reads).map_err(|failure| foreign(io, failure));
        };
        let value = match (&fact.value, read_by) {
            (ValueAt::Io(io), _) => self.managed(read_by.unwrap_or(io), reading, partition, reads),
            (ValueAt::Elsewhere, Some(io)) => self.managed(io, reading, partition, reads),
            (ValueAt::Elsewhere, None) => match self.made_by_others(&reading.asset.key, partition)? {
                Some(made) => return self.value(reading, partition, Some(&(made, None)), reads),
                None => return Err(unmade(&reading.asset.key, partition)),
            },
            _ => self.written(fact, inline.as_ref(), reads),
        };
        value.map_err(|failure| match read_by.filter(|_| reading.asset.external) {
            Some(io) => foreign(io, failure),
            None => unread(&reading.asset.key, partition, failure),
        })
    }

    /// Partitions as one value, of which these materializations are known.
    pub(super) fn together(
        &self,
        reading: &Reading,
        partitions: &[PartitionKey],
        facts: &[Option<Materialization>],
        reads: ReadPartitions,
    ) -> Result<Value, Failure> {
        let key = &reading.asset.key;
        for (partition, fact) in partitions.iter().zip(facts) {
            // Who has observed it knows the version alone: whoever has stored it, the IO manager has it.
            if fact.as_ref().is_some_and(|fact| !matches!(fact.value, ValueAt::Io(_) | ValueAt::Elsewhere)) {
                let why = format!("it is taken as `{}`, and was stored by no IO manager", reads.ty.name());
                return Err(unread(key, partition.as_str(), Failure::new(why)));
            }
        }
        let manager = self.manager(reading.asset.read_by.as_deref().unwrap_or_default(), reads.ty)?;
        let step = StepPath::new(key.step_name(), None);
        let at: Vec<_> =
            partitions.iter().map(|partition| self.place(reading, &step, partition.as_str())).collect();
        let loaded = quietly(|| manager.load_partitions(&at)).and_then(|loaded| loaded);
        loaded.map_err(|failure| failure.context(format!("partitions of `{key}` cannot be read together")))
    }

    pub(super) fn made_here(&self, key: &AssetKey, partition: &str) -> Option<Made> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(&(key.clone(), partition.to_owned())).cloned()
    }

    pub(super) fn taken_of(&self, key: &AssetKey, partition: &str) -> Option<Made> {
        Some((self.taken.get(key)?.get(partition)?.clone(), None))
    }

    /// What a program on this instance has made of a partition that was observed.
    pub(super) fn made_by_others(
        &self,
        key: &AssetKey,
        partition: &str,
    ) -> Result<Option<Materialization>, StorageError> {
        let Some(storage) = &self.storage else { return Ok(None) };
        let query = MaterializationQuery {
            partition: Some(partition.to_owned()),
            observed: Some(false),
            ..MaterializationQuery::latest(key)
        };
        Ok(storage.materializations(&query)?.pop())
    }

    /// Whether an IO manager reads the asset as this type.
    pub(super) fn is_managed(&self, reading: &Reading, ty: TypeInfo) -> bool {
        reading.asset.read_by.as_deref().is_some_and(|io| self.io.get(io, ty).is_some())
    }

    pub(super) fn manager(&self, io: &str, ty: TypeInfo) -> Result<&dyn Erased, Failure> {
        let manager = self.io.get(io, ty).map(|manager| &**manager);
        manager.ok_or_else(|| Failure::new(format!("there is no IO manager `{io}` for `{}`", ty.name())))
    }

    /// Where a partition lies.
    fn place<'a>(&'a self, reading: &'a Reading, step: &'a StepPath, partition: &'a str) -> OutputAt<'a> {
        let asset = &reading.asset;
        let partition = PartitionAt::new(partition, &reading.of.definition);
        let at = OutputAt::new(self.run, &self.job, step, "result").asset(Some(&asset.key));
        at.partition(Some(partition)).columns(&asset.columns)
    }

    /// What an IO manager has stored.
    fn managed(
        &self,
        io: &str,
        reading: &Reading,
        partition: &str,
        reads: ReadPartitions,
    ) -> Result<Value, Failure> {
        let manager = self.manager(io, reads.ty)?;
        let step = StepPath::new(reading.asset.key.step_name(), None);
        let at = self.place(reading, &step, partition);
        quietly(|| manager.load(&at)).and_then(|loaded| loaded)
    }

    /// The materialization that lies in the place of one that is known.
    pub(super) fn as_it_lies(
        &self,
        reading: &Reading,
        partition: &str,
        (fact, inline): Made,
        ty: TypeInfo,
    ) -> Result<Made, Failure> {
        let ValueAt::Io(io) = &fact.value else { return Ok((fact, inline)) };
        let (asset, io) = (&reading.asset, reading.asset.read_by.clone().unwrap_or_else(|| io.clone()));
        // That there is none is told when it is to read.
        let Ok(manager) = self.manager(&io, ty) else { return Ok((fact, inline)) };
        let step = StepPath::new(asset.key.step_name(), None);
        let at = self.place(reading, &step, partition);
        let look = |stamp: &str| quietly(|| manager.look(&at, stamp)).and_then(|found| found);
        let lies = as_it_lies(fact, self.storage.as_deref(), look);
        lies.map(|fact| (fact, inline)).map_err(|failure| match asset.external {
            true => foreign::unloaded(&format_args!("{}[{partition}]", asset.key), &io, failure),
            false => unread(&asset.key, partition, failure),
        })
    }

    /// What was written as the codec of its type does.
    fn written(
        &self,
        fact: &Materialization,
        inline: Option<&Encoded>,
        reads: ReadPartitions,
    ) -> Result<Value, Failure> {
        let codec = reads.codec.ok_or_else(|| {
            Failure::new(format!("it is taken as `{}`, which serde cannot read", reads.ty.name()))
        })?;
        if let Some(value) = inline {
            return codec.decode(value.bytes());
        }
        let storage = self.storage.as_ref().ok_or_else(|| Failure::new("the run is recorded nowhere"))?;
        let bytes = match &fact.value {
            ValueAt::File(file) => storage.asset_files().and_then(|files| files.read(file)),
            ValueAt::Fact => {
                return match storage.asset_value(fact).map_err(StorageError::into_failure)? {
                    Some(value) => codec.decode(value.bytes()),
                    None => Err(Failure::new("its value is there no more")),
                };
            }
            ValueAt::Io(_) | ValueAt::Nowhere | ValueAt::Elsewhere => {
                return Err(Failure::new(
                    "nothing is left of it: it was in the memory of the run that made it",
                ));
            }
        };
        codec.decode(&bytes.map_err(StorageError::into_failure)?)
    }
}

/// That a partition was observed, and is nowhere to be read.
fn unmade(key: &AssetKey, partition: &str) -> Failure {
    let failure =
        Failure::new(format!("`{key}[{partition}]` was observed, and nobody has materialized it here"));
    failure.hint(format!(
        "have the program that makes it run on this instance, or say what loads it: `#[external_asset(io = \"..\")]` on `{}`",
        key.name()
    ))
}

/// That a partition cannot be read, of which it is known that it was made.
fn unread(key: &AssetKey, partition: &str, failure: Failure) -> Failure {
    let failure = match failure.info().hint {
        Some(_) => failure,
        None => {
            failure.hint(format!("have it made anew: `materialize {key} --partition {}`", quoted(partition)))
        }
    };
    failure.context(format!("`{key}[{partition}]` cannot be read"))
}
