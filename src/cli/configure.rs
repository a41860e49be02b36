use orch_core::config::RunConfig;
use orch_core::graph::Job;
use orch_core::ids::nearest;
use orch_core::run::{Definitions, Runner};

use super::args::ConfigureArgs;
use super::printer::Printer;
use super::{Exit, program_name, select};

/// A run of the job as the arguments configure it. What is wrong with files and values is told when it is checked.
pub(super) fn runner(
    definitions: &Definitions,
    job: &Job,
    args: &ConfigureArgs,
    printer: &Printer,
) -> Result<Runner, Exit> {
    let mut runner = match &args.environment {
        None => definitions.runner(job),
        Some(name) => definitions.runner_in(name, job).ok_or_else(|| unknown(definitions, name, printer))?,
    };
    if let Some(preset) = &args.preset {
        runner = runner.preset(preset);
    }
    let files = args.config.iter().fold(RunConfig::new(), RunConfig::file);
    let runner = select::part(&args.part, runner, printer)?;
    Ok(runner.config(args.set.iter().fold(files, |config, value| config.set(value))))
}

fn unknown(definitions: &Definitions, name: &str, printer: &Printer) -> Exit {
    let known: Vec<_> = definitions.environments().map(|known| format!("`{known}`")).collect();
    let hint = match nearest(name, definitions.environments()) {
        Some(near) => format!("did you mean `{near}`? environments of this program: {}", known.join(", ")),
        None if known.is_empty() => {
            "this program has none; give it one, `Definitions::new().environment(\"prod\", ..)`".to_owned()
        }
        None => format!("environments of this program: {}", known.join(", ")),
    };
    printer.error(&format!("`{}` has no environment `{name}`", program_name()), Some(&hint));
    Exit::Usage
}
