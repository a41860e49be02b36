use orch_core::graph::Job;
use orch_core::ids::nearest;
use orch_core::run::Definitions;

use super::printer::Printer;
use super::{Exit, program_name};

/// The job of this name, or the only one if none is named; else says what there is.
pub(super) fn find<'a>(
    definitions: &'a Definitions,
    name: Option<&str>,
    command: &str,
    printer: &Printer,
) -> Result<&'a Job, Exit> {
    let jobs = definitions.jobs();
    let listed = || {
        let names: Vec<_> = jobs.iter().map(|job| format!("  {}", job.name())).collect();
        format!("the jobs of this program are:\n{}", names.join("\n"))
    };
    let program = program_name();
    let is_asset = |name: &str| {
        let mut assets = definitions.asset_graph().assets().iter();
        assets.any(|asset| asset.key().as_str() == name)
    };
    match (name, jobs) {
        (Some(name), jobs) if is_asset(name) && !jobs.iter().any(|job| job.name() == name) => {
            let hint = format!("`{name}` is an asset: `{program} materialize {name}`");
            printer.error(&format!("there is no job `{name}`"), Some(&hint));
        }
        (_, []) => {
            let hint = "return them from the function with #[orch::main]: Definitions::new().job(my_job())";
            printer.error(&"this program has no jobs", Some(hint));
        }
        (None, [only]) => return Ok(only),
        (None, [first, ..]) => {
            let hint = format!("name it: `{program} {command} {}`", first.name());
            printer.error(&format!("which job? {}", listed()), Some(&hint));
        }
        (Some(name), jobs) => {
            let named = |name: &str| jobs.iter().find(|job| job.name() == name);
            // As it is usual on command lines, `my-job` is as good as `my_job`.
            if let Some(job) = named(name).or_else(|| named(&name.replace('-', "_"))) {
                return Ok(job);
            }
            match nearest(name, jobs.iter().map(Job::name)) {
                Some(near) => {
                    let hint =
                        format!("did you mean `{program} {command} {near}`? `{program} list` names all jobs");
                    printer.error(&format!("there is no job `{name}`"), Some(&hint));
                }
                None => printer.error(&format!("there is no job `{name}`; {}", listed()), None),
            }
        }
    }
    Err(Exit::Usage)
}
