use std::fmt;
use std::io::Cursor;
use std::ops::{BitAnd, BitOr, BitOrAssign, Range, RangeInclusive, Sub};

use roaring::RoaringTreemap;

use super::error::PartitionError;

/// A set of partitions of one definition, by their indexes: those that are materialized, that failed, that are selected.
///
/// It is a compressed bitmap: stretches cost next to nothing, however long they are, and sets are joined, intersected and
/// subtracted without looking at each partition. Which indexes exist is the
/// [keyspace](super::Keyspace)'s to say.
///
/// ```
/// use orch_core::partition::PartitionSet;
///
/// let (materialized, selected) = (PartitionSet::from(0..1_000_000), PartitionSet::from(999_990..1_000_010));
/// let missing = &selected - &materialized;
/// assert_eq!((missing.len(), missing.first()), (10, Some(1_000_000)));
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct PartitionSet(RoaringTreemap);

impl PartitionSet {
    /// A set without partitions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a partition; whether it was not there.
    pub fn insert(&mut self, index: u64) -> bool {
        self.0.insert(index)
    }

    /// Adds all from one to another, both included.
    pub fn insert_run(&mut self, run: RangeInclusive<u64>) {
        self.0.insert_range(run);
    }

    /// Removes a partition; whether it was there.
    pub fn remove(&mut self, index: u64) -> bool {
        self.0.remove(index)
    }

    /// Whether the partition is in it.
    #[must_use]
    pub fn contains(&self, index: u64) -> bool {
        self.0.contains(index)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one of the least index.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.0.min()
    }

    /// The one of the greatest index.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.0.max()
    }

    /// Whether all of it are in the other set.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// How many are in both sets, without making the set of them.
    #[must_use]
    pub fn common_len(&self, other: &Self) -> u64 {
        self.0.intersection_len(&other.0)
    }

    /// The indexes, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter()
    }

    /// The stretches of indexes without a hole, ascending, as long as they can be.
    pub fn runs(&self) -> impl Iterator<Item = RangeInclusive<u64>> {
        let parts = self.0.bitmaps().flat_map(|(high, bitmap)| {
            let mut rest = bitmap.iter();
            let wide = move |low: u32| u64::from(high) << 32 | u64::from(low);
            std::iter::from_fn(move || rest.next_range().map(|run| wide(*run.start())..=wide(*run.end())))
        });
        let mut parts = parts.peekable();
        std::iter::from_fn(move || {
            let run = parts.next()?;
            // A stretch may go on in the next bitmap.
            let mut end = *run.end();
            while let Some(next) = parts.next_if(|next| end.checked_add(1) == Some(*next.start())) {
                end = *next.end();
            }
            Some(*run.start()..=end)
        })
    }

    /// The set in the portable format of Roaring bitmaps (64 bits), as small as it gets.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut packed = self.0.clone();
        packed.optimize();
        let mut bytes = Vec::with_capacity(packed.serialized_size());
        // A vector takes all that is written.
        let written = packed.serialize_into(&mut bytes);
        debug_assert!(written.is_ok());
        bytes
    }

    /// The set of [these bytes](Self::to_bytes).
    ///
    /// # Errors
    ///
    /// If they are not such a set from their first to their last byte. There is no checksum: bytes that were changed into
    /// another set are that other set.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PartitionError> {
        let damaged = |why: String| {
            PartitionError::damaged(format!("these {} bytes are no set of partitions: {why}", bytes.len()))
        };
        let mut rest = Cursor::new(bytes);
        let set = RoaringTreemap::deserialize_from(&mut rest).map_err(|error| damaged(error.to_string()))?;
        match bytes.len() as u64 - rest.position() {
            0 => Ok(Self(set)),
            more => Err(damaged(format!("the last {more} are not part of it"))),
        }
    }
}

/// As many as anyone reads; the stretches are what matters.
impl fmt::Debug for PartitionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {{", self.len())?;
        for (at, run) in self.runs().take(20).enumerate() {
            f.write_str(if at > 0 { ", " } else { "" })?;
            match run.start() == run.end() {
                true => write!(f, "{}", run.start())?,
                false => write!(f, "{}..={}", run.start(), run.end())?,
            }
        }
        f.write_str("}")
    }
}

impl From<Range<u64>> for PartitionSet {
    fn from(range: Range<u64>) -> Self {
        let mut set = RoaringTreemap::new();
        set.insert_range(range);
        Self(set)
    }
}

impl FromIterator<u64> for PartitionSet {
    fn from_iter<I: IntoIterator<Item = u64>>(indexes: I) -> Self {
        Self(indexes.into_iter().collect())
    }
}

impl BitOr for &PartitionSet {
    type Output = PartitionSet;

    /// Those in one or both.
    fn bitor(self, other: Self) -> PartitionSet {
        PartitionSet(&self.0 | &other.0)
    }
}

impl BitOrAssign<&Self> for PartitionSet {
    /// Adds those of the other.
    fn bitor_assign(&mut self, other: &Self) {
        self.0 |= &other.0;
    }
}

impl BitAnd for &PartitionSet {
    type Output = PartitionSet;

    /// Those in both.
    fn bitand(self, other: Self) -> PartitionSet {
        PartitionSet(&self.0 & &other.0)
    }
}

impl Sub for &PartitionSet {
    type Output = PartitionSet;

    /// Those in the first alone.
    fn sub(self, other: Self) -> PartitionSet {
        PartitionSet(&self.0 - &other.0)
    }
}
