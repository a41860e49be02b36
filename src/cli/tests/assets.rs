//! Assets: made, listed, shown and drawn, and what `check` finds of them.

mod asked;
mod backfill;
mod backfill_changed;
mod backfill_failed;
mod backfill_only;
mod backfill_stopped;
mod backfill_unpassed;
mod below_observed;
mod check;
mod checks;
mod checks_by_day;
mod containing;
mod failed;
mod graph;
mod graph_assets;
mod hints;
mod in_progress;
mod keys;
mod list;
mod look_failed;
mod made_good;
mod materialize;
mod multi;
mod neighbours;
mod not_checked;
mod not_there;
mod observe;
mod observe_by_day;
mod others;
mod own;
mod partitions;
mod shop;
mod show;
mod stale;
mod two_kinds;
mod unpassed;
mod unpassed_days;
mod unread;
mod versions;

use orch_core::select::AssetSelection;

use super::*;
use shop::{Shop, shop};

/// What a program answers to these words, of which each may have blanks in it.
fn answered(definitions: impl FnOnce() -> Result<Definitions, Failure>, words: &[&str]) -> String {
    let (out, err) = (Kept::default(), Kept::default());
    let words = ["program"].iter().chain(words).map(Into::into);
    let exit = run_in(&in_memory(EnvVars::none()), words, None, definitions, |args| {
        Printer::to(out.clone(), err.clone(), args)
    });
    shop::without_lines(&format!("exit {}\n{}{}", exit.code(), redacted(&out.text()), redacted(&err.text())))
}

fn all() -> AssetSelection {
    AssetSelection::all()
}
