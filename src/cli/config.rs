use orch_core::config::{for_editors, scaffold, show};
use orch_core::run::Definitions;

use super::args::{ConfigArgs, ConfigCommand};
use super::printer::Printer;
use super::{Exit, configure, jobs};

/// What a job can be configured with, and what it is.
pub(super) fn config(args: &ConfigArgs, definitions: &Definitions, printer: &Printer) -> Exit {
    let (name, of) = match &args.command {
        ConfigCommand::Schema(of) => ("config schema", of),
        ConfigCommand::Scaffold(of) => ("config scaffold", of),
        ConfigCommand::Show(of) => ("config show", of),
    };
    let job = match jobs::find(definitions, of.job.as_deref(), name, printer) {
        Ok(job) => job,
        Err(exit) => return exit,
    };
    let runner = match configure::runner(definitions, job, &of.configure, printer) {
        Ok(runner) => runner,
        Err(exit) => return exit,
    };
    let text = match &args.command {
        ConfigCommand::Schema(_) => {
            runner.config_schema().map(|schema| format!("{:#}", for_editors(&schema).to_value()))
        }
        ConfigCommand::Scaffold(_) => runner.config_schema().map(|schema| scaffold(&schema)),
        ConfigCommand::Show(_) => runner.effective_config().map(|node| show(&node)),
    };
    match text {
        Ok(text) => {
            printer.data(&format!("{}\n", text.trim_end()));
            Exit::Success
        }
        Err(error) => {
            printer.error(&error, None);
            Exit::Usage
        }
    }
}
