use super::draft::Draft;
use super::{DescriptorProblem, DescriptorProblemKind as Kind};
use crate::config::Origin;
use crate::define::{OutputDef, OutputKind};
use crate::ids::nearest;

/// How many names are told where one is not known.
const TOLD: usize = 12;

/// Among how many names the nearest is looked for, and how long these are at most, in bytes.
const SEARCHED: usize = 1000;
const LONGEST: usize = 64;

/// An output of a step, both by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutputRef {
    pub(super) step: usize,
    pub(super) output: usize,
}

impl OutputRef {
    pub(super) fn def(self, draft: &Draft) -> Option<&OutputDef> {
        draft.steps[self.step].op.as_ref()?.outputs().get(self.output)
    }

    pub(super) fn is_dynamic(self, draft: &Draft) -> bool {
        self.def(draft).is_some_and(|def| def.kind == OutputKind::Dynamic)
    }

    /// As a descriptor names it: the step alone if it has one output.
    pub(super) fn name(self, draft: &Draft) -> String {
        let step = &draft.steps[self.step];
        match step.op.as_ref().map(|op| op.outputs()) {
            Some([_]) | None => step.name.to_string(),
            Some(outputs) => format!("{}.{}", step.name, outputs[self.output].name),
        }
    }
}

/// Why a name leads to no output: a problem, or none if what is wrong is the step that it names, which is told.
pub(super) type Unresolved = Option<DescriptorProblem>;

/// The step of this name.
pub(super) fn step(draft: &Draft, name: &str, at: &Origin) -> Result<usize, DescriptorProblem> {
    draft.by_name.get(name).copied().ok_or_else(|| {
        let message = format!("there is no step `{}`", name.escape_debug());
        let names = draft.steps.iter().map(|step| &*step.name);
        DescriptorProblem::new(Kind::UnknownStep, message).at(at.clone()).hint(known(
            name,
            names,
            "the steps",
        ))
    })
}

/// The output that `step`, or `step.output`, means.
pub(super) fn resolve(draft: &Draft, text: &str, at: &Origin) -> Result<OutputRef, Unresolved> {
    let (name, output) = match text.split_once('.') {
        Some((name, output)) => (name, Some(output)),
        None => (text, None),
    };
    let step = step(draft, name, at)?;
    let outputs = draft.steps[step].op.as_ref().ok_or(None)?.outputs();
    let names = || outputs.iter().map(|output| &*output.name);
    let (message, hint) = match (output, outputs) {
        (None, [_]) => return Ok(OutputRef { step, output: 0 }),
        (None, []) => (format!("`{name}` has no output"), "to wait for the step, write `after`".to_owned()),
        (None, [first, ..]) => (
            format!("`{name}` has several outputs"),
            format!("write which one, such as `{name}.{}`; {}", first.name, listed(names(), "they")),
        ),
        (Some(output), _) => match outputs.iter().position(|def| *def.name == *output) {
            Some(output) => return Ok(OutputRef { step, output }),
            None => (
                format!("`{name}` has no output `{}`", output.escape_debug()),
                known(output, names(), "its outputs"),
            ),
        },
    };
    Err(Some(DescriptorProblem::new(Kind::UnknownOutput, message).at(at.clone()).hint(hint)))
}

/// What to do about a name that is not known.
pub(super) fn known<'a>(wanted: &str, names: impl Iterator<Item = &'a str> + Clone, what: &str) -> String {
    let all = listed(names.clone(), what);
    // Comparing takes time, and whoever has more than these has no use for a guess.
    let near = names.filter(|name| name.len() <= LONGEST).take(SEARCHED);
    match (wanted.len() <= LONGEST).then(|| nearest(wanted, near)).flatten() {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

/// `the steps are a, b`.
fn listed<'a>(names: impl Iterator<Item = &'a str>, what: &str) -> String {
    let names: Vec<_> = names.collect();
    let told = names.iter().take(TOLD).map(|name| name.escape_debug().to_string()).collect::<Vec<_>>();
    match names.len() {
        0 => format!("{what} are none"),
        all if all > TOLD => format!("{what} are {} and {} more", told.join(", "), all - TOLD),
        _ => format!("{what} are {}", told.join(", ")),
    }
}
