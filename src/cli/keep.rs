//! What is kept of runs. Those beyond it are removed when a run ends, so that a folder does not grow for ever.

use jiff::Timestamp;
use orch_core::config::EnvVars;
use orch_core::ids::RunId;
use orch_core::report;
use orch_core::storage::StorageError;
use orch_sqlite::{Collected, Folder, Retention};

use super::args::{bytes, whole};
use super::home::{Around, Home};
use super::printer::Printer;

/// The variable that says what is kept.
const VARIABLE: &str = "ORCH_KEEP";

/// What can be written there.
pub(super) const EXPECTED: &str = "write limits, `ORCH_KEEP=runs=1000,days=30,bytes=10GB` or some of them, or `ORCH_KEEP=off` to keep all runs";

/// No limit.
pub(super) const ALL: Retention = Retention { runs: None, days: None, bytes: None };

/// What the variable says is kept, or what is by default; nothing where no run is to be removed.
///
/// # Errors
/// If the variable cannot be read. What is wrong with it then.
pub(super) fn kept(env: &EnvVars) -> Result<Option<Retention>, String> {
    match env.get(VARIABLE).filter(|text| !text.trim().is_empty()) {
        None => Ok(Some(Retention::default())),
        Some(text) => {
            read(&text).map_err(|why| format!("{VARIABLE} is `{text}`, which cannot be read: {why}"))
        }
    }
}

/// Removes what is beyond what is kept, now that this run has ended. What the run came to stands, whatever becomes of
/// this.
pub(super) fn clear_after(run: RunId, home: &Home, around: &Around, printer: &Printer) {
    clear_by(home, around, printer, |folder, keep, now| folder.gc_after(run, keep, now));
}

/// The same, now that a backfill has ended. Its runs stay or go together.
pub(super) fn clear(home: &Home, around: &Around, printer: &Printer) {
    clear_by(home, around, printer, Folder::gc);
}

fn clear_by(
    home: &Home,
    around: &Around,
    printer: &Printer,
    clear: impl FnOnce(&Folder, &Retention, Timestamp) -> Result<Collected, StorageError>,
) {
    let Some(folder) = &home.folder else { return };
    let keep = match kept(&around.env) {
        Ok(Some(keep)) => keep,
        Ok(None) => return,
        // Who has mistyped a limit does not mean the default, which may be less.
        Err(error) => return printer.warning(&format!("{error}; no old runs are removed"), Some(EXPECTED)),
    };
    match clear(folder, &keep, (around.now)()) {
        Ok(collected) if collected.removed.is_empty() => {}
        Ok(collected) => {
            let runs = report::count(collected.removed.len() as u64, "old run", "old runs");
            let size = report::size(collected.bytes);
            printer.note(&format!("removed {runs}, {size}; {VARIABLE} says what is kept\n"));
        }
        Err(error) => printer.warning(&format!("old runs cannot be removed: {error}"), error.advice()),
    }
}

/// What is kept, as words.
pub(super) fn told(keep: &Retention) -> String {
    let runs = keep.runs.map(|runs| report::count(runs as u64, "run", "runs"));
    let days = keep.days.map(|days| report::count(days.into(), "day", "days"));
    let limits: Vec<_> = [runs, days, keep.bytes.map(report::size)].into_iter().flatten().collect();
    if limits.is_empty() { "all runs".to_owned() } else { limits.join(", ") }
}

/// Limits with commas between, or `off`. What is not named has no limit: who writes `days=365` does not want to lose
/// runs for their number.
fn read(text: &str) -> Result<Option<Retention>, String> {
    if text.trim() == "off" {
        return Ok(None);
    }
    let mut keep = ALL;
    for limit in text.split(',').map(str::trim) {
        let Some((name, value)) = limit.split_once('=') else {
            return Err(format!("`{limit}` is no limit"));
        };
        let (name, value) = (name.trim(), value.trim());
        let of_value = |why: String| format!("`{limit}`: {why}");
        let twice = match name {
            "runs" => keep.runs.replace(whole(value).map_err(of_value)?).is_some(),
            "days" => keep.days.replace(whole(value).map_err(of_value)?).is_some(),
            "bytes" => keep.bytes.replace(bytes(value).map_err(of_value)?).is_some(),
            _ => return Err(format!("`{name}` is none of `runs`, `days`, `bytes`")),
        };
        if twice {
            return Err(format!("`{name}` stands there twice"));
        }
    }
    Ok(Some(keep))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_has_no_limit() {
        let told = |text: &str| match read(text) {
            Ok(Some(keep)) => told(&keep),
            Ok(None) => "off".to_owned(),
            Err(error) => error,
        };
        assert_eq!(told("runs=1000,days=30,bytes=10GB"), "1000 runs, 30 days, 10.0 GB");
        assert_eq!(read("runs=1000,days=30,bytes=10GB"), Ok(Some(Retention::default())));
        assert_eq!(told(" bytes = 500 MB , runs = 1 "), "1 run, 500.0 MB");
        assert_eq!(told("days=365"), "365 days");
        assert_eq!(told("off"), "off");
        assert_eq!(told("1000"), "`1000` is no limit");
        assert_eq!(told("days=7,"), "`` is no limit");
        assert_eq!(told("run=5"), "`run` is none of `runs`, `days`, `bytes`");
        assert_eq!(told("runs=1,runs=2"), "`runs` stands there twice");
        assert_eq!(told("runs=-1"), "`runs=-1`: write a whole number, 0 or more");
        assert_eq!(told("bytes=lots"), "`bytes=lots`: write a size with its unit: 500MB, 10GB, 1.5TiB");
    }

    #[test]
    fn a_variable_that_is_empty_is_as_good_as_not_set() {
        let of = |env: EnvVars| kept(&env);
        assert_eq!(of(EnvVars::none()), Ok(Some(Retention::default())));
        assert_eq!(of(EnvVars::none().with("ORCH_KEEP", " ")), Ok(Some(Retention::default())));
        assert_eq!(of(EnvVars::none().with("ORCH_KEEP", "off")), Ok(None));
    }
}
