use super::draft::Draft;
use super::maps::{DEEPEST, Maps};
use super::source::OutputRef;
use super::step::{self, Feed, Wired};
use super::{DescriptorError, DescriptorProblem, DescriptorProblemKind as Kind, Registry, order, settings};
use crate::config::{Node, Origin};
use crate::define::{InputDef, JobOptions};
use crate::graph::{self, Drawn, DrawnOutput, Job, UntypedCall};

/// After how many problems the rest of a descriptor is not looked at.
pub(super) const ENOUGH: usize = 200;

/// What became of a descriptor.
pub(super) struct Described {
    /// The job's name, and where it stands, if they can be read.
    pub(super) name: Option<(String, Origin)>,
    /// The job, if nothing is wrong with it.
    pub(super) job: Option<Job>,
}

/// Builds the job of a descriptor; what is wrong is added to the problems.
pub(super) fn build(node: &Node, registry: &Registry, all: &mut Vec<DescriptorProblem>) -> Described {
    let mut problems = Vec::new();
    let draft = Draft::read(node, registry, &mut problems);
    let options = draft.job.as_ref().map(|job| settings::of_job(&draft, job, &mut problems));
    let maps = Maps::read(&draft, &mut problems);
    let order = order::steps(&draft, &mut problems);
    if let Some(deep) = order.as_ref().and_then(|order| maps.too_deep(order)) {
        let message = format!("maps are nested deeper than {DEEPEST}");
        problems.push(DescriptorProblem::new(Kind::TooDeep, message).at(draft.steps[deep].at.clone()));
    }
    // Nobody reads more than enough of them, and each takes time to tell.
    let steps = (0..draft.steps.len()).map_while(|step| {
        (problems.len() < ENOUGH).then(|| step::check(&draft, &maps, step, registry, &mut problems))
    });
    let wired: Vec<_> = steps.collect();
    let name = draft.job.as_ref().map(|job| (job.job.clone(), draft.origin(&["job"])));
    let mut job = None;
    if problems.is_empty()
        && let (Some(options), Some(order)) = (options, order)
        && let Some(wired) = wired.into_iter().collect::<Option<Vec<_>>>()
    {
        let drawn = draw(options, &draft, &maps, &order, wired);
        // What only the whole shows, such as limits on tags that no step has.
        match drawn.try_plan() {
            Ok(_) => job = Some(drawn),
            Err(error) => problems.extend(DescriptorError::from(error).into_problems()),
        }
    }
    all.append(&mut problems);
    Described { name, job }
}

fn draw(options: JobOptions, draft: &Draft, maps: &Maps, order: &[usize], wired: Vec<Wired>) -> Job {
    let mut wired: Vec<_> = wired.into_iter().map(Some).collect();
    Job::compose(options, || {
        let mut drawn: Vec<Option<Drawn>> = wired.iter().map(|_| None).collect();
        for &step in order {
            let Some(Wired { op, feeds, after, tags, retry, config }) = wired[step].take() else { continue };
            let map = maps.over(step).map_or(0, |over| map_over(&drawn, over));
            let inputs = op.inputs().iter().zip(feeds);
            let inputs = inputs.map(|(input, feed)| source(&drawn, map, input, feed)).collect();
            let node = |step: usize| drawn[step].as_ref().map(|drawn| drawn.node);
            let after = after.iter().filter_map(|(other, at)| Some((node(*other)?, at.place()))).collect();
            let (name, place) = (draft.steps[step].name.to_string(), draft.steps[step].place());
            let call = UntypedCall { op, name, map, inputs, after, tags, retry, config, place };
            drawn[step] = Some(call.place());
        }
    })
}

/// The source that a feed means; what it names was drawn before.
fn source(drawn: &[Option<Drawn>], map: usize, input: &InputDef, feed: Feed) -> usize {
    let value = |output: OutputRef| self::output(drawn, output).map_or(usize::MAX, |output| output.source);
    match feed {
        Feed::Output(output) => value(output),
        Feed::Collect { element, map, gather } => {
            graph::collect(value(element), map_over(drawn, map), input, &gather)
        }
        Feed::List(elements, gather) => {
            graph::list(elements.into_iter().map(value).collect(), map, input, &gather)
        }
        Feed::Constant(read) => graph::constant(read, input.ty),
    }
}

fn map_over(drawn: &[Option<Drawn>], over: OutputRef) -> usize {
    output(drawn, over).and_then(|output| output.map).unwrap_or(0)
}

fn output(drawn: &[Option<Drawn>], output: OutputRef) -> Option<DrawnOutput> {
    drawn[output.step].as_ref()?.outputs.get(output.output).copied()
}
