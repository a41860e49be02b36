use std::fmt;

use jiff::Timestamp;

use super::axis::Axis;
use super::error::PartitionError;
use super::key::PartitionKey;
use super::keyspace::{Keyspace, Shape, within};
use super::listing::{Item, Written, items, listed, range};
use super::product::Product;
use super::set::PartitionSet;
use crate::ids::nearest;

/// A stretch of partitions without a hole, in the order of their indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// The first.
    pub first: PartitionKey,
    /// The last; the same if there is but one.
    pub last: PartitionKey,
    /// How many there are.
    pub len: u64,
}

/// As it is selected, of partitions of one dimension.
impl fmt::Display for KeyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.len {
            1 => f.write_str(&listed(self.first.as_str())),
            _ => f.write_str(&range(self.first.as_str(), self.last.as_str())),
        }
    }
}

impl Keyspace {
    /// The partitions that a text selects, among those that exist.
    ///
    /// | text | selects |
    /// |---|---|
    /// | `2024-01-31` | the partition of this key |
    /// | `2024-01-01..2024-01-31` | all from the one to the other, **both included** |
    /// | `2024-01-01..`, `..2024-01-31` | all from it on, all up to it, itself included |
    /// | `latest` | the last that exists |
    /// | `eu, us` | what any of them selects |
    /// | `"eu, west"` | the partition of the key `eu, west`; a quote that belongs to a key is written twice |
    /// | `*`, `all` | all |
    ///
    /// Of several dimensions each is selected by itself, and a dimension that is not named has all of its keys:
    /// `date=2024-01-01..2024-01-31; region=eu, us`. Between several such selections stands `||`. Whole keys can be listed too:
    /// `2024-01-01|eu, 2024-01-02|us`.
    ///
    /// A key that is written as the whole text is that key, and one that is written as one of these words. Only a key in which
    /// there is a comma needs quotes, one that begins with a quote, and of a range one that begins or ends with a dot.
    ///
    /// # Errors
    ///
    /// If the text cannot be read, or names a key that there is not, or not yet; nothing is left out silently.
    pub fn select(&self, text: &str, now: Timestamp) -> Result<PartitionSet, PartitionError> {
        match &*self.shape {
            Shape::One(axis) => axis.select(text, now),
            Shape::Product(product) => {
                let parts = text.split("||").map(|part| self.select_part(product, part.trim(), now));
                parts.reduce(|all, part| Ok(&all? | &part?)).unwrap_or_else(|| Err(empty()))
            }
        }
    }

    /// One of the parts between which `||` stands.
    fn select_part(
        &self,
        product: &Product,
        text: &str,
        now: Timestamp,
    ) -> Result<PartitionSet, PartitionError> {
        if text.is_empty() {
            return Err(empty());
        }
        if is_all(text) {
            return Ok(self.all(now));
        }
        if text.contains('|') || !text.contains('=') {
            return text.split(',').map(|key| self.select_key(product, key.trim(), now)).collect();
        }
        let mut parts: Vec<Option<PartitionSet>> = vec![None; product.len()];
        let axes: Vec<_> = product.axes().collect();
        for clause in text.split(';').map(str::trim).filter(|clause| !clause.is_empty()) {
            let (name, keys) = clause.split_once('=').ok_or_else(|| {
                PartitionError::selection(format!("`{clause}` selects in no dimension"))
                    .hint(format!("write a dimension before it: `{}={clause}`", axes[0].0))
            })?;
            let name = name.trim();
            let at = product.at(name).ok_or_else(|| unknown_dimension(name, &axes))?;
            if parts[at].is_some() {
                return Err(PartitionError::selection(format!("the dimension `{name}` is selected twice"))
                    .hint("list its keys with commas between"));
            }
            parts[at] = Some(within(name, axes[at].1.select(keys, now))?);
        }
        let chosen = parts.into_iter().zip(&axes);
        let chosen: Vec<_> =
            chosen.map(|(part, (_, axis))| part.unwrap_or_else(|| axis.existing(now))).collect();
        Ok(product.rectangle(&chosen))
    }

    fn select_key(&self, product: &Product, key: &str, now: Timestamp) -> Result<u64, PartitionError> {
        if !key.contains('|') && product.len() > 1 {
            let names: Vec<_> = self.dimensions().collect();
            let (apart, whole) = (names.iter().map(|name| format!("{name}=..")), names.join("|"));
            let apart = apart.collect::<Vec<_>>().join("; ");
            return Err(PartitionError::selection(format!("`{key}` selects in no dimension")).hint(format!(
                "write `{apart}`, each or some of them, or a whole key in this order: `{whole}`"
            )));
        }
        let index = self.index_of(key)?;
        for (at, (name, axis)) in product.axes().enumerate() {
            let part = product.part(index, at);
            if !axis.exists(part, now) {
                return Err(axis.not_yet(&axis.key(part)?, now).within(&format!("dimension `{name}`")));
            }
        }
        Ok(index)
    }

    /// The set as a text that selects it, as short as ranges make it.
    ///
    /// An index that no key has is shown as `#7`.
    #[must_use]
    pub fn show(&self, set: &PartitionSet) -> String {
        match &*self.shape {
            Shape::One(axis) => axis.show(set),
            Shape::Product(product) => {
                let rectangle = |parts: Vec<PartitionSet>| {
                    let clauses = product.axes().zip(parts);
                    let clauses = clauses.filter(|((_, axis), part)| axis.bound() != Some(part.len()));
                    let clauses: Vec<_> =
                        clauses.map(|((name, axis), part)| format!("{name}={}", axis.show(&part))).collect();
                    if clauses.is_empty() { "*".into() } else { clauses.join("; ") }
                };
                let rectangles: Vec<_> = product.rectangles(set).into_iter().map(rectangle).collect();
                rectangles.join(" || ")
            }
        }
    }

    /// The stretches of a set, for whoever shows them one by one. Keys of a dynamic set stand each by itself: nobody knows which
    /// were added between two of them.
    ///
    /// # Errors
    ///
    /// If there is an index in it that no partition has.
    pub fn ranges(&self, set: &PartitionSet) -> Result<Vec<KeyRange>, PartitionError> {
        let range = |run: std::ops::RangeInclusive<u64>| {
            let (first, last) = (self.key_of(*run.start())?, self.key_of(*run.end())?);
            Ok(KeyRange { first, last, len: run.end() - run.start() + 1 })
        };
        match &*self.shape {
            Shape::One(Axis::Dynamic(..)) => set.iter().map(|index| range(index..=index)).collect(),
            _ => set.runs().map(range).collect(),
        }
    }
}

impl Axis {
    pub(super) fn select(&self, text: &str, now: Timestamp) -> Result<PartitionSet, PartitionError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(empty());
        }
        // A key may have a comma, or be called `all`.
        if let Some(index) = self.find(text) {
            return self.existing_key(text, index, now).map(|index| PartitionSet::from_iter([index]));
        }
        if is_all(text) {
            return Ok(self.existing(now));
        }
        let mut set = PartitionSet::new();
        for Item { text: item, first, last } in items(text)? {
            if let Some(last) = last {
                set |= &self.select_range(item, &first, &last, now)?;
            } else if first.is_left_out() {
                return Err(PartitionError::selection(format!("`{text}` has a comma without a key")));
            } else {
                set.insert(self.select_one(&first, now)?);
            }
        }
        Ok(set)
    }

    fn select_range(
        &self,
        item: &str,
        first: &Written<'_>,
        last: &Written<'_>,
        now: Timestamp,
    ) -> Result<PartitionSet, PartitionError> {
        let end = |written: &Written<'_>, open: Option<u64>| match written.is_left_out() {
            true => open.ok_or_else(none_yet),
            false => self.select_one(written, now),
        };
        let existing = self.existing(now);
        let (from, to) = (end(first, existing.first())?, end(last, existing.last())?);
        if from > to {
            return Err(PartitionError::selection(format!("the range `{item}` ends before it begins"))
                .hint(format!("write `{}`", range(&last.key, &first.key))));
        }
        let mut range = PartitionSet::new();
        range.insert_run(from..=to);
        Ok(&range & &existing)
    }

    fn select_one(&self, written: &Written<'_>, now: Timestamp) -> Result<u64, PartitionError> {
        match written.is("latest") && self.find("latest").is_none() {
            true => self.latest(now).ok_or_else(none_yet),
            false => self.existing_key(&written.key, self.index(&written.key)?, now),
        }
    }

    fn existing_key(&self, key: &str, index: u64, now: Timestamp) -> Result<u64, PartitionError> {
        if self.exists(index, now) { Ok(index) } else { Err(self.not_yet(key, now)) }
    }

    pub(super) fn show(&self, set: &PartitionSet) -> String {
        let key = |index| self.key(index).unwrap_or_else(|_| format!("#{index}"));
        let runs = set.runs().map(|run| match self {
            Self::Time(_) if run.start() < run.end() => range(&key(*run.start()), &key(*run.end())),
            // Names have an order that nobody knows by heart.
            _ => run.map(|index| listed(&key(index)).into_owned()).collect::<Vec<_>>().join(", "),
        });
        let text = runs.collect::<Vec<_>>().join(", ");
        match (self.find(&text), set.first()) {
            // A key that is written as the list is would be selected. No key has what is between the ends of a range.
            (Some(index), Some(first)) if (index, 1) != (first, set.len()) => {
                format!("{}, {text}", range(&key(first), &key(first)))
            }
            _ => text,
        }
    }
}

fn is_all(text: &str) -> bool {
    text == "*" || text == "all"
}

fn empty() -> PartitionError {
    PartitionError::selection("the selection of partitions is empty")
        .hint("write keys, a range `first..last`, `latest` or `*`")
}

fn none_yet() -> PartitionError {
    PartitionError::key("no partition exists yet")
}

fn unknown_dimension(name: &str, axes: &[(&str, &Axis)]) -> PartitionError {
    let names: Vec<_> = axes.iter().map(|(name, _)| *name).collect();
    let error = PartitionError::selection(format!("there is no dimension `{name}`"));
    match nearest(name, names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("the dimensions are {}", names.join(", "))),
    }
}
