mod feed;
mod input;

use std::sync::Arc;

pub(super) use self::feed::Feed;
use super::draft::{Draft, StepDraft};
use super::maps::Maps;
use super::model::StepModel;
use super::{DescriptorProblem, DescriptorProblemKind as Kind, Registry, settings, source};
use crate::config::{ConfigPath, ConfigProblemKind, Origin, check_at};
use crate::define::{OpDef, Retry, Tags};
use crate::graph::StepConfig;

/// A step of which all is right.
pub(super) struct Wired {
    pub(super) op: Arc<OpDef>,
    /// What feeds each input of the op.
    pub(super) feeds: Vec<Feed>,
    /// The steps it comes after, and where that is said.
    pub(super) after: Vec<(usize, Origin)>,
    pub(super) tags: Tags,
    pub(super) retry: Option<Retry>,
    pub(super) config: StepConfig,
}

/// Checks one step; none if something is wrong with it, which is added to the problems or was before.
pub(super) fn check(
    draft: &Draft,
    maps: &Maps,
    step: usize,
    registry: &Registry,
    problems: &mut Vec<DescriptorProblem>,
) -> Option<Wired> {
    let here = &draft.steps[step];
    settings::name("a step", &here.name, &here.at, problems);
    let model = here.model.as_ref()?;
    let tags = settings::tags(&model.tags, model.priority, |key| here.origin(&["tags", key]), problems);
    let retry = &model.retry;
    let retry =
        retry.as_ref().and_then(|retry| settings::retry(retry, &here.origin(&["retry", "delay"]), problems));
    let after = after(draft, maps, step, model, problems);
    let Some(op) = &here.op else {
        let message = format!("there is no op kind `{}`", model.op.escape_debug());
        problems.push(DescriptorProblem::new(Kind::UnknownOp, message).at(here.origin(&["op"])).hint(
            source::known(&model.op, registry.kinds().collect::<Vec<_>>().into_iter(), "the op kinds"),
        ));
        input::references(draft, step, problems);
        return None;
    };
    let config = config(here, op, registry, problems);
    let feeds = input::feeds(draft, maps, step, op, registry, problems);
    Some(Wired { op: Arc::clone(op), feeds: feeds?, after: after?, tags, retry, config })
}

/// The steps that a step comes after.
fn after(
    draft: &Draft,
    maps: &Maps,
    step: usize,
    model: &StepModel,
    problems: &mut Vec<DescriptorProblem>,
) -> Option<Vec<(usize, Origin)>> {
    let here = &draft.steps[step];
    let around = maps.around(step);
    let mut after = Vec::new();
    for (item, name) in model.after.iter().enumerate() {
        let at = here.item(&["after"], item);
        let other = match source::step(draft, name, &at) {
            Ok(other) => other,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        if let (Some(around), Some(others)) = (&around, maps.around(other))
            && !around.starts_with(&others)
        {
            let map = others.last().map_or_else(String::new, |map| map.name(draft));
            let message = format!(
                "`{}` cannot come after `{name}`, which runs once for each item of `{map}`",
                here.name
            );
            problems.push(
                DescriptorProblem::new(Kind::LeakedFromMap, message)
                    .at(at)
                    .at_as(format!("`{name}`"), draft.steps[other].at.clone())
                    .hint(format!(
                        "to wait for all items, come after a step that takes them: `{{ collect: {name} }}`"
                    )),
            );
            continue;
        }
        after.push((other, at));
    }
    (after.len() == model.after.len()).then_some(after)
}

/// The configuration that the descriptor gives. What it lacks, and variables that are not set, are told when a run begins,
/// since they may be given then.
fn config(
    here: &StepDraft,
    op: &OpDef,
    registry: &Registry,
    problems: &mut Vec<DescriptorProblem>,
) -> StepConfig {
    let Some(given) = here.value(&["config"]) else { return StepConfig::Open };
    let Some(def) = op.needs().config() else {
        let message =
            format!("`{}` is given a configuration, and its op `{}` takes none", here.name, op.name());
        problems.push(
            DescriptorProblem::new(Kind::InvalidConfig, message)
                .at(given.origin.clone())
                .at_as("the op", Origin::Code(op.place.clone()))
                .hint("leave out `config`, or let the op have a parameter `config: Config<T>`"),
        );
        return StepConfig::Open;
    };
    let path = ConfigPath::root().key("steps").key(Arc::clone(&here.name)).key("config");
    if let Err(error) = check_at(given, &def.schema(), registry.env_vars(), path) {
        let later = [ConfigProblemKind::Missing, ConfigProblemKind::Reference];
        let now = error.into_problems().into_iter().filter(|problem| !later.contains(&problem.kind()));
        problems.extend(now.map(|problem| DescriptorProblem::from(problem).of_kind(Kind::InvalidConfig)));
    }
    StepConfig::Fixed(given.clone(), given.origin.place())
}
