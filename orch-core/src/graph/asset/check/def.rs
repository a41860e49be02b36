use std::fmt;
use std::sync::Arc;

use crate::asset::{CheckResult, Severity};
use crate::define::{CheckReturn, Context, One, OpBuilder, OpDef, kind};
use crate::graph::asset::TakenAs;
use crate::graph::asset::dependency::{Dependency, Named, Taken};
use crate::graph::asset::partitioned::TakenPartition;
use crate::graph::{Asset, AssetDef, Call, Check, Upstream};
use crate::ids::Place;
use crate::io::Codec;
use crate::partition::{PartitionMapping, Partitioning};
use crate::value::{Data, TypeInfo};

/// A check: what looks at an asset when it was made, or alone, and says whether it is as it should be.
///
/// `#[asset_check]` fills one in; by hand:
///
/// ```
/// use std::sync::Arc;
///
/// use orch_core::asset::CheckResult;
/// use orch_core::define::{OpDef, One};
/// use orch_core::graph::{AssetDef, Call, CheckDef};
/// use orch_core::io::Coded;
/// use orch_core::run::Definitions;
/// use orch_core::select::AssetSelection;
///
/// let op = OpDef::builder("answer").returns::<One<i64, 0>>().blocking(|_| Ok(42)).into();
/// let answer = AssetDef::builder("answer")
///     .drawn::<i64>(Coded::<i64>::CODEC, move |_| Call::of(&op).place::<One<i64, 0>>());
/// let answer = Arc::new(answer);
///
/// let even = CheckDef::builder_of(&answer, "even")
///     .blocking()
///     .looks_at(|answer: &i64, _| CheckResult::expect(answer % 2 == 0, format!("{answer} is odd")));
///
/// let definitions = Definitions::new().assets([answer]).checks([even]);
/// let run = definitions.materialize(&AssetSelection::all()).run_blocking()?;
/// let steps: Vec<_> = run.events().iter().filter_map(|event| event.step.as_ref()?.to_string().into()).collect();
/// assert!(steps.contains(&"answer.even".to_owned()));
/// # Ok::<(), orch_core::run::RunError>(())
/// ```
pub struct CheckDef {
    pub(super) name: String,
    pub(super) asset: Named,
    pub(super) blocking: bool,
    /// In place of what its results say.
    pub(super) severity: Option<Severity>,
    pub(super) description: Option<String>,
    pub(super) place: Place,
    /// The assets that it takes, or waits for.
    pub(super) dependencies: Vec<Dependency>,
    /// Of which partitions it takes the one that it looks at, if it takes it, as often as that was said.
    pub(super) partitions: Vec<TakenPartition>,
    /// What the op gives that looks, which is to be a result; none if it gives several things, or nothing.
    pub(super) gives: Option<TypeInfo>,
    pub(super) draw: Box<dyn Fn(&Upstream) + Send + Sync>,
}

impl CheckDef {
    /// Begins the definition of a check of the asset `A`, at the caller's place in the source. Its name is its own among the
    /// checks of the asset; what is wrong with it is told when it is listed.
    #[track_caller]
    #[must_use]
    pub fn builder<A: Asset>(name: impl Into<String>) -> CheckBuilder {
        CheckBuilder::new(Named::Later(A::asset), name.into())
    }

    /// As [`CheckDef::builder`], of an asset that was made by hand.
    #[track_caller]
    #[must_use]
    pub fn builder_of(asset: &Arc<AssetDef>, name: impl Into<String>) -> CheckBuilder {
        CheckBuilder::new(Named::Now(Arc::clone(asset)), name.into())
    }

    /// The same as a blocking one: if it finds an error, or fails itself, what is made of the asset in the same run is not
    /// made; of an asset with partitions, what is made of the partition that it looked at.
    #[must_use]
    pub fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// The same, as bad as this if it does not pass, whatever its code says.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// The same under another name, where the asset has two of one name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The name, one among the checks of the asset.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The asset that it looks at.
    #[must_use]
    pub fn asset(&self) -> &AssetDef {
        self.asset.get()
    }

    /// Whether what is made of the asset waits for it.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        self.blocking
    }

    /// The assets that it takes, or waits for.
    pub(in crate::graph::asset) fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }

    /// The same, as they are defined.
    pub(crate) fn upstream(&self) -> impl Iterator<Item = &AssetDef> {
        self.dependencies.iter().map(Dependency::asset)
    }

    /// What it looks for.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Where it stands in the source.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl fmt::Debug for CheckDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckDef")
            .field("name", &self.name)
            .field("blocking", &self.blocking)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// The definition of the check `C`.
#[must_use]
pub fn check_of<C: Check>() -> &'static Arc<CheckDef> {
    C::check()
}

/// A [`CheckDef`] in the making.
#[derive(Debug)]
pub struct CheckBuilder {
    check: CheckDef,
}

impl CheckBuilder {
    #[track_caller]
    fn new(asset: Named, name: String) -> Self {
        Self {
            check: CheckDef {
                name,
                asset,
                blocking: false,
                severity: None,
                description: None,
                place: Place::caller(),
                dependencies: Vec::new(),
                partitions: Vec::new(),
                gives: None,
                draw: Box::new(|_| {}),
            },
        }
    }

    /// Says what it looks for.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.check.description = Some(description.into());
        self
    }

    /// Has what is made of the asset wait for it; see [`CheckDef::blocking`].
    #[must_use]
    pub fn blocking(mut self) -> Self {
        self.check.blocking = true;
        self
    }

    /// Says that it takes the value of an asset, be it the one that it looks at or another; of one with partitions that of one of
    /// them, the same that it looks at unless it is [mapped](CheckBuilder::mapped).
    #[must_use]
    #[track_caller]
    pub fn takes(self, asset: fn() -> &'static Arc<AssetDef>) -> Self {
        self.depends(Named::Later(asset), Taken::Value)
    }

    /// Says that it takes the values of partitions of an asset, by key.
    #[must_use]
    #[track_caller]
    pub fn takes_partitions(self, asset: fn() -> &'static Arc<AssetDef>) -> Self {
        self.depends(Named::Later(asset), Taken::Partitions)
    }

    /// Says that it takes the partition that it looks at: the asset has those of `P`.
    #[must_use]
    #[track_caller]
    pub fn takes_partition<P: Partitioning>(mut self) -> Self {
        self.check.partitions.push(TakenPartition::of::<P>());
        self
    }

    /// Says that an asset is to be there before, of which it takes no value. Of the one that it looks at it need not be said.
    #[must_use]
    #[track_caller]
    pub fn after(self, asset: fn() -> &'static Arc<AssetDef>) -> Self {
        self.depends(Named::Later(asset), Taken::Nothing)
    }

    /// Says that it takes what the IO manager of an asset has stored, as it can be read; of one with partitions that of one of them.
    #[must_use]
    #[track_caller]
    pub fn takes_stored(self, asset: fn() -> &'static Arc<AssetDef>) -> Self {
        self.depends(Named::Later(asset), Taken::Stored)
    }

    /// As [`CheckBuilder::takes`], of an asset that was made by hand.
    #[must_use]
    #[track_caller]
    pub fn takes_made(self, asset: &Arc<AssetDef>) -> Self {
        self.depends(Named::Now(Arc::clone(asset)), Taken::Value)
    }

    /// Says as what it takes the value of the asset that was named last, which is a `V`; see
    /// [`AssetBuilder::taken_as`](crate::graph::AssetBuilder::taken_as).
    #[must_use]
    pub fn taken_as<V, T: TakenAs<V, How>, How>(mut self) -> Self {
        if let Some(last) = self.check.dependencies.last_mut() {
            last.taken_as::<V, T, How>();
        }
        self
    }

    /// Says which partitions it takes of the asset that was named last, for each that it looks at.
    #[must_use]
    pub fn mapped(mut self, mapping: PartitionMapping) -> Self {
        if let Some(last) = self.check.dependencies.last_mut() {
            last.mapping = Some(mapping);
        }
        self
    }

    #[track_caller]
    fn depends(mut self, asset: Named, taken: Taken) -> Self {
        self.check.dependencies.push(Dependency::new(asset, taken, Place::caller()));
        self
    }

    /// Says which op looks: one whose only output is a [`CheckResult`]. `draw` does nothing but call it, with the handles of
    /// what the check takes.
    #[must_use]
    pub fn made_by(mut self, op: &OpDef, draw: impl Fn(&Upstream) + Send + Sync + 'static) -> CheckDef {
        self.check.gives = match op.outputs() {
            [output] => Some(output.ty),
            _ => None,
        };
        self.check.draw = Box::new(draw);
        self.check
    }

    /// Says how it looks at the value of the asset, or of a partition of it, [`Context::partition`].
    #[must_use]
    pub fn looks_at<T: Data, R: CheckReturn>(
        mut self,
        look: impl Fn(&T, &Context) -> R + Send + Sync + 'static,
    ) -> CheckDef {
        let asset = self.check.asset.clone();
        let op = self.op().input_ref::<T>("asset").returns::<One<CheckResult, { kind::VALUE }>>();
        let op = op.coded([Some(Codec::of::<CheckResult> as fn() -> Codec)]);
        let op = Arc::new(op.blocking(move |mut args| {
            let context = args.context();
            look(&*args.share::<T>(0)?, &context).into_result()
        }));
        self.check.dependencies.push(Dependency::new(asset.clone(), Taken::Value, self.check.place.clone()));
        self.looked(&op, move |op, upstream| {
            Call::of(op)
                .input::<T>(upstream.of_made::<T>(asset.get()))
                .place::<One<CheckResult, { kind::VALUE }>>();
        })
    }

    /// Says how it looks by itself, without taking the value: it knows what an instance knows of the asset, or reads
    /// elsewhere.
    #[must_use]
    pub fn looks<R: CheckReturn>(self, look: impl Fn(&Context) -> R + Send + Sync + 'static) -> CheckDef {
        let op = self.op().returns::<One<CheckResult, { kind::VALUE }>>();
        let op = op.coded([Some(Codec::of::<CheckResult> as fn() -> Codec)]);
        let op = Arc::new(op.blocking(move |args| look(&args.context()).into_result()));
        self.looked(&op, |op, _| {
            Call::of(op).place::<One<CheckResult, { kind::VALUE }>>();
        })
    }

    /// An op of the check's name, place and description.
    fn op(&self) -> OpBuilder<()> {
        let op = OpDef::builder(&self.check.name).at(&self.check.place);
        match &self.check.description {
            Some(description) => op.description(description),
            None => op,
        }
    }

    fn looked(
        self,
        op: &Arc<OpDef>,
        draw: impl Fn(&Arc<OpDef>, &Upstream) + Send + Sync + 'static,
    ) -> CheckDef {
        let called = Arc::clone(op);
        self.made_by(op, move |upstream| draw(&called, upstream))
    }
}
