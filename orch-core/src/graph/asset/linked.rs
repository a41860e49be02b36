use super::CheckDef;
use super::def::AssetDef;
use super::dependency::{Dependency, Taken};
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

/// What takes assets: an asset, or a check.
pub(super) struct Taker<'a> {
    /// As it is called in messages: `` `week` ``, ``the check `large` ``.
    name: String,
    is_check: bool,
    partitions: Option<&'a PartitionsDefinition>,
    dependencies: &'a [Dependency],
}

impl<'a> Taker<'a> {
    pub(super) fn asset(asset: &'a AssetDef) -> Self {
        let (name, partitions) = (format!("`{}`", asset.key), asset.partitions());
        Self { name, is_check: false, partitions, dependencies: &asset.dependencies }
    }

    pub(super) fn check(check: &'a CheckDef) -> Self {
        let (name, partitions) = (format!("the check `{}`", check.name()), check.asset().partitions());
        Self { name, is_check: true, partitions, dependencies: check.dependencies() }
    }

    /// What is wrong with the partitions that it takes of an asset. That one of the two cannot be is told elsewhere.
    pub(super) fn check_link(&self, dependency: &Dependency) -> Option<Problem> {
        let other = dependency.asset();
        let told = |problem: Problem| {
            let does = if self.is_check { "takes it" } else { "is made of it" };
            problem.at(does, dependency.place.clone()).at("the asset", other.place.clone())
        };
        let (of, by) = (&other.key, &self.name);
        let Some(up) = other.partitions() else {
            let message = match (dependency.taken, &dependency.mapping) {
                (Taken::Partitions, _) => format!("{by} takes partitions of `{of}`, which has none"),
                (Taken::Optional, _) => {
                    format!(
                        "{by} takes `{of}` as an `Option`, as if a partition were missing, and it has none"
                    )
                }
                (_, Some(mapping)) if !mapping.follows() => {
                    format!("{by} maps the partitions of `{of}`, which has none")
                }
                _ => return None,
            };
            let problem = Problem::new(ProblemKind::InvalidPartition, message);
            let (name, ty) = (of.name(), other.value.ty.name());
            let stored = match (dependency.taken, other.io()) {
                (Taken::Partitions, Some(_)) => format!(", or as it is stored, `#[stored] {name}: ..`"),
                _ => String::new(),
            };
            let unmapped = match dependency.mapping.as_ref().is_some_and(|mapping| !mapping.follows()) {
                true => ", without a mapping",
                false => "",
            };
            return Some(told(
                problem.hint(format!("take it as what it is, `{name}: &{ty}`{stored}{unmapped}")),
            ));
        };
        let up = up.resolve(&KeySets::new()).ok()?;
        let down = match self.partitions {
            Some(down) => Some(down.resolve(&KeySets::new()).ok()?),
            None => None,
        };
        if let Err(error) = Link::new(dependency.mapping.as_ref(), Some(&up), down.as_ref()) {
            let cannot = if self.is_check { "take" } else { "be made of" };
            return Some(told(refused(&format!("{by} cannot {cannot} the partitions of `{of}`"), &error)));
        }
        let is_one = down.as_ref().is_some_and(|down| down.lies_within(&up));
        self.check_missing(dependency).or_else(|| self.check_several(dependency, is_one)).map(told)
    }

    /// That nothing may be missing of what is taken as a value.
    fn check_missing(&self, dependency: &Dependency) -> Option<Problem> {
        let allows = dependency.mapping.as_ref().is_some_and(PartitionMapping::allows_missing);
        if dependency.taken != Taken::Value || !allows {
            return None;
        }
        let (by, of, ty) = (&self.name, &dependency.asset().key, dependency.asset().value.ty.name());
        let message = format!("{by} takes `{of}` as one value, and its mapping allows that it is missing");
        let problem = Problem::new(ProblemKind::InvalidPartition, message);
        let name = of.name();
        Some(
            problem.hint(format!(
                "take it as an `Option`, `{name}: Option<{ty}>`, or leave out `.allow_missing()`"
            )),
        )
    }

    /// That what follows from the definitions is one partition, if one is taken: by time it `is_one` if each of what takes it lies in
    /// one, as a day does in a week.
    fn check_several(&self, dependency: &Dependency, is_one: bool) -> Option<Problem> {
        let other = dependency.asset();
        let by_time = |definition: &PartitionsDefinition| matches!(definition, PartitionsDefinition::Time(_));
        let several = match (other.partitions(), self.partitions) {
            (Some(_), None) => true,
            (Some(up), Some(down)) => up != down && by_time(up) && by_time(down) && !is_one,
            (None, _) => false,
        };
        let is_stored = dependency.taken == Taken::Stored;
        let takes_one = is_stored || matches!(dependency.taken, Taken::Value | Taken::Optional);
        let follows = dependency.mapping.as_ref().is_none_or(PartitionMapping::follows);
        if !(takes_one && follows && several) {
            return None;
        }
        let (by, of) = (&self.name, &other.key);
        let takes = if self.is_check { "takes" } else { "is made of" };
        let message = format!("{by} takes `{of}` as one value, and {takes} several partitions of it");
        let problem = Problem::new(ProblemKind::InvalidPartition, message);
        // The commonest mistake first: whoever takes its own partition of another one has to say that it has some.
        let same = match self.partitions {
            None if !self.is_check => "if it is made for each of them, say so, `partitions = ..`; else ",
            _ => "",
        };
        let name = of.name();
        let (stored, by_key, one) = match is_stored {
            true => ("#[stored] ", "..".to_owned(), "..".to_owned()),
            false => ("", other.value.ty.name(), format!("&{}", other.value.ty.name())),
        };
        // Whether its IO manager can, is not known yet: it belongs to the program, and not to the asset.
        let together = other.io().map(|io| {
            format!("; if the IO manager `{io}` reads partitions together, also as one value: `#[stored(together)] {name}: ..`")
        });
        Some(problem.hint(format!(
            "{same}take them by key, `{stored}{name}: &Partitions<{by_key}>`, or say which one: \
             `{stored}#[mapped(PartitionMapping::last())] {name}: {one}`{}",
            together.unwrap_or_default()
        )))
    }

    /// That it takes the same of an asset twice, by different mappings: it could not be told which is meant where.
    pub(super) fn check_twice(&self, dependency: &Dependency) -> Option<Problem> {
        let other = dependency.asset();
        let is_same = |one: &&Dependency| one.asset().key == other.key && one.taken == dependency.taken;
        let mut same =
            self.dependencies.iter().filter(is_same).filter(|one| one.mapping != dependency.mapping);
        let first = same.next().filter(|first| !std::ptr::eq(*first, dependency))?;
        // Told once, of the later one.
        let place = |of: &Dependency| self.dependencies.iter().position(|one| std::ptr::eq(one, of));
        if place(first) > place(dependency) {
            return None;
        }
        let message = format!("{} takes `{}` twice, by different mappings", self.name, other.key);
        let problem = Problem::new(ProblemKind::InvalidPartition, message);
        let problem = problem.at("first", first.place.clone()).at("second", dependency.place.clone());
        Some(problem.hint("take all of them by one mapping, as `&Partitions<..>`, and find them by key"))
    }
}

impl AssetGraph {
    /// How an asset maps the partitions of another one that it is made of, or its own earlier ones, by their numbers: none where
    /// that follows from the definitions. With each whether values are taken.
    pub(crate) fn mappings(
        &self,
        asset: usize,
        other: usize,
    ) -> impl Iterator<Item = (Option<&PartitionMapping>, bool)> {
        let key = self.assets()[other].key();
        let dependencies = self.assets()[asset].dependencies.iter();
        let others = dependencies.filter(move |one| one.asset().key() == key);
        let others = others.map(|one| (one.mapping.as_ref(), one.taken != Taken::Nothing));
        let own = self.assets()[asset].own.iter().filter(move |_| asset == other);
        others.chain(own.map(|one| (Some(&one.mapping), true)))
    }
}

pub(super) fn refused(what: &str, error: &PartitionError) -> Problem {
    let problem = Problem::new(ProblemKind::InvalidPartition, format!("{what}: {}", error.message()));
    match error.advice() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}
