use std::ops::RangeInclusive;

use super::axis::Axis;
use super::definition::ProductPartitions;
use super::dynamic::KeySets;
use super::error::PartitionError;
use super::set::PartitionSet;
use crate::ids::QuickMap;

/// How the indexes of several dimensions make one.
///
/// An index must be the same however time goes on and whatever keys are added to dynamic sets. So:
///
/// - static dimensions, whose keys are counted, are the least significant: one number in mixed radix, without holes;
/// - above them are those that go on, time and dynamic sets. One alone is all the rest: a product of time and static
///   dimensions has no holes at all, and what is there at any time is one stretch. Of several, times have as many bits as it
///   takes to count their windows, and dynamic sets an equal share of those that are left;
/// - within both groups the first by name is the most significant.
#[derive(Debug)]
pub(super) struct Product {
    /// By name.
    dimensions: Vec<Dimension>,
    /// Places in `dimensions`, the most significant first.
    order: Vec<usize>,
}

#[derive(Debug)]
struct Dimension {
    name: String,
    axis: Axis,
    /// What one more in this dimension is in the index.
    stride: u64,
    /// Its indexes are below.
    size: u64,
}

/// The least share of the bits that keys of a dynamic set have: room for 4,096, where times that never end and several such sets come
/// together.
const LEAST_SHARE: u32 = 12;

impl Product {
    pub(super) fn new(definition: &ProductPartitions, sets: &KeySets) -> Result<Self, PartitionError> {
        if let Some(name) = definition.again.first() {
            return Err(PartitionError::definition(format!("the dimension `{name}` is given twice")));
        }
        if definition.dimensions.is_empty() {
            return Err(PartitionError::definition("partitions of several dimensions have none")
                .hint("add them: `PartitionsDefinition::product().by(\"date\", ..).by(\"region\", ..)`"));
        }
        let mut dimensions = Vec::new();
        for (name, partitions) in &definition.dimensions {
            let at = format!("dimension `{name}`");
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
                return Err(PartitionError::definition(format!(
                    "{at}: a name consists of letters, digits, `_` and `-`"
                )));
            }
            let axis = Axis::new(partitions, sets).map_err(|error| error.within(&at))?;
            let Some(axis) = axis else {
                return Err(PartitionError::definition(format!("{at} has several dimensions itself"))
                    .hint("write its dimensions beside the others"));
            };
            axis.check_values().map_err(|error| error.within(&at))?;
            dimensions.push(Dimension { name: name.clone(), axis, stride: 0, size: 0 });
        }
        let mut product = Self { dimensions, order: Vec::new() };
        product.lay_out()?;
        Ok(product)
    }

    fn lay_out(&mut self) -> Result<(), PartitionError> {
        let bounded = |at: &usize| self.dimensions[*at].axis.bound().is_some();
        let (fixed, open): (Vec<_>, Vec<_>) = (0..self.dimensions.len()).partition(bounded);
        let mut stride = 1_u64;
        for at in fixed.iter().rev() {
            let dimension = &mut self.dimensions[*at];
            dimension.size = dimension.axis.bound().unwrap_or(1);
            dimension.stride = stride;
            stride = stride.checked_mul(dimension.size).ok_or_else(|| {
                PartitionError::definition(
                    "the static dimensions have more combinations than 64 bits have numbers",
                )
            })?;
        }
        // An index is below 2^63, so that sums with one more never wrap.
        let room = (u64::MAX >> 1) / stride;
        let sizes = self.shares(&open, room)?;
        for (at, size) in open.iter().zip(sizes).rev() {
            let dimension = &mut self.dimensions[*at];
            (dimension.size, dimension.stride) = (size, stride);
            stride = stride.saturating_mul(size);
        }
        self.order = [open, fixed].concat();
        Ok(())
    }

    /// How many numbers each of the dimensions that go on has, if together they have so many.
    fn shares(&self, open: &[usize], room: u64) -> Result<Vec<u64>, PartitionError> {
        let axes = || open.iter().map(|at| &self.dimensions[*at].axis);
        let dynamic = axes().filter(|axis| matches!(axis, Axis::Dynamic(..))).count();
        // Times are known up to a last one.
        let bits_of = |axis: &Axis| match axis {
            Axis::Time(windows) => windows.all().max(1).next_power_of_two().ilog2(),
            Axis::Dynamic(..) | Axis::Static(_) => 0,
        };
        let (bits, times) = (room.max(1).ilog2(), axes().map(bits_of).sum::<u32>());
        let left = bits.saturating_sub(times).checked_div(u32::try_from(dynamic).unwrap_or(u32::MAX));
        let share = left.unwrap_or(0);
        if open.len() > 1 && (times > bits || dynamic > 0 && share < LEAST_SHARE) {
            let names: Vec<_> = open.iter().map(|at| format!("`{}`", self.dimensions[*at].name)).collect();
            let names = names.join(", ");
            return Err(PartitionError::definition(format!(
                "the dimensions {names} do not fit into one index: it has 63 bits, of which {bits} are left for them"
            ))
            .hint("give times an end, or leave out a dimension"));
        }
        let size = |axis: &Axis| match axis {
            _ if open.len() == 1 => room,
            Axis::Dynamic(..) => 1 << share,
            axis => 1 << bits_of(axis),
        };
        for at in open {
            let Dimension { name, axis, .. } = &self.dimensions[*at];
            let (most, there) = match axis {
                Axis::Time(windows) => (size(axis), windows.all()),
                Axis::Dynamic(_, keys) => (size(axis), keys.numbers()),
                Axis::Static(_) => continue,
            };
            if there > most {
                return Err(PartitionError::definition(format!(
                    "the dimension `{name}` has or had {there} keys, and there is room for {most} beside the others"
                ))
                .hint("give times an end, or leave out a dimension"));
            }
        }
        Ok(axes().map(size).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.dimensions.len()
    }

    /// What an index is made of by them, in the order of the names.
    pub(super) fn strides(&self) -> impl Iterator<Item = u64> {
        self.dimensions.iter().map(|dimension| dimension.stride)
    }

    /// Names and axes, in the order of the names.
    pub(super) fn axes(&self) -> impl Iterator<Item = (&str, &Axis)> {
        self.dimensions.iter().map(|dimension| (dimension.name.as_str(), &dimension.axis))
    }

    /// The values of a key, each with its dimension.
    pub(super) fn values<'a>(
        &'a self,
        key: &'a str,
    ) -> Result<impl Iterator<Item = (&'a str, &'a Axis, &'a str)>, PartitionError> {
        if key.split('|').count() != self.len() {
            let names: Vec<_> = self.axes().map(|(name, _)| name).collect();
            return Err(PartitionError::key(format!(
                "`{key}` is no key of these partitions: it does not have one value for each dimension"
            ))
            .hint(format!("write a value for each, with `|` between: `{}`", names.join("|"))));
        }
        Ok(self.axes().zip(key.split('|')).map(|((name, axis), value)| (name, axis, value)))
    }

    /// Whether what exists is not one stretch: keys of dynamic sets come and go, and two dimensions that go on leave room.
    pub(super) fn has_holes(&self) -> bool {
        let is_dynamic = |(_, axis): (&str, &Axis)| matches!(axis, Axis::Dynamic(..));
        let open = self.axes().filter(|(_, axis)| axis.bound().is_none());
        self.axes().any(is_dynamic) || open.count() > 1
    }

    pub(super) fn at(&self, name: &str) -> Option<usize> {
        self.dimensions.iter().position(|dimension| dimension.name == name)
    }

    /// The index within the dimension at this place.
    pub(super) fn part(&self, index: u64, at: usize) -> u64 {
        let Dimension { stride, size, .. } = self.dimensions[at];
        if self.order[0] == at { index / stride } else { index / stride % size }
    }

    /// What one more in the dimension at this place is in the index.
    pub(super) fn stride(&self, at: usize) -> u64 {
        self.dimensions[at].stride
    }

    /// The index of these, in the order of the names; those within dimensions are within their bounds.
    pub(super) fn join(&self, parts: impl IntoIterator<Item = u64>) -> u64 {
        self.dimensions.iter().zip(parts).map(|(dimension, part)| part * dimension.stride).sum()
    }

    /// Every combination of these, in the order of the names.
    pub(super) fn rectangle(&self, parts: &[PartitionSet]) -> PartitionSet {
        let mut all = PartitionSet::from(0..1);
        for at in self.order.iter().rev() {
            let Dimension { stride, .. } = self.dimensions[*at];
            // All below this dimension, without a hole.
            let full = all.len() == stride;
            let below = all;
            all = PartitionSet::new();
            for run in parts[*at].runs() {
                if full {
                    all.insert_run(run.start() * stride..=run.end() * stride + (stride - 1));
                    continue;
                }
                for part in run {
                    below.runs().for_each(|run| {
                        all.insert_run(run.start() + part * stride..=run.end() + part * stride);
                    });
                }
            }
        }
        all
    }

    /// The set as rectangles, for each the indexes within the dimensions, in the order of the names. No two of them have a
    /// partition in common.
    pub(super) fn rectangles(&self, set: &PartitionSet) -> Vec<Vec<PartitionSet>> {
        let mut found = Vec::new();
        self.split(set, 0, &mut vec![PartitionSet::new(); self.len()], &mut found);
        found
    }

    fn split(
        &self,
        set: &PartitionSet,
        level: usize,
        parts: &mut Vec<PartitionSet>,
        found: &mut Vec<Vec<PartitionSet>>,
    ) {
        let Some(at) = self.order.get(level).copied() else {
            found.push(parts.clone());
            return;
        };
        for (here, below) in groups(set, self.dimensions[at].stride) {
            parts[at] = here;
            self.split(&below, level + 1, parts, found);
        }
    }

    /// The indexes within a dimension that occur in the set.
    pub(super) fn project(&self, set: &PartitionSet, at: usize) -> PartitionSet {
        let mut found = PartitionSet::new();
        self.rectangles(set).iter().for_each(|parts| found |= &parts[at]);
        found
    }
}

/// The quotients of the indexes by a stride, together where they have the same remainders, and these remainders.
fn groups(set: &PartitionSet, stride: u64) -> Vec<(PartitionSet, PartitionSet)> {
    let mut full = PartitionSet::new();
    // Remainders of quotients that have not all of them; runs come in order, so the last is the one that goes on.
    let mut partial: Vec<(u64, PartitionSet)> = Vec::new();
    let mut add = |quotient: u64, from: u64, to: u64| {
        if partial.last().is_none_or(|(last, _)| *last != quotient) {
            partial.push((quotient, PartitionSet::new()));
        }
        if let Some((_, remainders)) = partial.last_mut() {
            remainders.insert_run(from..=to);
        }
    };
    for run in set.runs() {
        let (mut from, end) = (*run.start(), *run.end());
        if from % stride != 0 {
            let to = end.min(from - from % stride + (stride - 1));
            add(from / stride, from % stride, to % stride);
            from = to + 1;
        }
        let whole = (end + 1).saturating_sub(from) / stride;
        if from <= end && whole > 0 {
            full.insert_run(from / stride..=from / stride + whole - 1);
            from += whole * stride;
        }
        if from <= end {
            add(from / stride, 0, end % stride);
        }
    }
    let mut groups: Vec<(PartitionSet, PartitionSet)> = Vec::new();
    if !full.is_empty() {
        groups.push((full, PartitionSet::from(0..stride)));
    }
    // Many may be few that come again.
    let mut known: QuickMap<Vec<RangeInclusive<u64>>, usize> = QuickMap::default();
    for (quotient, remainders) in partial {
        let at = *known.entry(remainders.runs().collect()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((quotients, _)) => _ = quotients.insert(quotient),
            None => groups.push((PartitionSet::from_iter([quotient]), remainders)),
        }
    }
    groups.sort_by_key(|(quotients, _)| quotients.first());
    groups
}
