use jiff::Timestamp;
use serde_json::{Value, json};

use super::palette::{Palette, Role};
use super::runs::state_role;
use super::table::{Cell, table};
use super::text::one_line;
use super::words::{ago, count};
use crate::backfill::{AssetProgress, BackfillEvent, BackfillStatus, FailedUnit, Makes};
use crate::ids::RunId;
use crate::run::{RunError, RunErrorKind};
use crate::storage::RunState;

/// So many of what failed are named.
const NAMED: usize = 20;

/// A line for each backfill, below a head: identifier, where it stands, when it was launched, its assets and partitions, and
/// how many of these are done. Ends with a line break.
#[must_use]
pub fn backfills(backfills: &[BackfillStatus], now: Timestamp, palette: Palette) -> String {
    let row = |status: &BackfillStatus| {
        let assets: Vec<_> = status.assets.iter().map(|asset| asset.asset.as_str()).collect();
        let sum = |of: fn(&AssetProgress) -> u64| status.assets.iter().map(of).sum::<u64>();
        [
            status.backfill.to_string().into(),
            Cell::of(state_role(status.state), status.state.name()),
            ago(status.created, now).into(),
            Cell::of(Role::Name, one_line(&assets.join(", "))),
            one_line(status.partitions.as_deref().unwrap_or_default()).into(),
            format!("{} of {}", sum(|asset| asset.done), sum(|asset| asset.asked)).into(),
        ]
    };
    let head = ["backfill", "status", "when", "assets", "partitions", "done"];
    table(head, backfills.iter().map(row).collect(), palette)
}

/// Where a backfill stands: a line for each asset with numbers of partitions, and what failed with the run to look at. Ends
/// with a line break.
#[must_use]
pub fn backfill(status: &BackfillStatus, palette: Palette) -> String {
    let state = palette.paint(state_role(status.state), status.state.name());
    let mut told = format!("backfill {}: {state}\n", status.backfill);
    let is_canceled = matches!(status.state, RunState::Canceled | RunState::Canceling);
    let row = |asset: &AssetProgress| {
        let number = |role: Role, number: u64| match number {
            0 => Cell::from(String::new()),
            number => Cell::of(role, number.to_string()),
        };
        [
            Cell::of(Role::Name, asset.asset.as_str()),
            asset.asked.to_string().into(),
            number(Role::Good, asset.done),
            number(Role::Busy, asset.under_way),
            number(Role::Bad, asset.failed),
            number(Role::Skip, asset.excluded),
            // Of what was canceled nothing begins any more.
            match is_canceled {
                true => number(Role::Skip, asset.canceled),
                false => number(Role::Faint, asset.left),
            },
        ]
    };
    let last = if is_canceled { "canceled" } else { "left" };
    // What nobody drives goes on when somebody does.
    let begun = if status.state == RunState::Interrupted { "interrupted" } else { "under way" };
    let head = ["asset", "asked for", "done", begun, "failed", "excluded", last];
    told += &table(head, status.assets.iter().map(row).collect(), palette);
    if !status.failed.is_empty() {
        told += "\n";
        let row = |failed: &FailedUnit| {
            [
                one_line(failed.partitions.as_deref().unwrap_or_default()).into(),
                Cell::of(Role::Name, names(failed)),
                failed.run.map_or_else(String::new, |run| run.to_string()).into(),
                brief(&failed.why).into(),
            ]
        };
        let rows = status.failed.iter().take(NAMED).map(row).collect();
        told += &table(["failed", "assets", "run", "why"], rows, palette);
        if let Some(more) = status.failed.len().checked_sub(NAMED).filter(|more| *more > 0) {
            told += &format!("and {}\n", count(more as u64, "more", "more"));
        }
    }
    for (set, keys) in &status.removed {
        let named = keys.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = keys.len().saturating_sub(NAMED);
        let more =
            if more > 0 { format!(" and {}", count(more as u64, "more", "more")) } else { String::new() };
        told +=
            &format!("\nremoved from `{set}` since it was launched, and made all the same: {named}{more}\n");
    }
    told
}

/// Of problems of a plan the first, without its places.
fn brief(why: &str) -> String {
    let problem = why.lines().find_map(|line| line.strip_prefix("error: "));
    one_line(problem.unwrap_or(why))
}

fn names(failed: &FailedUnit) -> String {
    let names: Vec<_> = failed.assets.iter().map(|key| key.as_str()).collect();
    one_line(&names.join(", "))
}

/// The same as JSON, each field there whether or not it has a value.
#[must_use]
pub fn backfill_as_json(status: &BackfillStatus) -> Value {
    let asset = |asset: &AssetProgress| {
        json!({
            "asset": asset.asset,
            "asked": asset.asked,
            "done": asset.done,
            "under_way": asset.under_way,
            "failed": asset.failed,
            "excluded": asset.excluded,
            "left": asset.left,
            "canceled": asset.canceled,
        })
    };
    let failed = |failed: &FailedUnit| {
        let run: Option<RunId> = failed.run;
        json!({ "assets": failed.assets, "partitions": failed.partitions, "run": run, "why": failed.why })
    };
    json!({
        "id": status.backfill,
        "created": status.created,
        "state": status.state,
        "partitions": status.partitions,
        "units": status.units,
        "assets": status.assets.iter().map(asset).collect::<Vec<_>>(),
        "failed": status.failed.iter().map(failed).collect::<Vec<_>>(),
        "under_way": status.under_way,
        "removed": status.removed,
    })
}

/// What happens in a backfill that is driven, as an object: `event` is `BEGINS`, `ENDED`, `REFUSED` or `CANCELED`.
#[must_use]
pub fn backfill_event_as_json(event: &BackfillEvent<'_>) -> Value {
    let of = |event: &str, makes: &Makes<'_>| json!({ "event": event, "assets": makes.assets, "partitions": makes.partitions });
    match event {
        BackfillEvent::Begins { run, makes, resumed } => {
            let mut told = of("BEGINS", makes);
            (told["run"], told["resumed"]) = (json!(run), json!(resumed));
            told
        }
        BackfillEvent::Ended { run, makes, error, left } => {
            let state = match error.map(RunError::kind) {
                None => "success",
                Some(RunErrorKind::Canceled { .. }) => "canceled",
                Some(_) => "failure",
            };
            let mut told = of("ENDED", makes);
            (told["run"], told["state"], told["left"]) = (json!(run), json!(state), json!(left));
            told["why"] = json!(error.map(ToString::to_string));
            told
        }
        BackfillEvent::Refused { makes, why } => {
            let mut told = of("REFUSED", makes);
            told["why"] = json!(why);
            told
        }
        BackfillEvent::Canceled => json!({ "event": "CANCELED" }),
    }
}
