use std::collections::HashMap;

use crate::event::{Recorded, RecordedEnd, Taken};
use crate::ids::Branch;
use crate::plan::Program;

/// Forgets of graphs that were passed over as a whole those of which that is not so any more, since a step of them is begun anew or
/// was not there then: what such a step takes of the others is nowhere. Says whether there are any.
pub(crate) fn forget_torn(program: &Program, recorded: &mut Recorded) -> bool {
    let graphs = program.plan.asset_steps();
    let outermost = graphs.iter().enumerate().flat_map(|(graph, of)| {
        of.outermost.iter().map(move |&step| (program.plan.steps[step].name.as_str(), graph))
    });
    let graph_of: HashMap<&str, usize> = outermost.collect();
    if graph_of.is_empty() {
        return false;
    }
    let mut passed_over: HashMap<(usize, Option<Branch>), Vec<u32>> = HashMap::new();
    for (path, step) in recorded.steps() {
        let is_passed_over =
            matches!(step.end(), Some(RecordedEnd::Memoized(taken)) if matches!(taken.1, Taken::Assets(_)));
        if let (true, Some(&graph), Some(number)) =
            (is_passed_over, graph_of.get(path.name()), recorded.number(path))
        {
            passed_over.entry((graph, path.branch().cloned())).or_default().push(number);
        }
    }
    let torn =
        passed_over.into_iter().filter(|((graph, _), steps)| steps.len() < graphs[*graph].outermost.len());
    let torn: Vec<u32> = torn.flat_map(|(_, steps)| steps).collect();
    torn.iter().for_each(|&number| recorded.forget(number));
    !torn.is_empty()
}
