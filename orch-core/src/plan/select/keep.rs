use super::need::Need;
use crate::define::Tags;
use crate::plan::{Collect, Input, Plan, Program, Source, Step, depth};
use crate::select::Copies;

/// Leaves of a program what is selected and what that needs, and numbers it anew.
pub(super) fn keep(program: &mut Program, copies: &[Copies], need: &Need) {
    let mut places = Places::of(&program.plan, &need.stays);
    let mut steps = Vec::new();
    let mut ops = Vec::new();
    let mut configs = Vec::new();
    let mut hooks = Vec::new();
    let old = std::mem::take(&mut program.plan.steps);
    for ((index, mut step), op) in old.into_iter().enumerate().zip(&program.ops) {
        if !need.stays[index] {
            continue;
        }
        step.map = step.map.and_then(|map| places.maps[map]);
        match &copies[index] {
            Copies::None => step = given(step),
            copies => step.only = only(&step.name, copies),
        }
        for Input { source, .. } in &mut step.inputs {
            places.source(source, &program.plan.collects);
        }
        // Who is not selected is not waited for.
        let waits = std::mem::take(&mut step.after).into_iter().filter(|&other| !copies[other].is_none());
        step.after = waits.filter_map(|other| places.steps[other]).collect();
        steps.push(step);
        ops.push(std::sync::Arc::clone(op));
        configs.push(program.configs[index].clone());
        // What does not run comes to no end that anyone is to be told of.
        let given = copies[index].is_none();
        hooks.push(if given { Vec::new() } else { program.step_hooks[index].clone() });
    }
    let mut maps = Vec::new();
    for map in std::mem::take(&mut program.plan.maps) {
        if let Some(step) = places.steps[map.step] {
            maps.push(crate::plan::Map {
                parent: map.parent.and_then(|map| places.maps[map]),
                step,
                output: map.output,
            });
        }
    }
    let assemblies = places.taken.iter().map(|&(old, _)| program.collects[old]).collect();
    let collects = places.taken.iter().map(|(old, element)| {
        let Collect { map, results, .. } = program.plan.collects[*old];
        // A collect that stays has its source stay.
        Collect { map: places.maps[map].unwrap_or_default(), element: element.clone(), results }
    });
    program.plan.collects = collects.collect();
    program.collects = assemblies;
    (program.plan.steps, program.plan.maps) = (steps, maps);
    (program.ops, program.configs, program.step_hooks) = (ops, configs, hooks);
    // A part of what has no circle has none.
    depth::assign(&mut program.plan, &[], &mut Vec::new());
}

/// A step that does not run: nothing feeds it, and nothing holds it back.
fn given(step: Step) -> Step {
    Step {
        inputs: Vec::new(),
        after: Vec::new(),
        priority: 0,
        tags: Tags::new(),
        retry: None,
        timeout: None,
        pool: None,
        io: None,
        config: None,
        resources: Vec::new(),
        hooks: Vec::new(),
        given: true,
        ..step
    }
}

/// The copies that run, where not all do.
fn only(name: &str, copies: &Copies) -> Vec<String> {
    let Copies::Only(items) = copies else { return Vec::new() };
    let path = |item: &Vec<crate::ids::MappingKey>| {
        let branch = item
            .iter()
            .fold(None, |parent, key| Some(crate::ids::Branch::new(parent.as_ref(), key.clone(), 0)));
        crate::ids::StepPath::new(name, branch).to_string()
    };
    items.iter().map(path).collect()
}

/// Where what stays is to stand.
struct Places {
    steps: Vec<Option<usize>>,
    maps: Vec<Option<usize>>,
    collects: Vec<Option<usize>>,
    /// The collects that are taken, by their old numbers, with their new elements.
    taken: Vec<(usize, Source)>,
}

impl Places {
    fn of(plan: &Plan, stays: &[bool]) -> Self {
        let numbered = |stays: &mut dyn Iterator<Item = bool>| {
            let mut next = 0..;
            stays.map(|stays| if stays { next.next() } else { None }).collect()
        };
        Self {
            steps: numbered(&mut stays.iter().copied()),
            maps: numbered(&mut plan.maps.iter().map(|map| stays[map.step])),
            collects: vec![None; plan.collects.len()],
            taken: Vec::new(),
        }
    }

    fn source(&mut self, source: &mut Source, collects: &[Collect]) {
        match source {
            Source::Output { step, .. } => *step = self.steps[*step].unwrap_or_default(),
            Source::Item { map } => *map = self.maps[*map].unwrap_or_default(),
            Source::Literal { .. } | Source::Config { .. } => {}
            Source::List { elements, .. } => {
                elements.iter_mut().for_each(|element| self.source(element, collects));
            }
            Source::Collect { collect } => {
                let old = *collect;
                *collect = match self.collects[old] {
                    Some(place) => place,
                    None => {
                        let mut element = collects[old].element.clone();
                        self.source(&mut element, collects);
                        self.taken.push((old, element));
                        *self.collects[old].insert(self.taken.len() - 1)
                    }
                };
            }
        }
    }
}
