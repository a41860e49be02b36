use std::fmt;
use std::sync::Arc;

use super::def::{AssetBuilder, AssetDef, Draw, ValueOf};
use super::lineage::AssetGraph;
use super::upstream::Upstream;
use crate::asset::AssetKey;
use crate::define::{Context, OpDef, OutputKind};
use crate::graph::Asset;
use crate::ids::Place;
use crate::plan::{Problem, ProblemKind};

/// Several assets that one step makes: outputs of one op, each an asset of its own.
///
/// An output that is [`Optional`](crate::define::Optional) is made only where its asset is asked for; all others are made
/// whenever the step runs. `#[multi_asset]` fills one in; by hand:
///
/// ```
/// use std::sync::Arc;
///
/// use orch_core::define::{OpDef, One, Optional, kind};
/// use orch_core::graph::{AssetDef, Call, MultiAssetDef};
/// use orch_core::run::Definitions;
///
/// type Both = (One<i64, { kind::VALUE }>, One<Optional<i64>, { kind::OPTIONAL }>);
/// let op = OpDef::builder("count").returns::<Both>().blocking(|_| Ok((3, Optional::some(4))));
/// let op = Arc::new(op);
///
/// let called = Arc::clone(&op);
/// let counted = MultiAssetDef::builder(&op)
///     .asset("output_0", AssetDef::builder("shop/orders"))
///     .asset("output_1", AssetDef::builder("shop/customers"))
///     .each(|asset| asset.group("shop"))
///     .drawn(move |_| _ = Call::of(&called).place::<Both>());
///
/// let definitions = Definitions::new().assets(counted.assets().cloned());
/// let run = definitions.materialize(&"shop/orders".parse()?).run_blocking()?;
/// let made = run.events().iter().filter(|event| event.kind.name() == "ASSET_MATERIALIZATION");
/// assert_eq!(made.count(), 1);
/// # Ok::<(), orch_core::failure::Failure>(())
/// ```
#[derive(Debug)]
pub struct MultiAssetDef {
    /// By the names of their outputs.
    assets: Vec<(String, Arc<AssetDef>)>,
}

impl MultiAssetDef {
    /// Begins the definition of assets that this op makes. What is wrong with them is told when they are listed.
    #[must_use]
    pub fn builder(op: &Arc<OpDef>) -> MultiAssetBuilder {
        MultiAssetBuilder { op: Arc::clone(op), assets: Vec::new() }
    }

    /// The assets, in the order in which they were named. A program lists all of them.
    pub fn assets(&self) -> impl Iterator<Item = &Arc<AssetDef>> {
        self.assets.iter().map(|(_, asset)| asset)
    }

    /// The asset that is the output of this name.
    #[must_use]
    pub fn asset(&self, output: &str) -> Option<&Arc<AssetDef>> {
        self.assets.iter().find(|(name, _)| name == output).map(|(_, asset)| asset)
    }

    /// The same, of an output that is known to be one.
    ///
    /// # Panics
    /// If it is none.
    #[doc(hidden)]
    #[must_use]
    pub fn field(&self, output: &str) -> &Arc<AssetDef> {
        match self.asset(output) {
            Some(asset) => asset,
            None => panic!("no asset is the output `{output}`"),
        }
    }
}

/// A struct whose fields are assets: `#[derive(Outputs)]`, with `#[asset]` on each field.
#[diagnostic::on_unimplemented(
    message = "the fields of `{Self}` are no assets",
    label = "no struct of assets",
    note = "the assets that a `#[multi_asset]` makes are the fields of one struct: derive `Outputs` for it, and put `#[asset]` \
            on each field; a function that makes one asset is an `#[asset]`"
)]
pub trait AssetFields: 'static {
    /// Each field by the name of its output, with what is said of it, beside what `each` says of all.
    fn fields(each: &dyn Fn(AssetBuilder) -> AssetBuilder) -> Vec<(&'static str, AssetBuilder)>;
}

/// That the assets which are fields of this struct are made by the function with `#[multi_asset]` whose hidden type is `F`.
#[diagnostic::on_unimplemented(
    message = "nothing makes the assets of `{Self}`",
    label = "no function makes this asset",
    note = "let a function with `#[multi_asset]` return `{Self}`"
)]
pub trait MadeBy<F> {
    /// What makes them.
    fn made() -> &'static MultiAssetDef;
}

/// A [`MultiAssetDef`] in the making.
#[derive(Debug)]
pub struct MultiAssetBuilder {
    op: Arc<OpDef>,
    assets: Vec<(String, AssetBuilder)>,
}

impl MultiAssetBuilder {
    /// Says that the output of this name is an asset, and what is to be said of that alone.
    #[must_use]
    pub fn asset(mut self, output: impl Into<String>, asset: AssetBuilder) -> Self {
        self.assets.push((output.into(), asset));
        self
    }

    /// As [`MultiAssetBuilder::asset`], of several.
    #[must_use]
    pub fn assets<N: Into<String>>(self, assets: impl IntoIterator<Item = (N, AssetBuilder)>) -> Self {
        assets.into_iter().fold(self, |builder, (output, asset)| builder.asset(output, asset))
    }

    /// Says something of each of the assets that were named so far: what all are made of, `.takes(..)`, the version of the code,
    /// their partitions.
    #[must_use]
    pub fn each(mut self, say: impl Fn(AssetBuilder) -> AssetBuilder) -> Self {
        self.assets = self.assets.into_iter().map(|(output, asset)| (output, say(asset))).collect();
        self
    }

    /// Says how they are made: `draw` does nothing but call the op in the body of a job, with the handles of what they take.
    #[must_use]
    pub fn drawn(self, draw: impl Fn(&Upstream) + Send + Sync + 'static) -> MultiAssetDef {
        let Self { op, assets } = self;
        let number = |name: &str| op.outputs().iter().position(|output| *output.name == *name);
        let parts = assets.iter().map(|(name, asset)| Part {
            key: asset.asset.key.clone(),
            called: asset.asset.name().to_owned(),
            place: asset.asset.place.clone(),
            name: name.clone(),
            output: number(name),
        });
        let together = Together { parts: parts.collect(), op: Arc::clone(&op), draw: Box::new(draw) };
        let together = Arc::new(together);
        let assets = assets.into_iter().enumerate().map(|(part, (name, builder))| {
            let mut asset = builder.asset;
            asset.io = op.io().map(str::to_owned);
            if let Some(output) = together.parts[part].output.map(|output| &op.outputs()[output]) {
                asset.value = ValueOf { ty: output.ty, codec: output.codec };
            }
            asset.draw = Some(Draw::Part(Arc::clone(&together), part));
            (name, Arc::new(asset))
        });
        MultiAssetDef { assets: assets.collect() }
    }
}

/// What makes several assets.
pub(super) struct Together {
    pub(super) op: Arc<OpDef>,
    pub(super) parts: Vec<Part>,
    pub(super) draw: Box<dyn Fn(&Upstream) + Send + Sync>,
}

/// One of them.
pub(super) struct Part {
    pub(super) key: AssetKey,
    /// The name by which code lists it.
    called: String,
    pub(super) place: Place,
    /// That of the output.
    name: String,
    /// None if the op has no such output.
    pub(super) output: Option<usize>,
}

impl fmt::Debug for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Together").field(&self.op.name()).finish_non_exhaustive()
    }
}

impl AssetDef {
    /// What makes this asset and others, and which part of that it is.
    pub(super) fn together(&self) -> Option<(&Arc<Together>, &Part)> {
        match &self.draw {
            Some(Draw::Part(together, part)) => Some((together, &together.parts[*part])),
            _ => None,
        }
    }

    /// The op of which this asset is one of several outputs that are assets; none of one that is made alone.
    #[must_use]
    pub fn made_with(&self) -> Option<&OpDef> {
        self.together().map(|(together, _)| &*together.op)
    }

    /// Which output it is of what makes it together with others.
    pub(super) fn output(&self) -> Option<usize> {
        self.together().and_then(|(_, part)| part.output)
    }

    /// Whether one step makes both.
    pub(super) fn is_made_with(&self, other: &Self) -> bool {
        let together = |asset: &Self| asset.together().map(|(together, _)| Arc::as_ptr(together));
        together(self).is_some_and(|own| together(other) == Some(own))
    }

    /// Whether what makes it together with others can leave it out.
    fn can_be_left_out(&self) -> bool {
        let output = self.made_with().zip(self.output()).map(|(op, output)| &op.outputs()[output]);
        output.is_some_and(|output| output.kind == OutputKind::Optional)
    }
}

/// What is wrong with an asset as one output of an op.
pub(super) fn check(asset: &AssetDef) -> Option<Problem> {
    let (together, part) = asset.together()?;
    let (op, key, name) = (together.op.name(), &part.key, &part.name);
    let Some(output) = part.output else {
        let names: Vec<_> = together.op.outputs().iter().map(|output| format!("`{}`", output.name)).collect();
        let problem = Problem::new(
            ProblemKind::NoStep,
            format!("the asset `{key}` is to be the output `{name}` of the op `{op}`, which has none"),
        );
        return Some(
            problem.at("the asset", part.place.clone()).hint(format!("it has {}", names.join(", "))),
        );
    };
    if together.op.outputs()[output].kind == OutputKind::Dynamic {
        let problem = Problem::new(
            ProblemKind::TypeMismatch,
            format!("the output `{name}` of `{op}` is a stream of items, and the asset `{key}` is one value"),
        );
        let problem = problem.at("the asset", part.place.clone());
        return Some(problem.hint("have the op give all of it as one value"));
    }
    let first = together.parts.iter().find(|first| first.output == part.output)?;
    if std::ptr::eq(first, part) {
        return None;
    }
    let problem = Problem::new(
        ProblemKind::DuplicateAsset,
        format!("the output `{name}` of `{op}` is two assets, `{}` and `{key}`", first.key),
    );
    let problem = problem.at("first", first.place.clone()).at("second", part.place.clone());
    Some(problem.hint("name it once, and have what wants the other one take this"))
}

/// Assets that are made together.
impl AssetGraph {
    /// The assets that one step makes with this one, by their numbers, itself among them; that alone, of one that is made alone.
    #[must_use]
    pub fn together(&self, asset: usize) -> &[usize] {
        &self.together[asset]
    }

    /// The same assets with those that are made whenever one of them is.
    #[must_use]
    pub fn with_made_along(&self, selected: &[bool]) -> Vec<bool> {
        let mut made = selected.to_vec();
        for (asset, _) in selected.iter().enumerate().filter(|(_, selected)| **selected) {
            self.made_along(asset).for_each(|other| made[other] = true);
        }
        made
    }

    /// What is made whenever this asset is: the others of its step, but for those that can be left out.
    pub(crate) fn made_along(&self, asset: usize) -> impl Iterator<Item = usize> {
        let others = self.together[asset].iter().copied().filter(move |&other| other != asset);
        others.filter(|&other| !self.assets()[other].can_be_left_out())
    }

    /// Finds which assets are made together, and of which not all are listed.
    pub(super) fn gather(&mut self) {
        self.together = (0..self.assets().len()).map(|number| vec![number]).collect();
        for number in 0..self.assets().len() {
            let asset = Arc::clone(&self.assets()[number]);
            let Some((together, own)) = asset.together() else { continue };
            let is_it = |part: &Part| {
                let number = self.number(&part.key)?;
                let other = self.assets()[number].together()?;
                Arc::ptr_eq(other.0, together).then_some(number)
            };
            let listed: Vec<Option<usize>> = together.parts.iter().map(is_it).collect();
            let numbers: Vec<usize> = listed.iter().copied().flatten().collect();
            // Told once, of the first that is listed.
            let is_first = numbers.first() == Some(&number);
            for (part, _) in together.parts.iter().zip(&listed).filter(|(_, at)| is_first && at.is_none()) {
                // That another asset has its key has been told.
                if self.number(&part.key).is_some() {
                    continue;
                }
                let (key, op) = (&part.key, together.op.name());
                let problem = Problem::new(
                    ProblemKind::UnlistedAsset,
                    format!("`{}` is made by `{op}` together with `{key}`, which is not listed", own.key),
                );
                let problem = problem.at("is made with it", own.place.clone());
                self.problems.push(
                    problem.at("the asset", part.place.clone()).hint(format!(
                        "list it too: `Definitions::new().assets(assets![.., {}])`",
                        part.called
                    )),
                );
            }
            self.together[number] = numbers;
        }
    }
}

/// What the code of a step knows that makes several assets.
impl Context {
    /// Whether the asset `A` is to be made: of outputs that are [`Optional`](crate::define::Optional) only those need be given
    /// whose assets are. What is given of others is dropped.
    ///
    /// For the test of a function, [`Context::with_made`] says which.
    #[must_use]
    pub fn wants<A: Asset>(&self) -> bool {
        self.makes(A::asset().key())
    }
}
