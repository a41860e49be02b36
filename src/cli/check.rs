use orch_core::run::Definitions;
use serde_json::{Value, json};

use super::Exit;
use super::args::CheckArgs;
use super::printer::Printer;

/// What the compiler cannot verify of the program, of all its jobs.
pub(super) fn check(args: &CheckArgs, definitions: &Definitions, printer: &Printer) -> Exit {
    let checked = definitions.check();
    if args.json {
        let told = match &checked {
            Ok(summary) => {
                let mut told = json!(summary);
                told["findings"] = Value::Array(Vec::new());
                told
            }
            Err(error) => json!(error),
        };
        printer.data(&format!("{told:#}\n"));
    } else {
        match &checked {
            Ok(summary) => printer.data(&format!("checked {summary}: nothing to mend\n")),
            Err(error) => printer.error(error, None),
        }
    }
    if checked.is_ok() { Exit::Success } else { Exit::Usage }
}
