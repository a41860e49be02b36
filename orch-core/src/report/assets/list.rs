use serde_json::{Value, json};

use super::super::palette::Role;
use super::super::table::{Cell, table};
use super::super::text::one_line;
use super::super::words::NOTHING_THERE;
use super::stale::{standing_as_json, word};
use super::{AssetFacts, IN_PROGRESS, checks, rows};
use crate::asset::Materialization;
use crate::select::Selectable as _;
use crate::storage::AssetRecord;

/// A line for each selected asset, by its key and below a head: group, kinds, when it was materialized or observed last and by which
/// run, rows if they are known, how often that has happened, how its checks stand, and how it stands itself: fresh, stale,
/// missing, external or observable, and whether it is in progress, or how many of its partitions are there. Ends with a line break.
#[must_use]
pub fn assets(facts: &AssetFacts<'_>, selected: &[bool]) -> String {
    let row = |number: usize| {
        let asset = &facts.graph.assets()[number];
        let record = facts.record(asset.key());
        let [mut when, observed, run, rows, times] = latest(facts, record);
        if record.is_none() && !asset.is_external() {
            when = Cell::of(Role::Skip, "never");
        }
        [
            Cell::of(Role::Name, asset.key().as_str()),
            one_line(asset.group().unwrap_or_default()).into(),
            one_line(&asset.kinds().join(", ")).into(),
            when,
            observed,
            run,
            rows,
            times,
            checks::brief(facts, number),
            state(facts, number),
        ]
    };
    let head =
        ["asset", "group", "kinds", "materialized", "observed", "run", "rows", "times", "checks", "state"];
    table(head, by_key(facts, selected).into_iter().map(row).collect(), facts.palette)
}

/// The same of the assets that the instance knows and the program does not; nothing if there are none.
#[must_use]
pub fn asset_others(facts: &AssetFacts<'_>) -> String {
    let row = |record: &AssetRecord| {
        let [when, observed, run, rows, times] = latest(facts, Some(record));
        [Cell::of(Role::Name, record.key.as_str()), when, observed, run, rows, times]
    };
    let rows: Vec<_> = others(facts).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let head = ["asset", "materialized", "observed", "run", "rows", "times"];
    let title = facts.palette.paint(Role::Faint, "made by other programs, or by this one before it changed:");
    format!("{title}\n{}", table(head, rows, facts.palette))
}

/// How it stands, or how many of its partitions are there.
fn state(facts: &AssetFacts<'_>, number: usize) -> Cell {
    let asset = &facts.graph.assets()[number];
    let observable = facts.graph.observation(number).map(|_| "observable");
    if let Some(partitions) = facts.partitions.get(asset.key()) {
        let (role, told) = partitions.brief(facts.partition_standings(asset.key()));
        let told: Vec<_> = observable.into_iter().chain([told.as_str()]).collect();
        return Cell::of(role, told.join(", "));
    }
    if let Some(observable) = observable {
        let is_nothing = facts.latest(asset.key()).is_some_and(Materialization::found_nothing);
        let has_failed = facts.failures.contains_key(asset.key());
        let told = [Some(observable), is_nothing.then_some(NOTHING_THERE), has_failed.then_some("failed")];
        let told: Vec<_> = told.into_iter().flatten().collect();
        return Cell::of(if has_failed { Role::Bad } else { Role::Faint }, told.join(", "));
    }
    match facts.standing(asset.key()).map(word) {
        Some((_, word)) if facts.is_in_progress(asset.key()) => {
            Cell::of(Role::Busy, format!("{word}, {IN_PROGRESS}"))
        }
        Some((_, word)) if facts.failures.contains_key(asset.key()) => {
            Cell::of(Role::Bad, format!("{word}, failed"))
        }
        Some((role, word)) => Cell::of(role, word),
        None => Cell::of(Role::Faint, if asset.is_external() { "external" } else { "" }),
    }
}

/// When it was materialized last, or observed, whichever was later; by which run, with how many rows, and how often that was done.
fn latest(facts: &AssetFacts<'_>, record: Option<&AssetRecord>) -> [Cell; 5] {
    let Some(record) = record else { return ["", "", "", "", ""].map(Cell::from) };
    let (latest, when) = (&record.latest, facts.when(record.latest.time));
    let (made, observed) = facts.times(record);
    let (when, looked, times) = match latest.is_observation() {
        true => (String::new(), when, observed),
        false => (when, String::new(), made),
    };
    [
        when.into(),
        looked.into(),
        facts.run(latest).into(),
        rows(latest).unwrap_or_default().into(),
        times.to_string().into(),
    ]
}

/// The selected assets, and those of others if they are asked for, as one array: each field is there whether or not it has
/// a value. Times are in RFC 3339.
#[must_use]
pub fn assets_as_json(facts: &AssetFacts<'_>, selected: &[bool], with_others: bool) -> Value {
    let own = by_key(facts, selected).into_iter().map(|number| defined(facts, number));
    let others = others(facts).filter(|_| with_others).map(|record| known(facts, record));
    own.chain(others).collect()
}

/// The other assets that one step makes with it.
fn made_with(facts: &AssetFacts<'_>, number: usize) -> Vec<usize> {
    facts.graph.together(number).iter().copied().filter(|&other| other != number).collect()
}

/// An asset of the program.
pub(super) fn defined(facts: &AssetFacts<'_>, number: usize) -> Value {
    let asset = &facts.graph.assets()[number];
    let keys = |numbers: &[usize]| {
        let keys = numbers.iter().map(|&other| json!(facts.graph.assets()[other].key()));
        keys.collect::<Value>()
    };
    let record = facts.record(asset.key());
    let own = facts.graph.takes_own(number).then_some(number);
    let upstream: Vec<usize> = facts.graph.upstream(number).iter().copied().chain(own).collect();
    json!({
        "key": asset.key(),
        "defined": true,
        "external": asset.is_external(),
        "observation": facts.graph.observation(number).map(|observation| observation.name()),
        "made_with": keys(&made_with(facts, number)),
        "group": asset.group(),
        "kinds": asset.kinds(),
        "owners": asset.owners(),
        "tags": asset.tags(),
        "description": asset.description(),
        "code_version": asset.code_version(),
        "type": asset.type_name(),
        "io": asset.io(),
        "metadata": asset.metadata(),
        "partitions": facts
            .partitions
            .get(asset.key())
            .map(|partitions| partitions.as_json(facts.partition_standings(asset.key()))),
        "in_progress": facts.in_progress.runs_of(asset.key()).map(|run| json!(run)).collect::<Value>(),
        "place": asset.place().to_string(),
        "upstream": keys(&upstream),
        "downstream": keys(facts.graph.downstream(number)),
        "materializations": record.map_or(0, |record| facts.times(record).0),
        "observations": record.map_or(0, |record| facts.times(record).1),
        "latest": record.map(|record| fact_as_json(&record.latest)),
        "standing": facts.standing(asset.key()).map(standing_as_json),
        "checks": checks::as_json(facts, number, None),
    })
}

/// An asset of another program: of its definition nothing is known.
pub(super) fn known(facts: &AssetFacts<'_>, record: &AssetRecord) -> Value {
    json!({
        "key": record.key,
        "defined": false,
        "external": true,
        "observation": null,
        "made_with": [],
        "group": null,
        "kinds": [],
        "owners": [],
        "tags": {},
        "description": null,
        "code_version": null,
        "type": null,
        "io": null,
        "metadata": {},
        "partitions": null,
        "in_progress": [],
        "place": null,
        "upstream": record.latest.inputs.iter().map(|input| json!(input.asset)).collect::<Value>(),
        "downstream": [],
        "materializations": facts.times(record).0,
        "observations": facts.times(record).1,
        "latest": fact_as_json(&record.latest),
        "standing": null,
        "checks": [],
    })
}

pub(super) fn fact_as_json(fact: &Materialization) -> Value {
    let inputs = fact.inputs.iter().map(|input| {
        json!({
            "asset": input.asset,
            "partition": input.partition,
            "run": input.run,
            "data_version": input.data_version,
        })
    });
    json!({
        "time": fact.time,
        "run": fact.run,
        "event": fact.event,
        "partition": fact.partition,
        "code_version": fact.code_version,
        "data_version": fact.data_version,
        "inputs": inputs.collect::<Value>(),
        "metadata": fact.metadata,
        "value": fact.value,
    })
}

fn by_key(facts: &AssetFacts<'_>, selected: &[bool]) -> Vec<usize> {
    let mut numbers: Vec<_> = (0..selected.len()).filter(|&number| selected[number]).collect();
    numbers.sort_by_key(|&number| facts.graph.assets()[number].key());
    numbers
}

fn others<'a>(facts: &AssetFacts<'a>) -> impl Iterator<Item = &'a AssetRecord> {
    let graph = facts.graph;
    facts.records.iter().filter(move |record| graph.number(&record.key).is_none())
}
