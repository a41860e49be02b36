//! What a description means, as nested loops: no queue, no state, no order but that of the source.

use super::Outcome;
use super::describe::{Collect, Items, Luck, Node, is_absent, mix};

/// What is known of a value.
#[derive(Clone, Debug)]
enum Known {
    Value(i64),
    Absent(String),
    Failed(String),
}

pub(crate) fn evaluate(nodes: &[Node]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut known = Vec::new();
    let mut number = 0;
    body(nodes, "", &mut known, &mut Vec::new(), &mut number, &mut outcome);
    outcome
}

/// The steps of one branch; `number` is that of the next step in the description.
fn body(
    nodes: &[Node],
    branch: &str,
    known: &mut Vec<Known>,
    steps: &mut Vec<Known>,
    number: &mut usize,
    outcome: &mut Outcome,
) {
    for node in nodes {
        let id = *number;
        *number += 1;
        let path = format!("n{id}{branch}");
        match node {
            Node::Plain { inputs, after, luck } => {
                let given = pick(inputs, known);
                let after =
                    after.filter(|_| !steps.is_empty()).map(|after| steps[after % steps.len()].clone());
                let value = match missing(given.iter().chain(&after)) {
                    Some(missing) => skip(&path, missing, outcome),
                    None => step(&path, id, &values(&given), *luck, outcome),
                };
                made(value, outcome.ran(&path), known, steps);
            }
            Node::Maybe { inputs, luck } => {
                let given = pick(inputs, known);
                let value = match missing(&given) {
                    Some(missing) => skip(&path, missing, outcome),
                    None => match step(&path, id, &values(&given), *luck, outcome) {
                        Known::Value(value) if is_absent(value) => {
                            outcome.outputs.insert(path.clone(), Vec::new());
                            Known::Absent(path.clone())
                        }
                        known => known,
                    },
                };
                made(value, outcome.ran(&path), known, steps);
            }
            Node::FanIn { elements, luck } => {
                let elements = if known.is_empty() { Vec::new() } else { pick(elements, known) };
                let value = gather(&path, id, &elements, *luck, outcome);
                made(value, outcome.ran(&path), known, steps);
            }
            Node::Source { inputs, luck, items, body: inner, collect } => {
                let given = pick(inputs, known);
                let emitted = source(&path, id, &given, *luck, *items, outcome);
                let (emitted, gone) = match emitted {
                    Ok(emitted) => (emitted, None),
                    Err((emitted, gone)) => (emitted, Some(gone)),
                };
                let (outside, outside_steps) = (known.len(), steps.len());
                let mut elements = Vec::new();
                for (key, value) in emitted {
                    known.push(Known::Value(value));
                    let mut inner_number = *number;
                    body(inner, &format!("{branch}[{key}]"), known, steps, &mut inner_number, outcome);
                    let inside = known.split_off(outside);
                    steps.truncate(outside_steps);
                    elements.push((key, inside));
                }
                *number += count(inner);
                if let Some(collect) = collect {
                    let id = *number;
                    *number += 1;
                    let path = format!("n{id}{branch}");
                    let value = match gone {
                        Some(gone) => skip(&path, gone, outcome),
                        None => collected(&path, id, &elements, *collect, outcome),
                    };
                    made(value, outcome.ran(&path), known, steps);
                }
            }
            Node::Grid { inputs, rows, columns, results, luck } => {
                let given = pick(inputs, known);
                let value = grid(branch, id, &given, (*rows, *columns), *results, *luck, outcome);
                *number += 3;
                made(value, outcome.ran(&format!("n{}{branch}", id + 3)), known, steps);
            }
        }
    }
}

/// How many steps a description has.
fn count(nodes: &[Node]) -> usize {
    let steps = nodes.iter().map(|node| match node {
        Node::Source { body, collect, .. } => 1 + count(body) + usize::from(collect.is_some()),
        Node::Grid { .. } => 4,
        _ => 1,
    });
    steps.sum()
}

fn pick(inputs: &[usize], known: &[Known]) -> Vec<Known> {
    if known.is_empty() {
        Vec::new()
    } else {
        inputs.iter().map(|input| known[input % known.len()].clone()).collect()
    }
}

/// What comes after a step does not mind that an output was left out, only that the step itself did not run or failed.
fn made(value: Known, ran: bool, known: &mut Vec<Known>, steps: &mut Vec<Known>) {
    steps.push(if ran { Known::Value(0) } else { value.clone() });
    known.push(value);
}

/// Why a step cannot run: a failure before an absence.
fn missing<'a>(given: impl IntoIterator<Item = &'a Known> + Clone) -> Option<Known> {
    let failed = given.clone().into_iter().find(|known| matches!(known, Known::Failed(_)));
    failed.or_else(|| given.into_iter().find(|known| matches!(known, Known::Absent(_)))).cloned()
}

fn values(given: &[Known]) -> Vec<i64> {
    given
        .iter()
        .filter_map(|known| if let Known::Value(value) = known { Some(*value) } else { None })
        .collect()
}

fn skip(path: &str, missing: Known, outcome: &mut Outcome) -> Known {
    let why = match &missing {
        Known::Failed(path) => format!("{path} failed"),
        Known::Absent(path) => format!("{path} left it out"),
        Known::Value(value) => panic!("{value} is not missing"),
    };
    outcome.ends.insert(path.to_owned(), why);
    missing
}

/// A step that has all it needs.
fn step(path: &str, id: usize, values: &[i64], luck: Luck, outcome: &mut Outcome) -> Known {
    let value = mix(id, values.iter().copied());
    outcome.inputs.insert(path.to_owned(), format!("{values:?}"));
    finish(path, value, luck, outcome)
}

/// The attempts at a step that gives `value` in the end.
fn finish(path: &str, value: i64, luck: Luck, outcome: &mut Outcome) -> Known {
    let failures = luck.failures_for(value);
    outcome.attempts.insert(path.to_owned(), failures.min(luck.retries) + 1);
    if failures > luck.retries {
        outcome.ends.insert(path.to_owned(), "failed".to_owned());
        return Known::Failed(path.to_owned());
    }
    outcome.ends.insert(path.to_owned(), "ok".to_owned());
    outcome.outputs.insert(path.to_owned(), vec![(String::new(), value)]);
    Known::Value(value)
}

/// A step with one input of several, of which those left out are left out, unless all are.
fn gather(path: &str, id: usize, elements: &[Known], luck: Luck, outcome: &mut Outcome) -> Known {
    let failed = elements.iter().find(|known| matches!(known, Known::Failed(_)));
    let values = values(elements);
    match failed.or_else(|| elements.first().filter(|_| values.is_empty())) {
        Some(missing) => skip(path, missing.clone(), outcome),
        None => step(path, id, &values, luck, outcome),
    }
}

impl Outcome {
    fn ran(&self, path: &str) -> bool {
        self.ends.get(path).is_some_and(|end| end == "ok")
    }
}

type Emitted = Vec<(String, i64)>;

/// A source: what it emits, and in case it does not succeed, why.
fn source(
    path: &str,
    id: usize,
    given: &[Known],
    luck: Luck,
    items: Items,
    outcome: &mut Outcome,
) -> Result<Emitted, (Emitted, Known)> {
    if let Some(missing) = missing(given) {
        return Err((Vec::new(), skip(path, missing, outcome)));
    }
    let values = values(given);
    let base = mix(id, values.iter().copied());
    outcome.inputs.insert(path.to_owned(), format!("{values:?}"));
    let mut emitted: Emitted = (0..items.count).map(|at| (items.key(at), base + at as i64)).collect();
    // The duplicate is the last item: an unlucky attempt may not get there, and none follows one that does.
    let breaks_at = items.breaks_at.unwrap_or(0).min(items.count);
    let failures = if items.duplicate && breaks_at == items.count { 0 } else { luck.failures_for(base) };
    let duplicate = items.duplicate && failures <= luck.retries;
    outcome.attempts.insert(path.to_owned(), failures.min(luck.retries) + 1);
    if duplicate {
        emitted.truncate(items.count - 1);
    } else if failures > luck.retries {
        emitted.truncate(breaks_at);
    }
    if duplicate || failures > luck.retries {
        outcome.ends.insert(path.to_owned(), "failed".to_owned());
        return Err((emitted, Known::Failed(path.to_owned())));
    }
    outcome.ends.insert(path.to_owned(), "ok".to_owned());
    outcome.outputs.insert(path.to_owned(), emitted.clone());
    Ok(emitted)
}

fn collected(
    path: &str,
    id: usize,
    elements: &[(String, Vec<Known>)],
    collect: Collect,
    outcome: &mut Outcome,
) -> Known {
    let elements = elements.iter().map(|(key, inside)| (key, &inside[collect.element % inside.len()]));
    if !collect.results {
        let elements: Vec<Known> = elements.map(|(_, known)| known.clone()).collect();
        return match elements.is_empty() {
            true => step(path, id, &[], collect.luck, outcome),
            false => gather(path, id, &elements, collect.luck, outcome),
        };
    }
    let (mut told, mut mixed, mut skipped) = (Vec::new(), Vec::new(), None);
    for (key, known) in elements {
        match known {
            Known::Value(value) => {
                told.push(format!("{key}={value}"));
                mixed.push(*value);
            }
            Known::Failed(path) => {
                told.push(format!("{key}!{path}"));
                mixed.push(-1);
            }
            Known::Absent(_) => skipped = skipped.or_else(|| Some(known.clone())),
        }
    }
    if let (Some(skipped), true) = (skipped, told.is_empty()) {
        return skip(path, skipped, outcome);
    }
    outcome.inputs.insert(path.to_owned(), format!("{told:?}"));
    finish(path, mix(id, mixed), collect.luck, outcome)
}

/// Rows of cells, the cells of each row and then the rows collected.
fn grid(
    branch: &str,
    id: usize,
    given: &[Known],
    (rows, columns): (usize, usize),
    results: bool,
    luck: Luck,
    outcome: &mut Outcome,
) -> Known {
    let never = Luck { one_in: 0, failures: 0, retries: 0 };
    let items = |count| Items { count, keyed: false, breaks_at: None, duplicate: false };
    let all = format!("n{}{branch}", id + 3);
    let emitted = match source(&format!("n{id}{branch}"), id, given, never, items(rows), outcome) {
        Ok(emitted) => emitted,
        Err((_, missing)) => return skip(&all, missing, outcome),
    };
    let (mut table, mut failed, mut skipped) = (Vec::new(), None, None);
    for (row, value) in emitted {
        let given = [Known::Value(value)];
        let Ok(cells) =
            source(&format!("n{}{branch}[{row}]", id + 1), id + 1, &given, never, items(columns), outcome)
        else {
            panic!("a source of grids does not fail")
        };
        let cells: Vec<Known> = cells
            .into_iter()
            .map(|(cell, value)| {
                let path = format!("n{}{branch}[{row}][{cell}]", id + 2);
                match step(&path, id + 2, &[value], luck, outcome) {
                    Known::Value(value) if is_absent(value) => {
                        outcome.outputs.insert(path.clone(), Vec::new());
                        Known::Absent(path)
                    }
                    known => known,
                }
            })
            .collect();
        let failure = cells.iter().find(|cell| matches!(cell, Known::Failed(_)));
        let kept = values(&cells);
        match (failure, cells.first().filter(|_| kept.is_empty())) {
            (Some(failure), _) if results => table.push(Err(failure.clone())),
            (Some(failure), _) => failed = failed.or_else(|| Some(failure.clone())),
            (None, Some(skip)) => skipped = skipped.or_else(|| Some(skip.clone())),
            (None, None) => table.push(Ok(kept)),
        }
    }
    if let Some(missing) = failed.or(skipped.filter(|_| table.is_empty())) {
        return skip(&all, missing, outcome);
    }
    let told: Vec<String> = table
        .iter()
        .map(|row| match row {
            Ok(row) => format!("{row:?}"),
            Err(Known::Failed(path)) => format!("!{path}"),
            Err(known) => panic!("{known:?} is no failure"),
        })
        .collect();
    outcome.inputs.insert(all.clone(), told.join(" "));
    finish(&all, mix(id + 3, table.iter().flatten().flatten().copied()), never, outcome)
}
