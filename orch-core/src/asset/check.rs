use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AssetKey, Materialization, MetadataValue, TypedMetadata};
use crate::event::{Event, EventKind};
use crate::ids::RunId;

/// What a check has found out of an asset.
///
/// ```
/// use orch_core::asset::{CheckResult, Severity};
///
/// let amounts = [3, -1, 5];
/// let negative = amounts.iter().filter(|amount| **amount < 0).count();
/// let result = CheckResult::expect(negative == 0, format!("{negative} amounts are negative"))
///     .severity(Severity::Warn)
///     .metadata("negative", negative as i64);
/// assert!(!result.passed);
/// assert_eq!(result.description.as_deref(), Some("1 amounts are negative"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckResult {
    /// Whether the asset is as it should be.
    pub passed: bool,
    /// How bad it is if it is not.
    #[serde(default, skip_serializing_if = "Severity::is_error")]
    pub severity: Severity,
    /// What was found, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is worth knowing of it, by names of one's own.
    #[serde(default, skip_serializing_if = "TypedMetadata::is_empty")]
    pub metadata: TypedMetadata,
}

/// How bad it is if a check does not pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It is worth a look. Nothing is stopped by it, not even by a check that is blocking.
    Warn,
    /// The asset is not to be used as it is: a blocking check stops what is made of it.
    #[default]
    Error,
}

impl Severity {
    /// As one word: `error`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
    fn is_error(&self) -> bool {
        *self == Self::Error
    }
}

impl CheckResult {
    /// The asset is as it should be.
    #[must_use]
    pub fn passed() -> Self {
        Self { passed: true, severity: Severity::Error, description: None, metadata: TypedMetadata::new() }
    }

    /// It is not, for this reason.
    #[must_use]
    pub fn failed(description: impl Into<String>) -> Self {
        Self { passed: false, description: Some(description.into()), ..Self::passed() }
    }

    /// It is as it should be if the condition holds, else not, for this reason.
    #[must_use]
    pub fn expect(condition: bool, description: impl Into<String>) -> Self {
        if condition { Self::passed() } else { Self::failed(description) }
    }

    /// The same, as bad as this if it has not passed.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same with another description, be it passed or not.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The same with something more that is worth knowing.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<MetadataValue>) -> Self {
        self.metadata.insert(name.into(), value.into().written());
        self
    }

    /// Whether it stops what is made of the asset, if its check is blocking.
    #[must_use]
    pub fn is_error(&self) -> bool {
        !self.passed && self.severity == Severity::Error
    }
}

/// A fact: that a check has looked at an asset, in which run, and what it found.
///
/// It is told by the event [`AssetCheckEvaluation`](crate::event::EventKind::AssetCheckEvaluation) of its run, and kept apart
/// from the run, as [`Materialization`](super::Materialization) is. A check whose own code failed has found nothing out, and
/// tells none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckEvaluation {
    /// The asset.
    pub asset: AssetKey,
    /// The name of the check, one among those of the asset.
    pub check: Arc<str>,
    /// The partition that it looked at, of an asset that has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// The run in which it looked.
    pub run: RunId,
    /// The number of the event that tells of it, in the log of that run.
    pub event: u64,
    /// When, in UTC.
    pub time: Timestamp,
    /// Whether it stops what is made of the asset if it finds an error.
    #[serde(default)]
    pub blocking: bool,
    /// What it found.
    pub result: CheckResult,
    /// The materialization that it looked at; none if none was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<CheckTarget>,
}

impl CheckEvaluation {
    /// The fact that an event tells, by its number in the log of its run; none unless a check has looked at something.
    #[must_use]
    pub fn told(number: u64, event: &Event) -> Option<Self> {
        let EventKind::AssetCheckEvaluation { asset, check, partition, blocking, result, target } =
            &event.kind
        else {
            return None;
        };
        Some(Self {
            asset: asset.clone(),
            check: Arc::clone(check),
            partition: partition.as_deref().map(str::to_owned),
            run: event.run,
            event: number,
            time: event.time,
            blocking: *blocking,
            result: (**result).clone(),
            target: target.clone(),
        })
    }

    /// Whether it looked at this materialization, or partition of one.
    pub(crate) fn is_of(&self, fact: &Materialization) -> bool {
        let is_target = self.target.as_ref().is_some_and(|target| target.run == fact.run);
        is_target && self.partition == fact.partition
    }

    /// Whether it looked at this materialization, or partition of one, and found no error.
    pub(crate) fn has_passed(&self, fact: &Materialization) -> bool {
        self.is_of(fact) && !self.result.is_error()
    }
}

/// The materialization that a check looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckTarget {
    /// The run that made it.
    pub run: RunId,
    /// The version of its data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_version: Option<Arc<str>>,
}

impl CheckTarget {
    /// What this run has made.
    #[must_use]
    pub fn new(run: RunId, data_version: Option<Arc<str>>) -> Self {
        Self { run, data_version }
    }
}

/// Which evaluations of checks are asked for; all of them, the newest first, if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationQuery {
    /// Those of checks of this asset.
    pub asset: Option<AssetKey>,
    /// Those of checks of this name.
    pub check: Option<String>,
    /// Those of this partition.
    pub partition: Option<String>,
    /// Those in this run.
    pub run: Option<RunId>,
    /// So many at most.
    pub limit: Option<usize>,
}

impl EvaluationQuery {
    /// All of a check.
    #[must_use]
    pub fn of(asset: &AssetKey, check: &str) -> Self {
        Self { asset: Some(asset.clone()), check: Some(check.to_owned()), ..Self::default() }
    }

    /// The latest of a check.
    #[must_use]
    pub fn latest(asset: &AssetKey, check: &str) -> Self {
        Self { limit: Some(1), ..Self::of(asset, check) }
    }

    /// Whether an evaluation is asked for, but for how many there are.
    #[must_use]
    pub fn matches(&self, fact: &CheckEvaluation) -> bool {
        self.asset.as_ref().is_none_or(|asset| *asset == fact.asset)
            && self.check.as_ref().is_none_or(|check| **check == *fact.check)
            && self.partition.as_ref().is_none_or(|partition| Some(partition) == fact.partition.as_ref())
            && self.run.is_none_or(|run| run == fact.run)
    }
}
