//! Mappings: which partitions of an upstream asset one of a downstream asset needs, and the other way round.

mod link;
mod route;
mod side;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use link::{Link, MappedPartitions};

/// How partitions of a downstream asset depend on those of an upstream one.
///
/// A declaration, plain data; what does not fit the two definitions is told when they are [linked](Link::new). Where none is
/// given, and as [`default`](Self::default) says, it follows from the definitions:
///
/// | definitions | mapping |
/// |---|---|
/// | one asset is not partitioned | [all](Self::all) |
/// | both are the same | [identity](Self::identity) |
/// | both are by time | [time window](Self::time_window) without offsets: what overlaps |
/// | one has several dimensions, of which one is the definition of the other | [that dimension](Self::dimension) |
/// | else | [identity](Self::identity) |
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionMapping {
    /// None if it follows from the definitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<Rule>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    allow_missing: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rule {
    Identity,
    All,
    Last,
    Specific(Vec<String>),
    /// Downstream keys by upstream key.
    Static(BTreeMap<String, Vec<String>>),
    TimeWindow {
        start_offset: i64,
        end_offset: i64,
    },
    /// The dimension of the side that has several.
    Dimension(String),
    /// By downstream dimension.
    Dimensions(BTreeMap<String, FromDimension>),
}

/// The upstream dimension on which a downstream one depends, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FromDimension {
    upstream: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<Rule>,
}

impl PartitionMapping {
    fn of(rule: Rule) -> Self {
        Self { rule: Some(rule), allow_missing: false }
    }

    /// Each partition on the one of the same key.
    #[must_use]
    pub fn identity() -> Self {
        Self::of(Rule::Identity)
    }

    /// Each partition on all.
    #[must_use]
    pub fn all() -> Self {
        Self::of(Rule::All)
    }

    /// Each partition on the last that exists.
    #[must_use]
    pub fn last() -> Self {
        Self::of(Rule::Last)
    }

    /// Each partition on these.
    pub fn specific<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::of(Rule::Specific(keys.into_iter().map(Into::into).collect()))
    }

    /// By pairs of an upstream and a downstream key: either may stand in several.
    pub fn pairs<U: Into<String>, D: Into<String>>(pairs: impl IntoIterator<Item = (U, D)>) -> Self {
        let mut downstream = BTreeMap::<String, Vec<String>>::new();
        for (up, down) in pairs {
            downstream.entry(up.into()).or_default().push(down.into());
        }
        Self::of(Rule::Static(downstream))
    }

    /// Each window on those that overlap it. The offsets move its start and its end by so many windows of the downstream
    /// definition: `time_window(-1, 0)` has the window before it too, `time_window(-1, -1)` that one alone.
    #[must_use]
    pub fn time_window(start_offset: i64, end_offset: i64) -> Self {
        Self::of(Rule::TimeWindow { start_offset, end_offset })
    }

    /// Between one dimension and several: by this one of the several, with all keys of the others.
    pub fn dimension(name: impl Into<String>) -> Self {
        Self::of(Rule::Dimension(name.into()))
    }

    /// Between several dimensions and several, none of them yet. With all keys of the upstream dimensions that stay so.
    #[must_use]
    pub fn dimensions() -> Self {
        Self::of(Rule::Dimensions(BTreeMap::new()))
    }

    /// A downstream dimension depends on this upstream one, as it would by itself. On a mapping that is not
    /// [by dimensions](Self::dimensions) it begins one.
    #[must_use]
    pub fn on(self, downstream: impl Into<String>, upstream: impl Into<String>) -> Self {
        self.add(downstream.into(), FromDimension { upstream: upstream.into(), rule: None })
    }

    /// A downstream dimension depends on this upstream one by a mapping; of that it matters only how it maps.
    #[must_use]
    pub fn on_by(self, downstream: impl Into<String>, upstream: impl Into<String>, mapping: Self) -> Self {
        self.add(downstream.into(), FromDimension { upstream: upstream.into(), rule: mapping.rule })
    }

    fn add(mut self, downstream: String, from: FromDimension) -> Self {
        match &mut self.rule {
            Some(Rule::Dimensions(dimensions)) => _ = dimensions.insert(downstream, from),
            _ => self.rule = Some(Rule::Dimensions(BTreeMap::from([(downstream, from)]))),
        }
        self
    }

    /// What is needed and does not exist, or was never materialized, is left out, and is not named; so is what others make and of which
    /// nothing was there when it was observed last.
    #[must_use]
    pub fn allow_missing(mut self) -> Self {
        self.allow_missing = true;
        self
    }

    /// Whether it follows from the definitions.
    pub(crate) fn follows(&self) -> bool {
        self.rule.is_none()
    }

    /// Whether each partition is made of the one of the same key, if the definitions are the same.
    pub(crate) fn is_same(&self) -> bool {
        matches!(self.rule, None | Some(Rule::Identity))
    }

    /// Whether what each partition depends on comes before it in time, where it depends on partitions of its own definition, which
    /// has these dimensions if it has several: then no partition depends on itself in a round-about way, and one comes after all
    /// that it depends on in the order of their indexes.
    pub(crate) fn is_earlier<'a>(&self, mut dimensions: impl Iterator<Item = &'a str>) -> bool {
        let ends_before =
            |rule: &Option<Rule>| matches!(rule, Some(Rule::TimeWindow { end_offset: ..0, .. }));
        let Some(Rule::Dimensions(from)) = &self.rule else { return ends_before(&self.rule) };
        let on_itself = |name: &str| {
            let is_same = |rule: &Option<Rule>| matches!(rule, None | Some(Rule::Identity));
            from.get(name)
                .is_some_and(|of| of.upstream == name && (is_same(&of.rule) || ends_before(&of.rule)))
        };
        dimensions.all(on_itself) && from.values().any(|of| ends_before(&of.rule))
    }

    /// Whether a partition depends on several windows of time, one after the other.
    pub(crate) fn takes_several_windows(&self) -> bool {
        let several = |rule: &Option<Rule>| matches!(rule, Some(Rule::TimeWindow { start_offset, end_offset }) if start_offset < end_offset);
        match &self.rule {
            Some(Rule::Dimensions(from)) => from.values().any(|of| several(&of.rule)),
            rule => several(rule),
        }
    }

    /// Whether what is not there is left out.
    #[must_use]
    pub fn allows_missing(&self) -> bool {
        self.allow_missing
    }
}
