use orch_core::run::Definitions;

use super::args::{PlanArgs, PlanFormat};
use super::printer::Printer;
use super::{Exit, configure, jobs};

/// What a job would run.
pub(super) fn plan(args: &PlanArgs, definitions: &Definitions, printer: &Printer) -> Exit {
    let job = match jobs::find(definitions, args.job.as_deref(), "plan", printer) {
        Ok(job) => job,
        Err(exit) => return exit,
    };
    let runner = match configure::runner(definitions, job, &args.configure, printer) {
        Ok(runner) => runner,
        Err(exit) => return exit,
    };
    let plan = match runner.plan() {
        Ok(plan) => plan,
        Err(error) => {
            printer.error(&error, None);
            return Exit::Usage;
        }
    };
    let text = match args.format {
        PlanFormat::Text => plan.to_string(),
        PlanFormat::Json => plan.to_json(),
        PlanFormat::Mermaid => plan.to_mermaid(),
        PlanFormat::Dot => plan.to_dot(),
    };
    printer.data(&format!("{}\n", text.trim_end()));
    Exit::Success
}
