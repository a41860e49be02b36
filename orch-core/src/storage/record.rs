use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::asset::Materialization;
use crate::define::Tags;
use crate::event::{Counts, RunStatus, RunView};
use crate::ids::{RunId, StepPath};
use crate::partition::KeySets;
use crate::plan::{Plan, PlannedCheck};

/// What is known of a run at a glance: a line of the list of runs.
///
/// It is a fold of the run's events, kept apart from them so that a list of runs reads no events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunRecord {
    /// The run's identifier.
    pub id: RunId,
    /// The job's name.
    pub job: String,
    /// The tags of the job and of the run.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// When it was made, in UTC.
    pub created: Timestamp,
    /// How far it has come, by its events. One that is running by its events and that nobody runs was interrupted; see
    /// [`ReadRuns::holder`](super::ReadRuns::holder).
    pub status: RunStatus,
    /// The time of its last event, if it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The run it was made from, if it was made from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RunId>,
    /// The first of the runs it was made from; itself if it was made from none.
    pub root: RunId,
    /// What its steps came to, if it is over.
    #[serde(default)]
    pub counts: Counts,
    /// The first step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_failed: Option<StepPath>,
}

impl RunRecord {
    /// Of a run that is about to begin, and is made from no other.
    #[must_use]
    pub fn new(id: RunId, job: impl Into<String>, tags: Tags, created: Timestamp) -> Self {
        Self {
            id,
            job: job.into(),
            tags,
            created,
            status: RunStatus::Running,
            ended: None,
            parent: None,
            root: id,
            counts: Counts::default(),
            first_failed: None,
        }
    }

    /// The same, made from `parent`.
    #[must_use]
    pub fn made_from(mut self, parent: &Self) -> Self {
        self.parent = Some(parent.id);
        self.root = parent.root;
        self
    }

    /// Says of the run what its events say. Of a run that is not over they say no more than where it stands.
    pub fn tell(&mut self, view: &RunView) {
        self.status = view.status();
        self.ended = view.end();
        let over = self.status.is_terminal();
        self.counts = if over { *view.counts() } else { Counts::default() };
        self.first_failed = view.failures().first().map(|failed| failed.path.clone());
    }
}

/// What a run was begun with, and stays with: a run that is resumed is held to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pinned {
    /// The plan.
    pub plan: Plan,
    /// The environment that it runs in, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Its configuration, with secrets as references.
    pub config: serde_json::Value,
    /// The run that it takes values from, of steps that it does not run itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<RunId>,
    /// The materializations of assets that it takes and does not make.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loaded: Vec<Materialization>,
    /// The partitions that it is for, of a job that makes assets with partitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<PinnedPartitions>,
    /// Whether steps are passed over whose assets would come out as they are; of these assets too the latest are in
    /// [`loaded`](Self::loaded).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub memoizes: bool,
    /// Whether all steps run, also those of memoized ops of which it is known what they would give.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_memos: bool,
    /// Whether only assets and partitions are made of which there is no value; of the others the latest are in
    /// [`loaded`](Self::loaded).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_missing: bool,
    /// The checks that it heeds beside those of its plan, where not all is made: those of the backfill that it is of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heeded: Vec<PlannedCheck>,
    /// The steps that were selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// The fingerprints of the functions that its steps call, by the names of the steps; of ops whose code has a version, and
    /// of those that tell none, there is none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub code: BTreeMap<String, Arc<str>>,
    /// The program that began it.
    pub program: Made,
}

impl Pinned {
    /// A run of this plan, with this configuration.
    #[must_use]
    pub fn new(plan: Plan, config: serde_json::Value, program: Made) -> Self {
        Self {
            plan,
            environment: None,
            config,
            upstream: None,
            loaded: Vec::new(),
            partitions: None,
            memoizes: false,
            without_memos: false,
            only_missing: false,
            heeded: Vec::new(),
            selection: None,
            code: BTreeMap::new(),
            program,
        }
    }
}

/// The partitions that a run is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedPartitions {
    /// Which, as selections are written, with nothing in it that depends on the time; none of a run that makes no partitions
    /// and reads some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// When the run was begun, in UTC: what depends on other partitions depends on those that there were then.
    pub now: Timestamp,
    /// Of the sets that dynamic partitions are the keys of, those that it is for or takes, as they were then.
    #[serde(default, skip_serializing_if = "KeySets::is_empty")]
    pub keys: KeySets,
}

/// Which program it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Made {
    /// Where its executable lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
    /// Its size and the time of its last change, which tell one build from another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The version of orch that it was made with.
    pub orch: String,
}

impl Made {
    /// This program, as far as it can be told.
    #[must_use]
    pub fn this_program() -> Self {
        let mut made = Self { orch: env!("CARGO_PKG_VERSION").to_owned(), ..Self::default() };
        if let Ok(path) = std::env::current_exe() {
            made.build = std::fs::metadata(&path).ok().and_then(|metadata| {
                let changed = Timestamp::try_from(metadata.modified().ok()?).ok()?;
                Some(format!("{} bytes, {changed}", metadata.len()))
            });
            made.executable = Some(path.display().to_string());
        }
        made
    }
}
