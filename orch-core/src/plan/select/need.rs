use crate::plan::{Plan, Source};
use crate::select::Copies;

/// What the selected steps need of the others.
pub(super) struct Need {
    /// Which steps stay: those selected, and those whose outputs or items they take.
    pub(super) stays: Vec<bool>,
    /// For each step who needs it.
    pub(super) takers: Vec<Vec<Taker>>,
    /// Which maps are collected for a selected step, so that none of their items may be missing.
    pub(super) collected: Vec<bool>,
    /// The selected steps that stand in each map, or in one within it.
    pub(super) inside: Vec<Vec<usize>>,
}

/// Who needs a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Taker {
    pub(super) step: usize,
    /// The input that takes what it gives; none if it only runs once for each of its items.
    pub(super) input: Option<usize>,
}

impl Need {
    pub(super) fn of(plan: &Plan, copies: &[Copies]) -> Self {
        let mut need = Self {
            stays: vec![false; plan.steps.len()],
            takers: vec![Vec::new(); plan.steps.len()],
            collected: vec![false; plan.maps.len()],
            inside: vec![Vec::new(); plan.maps.len()],
        };
        for (step, _) in copies.iter().enumerate().filter(|(_, copies)| !copies.is_none()) {
            need.stays[step] = true;
            for (input, taken) in plan.steps[step].inputs.iter().enumerate() {
                need.source(plan, &taken.source, Taker { step, input: Some(input) });
            }
            let maps = std::iter::successors(plan.steps[step].map, |&map| plan.maps[map].parent);
            maps.for_each(|map| need.inside[map].push(step));
            need.items_of(plan, plan.steps[step].map, Taker { step, input: None });
        }
        need
    }

    fn source(&mut self, plan: &Plan, source: &Source, taker: Taker) {
        match source {
            Source::Output { step, .. } => self.step(plan, *step, taker),
            Source::Item { map } => self.step(plan, plan.maps[*map].step, taker),
            Source::Collect { collect } => {
                let collect = &plan.collects[*collect];
                self.collected[collect.map] = true;
                self.source(plan, &collect.element, taker);
                self.items_of(plan, Some(collect.map), taker);
            }
            Source::List { elements, .. } => {
                elements.iter().for_each(|element| self.source(plan, element, taker));
            }
            Source::Literal { .. } | Source::Config { .. } => {}
        }
    }

    fn step(&mut self, plan: &Plan, step: usize, taker: Taker) {
        if !self.takers[step].contains(&taker) {
            self.takers[step].push(taker);
        }
        self.stays[step] = true;
        // Its outputs are by item, so the items must be there.
        self.items_of(plan, plan.steps[step].map, Taker { input: None, ..taker });
    }

    fn items_of(&mut self, plan: &Plan, map: Option<usize>, taker: Taker) {
        if let Some(map) = map {
            self.step(plan, plan.maps[map].step, taker);
        }
    }
}
