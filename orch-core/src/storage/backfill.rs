use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZero;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Holder, Pinned, RunRecord, StorageError, StorageErrorKind};
use crate::asset::AssetKey;
use crate::define::Tags;
use crate::ids::{BackfillId, RunId};
use crate::partition::{PartitionMapping, PartitionsDefinition};

/// The tag of a run that says of which backfill it is.
pub const BACKFILL_TAG: &str = "orch/backfill";

/// The tag of such a run that says which unit it makes.
pub(crate) const UNIT_TAG: &str = "orch/backfill_unit";

/// A backfill as it was launched, and what was marked since. What has become of it its runs tell, which bear its identifier
/// as a tag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BackfillRecord {
    /// Its identifier.
    pub id: BackfillId,
    /// When it was launched, in UTC: its partitions are those that there were then.
    pub created: Timestamp,
    /// The tags of its runs.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// For how many partitions a run is, at most.
    pub per: NonZero<u64>,
    /// How many of its runs may be under way at once.
    pub max_concurrent: NonZero<usize>,
    /// What is made together, each group after those that it is made of.
    pub groups: Vec<BackfillGroup>,
    /// What it was launched with, and stays with: the plan of all that it makes, configuration, environment.
    pub pinned: Pinned,
    /// What was marked since.
    #[serde(skip)]
    pub marks: BackfillMarks,
}

/// Assets that are made by the same runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BackfillGroup {
    /// Their keys, each after all that it is made of.
    pub assets: Vec<AssetKey>,
    /// By what all of them are partitioned; none of an asset without partitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<PartitionsDefinition>,
    /// The partitions that are to be made, as selections are written; none if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<String>,
    /// The groups that they are made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<BackfillTakes>,
}

/// That a group is made of partitions of an earlier one, or of earlier ones of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BackfillTakes {
    /// The other group, by its number.
    pub group: usize,
    /// The asset of that group; none if it may be any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<AssetKey>,
    /// The mapping; none for the one that follows from the definitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<PartitionMapping>,
}

/// What one run of a backfill makes: so many partitions of a group. Written `0.17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    /// The group, by its number.
    pub group: usize,
    /// Which of the stretches of its partitions, from 0.
    pub chunk: u64,
}

/// What was marked of a backfill since it was launched: all that its runs do not tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BackfillMarks {
    /// When it was canceled. From then on no run of it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canceled: Option<Timestamp>,
    /// When nothing was left to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The units of which no run could begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
    /// The runs that failed, and in whose place others are to be made.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub again: BTreeSet<RunId>,
    /// The runs that someone has asked to end, each alone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stopped: BTreeSet<RunId>,
}

/// A unit of which no run could begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Refused {
    /// Which.
    pub unit: Unit,
    /// Why.
    pub why: String,
}

/// Something that is to be marked of a backfill.
#[derive(Clone, Debug, PartialEq)]
pub enum BackfillMark {
    /// It is canceled; one that is so already stays as it is.
    Canceled(Timestamp),
    /// Nothing is left to be done.
    Ended(Timestamp),
    /// No run of a unit could begin.
    Refused(Unit, String),
    /// Others are to be made in the place of these runs, and of units of which none could begin.
    Again(Vec<RunId>),
    /// This run is to end as canceled, and the others are to go on.
    Stopped(RunId),
}

/// Holds a backfill for as long as it lives: nobody else drives it.
pub trait HoldBackfill: fmt::Debug + Send + Sync {}

impl BackfillRecord {
    /// A backfill that is about to begin.
    #[must_use]
    pub fn new(id: BackfillId, created: Timestamp, groups: Vec<BackfillGroup>, pinned: Pinned) -> Self {
        Self {
            id,
            created,
            tags: Tags::new(),
            per: NonZero::<u64>::MIN,
            max_concurrent: NonZero::<usize>::MIN,
            groups,
            pinned,
            marks: BackfillMarks::default(),
        }
    }

    /// Whether no run of it is to be made any more, unless failed ones are to be made again.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.marks.canceled.is_some() || self.marks.ended.is_some()
    }
}

impl BackfillGroup {
    /// A group of assets without partitions.
    #[must_use]
    pub fn new(assets: Vec<AssetKey>) -> Self {
        Self { assets, definition: None, partitions: None, takes: Vec::new() }
    }
}

impl BackfillTakes {
    /// That these partitions of a group are taken.
    #[must_use]
    pub fn new(group: usize, mapping: Option<PartitionMapping>) -> Self {
        Self { group, asset: None, mapping }
    }

    /// The same, of this asset of the group alone.
    #[must_use]
    pub fn of(mut self, asset: AssetKey) -> Self {
        self.asset = Some(asset);
        self
    }
}

impl BackfillMarks {
    /// Marks something of the backfill of this identifier.
    ///
    /// # Errors
    /// If it was canceled, and this would have it go on.
    pub fn mark(&mut self, backfill: BackfillId, mark: BackfillMark) -> Result<(), StorageError> {
        if !matches!(mark, BackfillMark::Canceled(_) | BackfillMark::Ended(_)) {
            self.admits(backfill)?;
        }
        match mark {
            // Of one that has ended there is nothing to cancel.
            BackfillMark::Canceled(_) if self.ended.is_some() => {}
            BackfillMark::Canceled(time) => _ = self.canceled.get_or_insert(time),
            BackfillMark::Ended(time) => self.ended = Some(time),
            BackfillMark::Refused(unit, why) => {
                self.refused.retain(|refused| refused.unit != unit);
                self.refused.push(Refused { unit, why });
            }
            BackfillMark::Again(runs) => {
                self.again.extend(runs);
                (self.refused, self.ended) = (Vec::new(), None);
            }
            BackfillMark::Stopped(run) => _ = self.stopped.insert(run),
        }
        Ok(())
    }

    /// Whether a run of the backfill of this identifier may be made.
    ///
    /// # Errors
    /// If it was canceled.
    pub fn admits(&self, backfill: BackfillId) -> Result<(), StorageError> {
        if self.canceled.is_none() {
            return Ok(());
        }
        let message = format!("the backfill {backfill} was canceled: no run of it is made any more");
        Err(StorageError::new(StorageErrorKind::Over, message)
            .hint("launch another one for what is left: `backfill launch ..`"))
    }
}

impl RunRecord {
    /// The backfill that the run is of, and what it makes of it.
    #[must_use]
    pub fn unit(&self) -> Option<(BackfillId, Unit)> {
        let backfill = self.tags.get(BACKFILL_TAG)?.parse().ok()?;
        Some((backfill, self.tags.get(UNIT_TAG)?.parse().ok()?))
    }
}

impl Unit {
    /// The tags of a run that makes this unit of a backfill.
    #[must_use]
    pub fn tags(self, backfill: BackfillId) -> Tags {
        let tag = |key: &str, value: String| (key.to_owned(), value);
        Tags::from_iter([tag(BACKFILL_TAG, backfill.to_string()), tag(UNIT_TAG, self.to_string())])
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.group, self.chunk)
    }
}

impl FromStr for Unit {
    type Err = StorageError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (group, chunk) = text.split_once('.').unwrap_or_default();
        match (group.parse(), chunk.parse()) {
            (Ok(group), Ok(chunk)) => Ok(Self { group, chunk }),
            _ => Err(StorageError::new(
                StorageErrorKind::Corrupt,
                format!("`{text}` is no unit of a backfill, which is written as two numbers: `0.17`"),
            )),
        }
    }
}

impl Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Unit {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl StorageError {
    /// There is no such backfill.
    #[must_use]
    pub fn no_backfill(backfill: BackfillId) -> Self {
        Self::new(StorageErrorKind::NotFound, format!("there is no backfill {backfill}"))
    }

    /// There is such a backfill already.
    #[must_use]
    pub fn backfill_exists(backfill: BackfillId) -> Self {
        Self::new(StorageErrorKind::Exists, format!("there is a backfill {backfill} already"))
            .hint("each has an identifier of its own; `backfill resume` goes on with this one")
    }

    /// Someone else drives the backfill.
    #[must_use]
    pub fn backfill_held(backfill: BackfillId, holder: Holder) -> Self {
        let message = format!("the backfill {backfill} is driven by {holder}");
        Self::new(StorageErrorKind::Held(holder), message)
            .hint("wait for it to end, or cancel it: `backfill cancel`")
    }
}
