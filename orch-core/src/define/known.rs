use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::Context;
use crate::asset::{
    AssetHistory, AssetKey, CheckEvaluation, EvaluationQuery, Materialization, MaterializationQuery,
};
use crate::failure::Failure;
use crate::ids::RunId;

/// What a run knows of assets, for the code of its steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownAssets {
    /// None if the run is not recorded.
    pub(crate) history: Option<Arc<dyn AssetHistory>>,
    /// Those that the run makes.
    pub(crate) made: HashSet<AssetKey>,
    /// Of these those that were passed over so far, since they would come out as they are.
    pub(crate) memoized: Arc<Mutex<HashSet<AssetKey>>>,
    /// What its checks look at, and their names, by their steps.
    pub(crate) checks: HashMap<Arc<str>, (AssetKey, Arc<str>)>,
    /// The present time, where a test has said it.
    pub(crate) time: Option<Timestamp>,
}

/// What is known of assets.
impl Context {
    /// The materializations that are asked for, the newest first; none in a run that is not recorded. Of what this run itself
    /// makes they may know nothing yet; see [`Context::makes`].
    ///
    /// # Errors
    /// If they cannot be read, as in a step that has a process of its own.
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
    /// found last, the newest first, so many at most. What is counted now is compared with these. Of a step that is no check
    /// there are none.
    ///
    /// # Errors
    /// As [`Context::materializations`].
    pub fn earlier_evaluations(&self, limit: usize) -> Result<Vec<CheckEvaluation>, Failure> {
        let Some((asset, check)) = self.known().checks.get(self.step().name()) else {
            return Ok(Vec::new());
        };
        let present = match self.makes(asset) {
            true => Some(self.run_id()),
            false => {
                self.materializations(&MaterializationQuery::latest(asset))?.first().map(|latest| latest.run)
            }
        };
        // One may have looked at the present one, or at an earlier one, any number of times.
        let mut asked = limit.saturating_add(1);
        loop {
            let query = EvaluationQuery { limit: Some(asked), ..EvaluationQuery::of(asset, check) };
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

    /// Whether this run makes the asset; not if it would come out as it is and was passed over.
    #[must_use]
    pub fn makes(&self, asset: &AssetKey) -> bool {
        let known = self.known();
        let memoized = known.memoized.lock().unwrap_or_else(PoisonError::into_inner);
        known.made.contains(asset) && !memoized.contains(asset)
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

    /// For a test: in the step of this check.
    #[must_use]
    pub fn with_check(self, asset: AssetKey, check: impl Into<Arc<str>>) -> Self {
        let (step, check) = (self.step().name().into(), check.into());
        self.changed(|run| _ = run.assets.checks.insert(step, (asset, check)))
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
