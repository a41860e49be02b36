//! What an asset that is shown is made of, and what is made of it.
//!
//! Of a partition that is as its materialization says, and as those of others do; an asset as a whole has others as its neighbours,
//! whichever partitions of these are made of which.

use serde_json::{Value, json};

use super::super::palette::Role;
use super::super::table::{Cell, table};
use super::super::text::one_line;
use super::partitions::stretches;
use super::show::{ShownAsset, version};
use super::standing::Standing;
use crate::asset::{AssetKey, InputVersion, Materialization};
use crate::partition::{Keyspace, PartitionSet};
use crate::select::Selectable as _;

/// Something that is made of another, or of which it is made.
pub(super) struct Neighbour<'a> {
    key: &'a AssetKey,
    /// Which partitions of it, where it is known which are made of which.
    partition: Option<String>,
    /// Its latest materialization; of several partitions that of the newest.
    newest: Option<&'a Materialization>,
    standing: Option<Standing>,
    /// That partitions of one asset are made of each other.
    is_own: bool,
}

/// On which side of the asset the others stand.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Upstream,
    Downstream,
}

impl<'a> ShownAsset<'a> {
    /// What it is made of: a partition as its materialization says; an asset as its definition does, else as its latest
    /// materialization does.
    pub(super) fn upstream(&self) -> Vec<Neighbour<'a>> {
        let (graph, fact) = (self.facts.graph, self.latest());
        let defined = self.number().map(|number| graph.upstream(number)).unwrap_or_default().iter();
        let defined = defined.map(|&other| graph.assets()[other].key());
        let inputs = fact.into_iter().flat_map(|fact| &fact.inputs);
        if let (Some(_), Some(fact)) = (self.partition, fact) {
            let not_taken = defined.filter(|key| fact.inputs.iter().all(|input| input.asset != **key));
            let not_taken = not_taken.map(|key| self.whole(key, Some(Standing::NotTaken)));
            // Before the first partition there are none to take.
            let taken = inputs.filter(|input| input.partition.as_deref() != Some(""));
            return taken.map(|input| self.taken(input)).chain(not_taken).collect();
        }
        let keys: Vec<_> = match self.number() {
            Some(_) => defined.collect(),
            None => inputs.map(|input| &input.asset).collect(),
        };
        let standing = |key| fact.map(|fact| Standing::of(fact, key, self.facts.latest(key)));
        let mut found: Vec<_> = keys.into_iter().map(|key| self.whole(key, standing(key))).collect();
        if self.number().is_some_and(|number| graph.takes_own(number)) {
            found.push(Neighbour::own(self.key));
        }
        found
    }

    /// What is made of it: as definitions say, and as the latest materializations of assets of other programs do. Of a partition those
    /// partitions that are.
    pub(super) fn downstream(&self) -> Vec<Neighbour<'a>> {
        let (graph, number) = (self.facts.graph, self.number());
        let defined = number.into_iter().flat_map(|number| graph.downstream(number));
        let defined = defined.map(|&other| graph.assets()[other].key());
        let others = self.facts.records.iter().filter(|record| graph.number(&record.key).is_none());
        // Once for all that may be made of it, which are many where it has many partitions.
        let own = self.keyspace(self.key);
        let own = own.as_ref();
        let others = others.filter(|record| self.is_taken_by(&record.latest, own)).map(|record| &record.key);
        let mut found: Vec<_> = defined.chain(others).map(|key| self.made_of_it(key, own)).collect();
        if self.partition.is_some() && number.is_some_and(|number| graph.takes_own(number)) {
            found.extend(self.partitions_made_of_it(self.key, own));
        }
        found
    }

    /// Another asset as a whole.
    fn whole(&self, key: &'a AssetKey, standing: Option<Standing>) -> Neighbour<'a> {
        let newest = self.facts.latest(key);
        // How one partition stands says nothing of the others.
        let standing = standing.filter(|_| newest.is_none_or(|fact| fact.partition.is_none()));
        Neighbour { key, partition: None, newest, standing, is_own: false }
    }

    /// What a materialization was made of.
    fn taken(&self, input: &'a InputVersion) -> Neighbour<'a> {
        let newest = match input.partition.as_deref() {
            None => self.facts.latest(&input.asset),
            Some(partition) => {
                let keyspace = self.keyspace(&input.asset);
                let among = self.among(keyspace.as_ref(), partition);
                let of = self.latest.partitions.get(&input.asset).into_iter().flatten();
                newest(of.filter(|fact| fact.partition.as_deref().is_some_and(&among)))
            }
        };
        Neighbour {
            key: &input.asset,
            partition: input.partition.as_deref().map(str::to_owned),
            newest,
            standing: Some(Standing::of_input(input, newest)),
            is_own: false,
        }
    }

    /// Another asset that is made of this one, or those of its partitions that are made of the one that is shown.
    fn made_of_it(&self, key: &'a AssetKey, own: Option<&Keyspace>) -> Neighbour<'a> {
        let latest = self.facts.latest(key);
        let standing = match self.partition {
            None => latest.map(|latest| Standing::of(latest, self.key, self.latest())),
            Some(_) if self.latest().is_none() => None,
            Some(_) if self.latest.partitions.contains_key(key) => {
                return self.partitions_made_of_it(key, own).unwrap_or_else(|| Neighbour {
                    key,
                    partition: None,
                    newest: None,
                    standing: latest.map(|_| Standing::NotTaken),
                    is_own: false,
                });
            }
            Some(_) => latest.map(|latest| self.standing_of(latest, own)),
        };
        self.whole(key, standing)
    }

    /// The partitions of an asset that are made of the one that is shown, if any are.
    fn partitions_made_of_it(&self, key: &'a AssetKey, own: Option<&Keyspace>) -> Option<Neighbour<'a>> {
        let keyspace = self.keyspace(key)?;
        let of = self.latest.partitions.get(key).into_iter().flatten();
        let made: Vec<_> = of.filter(|fact| self.is_taken_by(fact, own)).collect();
        let newest = newest(made.iter().copied())?;
        let indexes = made.iter().filter_map(|fact| keyspace.known_index(fact.partition.as_deref()?));
        let partition = match made.as_slice() {
            [one] => one.partition.clone(),
            _ => Some(stretches(&keyspace, &indexes.collect())),
        };
        let standing = (made.len() == 1).then(|| self.standing_of(newest, own));
        Some(Neighbour { key, partition, newest: Some(newest), standing, is_own: false })
    }

    /// How something stands to the partition that is shown.
    fn standing_of(&self, fact: &Materialization, own: Option<&Keyspace>) -> Standing {
        let input = fact.inputs.iter().find(|input| self.takes(input, own));
        input.map_or(Standing::NotTaken, |input| Standing::of_input(input, self.latest()))
    }

    /// Whether it was made of the asset, or of the partition that is shown.
    fn is_taken_by(&self, fact: &Materialization, own: Option<&Keyspace>) -> bool {
        fact.inputs.iter().any(|input| self.takes(input, own))
    }

    fn takes(&self, input: &InputVersion, own: Option<&Keyspace>) -> bool {
        let is_shown = || match (self.partition, input.partition.as_deref()) {
            (Some(shown), Some(taken)) => self.among(own, taken)(shown),
            (shown, _) => shown.is_none(),
        };
        input.asset == *self.key && is_shown()
    }

    /// Whether a partition of an asset is one of those that were taken, as they are written.
    fn among<'t>(&self, keyspace: Option<&'t Keyspace>, taken: &'t str) -> impl Fn(&str) -> bool + use<'t> {
        // One alone is named by its key, and may be one that there is no more.
        let set = keyspace.and_then(|keyspace| keyspace.select(taken, self.facts.now).ok());
        move |partition| {
            let is_in = |set: &PartitionSet| {
                let index = keyspace.and_then(|keyspace| keyspace.known_index(partition));
                index.is_some_and(|index| set.contains(index))
            };
            partition == taken || set.as_ref().is_some_and(is_in)
        }
    }

    fn keyspace(&self, key: &AssetKey) -> Option<Keyspace> {
        let number = self.facts.graph.number(key)?;
        self.facts.graph.assets()[number].partitions()?.resolve(&self.latest.keys).ok()
    }

    /// The others on a side, as a table.
    pub(super) fn neighbours(&self, side: Side) -> String {
        let facts = &self.facts;
        let (what, others) = match side {
            Side::Upstream => ("upstream", self.upstream()),
            Side::Downstream => ("downstream", self.downstream()),
        };
        let row = |other: &Neighbour<'_>| {
            let is_known = facts.record(other.key).is_some();
            let def = facts.graph.number(other.key).map(|number| &facts.graph.assets()[number]);
            let when = match other.newest {
                Some(fact) => facts.when(fact.time).into(),
                None if is_known || def.is_none_or(|def| def.is_external()) => "".into(),
                None => Cell::of(Role::Skip, "never"),
            };
            let (role, told) = other.told(side);
            [
                Cell::of(Role::Name, other.name()),
                when,
                other.newest.map_or_else(String::new, |fact| facts.run(fact)).into(),
                other.one().map_or_else(String::new, version).into(),
                Cell::of(role, told),
            ]
        };
        match others.is_empty() {
            true => String::new(),
            false => {
                let rows = others.iter().map(row).collect();
                table([what, "materialized", "run", "data", ""], rows, facts.palette)
            }
        }
    }
}

impl<'a> Neighbour<'a> {
    /// The asset itself, of which earlier partitions are taken.
    fn own(key: &'a AssetKey) -> Self {
        Self { key, partition: None, newest: None, standing: None, is_own: true }
    }

    /// Its newest materialization, if that is all that is told of it: of several partitions, or of an asset that has some, it is not.
    fn one(&self) -> Option<&'a Materialization> {
        self.newest.filter(|fact| fact.partition.as_deref() == self.partition.as_deref())
    }

    fn name(&self) -> String {
        match &self.partition {
            Some(partition) => format!("{}[{}]", self.key, one_line(partition)),
            None => self.key.to_string(),
        }
    }

    fn told(&self, side: Side) -> (Role, &'static str) {
        match (self.standing, side) {
            _ if self.is_own => (Role::Faint, "earlier partitions of its own"),
            (None, _) => (Role::Faint, ""),
            (Some(standing), Side::Upstream) => standing.of_upstream(),
            (Some(standing), Side::Downstream) => standing.of_downstream(),
        }
    }

    pub(super) fn as_json(&self) -> Value {
        json!({
            "key": self.key,
            "partition": self.partition,
            "time": self.newest.map(|fact| fact.time),
            "run": self.newest.map(|fact| fact.run),
            "data_version": self.one().and_then(|fact| fact.data_version.as_deref()),
            "standing": self.standing,
        })
    }
}

fn newest<'a>(facts: impl Iterator<Item = &'a Materialization>) -> Option<&'a Materialization> {
    facts.max_by_key(|fact| (fact.time, fact.run))
}
