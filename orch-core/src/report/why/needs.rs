use std::collections::{HashMap, HashSet, VecDeque};

use super::history::{History, Now};
use crate::event::SkipCause;
use crate::ids::{Branch, StepPath};
use crate::plan::{Plan, Source};

/// The steps that a step needs directly, by index, each once: those of its inputs and those it is after; with `items` also
/// the one whose items its copies work on, which a copy that is there needs no more.
pub(super) fn needs(plan: &Plan, step: usize, items: bool) -> Vec<usize> {
    let mut needs = Vec::new();
    let of = &plan.steps[step];
    of.inputs.iter().for_each(|input| sources(plan, &input.source, &mut needs));
    needs.extend(&of.after);
    needs.extend(of.map.filter(|_| items).map(|map| plan.maps[map].step));
    let mut seen = HashSet::new();
    needs.retain(|need| seen.insert(*need));
    needs
}

fn sources(plan: &Plan, source: &Source, needs: &mut Vec<usize>) {
    match source {
        Source::Output { step, .. } => needs.push(*step),
        Source::Collect { collect } => {
            let collect = &plan.collects[*collect];
            needs.push(plan.maps[collect.map].step);
            sources(plan, &collect.element, needs);
        }
        Source::List { elements, .. } => elements.iter().for_each(|element| sources(plan, element, needs)),
        Source::Item { .. } | Source::Literal { .. } | Source::Config { .. } => {}
    }
}

/// The steps between `skipped` and the step that its cause names, from the former to the latter, both left out: each was
/// skipped for the same cause, and needs the next.
pub(super) fn chain(history: &History, plan: &Plan, skipped: &StepPath, cause: &StepPath) -> Vec<StepPath> {
    let index = |name: &str| plan.steps.iter().position(|step| step.name == name);
    let (Some(from), Some(to)) = (index(skipped.name()), index(cause.name())) else { return Vec::new() };
    // The nearest first; what a step was reached from leads back.
    let mut reached: HashMap<usize, (usize, Option<StepPath>)> = HashMap::from([(from, (from, None))]);
    let mut next = VecDeque::from([from]);
    while let Some(step) = next.pop_front() {
        if step == to {
            break;
        }
        for need in needs(plan, step, false) {
            if reached.contains_key(&need) {
                continue;
            }
            let path = between(history, plan, need, skipped, cause);
            if need == to || path.is_some() {
                reached.insert(need, (step, path));
                next.push_back(need);
            }
        }
    }
    let mut chain = Vec::new();
    let mut at = to;
    while let Some((before, path)) = reached.get(&at).filter(|_| at != from) {
        chain.extend(path.clone().filter(|_| at != to));
        at = *before;
    }
    chain.reverse();
    chain
}

/// The copy of a step that lies on the way: of all that were skipped for the cause the one that has the most items in common
/// with the step that is asked for, or with the cause.
fn between(
    history: &History,
    plan: &Plan,
    step: usize,
    skipped: &StepPath,
    cause: &StepPath,
) -> Option<StepPath> {
    let copies = history.copies(&plan.steps[step].name);
    let for_the_cause = copies.filter(|(_, story)| match &story.now {
        Now::Skipped { cause: SkipCause::Failed(other) | SkipCause::Absent(other) } => other == cause,
        _ => false,
    });
    let near = |path: &StepPath| shared(path, skipped) + shared(path, cause);
    for_the_cause.map(|(path, _)| path).max_by_key(|path| near(path)).cloned()
}

/// How many items two copies have in common, from the outermost on.
fn shared(a: &StepPath, b: &StepPath) -> usize {
    let keys = |path: &StepPath| -> Vec<String> {
        let keys = path.branch().map(Branch::keys).unwrap_or_default();
        keys.into_iter().map(ToString::to_string).collect()
    };
    keys(a).iter().zip(&keys(b)).take_while(|(a, b)| a == b).count()
}
