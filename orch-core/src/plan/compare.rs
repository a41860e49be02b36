use std::collections::HashMap;
use std::fmt;

use super::{Input, Output, Plan, Step};
use crate::define::OutputKind;

/// A difference between two plans of a job, and what it means for a run that was begun with the first and goes on with
/// the second.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The step, by its name in the plan that has it.
    pub step: String,
    /// What is different.
    pub kind: ChangeKind,
}

/// What is different of a step. What is for people, such as descriptions and places, is no difference, and neither is when
/// and how often it runs, such as priorities, limits and retries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is no longer there.
    Removed,
    /// It calls another op.
    #[non_exhaustive]
    Op {
        /// The op of before.
        before: String,
        /// The op of now.
        now: String,
    },
    /// It is in another map.
    #[non_exhaustive]
    Map {
        /// What it was mapped over; none for nothing.
        before: Option<String>,
        /// What it is mapped over.
        now: Option<String>,
    },
    /// It takes an input from somewhere else, takes another type, or takes it only now, or no longer.
    #[non_exhaustive]
    Input {
        /// The input's name.
        input: String,
        /// Where it took it from, and its type; none if it is new.
        before: Option<String>,
        /// Where it takes it from, and its type; none if it is no longer there.
        now: Option<String>,
    },
    /// It gives an output of another type or kind, or gives it only now, or no longer.
    #[non_exhaustive]
    Output {
        /// The output's name.
        output: String,
        /// Its kind and type; none if it is new.
        before: Option<String>,
        /// Its kind and type; none if it is no longer there.
        now: Option<String>,
    },
    /// It gives partitions of another definition, or reads others.
    Partitions,
    /// Its code has another version.
    #[non_exhaustive]
    Code {
        /// The version of before; none if it had none.
        before: Option<String>,
        /// The version of now; none if it has none.
        now: Option<String>,
    },
}

impl Plan {
    /// What is different in `now`, for a run that was begun with this plan; in the order of the steps, those that are
    /// no longer there at the end.
    #[must_use]
    pub fn changes_to(&self, now: &Self) -> Vec<Change> {
        let before = self.by_name();
        let mut changes = Vec::new();
        for step in &now.steps {
            let kinds = match before.get(step.name.as_str()) {
                Some(old) => self.changes_of(old, now, step),
                None => vec![ChangeKind::Added],
            };
            changes.extend(kinds.into_iter().map(|kind| Change { step: step.name.clone(), kind }));
        }
        let names = now.by_name();
        let removed = self.steps.iter().filter(|step| !names.contains_key(step.name.as_str()));
        changes.extend(removed.map(|step| Change { step: step.name.clone(), kind: ChangeKind::Removed }));
        changes
    }

    /// For each step of `now` whether its outputs are others than they were, so that what it has left is none of them.
    pub(super) fn changed_outputs(&self, now: &Self) -> Vec<bool> {
        let before = self.by_name();
        let changed = |step: &Step| {
            let outputs = before.get(step.name.as_str()).map(|old| named(&old.outputs, |one| &one.name));
            let present = named(&step.outputs, |one| &one.name);
            outputs
                .is_some_and(|before| pairs(&before, &present).iter().any(|(_, before, now)| before != now))
        };
        now.steps.iter().map(changed).collect()
    }

    fn by_name(&self) -> HashMap<&str, &Step> {
        self.steps.iter().map(|step| (step.name.as_str(), step)).collect()
    }

    fn changes_of(&self, old: &Step, now: &Self, new: &Step) -> Vec<ChangeKind> {
        let mut kinds = Vec::new();
        if old.op != new.op {
            kinds.push(ChangeKind::Op { before: old.op.clone(), now: new.op.clone() });
        }
        let (before, present) = (self.mapped_over(old), now.mapped_over(new));
        if before != present {
            kinds.push(ChangeKind::Map { before, now: present });
        }
        let (before, present) = (named(&old.inputs, |one| &one.name), named(&new.inputs, |one| &one.name));
        for (input, before, present) in pairs(&before, &present) {
            let (before, now) = (before.map(|one| self.fed(one)), present.map(|one| now.fed(one)));
            if let Some((before, now)) = Fed::differ(before.as_ref(), now.as_ref()) {
                kinds.push(ChangeKind::Input { input, before, now });
            }
        }
        let (before, present) = (named(&old.outputs, |one| &one.name), named(&new.outputs, |one| &one.name));
        for (output, before, now) in pairs(&before, &present) {
            if before != now {
                let (before, now) = (before.map(given), now.map(given));
                kinds.push(ChangeKind::Output { output, before, now });
            }
        }
        if self.partitions_of(old) != now.partitions_of(new) {
            kinds.push(ChangeKind::Partitions);
        }
        if old.code_version != new.code_version {
            kinds.push(ChangeKind::Code { before: old.code_version.clone(), now: new.code_version.clone() });
        }
        kinds
    }

    /// The maps around a step, from the outermost on.
    fn mapped_over(&self, step: &Step) -> Option<String> {
        let maps = std::iter::successors(step.map, |&map| self.maps[map].parent);
        let mut names: Vec<_> =
            maps.map(|map| self.output_name(self.maps[map].step, self.maps[map].output)).collect();
        names.reverse();
        (!names.is_empty()).then(|| names.join(" and "))
    }

    /// What a step gives or reads of partitions.
    fn partitions_of(&self, step: &Step) -> impl PartialEq {
        let given = self.partitions.iter().find(|of| self.steps[of.step].name == step.name);
        let read = step.loads.as_ref().and_then(|asset| asset.partitions.as_ref());
        let read = read.map(|of| (of.definition.clone(), of.mapping.clone(), of.single, of.together));
        (given.map(|of| of.definition.clone()), read)
    }

    fn fed(&self, input: &Input) -> Fed {
        // By its name: numbers of steps and constants are others as soon as there is one more.
        Fed { source: self.source_name(&input.source), ty: input.ty.clone() }
    }
}

/// What feeds an input.
#[derive(PartialEq)]
struct Fed {
    source: String,
    ty: String,
}

impl Fed {
    /// What is different of the two, in words; none if nothing is.
    fn differ(before: Option<&Self>, now: Option<&Self>) -> Option<(Option<String>, Option<String>)> {
        if before == now {
            return None;
        }
        let told = |one: &Self, other: Option<&Self>| match other {
            Some(other) if other.ty == one.ty => format!("from `{}`", one.source),
            Some(other) if other.source == one.source => format!("as `{}`", one.ty),
            _ => format!("from `{}` as `{}`", one.source, one.ty),
        };
        let old = before.map(|one| told(one, now));
        Some((old, now.map(|one| told(one, before))))
    }
}

fn named<T>(all: &[T], name: impl Fn(&T) -> &str) -> Vec<(&str, &T)> {
    all.iter().map(|one| (name(one), one)).collect()
}

/// Each name of either side, with what has it there.
fn pairs<'a, T>(
    before: &[(&str, &'a T)],
    now: &[(&str, &'a T)],
) -> Vec<(String, Option<&'a T>, Option<&'a T>)> {
    let find =
        |all: &[(&str, &'a T)], name: &str| all.iter().find(|(other, _)| *other == name).map(|(_, one)| *one);
    let kept = now.iter().map(|(name, one)| ((*name).to_owned(), find(before, name), Some(*one)));
    let removed = before.iter().filter(|(name, _)| find(now, name).is_none());
    kept.chain(removed.map(|(name, one)| ((*name).to_owned(), Some(*one), None))).collect()
}

/// Kind and type of an output.
fn given(output: &Output) -> String {
    match output.kind {
        OutputKind::Single => format!("`{}`", output.ty),
        OutputKind::Optional => format!("optional `{}`", output.ty),
        OutputKind::Dynamic => format!("dynamic `{}`", output.ty),
    }
}

/// What holds of a step whose way of running has changed.
const STAYS: &str = "if it has run, it stays as it is; if it has not, it runs in the new way";
/// What holds of a step whose outputs have changed.
const UNREAD: &str = "what it has given is not used; if it has run and that is needed, it runs again";
/// What holds of a step that is another one for each item.
const FOUND: &str = "what has run under a path that there still is stays as it is; all else runs";

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = &self.step;
        match &self.kind {
            ChangeKind::Added => write!(f, "`{step}` is new: it runs"),
            ChangeKind::Removed => {
                write!(
                    f,
                    "`{step}` is no longer there: if it has run, that stands; if it has not, it does not run"
                )
            }
            ChangeKind::Op { before, now } => {
                write!(f, "`{step}` calls `{now}` now, and not `{before}`: {STAYS}")
            }
            ChangeKind::Map { before: Some(before), now: Some(now) } => {
                write!(f, "`{step}` is mapped over `{now}` now, and not over `{before}`: {FOUND}")
            }
            ChangeKind::Map { now: Some(now), .. } => {
                write!(f, "`{step}` is mapped over `{now}` now: {FOUND}")
            }
            ChangeKind::Map { .. } => write!(f, "`{step}` is no longer in a map: {FOUND}"),
            ChangeKind::Input { input, before: Some(before), now: Some(now) } => {
                write!(f, "`{step}` takes its input `{input}` {now} now, and not {before}: {STAYS}")
            }
            ChangeKind::Input { input, now: Some(now), .. } => {
                write!(f, "`{step}` has a new input `{input}` {now}: {STAYS}")
            }
            ChangeKind::Input { input, .. } => write!(f, "`{step}` no longer takes `{input}`: {STAYS}"),
            ChangeKind::Output { output, before: Some(before), now: Some(now) } => {
                write!(f, "`{step}` gives `{output}` as {now} now, and not as {before}: {UNREAD}")
            }
            ChangeKind::Output { output, now: Some(now), .. } => {
                write!(f, "`{step}` has a new output `{output}`, {now}: {UNREAD}")
            }
            ChangeKind::Output { output, .. } => write!(f, "`{step}` no longer gives `{output}`: {UNREAD}"),
            ChangeKind::Partitions => write!(f, "`{step}` gives or reads other partitions now: {FOUND}"),
            ChangeKind::Code { before: Some(before), now: Some(now) } => {
                write!(f, "the code of `{step}` has version `{now}` now, and not `{before}`: {STAYS}")
            }
            ChangeKind::Code { now: Some(now), .. } => {
                write!(f, "the code of `{step}` has version `{now}` now, and had none: {STAYS}")
            }
            ChangeKind::Code { .. } => write!(f, "the code of `{step}` no longer has a version: {STAYS}"),
        }
    }
}
