use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::Asset;
use super::check::Checks;
use super::def::{AssetDef, Draw};
use super::lineage::AssetGraph;
use crate::asset::AssetKey;
use crate::define::{JobOptions, OpDef};
use crate::graph::Out;
use crate::graph::compose::{self, Job, Placement, SourceKind};
use crate::plan::{LoadedAsset, Problem, ProblemKind};
use crate::select::Selectable as _;
use crate::value::{Data, TypeInfo};

/// What an asset takes, while a job is drawn: the handles of other assets.
#[derive(Debug, Default)]
pub struct Upstream {
    pub(super) sources: HashMap<AssetKey, Placement>,
    /// The steps that read an asset as a value of another type.
    read: RefCell<HashMap<(AssetKey, TypeId), Placement>>,
}

impl Upstream {
    /// The handle of the asset `A`.
    ///
    /// # Panics
    /// If the asset that is drawn does not say that it takes `A`.
    #[must_use]
    #[track_caller]
    pub fn of<A: Asset>(&self) -> Out<A::Value> {
        self.of_made(A::asset())
    }

    /// The handle of an asset that was made by hand. If its values are no `T`, the plan of the job says so.
    ///
    /// # Panics
    /// As [`Upstream::of`].
    #[must_use]
    #[track_caller]
    pub fn of_made<T>(&self, asset: &AssetDef) -> Out<T> {
        let key = asset.key();
        match self.sources.get(key) {
            Some(source) => Out::new(*source),
            None => panic!("`{key}` is taken by an asset that does not say so: `.takes(..)`"),
        }
    }

    /// The handle of the asset `A` as a value of type `T`: as its IO manager reads what it has stored.
    #[track_caller]
    pub fn stored<A: Asset, T: Data>(&self) -> Out<T> {
        let (asset, ty) = (A::asset(), TypeInfo::of::<T>());
        let known = self.read.borrow().get(&(asset.key.clone(), ty.id())).copied();
        let source = known.unwrap_or_else(|| {
            let source = self.read(asset, ty);
            self.read.borrow_mut().insert((asset.key.clone(), ty.id()), source);
            source
        });
        Out::new(source)
    }

    /// Draws a step that reads an asset, after the one that makes it.
    fn read(&self, asset: &AssetDef, ty: TypeInfo) -> Placement {
        let io = asset.io().unwrap_or_default();
        let loads = LoadedAsset {
            key: asset.key.clone(),
            external: asset.is_external(),
            read_by: Some(io.to_owned()),
        };
        compose::with(|composition| {
            if io.is_empty() {
                let message = format!(
                    "`{}` is taken as it is stored, as `{}`, and names no IO manager that could read it so",
                    asset.key,
                    ty.name()
                );
                let problem =
                    Problem::new(ProblemKind::UnknownIo, message).at("the asset", asset.place.clone());
                composition.graph.problems.push(problem.hint(format!(
                    "name one, `io = \"..\"`, that is defined for both types, or take it as what it is: `{}`",
                    asset.value.ty.name()
                )));
            }
            let made = self.sources.get(&asset.key).and_then(|source| composition.node_of(source.index));
            let op = OpDef::reading(&asset.key, ty, io, &asset.place);
            let node = composition.add_loading(op, loads);
            composition.graph.nodes[node].after.extend(made.map(|made| (made, asset.place.clone())));
            composition.add_source(SourceKind::Output { node, output: 0 }, 0, ty)
        })
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

/// What a job is drawn of, by the numbers of assets and checks.
pub(crate) struct Selected {
    /// The assets that it makes.
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
        let made = |number: usize| selected.assets[number] && !graph.assets()[number].is_external();
        let mut checks = Checks::of(graph, &selected.checks);
        for &number in graph.order().iter().filter(|_| is_whole) {
            let asset = &graph.assets()[number];
            if made(number) {
                let first = compose::with(|composition| composition.graph.nodes.len());
                make(asset, graph, number, &mut upstream, made);
                let end = compose::with(|composition| composition.graph.nodes.len());
                checks.made(number, first..end);
            } else if graph.downstream(number).iter().any(|&next| made(next) && graph.takes(next, number))
                || checks.take(graph, number)
            {
                load(asset, &mut upstream);
            }
            checks.draw_after(graph, number, &upstream);
        }
        checks.hold_back(graph);
        compose::with(|composition| composition.graph.problems.append(&mut problems));
    })
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
            // What it takes was drawn before it.
            compose::with(|composition| {
                composition.output_of(composition.graph.nodes.len().saturating_sub(1))
            })
        }
        Draw::Handle(draw) => Some(draw(upstream)),
    };
    compose::with(|composition| {
        for dependency in asset.dependencies.iter().filter(|one| !one.data) {
            let key = dependency.asset().key();
            // What is not made in this run is there already, or is not waited for.
            let before = upstream.sources.get(key).and_then(|source| composition.node_of(source.index));
            let before = before.filter(|_| graph.number(key).is_some_and(&made));
            let nodes = composition.graph.nodes[first..].iter_mut();
            // What reads an asset waits for it already.
            let nodes = nodes.filter(|node| node.scope == 0 && node.loads.is_none());
            nodes.for_each(|node| node.after.extend(before.map(|before| (before, dependency.place.clone()))));
        }
        let is_made = |source: &Placement| {
            let kind = || &composition.graph.sources[source.index].kind;
            source.composition == composition.id
                && matches!(kind(), SourceKind::Output { node, .. } if *node >= first)
        };
        // Also of one that is no good: what takes it is drawn, and has no mistake of its own.
        upstream.sources.extend(drawn.map(|source| (asset.key.clone(), source)));
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
    });
}

/// Draws a step in the place of an asset that is not made in this run: what it gives is loaded before the run begins.
fn load(asset: &Arc<AssetDef>, upstream: &mut Upstream) {
    let op =
        OpDef::loading(&asset.key, (asset.value.ty, asset.value.codec), asset.io.as_deref(), &asset.place);
    let loads = LoadedAsset { key: asset.key.clone(), external: asset.is_external(), read_by: None };
    compose::with(|composition| {
        let node = composition.add_loading(op, loads);
        let source = composition.add_source(SourceKind::Output { node, output: 0 }, 0, asset.value.ty);
        upstream.sources.insert(asset.key.clone(), source);
    });
}
