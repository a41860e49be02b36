use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::super::palette::{Palette, Role};
use super::super::table::{Cell, table_of};
use super::super::text::one_line;
use super::super::words::{NOTHING_THERE, ago, count, moment};
use super::failed::{FailedAttempt, what};
use super::list::{defined, fact_as_json, known};
use super::metadata::{NAME, metadata};
use super::neighbours::{Neighbour, Side};
use super::plot::{number as rounded, plots, series};
use super::stale::{reason, word};
use super::{AssetFacts, IN_PROGRESS, checks};
use crate::asset::{AssetKey, Materialization, MetadataValue, ValueAt};
use crate::graph::{AssetDef, ObservationDef};
use crate::run::LatestFacts;

/// How many characters of the version of data are shown.
const VERSION: usize = 12;

/// An asset that is shown on its own.
#[derive(Clone, Copy, Debug)]
pub struct ShownAsset<'a> {
    /// What is known of all assets.
    pub facts: AssetFacts<'a>,
    /// The latest materializations, those of partitions too.
    pub latest: &'a LatestFacts,
    /// The asset: one of the program, or one that the instance knows.
    pub key: &'a AssetKey,
    /// Its materializations that are shown, the newest first.
    pub history: &'a [Materialization],
    /// The partition of which they are, if they are all of one.
    pub partition: Option<&'a str>,
    /// The last attempt at it, if that failed: at the partition, or at an asset without any.
    pub failed: Option<&'a FailedAttempt>,
}

impl<'a> ShownAsset<'a> {
    /// Its number, of one of the program.
    pub(super) fn number(&self) -> Option<usize> {
        self.facts.graph.number(self.key)
    }

    fn def(&self) -> Option<&'a AssetDef> {
        let graph = self.facts.graph;
        self.number().map(|number| &*graph.assets()[number])
    }

    fn observation(&self) -> Option<&'a ObservationDef> {
        let graph = self.facts.graph;
        self.number().and_then(|number| graph.observation(number)).map(|observation| &**observation)
    }

    pub(super) fn latest(&self) -> Option<&'a Materialization> {
        match self.partition {
            Some(_) => self.history.first(),
            None => self.facts.latest(self.key),
        }
    }

    /// The version of the code, if the latest materialization was made by another.
    fn other_code(&self) -> Option<&'a str> {
        let (def, latest) = (self.def().filter(|def| !def.is_external())?, self.latest()?);
        let version = def.code_version()?;
        (latest.code_version.as_deref() != Some(version)).then_some(version)
    }
}

/// What the asset is, what it is made of and what of it, how these stand to each other, what its checks have found, its latest
/// materialization, and the earlier ones with what they say in numbers. Ends with a line break.
#[must_use]
pub fn asset(shown: &ShownAsset<'_>) -> String {
    let palette = shown.facts.palette;
    let mut parts = vec![definition(shown)];
    parts.extend([shown.neighbours(Side::Upstream), shown.neighbours(Side::Downstream)]);
    parts.extend(shown.number().map(|number| checks::listed(&shown.facts, number, shown.partition)));
    parts.extend(shown.failed.map(|failed| {
        let told = format!("the last {} failed, {}", what(&failed.fact), failed.told(&shown.facts));
        format!("{}\n", palette.paint(Role::Bad, &told))
    }));
    match shown.latest() {
        Some(fact) => parts.extend([latest(shown, fact), history(shown)]),
        None if shown.observation().is_some() => {
            parts.push(format!("{}\n", palette.paint(Role::Skip, "never observed")));
        }
        None if shown.def().is_some_and(AssetDef::is_external) => {}
        None => {
            let of = shown.partition.map_or_else(String::new, |partition| format!("`{partition}` was "));
            parts.push(format!("{}\n", palette.paint(Role::Skip, &format!("{of}never materialized"))));
        }
    }
    parts.push(plots(&series(shown.history), palette));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn definition(shown: &ShownAsset<'_>) -> String {
    let palette = shown.facts.palette;
    let mut text = format!("{}\n", palette.paint(Role::Name, shown.key.as_str()));
    let Some(def) = shown.def() else {
        text.push_str("no asset of this program: another one made it, or this one before it changed\n");
        return text;
    };
    for line in def.description().unwrap_or_default().trim_end().lines() {
        let _ = writeln!(text, "{}", format!("  {}", one_line(line)).trim_end());
    }
    text.push('\n');
    let tags: Vec<_> = def.tags().iter().map(|(key, value)| format!("{key}={value}")).collect();
    let code = match (def.code_version(), shown.other_code()) {
        (Some(version), None) => format!("version {}", one_line(version)),
        (Some(version), Some(_)) => {
            let by = shown.latest().and_then(|fact| fact.code_version.as_deref());
            let by =
                by.map_or_else(|| "by one without a version".to_owned(), |by| format!("by version {by}"));
            let by = palette.paint(Role::Warn, &one_line(&format!("the latest was made {by}")));
            format!("version {}; {by}", one_line(version))
        }
        (None, _) => String::new(),
    };
    // Of an asset with partitions is told which of them are there.
    let is_told = !def.is_external() && def.partitions().is_none();
    let state = shown.facts.standing(shown.key).filter(|_| is_told);
    let state = state.map_or_else(String::new, |standing| {
        let ((role, word), reason) = (word(standing), reason(standing));
        let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
        format!("{}{reason}", palette.paint(role, word))
    });
    let run = shown.facts.in_progress.run(shown.key, None);
    let run = run.map_or_else(String::new, |(run, _)| format!("by the run {}", shown.facts.run_of(run)));
    let lines = [
        ("external", if def.is_external() { "others make it".to_owned() } else { String::new() }),
        ("observed by", shown.observation().map_or_else(String::new, observed_by)),
        ("made with", made_with(shown, def)),
        ("group", one_line(def.group().unwrap_or_default())),
        ("owners", one_line(&def.owners().join(", "))),
        ("kinds", one_line(&def.kinds().join(", "))),
        ("tags", one_line(&tags.join(" "))),
        ("code", code),
        ("type", def.type_name()),
        ("io", one_line(def.io().unwrap_or_default())),
        ("defined", def.place().to_string()),
        ("state", state),
        (IN_PROGRESS, run),
    ];
    let partitions = shown.facts.partitions.get(shown.key);
    let partitions = partitions.map(|state| state.lines(shown.facts.partition_standings(shown.key)));
    let partitions = partitions.unwrap_or_default();
    text + &named(&lines, palette) + &named(&partitions, palette) + &metadata(def.metadata(), palette)
}

/// The observation, and what it looks for.
fn observed_by(observation: &ObservationDef) -> String {
    let what = observation.description().and_then(|text| text.lines().next());
    let what = what.map_or_else(String::new, |what| format!(": {}", one_line(what)));
    format!("{}{what}", observation.name())
}

/// The other assets that one step makes with it.
fn made_with(shown: &ShownAsset<'_>, def: &AssetDef) -> String {
    let graph = shown.facts.graph;
    let others = shown.number().into_iter().flat_map(|number| graph.together(number));
    let others: Vec<_> =
        others.map(|&other| graph.assets()[other].key()).filter(|key| *key != shown.key).collect();
    let keys: Vec<_> = others.iter().map(|key| key.as_str()).collect();
    match def.made_with() {
        Some(op) if !keys.is_empty() => format!("{}, by the step {}", keys.join(", "), op.name()),
        _ => String::new(),
    }
}

/// A line for each thing there is to say.
fn named(lines: &[(&str, String)], palette: Palette) -> String {
    let mut text = String::new();
    for (name, told) in lines.iter().filter(|(_, told)| !told.is_empty()) {
        let _ = writeln!(text, "{}{told}", palette.paint(Role::Faint, &format!("{name:<NAME$} ")));
    }
    text
}

pub(super) fn version(fact: &Materialization) -> String {
    if fact.found_nothing() {
        return NOTHING_THERE.to_owned();
    }
    let version = fact.data_version.as_deref().unwrap_or_default();
    // What an observation has found is told as it was said.
    let shown = if fact.is_observation() { usize::MAX } else { VERSION };
    one_line(&version.chars().take(shown).collect::<String>())
}

fn latest(shown: &ShownAsset<'_>, fact: &Materialization) -> String {
    let optional = |text: Option<&str>| text.map_or_else(String::new, one_line);
    let value = match &fact.value {
        ValueAt::Fact => "kept with what is known of it".to_owned(),
        ValueAt::File(file) => format!("in the file {} of the instance", one_line(&file.file)),
        ValueAt::Io(io) => format!("where the IO manager `{}` puts it", one_line(io)),
        ValueAt::Nowhere => "not kept".to_owned(),
        ValueAt::Elsewhere => String::new(),
    };
    let lines = [
        (
            if fact.is_observation() { "observed" } else { "latest" },
            format!("{}, {}", moment(fact.time), ago(fact.time, shown.facts.now)),
        ),
        ("run", fact.run.to_string()),
        ("partition", optional(fact.partition.as_deref())),
        ("data", if fact.found_nothing() { version(fact) } else { optional(fact.data_version.as_deref()) }),
        (
            "code",
            fact.code_version.as_ref().map_or_else(String::new, |code| one_line(&format!("version {code}"))),
        ),
        ("value", value),
    ];
    named(&lines, shown.facts.palette) + &metadata(&fact.metadata, shown.facts.palette)
}

/// The materializations and observations, with what they say in numbers.
fn history(shown: &ShownAsset<'_>) -> String {
    if shown.history.is_empty() {
        return String::new();
    }
    let numbers: BTreeSet<&str> = shown
        .history
        .iter()
        .flat_map(|fact| &fact.metadata)
        .filter(|(_, value)| value.number().is_some())
        .map(|(name, _)| name.as_str())
        .collect();
    let names: Vec<_> = numbers.iter().map(|name| one_line(name)).collect();
    let all_observed = shown.history.iter().all(Materialization::is_observation);
    let told = if all_observed { "observed" } else { "materialized" };
    let head = [told, "run", "partition", "data", "code"].into_iter();
    let head: Vec<_> = head.chain(names.iter().map(String::as_str)).collect();
    let row = |fact: &Materialization| {
        let number = |name: &&str| match fact.metadata.get(*name) {
            Some(MetadataValue::Float(value)) => rounded(*value),
            Some(value) if value.number().is_some() => value.to_string(),
            _ => String::new(),
        };
        let mut when = shown.facts.when(fact.time);
        if fact.is_observation() && !all_observed {
            when.push_str(", observed");
        }
        let told = [
            when,
            shown.facts.run(fact),
            one_line(fact.partition.as_deref().unwrap_or_default()),
            version(fact),
            one_line(fact.code_version.as_deref().unwrap_or_default()),
        ];
        told.into_iter().chain(numbers.iter().map(number)).map(Cell::from).collect()
    };
    let mut text = table_of(&head, shown.history.iter().map(row).collect(), shown.facts.palette);
    // How many there are of a partition is not known.
    let record = shown.facts.record(shown.key).filter(|_| shown.partition.is_none());
    let all = record.map_or(0, |record| record.materializations);
    let more = all.saturating_sub(shown.history.len() as u64);
    if more > 0 {
        let more = count(more, "earlier one", "earlier ones");
        let _ = writeln!(text, "{}", shown.facts.palette.paint(Role::Faint, &format!("and {more}")));
    }
    text
}

/// All that is known of the asset as one object: what the list of assets says of it; the version of the code, if it is
/// another than that of the latest materialization; how it and its neighbours stand to each other; and its materializations,
/// the newest first. Times are in RFC 3339.
#[must_use]
pub fn asset_as_json(shown: &ShownAsset<'_>) -> Value {
    let facts = &shown.facts;
    let mut told = match (shown.number(), facts.record(shown.key)) {
        (Some(number), _) => defined(facts, number),
        (None, Some(record)) => known(facts, record),
        (None, None) => json!({"key": shown.key}),
    };
    told["upstream"] = shown.upstream().iter().map(Neighbour::as_json).collect();
    told["downstream"] = shown.downstream().iter().map(Neighbour::as_json).collect();
    if shown.partition.is_some() {
        told["latest"] = shown.latest().map_or(Value::Null, fact_as_json);
        let checks = shown.number().map(|number| checks::as_json(facts, number, shown.partition));
        told["checks"] = checks.unwrap_or_else(|| json!([]));
    }
    told["last_failed"] = shown.failed.map_or(Value::Null, FailedAttempt::as_json);
    told["code_changed"] = json!(shown.other_code().is_some());
    told["history"] = shown.history.iter().map(fact_as_json).collect();
    told
}
