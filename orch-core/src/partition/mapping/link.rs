use jiff::Timestamp;

use super::super::error::PartitionError;
use super::super::keyspace::Keyspace;
use super::super::set::PartitionSet;
use super::route::{Found, Named, Route};
use super::side::Side;
use super::{PartitionMapping, Rule};

/// Two definitions with the mapping between them, ready to be asked.
///
/// ```
/// use orch_core::partition::{KeySets, Link, PartitionsDefinition, TimePartitions};
///
/// let resolve = |time: TimePartitions| PartitionsDefinition::from(time).resolve(&KeySets::new());
/// let (days, weeks) = (resolve(TimePartitions::daily("2024-01-07"))?, resolve(TimePartitions::weekly("2024-01-07"))?);
/// let now = "2024-01-20T12:00:00Z".parse()?;
/// let link = Link::new(None, Some(&days), Some(&weeks))?;
/// let needed = link.upstream_of(&weeks.select("2024-01-07", now)?, now).require()?;
/// assert_eq!(days.show(&needed), "2024-01-07..2024-01-13");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Link {
    up: Side,
    down: Side,
    way: Way,
    allow_missing: bool,
}

#[derive(Debug)]
enum Way {
    Same,
    ByKey,
    Specific(Named),
    /// For each upstream dimension.
    Routes(Vec<Route>),
}

/// What upstream partitions others need.
#[derive(Clone, Debug, PartialEq)]
pub struct MappedPartitions {
    /// Those that exist.
    pub keys: PartitionSet,
    /// Keys and ranges of keys that are needed and do not exist, as selections are written.
    pub missing: Vec<String>,
}

impl MappedPartitions {
    /// Those that exist, if that is all that are needed.
    ///
    /// # Errors
    ///
    /// If some are needed that do not exist; it names them.
    pub fn require(self) -> Result<PartitionSet, PartitionError> {
        if self.missing.is_empty() {
            return Ok(self.keys);
        }
        Err(PartitionError::key(format!(
            "upstream partitions are needed that do not exist: {}",
            self.missing.join(", ")
        ))
        .hint("begin later or wait for them, or let the mapping `allow_missing()`"))
    }
}

impl Link {
    /// Links an upstream and a downstream definition, by a mapping or, without one, as follows from them. Nothing stands for
    /// an asset without partitions.
    ///
    /// # Errors
    ///
    /// If the mapping does not fit the definitions: it names keys or dimensions that they do not have, or maps times of
    /// different zones.
    pub fn new(
        mapping: Option<&PartitionMapping>,
        up: Option<&Keyspace>,
        down: Option<&Keyspace>,
    ) -> Result<Self, PartitionError> {
        let allow_missing = mapping.is_some_and(|mapping| mapping.allow_missing);
        let (up, down) = (Side::new(up), Side::new(down));
        let way = Way::new(mapping.and_then(|mapping| mapping.rule.as_ref()), &up, &down)?;
        Ok(Self { up, down, way, allow_missing })
    }

    /// What these downstream partitions need.
    #[must_use]
    pub fn upstream_of(&self, set: &PartitionSet, now: Timestamp) -> MappedPartitions {
        let mut mapped = MappedPartitions { keys: PartitionSet::new(), missing: Vec::new() };
        if set.is_empty() {
            return mapped;
        }
        match &self.way {
            Way::Same => mapped = self.up.existing(set, now),
            Way::Specific(named) => {
                mapped = self.up.existing(&named.keys, now);
                mapped.missing.extend(named.lacking.iter().cloned());
            }
            Way::ByKey => {
                for key in self.down.keys(set) {
                    match self.up.index(&key) {
                        Some(index) if self.up.exists(index, now) => _ = mapped.keys.insert(index),
                        _ => mapped.missing.push(key),
                    }
                }
            }
            Way::Routes(routes) => {
                for rectangle in self.down.rectangles(set) {
                    let found = self.needed(routes, &rectangle, now);
                    mapped.keys |= &found.keys;
                    mapped.missing.extend(found.missing);
                }
                mapped.missing.sort();
                mapped.missing.dedup();
            }
        }
        if self.allow_missing {
            mapped.missing.clear();
        }
        mapped
    }

    fn needed(&self, routes: &[Route], rectangle: &[PartitionSet], now: Timestamp) -> Found {
        let (axes, downs) = (self.up.axes(), self.down.axes());
        let (mut parts, mut missing) = (Vec::new(), Vec::new());
        for ((name, axis), route) in axes.into_iter().zip(routes) {
            let found = match route {
                Route::All => Found { keys: axis.existing(now), missing: Vec::new() },
                Route::Last => match axis.latest(now) {
                    Some(last) => Found { keys: PartitionSet::from_iter([last]), missing: Vec::new() },
                    None => Found { keys: PartitionSet::new(), missing: vec!["latest".into()] },
                },
                Route::Specific(named) => {
                    let Found { keys, mut missing } = axis.found(&named.keys, now);
                    missing.extend(named.lacking.iter().cloned());
                    Found { keys, missing }
                }
                Route::Of(at, how) => how.upstream(&rectangle[*at], axis, downs[*at].1, now),
            };
            let of = |key| if name.is_empty() { key } else { format!("{name}={key}") };
            missing.extend(found.missing.into_iter().map(of));
            parts.push(found.keys);
        }
        Found { keys: self.up.rectangle(&parts), missing }
    }

    /// Which downstream partitions, of those that exist, need any of these.
    #[must_use]
    pub fn downstream_of(&self, set: &PartitionSet, now: Timestamp) -> PartitionSet {
        if set.is_empty() {
            return PartitionSet::new();
        }
        match &self.way {
            Way::Same => self.down.existing(set, now).keys,
            Way::Specific(named) if named.keys.common_len(set) == 0 => PartitionSet::new(),
            Way::Specific(_) => self.down.all(now),
            Way::ByKey => {
                let indexes = self.up.keys(set).into_iter().filter_map(|key| self.down.index(&key));
                indexes.filter(|index| self.down.exists(*index, now)).collect()
            }
            Way::Routes(routes) => {
                let mut needing = PartitionSet::new();
                for rectangle in self.up.rectangles(set) {
                    if let Some(some) = self.needing(routes, &rectangle, now) {
                        needing |= &some;
                    }
                }
                needing
            }
        }
    }

    fn needing(&self, routes: &[Route], rectangle: &[PartitionSet], now: Timestamp) -> Option<PartitionSet> {
        let (ups, axes) = (self.up.axes(), self.down.axes());
        let mut parts: Vec<Option<PartitionSet>> = vec![None; axes.len()];
        for (((_, up), route), part) in ups.into_iter().zip(routes).zip(rectangle) {
            match route {
                Route::All => {}
                Route::Last if part.contains(up.latest(now)?) => {}
                Route::Specific(named) if named.keys.common_len(part) > 0 => {}
                Route::Last | Route::Specific(_) => return None,
                Route::Of(at, how) => {
                    let needing = how.downstream(part, up, axes[*at].1, now);
                    parts[*at] = Some(match parts[*at].take() {
                        Some(part) => &part & &needing,
                        None => needing,
                    });
                }
            }
        }
        // Of a dimension that nothing is mapped to, all that exist.
        let parts = parts.into_iter().zip(&axes);
        let parts: Vec<_> =
            parts.map(|(part, (_, axis))| part.unwrap_or_else(|| axis.existing(now))).collect();
        Some(self.down.rectangle(&parts))
    }
}

impl Way {
    fn new(rule: Option<&Rule>, up: &Side, down: &Side) -> Result<Self, PartitionError> {
        let (ups, downs) = (up.axes(), down.axes());
        let all = |route: fn() -> Route| Ok(Self::Routes(ups.iter().map(|_| route()).collect()));
        let same = up.definition() == down.definition();
        match rule {
            None if ups.is_empty() || downs.is_empty() => all(|| Route::All),
            None | Some(Rule::Identity) if same => Ok(Self::Same),
            Some(Rule::All) => all(|| Route::All),
            Some(Rule::Last) => all(|| Route::Last),
            Some(Rule::Specific(keys)) => {
                let Some(space) = up.keyspace() else { return Err(unpartitioned("upstream")) };
                Named::of(keys, |key| space.named_index(key)).map(Self::Specific)
            }
            Some(_) if downs.is_empty() => Err(unpartitioned("downstream")),
            Some(_) if ups.is_empty() => Err(unpartitioned("upstream")),
            Some(Rule::Dimensions(from)) => {
                let mut routes: Vec<_> = ups.iter().map(|_| Route::All).collect();
                for (down_name, from) in from {
                    let (to, source) =
                        (down.at(down_name, "downstream")?, up.at(&from.upstream, "upstream")?);
                    if matches!(routes[source], Route::Of(..)) {
                        return Err(PartitionError::definition(format!(
                            "two dimensions are mapped from the upstream dimension `{}`",
                            from.upstream
                        )));
                    }
                    let same = up.part(source) == down.part(to);
                    let route = Route::new(from.rule.as_ref(), ups[source].1, (to, downs[to].1), same);
                    routes[source] =
                        route.map_err(|error| error.within(&format!("dimension `{down_name}`")))?;
                }
                Ok(Self::Routes(routes))
            }
            Some(Rule::Dimension(name)) => {
                let (source, to) = match (up.is_single(), down.is_single()) {
                    (true, false) => (0, down.at(name, "downstream")?),
                    (false, true) => (up.at(name, "upstream")?, 0),
                    _ => {
                        return Err(PartitionError::definition(format!(
                            "the dimension `{name}` is to map between one dimension and several, and these are not"
                        ))
                        .hint("between several and several map each: `PartitionMapping::dimensions().on(..)`"));
                    }
                };
                Self::between(up, down, source, to)
            }
            None | Some(Rule::Identity) => match (up.is_single(), down.is_single()) {
                (true, true) => Self::between_rule(rule, up, down, 0, 0),
                (false, false) => Ok(Self::ByKey),
                (up_single, _) => {
                    let (one, several) = if up_single { (up, down) } else { (down, up) };
                    let shared: Vec<_> =
                        (0..several.axes().len()).filter(|at| several.part(*at) == one.part(0)).collect();
                    match shared[..] {
                        [at] if up_single => Self::between(up, down, 0, at),
                        [at] => Self::between(up, down, at, 0),
                        _ => Err(PartitionError::definition(
                            "which dimension is shared does not follow from the definitions",
                        )
                        .hint("say which: `PartitionMapping::dimension(\"date\")`")),
                    }
                }
            },
            Some(Rule::Static(_) | Rule::TimeWindow { .. }) if up.is_single() && down.is_single() => {
                Self::between_rule(rule, up, down, 0, 0)
            }
            Some(Rule::Static(_) | Rule::TimeWindow { .. }) => Err(PartitionError::definition(
                "this mapping is between definitions of one dimension",
            )
            .hint("of several map each: `PartitionMapping::dimensions().on_by(\"date\", \"date\", ..)`")),
        }
    }

    /// One upstream dimension on one downstream one, with all keys of the other upstream dimensions.
    fn between(up: &Side, down: &Side, source: usize, to: usize) -> Result<Self, PartitionError> {
        Self::between_rule(None, up, down, source, to)
    }

    fn between_rule(
        rule: Option<&Rule>,
        up: &Side,
        down: &Side,
        source: usize,
        to: usize,
    ) -> Result<Self, PartitionError> {
        let (ups, downs) = (up.axes(), down.axes());
        let mut routes: Vec<_> = ups.iter().map(|_| Route::All).collect();
        let same = up.part(source) == down.part(to);
        routes[source] = Route::new(rule, ups[source].1, (to, downs[to].1), same)?;
        Ok(Self::Routes(routes))
    }
}

fn unpartitioned(side: &str) -> PartitionError {
    PartitionError::definition(format!(
        "the {side} asset is not partitioned, so that there is nothing to map"
    ))
    .hint("without a mapping all partitions belong together")
}
