use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::draft::Draft;
use super::model::InputModel;
use super::{DescriptorProblem, DescriptorProblemKind as Kind};
use crate::config::Origin;

/// How many circles are told, and how many steps of each.
const TOLD: usize = 8;

/// The steps, each after all that it waits for, and else in the order of the file; none if some wait for each other,
/// which is told. Names of steps that are not there wait for nothing.
pub(super) fn steps(draft: &Draft, problems: &mut Vec<DescriptorProblem>) -> Option<Vec<usize>> {
    let waits: Vec<_> = (0..draft.steps.len()).map(|step| waits_for(draft, step)).collect();
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); waits.len()];
    let mut left: Vec<usize> = vec![0; waits.len()];
    for (step, others) in waits.iter().enumerate() {
        for &other in others.keys() {
            next[other].push(step);
            left[step] += 1;
        }
    }
    let mut free: BinaryHeap<_> = (0..waits.len()).filter(|&step| left[step] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(waits.len());
    let mut done = vec![false; waits.len()];
    let (mut told, mut first) = (0, 0);
    loop {
        while let Some(Reverse(step)) = free.pop() {
            if std::mem::replace(&mut done[step], true) {
                continue;
            }
            order.push(step);
            for &step in &next[step] {
                left[step] -= 1;
                if left[step] == 0 {
                    free.push(Reverse(step));
                }
            }
        }
        while done.get(first) == Some(&true) {
            first += 1;
        }
        if first == done.len() || told == TOLD {
            break;
        }
        let circle = circle(&waits, &done, first);
        problems.push(problem(draft, &waits, &circle));
        told += 1;
        // As if it were none, so that other circles are found too.
        free.extend(circle.into_iter().map(Reverse));
    }
    (told == 0).then_some(order)
}

/// What a step waits for, and where it says so.
fn waits_for(draft: &Draft, step: usize) -> HashMap<usize, Origin> {
    let step = &draft.steps[step];
    let mut waits = HashMap::new();
    let Some(model) = &step.model else { return waits };
    let mut wait = |text: &str, at: Origin| {
        let name = text.split('.').next().unwrap_or_default();
        if let Some(&other) = draft.by_name.get(name) {
            waits.entry(other).or_insert(at);
        }
    };
    if let Some(map) = &model.map {
        wait(map, step.origin(&["map"]));
    }
    for (name, input) in &model.inputs {
        let path = ["inputs", name.as_str()];
        match input {
            InputModel::Step(text) => wait(text, step.origin(&path)),
            InputModel::Steps(texts) => {
                for (item, text) in texts.iter().enumerate() {
                    wait(text, step.item(&path, item));
                }
            }
            InputModel::Collect(model) => wait(&model.collect, step.origin(&["inputs", name, "collect"])),
            InputModel::Value(_) => {}
        }
    }
    for (item, text) in model.after.iter().enumerate() {
        wait(text, step.item(&["after"], item));
    }
    waits
}

/// Steps of which each waits for the next, and the last for the first.
fn circle(waits: &[HashMap<usize, Origin>], done: &[bool], from: usize) -> Vec<usize> {
    let mut seen: HashMap<usize, usize> = HashMap::new();
    let mut way = vec![from];
    loop {
        let step = way[way.len() - 1];
        if let Some(start) = seen.insert(step, way.len() - 1) {
            way.pop();
            return way.split_off(start);
        }
        // Each step that is left waits for one that is left; the first of them, so that messages are always the same.
        match waits[step].keys().copied().filter(|&other| !done[other]).min() {
            Some(other) => way.push(other),
            None => return way,
        }
    }
}

fn problem(draft: &Draft, waits: &[HashMap<usize, Origin>], circle: &[usize]) -> DescriptorProblem {
    let name = |step: usize| &*draft.steps[step].name;
    let message = match circle {
        [step] => format!("`{}` waits for itself", name(*step)),
        steps if steps.len() <= TOLD => {
            let names: Vec<_> = steps.iter().chain(steps.first()).map(|&step| name(step)).collect();
            format!("these steps wait for each other in a circle: {}", names.join(" → "))
        }
        steps => {
            let names: Vec<_> = steps.iter().take(TOLD).map(|&step| name(step)).collect();
            let (all, names) = (steps.len(), names.join(" → "));
            format!("these {all} steps wait for each other in a circle: {names} → …")
        }
    };
    let mut problem = DescriptorProblem::new(Kind::Circle, message);
    let others = circle.iter().cycle().skip(1);
    for (&step, other) in circle.iter().zip(others).take(TOLD) {
        let at = waits[step].get(other).cloned().unwrap_or_else(|| draft.steps[step].at.clone());
        let what = format!("`{}` waits for `{}`", name(step), name(*other));
        problem = problem.at_as(what, at);
    }
    problem.hint("a value cannot be made of itself: remove one of these")
}
