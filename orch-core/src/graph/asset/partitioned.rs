use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use super::def::AssetDef;
use super::dependency::{Dependency, Taken};
use super::lineage::AssetGraph;
use crate::define::{Dynamic, One, OpDef, kind};
use crate::graph::compose::{self, Placement};
use crate::graph::node::Call;
use crate::graph::{DynamicOut, Mapped, Out};
use crate::ids::Place;
use crate::io::Coded;
use crate::partition::{
    Kind as _, Partition, PartitionError, PartitionMapping, Partitioning, PartitionsDefinition, another_kind,
};
use crate::plan::{ExternalPartitions, PartitionsFrom, PartitionsTaker, Problem, ProblemKind};
use crate::value::TypeInfo;

/// By what an asset is partitioned: the definition of a type, and the step that gives such partitions.
pub(super) struct PartitionedBy {
    definition: PartitionsDefinition,
    /// Of what a step takes to know its partition.
    partition: TypeInfo,
    ty: String,
    draw: fn(&str) -> (Placement, usize),
    end: fn(&str, Placement, usize),
    name: String,
    /// What is wrong if the definition is not of the kind that the type says.
    mistaken: Option<PartitionError>,
}

impl PartitionedBy {
    pub(super) fn of<P: Partitioning>() -> Self {
        let definition = P::definition();
        Self {
            mistaken: (!P::Kind::fits(&definition)).then(another_kind::<P>),
            definition,
            partition: TypeInfo::of::<Partition<P>>(),
            ty: TypeInfo::of::<P>().name(),
            draw: draw::<P>,
            end: end::<P>,
            name: step_name(&TypeInfo::of::<P>().name()),
        }
    }

    pub(super) fn mistaken_kind(&self) -> Option<PartitionError> {
        self.mistaken.clone()
    }

    pub(super) fn definition(&self) -> &PartitionsDefinition {
        &self.definition
    }

    /// The name of the type.
    pub(super) fn type_name(&self) -> &str {
        &self.ty
    }

    /// Whether what a step takes of these is a value of this type.
    pub(super) fn gives(&self, partition: TypeInfo) -> bool {
        self.partition == partition
    }
}

impl fmt::Debug for PartitionedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PartitionedBy").field(&self.definition).finish()
    }
}

/// What a check or an observation says of the partition that it looks at.
pub(super) struct TakenPartition {
    /// A `Partition<P>`.
    ty: TypeInfo,
    /// The name of `P`.
    name: String,
    place: Place,
}

impl TakenPartition {
    /// One of those of `P`, at the caller's place in the source.
    #[track_caller]
    pub(super) fn of<P: Partitioning>() -> Self {
        let (ty, name) = (TypeInfo::of::<Partition<P>>(), TypeInfo::of::<P>().name());
        Self { ty, name, place: Place::caller() }
    }

    /// What is wrong with it if it is taken `by` what looks at this asset, of a `kind`: that looks at the partitions that its asset
    /// has, each by itself.
    pub(super) fn check(&self, kind: &str, by: &str, asset: &AssetDef) -> Option<Problem> {
        let (key, name) = (asset.key(), &self.name);
        let told = |has: String, hint: String| {
            let message = format!("the {kind} `{by}` takes a partition of `{name}`, and `{key}` has {has}");
            let problem = Problem::new(ProblemKind::InvalidPartition, message);
            Some(problem.at("takes it", self.place.clone()).at("the asset", asset.place().clone()).hint(hint))
        };
        match &asset.partitions {
            Some(of) if of.gives(self.ty) => None,
            Some(of) => told(
                format!("those of `{}`", of.type_name()),
                format!(
                    "it looks at the partitions that its asset has: take a `Partition<{}>`",
                    of.type_name()
                ),
            ),
            None => {
                let attribute = if asset.is_external() { "external_asset" } else { "asset" };
                told(
                    "none".to_owned(),
                    format!(
                        "leave the parameter out, or say by what the asset is partitioned: `#[{attribute}(partitions = {name})]`"
                    ),
                )
            }
        }
    }
}

/// `daily_partitions` of `Daily`.
fn step_name(ty: &str) -> String {
    let mut name = String::new();
    for (at, c) in ty.chars().take_while(|&c| c != '<').enumerate() {
        if c.is_ascii_uppercase() && at > 0 {
            name.push('_');
        }
        name.extend(c.is_ascii_alphanumeric().then(|| c.to_ascii_lowercase()));
    }
    name + "_partitions"
}

/// Draws the step that gives the partitions of a run, and gives the handle of one and their map.
fn draw<P: Partitioning>(name: &str) -> (Placement, usize) {
    type Given<P> = One<Dynamic<Partition<P>>, { kind::DYNAMIC }>;
    let op = OpDef::builder(name)
        .description("gives the partitions of the run")
        .returns::<Given<P>>()
        .coded([Coded::<Dynamic<Partition<P>>>::CODEC])
        .blocking(|args| {
            let partitions = args.context().given_partitions()?;
            let indexes: Vec<u64> = partitions.set.iter().collect();
            let partition = move |index| {
                let partition = Partition::<P>::new(&partitions.keyspace, index)?;
                Ok::<_, crate::failure::Failure>((partition.key().to_string(), partition))
            };
            Ok(Dynamic::try_from_iter(indexes.into_iter().map(partition)))
        });
    let given: DynamicOut<Partition<P>> = Call::of(&Arc::new(op)).place::<Given<P>>();
    (given.item, given.scope)
}

/// Draws a step that runs when all in a map of partitions is done, whatever became of it.
fn end<P: Partitioning>(name: &str, item: Placement, map: usize) {
    let op = OpDef::builder(name)
        .description("waits for all that is made of the partitions")
        .input_ref::<Vec<Partition<P>>>("partitions")
        .returns::<One<(), { kind::VALUE }>>()
        .blocking(|_| Ok(()));
    let all = Mapped { item, scope: map, inner: Out::<Partition<P>>::new(item) }.collect();
    let _: Out<()> =
        Call::of(&Arc::new(op)).input::<Vec<Partition<P>>>(all).place::<One<(), { kind::VALUE }>>();
}

/// The partitions of a run in its graph: a map, in which all stands that is made of each.
///
/// There is one for each definition; and another one, at a higher level, for what is made of other partitions than its own, which
/// have to be there before: a map ends only when all in it is done. An observation of which others than what is made of the very
/// partition wait has one to itself.
pub(super) struct PartitionScope {
    of: TypeInfo,
    /// None of one that an observation has to itself.
    level: Option<usize>,
    /// The handle of the partition.
    pub(super) item: Placement,
    pub(super) map: usize,
    draw_end: fn(&str, Placement, usize),
    name: String,
    /// The step that runs when all is done, once someone waits for it.
    end: Cell<Option<usize>>,
}

/// The same, as the plan has it.
pub(crate) struct DrawnPartitions {
    pub(crate) node: usize,
    /// The step that runs when all in the map is done.
    pub(crate) end: Option<usize>,
    pub(crate) definition: PartitionsDefinition,
    pub(crate) from: Vec<PartitionsFrom>,
    pub(crate) takers: Vec<PartitionsTaker>,
    pub(crate) external: Vec<ExternalPartitions>,
}

/// All partition maps of a job.
#[derive(Default)]
pub(super) struct PartitionScopes(Vec<PartitionScope>);

impl PartitionScope {
    /// Whether what a step takes of these is a `Partition<P>`.
    pub(super) fn gives<P: Partitioning>(&self) -> bool {
        self.of == TypeInfo::of::<Partition<P>>()
    }
}

impl PartitionScopes {
    pub(super) fn get(&self, number: usize) -> &PartitionScope {
        &self.0[number]
    }

    /// The map of these partitions at a level; it is drawn if it is not there.
    pub(super) fn enter(&mut self, by: &PartitionedBy, level: usize) -> usize {
        let known = |scope: &PartitionScope| scope.of == by.partition && scope.level == Some(level);
        if let Some(known) = self.0.iter().position(known) {
            return known;
        }
        self.add(by, &by.name, Some(level))
    }

    /// A map of these partitions of an asset, in which it is looked at those that are taken.
    pub(super) fn enter_apart(&mut self, by: &PartitionedBy, asset: &AssetDef) -> usize {
        self.add(by, &format!("{}_partitions", asset.key().step_name()), None)
    }

    fn add(&mut self, by: &PartitionedBy, name: &str, level: Option<usize>) -> usize {
        let (item, map) = (by.draw)(name);
        compose::with(|composition| {
            let node = composition.graph.nodes.len() - 1;
            self.0.push(PartitionScope {
                of: by.partition,
                level,
                item,
                map,
                draw_end: by.end,
                name: format!("all_{name}"),
                end: Cell::new(None),
            });
            let definition = by.definition.clone();
            composition.graph.partitions.push(DrawnPartitions {
                node,
                end: None,
                definition,
                from: Vec::new(),
                takers: Vec::new(),
                external: Vec::new(),
            });
        });
        self.0.len() - 1
    }

    /// That what stands in a map, or in none, takes partitions that are looked at: if in a map of their own, it is for these.
    pub(super) fn take(&self, apart: usize, within: Option<usize>, mapping: Option<&PartitionMapping>) {
        if self.0[apart].level.is_some() {
            return;
        }
        compose::with(|composition| {
            let taker = PartitionsTaker { partitions: within, mapping: mapping.cloned() };
            let known = &mut composition.graph.partitions[apart].takers;
            if !known.contains(&taker) {
                known.push(taker);
            }
        });
    }

    /// The step that runs when all in a map is done. It is outside of all maps.
    pub(super) fn end(&self, number: usize) -> usize {
        let scope = &self.0[number];
        if let Some(end) = scope.end.get() {
            return end;
        }
        compose::with(|composition| composition.enter_scope(0));
        (scope.draw_end)(&scope.name, scope.item, scope.map);
        let end = compose::with(|composition| {
            composition.leave_scope();
            let end = composition.graph.nodes.len() - 1;
            composition.graph.partitions[number].end = Some(end);
            end
        });
        scope.end.set(Some(end));
        end
    }

    /// That partitions of one map are to be made since those of another one are.
    pub(super) fn follow(&self, within: usize, from: usize, mapping: Option<&PartitionMapping>) {
        compose::with(|composition| {
            let from = PartitionsFrom { partitions: from, mapping: mapping.cloned() };
            let known = &mut composition.graph.partitions[within].from;
            if !known.contains(&from) {
                known.push(from);
            }
        });
    }

    /// That partitions of a map are made of those of an asset that others make.
    pub(super) fn follow_external(&self, within: usize, dependency: &Dependency) {
        let asset = dependency.asset();
        let Some(definition) = asset.partitions().filter(|_| asset.is_external()) else { return };
        compose::with(|composition| {
            let external = ExternalPartitions {
                asset: asset.key().clone(),
                definition: definition.clone(),
                mapping: dependency.mapping.clone(),
            };
            let known = &mut composition.graph.partitions[within].external;
            if !known.contains(&external) {
                known.push(external);
            }
        });
    }
}

impl fmt::Debug for PartitionScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartitionScopes({})", self.0.len())
    }
}

/// Whether what has these partitions takes of an asset the very partition that it is made of: then both stand in one map.
pub(super) fn is_aligned(own: Option<&PartitionedBy>, dependency: &Dependency) -> bool {
    let (Some(own), Some(other)) = (own, &dependency.asset().partitions) else { return false };
    own.partition == other.partition
        && dependency.taken != Taken::Partitions
        && dependency.mapping.as_ref().is_none_or(PartitionMapping::is_same)
}

/// At which level each asset is made: above those of which it takes other partitions than its own.
pub(super) fn levels(graph: &AssetGraph, made: impl Fn(usize) -> bool) -> Vec<usize> {
    let mut levels = vec![0; graph.assets().len()];
    for &number in graph.order().iter().filter(|&&number| made(number)) {
        let asset = &graph.assets()[number];
        levels[number] = level(graph, asset.partitions.as_ref(), &asset.dependencies, &made, &levels);
    }
    levels
}

/// The level of what has these partitions, or none, and depends on these assets, of which those are known that are made.
pub(super) fn level(
    graph: &AssetGraph,
    own: Option<&PartitionedBy>,
    dependencies: &[Dependency],
    made: impl Fn(usize) -> bool,
    levels: &[usize],
) -> usize {
    let levels = dependencies.iter().filter_map(|dependency| {
        let other = graph.number(dependency.asset().key()).filter(|&other| made(other))?;
        let waits = dependency.asset().partitions.is_some() && !is_aligned(own, dependency);
        Some(levels[other] + usize::from(waits))
    });
    levels.max().unwrap_or(0)
}
