use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::super::palette::Role;
use super::super::words::{NOTHING_THERE, count};
use super::AssetFacts;
use super::failed::{FailedAttempt, waiting, what};
use super::named::Named;
use super::partitions::stretches;
use super::reasons::reasons;
use super::refused::{refused, refused_before};
use super::stale::{because, reason, short, word};
use crate::asset::{AssetKey, Change, Difference, Ingredient, Materialization};
use crate::partition::{Keyspace, PartitionSet};
use crate::run::{LatestFacts, PartitionStandings, Standing, Standings, is_unknown};

/// The latest materialization of an asset, or of a partition of it, at a time.
pub type MaterializedAt<'a> = &'a dyn Fn(&AssetKey, Option<&str>, Timestamp) -> Option<Materialization>;

/// An asset of the program of which it is asked why it is, or is not, as it would be made.
#[derive(Clone, Copy)]
pub struct WhyAsset<'a> {
    /// What is known of all assets.
    pub facts: AssetFacts<'a>,
    /// The latest materializations, those of partitions too.
    pub latest: &'a LatestFacts,
    /// How they stand.
    pub standings: &'a Standings,
    /// The asset.
    pub key: &'a AssetKey,
    /// Which partition of it, of one that has some; without it, all of them.
    pub partition: Option<&'a str>,
    /// What has failed of it and of what it is made of, as [`failed_before`](super::failed_before) names it.
    pub failed: &'a [FailedAttempt],
    /// What was known of an asset, or of a partition of it, at a time: the latest materialization then.
    pub at: MaterializedAt<'a>,
}

/// How an asset stands, or a partition of it, and if there is something to make, why: the first ingredient that differs, and why
/// that does, to the root. Of an asset with partitions how many stand for which reason. Ends with a line break.
#[must_use]
pub fn why_asset(why: &WhyAsset<'_>) -> String {
    let Some(standing) = why.standings.get(why.key) else {
        return format!("`{}` is no asset of this program\n", why.key);
    };
    let of_partitions = why.standings.partitions(why.key);
    // Of what others make nobody knows how its partitions stand.
    let keyspace = of_partitions.map(PartitionStandings::keyspace);
    let keyspace = keyspace.or_else(|| Some(why.facts.partitions.get(why.key)?.keyspace()));
    let named = match (keyspace, why.partition) {
        (Some(keyspace), Some(key)) => match keyspace.index_of(key) {
            Ok(index) => Named { key: why.key.clone(), partition: Some((index, key.to_owned())) },
            Err(error) => return format!("of `{}`: {}\n", why.key, error.message()),
        },
        _ => match of_partitions {
            Some(partitions) => return why.of_partitions(partitions),
            None => Named::whole(why.key),
        },
    };
    let standing = match (&named.partition, why.standing(&named)) {
        (Some(_), Some(of_partition)) => of_partition,
        _ => standing.clone(),
    };
    let palette = why.facts.palette;
    let (role, word) = word(&standing);
    let mut text =
        format!("{} is {}", palette.paint(Role::Name, &named.to_string()), palette.paint(role, word));
    if let Some(latest) = why.latest_of(&named) {
        let (version, is_nothing) = (latest.data_version.as_deref(), latest.found_nothing());
        let version = version.filter(|_| latest.is_observation());
        // Of an asset with partitions it is one of them.
        let one = latest.partition.as_ref().filter(|_| named.partition.is_none());
        let it = one.map_or_else(|| "it".to_owned(), |one| format!("`{}[{one}]`", named.key));
        let what = match version {
            Some(version) => format!("observed {it} as {}", short(version)),
            None if is_nothing => format!("looked at {it}"),
            None => format!("made {it}"),
        };
        let _ = write!(text, ": the run {} {what} {}", why.facts.run(latest), why.facts.when(latest.time));
        if is_nothing {
            let _ = write!(text, ", {NOTHING_THERE}");
        }
    }
    let is_observed =
        || why.facts.graph.number(why.key).is_some_and(|of| why.facts.graph.observation(of).is_some());
    if why.latest_of(&named).is_none() && is_observed() {
        text.push_str(", never observed");
    }
    text.push('\n');
    if let Some((run, has_begun)) = why.facts.in_progress.run(why.key, named.partition()) {
        let run = why.facts.run_of(run);
        let told = match has_begun {
            true => format!("the run {run} is making it now"),
            false => format!("the run {run} is under way and is to make it"),
        };
        let _ = writeln!(text, "  {}", palette.paint(Role::Busy, &told));
    }
    // Of what others make it may be asked without saying for which partition.
    let of_all = named.partition.is_none() && why.facts.partitions.contains_key(why.key);
    match of_all {
        true => why.failed_partitions(&mut text),
        false => why.failed_itself(&named, &mut text),
    }
    let mut seen = BTreeSet::new();
    why.stands(&named, &standing, 1, &mut seen, &mut text);
    why.failed_upstream(Some(&named).filter(|_| !of_all), &mut text);
    if standing.is_to_make() {
        why.refused_upstream(&[named.index()].into_iter().collect(), &mut text);
    }
    text
}

impl WhyAsset<'_> {
    fn latest_of(&self, named: &Named) -> Option<&Materialization> {
        match named.partition() {
            Some(partition) => self.latest.partition(&named.key, partition),
            None => self.facts.latest(&named.key),
        }
    }

    fn standing(&self, named: &Named) -> Option<Standing> {
        match &named.partition {
            Some((index, _)) => self.standings.partitions(&named.key).map(|of| of.get(*index)),
            None => self.standings.get(&named.key).cloned(),
        }
    }

    /// How many partitions stand for which reason.
    fn of_partitions(&self, partitions: &PartitionStandings) -> String {
        let palette = self.facts.palette;
        let existing = partitions.existing();
        let counts = [
            (partitions.fresh(), Role::Good, "fresh"),
            (&partitions.stale() & existing, Role::Warn, "stale"),
            (&partitions.unknown() & existing, Role::Warn, "unknown"),
            (partitions.missing(), Role::Skip, "missing"),
            (
                self.facts.partitions.get(self.key).map(|of| of.failed_last().clone()).unwrap_or_default(),
                Role::Bad,
                "failed",
            ),
        ];
        let told = counts.iter().filter(|(set, ..)| !set.is_empty());
        let told = told.map(|(set, role, word)| palette.paint(*role, &format!("{} {word}", set.len())));
        let mut text = format!(
            "{} has {}: {}\n",
            palette.paint(Role::Name, self.key.as_str()),
            count(existing.len(), "partition", "partitions"),
            told.collect::<Vec<_>>().join(", ")
        );
        self.failed_partitions(&mut text);
        let waiting = waiting(&self.facts, self.key);
        for one in reasons(partitions, &partitions.to_make()) {
            let (_, word) = word(&one.standing);
            let word = if is_unknown(&one.standing) { "unknown" } else { word };
            let waiting =
                if one.standing == Standing::Missing { &one.set & &waiting } else { PartitionSet::new() };
            let waits = format!("{}, and what it is made of failed", one.words());
            let others = &one.set - &waiting;
            for (set, words) in [(waiting, waits), (others, one.words())] {
                if !set.is_empty() {
                    let _ = writeln!(text, "  {word} {}: {words}", stretches(partitions.keyspace(), &set));
                }
            }
        }
        self.failed_upstream(None, &mut text);
        self.refused_upstream(&partitions.to_make(), &mut text);
        text
    }

    /// That the last attempt failed, or that a blocking check has refused what is there.
    fn failed_itself(&self, named: &Named, text: &mut String) {
        let palette = self.facts.palette;
        let is_it = |failed: &&FailedAttempt| {
            failed.fact.asset == named.key && failed.fact.partition.as_deref() == named.partition()
        };
        if let Some(failed) = self.failed.iter().find(is_it) {
            let told = format!("the last {} failed, {}", what(&failed.fact), failed.told(&self.facts));
            let _ = writeln!(text, "  {}", palette.paint(Role::Bad, &told));
            if let Some(hint) = failed.hint() {
                self.hint(&hint, text);
            }
        }
        self.refused(named.partition(), text);
    }

    /// At which partitions the last attempt failed, those that failed alike together, and what blocking checks have refused.
    fn failed_partitions(&self, text: &mut String) {
        let Some(state) = self.facts.partitions.get(self.key) else { return };
        let mut alike: Vec<(String, PartitionSet)> = Vec::new();
        for failed in self.failed.iter().filter(|failed| failed.fact.asset == *self.key) {
            let index = failed.fact.partition.as_deref().and_then(|key| state.keyspace().find(key));
            let told = failed.told(&self.facts);
            match alike.iter_mut().find(|(other, _)| *other == told) {
                Some((_, set)) => *set |= &index.into_iter().collect(),
                None => alike.push((told, index.into_iter().collect())),
            }
        }
        for (told, set) in &alike {
            let told = format!("failed {}, {told}", stretches(state.keyspace(), set));
            let _ = writeln!(text, "  {}", self.facts.palette.paint(Role::Bad, &told));
        }
        let more = alike.iter().fold(state.failed_last().clone(), |left, (_, set)| &left - set);
        if !more.is_empty() {
            let told = format!("failed {}", stretches(state.keyspace(), &more));
            let _ = writeln!(text, "  {}", self.facts.palette.paint(Role::Bad, &told));
        }
        self.refused(None, text);
    }

    /// What blocking checks have refused of what is there.
    fn refused(&self, partition: Option<&str>, text: &mut String) {
        let Some(number) = self.facts.graph.number(self.key) else { return };
        for refused in refused(&self.facts, number, partition) {
            let _ = writeln!(text, "  {}", self.facts.palette.paint(Role::Bad, &refused.told(&self.facts)));
            self.hint(&refused.hint(), text);
        }
    }

    fn hint(&self, hint: &str, text: &mut String) {
        let _ = writeln!(text, "  {} {hint}", self.facts.palette.paint(Role::Busy, "hint:"));
    }

    /// What keeps one partition, or any, from being made, however far before it.
    fn failed_upstream(&self, named: Option<&Named>, text: &mut String) {
        let is_other = |failed: &&FailedAttempt| {
            failed.fact.asset != *self.key
                || named.is_some_and(|named| failed.fact.partition.as_deref() != named.partition())
        };
        for failed in self.failed.iter().filter(is_other) {
            let what = if failed.fact.observed {
                "the last look at what it is made of"
            } else {
                "what it is made of"
            };
            let told = format!("{what} failed: `{}`, {}", failed.name(), failed.told(&self.facts));
            let _ = writeln!(text, "  {}", self.facts.palette.paint(Role::Bad, &told));
        }
    }

    /// What these partitions are made of and blocking checks have refused.
    fn refused_upstream(&self, set: &PartitionSet, text: &mut String) {
        let before = refused_before(&self.facts, self.key, set).into_iter();
        // Of all partitions it is told what is refused of any.
        for (key, refused) in before.filter(|(key, _)| self.partition.is_some() || *key != self.key) {
            let told = format!("`{key}` is not to be taken as it is: {}", refused.told(&self.facts));
            let _ = writeln!(text, "  {}", self.facts.palette.paint(Role::Bad, &told));
            self.hint(&refused.hint(), text);
        }
    }

    /// Why an asset, or a partition of it, is to be made.
    fn stands(
        &self,
        named: &Named,
        standing: &Standing,
        depth: usize,
        seen: &mut BTreeSet<Named>,
        text: &mut String,
    ) {
        let mut reason = reason(standing);
        if reason.is_empty() || !seen.insert(named.clone()) {
            return;
        }
        // Of an asset with partitions which of those it is made of.
        let behind = match standing {
            Standing::Behind(other) => Some(self.first_to_make(named, other)),
            _ => None,
        };
        if let Some(behind) = behind.as_ref().filter(|behind| behind.partition.is_some()) {
            reason = format!("it is made of `{behind}`, which is to be made");
        }
        let _ = writeln!(text, "{}{reason}", "  ".repeat(depth));
        match standing {
            Standing::Behind(_) => {
                if let Some(other) = behind
                    && let Some(standing) = self.standing(&other)
                {
                    self.stands(&other, &standing, depth + 1, seen, text);
                }
            }
            Standing::Stale(Difference {
                ingredient: Ingredient::Input(other),
                change: Change::Other { .. },
            }) => {
                if let Some(fact) = self.latest_of(named) {
                    self.other_data(named, fact, other, depth + 1, seen, text);
                }
            }
            _ => {}
        }
    }

    /// What something is made of and that is to be made: of one with partitions the first; of earlier ones of its own that wait for
    /// each other, the one for which all of them wait.
    fn first_to_make(&self, named: &Named, other: &AssetKey) -> Named {
        let Some(partitions) = self.standings.partitions(other) else { return Named::whole(other) };
        let to_make = partitions.to_make();
        let first_of = |index: u64| {
            let needed = self.standings.needed((&named.key, index), other, partitions.materialized());
            (&needed & &to_make).first()
        };
        let mut first = first_of(named.index());
        while let Some(index) = first.filter(|_| named.key == *other)
            && partitions.get(index) == Standing::Behind(other.clone())
            && let Some(before) = first_of(index)
        {
            first = Some(before);
        }
        let key =
            first.and_then(|index| Some((index, partitions.keyspace().key_of(index).ok()?.to_string())));
        Named { key: other.clone(), partition: key }
    }

    /// Why the data of another asset is not what this materialization was made of.
    fn other_data(
        &self,
        named: &Named,
        fact: &Materialization,
        other: &AssetKey,
        depth: usize,
        seen: &mut BTreeSet<Named>,
        text: &mut String,
    ) {
        let indent = "  ".repeat(depth);
        let Some(keyspace) = self.keyspace(other) else {
            if let Some(latest) = self.latest_of(&Named::whole(other)) {
                self.anew(&Named::whole(other), fact.time, latest, depth, seen, text);
            }
            return;
        };
        let facts = self.latest.partitions.get(other).into_iter().flatten();
        let mut taken: Vec<(u64, &Materialization)> =
            facts.filter_map(|fact| Some((keyspace.find(fact.partition.as_deref()?)?, fact))).collect();
        let there = taken.iter().map(|(index, _)| *index).collect();
        let needed = self.standings.needed((&named.key, named.index()), other, &there);
        taken.retain(|(index, _)| needed.contains(*index));
        let is_there = |(_, fact): &&(u64, &Materialization)| !fact.found_nothing();
        let known: PartitionSet = taken.iter().filter(is_there).map(|(index, _)| *index).collect();
        let before = fact.inputs.iter().find(|input| input.asset == *other);
        let before = before.and_then(|input| input.partition.as_deref()).unwrap_or_default();
        let now = match (known.len(), known.first().map(|index| keyspace.key_of(index))) {
            (1, Some(Ok(one))) => one.to_string(),
            _ => keyspace.show(&known),
        };
        if before != now {
            let of = |keys: &str| if keys.is_empty() { "none".to_owned() } else { keys.to_owned() };
            let _ =
                writeln!(text, "{indent}it was made of {}, and would be made of {}", of(before), of(&now));
        }
        // Made or observed again as it was it is no reason.
        let is_other = |latest: &Materialization| {
            let before = || (self.at)(other, latest.partition.as_deref(), fact.time);
            // One that was never there was as good as not there.
            let is_there = !latest.found_nothing();
            latest.version().is_none()
                || before().map_or(is_there, |before| before.version() != latest.version())
        };
        let is_newer = |(_, latest): &(u64, &Materialization)| latest.time > fact.time && is_other(latest);
        let mut newer: Vec<_> = taken.into_iter().filter(is_newer).collect();
        newer.sort_by_key(|(index, _)| *index);
        if let Some((index, latest)) = newer.first() {
            let key = latest.partition.clone().unwrap_or_default();
            let first = Named { key: other.clone(), partition: Some((*index, key)) };
            self.anew(&first, fact.time, latest, depth, seen, text);
            if let more @ 1.. = newer.len() - 1 {
                let partitions = count(more as u64, "more partition", "more partitions");
                let _ = writeln!(text, "{indent}{partitions} of `{other}` made since");
            }
        }
    }

    /// As which version an asset was observed that was taken at this time, and as which before that.
    fn observed(
        &self,
        named: &Named,
        taken: Timestamp,
        latest: &Materialization,
        depth: usize,
        text: &mut String,
    ) {
        let told = |fact: &Materialization| {
            let version = fact.data_version.as_deref().map_or_else(|| "not there".to_owned(), short);
            format!("as {version} by the run {} {}", self.facts.run(fact), self.facts.when(fact.time))
        };
        let _ = write!(text, "{}`{named}` was observed {}", "  ".repeat(depth), told(latest));
        let before = (self.at)(&named.key, named.partition(), taken).filter(Materialization::is_observation);
        let _ = match before {
            Some(before) => writeln!(text, ", and before {}", told(&before)),
            None => writeln!(text),
        };
    }

    /// Why something that was taken at this time was made anew since.
    fn anew(
        &self,
        named: &Named,
        taken: Timestamp,
        latest: &Materialization,
        depth: usize,
        seen: &mut BTreeSet<Named>,
        text: &mut String,
    ) {
        if latest.is_observation() {
            return self.observed(named, taken, latest, depth, text);
        }
        let before = (self.at)(&named.key, named.partition(), taken);
        let _ = write!(
            text,
            "{}`{named}` was made {}by the run {} {}",
            "  ".repeat(depth),
            if before.is_some() { "anew " } else { "" },
            self.facts.run(latest),
            self.facts.when(latest.time)
        );
        let difference = before.as_ref().and_then(|before| before.recipe.difference(&latest.recipe));
        let _ = match &difference {
            Some(difference) => writeln!(text, ": {}", because(difference)),
            None if before.is_some() => writeln!(text, ", of the same, and came out otherwise"),
            None => writeln!(text),
        };
        if let (Some(before), Some(difference)) = (&before, &difference)
            && let Difference { ingredient: Ingredient::Input(other), change: Change::Other { .. } } =
                difference
            && seen.insert(named.clone())
            && let Some((made, other)) = self.taken_by(latest, other)
        {
            let (made, other, taken) = self.beginning(made, other, before.time);
            self.anew(&other, taken, &made, depth + 1, seen, text);
        }
    }

    /// What a materialization took of another asset, if that was one partition, or all of it.
    fn taken_by(&self, fact: &Materialization, other: &AssetKey) -> Option<(Materialization, Named)> {
        let input = fact.inputs.iter().find(|input| input.asset == *other)?;
        let other = self.named(other, input.partition.as_deref())?;
        Some(((self.at)(&other.key, other.partition(), fact.time)?, other))
    }

    /// Of partitions that were made anew since earlier ones of their own asset were, the one with which that began.
    fn beginning(
        &self,
        mut made: Materialization,
        mut named: Named,
        mut taken: Timestamp,
    ) -> (Materialization, Named, Timestamp) {
        while let Some(before) = (self.at)(&named.key, named.partition(), taken)
            && let Some(Difference { ingredient: Ingredient::Input(other), change: Change::Other { .. } }) =
                before.recipe.difference(&made.recipe)
            && other == named.key
            && let Some((earlier, of)) = self.taken_by(&made, &other)
        {
            (made, named, taken) = (earlier, of, before.time);
        }
        (made, named, taken)
    }

    /// What an input was: an asset, or one partition; none if it was several.
    fn named(&self, key: &AssetKey, partition: Option<&str>) -> Option<Named> {
        let Some(partition) = partition else { return Some(Named::whole(key)) };
        let index = self.keyspace(key)?.find(partition)?;
        Some(Named { key: key.clone(), partition: Some((index, partition.to_owned())) })
    }

    fn keyspace(&self, key: &AssetKey) -> Option<Keyspace> {
        let number = self.facts.graph.number(key)?;
        self.facts.graph.assets()[number].partitions()?.resolve(&self.latest.keys).ok()
    }
}

impl std::fmt::Debug for WhyAsset<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WhyAsset").field("key", self.key).finish_non_exhaustive()
    }
}
