use std::collections::HashMap;

use super::reader::{Reader, unread};
use crate::asset::{AssetKey, CheckEvaluation, Materialization};
use crate::failure::Failure;
use crate::ids::RunId;
use crate::partition::quoted;
use crate::plan::{PlannedCheck, Problem};
use crate::storage::StorageError;

/// The partitions that a run takes as they are, and that a blocking check of theirs has not let through.
///
/// Of what the run makes, or is given, its checks look before anything takes it. At what lies outside of it they do not; so where a
/// run makes only what is missing, or stale, nothing is made of that.
#[derive(Debug, Default)]
pub(in crate::run) struct Unpassed(HashMap<AssetKey, HashMap<String, Held>>);

/// The check that has not let a partition through.
#[derive(Debug)]
struct Held {
    check: String,
    /// In which run it has refused it, and what it said; none if it has not looked at it.
    refused: Option<(RunId, Option<String>)>,
}

impl Unpassed {
    /// Those of what steps read, or wait for, that a run has which heeds these checks, as far as they are blocking; of each is looked up
    /// what it found last of each partition.
    ///
    /// # Errors
    /// If that cannot be read: what nobody knows to be let through is not taken.
    pub(in crate::run) fn of(
        reader: &Reader,
        heeded: &[PlannedCheck],
        found_last: impl Fn(&PlannedCheck) -> Result<HashMap<Option<String>, CheckEvaluation>, StorageError>,
    ) -> Result<Self, Problem> {
        let mut unpassed = Self::default();
        for check in heeded.iter().filter(|check| check.blocking && check.partitions.is_some()) {
            let unread = |error: StorageError| unread(&check.asset, &error);
            let waited = reader.waited_for(&check.asset).map_err(unread)?;
            let read = reader.facts().filter(|fact| fact.asset == check.asset);
            let mut taken = read.chain(&waited).peekable();
            if taken.peek().is_some() {
                unpassed.add(&check.name, &found_last(check).map_err(unread)?, taken);
            }
        }
        Ok(unpassed)
    }

    fn add<'a>(
        &mut self,
        check: &str,
        found: &HashMap<Option<String>, CheckEvaluation>,
        taken: impl Iterator<Item = &'a Materialization>,
    ) {
        for fact in taken {
            let Some(partition) = fact.partition.clone() else { continue };
            let last = found.get(&fact.partition);
            if last.is_some_and(|last| last.has_passed(fact)) {
                continue;
            }
            let refused =
                last.filter(|last| last.is_of(fact)).map(|last| (last.run, last.result.description.clone()));
            let held = Held { check: check.to_owned(), refused };
            let of_asset = self.0.entry(fact.asset.clone()).or_default();
            of_asset.entry(partition).or_insert(held);
        }
    }

    /// That a partition was let through, of one that is taken as it is.
    pub(super) fn check_passed(&self, asset: &AssetKey, partition: &str) -> Result<(), Failure> {
        let Some(held) = self.0.get(asset).and_then(|of_asset| of_asset.get(partition)) else {
            return Ok(());
        };
        let (check, of) = (&held.check, format!("{asset} --partition {}", quoted(partition)));
        let (found, hint) = match &held.refused {
            Some((run, said)) => {
                let said = said.as_deref().map(|said| format!(": {said}")).unwrap_or_default();
                let hint = format!(
                    "mend it, and have it made anew: `materialize {of}`; or have it looked at again: `assets check {of}`"
                );
                (format!("has not passed, in the run {run}{said}"), hint)
            }
            None => ("has not looked at it".to_owned(), format!("have it looked at: `assets check {of}`")),
        };
        let told = format!(
            "`{asset}[{partition}]` is not to be taken as it is: its blocking check `{check}` {found}"
        );
        Err(Failure::new(told).hint(hint))
    }
}
