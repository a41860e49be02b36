mod graphs;

use std::ops::Range;
use std::time::Duration;

use self::graphs::GraphLayout;
use super::Settings;
use super::limits::{Classes, classify};
use super::ready::ranks;
use crate::define::{Outcomes, Retry};
use crate::plan::{Plan, Program, Source};

/// The plan as arrays for the engine: where everything lies in the frame of its map, and who depends on whom.
///
/// A *frame* is one run of a map's body: one for the job itself, and one for each item. Scope 0 is the job, scope `m + 1`
/// the map `m`. A *cell* is the place of a value in a frame. All of this is made once for a run, so that an event costs as
/// much as it has dependents, however wide a map is; and what belongs to one step lies together, so that a long chain
/// walks through memory in order.
pub(crate) struct Layout {
    pub(super) scopes: Vec<ScopeLayout>,
    pub(super) steps: Vec<StepLayout>,
    pub(super) maps: Vec<MapLayout>,
    pub(super) collects: Vec<CollectLayout>,
    pub(super) classes: Classes,
    /// The graphs of assets that may be passed over.
    pub(super) graphs: Vec<GraphLayout>,
    fetches: Vec<Fetch>,
    links: Vec<u32>,
    streams: Vec<Option<u32>>,
    outer: Vec<Outer>,
}

pub(super) struct ScopeLayout {
    /// The plan's steps, in order; a step's position here is its local number.
    pub(super) steps: Vec<u32>,
    /// The maps whose source lies in this scope.
    pub(super) maps: Vec<usize>,
    /// The collects whose value lies in this scope.
    pub(super) collects: Vec<usize>,
    /// How many inputs, collects and inner maps use each cell.
    pub(super) uses: Vec<u32>,
    /// The collects that cells are elements of: cell and collect, sorted.
    feeds: Vec<(u32, u32)>,
    /// Local steps that wait for the end of others, the second ones, in earlier items.
    pub(super) earlier: Vec<(u32, u32)>,
}

pub(super) struct StepLayout {
    pub(super) local: u32,
    pub(super) scope: u32,
    /// The cell of the first output; the others follow. That of a dynamic output is unused.
    first_cell: u32,
    outputs: u32,
    /// How many local steps and collects it waits for.
    pub(super) waits: u32,
    /// Its place in the ready order, apart from the branch: lower goes first.
    pub(super) rank: u32,
    pub(super) class: u32,
    pub(super) dynamic: bool,
    /// Whether an IO manager stores its outputs.
    pub(super) stores: bool,
    /// Whether it makes assets, or observes one.
    pub(super) assets: bool,
    /// Whether it is that of a check.
    pub(super) check: bool,
    /// Whether a check of a partition that it makes stands in another map.
    pub(super) looked_at_elsewhere: bool,
    /// Whether it is passed over if it is known what it would give.
    pub(super) memoized: bool,
    /// Its graph, if that may be passed over.
    pub(super) graph: Option<u32>,
    /// Whether such a step takes what it gives, and so the version of that.
    pub(super) versioned: bool,
    /// The outcomes for which it has hooks.
    pub(super) hooks: Outcomes,
    inputs: Span,
    dependents: Span,
    successors: Span,
    streams: Span,
    outer: Span,
    policy: Option<Box<Policy>>,
}

#[derive(Clone, Copy)]
struct Policy {
    retry: Option<Retry>,
    timeout: Option<Duration>,
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
    dependents: Span,
    pub(super) results: bool,
    /// Whether a memoized step takes it.
    pub(super) versioned: bool,
}

/// What an input is made of.
#[derive(Clone, Debug)]
pub(super) enum Fetch {
    /// A cell, so many levels up.
    Cell {
        up: u32,
        cell: u32,
    },
    Literal(u32),
    List {
        elements: Box<[Self]>,
        list: u32,
    },
}

/// What a step can wait for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) enum Producer {
    /// The outputs of a local step.
    Outputs(u32),
    /// The end of a local step.
    End(u32),
    /// A local collect.
    Collect(u32),
}

/// Something that a step waits for, so many levels up; at level 0 only what it comes after is listed here.
#[derive(Clone, Copy)]
pub(super) struct Outer {
    pub(super) up: u32,
    pub(super) producer: Producer,
}

/// A piece of one of the layout's arrays.
#[derive(Clone, Copy, Default)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Layout {
    pub(super) fn fetches(&self, step: usize) -> &[Fetch] {
        &self.fetches[self.steps[step].inputs.range()]
    }

    /// The cells of a step's outputs.
    pub(super) fn cells(&self, step: usize) -> Range<usize> {
        let step = &self.steps[step];
        step.first_cell as usize..(step.first_cell + step.outputs) as usize
    }

    /// The local number of the stream of an output, where it is dynamic.
    pub(super) fn stream(&self, step: usize, output: usize) -> Option<usize> {
        self.streams[self.steps[step].streams.range()]
            .get(output)
            .copied()
            .flatten()
            .map(|stream| stream as usize)
    }

    /// The local numbers of a step's streams.
    pub(super) fn streams(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        self.streams[self.steps[step].streams.range()].iter().flatten().map(|&stream| stream as usize)
    }

    /// The local steps that wait for `producer` in this scope.
    pub(super) fn waiting_for(&self, scope: usize, producer: Producer) -> &[u32] {
        let scope = &self.scopes[scope];
        let span = match producer {
            Producer::Outputs(local) => self.steps[scope.steps[local as usize] as usize].dependents,
            Producer::End(local) => self.steps[scope.steps[local as usize] as usize].successors,
            Producer::Collect(local) => self.collects[scope.collects[local as usize]].dependents,
        };
        &self.links[span.range()]
    }

    /// What a step waits for in frames further out, and the steps that it comes after in any.
    pub(super) fn outer(&self, step: usize) -> &[Outer] {
        &self.outer[self.steps[step].outer.range()]
    }

    /// The collects that a cell is an element of.
    pub(super) fn feeds(&self, scope: usize, cell: usize) -> impl Iterator<Item = usize> + '_ {
        let feeds = &self.scopes[scope].feeds;
        let from = feeds.partition_point(|&(fed, _)| (fed as usize) < cell);
        feeds[from..]
            .iter()
            .take_while(move |&&(fed, _)| fed as usize == cell)
            .map(|&(_, collect)| collect as usize)
    }

    pub(super) fn retry(&self, step: usize) -> Option<Retry> {
        self.steps[step].policy.as_ref().and_then(|policy| policy.retry)
    }

    pub(super) fn timeout(&self, step: usize) -> Option<Duration> {
        self.steps[step].policy.as_ref().and_then(|policy| policy.timeout)
    }

    pub(crate) fn new(program: &Program, settings: &Settings) -> Self {
        let plan = &program.plan;
        let mut scopes: Vec<ScopeLayout> = (0..=plan.maps.len()).map(ScopeLayout::new).collect();
        let mut maps: Vec<MapLayout> = Vec::with_capacity(plan.maps.len());
        for (index, map) in plan.maps.iter().enumerate() {
            let siblings = &mut scopes[scope_of(map.parent)].maps;
            let local = siblings.len();
            siblings.push(index);
            maps.push(MapLayout {
                step: map.step,
                output: map.output,
                local,
                holds: Vec::new(),
                collects: Vec::new(),
            });
        }
        let ranks = ranks(program, settings);
        let (classes, class_of) = classify(program, settings);
        let (mut steps, elsewhere) = (Vec::with_capacity(plan.steps.len()), plan.looked_at_elsewhere());
        let mut streams: Vec<Option<u32>> = Vec::new();
        for (index, step) in plan.steps.iter().enumerate() {
            let scope = &mut scopes[scope_of(step.map)];
            scope.steps.push(index as u32);
            let dynamic = step.is_dynamic();
            let from = streams.len() as u32;
            if dynamic {
                streams.extend(step.outputs.iter().map(|_| None));
            }
            let policy = Policy { retry: step.retry, timeout: step.timeout };
            let plain = policy.retry.is_none() && policy.timeout.is_none();
            steps.push(StepLayout {
                local: (scope.steps.len() - 1) as u32,
                scope: scope_of(step.map) as u32,
                first_cell: scope.new_cells(step.outputs.len()),
                outputs: step.outputs.len() as u32,
                waits: 0,
                rank: ranks[index],
                class: class_of[index],
                dynamic,
                stores: step.io.is_some(),
                assets: !step.assets.is_empty() || step.observes.is_some(),
                check: step.check.is_some(),
                looked_at_elsewhere: step.assets.iter().any(|asset| elsewhere.contains(&asset.key)),
                memoized: settings.ops.recipes.contains_key(&index),
                graph: None,
                versioned: false,
                hooks: program.hooked(index),
                inputs: Span::default(),
                dependents: Span::default(),
                successors: Span::default(),
                streams: Span { start: from, end: streams.len() as u32 },
                outer: Span::default(),
                policy: (!plain).then(|| Box::new(policy)),
            });
        }
        for map in &maps {
            let from = steps[map.step].streams.start as usize;
            streams[from + map.output] = Some(map.local as u32);
        }
        let mut collects = Vec::with_capacity(plan.collects.len());
        for (index, collect) in plan.collects.iter().enumerate() {
            let scope = &mut scopes[scope_of(plan.maps[collect.map].parent)];
            scope.collects.push(index);
            collects.push(CollectLayout {
                local: scope.collects.len() - 1,
                cell: scope.new_cells(1) as usize,
                dependents: Span::default(),
                results: collect.results,
                versioned: false,
            });
            maps[collect.map].collects.push(index);
        }
        let (graphs, fetches, links, outer) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut layout =
            Self { scopes, steps, maps, collects, classes, graphs, fetches, links, streams, outer };
        layout.find_graphs(program, settings);
        layout.connect(program);
        for &step in settings.ops.recipes.keys() {
            plan.steps[step].inputs.iter().for_each(|input| layout.version(plan, &input.source));
        }
        layout
    }

    /// Has what feeds a memoized step have a version.
    fn version(&mut self, plan: &Plan, source: &Source) {
        match source {
            Source::Output { step, .. } => self.steps[*step].versioned = true,
            Source::Item { map } => self.steps[plan.maps[*map].step].versioned = true,
            Source::Collect { collect } => {
                self.collects[*collect].versioned = true;
                self.version(plan, &plan.collects[*collect].element);
            }
            Source::List { elements, .. } => {
                elements.iter().for_each(|element| self.version(plan, element));
            }
            Source::Literal { .. } | Source::Config { .. } => {}
        }
    }

    fn connect(&mut self, program: &Program) {
        let plan = &program.plan;
        // From what is waited for to who waits, in the same scope; sorted, they are the links.
        let mut edges: Vec<(Waited, u32)> = Vec::with_capacity(plan.steps.len());
        let mut waits: Vec<Outer> = Vec::new();
        for (index, step) in plan.steps.iter().enumerate() {
            let scope = self.steps[index].scope as usize;
            let local = self.steps[index].local;
            let from = self.fetches.len() as u32;
            for input in &step.inputs {
                let fetch = self.fetch(program, scope, &input.source);
                self.use_cells(scope, &fetch);
                self.fetches.push(fetch);
                self.producers(program, scope, &input.source, &mut waits);
            }
            self.steps[index].inputs = Span { start: from, end: self.fetches.len() as u32 };
            for &other in &step.after {
                let up = self.levels(scope, self.steps[other].scope as usize);
                waits.push(Outer { up, producer: Producer::End(self.steps[other].local) });
            }
            waits.extend(
                self.steps[index].graph.into_iter().flat_map(|graph| &self.graphs[graph as usize].waits),
            );
            for other in plan.awaited_of_earlier(index) {
                let awaited = self.steps[other].local;
                self.scopes[scope].earlier.push((local, awaited));
            }
            waits.sort_unstable_by_key(|wait| (wait.up, wait.producer));
            waits.dedup_by_key(|wait| (wait.up, wait.producer));
            let from = self.outer.len() as u32;
            for wait in waits.drain(..) {
                if wait.up == 0 {
                    self.steps[index].waits += 1;
                    edges.push((self.waited(scope, wait.producer), local));
                }
                if wait.up > 0 || matches!(wait.producer, Producer::End(_)) {
                    self.outer.push(wait);
                }
            }
            self.steps[index].outer = Span { start: from, end: self.outer.len() as u32 };
        }
        edges.sort_unstable();
        for group in edges.chunk_by(|a, b| a.0 == b.0) {
            let start = self.links.len() as u32;
            self.links.extend(group.iter().map(|&(_, dependent)| dependent));
            let span = Span { start, end: self.links.len() as u32 };
            match group[0].0 {
                Waited::Outputs(step) => self.steps[step as usize].dependents = span,
                Waited::End(step) => self.steps[step as usize].successors = span,
                Waited::Collect(collect) => self.collects[collect as usize].dependents = span,
            }
        }
        for (index, collect) in plan.collects.iter().enumerate() {
            if let Some((scope, element)) = self.cell_of(program, &collect.element) {
                self.scopes[scope].uses[element] += 1;
                self.scopes[scope].feeds.push((element as u32, index as u32));
            }
        }
        self.scopes.iter_mut().for_each(|scope| scope.feeds.sort_unstable());
    }

    fn waited(&self, scope: usize, producer: Producer) -> Waited {
        let scope = &self.scopes[scope];
        match producer {
            Producer::Outputs(local) => Waited::Outputs(scope.steps[local as usize]),
            Producer::End(local) => Waited::End(scope.steps[local as usize]),
            Producer::Collect(local) => Waited::Collect(scope.collects[local as usize] as u32),
        }
    }

    fn parent(&self, scope: usize) -> Option<usize> {
        scope.checked_sub(1).map(|map| self.steps[self.maps[map].step].scope as usize)
    }

    /// How many levels `outer` lies around `inner`.
    fn levels(&self, inner: usize, outer: usize) -> u32 {
        let way = std::iter::successors(Some(inner), |&scope| self.parent(scope));
        way.take_while(|&scope| scope != outer).count() as u32
    }

    /// The scope and cell of a source other than a list or constant.
    fn cell_of(&self, program: &Program, source: &Source) -> Option<(usize, usize)> {
        match source {
            Source::Output { step, output } => {
                let step = &self.steps[*step];
                Some((step.scope as usize, step.first_cell as usize + output))
            }
            Source::Item { map } => Some((map + 1, 0)),
            Source::Collect { collect } => {
                let map = program.plan.collects[*collect].map;
                Some((self.parent(map + 1).unwrap_or(0), self.collects[*collect].cell))
            }
            Source::Literal { .. } | Source::Config { .. } | Source::List { .. } => None,
        }
    }

    fn fetch(&self, program: &Program, scope: usize, source: &Source) -> Fetch {
        match source {
            Source::Literal { literal, .. } | Source::Config { literal } => Fetch::Literal(*literal as u32),
            Source::List { elements, list } => Fetch::List {
                elements: elements.iter().map(|element| self.fetch(program, scope, element)).collect(),
                list: *list as u32,
            },
            source => {
                let (at, cell) = self.cell_of(program, source).unwrap_or((scope, 0));
                Fetch::Cell { up: self.levels(scope, at), cell: cell as u32 }
            }
        }
    }

    /// Counts the uses of the cells of an input: one in its own frame, else one by the map between.
    fn use_cells(&mut self, scope: usize, fetch: &Fetch) {
        match fetch {
            Fetch::Cell { up: 0, cell } => self.scopes[scope].uses[*cell as usize] += 1,
            Fetch::Cell { up, cell } => {
                let inner = (1..*up).fold(scope, |inner, _| self.parent(inner).unwrap_or(0));
                let owner = self.parent(inner).unwrap_or(0);
                let holds = &mut self.maps[inner - 1].holds;
                let cell = *cell as usize;
                if !holds.contains(&cell) {
                    holds.push(cell);
                    self.scopes[owner].uses[cell] += 1;
                }
            }
            Fetch::Literal(_) => {}
            Fetch::List { elements, .. } => {
                elements.iter().for_each(|element| self.use_cells(scope, element));
            }
        }
    }

    fn producers(&self, program: &Program, scope: usize, source: &Source, waits: &mut Vec<Outer>) {
        match source {
            Source::Output { step, .. } => {
                let step = &self.steps[*step];
                let up = self.levels(scope, step.scope as usize);
                waits.push(Outer { up, producer: Producer::Outputs(step.local) });
            }
            Source::Collect { collect } => {
                let at = self.parent(program.plan.collects[*collect].map + 1).unwrap_or(0);
                let producer = Producer::Collect(self.collects[*collect].local as u32);
                waits.push(Outer { up: self.levels(scope, at), producer });
            }
            Source::List { elements, .. } => {
                elements.iter().for_each(|element| self.producers(program, scope, element, waits));
            }
            Source::Item { .. } | Source::Literal { .. } | Source::Config { .. } => {}
        }
    }
}

/// [`Producer`], by its number in the plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Waited {
    Outputs(u32),
    End(u32),
    Collect(u32),
}

impl ScopeLayout {
    fn new(scope: usize) -> Self {
        let mut layout = Self {
            steps: Vec::new(),
            maps: Vec::new(),
            collects: Vec::new(),
            uses: Vec::new(),
            feeds: Vec::new(),
            earlier: Vec::new(),
        };
        if scope > 0 {
            // Cell 0 of a map's frame is the item.
            layout.new_cells(1);
        }
        layout
    }

    fn new_cells(&mut self, cells: usize) -> u32 {
        let first = self.uses.len();
        self.uses.resize(first + cells, 0);
        first as u32
    }
}

fn scope_of(map: Option<usize>) -> usize {
    map.map_or(0, |map| map + 1)
}
