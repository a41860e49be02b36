use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::Context;
use crate::asset::{
    AssetHistory, AssetKey, CheckEvaluation, EvaluationQuery, Materialization, MaterializationQuery,
};
use crate::failure::Failure;
use crate::ids::RunId;
use crate::partition::{Keyspace, PartitionKey, Partitioning, PartitionsDefinition, TimeWindow};

/// Assets, and partitions of assets, that were passed over.
type PassedOver = HashSet<(AssetKey, Option<Arc<str>>)>;

/// Another process, which knows what the run makes.
pub(crate) trait KnowsMade: std::fmt::Debug + Send + Sync + 'static {
    /// Whether the run makes an asset; see [`KnownAssets::makes`].
    fn makes(&self, asset: &AssetKey, partition: Option<Arc<str>>) -> bool;
}

/// What a run knows of assets, for the code of its steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownAssets {
    /// None if the run is not recorded.
    pub(crate) history: Option<Arc<dyn AssetHistory>>,
    /// Those that the run makes.
    pub(crate) made: HashSet<AssetKey>,
    /// Of these those that were passed over so far, since they would come out as they are, each with the partition of which it was.
    pub(crate) memoized: Arc<Mutex<PassedOver>>,
    /// Who knows both in place of this process, if another one does.
    pub(crate) elsewhere: Option<Arc<dyn KnowsMade>>,
    /// Its checks, by their steps.
    pub(crate) checks: HashMap<Arc<str>, KnownCheck>,
    /// The present time, where a test has said it.
    pub(crate) time: Option<Timestamp>,
}

/// A check, as the code of its step may know it.
#[derive(Clone, Debug)]
pub(crate) struct KnownCheck {
    /// What it looks at.
    pub(crate) asset: AssetKey,
    pub(crate) name: Arc<str>,
    /// The partitions of that, of which each is looked at by a step of its own.
    pub(crate) partitions: Option<PartitionsDefinition>,
}

/// So many partitions are looked back at for what was found of them.
const BACK: usize = 31;

impl KnownAssets {
    /// Whether the run makes an asset, for who looks at a partition that one; not if it was passed over.
    pub(crate) fn makes(&self, asset: &AssetKey, partition: Option<Arc<str>>) -> bool {
        if let Some(elsewhere) = &self.elsewhere {
            return elsewhere.makes(asset, partition);
        }
        let memoized = self.memoized.lock().unwrap_or_else(PoisonError::into_inner);
        let mut passed_over = [None, partition].into_iter().map(|partition| (asset.clone(), partition));
        self.made.contains(asset) && !passed_over.any(|one| memoized.contains(&one))
    }
}

/// What is known of assets.
impl Context {
    /// The materializations that are asked for, and the observations of what others make, the newest first; none in a run that is
    /// not recorded. Of what this run itself makes they may know nothing yet; see [`Context::makes`].
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, Failure> {
        self.known().history.as_ref().map_or(Ok(Vec::new()), |history| history.materializations(query))
    }

    /// What checks have found that are asked for, the newest first, in the same way.
    ///
    /// # Errors
    /// As [`Context::materializations`].
    pub fn evaluations(&self, query: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, Failure> {
        self.known().history.as_ref().map_or(Ok(Vec::new()), |history| history.evaluations(query))
    }

    /// What this check has found of earlier materializations of its asset than the one that it looks at now: of each what it
    /// found last, the newest first, so many at most. What is counted now is compared with these. Of an asset with partitions
    /// they are those of the same partition; of others see [`Context::evaluations_before`]. Of a step that is no check there are
    /// none.
    ///
    /// # Errors
    /// As [`Context::materializations`].
    pub fn earlier_evaluations(&self, limit: usize) -> Result<Vec<CheckEvaluation>, Failure> {
        let Some(KnownCheck { asset, name, .. }) = self.check() else { return Ok(Vec::new()) };
        let partition = self.partition().map(|partition| partition.to_string());
        let present = match self.makes(asset) {
            true => Some(self.run_id()),
            false => {
                let latest = MaterializationQuery::latest(asset);
                let latest = MaterializationQuery { partition: partition.clone(), ..latest };
                self.materializations(&latest)?.first().map(|latest| latest.run)
            }
        };
        // One may have looked at the present one, or at an earlier one, any number of times.
        let mut asked = limit.saturating_add(1);
        loop {
            let (limit_of_all, partition) = (Some(asked), partition.clone());
            let query =
                EvaluationQuery { limit: limit_of_all, partition, ..EvaluationQuery::of(asset, name) };
            let mut found = self.evaluations(&query)?;
            let are_all = found.len() < asked;
            let mut seen: HashSet<Option<RunId>> = HashSet::new();
            found.retain(|fact| {
                let target = fact.target.as_ref().map(|target| target.run);
                fact.run != self.run_id()
                    && (target.is_none() || target != present)
                    && (target.is_none() || seen.insert(target))
            });
            if are_all || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
            asked = asked.saturating_mul(4);
        }
    }

    /// What this check has found of the partitions before the one that it looks at: of each what it found last, the nearest first,
    /// so many at most, of the 31 before it. None if it does not look at partitions by time. Those of several dimensions are
    /// otherwise the same: of a day in a region the earlier days there. Of partitions that the same run makes it may be known
    /// already or not; one that makes one after the other, `--max-concurrent 1`, knows it.
    ///
    /// # Errors
    /// As [`Context::materializations`].
    pub fn evaluations_before(&self, limit: usize) -> Result<Option<Vec<CheckEvaluation>>, Failure> {
        let (Some(check), Some((keyspace, index))) = (self.check(), self.in_keyspace()?) else {
            return Ok(None);
        };
        let Some(before) = keyspace.before(index) else { return Ok(None) };
        let mut found = Vec::new();
        for index in before.take(BACK) {
            if found.len() >= limit {
                break;
            }
            let partition = Some(keyspace.key_of(index)?.to_string());
            let latest = EvaluationQuery::latest(&check.asset, &check.name);
            found.extend(self.evaluations(&EvaluationQuery { partition, ..latest })?);
        }
        Ok(Some(found))
    }

    /// The partition that this check looks at; none of an asset without partitions, and in a step that is no check.
    #[must_use]
    pub fn partition(&self) -> Option<PartitionKey> {
        self.check()?.partitions.as_ref()?;
        self.mapping_key().map(|key| key.to_string().into())
    }

    /// The time that the partition stands for which this check looks at; none if it looks at none by time, or if several of its
    /// dimensions are time.
    ///
    /// # Errors
    /// If the asset has no such partition: in a test, whose step says which one it is.
    pub fn partition_window(&self) -> Result<Option<TimeWindow>, Failure> {
        let Some((keyspace, index)) = self.in_keyspace()? else { return Ok(None) };
        // Before those of no time, or of several, there are none.
        if keyspace.before(index).is_none() {
            return Ok(None);
        }
        Ok(Some(keyspace.window_of(index)?))
    }

    /// The check that this is the step of.
    fn check(&self) -> Option<&KnownCheck> {
        self.known().checks.get(self.step().name())
    }

    /// The partition that this check looks at, among those that are otherwise the same: of a dynamic set it knows no other key,
    /// so it is found in a process of its own as well.
    fn in_keyspace(&self) -> Result<Option<(Keyspace, u64)>, Failure> {
        let definition = self.check().and_then(|check| check.partitions.as_ref());
        let Some((definition, partition)) = definition.zip(self.partition()) else { return Ok(None) };
        let keyspace = definition.resolve_for(partition.as_str())?;
        let index = keyspace.index_of(partition.as_str())?;
        Ok(Some((keyspace, index)))
    }

    /// Whether this run makes the asset, in a check of a partition that one; not if it would come out as it is and was passed over.
    #[must_use]
    pub fn makes(&self, asset: &AssetKey) -> bool {
        self.known().makes(asset, self.partition().map(|partition| partition.as_str().into()))
    }

    /// The present time. A test may say it, with [`Context::with_time`].
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.known().time.unwrap_or_else(Timestamp::now)
    }

    /// For a test: in a run of which this is known.
    #[must_use]
    pub fn with_history(self, history: impl AssetHistory) -> Self {
        self.changed(|run| run.assets.history = Some(Arc::new(history)))
    }

    /// For a test: in a run that makes this asset.
    #[must_use]
    pub fn with_made(self, asset: AssetKey) -> Self {
        self.changed(|run| _ = run.assets.made.insert(asset))
    }

    /// For a test: in the step of this check, of an asset without partitions.
    #[must_use]
    pub fn with_check(self, asset: AssetKey, check: impl Into<Arc<str>>) -> Self {
        self.with_known_check(KnownCheck { asset, name: check.into(), partitions: None })
    }

    /// For a test: in the step of this check, of an asset with the partitions of `P`. Which one it looks at, the step says:
    /// `Context::for_test("sales.positive[2024-01-31]")`.
    #[must_use]
    pub fn with_check_of<P: Partitioning>(self, asset: AssetKey, check: impl Into<Arc<str>>) -> Self {
        self.with_known_check(KnownCheck { asset, name: check.into(), partitions: Some(P::definition()) })
    }

    fn with_known_check(self, check: KnownCheck) -> Self {
        let step = self.step().name().into();
        self.changed(|run| _ = run.assets.checks.insert(step, check))
    }

    /// For a test: at this time.
    #[must_use]
    pub fn with_time(self, time: Timestamp) -> Self {
        self.changed(|run| run.assets.time = Some(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{CheckResult, CheckTarget, ValueAt};

    /// Runs that have each made the asset and looked at it: the newest first, and the newest of all looked twice.
    #[derive(Debug)]
    struct Made(Vec<u128>);

    impl AssetHistory for Made {
        fn materializations(&self, query: &MaterializationQuery) -> Result<Vec<Materialization>, Failure> {
            let made = self.0.iter().take(query.limit.unwrap_or(usize::MAX)).map(|&run| Materialization {
                asset: query.asset.clone().expect("it is asked of an asset"),
                partition: None,
                run: RunId::from_u128(run),
                event: 1,
                time: Timestamp::UNIX_EPOCH,
                metadata: Default::default(),
                code_version: None,
                data_version: None,
                inputs: Vec::new(),
                recipe: crate::asset::Recipe::new(),
                value: ValueAt::Nowhere,
                stamp: None,
            });
            Ok(made.collect())
        }

        fn evaluations(&self, query: &EvaluationQuery) -> Result<Vec<CheckEvaluation>, Failure> {
            let targets = self.0.first().into_iter().chain(&self.0);
            let found = targets.take(query.limit.unwrap_or(usize::MAX)).map(|&run| CheckEvaluation {
                asset: query.asset.clone().expect("it is asked of an asset"),
                check: query.check.clone().expect("it is asked of a check").into(),
                partition: None,
                run: RunId::from_u128(run),
                event: 2,
                time: Timestamp::UNIX_EPOCH,
                blocking: false,
                result: CheckResult::passed(),
                target: Some(CheckTarget::new(RunId::from_u128(run), None)),
            });
            Ok(found.collect())
        }
    }

    #[test]
    fn earlier_evaluations_are_those_of_other_materializations_each_once() {
        let orders: AssetKey = "orders".parse().expect("a key");
        let step = || Context::for_test("orders.some").with_run_id(RunId::from_u128(99));
        let check = || step().with_check(orders.clone(), "some");
        let of = |context: Context, limit| -> Vec<u128> {
            let earlier = context.earlier_evaluations(limit).expect("they can be read");
            earlier.iter().map(|fact| fact.run.as_u128()).collect()
        };
        let history = || Made((1..=50).rev().collect());
        // Alone it looks at the latest, which is no earlier one.
        assert_eq!(of(check().with_history(history()), 3), [49, 48, 47]);
        assert_eq!(of(check().with_history(history()), 100).len(), 49);
        // In a run that makes the asset all are earlier.
        let makes = || check().with_made(orders.clone());
        assert_eq!(of(makes().with_history(history()), 2), [50, 49]);
        assert_eq!(of(makes().with_run_id(RunId::from_u128(50)).with_history(history()), 2), [49, 48]);
        assert_eq!(of(check().with_history(history()), 0), [0; 0]);
        assert_eq!(of(check(), 3), [0; 0], "the run is not recorded");
        assert_eq!(of(step().with_history(history()), 3), [0; 0], "it is no check");
    }
}
