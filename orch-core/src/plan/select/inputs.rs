use std::collections::BTreeMap;

use crate::ids::nearest;
use crate::plan::{Problem, ProblemKind, Program, Source, literal};
use crate::select::Copies;
use crate::value::{TypeInfo, Value};

/// Values of inputs, by the names of step and input.
pub(crate) type GivenInputs = BTreeMap<(String, String), (TypeInfo, Value)>;

/// Feeds inputs with values instead of what feeds them in the job.
pub(super) fn feed(
    program: &mut Program,
    inputs: &GivenInputs,
    copies: &[Copies],
    problems: &mut Vec<Problem>,
) {
    for ((step, input), (ty, value)) in inputs {
        match find(program, step, input, copies) {
            Ok((step, input)) => {
                if program.ops[step].inputs()[input].ty != *ty {
                    problems.push(mismatch(program, step, input, *ty));
                }
                let literal = program.literals.len();
                program.literals.push(value.clone());
                let value = literal::written(value);
                program.plan.steps[step].inputs[input].source = Source::Literal { literal, value };
            }
            Err(problem) => problems.push(problem),
        }
    }
}

fn find(program: &Program, step: &str, input: &str, copies: &[Copies]) -> Result<(usize, usize), Problem> {
    let steps = &program.plan.steps;
    let value = format!("a value is given for input `{input}` of `{step}`");
    let unknown = |why: String| Problem::new(ProblemKind::UnknownInput, format!("{value}, {why}"));
    let near = |wanted: &str, known: Vec<&str>| match nearest(wanted, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known.join(", ")),
    };
    let Some(at) = steps.iter().position(|other| other.name == step) else {
        let names = steps.iter().map(|step| step.name.as_str()).collect();
        return Err(unknown("which is no step of this job".to_owned()).hint(near(step, names)));
    };
    let place = steps[at].place.clone();
    let inputs = &program.ops[at].inputs();
    let Some(index) = inputs.iter().position(|other| &*other.name == input) else {
        let problem = unknown("which has no such input".to_owned()).at("the step", place);
        return Err(match inputs.len() {
            0 => problem.hint("it takes nothing"),
            _ => problem.hint(near(input, inputs.iter().map(|input| &*input.name).collect())),
        });
    };
    if copies[at].is_none() {
        let hint = format!("select `{step}` too, or leave the value out");
        return Err(unknown("which is not selected".to_owned()).at("the step", place).hint(hint));
    }
    Ok((at, index))
}

fn mismatch(program: &Program, step: usize, input: usize, given: TypeInfo) -> Problem {
    let (step, input) = (&program.plan.steps[step], &program.ops[step].inputs()[input]);
    let message = format!(
        "input `{}` of `{}` takes `{}` and is given a value of type `{}`",
        input.name,
        step.name,
        input.ty.name(),
        given.name()
    );
    Problem::new(ProblemKind::TypeMismatch, message).at("the step", step.place.clone())
}
