use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::CheckDef;
use crate::asset::AssetKey;
use crate::graph::asset::dependency::Dependency;
use crate::graph::asset::draw::{Waiters, enter, leave};
use crate::graph::asset::partitioned::{is_aligned, level};
use crate::graph::{AssetGraph, Graph, SourceKind, Upstream, compose};
use crate::plan::{PlannedCheck, Problem, ProblemKind};
use crate::select::Selectable as _;

/// The checks that look in a job, while it is drawn.
pub(in crate::graph::asset) struct Checks {
    /// Those that are not drawn yet, by the asset after which all is there that they take.
    waiting: HashMap<usize, Vec<usize>>,
    /// By the assets, those that take each, and whether as a value.
    takers: HashMap<usize, Vec<(usize, bool)>>,
    drawn: Vec<Drawn>,
    /// The steps that make each asset.
    steps: HashMap<usize, Range<usize>>,
    /// At which level each looks that looks at partitions.
    levels: Vec<usize>,
    /// The maps in which checks look at partitions of assets that are not made.
    looked_at: HashMap<usize, usize>,
}

/// A check that has a step.
struct Drawn {
    check: usize,
    step: usize,
    /// The partition map in which it stands.
    within: Option<usize>,
}

impl Checks {
    /// These checks, of assets of which some are `made` at these levels.
    pub(in crate::graph::asset) fn of(
        graph: &AssetGraph,
        selected: &[bool],
        levels: &[usize],
        made: impl Fn(usize) -> bool,
    ) -> Self {
        let place = |number: &usize| graph.place_of(*number);
        let mut takers: HashMap<usize, Vec<(usize, bool)>> = HashMap::new();
        let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
        for (check, _) in selected.iter().enumerate().filter(|(_, selected)| **selected) {
            let dependencies = graph.checks()[check].dependencies.iter();
            let numbered =
                dependencies.filter_map(|one| Some((graph.number(one.asset().key())?, one.is_data())));
            let numbered: Vec<_> = numbered.collect();
            numbered
                .iter()
                .for_each(|&(number, is_data)| takers.entry(number).or_default().push((check, is_data)));
            let numbers = numbered.iter().map(|(number, _)| *number);
            let last = numbers.chain([graph.looked_at(check)]).max_by_key(place);
            waiting.entry(last.unwrap_or_default()).or_default().push(check);
        }
        let level_of = |(check, def): (usize, &Arc<CheckDef>)| {
            let own = def.asset().partitions.as_ref();
            // It looks behind what makes its asset, and behind all partitions of others that it takes.
            levels[graph.looked_at(check)].max(level(graph, own, &def.dependencies, &made, levels))
        };
        let levels = graph.checks().iter().enumerate().map(level_of).collect();
        let (drawn, steps, looked_at) = (Vec::new(), HashMap::new(), HashMap::new());
        Self { waiting, takers, drawn, steps, levels, looked_at }
    }

    /// Says which steps make an asset.
    pub(in crate::graph::asset) fn made(&mut self, asset: usize, steps: Range<usize>) {
        self.steps.insert(asset, steps);
    }

    /// The steps that make each asset.
    pub(in crate::graph::asset) fn makers(&self) -> &HashMap<usize, Range<usize>> {
        &self.steps
    }

    /// Whether one of them takes the value of this asset.
    pub(in crate::graph::asset) fn take(&self, asset: usize) -> bool {
        self.takers.get(&asset).is_some_and(|takers| takers.iter().any(|(_, is_data)| *is_data))
    }

    /// Those that take this asset, each with the level at which it looks.
    pub(in crate::graph::asset) fn takers_of(&self, asset: usize) -> impl Iterator<Item = (usize, usize)> {
        self.takers.get(&asset).into_iter().flatten().map(|&(check, _)| (check, self.levels[check]))
    }

    /// Draws those that have all that they take when this asset is there.
    pub(in crate::graph::asset) fn draw_after(
        &mut self,
        graph: &AssetGraph,
        asset: usize,
        upstream: &mut Upstream,
    ) {
        for check in self.waiting.remove(&asset).unwrap_or_default() {
            let (def, level) = (&graph.checks()[check], self.levels[check]);
            enter(def.asset().partitions.as_ref(), level, &def.dependencies, upstream);
            self.follow(graph, graph.looked_at(check), upstream);
            upstream.looks = true;
            let (step, within) = (self.draw(def, graph, upstream), upstream.within);
            upstream.looks = false;
            leave(upstream);
            self.drawn.push(Drawn { check, step, within });
        }
    }

    /// Which partitions are looked at of an asset that is not made follows from those of what it is made of, if these are looked
    /// at too.
    fn follow(&mut self, graph: &AssetGraph, asset: usize, upstream: &mut Upstream) {
        let Some(within) = upstream.within.filter(|_| !self.steps.contains_key(&asset)) else { return };
        for dependency in &graph.assets()[asset].dependencies {
            let number = graph.number(dependency.asset().key());
            let from = number.and_then(|number| self.looked_at.get(&number));
            if let Some(from) = from.filter(|from| **from != within) {
                upstream.scopes.follow(within, *from, dependency.mapping.as_ref());
            }
        }
        self.looked_at.insert(asset, within);
    }

    /// Draws the call of a check, and gives its step.
    fn draw(&self, check: &CheckDef, graph: &AssetGraph, upstream: &Upstream) -> usize {
        (check.draw)(upstream);
        // What it takes was drawn before it.
        let step = compose::with(|composition| composition.graph.nodes.len().saturating_sub(1));
        let takes = |one: &Dependency| one.is_data() && one.asset().key() == check.asset().key();
        let takes_it = check.dependencies.iter().any(takes);
        let looked_at = Some((check.asset(), &check.place)).filter(|_| !takes_it);
        let waited_for = check.dependencies.iter().filter(|one| !one.is_data());
        let waited_for = waited_for.map(|one| (one.asset(), &one.place)).chain(looked_at);
        let after = waited_for.filter_map(|(asset, place)| {
            let number = graph.number(asset.key())?;
            // What is not made in this run is there already, or is not waited for.
            self.steps.get(&number)?;
            Some((upstream.made_by(asset.key())?, place.clone()))
        });
        let mut after: Vec<_> = after.collect();
        after.dedup_by_key(|(node, _)| *node);
        compose::with(|composition| {
            let Some(node) = composition.graph.nodes.get_mut(step) else { return };
            let key = check.asset().key();
            node.prefix = format!("{}.", key.step_name());
            node.named = Some(check.name.clone());
            node.after = after;
            node.place = check.place.clone();
            node.check = Some(PlannedCheck {
                asset: key.clone(),
                external: check.asset().is_external(),
                name: check.name.as_str().into(),
                blocking: check.blocking,
                severity: check.severity,
                partitions: upstream.within,
            });
        });
        step
    }

    /// Has what is made of an asset wait for its blocking checks; what is made of a partition, for those of that partition.
    pub(in crate::graph::asset) fn hold_back(&self, graph: &AssetGraph, upstream: &Upstream) {
        let (waiters, taken) =
            compose::with(|composition| (Waiters::of(composition), taken_by_checks(&composition.graph)));
        for &Drawn { check, step, within } in &self.drawn {
            let (looked_at, check) = (graph.looked_at(check), &graph.checks()[check]);
            // Of one that is not made in this run everything is made as ever.
            if !check.blocking || !self.steps.contains_key(&looked_at) {
                continue;
            }
            if upstream.map_of(check.asset().key()) != within {
                compose::with(|composition| composition.graph.problems.push(too_late(check)));
                continue;
            }
            let held = graph.downstream(looked_at).iter();
            let held = held.filter_map(|below| Some((graph.assets()[*below].key(), self.steps.get(below)?)));
            // What is made of partitions of another map reads them or asks for them, and is refused those that are stopped.
            let held = held.filter(|(key, _)| within.is_none() || upstream.map_of(key) == within);
            let key = check.asset().key();
            compose::with(|composition| {
                let own_scope = waiters.scope_of(key);
                waiters.wait_for(composition, &(step, check.place.clone()), held, |graph, number| {
                    // What reads it for those that wait; checks look whatever others have found.
                    let node = &graph.nodes[number];
                    node.loads.as_ref().is_some_and(|loads| loads.key == *key)
                        && node.scope == own_scope
                        && !taken.contains(&number)
                });
            });
        }
    }
}

/// The nodes of which checks take what they give.
fn taken_by_checks(graph: &Graph) -> HashSet<usize> {
    let checks = graph.nodes.iter().filter(|taker| taker.check.is_some());
    let mut taken = HashSet::new();
    checks.flat_map(|check| &check.inputs).for_each(|&source| add_makers(graph, source, &mut taken));
    taken
}

/// Adds the nodes of whose outputs a source is made.
fn add_makers(graph: &Graph, source: usize, makers: &mut HashSet<usize>) {
    match graph.sources.get(source).map(|source| &source.kind) {
        Some(SourceKind::Output { node, .. }) => _ = makers.insert(*node),
        Some(SourceKind::Collect { element, .. }) => add_makers(graph, *element, makers),
        Some(SourceKind::List { elements, .. }) => {
            elements.iter().for_each(|&element| add_makers(graph, element, makers));
        }
        Some(SourceKind::Item | SourceKind::Literal(_) | SourceKind::Derived(_)) | None => {}
    }
}

/// The assets that are made of which partitions may be stopped, or not be made since others are.
pub(in crate::graph::asset) fn stoppable(
    graph: &AssetGraph,
    selected: &[bool],
    made: impl Fn(usize) -> bool,
) -> HashSet<AssetKey> {
    let blocking = graph.checks().iter().enumerate().filter(|(check, def)| {
        def.blocking && def.asset().partitions.is_some() && selected.get(*check) == Some(&true)
    });
    let looked_at: HashSet<usize> = blocking.map(|(check, _)| graph.looked_at(check)).collect();
    let mut stoppable = HashSet::new();
    for &number in graph.order().iter().filter(|&&number| made(number)) {
        let is_of = |other: &usize| stoppable.contains(graph.assets()[*other].key());
        if looked_at.contains(&number) || graph.upstream(number).iter().any(is_of) {
            stoppable.insert(graph.assets()[number].key().clone());
        }
    }
    stoppable
}

/// A blocking check takes partitions that are there only when all of its own asset are made, and much of what is made of these.
fn too_late(check: &CheckDef) -> Problem {
    let key = check.asset().key();
    let message = format!(
        "the check `{}` is blocking, and looks only when all partitions of `{key}` are made: it takes other partitions than the \
         one that it looks at",
        check.name
    );
    let problem = Problem::new(ProblemKind::UselessCheck, message).at("the check", check.place.clone());
    let own = check.asset().partitions.as_ref();
    let taken = check.dependencies.iter().filter(|one| one.asset().partitions.is_some());
    let others = taken.filter(|one| !is_aligned(own, one));
    let problem = others.fold(problem, |problem, one| problem.at("takes it", one.place.clone()));
    problem.hint("leave `blocking` out, or have it look at the partition alone")
}
