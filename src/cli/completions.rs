use clap::builder::PossibleValuesParser;
use orch_core::graph::Job;
use orch_core::run::Definitions;

use super::args::CompletionsArgs;
use super::printer::Printer;
use super::{Exit, command, program_name};

/// A script for a shell; it knows the names of the jobs and the keys of the assets as they are now.
pub(super) fn completions(args: &CompletionsArgs, definitions: &Definitions, printer: &Printer) -> Exit {
    let names: Vec<String> = definitions.jobs().iter().map(Job::name).map(str::to_owned).collect();
    let with_jobs = |command: clap::Command| {
        let names = PossibleValuesParser::new(names.clone());
        command.mut_arg("job", |job| job.value_parser(names))
    };
    let keys: Vec<String> =
        definitions.asset_graph().assets().iter().map(|asset| asset.key().to_string()).collect();
    let with_keys = |command: clap::Command, arg: &'static str| {
        let keys = PossibleValuesParser::new(keys.clone());
        command.mut_arg(arg, |arg| arg.value_parser(keys))
    };
    let command = ["run", "plan", "runs"].iter().fold(command(), |c, name| c.mut_subcommand(name, with_jobs));
    let command = command.mut_subcommand("materialize", |command| with_keys(command, "selection"));
    let mut command = command.mut_subcommand("assets", |command| {
        let command = command.mut_subcommand("show", |command| with_keys(command, "key"));
        ["list", "check", "graph"].iter().fold(command, |command, name| {
            command.mut_subcommand(name, |command| with_keys(command, "selection"))
        })
    });
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, program_name(), &mut script);
    printer.data(&String::from_utf8_lossy(&script));
    Exit::Success
}
