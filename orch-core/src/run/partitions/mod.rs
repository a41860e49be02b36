//! The partitions that a run is for, and what its steps read of others.

mod asked;
mod journal;
mod keys;
mod kinds;
mod load;
mod looked;
mod missing;
mod reader;
mod reading;
mod status;
mod stopped;
mod takers;
mod unpassed;
mod whole;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::asset::AssetKey;
use crate::define::RunPartitions;
use crate::partition::{KeyRange, KeySets, Keyspace, Link, PartitionError, PartitionSet, quoted, shell};
use crate::plan::{Plan, PlannedPartitions, Problem, ProblemKind, Step};
use crate::storage::PinnedPartitions;

pub(super) use journal::Telling;
pub(super) use keys::{key_sets, keys_of};
pub(super) use missing::Lacking;
pub(super) use reader::{Reader, latest_of};
pub(super) use takers::taken_by_key;
pub(super) use unpassed::Unpassed;
pub(super) use whole::Whole;

/// The partitions of a run, as many sets as its plan has.
#[derive(Default)]
pub(super) struct ForPartitions {
    /// By the number that they have in the plan.
    pub(super) of: Vec<Arc<RunPartitions>>,
    /// What the run was told, with all that depends on the clock spelled out; none if its plan has no partitions.
    pub(super) pinned: Option<PinnedPartitions>,
    /// The keys of dynamic partitions, as the run takes them.
    pub(super) keys: KeySets,
    /// Whether the run goes on from one that took partitions before.
    pub(super) goes_on: bool,
}

impl ForPartitions {
    /// Finds the partitions that a run is for: those that it is `told`, of the definition that all others of its plan follow
    /// from, as they are `now` with these keys.
    pub(super) fn of(
        plan: &Plan,
        told: Option<&str>,
        now: Timestamp,
        keys: KeySets,
    ) -> Result<Self, Vec<Problem>> {
        // What is looked at since something takes it, the run is not told.
        let is_taken = |number: usize| !plan.partitions[number].takers.is_empty();
        let first = (0..plan.partitions.len()).find(|&number| !is_taken(number));
        if let (None, Some(told)) = (first, told) {
            return Err(vec![not_partitioned(plan, told)]);
        }
        let reads = || {
            plan.steps.iter().any(|step| step.loads.as_ref().is_some_and(|asset| asset.partitions.is_some()))
        };
        if plan.partitions.is_empty() && !reads() {
            return Ok(Self::default());
        }
        let refuse = |of: &PlannedPartitions, error: &PartitionError| vec![refused(plan, of, error)];
        let mut spaces = Vec::new();
        for of in &plan.partitions {
            spaces.push(of.definition.resolve(&keys).map_err(|error| refuse(of, &error))?);
        }
        // Maps of one definition have the same partitions, but for those that are looked at since something takes them.
        let group = |number: usize| {
            let is_same = |other: &usize| {
                !is_taken(*other) && plan.partitions[*other].definition == plan.partitions[number].definition
            };
            (0..number).find(is_same).filter(|_| !is_taken(number))
        };
        let groups: Vec<usize> =
            (0..plan.partitions.len()).map(|number| group(number).unwrap_or(number)).collect();
        let is_told = |group: usize| {
            let is_root = |of: &PlannedPartitions| of.from.is_empty() && of.takers.is_empty();
            (0..groups.len()).any(|at| groups[at] == group && is_root(&plan.partitions[at]))
        };
        let mut roots = (0..groups.len()).filter(|&at| groups[at] == at && is_told(at));
        let (root, other) = (roots.next().or(first), roots.next());
        if let (Some(root), Some(other)) = (root, other) {
            let is_for = |group: usize| told.filter(|told| spaces[group].select(told, now).is_ok());
            let runs = kinds::runs(plan, &groups, is_told, is_for);
            return Err(vec![two_roots(plan, (&plan.partitions[root], &plan.partitions[other]), &runs)]);
        }
        let mut sets: Vec<Option<PartitionSet>> = vec![None; groups.len()];
        let mut selection = None;
        if let (Some(first), Some(root)) = (first, root) {
            let first = &plan.partitions[first];
            let Some(told) = told else { return Err(vec![untold(plan, first, &spaces[root], now)]) };
            let set =
                spaces[root].select(told, now).map_err(|error| refuse(&plan.partitions[root], &error))?;
            // Of none there is no text but that of all, and with this time and these keys these are none too.
            selection = Some(if set.is_empty() { "*".to_owned() } else { spaces[root].show(&set) });
            sets[root] = Some(set);
        }
        let pinned = PinnedPartitions { selection, now, keys: keys.clone() };
        // What follows from others is found once all of these are; if they wait for each other, once one of them is.
        let next = |sets: &[Option<PartitionSet>]| {
            let open = |at: &usize| groups[*at] == *at && sets[*at].is_none();
            let all = vec![Some(PartitionSet::new()); groups.len()];
            let found = |at: &usize| follows(plan, &groups, sets, *at).len();
            let whole = |at: &usize| found(at) == follows(plan, &groups, &all, *at).len();
            let mut ready: Vec<usize> = (0..groups.len()).filter(open).filter(|at| found(at) > 0).collect();
            ready.sort_by_key(|at| !whole(at));
            ready.first().copied()
        };
        while let Some(next) = next(&sets) {
            let mut found = PartitionSet::new();
            for (number, from) in follows(plan, &groups, &sets, next) {
                let link =
                    Link::new(from.mapping.as_ref(), Some(&spaces[from.partitions]), Some(&spaces[number]))
                        .map_err(|error| refuse(&plan.partitions[number], &error))?;
                if let Some(upstream) = &sets[groups[from.partitions]] {
                    found |= &link.downstream_of(upstream, now);
                }
            }
            sets[next] = Some(found);
        }
        for (number, of) in plan.partitions.iter().enumerate().filter(|(number, _)| is_taken(*number)) {
            let mut found = PartitionSet::new();
            for taker in &of.takers {
                let within = taker.partitions.map(|within| &spaces[within]);
                let link = Link::new(taker.mapping.as_ref(), Some(&spaces[number]), within)
                    .map_err(|error| refuse(of, &error))?;
                let set = taker.partitions.map(|within| sets[groups[within]].clone().unwrap_or_default());
                // What has no partitions is one.
                let set = set.unwrap_or_else(|| PartitionSet::from_iter([0]));
                // That some of them do not exist is told of who takes them.
                found |= &link.upstream_of(&set, now).keys;
            }
            sets[number] = Some(found);
        }
        let of = spaces.into_iter().zip(&groups).map(|(keyspace, &group)| {
            let set = sets[group].clone().unwrap_or_default();
            Arc::new(RunPartitions { keyspace, set })
        });
        Ok(Self { of: of.collect(), pinned: Some(pinned), keys, goes_on: false })
    }

    /// By the steps that give them.
    pub(super) fn by_step(&self, plan: &Plan) -> HashMap<usize, Arc<RunPartitions>> {
        plan.partitions.iter().map(|of| of.step).zip(self.of.iter().cloned()).collect()
    }
}

/// What the maps of a group follow from, of which the partitions are known.
fn follows<'a>(
    plan: &'a Plan,
    groups: &[usize],
    sets: &[Option<PartitionSet>],
    group: usize,
) -> Vec<(usize, &'a crate::plan::PartitionsFrom)> {
    let of_group = (0..groups.len()).filter(|&at| groups[at] == group);
    let from = of_group.flat_map(|at| plan.partitions[at].from.iter().map(move |from| (at, from)));
    from.filter(|(_, from)| groups[from.partitions] != group && sets[groups[from.partitions]].is_some())
        .collect()
}

/// The first asset that has the partitions of a map: one that is made, else one that a check or an observation looks at.
pub(super) fn asset_of<'a>(plan: &'a Plan, of: &PlannedPartitions) -> &'a str {
    let number = plan.partitions.iter().position(|other| std::ptr::eq(other, of));
    let assets = plan.steps.iter().flat_map(|step| &step.assets);
    let made = assets.filter(|asset| asset.partitions == number).map(|asset| &asset.key);
    let checks = plan.steps.iter().filter_map(|step| step.check.as_ref());
    let looked_at = checks.filter(|check| check.partitions == number).map(|check| &check.asset);
    let observed = plan.steps.iter().filter(|step| plan.observes_within(step) == number);
    let observed = observed.filter_map(|step| step.observes.as_ref());
    made.chain(looked_at).chain(observed).next().map_or(plan.steps[of.step].name.as_str(), AssetKey::as_str)
}

fn problem(plan: &Plan, of: &PlannedPartitions, message: String) -> Problem {
    let number = plan.partitions.iter().position(|other| std::ptr::eq(other, of));
    let mut makers =
        plan.steps.iter().filter(|step| step.assets.iter().any(|asset| asset.partitions == number));
    let looks = |step: &&Step| step.check.as_ref().is_some_and(|check| check.partitions == number);
    let observes = |step: &&Step| step.observes.is_some() && plan.observes_within(step) == number;
    let problem = Problem::new(ProblemKind::InvalidPartition, message);
    match (makers.next(), plan.steps.iter().find(looks), plan.steps.iter().find(observes)) {
        (Some(step), ..) => problem.at("the asset", step.place.clone()),
        (None, Some(step), _) => problem.at("the check", step.place.clone()),
        (None, None, Some(step)) => problem.at("the observation", step.place.clone()),
        (None, None, None) => problem,
    }
}

fn refused(plan: &Plan, of: &PlannedPartitions, error: &PartitionError) -> Problem {
    let message = format!("of the partitions of `{}`: {}", asset_of(plan, of), error.message());
    let problem = problem(plan, of, message);
    match error.advice() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

fn untold(plan: &Plan, of: &PlannedPartitions, space: &Keyspace, now: Timestamp) -> Problem {
    let message = format!("`{}` has partitions, and the run is not told for which it is", asset_of(plan, of));
    let all = space.all(now);
    let one = |index: u64| space.show(&PartitionSet::from_iter([index]));
    let hint = match (all.first().map(|first| space.key_of(first)), all.last().map(|last| space.key_of(last)))
    {
        (_, Some(Ok(last))) if space.dimensions().next().is_some() => format!(
            "name them, each dimension by itself: `--partition {}`; in code `.partition(\"{last}\")`",
            quoted(&all.last().map(one).unwrap_or_default())
        ),
        (Some(_), Some(Ok(last))) if !of.definition.key_sets().is_empty() => format!(
            "name them: `--partition {}` is one, `--partition '*'` all, `--partition latest` the newest; in code `.partition({:?})`",
            shell(last.as_str()),
            last.as_str()
        ),
        (Some(Ok(first)), Some(Ok(last))) if first != last => format!(
            "name them: `--partition {}` is one, `--partition {}` all from one to the other, `--partition latest` the last; in code `.partition({:?})`",
            shell(last.as_str()),
            shell(&KeyRange { first: first.clone(), last: last.clone(), len: all.len() }.to_string()),
            last.as_str()
        ),
        (Some(Ok(only)), _) => {
            let key = only.as_str();
            format!("name it: `--partition {}`, in code `.partition({key:?})`", shell(key))
        }
        _ => match of.definition.key_sets().first() {
            Some(set) => format!("none of them exists yet: add some, `partitions add {set} KEY`"),
            None => "none of them exists yet".to_owned(),
        },
    };
    problem(plan, of, message).hint(hint)
}

fn two_roots(plan: &Plan, (first, second): (&PlannedPartitions, &PlannedPartitions), runs: &str) -> Problem {
    let (one, other) = (asset_of(plan, first), asset_of(plan, second));
    let message = format!(
        "`{one}` and `{other}` have partitions of different kinds, and neither follow from those of the other"
    );
    let any = |is: fn(&Step) -> bool| plan.steps.iter().any(is);
    let hint = if any(|step| !step.assets.is_empty()) {
        format!("a run is for partitions of one kind: run one after the other {runs}")
    } else if any(|step| step.check.is_some()) {
        "a run is for partitions of one kind: let their checks look one after the other".to_owned()
    } else {
        "a run is for partitions of one kind: observe them one after the other".to_owned()
    };
    problem(plan, first, message).hint(hint)
}

fn not_partitioned(plan: &Plan, told: &str) -> Problem {
    let does = if plan.steps.iter().any(|step| !step.assets.is_empty()) { "makes" } else { "looks at" };
    let message =
        format!("the run is told the partition `{told}`, and nothing that it {does} has partitions");
    Problem::new(ProblemKind::InvalidPartition, message)
        .hint(format!("leave it out, or select an asset of `{}` that has some", plan.job))
}
