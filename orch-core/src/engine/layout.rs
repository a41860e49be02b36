use std::collections::HashMap;

use super::Settings;
use crate::define::{Order, OutputKind, Retry};
use crate::plan::{Program, Source};

/// The plan as arrays for the engine: where everything lies in the frame of its map, and who depends on whom.
///
/// A *frame* is one run of a map's body: one for the job itself, and one for each item. Scope 0 is the job, scope `m + 1`
/// the map `m`. A *cell* is the place of a value in a frame. All of this is made once for a run, so that an event costs as
/// much as it has dependents, however wide a map is.
pub(crate) struct Layout {
    pub(super) scopes: Vec<ScopeLayout>,
    pub(super) steps: Vec<StepLayout>,
    pub(super) maps: Vec<MapLayout>,
    pub(super) collects: Vec<CollectLayout>,
    /// How many steps of each limit may run; the last is the job's own.
    pub(super) limits: Vec<usize>,
    /// The limits of each class of steps.
    pub(super) classes: Vec<Vec<usize>>,
}

pub(super) struct ScopeLayout {
    /// The plan's steps, in order; a step's position here is its local number.
    pub(super) steps: Vec<usize>,
    /// The maps whose source lies in this scope.
    pub(super) maps: Vec<usize>,
    /// The collects whose value lies in this scope.
    pub(super) collects: Vec<usize>,
    /// How many inputs, collects and inner maps use each cell.
    pub(super) uses: Vec<u32>,
    /// The collects that each cell is an element of.
    pub(super) feeds: Vec<Vec<usize>>,
}

pub(super) struct StepLayout {
    pub(super) local: usize,
    pub(super) scope: usize,
    pub(super) inputs: Vec<Fetch>,
    /// The cell of each output; of a dynamic one it is unused.
    pub(super) cells: Vec<usize>,
    /// The local number of the stream of each output, where it is dynamic.
    pub(super) streams: Vec<Option<usize>>,
    /// Local steps that take an output.
    pub(super) dependents: Vec<usize>,
    /// Local steps that come after.
    pub(super) successors: Vec<usize>,
    /// How many local steps and collects it waits for.
    pub(super) waits: u32,
    /// The steps it comes after: levels up, and the local step there.
    pub(super) after: Vec<(usize, usize)>,
    /// What it waits for in frames further out: levels up, and what there.
    pub(super) outer: Vec<(usize, Producer)>,
    /// Its place in the ready order, apart from the branch: lower goes first.
    pub(super) rank: u32,
    pub(super) class: usize,
    pub(super) retry: Option<Retry>,
}

pub(super) struct MapLayout {
    pub(super) step: usize,
    pub(super) output: usize,
    /// Its number among the maps of the scope that its source lies in.
    pub(super) local: usize,
    /// Cells of the source's frame that the map's frames use.
    pub(super) holds: Vec<usize>,
    /// The collects that close it.
    pub(super) collects: Vec<usize>,
}

pub(super) struct CollectLayout {
    /// Its number among the collects of its scope.
    pub(super) local: usize,
    pub(super) cell: usize,
    pub(super) dependents: Vec<usize>,
    pub(super) results: bool,
}

/// What an input is made of.
#[derive(Clone)]
pub(super) enum Fetch {
    /// A cell, so many levels up.
    Cell { up: usize, cell: usize },
    Literal(usize),
    List { elements: Vec<Fetch>, list: usize },
}

/// What a step can wait for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Producer {
    /// The outputs of a local step.
    Outputs(usize),
    /// The end of a local step.
    End(usize),
    /// A local collect.
    Collect(usize),
}

impl Layout {
    pub(crate) fn new(program: &Program, settings: &Settings) -> Self {
        let plan = &program.plan;
        let parent = |scope: usize| plan.maps[scope - 1].parent.map_or(0, |map| map + 1);
        let mut scopes: Vec<ScopeLayout> = (0..=plan.maps.len())
            .map(|scope| ScopeLayout {
                steps: Vec::new(),
                maps: Vec::new(),
                collects: Vec::new(),
                // Cell 0 of a map's frame is the item.
                uses: if scope == 0 { Vec::new() } else { vec![0] },
                feeds: if scope == 0 { Vec::new() } else { vec![Vec::new()] },
            })
            .collect();
        let maps: Vec<_> = (0..plan.maps.len())
            .map(|index| {
                let siblings = &mut scopes[parent(index + 1)].maps;
                siblings.push(index);
                let map = &plan.maps[index];
                let local = siblings.len() - 1;
                MapLayout { step: map.step, output: map.output, local, holds: Vec::new(), collects: Vec::new() }
            })
            .collect();
        let streams: HashMap<(usize, usize), usize> =
            maps.iter().map(|map| ((map.step, map.output), map.local)).collect();
        let ranks = ranks(program, settings);
        let (classes, class_of, limits) = super::ready::classify(program, settings);
        let steps = plan.steps.iter().enumerate().map(|(index, step)| {
            let scope = step.map.map_or(0, |map| map + 1);
            scopes[scope].steps.push(index);
            let local = scopes[scope].steps.len() - 1;
            let cells = step.outputs.iter().map(|_| new_cell(&mut scopes[scope]));
            StepLayout {
                local,
                scope,
                inputs: Vec::new(),
                cells: cells.collect(),
                streams: (0..step.outputs.len())
                    .map(|output| {
                        let dynamic = step.outputs[output].kind == OutputKind::Dynamic;
                        dynamic.then(|| streams.get(&(index, output)).copied()).flatten()
                    })
                    .collect(),
                dependents: Vec::new(),
                successors: Vec::new(),
                waits: 0,
                after: Vec::new(),
                outer: Vec::new(),
                rank: ranks[index],
                class: class_of[index],
                retry: step.retry,
            }
        });
        let steps = steps.collect();
        let collects = plan.collects.iter().map(|collect| {
            let cell = new_cell(&mut scopes[parent(collect.map + 1)]);
            CollectLayout { local: 0, cell, dependents: Vec::new(), results: collect.results }
        });
        let collects = collects.collect();
        let mut layout = Self { scopes, steps, maps, collects, limits, classes };
        layout.number_collects(program);
        layout.connect(program);
        layout
    }

    fn parent(&self, scope: usize) -> Option<usize> {
        scope.checked_sub(1).map(|map| self.steps[self.maps[map].step].scope)
    }

    fn level(&self, scope: usize) -> usize {
        std::iter::successors(Some(scope), |&scope| self.parent(scope)).count() - 1
    }

    fn number_collects(&mut self, program: &Program) {
        for (index, collect) in program.plan.collects.iter().enumerate() {
            let scope = self.parent(collect.map + 1).unwrap_or(0);
            self.scopes[scope].collects.push(index);
            self.collects[index].local = self.scopes[scope].collects.len() - 1;
            self.maps[collect.map].collects.push(index);
        }
    }

    /// The scope and cell of a source other than a list or constant.
    fn cell_of(&self, program: &Program, source: &Source) -> Option<(usize, usize)> {
        match source {
            Source::Output { step, output } => Some((self.steps[*step].scope, self.steps[*step].cells[*output])),
            Source::Item { map } => Some((map + 1, 0)),
            Source::Collect { collect } => {
                let scope = self.parent(program.plan.collects[*collect].map + 1).unwrap_or(0);
                Some((scope, self.collects[*collect].cell))
            }
            Source::Literal { .. } | Source::List { .. } => None,
        }
    }

    fn fetch(&self, program: &Program, scope: usize, source: &Source) -> Fetch {
        match source {
            Source::Literal { literal } => Fetch::Literal(*literal),
            Source::List { elements, list } => Fetch::List {
                elements: elements.iter().map(|element| self.fetch(program, scope, element)).collect(),
                list: *list,
            },
            source => {
                let (at, cell) = self.cell_of(program, source).unwrap_or((scope, 0));
                Fetch::Cell { up: self.level(scope) - self.level(at), cell }
            }
        }
    }

    fn connect(&mut self, program: &Program) {
        for (index, step) in program.plan.steps.iter().enumerate() {
            let scope = self.steps[index].scope;
            let mut waits: Vec<(usize, Producer)> = Vec::new();
            for input in &step.inputs {
                let fetch = self.fetch(program, scope, &input.source);
                self.use_cells(scope, &fetch);
                self.steps[index].inputs.push(fetch);
                self.producers(program, scope, &input.source, &mut waits);
            }
            for &other in &step.after {
                let up = self.level(scope) - self.level(self.steps[other].scope);
                let other = self.steps[other].local;
                self.steps[index].after.push((up, other));
                waits.push((up, Producer::End(other)));
            }
            waits.sort_unstable();
            waits.dedup();
            let local = self.steps[index].local;
            for (up, producer) in waits {
                if up > 0 {
                    self.steps[index].outer.push((up, producer));
                    continue;
                }
                self.steps[index].waits += 1;
                match producer {
                    Producer::Outputs(other) => self.local_step(scope, other).dependents.push(local),
                    Producer::End(other) => self.local_step(scope, other).successors.push(local),
                    Producer::Collect(collect) => {
                        let collect = self.scopes[scope].collects[collect];
                        self.collects[collect].dependents.push(local);
                    }
                }
            }
        }
        for (index, collect) in program.plan.collects.iter().enumerate() {
            if let Some((scope, element)) = self.cell_of(program, &collect.element) {
                self.scopes[scope].uses[element] += 1;
                self.scopes[scope].feeds[element].push(index);
            }
        }
    }

    fn local_step(&mut self, scope: usize, local: usize) -> &mut StepLayout {
        let step = self.scopes[scope].steps[local];
        &mut self.steps[step]
    }

    /// Counts the uses of the cells of an input: one in its own frame, else one by the map between.
    fn use_cells(&mut self, scope: usize, fetch: &Fetch) {
        match fetch {
            Fetch::Cell { up: 0, cell } => self.scopes[scope].uses[*cell] += 1,
            Fetch::Cell { up, cell } => {
                let mut inner = scope;
                for _ in 1..*up {
                    inner = self.parent(inner).unwrap_or(0);
                }
                let owner = self.parent(inner).unwrap_or(0);
                let holds = &mut self.maps[inner - 1].holds;
                if !holds.contains(cell) {
                    holds.push(*cell);
                    self.scopes[owner].uses[*cell] += 1;
                }
            }
            Fetch::Literal(_) => {}
            Fetch::List { elements, .. } => elements.iter().for_each(|element| self.use_cells(scope, element)),
        }
    }

    fn producers(&self, program: &Program, scope: usize, source: &Source, waits: &mut Vec<(usize, Producer)>) {
        let up = |at: usize| self.level(scope) - self.level(at);
        match source {
            Source::Output { step, .. } => {
                waits.push((up(self.steps[*step].scope), Producer::Outputs(self.steps[*step].local)));
            }
            Source::Collect { collect } => {
                let at = self.parent(program.plan.collects[*collect].map + 1).unwrap_or(0);
                waits.push((up(at), Producer::Collect(self.collects[*collect].local)));
            }
            Source::List { elements, .. } => {
                elements.iter().for_each(|element| self.producers(program, scope, element, waits));
            }
            Source::Item { .. } | Source::Literal { .. } => {}
        }
    }
}

fn new_cell(scope: &mut ScopeLayout) -> usize {
    scope.uses.push(0);
    scope.feeds.push(Vec::new());
    scope.uses.len() - 1
}

/// The dense rank of each step by priority and depth; steps of one rank are told apart by branch and definition.
fn ranks(program: &Program, settings: &Settings) -> Vec<u32> {
    let key = |step: &crate::plan::Step| {
        let depth = i64::try_from(step.depth).unwrap_or(i64::MAX);
        (-step.priority, if settings.order == Order::DepthFirst { -depth } else { depth })
    };
    let mut keys: Vec<_> = program.plan.steps.iter().map(key).collect();
    keys.sort_unstable();
    keys.dedup();
    let rank = |step| keys.binary_search(&key(step)).map_or(u32::MAX, |rank| u32::try_from(rank).unwrap_or(u32::MAX));
    program.plan.steps.iter().map(rank).collect()
}
