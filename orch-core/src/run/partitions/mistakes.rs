use jiff::Timestamp;

use crate::asset::AssetKey;
use crate::partition::{
    KeyRange, Keyspace, PartitionError, PartitionSet, PartitionsDefinition, quoted, shell,
};
use crate::plan::{ExternalPartitions, Plan, PlannedPartitions, Problem, ProblemKind, Step};

/// The first asset that has the partitions of a map: one that is made, else one that a check or an observation looks at.
pub(in crate::run) fn asset_of<'a>(plan: &'a Plan, of: &PlannedPartitions) -> &'a str {
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

pub(super) fn refused(plan: &Plan, of: &PlannedPartitions, error: &PartitionError) -> Problem {
    let message = format!("of the partitions of `{}`: {}", asset_of(plan, of), error.message());
    let problem = problem(plan, of, message);
    error.advice().into_iter().fold(problem, Problem::hint)
}

/// The same of the partitions of an external asset, from which these kinds follow.
pub(super) fn refused_of(
    plan: &Plan,
    roots: &[usize],
    external: &ExternalPartitions,
    error: &PartitionError,
) -> Problem {
    let message = format!("of the partitions of `{}`: {}", external.asset, error.message());
    let problem = problem(plan, &plan.partitions[roots[0]], message);
    error.advice().into_iter().fold(problem, Problem::hint)
}

pub(super) fn untold(plan: &Plan, of: &PlannedPartitions, space: &Keyspace, now: Timestamp) -> Problem {
    let message = format!("`{}` has partitions, and the run is not told for which it is", asset_of(plan, of));
    problem(plan, of, message).hint(name_them(&of.definition, space, now))
}

/// The same of kinds that follow from the partitions of an external asset.
pub(super) fn untold_of(
    plan: &Plan,
    roots: &[usize],
    external: &ExternalPartitions,
    (space, now): (&Keyspace, Timestamp),
) -> Problem {
    let (first, second) = (&plan.partitions[roots[0]], &plan.partitions[roots[1]]);
    let (one, other, of) = (asset_of(plan, first), asset_of(plan, second), &external.asset);
    let message = format!(
        "`{one}` and `{other}` have partitions that follow from those of `{of}`, and the run is not told for which of those it is"
    );
    problem(plan, first, message).hint(name_them(&external.definition, space, now))
}

/// How a run is told for which partitions it is.
fn name_them(definition: &PartitionsDefinition, space: &Keyspace, now: Timestamp) -> String {
    let all = space.all(now);
    let one = |index: u64| space.show(&PartitionSet::from_iter([index]));
    match (all.first().map(|first| space.key_of(first)), all.last().map(|last| space.key_of(last))) {
        (_, Some(Ok(last))) if space.dimensions().next().is_some() => format!(
            "name them, each dimension by itself: `--partition {}`; in code `.partition(\"{last}\")`",
            quoted(&all.last().map(one).unwrap_or_default())
        ),
        (Some(_), Some(Ok(last))) if !definition.key_sets().is_empty() => format!(
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
        _ => match definition.key_sets().first() {
            Some(set) => format!("none of them exists yet: add some, `partitions add {set} KEY`"),
            None => "none of them exists yet".to_owned(),
        },
    }
}

pub(super) fn two_roots(plan: &Plan, parts: &[Vec<usize>], runs: &str) -> Problem {
    let (first, second) = (&plan.partitions[parts[0][0]], &plan.partitions[parts[1][0]]);
    let (one, other) = (asset_of(plan, first), asset_of(plan, second));
    let message = format!(
        "`{one}` and `{other}` have partitions of different kinds, and neither follow from those of the other"
    );
    problem(plan, first, message)
        .hint(format!("a run is for partitions of one kind: run one after the other {runs}"))
}

pub(super) fn not_partitioned(plan: &Plan, told: &str) -> Problem {
    let does = if plan.steps.iter().any(|step| !step.assets.is_empty()) { "makes" } else { "looks at" };
    let message =
        format!("the run is told the partition `{told}`, and nothing that it {does} has partitions");
    Problem::new(ProblemKind::InvalidPartition, message)
        .hint(format!("leave it out, or select an asset of `{}` that has some", plan.job))
}
