use std::path::Path;

use orch_core::report::{self, Listed};
use orch_core::storage::{RunState, StorageError, StorageErrorKind};
use orch_sqlite::{Collected, Finding, Folder, Info, Retention};
use serde_json::json;

use super::args::{BackupArgs, GcArgs, InstanceArgs, InstanceCommand, LookArgs};
use super::home::{self, Around};
use super::printer::{Printer, Verbosity};
use super::{Exit, keep};

/// Keeps the folder of runs in order.
pub(super) fn instance(args: &InstanceArgs, around: &Around, printer: &Printer) -> Exit {
    let home = match &args.command {
        InstanceCommand::Info(args) | InstanceCommand::Check(args) => &args.home,
        InstanceCommand::Backup(args) => &args.home,
        InstanceCommand::Gc(args) => &args.home,
    };
    let folder = match home::opened(home, around, printer) {
        Ok(Ok(folder)) => folder,
        Ok(Err(error)) => {
            return match &args.command {
                InstanceCommand::Check(args) => check_damaged(args, &error, around, printer),
                _ => home::refused(&error, printer),
            };
        }
        Err(exit) => return exit,
    };
    let done = match &args.command {
        InstanceCommand::Info(args) => info(args, &folder, around, printer),
        InstanceCommand::Check(args) => check(args, &folder, printer),
        InstanceCommand::Backup(args) => backup(args, &folder, printer),
        InstanceCommand::Gc(args) => gc(args, &folder, around, printer),
    };
    done.unwrap_or_else(|error| home::refused(&error, printer))
}

/// What there is to know of the folder at a glance.
fn info(args: &LookArgs, folder: &Folder, around: &Around, printer: &Printer) -> Result<Exit, StorageError> {
    let info = folder.info()?;
    let kept = keep::kept(&around.env).unwrap_or_else(|error| {
        printer.warning(&format!("{error}; no old runs are removed"), Some(keep::EXPECTED));
        None
    });
    let (path, durability) = (info.path.display(), info.durability.to_string());
    if args.json {
        let keep = kept.map(|keep| json!({ "runs": keep.runs, "days": keep.days, "bytes": keep.bytes }));
        let told = json!({
            "home": path.to_string(),
            "runs": info.runs,
            "backfills": info.backfills,
            "key_sets": info.key_sets,
            "assets": info.assets,
            "asset_bytes": info.asset_bytes,
            "list_bytes": info.list_bytes,
            "unused_bytes": info.unused_bytes,
            "bytes": info.bytes,
            "keep": keep,
            "durability": durability,
            "list_version": info.list_version,
            "run_version": info.run_version,
            "sqlite": info.sqlite,
        });
        printer.data(&format!("{told:#}\n"));
        return Ok(Exit::Success);
    }
    let unused = match info.unused_bytes {
        0 => String::new(),
        unused => format!(", {} of it unused", report::size(unused)),
    };
    let list = format!("{}{unused}", report::size(info.list_bytes));
    let lines = [
        ("home", path.to_string()),
        ("runs", info.runs.to_string()),
        ("backfills", info.backfills.to_string()),
        ("key sets", info.key_sets.to_string()),
        ("assets", format!("{}, files of {}", info.assets, report::size(info.asset_bytes))),
        ("list", list),
        ("size", report::size(info.bytes)),
        ("kept", keep::told(&kept.unwrap_or(keep::ALL))),
        ("durability", format!("{durability}, unless a run says otherwise")),
        (
            "versions",
            format!("list {}, runs {}, SQLite {}", info.list_version, info.run_version, info.sqlite),
        ),
    ];
    for (name, value) in lines {
        printer.data(&format!("{name:<12} {value}\n"));
    }
    Ok(Exit::Success)
}

/// All that is not as it should be.
fn check(args: &LookArgs, folder: &Folder, printer: &Printer) -> Result<Exit, StorageError> {
    let findings = folder.check()?;
    let info = match folder.info() {
        Ok(info) => Some(info),
        // It is among what was found.
        Err(error) if *error.kind() == StorageErrorKind::Corrupt && !findings.is_empty() => None,
        Err(error) => return Err(error),
    };
    Ok(tell_found(args, folder.path(), info.as_ref(), &findings, printer))
}

/// The same of a folder that cannot be opened, for this reason: if its list is damaged, the runs can be looked at all the same.
fn check_damaged(args: &LookArgs, error: &StorageError, around: &Around, printer: &Printer) -> Exit {
    let home = home::folder(&args.home, &around.env);
    if *error.kind() != StorageErrorKind::Corrupt {
        return home::refused(error, printer);
    }
    match Folder::check_without_list(&home, error) {
        Ok(findings) => tell_found(args, &home, None, &findings, printer),
        Err(error) => home::refused(&error, printer),
    }
}

fn tell_found(
    args: &LookArgs,
    home: &Path,
    info: Option<&Info>,
    findings: &[Finding],
    printer: &Printer,
) -> Exit {
    if args.json {
        let told: Vec<_> = findings
            .iter()
            .map(|finding| {
                let file = finding.file.display().to_string();
                json!({ "run": finding.run, "file": file, "problem": finding.problem, "hint": finding.hint })
            })
            .collect();
        let told = json!({
            "home": home.display().to_string(),
            "runs": info.map(|info| info.runs),
            "assets": info.map(|info| info.assets),
            "bytes": info.map(|info| info.bytes),
            "findings": told,
        });
        printer.data(&format!("{told:#}\n"));
    } else {
        for finding in findings {
            printer.error(finding, Some(&finding.hint));
        }
        let found = match findings.len() as u64 {
            0 => "nothing to mend".to_owned(),
            n => format!("{} to mend", report::count(n, "thing", "things")),
        };
        let checked = info.map_or_else(
            || "the runs that are there, without their list".to_owned(),
            |info| {
                let runs = report::count(info.runs, "run", "runs");
                let assets = report::count(info.assets, "asset", "assets");
                format!("{runs}, {assets}, {}", report::size(info.bytes))
            },
        );
        printer.data(&format!("checked {checked}: {found}\n"));
    }
    if findings.is_empty() { Exit::Success } else { Exit::Usage }
}

/// Copies the folder. A copy from which a run is missing is no success.
fn backup(args: &BackupArgs, folder: &Folder, printer: &Printer) -> Result<Exit, StorageError> {
    let made = folder.backup(&args.to)?;
    for (run, why) in &made.left_out {
        let hint = "`instance check` tells what is damaged, and what to do about it";
        printer.error(&format!("the run {run} is not in the copy: {why}"), Some(hint));
    }
    let (runs, size) = (report::count(made.runs, "run", "runs"), report::size(made.bytes));
    printer.note(&format!("copied {runs}, {size}, to `{}`\n", args.to.display()));
    Ok(if made.left_out.is_empty() { Exit::Success } else { Exit::Machine })
}

/// Clears away what is old, or tells what that would be.
fn gc(args: &GcArgs, folder: &Folder, around: &Around, printer: &Printer) -> Result<Exit, StorageError> {
    let named = Retention { runs: args.keep_runs, days: args.keep_days, bytes: args.keep_bytes };
    let keep = if named == keep::ALL { keep::kept(&around.env) } else { Ok(Some(named)) };
    let keep = match keep {
        Ok(keep) => keep.unwrap_or(keep::ALL),
        Err(error) => {
            printer.error(&error, Some(keep::EXPECTED));
            return Ok(Exit::Usage);
        }
    };
    if args.dry_run {
        return would_remove(args, &keep, folder, around, printer);
    }
    let collected = folder.gc(&keep, (around.now)())?;
    let freed = folder.compact().unwrap_or_else(|error| {
        // What was removed is removed.
        printer.warning(&format!("the list of runs stays as large as it is: {error}"), error.advice());
        0
    });
    if args.json {
        let Collected { removed, swept, superseded, bytes, .. } = &collected;
        let told = json!({
            "removed": removed, "swept": swept, "superseded": superseded, "bytes": bytes, "freed": freed,
        });
        printer.data(&format!("{told:#}\n"));
        return Ok(Exit::Success);
    }
    printer.note(&cleared(&collected));
    if freed > 0 {
        printer.note(&format!("gave back {} of the list of runs\n", report::size(freed)));
    }
    Ok(Exit::Success)
}

/// What was cleared away, in words.
fn cleared(collected: &Collected) -> String {
    let (removed, swept) = (collected.removed.len() as u64, collected.swept);
    let values = report::count(collected.superseded, "earlier materialization", "earlier materializations");
    let parts = [
        (removed, report::count(removed, "run", "runs")),
        (swept, format!("{} of what was half made", report::count(swept, "leftover", "leftovers"))),
        (collected.superseded, format!("the values of {values}")),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, part)| part).collect();
    let size = report::size(collected.bytes);
    match &parts[..] {
        [] => "there is nothing to remove\n".to_owned(),
        [only] => format!("removed {only}, {size}\n"),
        [first @ .., last] => format!("removed {}, and {last}, {size}\n", first.join(", ")),
    }
}

fn would_remove(
    args: &GcArgs,
    keep: &Retention,
    folder: &Folder,
    around: &Around,
    printer: &Printer,
) -> Result<Exit, StorageError> {
    let now = (around.now)();
    let beyond = folder.beyond(keep, now)?;
    let bytes = beyond.iter().map(|(_, bytes)| bytes).sum();
    if args.json {
        let runs: Vec<_> = beyond.iter().map(|(run, _)| run.id).collect();
        printer.data(&format!("{:#}\n", json!({ "would_remove": runs, "bytes": bytes })));
        return Ok(Exit::Success);
    }
    if beyond.is_empty() {
        printer.note("no run would be removed\n");
        return Ok(Exit::Success);
    }
    let runs: Vec<_> = beyond
        .into_iter()
        .map(|(run, _)| {
            let state = RunState::of(run.status, false);
            (run, state)
        })
        .collect();
    let listed = Listed {
        now,
        digits: report::digits(runs.iter().map(|(run, _)| run.id)),
        exact: printer.verbosity == Verbosity::Verbose,
        palette: printer.data_palette(),
    };
    printer.data(&report::runs(&runs, &listed));
    let count = report::count(runs.len() as u64, "run", "runs");
    printer.note(&format!("{count} would be removed, {}\n", report::size(bytes)));
    Ok(Exit::Success)
}
