use std::collections::HashSet;

use super::looks::Looks;
use crate::plan::{Plan, Source};

/// The plan as the walk goes through it. Scope 0 is the job, scope `m + 1` the map `m`.
pub(super) struct Shape {
    /// The scope around each scope; of the job its own.
    parents: Vec<usize>,
    /// The steps of each scope, in the order of the plan.
    pub(super) steps: Vec<Vec<usize>>,
    /// The maps of each step.
    pub(super) maps: Vec<Vec<usize>>,
    /// What each step takes.
    pub(super) takes: Vec<Vec<Taken>>,
    /// What each map takes of the frames around it, itself or in maps within, and so would take for a new item.
    pub(super) outer: Vec<Vec<Taken>>,
    /// What of it is looked at, since others make it.
    pub(super) looks: Looks,
}

/// A single thing that an input is made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Taken {
    Output { step: usize, output: usize },
    Item { map: usize },
    Collect { collect: usize },
}

impl Shape {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut parents = vec![0];
        parents.extend(plan.maps.iter().map(|map| scope_of(map.parent)));
        let mut steps = vec![Vec::new(); parents.len()];
        let mut maps = vec![Vec::new(); plan.steps.len()];
        for (index, step) in plan.steps.iter().enumerate() {
            steps[scope_of(step.map)].push(index);
        }
        for (index, map) in plan.maps.iter().enumerate() {
            maps[map.step].push(index);
        }
        let takes = plan.steps.iter().map(|step| {
            let mut taken = Vec::new();
            step.inputs.iter().for_each(|input| take(&input.source, &mut |one| taken.push(one)));
            taken
        });
        let mut shape =
            Self { parents, steps, maps, takes: takes.collect(), outer: Vec::new(), looks: Looks::default() };
        shape.outer = shape.find_outer(plan);
        shape.looks = Looks::of(plan, &shape);
        shape
    }

    fn find_outer(&self, plan: &Plan) -> Vec<Vec<Taken>> {
        let mut met: Vec<HashSet<Taken>> = vec![HashSet::new(); plan.maps.len()];
        for (index, step) in plan.steps.iter().enumerate() {
            let mut around = step.map;
            while let Some(map) = around {
                for &taken in &self.takes[index] {
                    self.outside(plan, map, taken, &mut met[map]);
                }
                around = plan.maps[map].parent;
            }
        }
        met.into_iter().map(|taken| taken.into_iter().collect()).collect()
    }

    /// Adds what lies outside of a map.
    fn outside(&self, plan: &Plan, map: usize, taken: Taken, met: &mut HashSet<Taken>) {
        if !self.encloses(map + 1, self.scope(plan, taken)) {
            met.insert(taken);
        } else if let Taken::Collect { collect } = taken {
            take(&plan.collects[collect].element, &mut |one| self.outside(plan, map, one, met));
        }
    }

    /// The scope in whose frames something lies.
    pub(super) fn scope(&self, plan: &Plan, taken: Taken) -> usize {
        match taken {
            Taken::Output { step, .. } => scope_of(plan.steps[step].map),
            Taken::Item { map } => map + 1,
            Taken::Collect { collect } => self.parents[plan.collects[collect].map + 1],
        }
    }

    pub(super) fn parent(&self, scope: usize) -> usize {
        self.parents[scope]
    }

    pub(super) fn encloses(&self, outer: usize, inner: usize) -> bool {
        let mut scope = inner;
        while scope != outer && scope != 0 {
            scope = self.parents[scope];
        }
        scope == outer
    }
}

pub(super) fn scope_of(map: Option<usize>) -> usize {
    map.map_or(0, |map| map + 1)
}

/// Calls `each` for everything that a source is made of, but for constants.
pub(super) fn take(source: &Source, each: &mut dyn FnMut(Taken)) {
    match source {
        Source::Output { step, output } => each(Taken::Output { step: *step, output: *output }),
        Source::Item { map } => each(Taken::Item { map: *map }),
        Source::Collect { collect } => each(Taken::Collect { collect: *collect }),
        Source::List { elements, .. } => elements.iter().for_each(|element| take(element, each)),
        Source::Literal { .. } | Source::Config { .. } => {}
    }
}
