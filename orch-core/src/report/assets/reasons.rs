use super::stale::{because, named, reason};
use crate::asset::{Change, Difference, Ingredient};
use crate::partition::PartitionSet;
use crate::run::{PartitionStandings, Standing};

/// Partitions that are to be made for one reason.
pub(super) struct Reasoned {
    pub(super) set: PartitionSet,
    /// How the first of them stands.
    pub(super) standing: Standing,
}

/// Of these partitions those that stand for one reason together, in the order of the first of each.
pub(super) fn reasons(partitions: &PartitionStandings, set: &PartitionSet) -> Vec<Reasoned> {
    let mut found: Vec<Reasoned> = Vec::new();
    for index in set.iter() {
        let standing = partitions.get(index);
        match found.iter_mut().find(|one| is_alike(&one.standing, &standing)) {
            Some(one) => _ = one.set.insert(index),
            None => found.push(Reasoned { set: PartitionSet::from_iter([index]), standing }),
        }
    }
    found
}

/// Whether two partitions stand for the same reason: the data of what they are made of may have changed for both, from and to
/// other versions.
fn is_alike(one: &Standing, other: &Standing) -> bool {
    match (changed_input(one), changed_input(other)) {
        (Some(one), Some(other)) => one.ingredient == other.ingredient,
        _ => one == other,
    }
}

fn changed_input(standing: &Standing) -> Option<&Difference> {
    let Standing::Stale(difference) = standing else { return None };
    let is_input = matches!(difference.ingredient, Ingredient::Input(_));
    (is_input && matches!(difference.change, Change::Other { .. })).then_some(difference)
}

impl Reasoned {
    /// The reason in words.
    pub(super) fn words(&self) -> String {
        match (changed_input(&self.standing), self.set.len()) {
            (Some(difference), 1) => because(difference),
            // Each has versions of its own.
            (Some(difference), _) => format!("{} has changed", named(&difference.ingredient)),
            (None, _) => reason(&self.standing),
        }
    }
}
