use orch_core::config::EnvVars;
use orch_core::plan::Plan;
use orch_core::report::Role;
use orch_core::run::Definitions;

use super::args::{PlanArgs, PlanFormat};
use super::printer::Printer;
use super::{Exit, configure, jobs};

/// What a job would run.
pub(super) fn plan(args: &PlanArgs, definitions: &Definitions, env: EnvVars, printer: &Printer) -> Exit {
    let job = match jobs::find(definitions, args.job.as_deref(), "plan", printer) {
        Ok(job) => job,
        Err(exit) => return exit,
    };
    let runner = match configure::runner(definitions, job, &args.configure, env, printer) {
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
    tell_memory_only(&plan, printer);
    Exit::Success
}

/// How many outputs are told by name.
const TOLD: usize = 8;

/// Says which steps a resumed run repeats though they had succeeded, and how to change it.
fn tell_memory_only(plan: &Plan, printer: &Printer) {
    let outputs = plan.memory_only();
    if outputs.is_empty() {
        return;
    }
    let told = |&(step, output): &(usize, usize)| {
        format!("`{}` ({})", plan.output_name(step, output), plan.steps[step].outputs[output].ty)
    };
    let names: Vec<_> = outputs.iter().take(TOLD).map(told).collect();
    let more = match outputs.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let note = printer.palette().paint(Role::Busy, "note:");
    printer.note(&format!(
        "{note} in memory alone, and made anew when a run is resumed: {}{more}; to keep them, derive \
         `serde::Serialize` and `Deserialize` for types that own their data, or name an IO manager\n",
        names.join(", ")
    ));
}
