use std::fmt;
use std::sync::Arc;

use super::dependency::{Dependency, Named, Taken};
use super::multi::Together;
use super::own::OwnPartitions;
use super::partitioned::PartitionedBy;
use super::taken_as::TakenAs;
use super::upstream::Upstream;
use crate::asset::{AssetKey, MetadataValue, TypedMetadata};
use crate::define::{OpDef, Tags};
use crate::graph::Out;
use crate::graph::compose::Placement;
use crate::ids::Place;
use crate::io::Codec;
use crate::partition::{PartitionMapping, Partitioning, PartitionsDefinition};
use crate::value::{Data, TypeInfo};

/// An asset: its key and what is said of it, what it is made of, and how it is made.
///
/// `#[asset]` fills one in; by hand:
///
/// ```
/// use orch_core::define::{OpDef, One};
/// use orch_core::graph::{AssetDef, Call};
/// use orch_core::io::{Coded, DefaultCoded as _};
///
/// let op = OpDef::builder("answer").returns::<One<i64, 0>>().blocking(|_| Ok(42)).into();
/// let answer = AssetDef::builder("deep/answer")
///     .group("deep")
///     .drawn::<i64>(Coded::<i64>::CODEC, move |_| Call::of(&op).place::<One<i64, 0>>());
/// assert_eq!(answer.key().to_string(), "deep/answer");
/// ```
pub struct AssetDef {
    pub(super) key: AssetKey,
    pub(super) name: Option<String>,
    pub(super) group: Option<String>,
    pub(super) owners: Vec<String>,
    pub(super) kinds: Vec<String>,
    pub(super) tags: Tags,
    pub(super) description: Option<String>,
    pub(super) code_version: Option<Arc<str>>,
    pub(super) fingerprint: Option<Arc<str>>,
    pub(super) env: Vec<String>,
    pub(super) trusts_resources: bool,
    pub(super) metadata: TypedMetadata,
    pub(super) io: Option<String>,
    pub(super) partitions: Option<PartitionedBy>,
    pub(super) place: Place,
    pub(super) dependencies: Vec<Dependency>,
    /// What it takes of its own earlier partitions. It is no dependency: no asset is made of itself, only a partition of others.
    pub(super) own: Vec<OwnPartitions>,
    pub(super) value: ValueOf,
    /// None of an asset that others make.
    pub(super) draw: Option<Draw>,
}

/// How an asset is made in the body of a job.
pub(super) enum Draw {
    /// By the call of an op, of which it is the one output.
    Op(Box<dyn Fn(&Upstream) + Send + Sync>),
    /// By the call of an op that makes others too; it is this part of them.
    Part(Arc<Together>, usize),
    /// By whatever gives this handle.
    Handle(Box<dyn Fn(&Upstream) -> Placement + Send + Sync>),
}

/// What an asset is in memory, and how that is written as bytes.
#[derive(Clone, Copy)]
pub(super) struct ValueOf {
    pub(super) ty: TypeInfo,
    pub(super) codec: Option<Codec>,
}

impl AssetDef {
    /// Begins the definition of an asset, at the caller's place in the source. What is wrong with the key is told when the
    /// asset is listed.
    #[track_caller]
    #[must_use]
    pub fn builder(key: &str) -> AssetBuilder {
        AssetBuilder {
            asset: Self {
                key: AssetKey::unchecked(key),
                name: None,
                group: None,
                owners: Vec::new(),
                kinds: Vec::new(),
                tags: Tags::new(),
                description: None,
                code_version: None,
                fingerprint: None,
                env: Vec::new(),
                trusts_resources: false,
                metadata: TypedMetadata::new(),
                io: None,
                partitions: None,
                place: Place::caller(),
                dependencies: Vec::new(),
                own: Vec::new(),
                value: ValueOf { ty: TypeInfo::of::<()>(), codec: None },
                draw: None,
            },
        }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &AssetKey {
        &self.key
    }

    /// The name by which code lists and takes it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.key.name())
    }

    /// What it is.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The group that it is in.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// Who answers for it.
    #[must_use]
    pub fn owners(&self) -> &[String] {
        &self.owners
    }

    /// Of what kind it is: `table`, `csv`.
    #[must_use]
    pub fn kinds(&self) -> &[String] {
        &self.kinds
    }

    /// The tags.
    #[must_use]
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The version of the code that makes it, if its author gave one.
    #[must_use]
    pub fn code_version(&self) -> Option<&str> {
        self.code_version.as_deref()
    }

    /// The fingerprint of the source of the code that makes it.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// The environment variables that its code reads.
    #[must_use]
    pub fn env(&self) -> &[String] {
        &self.env
    }

    /// Whether resources that the program gives as values are taken to be always the same.
    #[must_use]
    pub fn trusts_resources(&self) -> bool {
        self.trusts_resources
    }

    /// What is known of it before it is made.
    #[must_use]
    pub fn metadata(&self) -> &TypedMetadata {
        &self.metadata
    }

    /// The name of its type in memory.
    #[must_use]
    pub fn type_name(&self) -> String {
        self.value.ty.name()
    }

    /// The key of the IO manager that stores it.
    #[must_use]
    pub fn io(&self) -> Option<&str> {
        self.io.as_deref()
    }

    /// By what it is partitioned.
    #[must_use]
    pub fn partitions(&self) -> Option<&PartitionsDefinition> {
        self.partitions.as_ref().map(PartitionedBy::definition)
    }

    /// Whether one op makes it, be it with others, and not a graph of several.
    #[must_use]
    pub fn is_op(&self) -> bool {
        matches!(self.draw, Some(Draw::Op(_) | Draw::Part(..)))
    }

    /// Whether others make it: it can be taken and not made.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.draw.is_none()
    }

    /// Whether it depends on this asset, and others make that.
    pub(crate) fn takes_external(&self, key: &AssetKey) -> bool {
        self.dependencies.iter().any(|one| one.asset().key == *key && one.asset().is_external())
    }

    /// Where it stands in the source.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl fmt::Debug for AssetDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssetDef")
            .field("key", &self.key)
            .field("type", &self.value.ty.name())
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// An [`AssetDef`] in the making.
#[derive(Debug)]
pub struct AssetBuilder {
    pub(super) asset: AssetDef,
}

impl AssetBuilder {
    /// Says what it is.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.asset.description = Some(description.into());
        self
    }

    /// Puts this before its key, `warehouse` before `orders`.
    #[must_use]
    pub fn key_prefix(mut self, prefix: &str) -> Self {
        self.asset.key = AssetKey::unchecked(&format!("{prefix}/{}", self.asset.key));
        self
    }

    /// Says by which name code lists and takes it, if that is not the last part of its key.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.asset.name = Some(name.into());
        self
    }

    /// Puts it into a group.
    #[must_use]
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.asset.group = Some(group.into());
        self
    }

    /// Adds one who answers for it.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.asset.owners.push(owner.into());
        self
    }

    /// Says of what kind it is; it may be of several.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.asset.kinds.push(kind.into());
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.asset.tags.insert(key.into(), value.into());
        self
    }

    /// Names the version of the code that makes it.
    #[must_use]
    pub fn code_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.asset.code_version = Some(version.into());
        self
    }

    /// Says by what its code is known that has no version of its own: a hash of the source, which changes with it.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: impl Into<Arc<str>>) -> Self {
        self.asset.fingerprint = Some(fingerprint.into());
        self
    }

    /// Says that its code reads an environment variable: with another value it is another asset. Its hash is recorded, so it is
    /// to be no secret.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>) -> Self {
        self.asset.env.push(name.into());
        self
    }

    /// Says that resources that the program gives as values are always the same, and so is the code that opens others. Else nobody
    /// knows what the values are, and the asset is never taken to be up to date. The configuration of resources and the variables
    /// that they read count all the same.
    #[must_use]
    pub fn trust_resources(mut self) -> Self {
        self.asset.trusts_resources = true;
        self
    }

    /// Says something of it that is known before it is made.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<MetadataValue>) -> Self {
        self.asset.metadata.insert(name.into(), value.into().written());
        self
    }

    /// Names the IO manager by which it is loaded where it is not made. An asset that an op makes has that of the op.
    #[must_use]
    pub fn io(mut self, key: impl Into<String>) -> Self {
        self.asset.io = Some(key.into());
        self
    }

    /// Says that it has the partitions of `P`: each is made by a step of its own, and is a materialization of its own.
    #[must_use]
    pub fn partitioned_by<P: Partitioning>(mut self) -> Self {
        self.asset.partitions = Some(PartitionedBy::of::<P>());
        self
    }

    /// Says that it takes the value of another asset; of one with partitions that of one of them, the same unless it is
    /// [mapped](AssetBuilder::mapped).
    #[must_use]
    #[track_caller]
    pub fn takes(self, asset: fn() -> &'static Arc<AssetDef>) -> Self {
        self.depends(Named::Later(asset), Taken::Value, Place::caller())
    }

    /// Says that it takes the values of partitions of another asset, by key.
    #[must_use]
    #[track_caller]
    pub fn takes_partitions(self, asset: fn() -> &'static Arc<AssetDef>) -> Self {
        self.depends(Named::Later(asset), Taken::Partitions, Place::caller())
    }

    /// Says that another asset is to be there before, of which it takes no value: it reads it by itself.
    #[must_use]
    #[track_caller]
    pub fn after(self, asset: fn() -> &'static Arc<AssetDef>) -> Self {
        self.depends(Named::Later(asset), Taken::Nothing, Place::caller())
    }

    /// Says that it takes what the IO manager of another asset has stored, as it can be read; of one with partitions that of one of
    /// them.
    #[must_use]
    #[track_caller]
    pub fn takes_stored(self, asset: fn() -> &'static Arc<AssetDef>) -> Self {
        self.depends(Named::Later(asset), Taken::Stored, Place::caller())
    }

    /// As [`AssetBuilder::takes`], of an asset that was made by hand.
    #[must_use]
    #[track_caller]
    pub fn takes_made(self, asset: &Arc<AssetDef>) -> Self {
        self.depends(Named::Now(Arc::clone(asset)), Taken::Value, Place::caller())
    }

    /// As [`AssetBuilder::takes_partitions`], of an asset that was made by hand.
    #[must_use]
    #[track_caller]
    pub fn takes_partitions_made(self, asset: &Arc<AssetDef>) -> Self {
        self.depends(Named::Now(Arc::clone(asset)), Taken::Partitions, Place::caller())
    }

    /// As [`AssetBuilder::after`], of an asset that was made by hand.
    #[must_use]
    #[track_caller]
    pub fn after_made(self, asset: &Arc<AssetDef>) -> Self {
        self.depends(Named::Now(Arc::clone(asset)), Taken::Nothing, Place::caller())
    }

    /// Says which partitions of the asset that was named last each of its own partitions is made of.
    #[must_use]
    pub fn mapped(mut self, mapping: PartitionMapping) -> Self {
        if let Some(last) = self.asset.dependencies.last_mut() {
            last.mapping = Some(mapping);
        }
        self
    }

    /// Says as what it takes the value of the asset that was named last, which is a `V`: as that, or, if a partition of it may
    /// be missing, as an `Option`. Of such a one what is not there is [left out](PartitionMapping::allow_missing).
    #[must_use]
    pub fn taken_as<V, T: TakenAs<V, How>, How>(mut self) -> Self {
        if let Some(last) = self.asset.dependencies.last_mut() {
            last.taken_as::<V, T, How>();
        }
        self
    }

    fn depends(mut self, asset: Named, taken: Taken, place: Place) -> Self {
        self.asset.dependencies.push(Dependency::new(asset, taken, place));
        self
    }

    /// Says how it is made: `draw` calls an op or a graph in the body of a job, with the handles of what the asset takes, and
    /// gives the handle of its value. How that is written as bytes, the answer of [`Coded`](crate::io::Coded) says, or none.
    #[must_use]
    pub fn drawn<T: Data>(
        mut self,
        codec: Option<fn() -> Codec>,
        draw: impl Fn(&Upstream) -> Out<T> + Send + Sync + 'static,
    ) -> AssetDef {
        self.asset.value = ValueOf::of::<T>(codec);
        self.asset.draw = Some(Draw::Handle(Box::new(move |upstream| draw(upstream).source())));
        self.asset
    }

    /// As [`AssetBuilder::drawn`], of an asset that is the one output of an op: its values are written as the op says, and
    /// `draw` does nothing but call it.
    #[must_use]
    pub fn made_by(mut self, op: &OpDef, draw: impl Fn(&Upstream) + Send + Sync + 'static) -> AssetDef {
        self.asset.io = op.io().map(str::to_owned);
        if let Some(output) = op.outputs().first() {
            self.asset.value = ValueOf { ty: output.ty, codec: output.codec };
        }
        self.asset.draw = Some(Draw::Op(Box::new(draw)));
        self.asset
    }

    /// Says that others make it: another program, on the same instance or beside it. It is loaded by the IO manager that was
    /// named, else from what the instance knows of it.
    #[must_use]
    pub fn external<T: Data>(mut self, codec: Option<fn() -> Codec>) -> AssetDef {
        self.asset.value = ValueOf::of::<T>(codec);
        self.asset
    }
}

impl ValueOf {
    fn of<T: Data>(codec: Option<fn() -> Codec>) -> Self {
        let ty = TypeInfo::of::<T>();
        let codec = codec.map(|codec| codec()).filter(|codec| codec.ty() == ty && codec.reads_back());
        Self { ty, codec }
    }
}
