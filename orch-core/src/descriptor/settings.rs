use std::collections::BTreeMap;

use super::draft::Draft;
use super::model::{JobModel, LimitModel, RetryModel};
use super::{DescriptorProblem, DescriptorProblemKind as Kind, words};
use crate::config::Origin;
use crate::define::{CRON_HINT, JobOptions, Limit, PRIORITY_TAG, Retry, Tags, check_cron};
use crate::ids::check_tag_key;

/// What holds for the job as a whole.
pub(super) fn of_job<S>(
    draft: &Draft,
    model: &JobModel<S>,
    problems: &mut Vec<DescriptorProblem>,
) -> JobOptions {
    let at = draft.origin(&["job"]);
    name("a job", &model.job, &at, problems);
    if let Some(text) = &model.schedule
        && let Err(why) = check_cron(text)
    {
        let message = format!("the schedule `{}` is no cron text: {why}", text.escape_debug());
        problems.push(
            DescriptorProblem::new(Kind::InvalidSchedule, message)
                .at(draft.origin(&["schedule"]))
                .hint(CRON_HINT),
        );
    }
    let retry = model
        .retry
        .as_ref()
        .and_then(|retry| self::retry(retry, &draft.origin(&["retry", "delay"]), problems));
    JobOptions {
        description: model.description.clone(),
        tags: tags(&model.tags, model.priority, |key| draft.origin(&["tags", key]), problems),
        max_concurrent: model.max_concurrent,
        max_in_flight: model.max_in_flight,
        order: model.order.unwrap_or_default(),
        retry,
        limits: model.limits.iter().map(limit).collect(),
        schedule: model.schedule.clone(),
        place: at.place(),
        ..JobOptions::new(&model.job)
    }
}

/// Checks the name of a job or step.
pub(super) fn name(what: &str, name: &str, at: &Origin, problems: &mut Vec<DescriptorProblem>) {
    if !words::is_name(name) {
        let message = format!("{what} cannot be named `{}`", name.escape_debug());
        problems.push(
            DescriptorProblem::new(Kind::InvalidName, message)
                .at(at.clone())
                .hint("names are made of letters, digits and `_`"),
        );
    }
}

/// Tags, with the priority among them.
pub(super) fn tags(
    given: &BTreeMap<String, String>,
    priority: Option<i64>,
    at: impl Fn(&str) -> Origin,
    problems: &mut Vec<DescriptorProblem>,
) -> Tags {
    for key in given.keys() {
        let (message, hint) = match check_tag_key(key) {
            Err(error) => (error.to_string(), error.hint().to_owned()),
            Ok(()) if key == PRIORITY_TAG => {
                (format!("the tag `{key}` is what the priority gives"), "write `priority: 5`".to_owned())
            }
            Ok(()) => continue,
        };
        problems.push(DescriptorProblem::new(Kind::InvalidTag, message).at(at(key)).hint(hint));
    }
    let mut tags = given.clone();
    tags.extend(priority.map(|priority| (PRIORITY_TAG.to_owned(), priority.to_string())));
    tags
}

/// A retry policy; `at` is where its delay stands.
pub(super) fn retry(model: &RetryModel, at: &Origin, problems: &mut Vec<DescriptorProblem>) -> Option<Retry> {
    let retry = Retry::new(model.max).backoff(model.backoff).jitter(model.jitter);
    let Some(text) = &model.delay else { return Some(retry) };
    let delay = words::time(text);
    if delay.is_none() {
        let message = format!("the delay `{}` is no time", text.escape_debug());
        problems.push(
            DescriptorProblem::new(Kind::InvalidTime, message)
                .at(at.clone())
                .hint("write it with its units: `500ms`, `30s`, `1h 30m`"),
        );
    }
    delay.map(|delay| retry.delay(delay))
}

fn limit(model: &LimitModel) -> Limit {
    Limit { key: model.tag.clone(), value: model.value.clone(), per_value: model.per_value, max: model.max }
}
