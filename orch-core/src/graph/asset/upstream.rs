use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Asset;
use super::def::AssetDef;
use super::dependency::Taken;
use super::partitioned::PartitionScopes;
use super::taken_as::TakenAs;
use crate::asset::AssetKey;
use crate::define::{OpDef, ReadPartitions, Takes};
use crate::failure::Failure;
use crate::graph::Out;
use crate::graph::compose::{self, Placement, SourceKind};
use crate::partition::{Partition, PartitionKey, PartitionMapping, Partitioning, Partitions};
use crate::plan::{LoadedAsset, LoadedPartitions, Problem, ProblemKind};
use crate::value::{ByValue, Data, TypeInfo, Value};

/// What an asset takes, while a job is drawn: the handles of other assets, and of its partition.
#[derive(Debug, Default)]
pub struct Upstream {
    pub(super) sources: HashMap<AssetKey, Drawn>,
    pub(super) scopes: PartitionScopes,
    /// In which of them the asset stands that is drawn at present.
    pub(super) within: Option<usize>,
    /// The mappings that it names, by what it takes of which asset.
    pub(super) mappings: HashMap<(AssetKey, Taken), PartitionMapping>,
    /// The assets of which partitions may be stopped by blocking checks, or not be made for that.
    pub(super) stoppable: HashSet<AssetKey>,
    /// The asset that is drawn at present, if it takes earlier partitions of its own.
    pub(super) own: Option<Arc<AssetDef>>,
    /// Whether it is a check that is drawn at present.
    pub(super) looks: bool,
    /// The assets that others make and that have an observation, which looks by partition.
    pub(super) observable: HashSet<AssetKey>,
    /// Of these those at which the job looks.
    pub(super) observed: HashMap<AssetKey, Observed>,
    /// The steps that read an asset while the run goes on.
    read: RefCell<Vec<(Reading, Placement)>>,
}

/// An asset that has a handle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    pub(super) source: Placement,
    /// The partition map in which it stands.
    pub(super) within: Option<usize>,
}

/// An asset of which a step looks at each partition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    pub(super) step: usize,
    /// The partition map in which it stands.
    pub(super) within: usize,
}

/// What a step reads.
#[derive(Debug, PartialEq)]
struct Reading {
    key: AssetKey,
    ty: TypeInfo,
    columns: Columns,
    within: Option<usize>,
    mapping: Option<PartitionMapping>,
    /// Whether they are read as one value.
    together: bool,
    /// Whether partitions are read that blocking checks may have stopped.
    stopped_too: bool,
}

/// The columns that are read of an asset; all if none are named.
pub(super) type Columns = &'static [&'static str];

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
        Out::new(match self.sources.get(key) {
            Some(drawn) if drawn.within.is_none_or(|within| Some(within) == self.within) => drawn.source,
            _ if asset.partitions.is_some() => {
                let one = ReadPartitions {
                    ty: asset.value.ty,
                    if_there: None,
                    codec: asset.value.codec,
                    takes: Takes::One,
                    gather: Some(take_one),
                };
                self.read_partitions(asset, Taken::Value, (asset.value.ty, &[]), one)
            }
            _ => panic!("`{key}` is taken by an asset that does not say so: `.takes(..)`"),
        })
    }

    /// The handle of the values of partitions of the asset `A`.
    #[must_use]
    #[track_caller]
    pub fn partitions<A: Asset>(&self) -> Out<Partitions<A::Value>> {
        self.partitions_of_made(A::asset())
    }

    /// As [`Upstream::partitions`], of an asset that was made by hand.
    #[must_use]
    #[track_caller]
    pub fn partitions_of_made<T: Data>(&self, asset: &AssetDef) -> Out<Partitions<T>> {
        let all = ReadPartitions {
            ty: asset.value.ty,
            if_there: None,
            codec: asset.value.codec,
            takes: Takes::All,
            gather: Some(take_all::<T>),
        };
        Out::new(self.read_partitions(asset, Taken::Partitions, (TypeInfo::of::<Partitions<T>>(), &[]), all))
    }

    /// The handle of the asset `A` as what a parameter takes it: as what it is, or as an `Option` of that.
    #[must_use]
    #[track_caller]
    pub fn taken_as<A: Asset, T: TakenAs<A::Value, How>, How>(&self) -> Out<T> {
        T::of(self, A::asset())
    }

    /// The handle of one partition of an asset that was made by hand, if there is one.
    #[must_use]
    #[track_caller]
    pub fn optional_of_made<T: ByValue>(&self, asset: &AssetDef) -> Out<Option<T>> {
        let reads = ReadPartitions {
            ty: asset.value.ty,
            if_there: Some(TypeInfo::of::<Option<T>>()),
            codec: asset.value.codec,
            takes: Takes::OneIfThere,
            gather: Some(take_one_if_there::<T>),
        };
        Out::new(self.read_partitions(asset, Taken::Optional, (TypeInfo::of::<Option<T>>(), &[]), reads))
    }

    /// The handle of the partition that is made.
    ///
    /// # Panics
    /// If the asset that is drawn has no partitions of `P`.
    #[must_use]
    #[track_caller]
    pub fn partition<P: Partitioning>(&self) -> Out<Partition<P>> {
        let within = self.within.map(|within| self.scopes.get(within));
        match within.filter(|scope| scope.gives::<P>()) {
            Some(scope) => Out::new(scope.item),
            None => {
                let name = TypeInfo::of::<P>().name();
                panic!(
                    "an asset takes a partition of `{name}` and does not say that it has these: `.partitioned_by::<{name}>()`"
                )
            }
        }
    }

    /// The handle of the asset `A` as a value of type `T`: as its IO manager reads what it has stored, or these columns of it;
    /// all if none are named.
    #[track_caller]
    pub fn stored<A: Asset, T: Data>(&self, columns: Columns) -> Out<T> {
        let (asset, ty) = (A::asset(), TypeInfo::of::<T>());
        self.check_stored(asset, ty);
        Out::new(match asset.partitions {
            Some(_) => {
                let one = ReadPartitions {
                    ty,
                    if_there: None,
                    codec: None,
                    takes: Takes::One,
                    gather: Some(take_one),
                };
                self.read_partitions(asset, Taken::Stored, (ty, columns), one)
            }
            None => self.read(asset, ty, columns, None),
        })
    }

    /// The handle of the asset `A` as a value of type `T` that may be missing: of one with partitions none where that is not
    /// there, of another one as its IO manager reads an `Option`.
    #[track_caller]
    pub fn stored_if_there<A: Asset, T: ByValue>(&self, columns: Columns) -> Out<Option<T>> {
        let (asset, ty) = (A::asset(), TypeInfo::of::<T>());
        let optional = TypeInfo::of::<Option<T>>();
        if asset.partitions.is_none() {
            self.check_stored(asset, optional);
            return Out::new(self.read(asset, optional, columns, Some(|| Value::new(None::<T>))));
        }
        self.check_stored(asset, ty);
        let reads = ReadPartitions {
            ty,
            if_there: Some(optional),
            codec: None,
            takes: Takes::OneIfThere,
            gather: Some(take_one_if_there::<T>),
        };
        Out::new(self.read_partitions(asset, Taken::Stored, (optional, columns), reads))
    }

    /// The handle of the values of partitions of the asset `A`, each as a value of type `T`, as [`Upstream::stored`].
    #[track_caller]
    pub fn stored_partitions<A: Asset, T: Data>(&self, columns: Columns) -> Out<Partitions<T>> {
        let (asset, ty) = (A::asset(), TypeInfo::of::<T>());
        self.check_stored(asset, ty);
        let all = ReadPartitions {
            ty,
            if_there: None,
            codec: None,
            takes: Takes::All,
            gather: Some(take_all::<T>),
        };
        let partitions = TypeInfo::of::<Partitions<T>>();
        Out::new(self.read_partitions(asset, Taken::Partitions, (partitions, columns), all))
    }

    /// The handle of partitions of the asset `A` as one value of type `T`: as its IO manager reads them together, or these columns
    /// of that; all if none are named.
    #[track_caller]
    pub fn stored_together<A: Asset, T: Data>(&self, columns: Columns) -> Out<T> {
        let (asset, ty) = (A::asset(), TypeInfo::of::<T>());
        self.check_stored(asset, ty);
        let together = ReadPartitions { ty, if_there: None, codec: None, takes: Takes::All, gather: None };
        Out::new(self.read_partitions(asset, Taken::Partitions, (ty, columns), together))
    }

    /// That an asset which is taken as it is stored names who stores it.
    fn check_stored(&self, asset: &AssetDef, ty: TypeInfo) {
        if asset.io().is_some() {
            return;
        }
        let message = format!(
            "`{}` is taken as it is stored, as `{}`, and names no IO manager that could read it so",
            asset.key,
            ty.name()
        );
        let problem = Problem::new(ProblemKind::UnknownIo, message).at("the asset", asset.place.clone());
        let problem = problem.hint(format!(
            "name one, `io = \"..\"`, that is defined for both types, or take it as what it is: `{}`",
            asset.value.ty.name()
        ));
        compose::with(|composition| composition.graph.problems.push(problem));
    }

    /// A step that reads an asset without partitions, after the one that makes it.
    fn read(
        &self,
        asset: &AssetDef,
        ty: TypeInfo,
        columns: Columns,
        without: Option<fn() -> Value>,
    ) -> Placement {
        let reading = Reading {
            key: asset.key.clone(),
            ty,
            columns,
            within: None,
            mapping: None,
            together: false,
            stopped_too: false,
        };
        self.known_or(reading, || {
            let io = asset.io().unwrap_or_default();
            let loads = LoadedAsset {
                read_by: Some(io.to_owned()),
                columns: columns.iter().map(ToString::to_string).collect(),
                ..LoadedAsset::of(asset.key.clone(), asset.is_external())
            };
            compose::with(|composition| {
                let made = self.sources.get(&asset.key);
                let made = made.and_then(|drawn| composition.node_of(drawn.source.index));
                let op = OpDef::reading(&asset.key, ty, without, &asset.place);
                let node = composition.add_loading(op, loads, 0);
                let after = made.map(|made| (made, asset.place.clone()));
                composition.graph.nodes[node].after.extend(after);
                composition.add_source(SourceKind::Output { node, output: 0 }, 0, ty)
            })
        })
    }

    /// A step that reads partitions of an asset, after those that are made in the same run.
    fn read_partitions(
        &self,
        asset: &AssetDef,
        taken: Taken,
        (ty, columns): (TypeInfo, Columns),
        reads: ReadPartitions,
    ) -> Placement {
        let mapping = self.mappings.get(&(asset.key.clone(), taken)).cloned();
        // A check looks at them all the same, where others are refused them: each has a step of its own.
        let stopped_too = self.looks && self.may_be_stopped(&asset.key);
        let reading = Reading {
            key: asset.key.clone(),
            ty,
            columns,
            within: self.within,
            mapping: mapping.clone(),
            together: reads.is_together(),
            stopped_too,
        };
        self.known_or(reading, || {
            let made = self.map_of(&asset.key);
            // Of its own partitions each waits for those that it takes, when it is known which they are.
            let own = self.is_own(asset);
            // What is made of the same partition is read after that alone; else all are waited for.
            let before = self.made_by(&asset.key);
            let loads = LoadedAsset {
                key: asset.key.clone(),
                external: asset.is_external(),
                read_by: asset.io().map(str::to_owned),
                columns: columns.iter().map(ToString::to_string).collect(),
                partitions: asset.partitions().map(|definition| LoadedPartitions {
                    definition: definition.clone(),
                    within: self.within,
                    mapping,
                    single: reads.takes != Takes::All,
                    optional: reads.takes == Takes::OneIfThere,
                    together: reads.is_together(),
                    waits: false,
                    made: if own { self.within } else { made },
                    own,
                }),
            };
            let map = self.within.map_or(0, |within| self.scopes.get(within).map);
            compose::with(|composition| {
                let op = OpDef::reading_partitions(&asset.key, ty, reads, &asset.place);
                let node = composition.add_loading(op, loads, map);
                let after = before.map(|before| (before, asset.place.clone()));
                composition.graph.nodes[node].after.extend(after);
                composition.add_source(SourceKind::Output { node, output: 0 }, map, ty)
            })
        })
    }

    /// Goes into a map of partitions, to draw what depends on each.
    pub(super) fn stand_in(&mut self, within: usize) {
        self.within = Some(within);
        compose::with(|composition| composition.enter_scope(self.scopes.get(within).map));
    }

    /// The map in which partitions of an asset are made in this run, or looked at; none of one without partitions, or of which
    /// neither is done.
    pub(super) fn map_of(&self, asset: &AssetKey) -> Option<usize> {
        let made = self.sources.get(asset).and_then(|drawn| drawn.within);
        made.or_else(|| Some(self.observed.get(asset)?.within))
    }

    /// The step behind which an asset is there, for what stands where this does: of partitions of another map all are waited for.
    pub(super) fn made_by(&self, asset: &AssetKey) -> Option<usize> {
        match (self.map_of(asset), self.observed.get(asset)) {
            (Some(within), _) if Some(within) != self.within => Some(self.scopes.end(within)),
            (_, Some(observed)) => Some(observed.step),
            (_, None) => {
                let source = self.sources.get(asset)?.source.index;
                compose::with(|composition| composition.node_of(source))
            }
        }
    }

    /// Whether partitions of an asset are made in another map, and checks there or before may stop some of them; or looked at there,
    /// which may fail.
    fn may_be_stopped(&self, asset: &AssetKey) -> bool {
        let made = self.map_of(asset);
        made.is_some() && made != self.within && self.stoppable.contains(asset)
    }

    /// The step behind which an asset is there for one that does not take its value: if partitions of it may be stopped, one that
    /// asks whether those are well which are mapped; and if they are observed and not made in the same map, one that knows as what.
    pub(super) fn waited_for(&self, asset: &AssetDef) -> Option<usize> {
        let (key, before) = (asset.key(), self.made_by(asset.key()));
        let is_known_before = self.observable.contains(key) && before.is_none();
        let asks = is_known_before || self.may_be_stopped(key);
        let Some(definition) = asset.partitions().filter(|_| asks) else { return before };
        let partitions = LoadedPartitions {
            definition: definition.clone(),
            within: self.within,
            mapping: self.mappings.get(&(asset.key.clone(), Taken::Nothing)).cloned(),
            single: false,
            optional: false,
            together: false,
            waits: true,
            made: self.map_of(asset.key()),
            own: false,
        };
        let loads = LoadedAsset {
            partitions: Some(partitions),
            ..LoadedAsset::of(asset.key.clone(), asset.is_external())
        };
        let map = self.within.map_or(0, |within| self.scopes.get(within).map);
        compose::with(|composition| {
            let op = OpDef::waiting_for_partitions(&asset.key, &asset.place);
            let node = composition.add_loading(op, loads, map);
            let before = before.map(|before| (before, asset.place.clone()));
            composition.graph.nodes[node].after.extend(before);
            Some(node)
        })
    }

    fn known_or(&self, reading: Reading, draw: impl FnOnce() -> Placement) -> Placement {
        if let Some((_, known)) = self.read.borrow().iter().find(|(known, _)| *known == reading) {
            return *known;
        }
        let source = draw();
        self.read.borrow_mut().push((reading, source));
        source
    }
}

/// The one value of those that were read.
fn take_one(values: Vec<(PartitionKey, Value)>) -> Result<Value, Failure> {
    let count = values.len();
    let one = values.into_iter().next().filter(|_| count == 1);
    one.map(|(_, value)| value)
        .ok_or_else(|| Failure::new(format!("one partition is taken, and there are {count}")))
}

/// The one value of those that were read, if there is one.
fn take_one_if_there<T: ByValue>(values: Vec<(PartitionKey, Value)>) -> Result<Value, Failure> {
    if values.is_empty() {
        return Ok(Value::new(None::<T>));
    }
    let one = take_one(values)?;
    // Whoever knows whether it is there has said so.
    if one.get::<Option<T>>().is_some() { Ok(one) } else { Ok(Value::new(Some(one.take::<T>()?))) }
}

/// All that were read, by key.
fn take_all<T: Data>(values: Vec<(PartitionKey, Value)>) -> Result<Value, Failure> {
    Partitions::<T>::of_values(values).map(Value::new)
}
