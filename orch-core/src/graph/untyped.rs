//! Calls of ops that are known by their definitions alone, for jobs built from data. No types of handles check them, so
//! whoever draws with them has checked types and scopes before.

use std::sync::Arc;

use super::compose::{self, GraphNode, Scope, SourceKind};
use super::config::StepConfig;
use crate::define::{Gather, InputDef, InputRead, OpDef, OutputKind, Retry, Tags};
use crate::ids::Place;
use crate::value::TypeInfo;

/// The number of a source in the job that is composed at present.
pub(crate) type SourceId = usize;

/// The number of a map in the job that is composed at present; 0 is the job itself.
pub(crate) type MapId = usize;

/// A call of an op, with all that can be said of it.
pub(crate) struct UntypedCall {
    pub(crate) op: Arc<OpDef>,
    pub(crate) name: String,
    pub(crate) map: MapId,
    /// One source for each input.
    pub(crate) inputs: Vec<SourceId>,
    pub(crate) after: Vec<(usize, Place)>,
    pub(crate) tags: Tags,
    pub(crate) retry: Option<Retry>,
    pub(crate) config: StepConfig,
    pub(crate) place: Place,
}

/// A step that was placed.
pub(crate) struct Drawn {
    pub(crate) node: usize,
    pub(crate) outputs: Vec<DrawnOutput>,
}

/// An output of a step that was placed: its value, or one item of it and the map in which that can be read.
#[derive(Clone, Copy)]
pub(crate) struct DrawnOutput {
    pub(crate) source: SourceId,
    pub(crate) map: Option<MapId>,
}

impl UntypedCall {
    pub(crate) fn place(self) -> Drawn {
        let Self { op, name, map, inputs, after, tags, retry, config, place } = self;
        compose::with(|composition| {
            composition.graph.nodes.push(GraphNode {
                op: Arc::clone(&op),
                prefix: composition.prefix(),
                named: Some(name),
                inputs,
                after,
                scope: map,
                tags,
                retry,
                hooks: composition.hooks(),
                config,
                loads: None,
                check: None,
                observes: None,
                place,
            });
            let node = composition.graph.nodes.len() - 1;
            let outputs = op.outputs().iter().enumerate().map(|(output, def)| match def.kind {
                OutputKind::Single | OutputKind::Optional => {
                    let kind = SourceKind::Output { node, output };
                    DrawnOutput { source: composition.add_source(kind, map, def.ty).index, map: None }
                }
                OutputKind::Dynamic => {
                    composition.graph.maps.push(Scope { parent: map, node, output });
                    let items = composition.graph.maps.len();
                    let source = composition.add_source(SourceKind::Item, items, def.ty).index;
                    DrawnOutput { source, map: Some(items) }
                }
            });
            Drawn { node, outputs: outputs.collect() }
        })
    }
}

/// A constant that was read.
pub(crate) fn constant(read: InputRead, ty: TypeInfo) -> SourceId {
    compose::with(|composition| {
        composition.graph.secrets.extend(read.secrets);
        composition.graph.literals.push(read.value);
        let kind = SourceKind::Literal(composition.graph.literals.len() - 1);
        composition.add_source(kind, 0, ty).index
    })
}

/// All values that `element` has in a map, for this input.
pub(crate) fn collect(element: SourceId, map: MapId, input: &InputDef, gather: &Gather) -> SourceId {
    compose::with(|composition| {
        let parent = composition.parent_of(map);
        let kind =
            SourceKind::Collect { map, element, results: gather.results(), assemble: gather.assemble() };
        composition.add_source(kind, parent, input.ty).index
    })
}

/// The values of several sources, for this input of a step in this map.
pub(crate) fn list(elements: Vec<SourceId>, map: MapId, input: &InputDef, gather: &Gather) -> SourceId {
    compose::with(|composition| {
        let kind = SourceKind::List { elements, assemble: gather.assemble() };
        composition.add_source(kind, map, input.ty).index
    })
}
