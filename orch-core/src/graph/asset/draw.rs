use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::check::{Checks, stoppable};
use super::def::{AssetDef, Draw};
use super::dependency::{Dependency, Taken};
use super::lineage::AssetGraph;
use super::observation::{Observations, observable, takers};
use super::partitioned::{PartitionedBy, levels};
use super::upstream::{Drawn, Upstream};
use crate::asset::AssetKey;
use crate::define::{JobOptions, OpDef};
use crate::graph::Graph;
use crate::graph::compose::{self, Composition, Job, Placement, SourceKind};
use crate::ids::Place;
use crate::plan::{LoadedAsset, Problem, ProblemKind};
use crate::select::Selectable as _;

/// An asset in a job's graph.
pub(crate) struct DrawnAsset {
    pub(crate) def: Arc<AssetDef>,
    /// What its value comes from.
    pub(crate) source: usize,
    /// What makes it, without what loads other assets for it.
    pub(crate) nodes: Vec<usize>,
    /// Whether that is one op and nothing else, of which it is an output.
    pub(crate) is_op: bool,
    /// What it is made of.
    pub(crate) upstream: Vec<AssetKey>,
    /// The partition map in which it stands.
    pub(crate) partitions: Option<usize>,
}

/// What a job is drawn of, by the numbers of assets and checks.
pub(crate) struct Selected {
    /// The assets that it makes; of those that others make, those that it observes, if they have an observation.
    pub(crate) assets: Vec<bool>,
    /// The checks that look.
    pub(crate) checks: Vec<bool>,
}

/// A job that makes these assets and lets these checks look, unless it is known what is wrong with the selection. What they
/// take of other assets is loaded.
pub(crate) fn draw(options: JobOptions, graph: &AssetGraph, selected: Result<Selected, Vec<Problem>>) -> Job {
    let mut problems = graph.problems().to_vec();
    let selected = selected.unwrap_or_else(|wrong| {
        problems.extend(wrong);
        Selected { assets: Vec::new(), checks: Vec::new() }
    });
    // In a circle, or beside what is not listed, nothing can be drawn.
    let is_whole = problems.is_empty();
    Job::compose(options, || {
        let mut upstream = Upstream::default();
        upstream.observable = observable(graph);
        let made =
            |number: usize| is_whole && selected.assets[number] && !graph.assets()[number].is_external();
        let levels = levels(graph, made);
        let mut checks = Checks::of(graph, &selected.checks, &levels, made);
        upstream.stoppable = stoppable(graph, &selected.checks, made);
        let mut observations = Observations::default();
        let mut drawn = vec![false; graph.assets().len()];
        for &number in graph.order().iter().filter(|_| is_whole) {
            let asset = &graph.assets()[number];
            if selected.assets[number] && graph.observation(number).is_some() {
                let takers = takers(graph, number, (made, &levels), &checks);
                observations.draw(graph, number, &takers, &mut upstream);
            }
            let is_taken =
                || graph.downstream(number).iter().any(|&next| made(next) && graph.takes(next, number));
            if drawn[number] {
                // By the step of another asset.
            } else if made(number) {
                let first = compose::with(|composition| composition.graph.nodes.len());
                enter(asset.partitions.as_ref(), levels[number], &asset.dependencies, &mut upstream);
                upstream.take_own(asset);
                make(asset, graph, number, &mut upstream, made);
                upstream.own = None;
                leave(&mut upstream);
                let end = compose::with(|composition| composition.graph.nodes.len());
                for &one in graph.together(number).iter().filter(|&&one| made(one)) {
                    drawn[one] = true;
                    checks.made(one, first..end);
                }
            } else if asset.partitions.is_none() && (is_taken() || checks.take(number)) {
                load(asset, &mut upstream, observations.before(graph, number));
            }
            checks.draw_after(graph, number, &mut upstream);
        }
        checks.hold_back(graph, &upstream);
        observations.go_before(graph, checks.makers());
        compose::with(|composition| composition.graph.problems.append(&mut problems));
    })
}

/// Goes into the map of these partitions, if there are some, to draw what depends on these assets.
pub(super) fn enter(
    partitions: Option<&PartitionedBy>,
    level: usize,
    dependencies: &[Dependency],
    upstream: &mut Upstream,
) {
    upstream.mappings = dependencies
        .iter()
        .filter_map(|one| Some(((one.asset().key().clone(), one.taken), one.mapping.clone()?)))
        .collect();
    if let Some(partitions) = partitions {
        let within = upstream.scopes.enter(partitions, level);
        for dependency in dependencies {
            let made = upstream.sources.get(dependency.asset().key()).and_then(|drawn| drawn.within);
            if let Some(from) = made.filter(|from| *from != within) {
                upstream.scopes.follow(within, from, dependency.mapping.as_ref());
            }
            upstream.scopes.follow_external(within, dependency);
        }
        upstream.stand_in(within);
    }
    for dependency in dependencies {
        if let Some(observed) = upstream.observed.get(dependency.asset().key()) {
            upstream.scopes.take(observed.within, upstream.within, dependency.mapping.as_ref());
        }
    }
}

pub(super) fn leave(upstream: &mut Upstream) {
    if upstream.within.take().is_some() {
        compose::with(Composition::leave_scope);
    }
}

/// Draws what makes an asset, and the others that are made with it.
fn make(
    asset: &Arc<AssetDef>,
    graph: &AssetGraph,
    number: usize,
    upstream: &mut Upstream,
    made: impl Fn(usize) -> bool,
) {
    let Some(draw) = &asset.draw else { return };
    let first = compose::with(|composition| composition.graph.nodes.len());
    // The call of an op comes last: what it takes was drawn before it.
    let called = |output| {
        compose::with(|composition| {
            composition.output_of(composition.graph.nodes.len().saturating_sub(1), output)
        })
    };
    let drawn = match draw {
        Draw::Op(call) => {
            call(upstream);
            vec![(number, called(0))]
        }
        Draw::Part(together, _) => {
            (together.draw)(upstream);
            leave_out(graph, number, &made);
            let parts = graph.together(number).iter().filter(|&&one| made(one));
            let output = |one: usize| graph.assets()[one].output();
            parts.map(|&one| (one, output(one).and_then(called))).collect()
        }
        Draw::Handle(draw) => vec![(number, Some(draw(upstream)))],
    };
    let last = compose::with(|composition| composition.graph.nodes.len());
    for dependency in asset.dependencies.iter().filter(|one| !one.is_data()) {
        let key = dependency.asset().key();
        // What is not made in this run is there already, or is not waited for; but as what partitions were observed is to be known.
        let is_made = graph.number(key).is_some_and(&made) || upstream.observable.contains(key);
        // What is taken of it as it is stored, is asked for by who reads it.
        let is_read = dependency.taken == Taken::Stored;
        let before = match is_made {
            true if is_read => upstream.made_by(key),
            true => upstream.waited_for(dependency.asset()),
            false => None,
        };
        compose::with(|composition| {
            let (map, of_partitions) = (composition.scope(), of_partitions(composition));
            let nodes = composition.graph.nodes.iter_mut().enumerate().take(last).skip(first);
            // What reads an asset waits for it already, and what waits for all of its partitions may be drawn for that.
            let nodes = nodes.filter(|(number, node)| {
                node.scope == map && node.loads.is_none() && !of_partitions.contains(number)
            });
            let after = before.map(|before| (before, dependency.place.clone()));
            nodes.for_each(|(_, node)| node.after.extend(after.clone()));
        });
    }
    compose::with(|composition| {
        let is_made = |source: &Placement| {
            let kind = || &composition.graph.sources[source.index].kind;
            source.composition == composition.id
                && matches!(kind(), SourceKind::Output { node, .. } if *node >= first)
        };
        // Also of one that is no good: what takes it is drawn, and has no mistake of its own.
        let within = upstream.within;
        for (number, drawn) in drawn {
            let asset = &graph.assets()[number];
            upstream.sources.extend(drawn.map(|source| (asset.key.clone(), Drawn { source, within })));
            let Some(source) = drawn.filter(is_made) else {
                let message =
                    format!("the value of the asset `{}` is no output of a step that makes it", asset.key);
                let problem = Problem::new(ProblemKind::NoStep, message);
                let problem = problem.at("the asset", asset.place.clone());
                composition.graph.problems.push(problem.hint(match draw {
                    Draw::Part(together, _) => {
                        format!("call the op `{}`, and nothing else", together.op.name())
                    }
                    Draw::Op(_) | Draw::Handle(_) => "let an op of its graph return the value".to_owned(),
                }));
                continue;
            };
            let others = graph.upstream(number).iter().map(|&other| &graph.assets()[other]);
            let own = (!asset.own.is_empty()).then_some(asset);
            let keys = others.chain(own).map(|asset| asset.key.clone());
            let all = first..composition.graph.nodes.len();
            // Neither what reads others for it nor what waits for these.
            let waits = |node: &usize| composition.graph.partitions.iter().any(|of| of.end == Some(*node));
            let made_by = all.filter(|&node| composition.graph.nodes[node].loads.is_none());
            let made_by = made_by.filter(|node| !waits(node)).collect();
            composition.graph.assets.push(DrawnAsset {
                def: Arc::clone(asset),
                source: source.index,
                nodes: made_by,
                is_op: matches!(draw, Draw::Op(_) | Draw::Part(..)),
                upstream: keys.collect(),
                partitions: within,
            });
        }
    });
}

/// Says which outputs of the op that was just called are not to be made, of those that are assets made with this one.
fn leave_out(graph: &AssetGraph, number: usize, made: impl Fn(usize) -> bool) {
    let others = graph.together(number).iter().filter(|&&one| !made(one));
    compose::with(|composition| {
        let node = composition.graph.nodes.len().saturating_sub(1);
        let outputs = others.filter_map(|&one| Some((node, graph.assets()[one].output()?)));
        composition.graph.left_out.extend(outputs);
    });
}

/// Where the assets of a job stand, of which what makes them is to wait for another step.
pub(super) struct Waiters {
    /// The scope of each asset that stands in a partition map.
    scopes: HashMap<AssetKey, usize>,
    of_partitions: HashSet<usize>,
}

impl Waiters {
    pub(super) fn of(composition: &Composition) -> Self {
        let Graph { assets, partitions, maps, .. } = &composition.graph;
        let maps: HashMap<_, _> = maps.iter().enumerate().map(|(map, of)| (of.node, map)).collect();
        let scope = |drawn: &DrawnAsset| Some(maps.get(&partitions[drawn.partitions?].node)? + 1);
        let scopes = assets.iter().filter_map(|drawn| Some((drawn.def.key.clone(), scope(drawn)?)));
        Self { scopes: scopes.collect(), of_partitions: of_partitions(composition).into_iter().collect() }
    }

    /// The scope in which an asset is made: of the whole job, unless it has partitions.
    pub(super) fn scope_of(&self, asset: &AssetKey) -> usize {
        self.scopes.get(asset).copied().unwrap_or_default()
    }

    /// Has what makes these assets, and what `reads` for it, wait for a step.
    pub(super) fn wait_for<'a>(
        &self,
        composition: &mut Composition,
        step: &(usize, Place),
        held: impl Iterator<Item = (&'a AssetKey, &'a Range<usize>)>,
        reads: impl Fn(&Graph, usize) -> bool,
    ) {
        for (held, nodes) in held {
            let scope = self.scope_of(held);
            for number in nodes.clone().filter(|number| !self.of_partitions.contains(number)) {
                let node = &composition.graph.nodes[number];
                let is_wanted = match node.loads {
                    None => node.scope == scope,
                    Some(_) => reads(&composition.graph, number),
                };
                // What runs for each item waits for what makes the items; what reads another asset waits for that.
                let is_held = node.after.iter().any(|(before, _)| *before == step.0);
                if is_wanted && !is_held {
                    composition.graph.nodes[number].after.push(step.clone());
                }
            }
        }
    }
}

/// The steps that give partitions, and those that wait for all that is made of some.
fn of_partitions(composition: &Composition) -> Vec<usize> {
    composition.graph.partitions.iter().flat_map(|of| [Some(of.node), of.end]).flatten().collect()
}

/// Draws a step in the place of an asset that is not made in this run: what it gives is loaded when someone looks, after the step
/// that observes it.
fn load(asset: &Arc<AssetDef>, upstream: &mut Upstream, observed: Option<(usize, Place)>) {
    let op =
        OpDef::loading(&asset.key, (asset.value.ty, asset.value.codec), asset.io.as_deref(), &asset.place);
    let loads = LoadedAsset::of(asset.key.clone(), asset.is_external());
    compose::with(|composition| {
        let node = composition.add_loading(op, loads, 0);
        composition.graph.nodes[node].after.extend(observed);
        let source = composition.add_source(SourceKind::Output { node, output: 0 }, 0, asset.value.ty);
        upstream.sources.insert(asset.key.clone(), Drawn { source, within: None });
    });
}
