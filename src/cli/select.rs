use orch_core::run::Runner;
use orch_core::select::StepSelection;

use super::Exit;
use super::args::PartArgs;
use super::printer::Printer;

/// The runner of the part that is asked for, if one is; what is wrong with a selection is said, all of it.
pub(super) fn part(args: &PartArgs, mut runner: Runner, printer: &Printer) -> Result<Runner, Exit> {
    let mut selections = Vec::new();
    let mut wrong = false;
    for text in &args.select {
        match text.parse::<StepSelection>() {
            Ok(selection) => selections.push(selection),
            Err(error) => {
                printer.error(&error, None);
                wrong = true;
            }
        }
    }
    if wrong {
        return Err(Exit::Usage);
    }
    if let Some(selection) = selections.into_iter().reduce(StepSelection::and) {
        runner = runner.select(selection);
    }
    if let Some(run) = args.upstream {
        runner = runner.upstream_stored(run);
    }
    Ok(runner)
}
