use jiff::Timestamp;

use super::super::axis::Axis;
use super::super::error::PartitionError;
use super::super::listing::range;
use super::super::set::PartitionSet;
use super::super::time::Windows;
use super::Rule;

/// On what of an upstream dimension downstream partitions depend.
#[derive(Debug)]
pub(super) enum Route {
    All,
    Last,
    Specific(Named),
    /// On what a downstream dimension, by its place, says.
    Of(usize, How),
}

/// How the indexes of two dimensions belong together.
#[derive(Debug)]
pub(super) enum How {
    Same,
    ByKey,
    /// Upstream and downstream indexes, and keys of a dynamic set that downstream indexes need and that were never in it.
    Pairs(Vec<(u64, u64)>, Vec<(String, u64)>),
    /// Windows that overlap, with the downstream ones moved by so many of them.
    Overlap {
        start: i64,
        end: i64,
    },
}

/// The partitions that a mapping names.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Those that are there, or were.
    pub(super) keys: PartitionSet,
    /// Keys of dynamic sets that were never in them.
    pub(super) lacking: Vec<String>,
}

impl Named {
    /// What these keys name, by what gives them their indexes.
    pub(super) fn of(
        keys: &[String],
        index: impl Fn(&str) -> Result<Option<u64>, PartitionError>,
    ) -> Result<Self, PartitionError> {
        let mut named = Self::default();
        for key in keys {
            match index(key).map_err(|error| error.within("the mapping"))? {
                Some(index) => _ = named.keys.insert(index),
                None => named.lacking.push(key.clone()),
            }
        }
        Ok(named)
    }
}

/// What an upstream dimension has of what is needed, and which keys it has not.
pub(super) struct Found {
    pub(super) keys: PartitionSet,
    pub(super) missing: Vec<String>,
}

impl Route {
    /// The route of a rule, or what follows from the dimensions if there is none.
    pub(super) fn new(
        rule: Option<&Rule>,
        up: &Axis,
        down: (usize, &Axis),
        same: bool,
    ) -> Result<Self, PartitionError> {
        let (at, down) = down;
        let how = match rule {
            None | Some(Rule::Identity) if same => How::Same,
            None => match (up, down) {
                (Axis::Time(up), Axis::Time(down)) => overlap(up, down, 0, 0)?,
                _ => How::ByKey,
            },
            Some(Rule::Identity) => How::ByKey,
            Some(Rule::All) => return Ok(Self::All),
            Some(Rule::Last) => return Ok(Self::Last),
            Some(Rule::Specific(keys)) => {
                return Named::of(keys, |key| up.named_index(key)).map(Self::Specific);
            }
            Some(Rule::Static(downstream)) => {
                let within = |error: PartitionError| error.within("the mapping");
                let (mut pairs, mut lacking) = (Vec::new(), Vec::new());
                for (up_key, downs) in downstream {
                    let source = up.named_index(up_key).map_err(within)?;
                    for down_key in downs {
                        // Of what is not there downstream nothing is needed.
                        let Some(to) = down.named_index(down_key).map_err(within)? else { continue };
                        match source {
                            Some(source) => pairs.push((source, to)),
                            None => lacking.push((up_key.clone(), to)),
                        }
                    }
                }
                How::Pairs(pairs, lacking)
            }
            Some(Rule::TimeWindow { start_offset, end_offset }) => match (up, down) {
                (Axis::Time(up), Axis::Time(down)) => overlap(up, down, *start_offset, *end_offset)?,
                _ => {
                    return Err(PartitionError::definition(
                        "a mapping of time windows is between partitions by time",
                    )
                    .hint("of several dimensions map one: `PartitionMapping::dimensions().on_by(..)`"));
                }
            },
            Some(Rule::Dimension(_) | Rule::Dimensions(_)) => {
                return Err(PartitionError::definition("a dimension has no dimensions itself to map by"));
            }
        };
        Ok(Self::Of(at, how))
    }
}

fn overlap(up: &Windows, down: &Windows, start: i64, end: i64) -> Result<How, PartitionError> {
    if up.zone_name() != down.zone_name() {
        return Err(PartitionError::definition(format!(
            "windows by the clock of `{}` do not map to those of `{}`",
            up.zone_name(),
            down.zone_name()
        ))
        .hint("give both definitions one time zone"));
    }
    if start > end {
        return Err(PartitionError::definition(format!(
            "a window from offset {start} to offset {end} ends before it begins"
        )));
    }
    let (from, to) = down.known();
    if [start, end].into_iter().any(|offset| !(from..to).contains(&down.begin(offset))) {
        return Err(PartitionError::definition(format!(
            "offsets from {start} to {end} reach further than 30 years"
        )));
    }
    Ok(How::Overlap { start, end })
}

impl How {
    /// What of the upstream dimension these of the downstream one need.
    pub(super) fn upstream(&self, set: &PartitionSet, up: &Axis, down: &Axis, now: Timestamp) -> Found {
        let needed = match self {
            Self::Same => set.clone(),
            Self::Pairs(pairs, lacking) => {
                let needed =
                    pairs.iter().filter(|(_, down)| set.contains(*down)).map(|(up, _)| *up).collect();
                let mut found = up.found(&needed, now);
                let lacking = lacking.iter().filter(|(_, down)| set.contains(*down));
                found.missing.extend(lacking.map(|(key, _)| key.clone()));
                return found;
            }
            Self::ByKey => return by_key(set, up, down, now),
            Self::Overlap { start, end } => match (up, down) {
                (Axis::Time(up), Axis::Time(down)) => return overlapped(set, up, down, (*start, *end), now),
                _ => PartitionSet::new(),
            },
        };
        up.found(&needed, now)
    }

    /// Which of the downstream dimension need any of these.
    pub(super) fn downstream(
        &self,
        set: &PartitionSet,
        up: &Axis,
        down: &Axis,
        now: Timestamp,
    ) -> PartitionSet {
        let needing = match self {
            Self::Same => set.clone(),
            Self::Pairs(pairs, _) => {
                pairs.iter().filter(|(up, _)| set.contains(*up)).map(|(_, down)| *down).collect()
            }
            Self::ByKey => by_key(set, down, up, now).keys,
            Self::Overlap { start, end } => match (up, down) {
                (Axis::Time(up), Axis::Time(down)) => overlapping(set, up, down, (*start, *end)),
                _ => PartitionSet::new(),
            },
        };
        down.existing_of(&needing, now)
    }
}

impl Axis {
    /// What of these exists.
    pub(super) fn found(&self, needed: &PartitionSet, now: Timestamp) -> Found {
        let keys = self.existing_of(needed, now);
        let missing = needed - &keys;
        let missing = if missing.is_empty() { Vec::new() } else { vec![self.show(&missing)] };
        Found { keys, missing }
    }
}

/// Those of one dimension that have the keys of another; one by one, for keys say nothing of each other.
fn by_key(set: &PartitionSet, to: &Axis, from: &Axis, now: Timestamp) -> Found {
    let (mut keys, mut missing) = (PartitionSet::new(), Vec::new());
    for key in set.iter().filter_map(|index| from.key(index).ok()) {
        match to.find(&key) {
            Some(index) if to.exists(index, now) => _ = keys.insert(index),
            _ => missing.push(key),
        }
    }
    Found { keys, missing }
}

/// Stretches map to stretches, since windows that follow each other need windows that do.
fn overlapped(
    set: &PartitionSet,
    up: &Windows,
    down: &Windows,
    (start, end): (i64, i64),
    now: Timestamp,
) -> Found {
    let (mut keys, mut missing) = (PartitionSet::new(), Vec::new());
    let count = i64::try_from(up.count(now)).unwrap_or(i64::MAX);
    let (known_from, known_to) = up.known();
    let mut lack = |from: i64, to: i64| {
        if from <= to {
            let key = |number| up.key_of_number(number);
            missing.push(if from == to { key(from) } else { range(&key(from), &key(to)) });
        }
    };
    for run in set.runs() {
        // What is needed decades before the first window or behind the last is lacking as a whole; a part is enough to say.
        let from = down.begin(signed(*run.start()).saturating_add(start)).clamp(known_from, known_to);
        let to = down
            .begin(signed(*run.end()).saturating_add(end).saturating_add(1))
            .clamp(known_from + 1, known_to + 1);
        let (first, last) = (up.number(from), up.number(to - 1));
        lack(first, last.min(-1));
        if first.max(0) <= last.min(count - 1) {
            keys.insert_run(first.max(0).unsigned_abs()..=last.min(count - 1).unsigned_abs());
        }
        lack(first.max(count), last);
    }
    Found { keys, missing }
}

fn overlapping(set: &PartitionSet, up: &Windows, down: &Windows, (start, end): (i64, i64)) -> PartitionSet {
    let mut needing = PartitionSet::new();
    for run in set.runs() {
        let (from, to) = (up.begin(signed(*run.start())), up.begin(signed(*run.end()).saturating_add(1)));
        let (first, last) =
            (down.number(from).saturating_sub(end), down.number(to - 1).saturating_sub(start));
        if last >= 0 {
            needing.insert_run(first.max(0).unsigned_abs()..=last.unsigned_abs());
        }
    }
    needing
}

fn signed(index: u64) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}
