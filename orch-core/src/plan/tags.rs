use std::collections::HashSet;
use std::sync::Arc;

use super::{Problem, ProblemKind};
use crate::define::{JobOptions, Tags};
use crate::graph::GraphNode;
use crate::ids::{Place, check_tag_key};

/// Checks the keys of the tags of a job, its ops and its calls.
pub(super) fn check(options: &JobOptions, nodes: &[GraphNode], problems: &mut Vec<Problem>) {
    check_keys(&options.tags, Some(("the job", &options.place)), problems);
    // Of an op, however often it is called.
    let mut seen = HashSet::new();
    for node in nodes {
        if seen.insert(Arc::as_ptr(&node.op)) {
            check_keys(&node.op.tags, Some(("the op", &node.op.place)), problems);
        }
        check_keys(&node.tags, Some(("the step", &node.place)), problems);
    }
}

/// Checks the keys of some tags, which were given at this place.
pub(crate) fn check_keys(tags: &Tags, place: Option<(&'static str, &Place)>, problems: &mut Vec<Problem>) {
    for error in tags.keys().filter_map(|key| check_tag_key(key).err()) {
        let problem = Problem::new(ProblemKind::InvalidTag, error.to_string());
        let problem = match place {
            Some((what, place)) => problem.at(what, place.clone()),
            None => problem,
        };
        problems.push(problem.hint(error.hint()));
    }
}
