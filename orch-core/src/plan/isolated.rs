use std::collections::HashSet;
use std::sync::Arc;

use super::{Problem, ProblemKind, Step};
use crate::define::{Executor, JobOptions, OpDef};
use crate::graph::GraphNode;

/// Whether the steps of an op run in processes of their own.
pub(super) fn is(options: &JobOptions, op: &OpDef) -> bool {
    op.isolate || options.executor == Executor::Process
}

/// What a process of its own is given and gives back travels as bytes.
pub(super) fn check(nodes: &[GraphNode], steps: &[Step], problems: &mut Vec<Problem>) {
    // Of an op, however often it is called.
    let mut seen = HashSet::new();
    let isolated = nodes.iter().zip(steps).filter(|(_, step)| step.isolated);
    for op in isolated.map(|(node, _)| &node.op).filter(|op| seen.insert(Arc::as_ptr(op))) {
        let inputs = op.inputs().iter().filter(|input| input.codec.is_none());
        let inputs = inputs.map(|input| ("takes", &input.name, input.ty));
        let outputs = op.outputs().iter().filter(|output| output.codec.is_none());
        let outputs = outputs.map(|output| ("returns", &output.name, output.ty));
        for (verb, name, ty) in inputs.chain(outputs) {
            let ty = ty.name();
            let what = if verb == "takes" { "the input" } else { "the output" };
            let message = format!(
                "`{}` runs in a process of its own and {verb} {what} `{name}` of type `{ty}`, which cannot be sent there",
                op.name()
            );
            problems.push(Problem::new(ProblemKind::NotIsolated, message).at("the op", op.place.clone()).hint(
                format!(
                    "let `{ty}` own its data and derive serde's `Serialize` and `Deserialize`, or do not isolate the op; an op made by hand \
                     names the codec, `.input_codec(..)` or `.coded(..)`"
                ),
            ));
        }
    }
}

/// A number of bytes as it is written in an option: `512MiB`.
pub(super) fn size(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut number = bytes;
    while number > 0 && number.is_multiple_of(1024) && unit + 1 < units.len() {
        number /= 1024;
        unit += 1;
    }
    format!("{number}{}", units[unit])
}
