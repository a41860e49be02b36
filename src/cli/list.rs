use orch_core::define::Preset;
use orch_core::graph::Job;
use orch_core::report::Role;
use orch_core::run::Definitions;
use serde_json::json;

use super::Exit;
use super::args::ListArgs;
use super::printer::Printer;

/// Each job with the first sentence of what it is for, and what it can be run with: presets, environments of the program.
pub(super) fn list(args: &ListArgs, definitions: &Definitions, printer: &Printer) -> Exit {
    let jobs = definitions.jobs();
    if args.json {
        let jobs: Vec<_> = jobs
            .iter()
            .map(|job| {
                let options = job.options();
                json!({
                    "name": job.name(),
                    "description": options.description,
                    "tags": options.tags,
                    "max_concurrent": options.max_concurrent,
                    "max_in_flight": options.max_in_flight,
                    "order": options.order.name(),
                    "schedule": options.schedule,
                    "presets": presets(job).collect::<Vec<_>>(),
                    "environments": definitions.environments().collect::<Vec<_>>(),
                })
            })
            .collect();
        printer.data(&format!("{:#}\n", json!(jobs)));
        return Exit::Success;
    }
    if jobs.is_empty() {
        printer.note("this program has no jobs\n");
    }
    let palette = printer.data_palette();
    let width = jobs.iter().map(|job| job.name().chars().count()).max().unwrap_or(0);
    for job in jobs {
        let description = job.options().headline().unwrap_or_default();
        let pad = " ".repeat(width - job.name().chars().count());
        let line = format!("{}{pad}  {description}", palette.paint(Role::Name, job.name()));
        printer.data(&format!("{}\n", line.trim_end()));
        let named = [
            ("presets", presets(job).collect::<Vec<_>>().join(", ")),
            ("schedule", job.options().schedule.clone().unwrap_or_default()),
        ];
        for (what, named) in named.iter().filter(|(_, named)| !named.is_empty()) {
            printer.data(&format!("{:width$}  {what}: {named}\n", ""));
        }
    }
    let environments: Vec<_> = definitions.environments().collect();
    if !environments.is_empty() {
        printer.data(&format!("environments: {}\n", environments.join(", ")));
    }
    Exit::Success
}

fn presets(job: &Job) -> impl Iterator<Item = &str> {
    job.presets().iter().map(Preset::name)
}
