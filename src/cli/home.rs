use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use orch_core::config::EnvVars;
use orch_core::storage::{Holder, Storage, StorageError, StorageErrorKind};
use orch_sqlite::{Durability, Folder};

use super::args::{DurableArgs, HomeArgs};
use super::printer::Printer;
use super::{Exit, program_name};

/// What a program finds around it: variables, the time, and where runs lie.
#[derive(Clone)]
pub(super) struct Around {
    pub(super) env: EnvVars,
    pub(super) now: fn() -> Timestamp,
    pub(super) homes: Homes,
}

impl Around {
    /// The variables, and the machine's clock and folders.
    pub(super) fn of(env: EnvVars) -> Self {
        Self { env, now: Timestamp::now, homes: Homes::Folders }
    }
}

/// Where runs lie.
#[derive(Clone)]
pub(super) enum Homes {
    /// In the folder that arguments or variables name.
    Folders,
    /// In this, whatever they name.
    #[cfg(test)]
    Given(Arc<dyn Storage>),
}

/// The folder that the arguments name, else the variable `ORCH_HOME`, else `.orch`. A variable that is empty is as good as
/// not set.
pub(super) fn folder(args: &HomeArgs, env: &EnvVars) -> PathBuf {
    let set = || env.get("ORCH_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    args.home.clone().or_else(set).unwrap_or_else(|| PathBuf::from(".orch"))
}

/// Where a run is recorded.
pub(super) struct Home {
    pub(super) storage: Arc<dyn Storage>,
    /// The same as a folder, if it is one: then it needs upkeep.
    pub(super) folder: Option<Folder>,
}

/// What is recorded there, to be read. A folder that is not there is not made; it is told that there is none.
pub(super) fn read(args: &HomeArgs, around: &Around, printer: &Printer) -> Result<Arc<dyn Storage>, Exit> {
    match &around.homes {
        Homes::Folders => Ok(Arc::new(existing(args, around, printer)?)),
        #[cfg(test)]
        Homes::Given(storage) => Ok(Arc::clone(storage)),
    }
}

/// What is recorded there, to be read, if anything is: where nothing is recorded yet, there is something to tell all the same.
pub(super) fn perhaps(
    args: &HomeArgs,
    around: &Around,
    printer: &Printer,
) -> Result<Option<Arc<dyn Storage>>, Exit> {
    let is_folder = matches!(around.homes, Homes::Folders);
    let folder = folder(args, &around.env);
    if is_folder && !Folder::lies_in(&folder) && (folder.is_dir() || !folder.exists()) {
        printer.note(&format!("nothing has been recorded in `{}` yet\n", folder.display()));
        return Ok(None);
    }
    read(args, around, printer).map(Some)
}

/// The folder that is named, if it is there; else it is told that there is none.
pub(super) fn existing(args: &HomeArgs, around: &Around, printer: &Printer) -> Result<Folder, Exit> {
    opened(args, around, printer)?.map_err(|error| refused(&error, printer))
}

/// The same, or why it cannot be opened though it is there.
pub(super) fn opened(
    args: &HomeArgs,
    around: &Around,
    printer: &Printer,
) -> Result<Result<Folder, StorageError>, Exit> {
    let folder = folder(args, &around.env);
    if !Folder::lies_in(&folder) {
        let shown = folder.display();
        if folder.exists() && !folder.is_dir() {
            let hint = "name the folder in which runs are recorded with `--home` or `ORCH_HOME`";
            printer.error(&format!("`{shown}` is a file, and no folder"), Some(hint));
            return Err(Exit::Usage);
        }
        let hint = format!("run a job: `{} run JOB`; `--home DIR` names another folder", program_name());
        printer.error(&format!("nothing has been recorded in `{shown}` yet"), Some(&hint));
        return Err(Exit::Usage);
    }
    Ok(open(folder, Durability::Normal, printer))
}

/// Opens the folder; if another program keeps it for long, that is told.
fn open(folder: PathBuf, durability: Durability, printer: &Printer) -> Result<Folder, StorageError> {
    let printer = printer.clone();
    Folder::open_telling(folder, durability, move |holder| {
        let (waiting, hint) = waiting(holder);
        printer.warning(&waiting, Some(hint));
    })
}

/// What is said to who waits for another program.
fn waiting(holder: Option<&Holder>) -> (String, &'static str) {
    let holder = holder.map_or_else(|| "another program".to_owned(), ToString::to_string);
    (
        format!("waiting for {holder}, which keeps the list of runs locked"),
        "it takes long to clear many runs away or to make a list anew; if the process hangs, end it",
    )
}

/// What is recorded there, to be changed; a folder that is not there is made.
pub(super) fn changed(args: &HomeArgs, around: &Around, printer: &Printer) -> Result<Arc<dyn Storage>, Exit> {
    match &around.homes {
        Homes::Folders => Ok(Arc::new(made(args, around, printer)?)),
        #[cfg(test)]
        Homes::Given(storage) => Ok(Arc::clone(storage)),
    }
}

/// The folder that is named; one that is not there is made. What is written to it by way of this survives a loss of power.
pub(super) fn made(args: &HomeArgs, around: &Around, printer: &Printer) -> Result<Folder, Exit> {
    let folder = folder(args, &around.env);
    open(folder, Durability::Full, printer).map_err(|error| refused(&error, printer))
}

/// Where a run is recorded; a folder that is not there is made.
pub(super) fn write(
    args: &HomeArgs,
    durable: &DurableArgs,
    around: &Around,
    printer: &Printer,
) -> Result<Home, Exit> {
    let folder = match &around.homes {
        Homes::Folders => folder(args, &around.env),
        #[cfg(test)]
        Homes::Given(storage) => return Ok(Home { storage: Arc::clone(storage), folder: None }),
    };
    match open(folder, durable.durability.into(), printer) {
        Ok(folder) => Ok(Home { storage: Arc::new(folder.clone()), folder: Some(folder) }),
        Err(error) => {
            let advice =
                error.advice().unwrap_or("`--home DIR` records it in another folder, `--no-record` nowhere");
            printer.error(&error, Some(advice));
            Err(Exit::Machine)
        }
    }
}

/// How the same folder is named again in a command that is advised.
pub(super) fn again(args: &HomeArgs) -> String {
    args.home.as_ref().map_or_else(String::new, |home| format!(" --home {}", home.display()))
}

/// Says why a storage could not do what it was asked to.
pub(super) fn refused(error: &StorageError, printer: &Printer) -> Exit {
    printer.error(error, error.advice());
    match error.kind() {
        StorageErrorKind::NotFound
        | StorageErrorKind::Exists
        | StorageErrorKind::Needed
        | StorageErrorKind::Over
        | StorageErrorKind::Invalid
        | StorageErrorKind::Held(_) => Exit::Usage,
        _ => Exit::Machine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_told_for_whom() {
        let told = |holder: Option<Holder>| waiting(holder.as_ref()).0;
        insta::assert_snapshot!(told(Some(Holder::new(4242, "dex-1"))), @"waiting for process 4242 on `dex-1`, which keeps the list of runs locked");
        insta::assert_snapshot!(told(None), @"waiting for another program, which keeps the list of runs locked");
    }

    #[test]
    fn an_argument_goes_before_the_variable_and_that_before_the_default() {
        let given = HomeArgs { home: Some("given".into()) };
        let none = HomeArgs::default();
        let set = EnvVars::none().with("ORCH_HOME", "/var/orch");
        let empty = EnvVars::none().with("ORCH_HOME", "");
        assert_eq!(folder(&given, &set), PathBuf::from("given"));
        assert_eq!(folder(&none, &set), PathBuf::from("/var/orch"));
        assert_eq!(folder(&none, &empty), PathBuf::from(".orch"));
        assert_eq!(folder(&none, &EnvVars::none()), PathBuf::from(".orch"));
    }
}
