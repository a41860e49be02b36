use clap::builder::PossibleValuesParser;
use orch_core::graph::Job;
use orch_core::run::Definitions;

use super::args::CompletionsArgs;
use super::printer::Printer;
use super::{Exit, command, program_name};

/// A script for a shell; it knows the names of the jobs as they are now.
pub(super) fn completions(args: &CompletionsArgs, definitions: &Definitions, printer: &Printer) -> Exit {
    let names: Vec<String> = definitions.jobs().iter().map(Job::name).map(str::to_owned).collect();
    let with_jobs = |command: clap::Command| {
        let names = PossibleValuesParser::new(names.clone());
        command.mut_arg("job", |job| job.value_parser(names))
    };
    let mut command =
        ["run", "plan", "runs"].iter().fold(command(), |c, name| c.mut_subcommand(name, with_jobs));
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, program_name(), &mut script);
    printer.data(&String::from_utf8_lossy(&script));
    Exit::Success
}
