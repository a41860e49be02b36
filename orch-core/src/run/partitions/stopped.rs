use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::asset::AssetKey;
use crate::event::{EventKind, SkipCause};
use crate::failure::{ErrorInfo, Failure};
use crate::ids::StepPath;
use crate::partition::quoted;
use crate::plan::{Ended, Program};

/// The partitions that are not there to be taken: those that were not made, or of what others make not looked at, and those that
/// blocking checks have stopped.
///
/// What stands in the same map waits for the step that makes its partition, and for the checks of that. What stands in another
/// map begins when all in that one are done, whatever became of them, and asks here.
#[derive(Debug)]
pub(in crate::run) struct Stopped {
    /// What steps in maps of partitions are there for, by their names.
    roles: HashMap<String, Role>,
    ends: Mutex<Ends>,
}

/// What has not succeeded.
#[derive(Debug, Default)]
struct Ends {
    partitions: HashMap<AssetKey, HashMap<String, Partition>>,
    /// Why steps have failed, whatever they are there for: others are skipped for them.
    errors: HashMap<StepPath, Arc<ErrorInfo>>,
}

/// What a step does for partitions.
#[derive(Debug)]
enum Role {
    /// It makes those of these assets.
    Makes(Vec<AssetKey>),
    /// It is the blocking check of those of this one.
    Checks(AssetKey),
    /// It looks at those of this one, which others make.
    Observes(AssetKey),
}

/// What has gone wrong with a partition.
#[derive(Debug, Default)]
struct Partition {
    /// The step that was to make it.
    maker: Option<BadEnd>,
    /// The first of its blocking checks that has not passed.
    check: Option<BadEnd>,
}

/// A step that has not succeeded.
#[derive(Clone, Debug)]
struct BadEnd {
    step: StepPath,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    /// It failed, of this.
    Failed(Arc<ErrorInfo>),
    /// It was skipped; for a step that failed, with the error of that.
    Skipped(SkipCause, Option<Arc<ErrorInfo>>),
}

impl Stopped {
    pub(super) fn of(program: &Program) -> Self {
        let roles = program.plan.steps.iter().filter_map(|step| {
            let made = step.assets.iter().filter(|asset| asset.partitions.is_some());
            let made: Vec<_> = made.map(|asset| asset.key.clone()).collect();
            let role = match &step.check {
                Some(check) if check.blocking && check.partitions.is_some() => {
                    Role::Checks(check.asset.clone())
                }
                _ if !made.is_empty() => Role::Makes(made),
                _ => Role::Observes(step.observes.clone().filter(|_| step.map.is_some())?),
            };
            Some((step.name.clone(), role))
        });
        Self { roles: roles.collect(), ends: Mutex::default() }
    }

    /// Takes what has become of a step.
    pub(in crate::run) fn take(&self, step: Option<&StepPath>, kind: &EventKind) {
        let Some(step) = step else { return };
        match kind {
            EventKind::StepFailure { error } => self.failed(step, error),
            EventKind::StepSkipped { cause } => self.skipped(step, cause),
            _ => {}
        }
    }

    /// Takes what had become of a step before the run goes on.
    pub(in crate::run) fn take_ended(&self, step: &StepPath, ended: &Ended) {
        match ended {
            Ended::Succeeded(_) | Ended::Lacking(_) => {}
            Ended::Failed(failed) => self.failed(step, &failed.error),
            Ended::Skipped(cause) => self.skipped(step, cause),
        }
    }

    fn failed(&self, step: &StepPath, error: &Arc<ErrorInfo>) {
        if self.roles.is_empty() {
            return;
        }
        let mut ends = self.ends();
        ends.errors.insert(step.clone(), Arc::clone(error));
        self.add(&mut ends, step, How::Failed(Arc::clone(error)));
    }

    fn skipped(&self, step: &StepPath, cause: &SkipCause) {
        let mut ends = self.ends();
        let error = match cause {
            SkipCause::Failed(by) => ends.errors.get(by).cloned(),
            _ => None,
        };
        self.add(&mut ends, step, How::Skipped(cause.clone(), error));
    }

    fn add(&self, ends: &mut Ends, step: &StepPath, how: How) {
        let (Some(role), Some(branch)) = (self.roles.get(step.name()), step.branch()) else { return };
        let end = BadEnd { step: step.clone(), how };
        let mut of = |asset: &AssetKey, set: fn(&mut Partition) -> &mut Option<BadEnd>| {
            let partitions = ends.partitions.entry(asset.clone()).or_default();
            let partition = partitions.entry(branch.key().to_string()).or_default();
            _ = set(partition).get_or_insert_with(|| end.clone());
        };
        match role {
            Role::Makes(assets) => {
                assets.iter().for_each(|asset| of(asset, |partition| &mut partition.maker));
            }
            Role::Checks(asset) => of(asset, |partition| &mut partition.check),
            Role::Observes(asset) => of(asset, |partition| &mut partition.maker),
        }
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That a partition was not left unmade by a step that failed or was skipped.
    pub(super) fn check_made(&self, asset: &AssetKey, partition: &str) -> Result<(), Failure> {
        let maker = self.told(asset, partition, |of| of.maker.clone());
        maker.map_or(Ok(()), |maker| {
            let observes = matches!(self.roles.get(maker.step.name()), Some(Role::Observes(_)));
            let was_to_be = if observes { "observed" } else { "made" };
            Err(not_made(asset, partition, was_to_be, &maker))
        })
    }

    /// That a partition was made, and that no blocking check has stopped it.
    pub(super) fn check_passed(&self, asset: &AssetKey, partition: &str) -> Result<(), Failure> {
        // A check is skipped if there is nothing to look at.
        self.check_made(asset, partition)?;
        let check = self.told(asset, partition, |of| of.check.clone());
        check.map_or(Ok(()), |check| Err(not_passed(asset, partition, &check)))
    }

    /// That nothing has gone wrong with a partition: what was left out is not there, and is no failure.
    pub(super) fn check_well(&self, asset: &AssetKey, partition: &str) -> Result<(), Failure> {
        let is_left_out = self.told(asset, partition, |of| Some(self.is_left_out(asset, of)));
        if is_left_out == Some(true) { Ok(()) } else { self.check_passed(asset, partition) }
    }

    /// Whether a partition is not there since its step left it out, or was skipped for want of what another one left out.
    fn is_left_out(&self, asset: &AssetKey, of: &Partition) -> bool {
        let makes = |role: &Role| matches!(role, Role::Makes(made) if made.contains(asset));
        let leaves_out = |by: &StepPath| self.roles.get(by.name()).is_some_and(makes);
        match of {
            Partition { maker: Some(maker), .. } => {
                matches!(&maker.how, How::Skipped(cause, _) if cause.is_absence())
            }
            Partition { check: Some(check), .. } => {
                matches!(&check.how, How::Skipped(SkipCause::Absent(by), _) if leaves_out(by))
            }
            Partition { .. } => false,
        }
    }

    /// Something that is told of a partition.
    fn told<T>(
        &self,
        asset: &AssetKey,
        partition: &str,
        take: impl FnOnce(&Partition) -> Option<T>,
    ) -> Option<T> {
        self.ends().partitions.get(asset).and_then(|partitions| partitions.get(partition)).and_then(take)
    }
}

impl BadEnd {
    /// Who takes what it was there for has not failed, if this one or one before it has.
    fn keeps(&self, failure: Failure) -> Failure {
        match &self.how {
            How::Failed(error) => failure.kept_from(self.step.clone(), Some(Arc::clone(error))),
            How::Skipped(SkipCause::Failed(by), error) => failure.kept_from(by.clone(), error.clone()),
            How::Skipped(..) => failure,
        }
    }

    /// Why the step has not done what it was there for.
    fn why(&self) -> String {
        match &self.how {
            How::Failed(error) => format!("`{}` failed: {}", self.step, error.message),
            How::Skipped(SkipCause::Failed(by), _) => format!("`{by}` failed"),
            How::Skipped(SkipCause::Absent(by), _) => format!("`{by}` left its output out"),
            How::Skipped(SkipCause::Lacking(why), _) => why.clone(),
            How::Skipped(SkipCause::Canceled, _) => "the run was canceled".to_owned(),
        }
    }
}

/// What was to be made in the same run, or observed, is not there.
fn not_made(asset: &AssetKey, partition: &str, was_to_be: &str, maker: &BadEnd) -> Failure {
    let why = maker.why();
    let told = format!("`{asset}[{partition}]` was to be {was_to_be} in this run before, and was not: {why}");
    maker.keeps(Failure::new(told))
}

/// It is there, and a blocking check of it has found an error, or nothing at all.
fn not_passed(asset: &AssetKey, partition: &str, check: &BadEnd) -> Failure {
    let step = &check.step;
    let found = match &check.how {
        How::Failed(_) => "has not passed".to_owned(),
        How::Skipped(..) => format!("has not looked: {}", check.why()),
    };
    let told =
        format!("`{asset}[{partition}]` is not to be taken as it is: its blocking check `{step}` {found}");
    check.keeps(Failure::new(told)).hint(format!(
        "mend it, and have it made anew: `materialize {asset} --partition {}`",
        quoted(partition)
    ))
}
