use std::collections::BTreeSet;

use orch_core::asset::AssetKey;
use orch_core::ids::nearest;
use orch_core::partition::{ChangedKeys, KeySets};
use orch_core::report::{self, PartitionedBySets};
use orch_core::run::Definitions;

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
    if let Some(name) = &args.set {
        check_set(name, &known, Some(&sets), printer)?;
        let keys = sets.named(name);
        printer.data(&match args.json {
            true => format!("{:#}\n", report::key_set_as_json(name, &keys, &known)),
            false => keys.iter().map(|(_, key)| format!("{key}\n")).collect(),
        });
        if keys.is_empty() {
            printer.note(&none_yet(name));
        }
        return Ok(());
    }
    if args.json {
        printer.data(&format!("{:#}\n", report::key_sets_as_json(&sets, &known)));
    } else if known.is_empty() && sets.is_empty() {
        printer.note("no asset of this program has dynamic partitions\n");
    } else {
        printer.data(&report::key_sets(&sets, &known, printer.data_palette()));
    }
    Ok(())
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
    known: &PartitionedBySets<'_>,
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
