use super::def::{AssetDef, Dependency, Taken};
use super::lineage::AssetGraph;
use crate::partition::{KeySets, Link, PartitionError, PartitionMapping, PartitionsDefinition};
use crate::plan::{Problem, ProblemKind};

/// What is wrong with the partitions of an asset by themselves.
pub(super) fn check(asset: &AssetDef) -> Option<Problem> {
    // Which keys there are in a set of the instance, no definition depends on.
    let resolved = asset.partitions()?.resolve(&KeySets::new()).err();
    let error = resolved.or_else(|| asset.partitions.as_ref()?.mistaken_kind())?;
    let problem = refused(&format!("the partitions of `{}` cannot be", asset.key), &error);
    Some(problem.at("the asset", asset.place.clone()))
}

/// What is wrong with the partitions that an asset takes of another one. That one of the two cannot be is told elsewhere.
pub(super) fn check_link(asset: &AssetDef, dependency: &Dependency) -> Option<Problem> {
    let other = dependency.asset();
    let told = |problem: Problem| {
        let problem = problem.at("is made of it", dependency.place.clone());
        Some(problem.at("the asset", other.place.clone()))
    };
    let (of, by) = (&other.key, &asset.key);
    let Some(up) = other.partitions() else {
        let message = match (dependency.taken, &dependency.mapping) {
            (Taken::Partitions, _) => format!("`{by}` takes partitions of `{of}`, which has none"),
            (Taken::Optional, _) => {
                format!("`{by}` takes `{of}` as an `Option`, as if a partition were missing, and it has none")
            }
            (_, Some(mapping)) if !mapping.follows() => {
                format!("`{by}` maps the partitions of `{of}`, which has none")
            }
            _ => return None,
        };
        let problem = Problem::new(ProblemKind::InvalidPartition, message);
        return told(problem.hint(format!(
            "take it as what it is, `{}: &{}`, without a mapping",
            of.name(),
            other.value.ty.name()
        )));
    };
    let up = up.resolve(&KeySets::new()).ok()?;
    let down = match asset.partitions() {
        Some(down) => Some(down.resolve(&KeySets::new()).ok()?),
        None => None,
    };
    if let Err(error) = Link::new(dependency.mapping.as_ref(), Some(&up), down.as_ref()) {
        return told(refused(&format!("`{by}` cannot be made of the partitions of `{of}`"), &error));
    }
    // What follows from the definitions is then more than one.
    let by_time = |definition: &PartitionsDefinition| matches!(definition, PartitionsDefinition::Time(_));
    let (up, down) = (other.partitions(), asset.partitions());
    let several = match (up, down) {
        (Some(_), None) => true,
        (Some(up), Some(down)) => up != down && by_time(up) && by_time(down),
        (None, _) => false,
    };
    let follows = dependency.mapping.as_ref().is_none_or(PartitionMapping::follows);
    if matches!(dependency.taken, Taken::Value | Taken::Optional) && follows && several {
        let message = format!("`{by}` takes `{of}` as one value, and is made of several partitions of it");
        let problem = Problem::new(ProblemKind::InvalidPartition, message);
        // The commonest mistake first: whoever takes its own partition of another one has to say that it has some.
        let same = if down.is_none() {
            "if it is made for each of them, say so, `partitions = ..`; else "
        } else {
            ""
        };
        return told(problem.hint(format!(
            "{same}take them by key, `{name}: &Partitions<{ty}>`, or say which one: `#[mapped(PartitionMapping::last())] {name}: &{ty}`",
            name = of.name(),
            ty = other.value.ty.name()
        )));
    }
    None
}

/// That an asset takes the same of another one twice, by different mappings: it could not be told which is meant where.
pub(super) fn check_twice(asset: &AssetDef, dependency: &Dependency) -> Option<Problem> {
    let other = dependency.asset();
    let mut same = asset.dependencies.iter().filter(|one| {
        one.asset().key == other.key && one.taken == dependency.taken && one.mapping != dependency.mapping
    });
    let first = same.next().filter(|first| !std::ptr::eq(*first, dependency))?;
    // Told once, of the later one.
    let place = |of: &Dependency| asset.dependencies.iter().position(|one| std::ptr::eq(one, of));
    if place(first) > place(dependency) {
        return None;
    }
    let message = format!("`{}` takes `{}` twice, by different mappings", asset.key, other.key);
    let problem = Problem::new(ProblemKind::InvalidPartition, message);
    let problem = problem.at("first", first.place.clone()).at("second", dependency.place.clone());
    Some(problem.hint("take all of them by one mapping, as `&Partitions<..>`, and find them by key"))
}

impl AssetGraph {
    /// How an asset maps the partitions of another one that it is made of, by their numbers: none where that follows from the
    /// definitions.
    pub(crate) fn mappings(
        &self,
        asset: usize,
        other: usize,
    ) -> impl Iterator<Item = Option<&PartitionMapping>> {
        let key = self.assets()[other].key();
        let dependencies = self.assets()[asset].dependencies.iter();
        dependencies.filter(move |one| one.asset().key() == key).map(|one| one.mapping.as_ref())
    }
}

fn refused(what: &str, error: &PartitionError) -> Problem {
    let problem = Problem::new(ProblemKind::InvalidPartition, format!("{what}: {}", error.message()));
    match error.advice() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}
