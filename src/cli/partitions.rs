use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use orch_core::asset::AssetKey;
use orch_core::ids::nearest;
use orch_core::partition::{ChangedKeys, KeySet, KeySets};
use orch_core::report;
use orch_core::run::Definitions;
use serde_json::{Value, json};

use super::args::{KeySetListArgs, KeysArgs, PartitionsArgs, PartitionsCommand};
use super::home::Around;
use super::printer::Printer;
use super::{Exit, home, program_name, select};

pub(super) fn partitions(
    args: &PartitionsArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Printer,
) -> Exit {
    let done = select::asset_graph(definitions, printer).and_then(|_| match &args.command {
        PartitionsCommand::List(args) => list(args, definitions, around, printer),
        PartitionsCommand::Add(args) => add(args, definitions, around, printer),
        PartitionsCommand::Remove(args) => remove(args, definitions, around, printer),
    });
    done.err().unwrap_or(Exit::Success)
}

fn list(
    args: &KeySetListArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Printer,
) -> Result<(), Exit> {
    let (known, storage) = (definitions.key_sets(), home::perhaps(&args.home, around, printer)?);
    let sets = storage.map_or_else(|| Ok(KeySets::new()), |storage| storage.key_sets());
    let sets = sets.map_err(|error| home::refused(&error, printer))?;
    let assets = |set: &str| known.get(set).map_or(&[][..], Vec::as_slice);
    if let Some(name) = &args.set {
        check_set(name, &known, Some(&sets), printer)?;
        let keys = sets.named(name);
        printer.data(&match args.json {
            true => format!("{:#}\n", as_json(name, &keys, assets(name))),
            false => keys.iter().map(|(_, key)| format!("{key}\n")).collect(),
        });
        if keys.is_empty() {
            printer.note(&none_yet(name));
        }
        return Ok(());
    }
    let names: BTreeSet<&str> = known.keys().copied().chain(sets.iter().map(|(name, _)| name)).collect();
    if args.json {
        let all = names.iter().map(|name| as_json(name, &sets.named(name), assets(name)));
        printer.data(&format!("{:#}\n", all.collect::<Value>()));
    } else if names.is_empty() {
        printer.note("no asset of this program has dynamic partitions\n");
    } else {
        printer.data(&table(&names, &sets, &known));
    }
    Ok(())
}

fn table(names: &BTreeSet<&str>, sets: &KeySets, known: &BTreeMap<&str, Vec<&AssetKey>>) -> String {
    let width =
        |texts: &mut dyn Iterator<Item = usize>, title: &str| texts.max().unwrap_or(0).max(title.len());
    let keys = |name: &str| sets.named(name).len().to_string();
    let name_width = width(&mut names.iter().map(|name| name.chars().count()), "set");
    let keys_width = width(&mut names.iter().map(|name| keys(name).len()), "keys");
    let mut text = format!("{:name_width$}  {:keys_width$}  partitions of\n", "set", "keys");
    for name in names {
        let assets =
            known.get(name).map_or_else(|| "nothing of this program".to_owned(), |assets| listed(assets));
        let _ = writeln!(text, "{name:name_width$}  {:keys_width$}  {assets}", keys(name));
    }
    text
}

fn as_json(name: &str, keys: &KeySet, assets: &[&AssetKey]) -> Value {
    let assets: Vec<_> = assets.iter().map(|key| key.as_str()).collect();
    json!({ "set": name, "keys": keys.iter().map(|(_, key)| key).collect::<Vec<_>>(), "assets": assets })
}

fn listed(assets: &[&AssetKey]) -> String {
    assets.iter().map(|key| key.as_str()).collect::<Vec<_>>().join(", ")
}

fn none_yet(set: &str) -> String {
    format!("the set `{set}` has no keys: `{} partitions add {set} KEY` adds one\n", program_name())
}

fn add(args: &KeysArgs, definitions: &Definitions, around: &Around, printer: &Printer) -> Result<(), Exit> {
    let known = definitions.key_sets();
    let set = args.set.as_str();
    check_set(set, &known, None, printer)?;
    let told = home::changed(&args.home, around, printer)?
        .add_keys(set, &keys(args))
        .map_err(|error| home::refused(&error, printer))?;
    if !told.changed.is_empty() {
        printer.data(&format!("added to `{set}`: {}\n", told.changed.join(", ")));
    }
    if !told.unchanged.is_empty() {
        printer.data(&format!("in `{set}` already: {}\n", told.unchanged.join(", ")));
    }
    Ok(())
}

fn remove(
    args: &KeysArgs,
    definitions: &Definitions,
    around: &Around,
    printer: &Printer,
) -> Result<(), Exit> {
    let (known, set) = (definitions.key_sets(), args.set.as_str());
    let storage = home::perhaps(&args.home, around, printer)?;
    let sets = storage.as_ref().map_or_else(|| Ok(KeySets::new()), |storage| storage.key_sets());
    let sets = sets.map_err(|error| home::refused(&error, printer))?;
    check_set(set, &known, Some(&sets), printer)?;
    let told = match storage {
        Some(storage) => storage.remove_keys(set, &keys(args)),
        None => Ok(ChangedKeys { unchanged: args.keys.clone(), ..ChangedKeys::default() }),
    };
    let told = told.map_err(|error| home::refused(&error, printer))?;
    if !told.changed.is_empty() {
        printer.data(&format!("removed from `{set}`: {}\n", told.changed.join(", ")));
        let assets = known.get(set).map(|assets| listed(assets)).unwrap_or_default();
        if !assets.is_empty() {
            let partitions = report::count(told.changed.len() as u64, "partition", "partitions");
            printer.note(&format!("what was made of {partitions} stays in the history of {assets}\n"));
        }
    }
    for key in &told.unchanged {
        let keys = sets.named(set);
        let near = nearest(key, keys.iter().map(|(_, key)| key)).filter(|near| near != key);
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        printer.data(&format!("not in `{set}`: {key}{near}\n"));
    }
    Ok(())
}

fn keys(args: &KeysArgs) -> Vec<&str> {
    args.keys.iter().map(String::as_str).collect()
}

/// That the program knows a set of this name, or that the instance has it.
fn check_set(
    name: &str,
    known: &BTreeMap<&str, Vec<&AssetKey>>,
    sets: Option<&KeySets>,
    printer: &Printer,
) -> Result<(), Exit> {
    let there = || sets.into_iter().flat_map(KeySets::iter).map(|(name, _)| name);
    if known.contains_key(name) || there().any(|other| other == name) {
        return Ok(());
    }
    let names: BTreeSet<&str> = known.keys().copied().chain(there()).collect();
    let all: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let hint = match nearest(name, names.iter().copied()) {
        Some(near) if names.len() > 1 => format!("did you mean `{near}`? there are {}", all.join(", ")),
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => {
            "no asset of this program has dynamic partitions: `PartitionsDefinition::dynamic(\"..\")` names a set".to_owned()
        }
        None => format!("there are {}", all.join(", ")),
    };
    printer.error(&format!("this program knows no set of partitions `{name}`"), Some(&hint));
    Err(Exit::Usage)
}
