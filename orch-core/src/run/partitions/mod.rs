//! The partitions that a run is for, and what its steps read of others.

mod asked;
mod journal;
mod keys;
mod kinds;
mod load;
mod missing;
mod reader;
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
        let Some(first) = plan.partitions.first() else {
            let reads = plan
                .steps
                .iter()
                .any(|step| step.loads.as_ref().is_some_and(|asset| asset.partitions.is_some()));
            return match told {
                None if reads => {
                    let pinned = Some(PinnedPartitions { selection: None, now, keys: keys.clone() });
                    Ok(Self { pinned, keys, ..Self::default() })
                }
                None => Ok(Self::default()),
                Some(told) => Err(vec![not_partitioned(plan, told)]),
            };
        };
        let refuse = |of: &PlannedPartitions, error: &PartitionError| vec![refused(plan, of, error)];
        let mut spaces = Vec::new();
        for of in &plan.partitions {
            spaces.push(of.definition.resolve(&keys).map_err(|error| refuse(of, &error))?);
        }
        // Maps of one definition have the same partitions.
        let group = |number: usize| {
            plan.partitions.iter().position(|of| of.definition == plan.partitions[number].definition)
        };
        let groups: Vec<usize> =
            (0..plan.partitions.len()).map(|number| group(number).unwrap_or(number)).collect();
        let is_told = |group: usize| {
            (0..groups.len()).any(|at| groups[at] == group && plan.partitions[at].from.is_empty())
        };
        let mut roots = (0..groups.len()).filter(|&at| groups[at] == at && is_told(at));
        let (root, other) = (roots.next().unwrap_or(0), roots.next());
        if let Some(other) = other {
            let is_for = |group: usize| told.filter(|told| spaces[group].select(told, now).is_ok());
            let runs = kinds::runs(plan, &groups, is_told, is_for);
            return Err(vec![two_roots(plan, (&plan.partitions[root], &plan.partitions[other]), &runs)]);
        }
        let Some(told) = told else { return Err(vec![untold(plan, first, &spaces[root], now)]) };
        let set = spaces[root].select(told, now).map_err(|error| refuse(&plan.partitions[root], &error))?;
        // Of none there is no text but that of all, and with this time and these keys these are none too.
        let selection = if set.is_empty() { "*".to_owned() } else { spaces[root].show(&set) };
        let pinned = PinnedPartitions { selection: Some(selection), now, keys: keys.clone() };
        let mut sets: Vec<Option<PartitionSet>> = vec![None; groups.len()];
        sets[root] = Some(set);
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

/// The first asset that has the partitions of a map: one that is made, else one that is looked at.
fn asset_of<'a>(plan: &'a Plan, of: &PlannedPartitions) -> &'a str {
    let number = plan.partitions.iter().position(|other| std::ptr::eq(other, of));
    let assets = plan.steps.iter().flat_map(|step| &step.assets);
    let made = assets.filter(|asset| asset.partitions == number).map(|asset| &asset.key);
    let checks = plan.steps.iter().filter_map(|step| step.check.as_ref());
    let looked_at = checks.filter(|check| check.partitions == number).map(|check| &check.asset);
    made.chain(looked_at).next().map_or(plan.steps[of.step].name.as_str(), AssetKey::as_str)
}

fn problem(plan: &Plan, of: &PlannedPartitions, message: String) -> Problem {
    let number = plan.partitions.iter().position(|other| std::ptr::eq(other, of));
    let mut makers =
        plan.steps.iter().filter(|step| step.assets.iter().any(|asset| asset.partitions == number));
    let looks = |step: &&Step| step.check.as_ref().is_some_and(|check| check.partitions == number);
    let problem = Problem::new(ProblemKind::InvalidPartition, message);
    match (makers.next(), plan.steps.iter().find(looks)) {
        (Some(step), _) => problem.at("the asset", step.place.clone()),
        (None, Some(step)) => problem.at("the check", step.place.clone()),
        (None, None) => problem,
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
    let hint = match plan.steps.iter().any(|step| !step.assets.is_empty()) {
        true => format!("a run is for partitions of one kind: run one after the other {runs}"),
        false => "a run is for partitions of one kind: let their checks look one after the other".to_owned(),
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
