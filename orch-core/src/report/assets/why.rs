use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::palette::Role;
use super::AssetFacts;
use super::stale::{because, reason, word};
use crate::asset::{AssetKey, Change, Difference, Ingredient, Materialization};
use crate::ids::RunId;
use crate::run::{Standing, Standings};

/// An asset of the program of which it is asked why it is, or is not, as it would be made.
#[derive(Clone, Copy)]
pub struct WhyAsset<'a> {
    /// What is known of all assets.
    pub facts: AssetFacts<'a>,
    /// How they stand.
    pub standings: &'a Standings,
    /// The asset.
    pub key: &'a AssetKey,
    /// The materialization of an asset by a run, if it is known.
    pub made_by: &'a dyn Fn(&AssetKey, RunId) -> Option<Materialization>,
}

/// How an asset stands, and if there is something to make, why: the first ingredient that differs, and why that does, to the
/// root. Ends with a line break.
#[must_use]
pub fn why_asset(why: &WhyAsset<'_>) -> String {
    let Some(standing) = why.standings.get(why.key) else {
        return format!("`{}` is no asset of this program\n", why.key);
    };
    let palette = why.facts.palette;
    let (role, word) = word(standing);
    let mut text =
        format!("{} is {}", palette.paint(Role::Name, why.key.as_str()), palette.paint(role, word));
    if let Some(latest) = why.facts.latest(why.key) {
        let _ = write!(text, ": the run {} made it {}", why.facts.run(latest), why.facts.when(latest.time));
    }
    text.push('\n');
    let mut seen = BTreeSet::new();
    why.stands(why.key, standing, 1, &mut seen, &mut text);
    text
}

impl WhyAsset<'_> {
    /// Why an asset is to be made.
    fn stands(
        &self,
        key: &AssetKey,
        standing: &Standing,
        depth: usize,
        seen: &mut BTreeSet<AssetKey>,
        text: &mut String,
    ) {
        let reason = reason(standing);
        if reason.is_empty() || !seen.insert(key.clone()) {
            return;
        }
        let _ = writeln!(text, "{}{reason}", "  ".repeat(depth));
        match standing {
            Standing::Behind(other) => {
                if let Some(standing) = self.standings.get(other) {
                    self.stands(other, standing, depth + 1, seen, text);
                }
            }
            Standing::Stale(Difference {
                ingredient: Ingredient::Input(other),
                change: Change::Other { .. },
            }) => {
                let (fact, latest) = (self.facts.latest(key), self.facts.latest(other));
                if let (Some(fact), Some(latest)) = (fact, latest) {
                    self.anew(fact, latest, depth + 1, seen, text);
                }
            }
            _ => {}
        }
    }

    /// Why an asset that this materialization was made of was made anew since.
    fn anew(
        &self,
        fact: &Materialization,
        latest: &Materialization,
        depth: usize,
        seen: &mut BTreeSet<AssetKey>,
        text: &mut String,
    ) {
        let _ = write!(
            text,
            "{}`{}` was made anew by the run {} {}",
            "  ".repeat(depth),
            latest.asset,
            self.facts.run(latest),
            self.facts.when(latest.time)
        );
        let input = fact.inputs.iter().find(|input| input.asset == latest.asset);
        let before = input.and_then(|input| (self.made_by)(&latest.asset, input.run?));
        let difference = before.as_ref().and_then(|before| before.recipe.difference(&latest.recipe));
        let _ = match &difference {
            Some(difference) => writeln!(text, ": {}", because(difference)),
            None if before.is_some() => writeln!(text, ", of the same, and came out otherwise"),
            None => writeln!(text),
        };
        if let (Some(before), Some(difference)) = (&before, &difference)
            && let Difference { ingredient: Ingredient::Input(other), change: Change::Other { .. } } =
                difference
            && seen.insert(latest.asset.clone())
        {
            let made = latest.inputs.iter().find(|input| input.asset == *other);
            if let Some(made) = made.and_then(|input| (self.made_by)(other, input.run?)) {
                self.anew(before, &made, depth + 1, seen, text);
            }
        }
    }
}

impl std::fmt::Debug for WhyAsset<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WhyAsset").field("key", self.key).finish_non_exhaustive()
    }
}
