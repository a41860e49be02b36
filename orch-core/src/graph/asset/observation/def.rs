use std::fmt;
use std::sync::Arc;

use crate::asset::DataVersion;
use crate::define::{Context, ObservationReturn, One, OpBuilder, OpDef, WithMetadata, kind};
use crate::graph::asset::dependency::Named;
use crate::graph::asset::partitioned::TakenPartition;
use crate::graph::{AssetDef, Call, ExternalAsset, Observation, Upstream};
use crate::ids::Place;
use crate::io::Codec;
use crate::partition::{Partition, Partitioning};
use crate::value::TypeInfo;

/// An observation: what finds out which version there is of an asset that others make.
///
/// `#[asset_observation]` fills one in; by hand:
///
/// ```
/// use std::sync::Arc;
///
/// use orch_core::asset::DataVersion;
/// use orch_core::graph::{AssetDef, ObservationDef};
/// use orch_core::run::Definitions;
/// use orch_core::select::AssetSelection;
///
/// let rates = Arc::new(AssetDef::builder("rates").external::<i64>(None));
/// let published = ObservationDef::builder_of(&rates, "published").looks(|_| DataVersion::new("2024-01-31"));
///
/// let definitions = Definitions::new().assets([rates]).observations([published]);
/// let run = definitions.observe_assets(&AssetSelection::all()).run_blocking()?;
/// let story = orch_core::report::story(run.events());
/// assert!(story.contains("ASSET_OBSERVATION rates.published rates 2024-01-31"));
/// # Ok::<(), orch_core::run::RunError>(())
/// ```
pub struct ObservationDef {
    pub(super) name: String,
    pub(super) asset: Named,
    pub(super) description: Option<String>,
    pub(super) place: Place,
    /// Of which partitions it takes the one that it looks at, if it looks at each by itself, as often as that was said.
    pub(super) partitions: Vec<TakenPartition>,
    /// What the op gives that looks, which is to be a version; none if it gives several things, or nothing.
    pub(super) gives: Option<TypeInfo>,
    pub(super) draw: Box<dyn Fn(&Upstream) + Send + Sync>,
}

impl ObservationDef {
    /// Begins the definition of the observation of the asset `A`, at the caller's place in the source. What is wrong with it is
    /// told when it is listed.
    #[track_caller]
    #[must_use]
    pub fn builder<A: ExternalAsset>(name: impl Into<String>) -> ObservationBuilder {
        ObservationBuilder::new(Named::Later(A::asset), name.into())
    }

    /// As [`ObservationDef::builder`], of an asset that was defined by hand.
    #[track_caller]
    #[must_use]
    pub fn builder_of(asset: &Arc<AssetDef>, name: impl Into<String>) -> ObservationBuilder {
        ObservationBuilder::new(Named::Now(Arc::clone(asset)), name.into())
    }

    /// The name, which that of its step ends with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The asset that it looks at.
    #[must_use]
    pub fn asset(&self) -> &AssetDef {
        self.asset.get()
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

impl fmt::Debug for ObservationDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservationDef")
            .field("name", &self.name)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// The definition of the observation `O`.
#[must_use]
pub fn observation_of<O: Observation>() -> &'static Arc<ObservationDef> {
    O::observation()
}

/// An [`ObservationDef`] in the making.
#[derive(Debug)]
pub struct ObservationBuilder {
    observation: ObservationDef,
}

impl ObservationBuilder {
    #[track_caller]
    fn new(asset: Named, name: String) -> Self {
        Self {
            observation: ObservationDef {
                name,
                asset,
                description: None,
                place: Place::caller(),
                partitions: Vec::new(),
                gives: None,
                draw: Box::new(|_| {}),
            },
        }
    }

    /// Says what it looks for.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.observation.description = Some(description.into());
        self
    }

    /// Says that it looks at each partition by itself, and takes the one that it looks at: the asset has those of `P`.
    #[must_use]
    #[track_caller]
    pub fn takes_partition<P: Partitioning>(mut self) -> Self {
        self.observation.partitions.push(TakenPartition::of::<P>());
        self
    }

    /// Says which op looks: one that takes nothing, or the partition at which it looks, and whose only output is a [`DataVersion`].
    /// `draw` does nothing but call it, with the handle of that.
    #[must_use]
    pub fn made_by(mut self, op: &OpDef, draw: impl Fn(&Upstream) + Send + Sync + 'static) -> ObservationDef {
        self.observation.gives = match op.outputs() {
            [output] => Some(output.ty),
            _ => None,
        };
        self.observation.draw = Box::new(draw);
        self.observation
    }

    /// Says how it looks at an asset without partitions.
    #[must_use]
    pub fn looks<R: ObservationReturn>(
        self,
        look: impl Fn(&Context) -> R + Send + Sync + 'static,
    ) -> ObservationDef {
        let op = self.op().returns::<Found>().coded([CODEC]);
        let op = Arc::new(op.blocking(move |args| look(&args.context()).into_version()));
        let called = Arc::clone(&op);
        self.made_by(&op, move |_| {
            Call::of(&called).place::<Found>();
        })
    }

    /// Says how it looks at a partition of an asset that has those of `P`.
    #[must_use]
    #[track_caller]
    pub fn looks_at<P: Partitioning, R: ObservationReturn>(
        self,
        look: impl Fn(&Partition<P>, &Context) -> R + Send + Sync + 'static,
    ) -> ObservationDef {
        let op = self.op().input_ref::<Partition<P>>("partition").returns::<Found>().coded([CODEC]);
        let op = Arc::new(op.blocking(move |mut args| {
            let context = args.context();
            look(&*args.share::<Partition<P>>(0)?, &context).into_version()
        }));
        let called = Arc::clone(&op);
        self.takes_partition::<P>().made_by(&op, move |upstream| {
            Call::of(&called).input::<Partition<P>>(upstream.partition::<P>()).place::<Found>();
        })
    }

    /// An op of the observation's name, place and description.
    fn op(&self) -> OpBuilder<()> {
        let ObservationDef { name, description, place, .. } = &self.observation;
        let op = OpDef::builder(name).at(place);
        match description {
            Some(description) => op.description(description),
            None => op,
        }
    }
}

/// What an op gives that looks, and how that is written.
type Found = One<WithMetadata<DataVersion>, { kind::WITH_METADATA }>;
const CODEC: Option<fn() -> Codec> = Some(Codec::of::<DataVersion>);
