use std::collections::VecDeque;
use std::fmt::Write as _;
use std::iter;

use super::held::held;
use super::history::{Mishap, Now, Story};
use super::needs::{chain as chain_of, needs};
use super::{NAMED, Why};
use crate::asset::{Change, Difference};
use crate::event::{SkipCause, between};
use crate::ids::{Branch, StepPath};
use crate::plan::Step;
use crate::report::assets::stale;
use crate::report::palette::Role;
use crate::report::text::{chain, one_line};
use crate::report::words::{count, duration, moment};
use crate::storage::RunState;

/// Why a step is where it is: what kept it from running through all steps in between, what it waits for, what went wrong
/// before. Of a name without keys of a step inside a map, all copies are told of. Ends with a line break.
///
/// Nothing is known of a step that is not in the plan.
#[must_use]
pub fn why_step(why: &Why<'_>, path: &StepPath) -> String {
    if let Some(story) = why.history.step(path) {
        return told(why, path, story);
    }
    let planned = why.plan.steps.iter().position(|step| step.name == path.name());
    let name = why.palette.paint(Role::Name, &path.to_string());
    let Some(planned) = planned else { return format!("{name} is not in the plan of the run\n") };
    let step = &why.plan.steps[planned];
    if step.map.is_some() && path.branch().is_none() && why.history.copies(path.name()).next().is_some() {
        return copies(why, step);
    }
    if step.given {
        return match why.upstream {
            Some(run) => format!("{name} does not run here: what others take of it is from the run {run}\n"),
            None => format!("{name} was not selected: what others take of it is known from an earlier run\n"),
        };
    }
    if path.branch().is_some() && !step.only.is_empty() && !step.only.contains(&path.to_string()) {
        return format!(
            "{name} was not selected; of the copies of {} these are: {}\n",
            step.name,
            step.only.join(", ")
        );
    }
    if let Some(none) = no_item(why, path, step) {
        return format!("{name} {none}\n");
    }
    if let Some((resource, error)) = &why.history.resource {
        let resource = one_line(resource);
        return format!(
            "{name} has not run: the resource {resource} could not be opened: {}\n",
            chain(error)
        );
    }
    if why.state.is_over() {
        return match why.upstream {
            Some(run) => format!(
                "{name} has not run here; if it has succeeded in the run {run}, its outputs are taken from there\n"
            ),
            None => format!("{name} has not run: the run was over before\n"),
        };
    }
    let stands = match why.state {
        RunState::Interrupted => "had not begun when the run was interrupted",
        _ => "has not begun",
    };
    let taken = why.upstream.map(|run| {
        format!("  if it has succeeded in the run {run}, it does not run here, and its outputs are taken from there\n")
    });
    format!("{name} {stands}\n{}{}", waits(why, path, planned), taken.unwrap_or_default())
}

/// Why there is no item for this copy of a step, if there is none.
fn no_item(why: &Why<'_>, path: &StepPath, step: &Step) -> Option<String> {
    let depth = iter::successors(step.map, |map| why.plan.maps[*map].parent).count();
    let keys = path.branch().map_or(0, |branch| branch.keys().len());
    if keys > depth || (0 < keys && keys < depth) {
        let keys = count(depth as u64, "key", "keys");
        return Some(format!("is no copy of {}: each copy has {keys}", step.name));
    }
    let map = &why.plan.maps[step.map?];
    let source = &why.plan.steps[map.step];
    let from = StepPath::new(source.name.as_str(), path.branch().and_then(Branch::parent).cloned());
    let story = why.history.step(&from);
    if story.is_some_and(|story| matches!(story.now, Now::Memoized { .. })) {
        return Some(format!("has not run: {from} was memoized, and put out no items"));
    }
    let key = path.branch()?.key();
    if source.given || why.history.has_item(from.clone(), &source.outputs[map.output].name, key) {
        return None;
    }
    let over = why.state.is_over() || story.is_some_and(Story::is_over);
    Some(match over {
        true => format!("has not run: {from} put out no such item"),
        false => format!("has not begun: {from} has put out no such item yet"),
    })
}

/// Where a step stands that was heard of. Ends with a line break.
pub(super) fn told(why: &Why<'_>, path: &StepPath, story: &Story) -> String {
    let paint = |role, word: &str| why.palette.paint(role, word);
    let mut text = format!("{} ", paint(Role::Name, &path.to_string()));
    let interrupted = why.state == RunState::Interrupted;
    let attempt = if story.attempt > 1 { format!(" in attempt {}", story.attempt) } else { String::new() };
    let _ = match &story.now {
        // Its item came of a source that began anew, and then did not put it out again.
        Now::Running { .. } | Now::Waiting { .. } | Now::Again if why.state.is_over() => {
            writeln!(text, "{}: its item was not put out again", paint(Role::Skip, "was dropped"))
        }
        Now::Running { open, .. } if interrupted => {
            let word = if *open { "was open" } else { "was under way" };
            writeln!(text, "{}{attempt} when the run was interrupted", paint(Role::Warn, word))
        }
        Now::Running { since, open } => {
            let age = duration(between(*since, why.now));
            let word = if *open { "is open" } else { "is running" };
            writeln!(text, "{}{attempt}, since {}, for {age}", paint(Role::Busy, word), moment(*since))
        }
        Now::Waiting { .. } if interrupted => {
            writeln!(
                text,
                "{} when the run was interrupted",
                paint(Role::Warn, "waited for its next attempt")
            )
        }
        Now::Waiting { since, delay } => {
            let until = *since + *delay;
            let left = between(why.now, until);
            let left = match left.is_zero() {
                true => "and is ready: it waits for a slot".to_owned(),
                false => format!("until {}, in {}", moment(until), duration(left)),
            };
            writeln!(text, "{} {left}", paint(Role::Warn, "waits for its next attempt"))
        }
        Now::Again if interrupted => {
            writeln!(text, "{} when the run was interrupted", paint(Role::Warn, "was to run again"))
        }
        Now::Again => writeln!(text, "{}", paint(Role::Busy, "is to run again")),
        Now::Succeeded { took } => {
            let took = took.map_or_else(String::new, |took| format!(", after {}", duration(took)));
            let _ = writeln!(text, "{}{attempt}{took}", paint(Role::Good, "succeeded"));
            text.push_str(&ran(why, path, story));
            Ok(())
        }
        Now::Failed { error } => {
            let hint = error.hint.as_ref();
            let hint = hint.map_or_else(String::new, |hint| format!("\n  hint: {}", one_line(hint)));
            writeln!(text, "{}{attempt}: {}{hint}", paint(Role::Bad, "failed"), chain(error))
        }
        Now::Canceled => {
            writeln!(
                text,
                "{} with the run: it was under way, or waited for its next attempt",
                paint(Role::Bad, "was canceled")
            )
        }
        Now::Memoized { of, by, asset } => {
            let (was, by) = (paint(Role::Good, "was memoized"), by.as_ref());
            let by = by.filter(|by| *by != path).map_or_else(String::new, |by| format!(", as {by}"));
            // Of a graph one step alone has the asset for an output.
            let is_other = why.plan.step(path.name()).is_some_and(|step| step.assets.is_empty());
            let of_graph = asset.as_ref().filter(|_| is_other);
            let with = of_graph.map_or_else(String::new, |asset| format!(" with all that makes `{asset}`"));
            writeln!(text, "{was}{with}: all that it is made of is what it was made of by the run {of}{by}")
        }
        Now::Skipped { cause } => {
            let _ = writeln!(text, "{}", paint(Role::Skip, "was skipped"));
            text.push_str(&because(why, path, cause));
            Ok(())
        }
    };
    for mishap in &story.before {
        let _ = match mishap {
            Mishap::Failed { attempt, error } => {
                writeln!(text, "  attempt {attempt} failed: {}", chain(error))
            }
            Mishap::Interrupted { attempt } => {
                writeln!(text, "  attempt {attempt} was interrupted: the process of the run was gone")
            }
            Mishap::Lost { cause } => {
                writeln!(text, "  made anew, since what it gave was lost: {}", one_line(&cause.to_string()))
            }
        };
    }
    text
}

/// Why a memoized step was not passed over.
fn ran(why: &Why<'_>, path: &StepPath, story: &Story) -> String {
    let Some((_, recipe, _)) = &story.made_of else {
        let never = why.plan.step(path.name()).map_or_else(Vec::new, |step| why.plan.never_memoized(step));
        return match never.as_slice() {
            [] => String::new(),
            names => format!(
                "  it always runs, though it is memoized: of what lives in memory alone nothing can be taken again: {}\n  hint: \
                 derive serde's `Serialize` and `Deserialize` for its type, or have an IO manager store it, `io = \"..\"`\n",
                names.join(", ")
            ),
        };
    };
    if let Some(unknown) = recipe.first_unknown() {
        let change = Change::Unknown;
        let unknown = stale::because(&Difference { ingredient: unknown.clone(), change });
        return format!("  it always runs, though it is memoized: {unknown}\n");
    }
    match why.history.unlike(path, story) {
        None => "  nothing was remembered before that its op has given\n".to_owned(),
        Some((memo, Some(difference))) => {
            let because = stale::because(&difference);
            format!("  unlike {} of the run {}, which is the most like it: {because}\n", memo.step, memo.run)
        }
        Some((memo, None)) => format!(
            "  {} of the run {} has given the same; it was not known when this run began, or this one takes nothing that is \
             remembered\n",
            memo.step, memo.run
        ),
    }
}

/// All steps from the one that was skipped to the cause, a line for each.
fn because(why: &Why<'_>, skipped: &StepPath, cause: &SkipCause) -> String {
    let root = match cause {
        SkipCause::Failed(root) | SkipCause::Absent(root) => root,
        SkipCause::Lacking(why) => return format!("  because {why}\n"),
        SkipCause::Canceled => return "  because the run was canceled before it could begin\n".to_owned(),
    };
    let mut text = String::new();
    for path in chain_of(why.history, why.plan, skipped, root) {
        let _ = writeln!(text, "  because {path} was skipped");
    }
    let _ = match (cause, why.history.step(root).map(|story| (&story.now, story.attempt))) {
        (SkipCause::Absent(_), _) => writeln!(text, "  because {root} left its output out"),
        (_, Some((Now::Failed { error }, attempt))) => {
            let attempt = if attempt > 1 { format!(" in attempt {attempt}") } else { String::new() };
            writeln!(text, "  because {root} failed{attempt}: {}", chain(error))
        }
        _ => writeln!(text, "  because {root} failed"),
    };
    text
}

/// All copies of a step inside a map: how many are where, and those of which there is something to say.
fn copies(why: &Why<'_>, step: &Step) -> String {
    let copies: Vec<_> = why.history.copies(&step.name).collect();
    let well = copies.iter().filter(|(_, story)| matches!(story.now, Now::Succeeded { .. })).count();
    let name = why.palette.paint(Role::Name, &step.name);
    let all = count(copies.len() as u64, "copy", "copies");
    let mut text = format!("{name} has {all}, of which {well} succeeded\n");
    let is_plain = |story: &Story| matches!(story.now, Now::Succeeded { .. }) && story.before.is_empty();
    let others: Vec<_> = copies.iter().filter(|(_, story)| !is_plain(story)).collect();
    for (path, story) in others.iter().take(NAMED) {
        for line in told(why, path, story).lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    if others.len() > NAMED {
        let _ = writeln!(text, "  … and {} more", others.len() - NAMED);
    }
    text
}

/// What a step that has not begun waits for: each step that it needs and that is not over, and what those wait for that
/// have not begun either.
fn waits(why: &Why<'_>, path: &StepPath, planned: usize) -> String {
    let mut text = String::new();
    let mut asked = vec![planned];
    let mut next = VecDeque::from([planned]);
    while let Some(step) = next.pop_front() {
        let who = if step == planned { "it" } else { &why.plan.steps[step].name };
        for need in needs(why.plan, step, path.branch().is_none()) {
            let Some(told) = unfinished(why, path, need) else { continue };
            let _ = writeln!(text, "  {who} waits for {told}");
            if why.history.copies(&why.plan.steps[need].name).next().is_none() && !asked.contains(&need) {
                asked.push(need);
                next.push_back(need);
            }
        }
    }
    if text.is_empty()
        && let Some((asset, needs)) = held(why, planned)
    {
        for told in needs.into_iter().filter_map(|need| unfinished(why, path, need)) {
            let _ = writeln!(
                text,
                "  what makes `{asset}` begins when it is known whether it would come out as it is: it waits for {told}"
            );
        }
    }
    if text.is_empty() {
        let pool = why.plan.steps[planned].pool.as_ref();
        let pool = pool.map_or_else(String::new, |pool| format!(", or one in the pool {}", one_line(pool)));
        let slots = count(why.history.max_concurrent as u64, "step", "steps");
        let _ = writeln!(
            text,
            "  all that it needs is there: it waits for a slot{pool}; {slots} may run at once"
        );
    }
    text
}

/// How far a step has come that is needed; none if it is over, as far as it has to do with `path`.
fn unfinished(why: &Why<'_>, path: &StepPath, need: usize) -> Option<String> {
    let need = &why.plan.steps[need];
    if need.given {
        return None;
    }
    let all: Vec<_> = why.history.copies(&need.name).collect();
    if all.is_empty() {
        return Some(format!("{}, which has not begun", need.name));
    }
    let concerned: Vec<_> = all.iter().filter(|(copy, _)| concerns(copy, path)).collect();
    if concerned.is_empty() {
        return Some(format!("{} of the same item, which has not begun", need.name));
    }
    if let [(only, story)] = concerned.as_slice() {
        return Some(format!("{only}, which {}", under_way(story)?));
    }
    let over = concerned.iter().filter(|(_, story)| story.is_over()).count();
    let of = concerned.len();
    (over < of).then(|| format!("{}, of which {over} of {of} copies are over", need.name))
}

/// Whether a copy of what a step needs has to do with this copy of the step: it is in the same items, as far as both are in
/// maps.
fn concerns(copy: &StepPath, path: &StepPath) -> bool {
    let keys = |path: &StepPath| -> Vec<String> {
        path.branch().map(Branch::keys).unwrap_or_default().into_iter().map(ToString::to_string).collect()
    };
    keys(copy).iter().zip(&keys(path)).all(|(a, b)| a == b)
}

fn under_way(story: &Story) -> Option<&'static str> {
    match story.now {
        Now::Running { open: true, .. } => Some("is open"),
        Now::Running { .. } => Some("is under way"),
        Now::Waiting { .. } => Some("waits for its next attempt"),
        Now::Again => Some("is to run again"),
        _ => None,
    }
}
