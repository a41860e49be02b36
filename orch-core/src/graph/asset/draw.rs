use std::collections::HashMap;
use std::sync::Arc;

use super::Asset;
use super::def::{AssetDef, Draw};
use super::lineage::AssetGraph;
use crate::asset::AssetKey;
use crate::define::{JobOptions, OpDef, Tags};
use crate::graph::compose::{self, GraphNode, Job, Placement, SourceKind};
use crate::graph::{Out, StepConfig};
use crate::plan::{LoadedAsset, Problem, ProblemKind};
use crate::select::Selectable as _;

/// What an asset takes, while a job is drawn: the handles of other assets.
#[derive(Debug)]
pub struct Upstream {
    sources: HashMap<AssetKey, Placement>,
}

impl Upstream {
    /// The handle of the asset `A`.
    ///
    /// # Panics
    /// If the asset that is drawn does not say that it takes `A`.
    #[must_use]
    #[track_caller]
    pub fn of<A: Asset>(&self) -> Out<A::Value> {
        let key = A::asset().key();
        match self.sources.get(key) {
            Some(source) => Out::new(*source),
            None => panic!("`{key}` is taken by an asset that does not say so: `.takes(..)`"),
        }
    }
}

/// An asset in a job's graph.
pub(crate) struct DrawnAsset {
    pub(crate) def: Arc<AssetDef>,
    /// What its value comes from.
    pub(crate) source: usize,
    /// What it is made of.
    pub(crate) upstream: Vec<AssetKey>,
}

/// A job that makes these assets, by their numbers, unless it is known what is wrong with the selection. What they take of
/// others is loaded.
pub(crate) fn draw(
    options: JobOptions,
    graph: &AssetGraph,
    selected: Result<Vec<bool>, Vec<Problem>>,
) -> Job {
    let mut problems = graph.problems().to_vec();
    let selected = selected.unwrap_or_else(|wrong| {
        problems.extend(wrong);
        Vec::new()
    });
    // In a circle, or beside what is not listed, nothing can be drawn.
    let is_whole = problems.is_empty();
    Job::compose(options, || {
        let mut upstream = Upstream { sources: HashMap::new() };
        let made = |number: usize| selected[number] && !graph.assets()[number].is_external();
        for &number in graph.order().iter().filter(|_| is_whole) {
            let asset = &graph.assets()[number];
            if made(number) {
                make(asset, graph, number, &mut upstream, &made);
            } else if graph.downstream(number).iter().any(|&next| made(next) && takes(graph, next, number)) {
                load(asset, &mut upstream);
            }
        }
        compose::with(|composition| composition.graph.problems.append(&mut problems));
    })
}

/// Whether an asset takes the value of another.
fn takes(graph: &AssetGraph, asset: usize, other: usize) -> bool {
    let key = graph.assets()[other].key();
    graph.assets()[asset].dependencies.iter().any(|one| one.data && (one.asset)().key() == key)
}

/// Draws what makes an asset.
fn make(
    asset: &Arc<AssetDef>,
    graph: &AssetGraph,
    number: usize,
    upstream: &mut Upstream,
    made: impl Fn(usize) -> bool,
) {
    let Some(draw) = &asset.draw else { return };
    let first = compose::with(|composition| composition.graph.nodes.len());
    let drawn = match draw {
        Draw::Op(call) => {
            call(upstream);
            compose::with(|composition| composition.output_of(first))
        }
        Draw::Handle(draw) => Some(draw(upstream)),
    };
    compose::with(|composition| {
        for dependency in asset.dependencies.iter().filter(|one| !one.data) {
            let key = (dependency.asset)().key();
            // What is not made in this run is there already, or is not waited for.
            let before = upstream.sources.get(key).and_then(|source| composition.node_of(source.index));
            let before = before.filter(|_| graph.number(key).is_some_and(&made));
            let nodes = composition.graph.nodes[first..].iter_mut().filter(|node| node.scope == 0);
            nodes.for_each(|node| node.after.extend(before.map(|before| (before, dependency.place.clone()))));
        }
        let is_made = |source: &Placement| {
            let kind = || &composition.graph.sources[source.index].kind;
            source.composition == composition.id
                && matches!(kind(), SourceKind::Output { node, .. } if *node >= first)
        };
        let Some(source) = drawn.filter(is_made) else {
            let message =
                format!("the value of the asset `{}` is no output of a step that makes it", asset.key);
            let problem = Problem::new(ProblemKind::NoStep, message).at("the asset", asset.place.clone());
            composition.graph.problems.push(problem.hint("let an op of its graph return the value"));
            return;
        };
        let keys = graph.upstream(number).iter().map(|&other| graph.assets()[other].key.clone());
        composition.graph.assets.push(DrawnAsset {
            def: Arc::clone(asset),
            source: source.index,
            upstream: keys.collect(),
        });
        upstream.sources.insert(asset.key.clone(), source);
    });
}

/// Draws a step in the place of an asset that is not made in this run: what it gives is loaded before the run begins.
fn load(asset: &Arc<AssetDef>, upstream: &mut Upstream) {
    let op = Arc::new(OpDef::loading(
        &asset.key,
        (asset.value.ty, asset.value.codec),
        asset.io.as_deref(),
        &asset.place,
    ));
    compose::with(|composition| {
        let node = composition.graph.nodes.len();
        composition.graph.nodes.push(GraphNode {
            op,
            prefix: String::new(),
            named: None,
            inputs: Vec::new(),
            after: Vec::new(),
            scope: 0,
            tags: Tags::new(),
            retry: None,
            config: StepConfig::default(),
            hooks: Vec::new(),
            loads: Some(LoadedAsset { key: asset.key.clone(), external: asset.is_external() }),
            place: asset.place.clone(),
        });
        let source = composition.add_source(SourceKind::Output { node, output: 0 }, 0, asset.value.ty);
        upstream.sources.insert(asset.key.clone(), source);
    });
}
