use std::collections::HashSet;
use std::sync::Arc;

use super::CheckDef;
use crate::asset::CheckResult;
use crate::graph::AssetGraph;
use crate::graph::asset::linked::Taker;
use crate::graph::asset::partitioned::is_aligned;
use crate::plan::{Problem, ProblemKind};
use crate::select::Selectable as _;
use crate::value::TypeInfo;

/// The checks of a program, beside its assets.
impl AssetGraph {
    /// The same graph with these checks. What is wrong with them among each other and beside the assets is told with the plan
    /// of a job that is drawn of it.
    #[must_use]
    pub fn with_checks(mut self, checks: impl IntoIterator<Item = Arc<CheckDef>>) -> Self {
        for check in checks {
            self.add_check(&check);
        }
        self
    }

    /// The checks, in the order in which they were listed.
    #[must_use]
    pub fn checks(&self) -> &[Arc<CheckDef>] {
        &self.checks
    }

    /// The checks of an asset, by its number.
    pub fn checks_of(&self, asset: usize) -> impl Iterator<Item = &Arc<CheckDef>> {
        self.lookers.get(&asset).into_iter().flatten().map(|&check| &self.checks[check])
    }

    /// The number of the asset that a check looks at, by its own.
    pub(crate) fn looked_at(&self, check: usize) -> usize {
        self.looked_at[check]
    }

    /// What a check takes the value of beside the asset that it looks at, as the numbers of assets.
    pub(crate) fn taken_by(&self, check: usize) -> impl Iterator<Item = usize> {
        let taken = self.checks[check].dependencies.iter().filter(|one| one.is_data());
        let taken = taken.filter_map(|dependency| self.number(dependency.asset().key()));
        taken.filter(move |&other| other != self.looked_at[check])
    }

    /// The assets of which a check takes other partitions than the one that it looks at, and than its own asset takes: nothing that
    /// makes that asset waits for these.
    pub(crate) fn taken_apart(&self, check: usize) -> impl Iterator<Item = usize> {
        let asset = &self.assets()[self.looked_at[check]];
        let of_partitions =
            self.checks[check].dependencies.iter().filter(|one| one.asset().partitions.is_some());
        let apart = of_partitions.filter(|one| {
            let mut taken = asset.dependencies.iter().filter(|of| of.asset().key() == one.asset().key());
            !is_aligned(asset.partitions.as_ref(), one) && !taken.any(|of| of.mapping == one.mapping)
        });
        apart.filter_map(|one| self.number(one.asset().key()))
    }

    fn add_check(&mut self, check: &Arc<CheckDef>) {
        let (name, key) = (&check.name, check.asset().key());
        let Some(asset) = self.number(key) else {
            return self.problems.push(
                Problem::new(
                    ProblemKind::UnlistedAsset,
                    format!("the check `{name}` looks at `{key}`, which is not listed"),
                )
                .at("the check", check.place.clone())
                .at("the asset", check.asset().place().clone())
                .hint(format!(
                    "list it too: `Definitions::new().assets(assets![.., {}])`",
                    check.asset().name()
                )),
            );
        };
        let first = self.checks_of(asset).find(|first| first.name == *name).map(Arc::clone);
        if let Some(first) = first {
            // The same one, listed twice, is one.
            if !Arc::ptr_eq(&first, check) {
                let problem = Problem::new(
                    ProblemKind::DuplicateCheck,
                    format!("two checks of `{key}` have the name `{name}`"),
                );
                self.problems.push(
                    problem.at("first", first.place.clone()).at("second", check.place.clone()).hint(
                        "give one of them another: `#[asset_check(name = \"..\")]`, or `.named(\"..\")`",
                    ),
                );
            }
            return;
        }
        self.look_at_result(check);
        self.look_at_taken(check, asset);
        if check.blocking && self.assets()[asset].is_external() {
            self.problems.push(
                Problem::new(
                    ProblemKind::UselessCheck,
                    format!("the check `{name}` is blocking, and nothing waits for it: others make `{key}`"),
                )
                .at("the check", check.place.clone())
                .at("the asset", check.asset().place().clone())
                .hint("leave `blocking` out: a check of what others make looks when it is asked to, `assets check`"),
            );
        }
        self.lookers.entry(asset).or_default().push(self.checks.len());
        self.checks.push(Arc::clone(check));
        self.looked_at.push(asset);
    }

    /// What a check gives is a result. The macro makes one of it; by hand it can be anything.
    fn look_at_result(&mut self, check: &CheckDef) {
        if check.gives == Some(TypeInfo::of::<CheckResult>()) {
            return;
        }
        let gives = check.gives.map_or_else(|| "no single value".to_owned(), |ty| format!("`{}`", ty.name()));
        self.problems.push(
            Problem::new(
                ProblemKind::TypeMismatch,
                format!("the op of the check `{}` gives {gives}, and no `CheckResult`", check.name),
            )
            .at("the check", check.place.clone())
            .hint("its only output is a `CheckResult`"),
        );
    }

    /// What a check takes besides the asset that it looks at is listed too; and what waits for it, it cannot take.
    fn look_at_taken(&mut self, check: &CheckDef, asset: usize) {
        let wrong =
            check.partitions.iter().filter_map(|taken| taken.check("check", &check.name, check.asset()));
        self.problems.extend(wrong);
        let taker = Taker::check(check);
        for dependency in &check.dependencies {
            let (name, other) = (&check.name, dependency.asset());
            let Some(number) = self.number(other.key()) else {
                self.problems.push(
                    Problem::new(
                        ProblemKind::UnlistedAsset,
                        format!("the check `{name}` takes `{}`, which is not listed", other.key()),
                    )
                    .at("takes it", dependency.place.clone())
                    .at("the asset", other.place().clone())
                    .hint(format!("list it too: `Definitions::new().assets(assets![.., {}])`", other.name())),
                );
                continue;
            };
            self.problems.extend(taker.check_link(dependency));
            self.problems.extend(taker.check_twice(dependency));
            if check.blocking && self.is_below(number, asset) {
                let key = self.assets()[asset].key();
                self.problems.push(
                    Problem::new(
                        ProblemKind::AssetCircle,
                        format!(
                            "the check `{name}` of `{key}` takes `{other}`, which is made of `{key}` and waits for the check",
                            other = other.key()
                        ),
                    )
                    .at("takes it", dependency.place.clone())
                    .at("the check", check.place.clone())
                    .hint(format!("leave `blocking` out, or make it a check of `{}`", other.key())),
                );
            }
        }
    }

    /// Whether an asset is made of another one, directly or through others.
    fn is_below(&self, asset: usize, other: usize) -> bool {
        // In a circle nothing has a place, and nothing is drawn; that is told by itself.
        let (Some(last), Some(first)) = (self.place_of(asset), self.place_of(other)) else { return false };
        if last <= first {
            return false;
        }
        let (mut seen, mut next) = (HashSet::new(), vec![asset]);
        while let Some(number) = next.pop() {
            for &above in self.upstream(number) {
                // What stands before the other one is not made of it.
                if self.place_of(above) > Some(first) && seen.insert(above) {
                    next.push(above);
                } else if above == other {
                    return true;
                }
            }
        }
        false
    }
}
