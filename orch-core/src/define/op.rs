mod code;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Args, Body, FromConfig, Gather, InputDef, Memoize, Needs, OutputDef, Outputs, PRIORITY_TAG, Passing,
    Product, Products, ReadPartitions, Resource, Retry, Tags, Takes,
};
use crate::asset::AssetKey;
use crate::config::{Config, ConfigDef, Configurable, NoConfig};
use crate::failure::Failure;
use crate::ids::Place;
use crate::io::Codec;
use crate::value::{TypeInfo, Value};

/// An op: a function with named, typed inputs and outputs, its type erased so that plans can hold any.
///
/// `#[op]` fills one in; by hand:
///
/// ```
/// use orch_core::define::{One, OpDef};
///
/// let double = OpDef::builder("double")
///     .input::<i64>("x")
///     .returns::<One<i64, 0>>()
///     .blocking(|mut args| Ok(args.take::<i64>(0)? * 2));
/// assert_eq!(double.name(), "double");
/// ```
#[derive(Clone)]
pub struct OpDef {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) retry: Option<Retry>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) pool: Option<String>,
    pub(crate) code_version: Option<String>,
    pub(crate) fingerprint: Option<Arc<str>>,
    pub(crate) memoize: Option<Box<Memoize>>,
    pub(crate) io: Option<String>,
    pub(crate) isolate: bool,
    pub(crate) memory: Option<u64>,
    pub(crate) place: Place,
    pub(crate) inputs: Vec<InputDef>,
    pub(crate) needs: Needs,
    pub(crate) outputs: Vec<OutputDef>,
    /// What it reads of an asset with partitions, if that is all that it does.
    pub(crate) reads: Option<ReadPartitions>,
    /// What a step gives that reads an asset of which nothing is there, if it can do without.
    pub(crate) without: Option<fn() -> Value>,
    /// Shared with the ops that are the same but for their configuration.
    pub(crate) body: Arc<Body>,
}

impl OpDef {
    /// Begins the definition of an op of this name, at the caller's place in the source.
    #[track_caller]
    pub fn builder(name: impl Into<String>) -> OpBuilder<()> {
        OpBuilder {
            op: Self {
                name: name.into(),
                description: None,
                tags: Tags::new(),
                retry: None,
                timeout: None,
                pool: None,
                code_version: None,
                fingerprint: None,
                memoize: None,
                io: None,
                isolate: false,
                memory: None,
                place: Place::caller(),
                inputs: Vec::new(),
                needs: Needs::default(),
                outputs: Vec::new(),
                reads: None,
                without: None,
                body: Arc::new(Body::Blocking(Box::new(|_| Err(Failure::new("the op has no body"))))),
            },
            outputs: std::marker::PhantomData,
        }
    }

    /// Stands for an asset that is not made, but loaded: its code is never called.
    pub(crate) fn loading(
        asset: &AssetKey,
        output: (TypeInfo, Option<Codec>),
        io: Option<&str>,
        place: &Place,
    ) -> Self {
        let loads = format!("the asset `{asset}` is loaded, and not made");
        let mut op = Self::builder(asset.step_name()).op;
        op.outputs = vec![OutputDef::single("result", output.0, output.1)];
        op.description = Some(loads.clone());
        op.io = io.map(str::to_owned);
        op.place = place.clone();
        op.body = Arc::new(Body::Blocking(Box::new(move |_| Err(Failure::contract(&loads)))));
        op
    }

    /// Reads an asset as a value of another type than it was stored as, or columns of it; `without` it, it gives this if it can.
    pub(crate) fn reading(
        asset: &AssetKey,
        ty: TypeInfo,
        without: Option<fn() -> Value>,
        place: &Place,
    ) -> Self {
        let mut op = Self::builder(format!("read_{}", asset.step_name())).op;
        op.outputs = vec![OutputDef::single("result", ty, None)];
        op.description = Some(format!("reads the asset `{asset}` as `{}`", ty.name()));
        op.place = place.clone();
        op.without = without;
        op.body = Arc::new(Body::Blocking(Box::new(move |args| {
            let value = args.context().read_whole(ty, without)?;
            Ok(Products::from_iter([Product::Value(value)]))
        })));
        op
    }

    /// Reads partitions of an asset.
    pub(crate) fn reading_partitions(
        asset: &AssetKey,
        ty: TypeInfo,
        reads: ReadPartitions,
        place: &Place,
    ) -> Self {
        let mut op = Self::builder(format!("read_{}", asset.step_name())).op;
        op.outputs = vec![OutputDef::single("result", ty, None)];
        op.description = Some(format!("reads partitions of the asset `{asset}`"));
        op.place = place.clone();
        op.reads = Some(reads);
        op.body = Arc::new(Body::Blocking(Box::new(move |args| {
            let value = args.context().read_partitions(reads)?;
            Ok(Products::from_iter([Product::Value(value)]))
        })));
        op
    }

    /// An op that asks whether partitions of an asset were made, and whether its blocking checks have passed; it reads nothing.
    pub(crate) fn waiting_for_partitions(asset: &AssetKey, place: &Place) -> Self {
        let ty = TypeInfo::of::<()>();
        let nothing = ReadPartitions {
            ty,
            if_there: None,
            codec: None,
            takes: Takes::All,
            gather: Some(|_| Ok(Value::new(()))),
        };
        let mut op = Self::reading_partitions(asset, ty, nothing, place);
        op.name = format!("wait_for_{}", asset.step_name());
        op.description =
            Some(format!("waits for partitions of the asset `{asset}`, and for its blocking checks"));
        op
    }

    /// The same op under another name, with a configuration of its own, of which `map` makes the op's: `#[configured]`
    /// calls it.
    ///
    /// What `map` gives is checked like what is read; it is called once for each step, before a run begins. Of a type that
    /// the op does not take, it is a problem of the run's configuration.
    #[must_use]
    #[track_caller]
    pub fn configured<Outer: Configurable, Inner: Configurable>(
        &self,
        name: impl Into<String>,
        map: impl Fn(Config<Outer>) -> Result<Inner, Failure> + Send + Sync + 'static,
    ) -> Self {
        let mut op = self.clone();
        op.name = name.into();
        op.place = Place::caller();
        let own = op.needs.config.take().unwrap_or_else(ConfigDef::of::<NoConfig>);
        op.needs.config = Some(own.mapped(map));
        if let Some(memoize) = &mut op.memoize {
            memoize.configured = true;
        }
        op
    }

    /// The same op with another description.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// The op's name, the default name of its steps.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The inputs, in the order of the parameters.
    #[must_use]
    pub fn inputs(&self) -> &[InputDef] {
        &self.inputs
    }

    /// The configuration and the resources that it takes.
    #[must_use]
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// The outputs, in the order of the return type.
    #[must_use]
    pub fn outputs(&self) -> &[OutputDef] {
        &self.outputs
    }

    /// The function.
    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    /// The bound on each attempt.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Whether its steps run in processes of their own, whatever the job says.
    #[must_use]
    pub fn is_isolated(&self) -> bool {
        self.isolate
    }

    /// What its steps depend on beside inputs and configuration, if they are memoized.
    #[must_use]
    pub fn memoize(&self) -> Option<&Memoize> {
        self.memoize.as_deref()
    }

    /// The key of the IO manager that stores the outputs.
    #[must_use]
    pub fn io(&self) -> Option<&str> {
        self.io.as_deref()
    }
}

impl fmt::Debug for OpDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpDef")
            .field("name", &self.name)
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// An [`OpDef`] in the making; `O` is what it returns.
pub struct OpBuilder<O> {
    op: OpDef,
    outputs: std::marker::PhantomData<fn() -> O>,
}

impl<O> fmt::Debug for OpBuilder<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.op.fmt(f)
    }
}

impl<O> OpBuilder<O> {
    /// Says what the op does.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.op.description = Some(description.into());
        self
    }

    /// Has it stand elsewhere in the source: where that is written of which it is made.
    pub(crate) fn at(mut self, place: &Place) -> Self {
        self.op.place = place.clone();
        self
    }

    /// Adds a tag to every step of the op.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.op.tags.insert(key.into(), value.into());
        self
    }

    /// Sets the priority among ready steps, higher first; the same as the tag [`PRIORITY_TAG`].
    #[must_use]
    pub fn priority(self, priority: i64) -> Self {
        self.tag(PRIORITY_TAG, priority.to_string())
    }

    /// Sets the retry policy.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.op.retry = Some(retry);
        self
    }

    /// Bounds the time of each attempt; of a dynamic output, the call that opens it and then each item. A job that calls
    /// an op with a timeout of 0 cannot be planned.
    ///
    /// An async op is dropped at its next await. The thread of a sync op cannot be stopped: the attempt fails in time
    /// and its late result is neither used nor stored, but the code runs on until it returns. The process of an op that
    /// has one for itself, [`OpBuilder::isolate`], is killed. What an IO manager takes to store the outputs does not count.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.op.timeout = Some(timeout);
        self
    }

    /// Lets the steps of the op take their turn in a pool, a limit that the program defines by name.
    #[must_use]
    pub fn pool(mut self, pool: impl Into<String>) -> Self {
        self.op.pool = Some(pool.into());
        self
    }

    /// Names the version of the code.
    #[must_use]
    pub fn code_version(mut self, version: impl Into<String>) -> Self {
        self.op.code_version = Some(version.into());
        self
    }

    /// Has the steps of the op memoized: in a run that is recorded, one does not run of which it is known what it would give,
    /// since a step of the op has given it before, with the same code, configuration, environment and data. What is taken
    /// instead are the values that the earlier run keeps.
    ///
    /// What is not wholly known is made anew: the code has a [version](OpBuilder::code_version) or a
    /// [fingerprint](Memoize::fingerprint), inputs are written as bytes, [`OpBuilder::input_codec`], and so are the outputs of
    /// which they are. An op with a dynamic output is not memoized; a job that calls one cannot be planned. Of a step that makes
    /// an asset it is the asset that has versions, and this says nothing.
    #[must_use]
    pub fn memoize(mut self, memoize: Memoize) -> Self {
        self.op.memoize = Some(Box::new(memoize));
        self
    }

    /// Has the outputs stored by the IO manager of this key.
    #[must_use]
    pub fn io(mut self, key: impl Into<String>) -> Self {
        self.op.io = Some(key.into());
        self
    }

    /// Runs the steps of the op in processes of their own, workers that are this very program: a crash, an `exit`, or too
    /// much memory there fails the attempt and nothing else, and a timeout stops the code for good.
    ///
    /// Inputs and outputs travel as bytes, so all of them need a codec: [`OpBuilder::input_codec`], [`OpBuilder::coded`].
    /// The program's `main` begins with [`worker`](crate::run::worker), as that of `#[orch::main]` does.
    #[must_use]
    pub fn isolate(mut self) -> Self {
        self.op.isolate = true;
        self
    }

    /// Bounds the memory that a process of the op's steps may ask for, in bytes; of steps that run in the program's own
    /// process it bounds nothing. What goes beyond it fails to be allocated, which ends a process in most cases, and so
    /// fails the attempt. The few MiB that every process takes for itself are part of it.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.op.memory = Some(bytes);
        self
    }

    /// Adds an input of type `T`, taken by value.
    #[must_use]
    pub fn input<T: 'static>(self, name: impl Into<String>) -> Self {
        self.parameter::<T>(name, Passing::Value)
    }

    /// Adds an input of type `T`, taken by reference.
    #[must_use]
    pub fn input_ref<T: 'static>(self, name: impl Into<String>) -> Self {
        self.parameter::<T>(name, Passing::Reference)
    }

    fn parameter<T: 'static>(mut self, name: impl Into<String>, passing: Passing) -> Self {
        let name: String = name.into();
        self.op.inputs.push(InputDef {
            name: name.into(),
            ty: TypeInfo::of::<T>(),
            passing,
            from_config: None,
            gathers: Vec::new(),
            codec: None,
        });
        self
    }

    /// Says what may feed the input that was added last where no types of handles tell it: what reads it from
    /// configuration, and which lists of values it is made of. [`Fed`](super::Fed) knows it of a type.
    #[must_use]
    pub fn fed<const FORMS: usize>(
        mut self,
        from_config: Option<FromConfig>,
        gathers: [Option<Gather>; FORMS],
    ) -> Self {
        if let Some(input) = self.op.inputs.last_mut() {
            input.from_config = from_config;
            input.gathers = gathers.into_iter().flatten().collect();
        }
        self
    }

    /// Says how the values of the input that was added last are written as bytes: the answer of
    /// [`Coded`](crate::io::Coded) for its type, or one of another type for none. A step needs it that runs in a process of
    /// its own.
    #[must_use]
    pub fn input_codec(mut self, codec: Option<fn() -> Codec>) -> Self {
        if let Some(input) = self.op.inputs.last_mut() {
            let codec = codec.map(|codec| codec());
            input.codec = codec.filter(|codec| codec.ty() == input.ty && codec.reads_back());
        }
        self
    }

    /// Takes a configuration: `ops.<step>.config`. The body has it of [`Args::config`].
    #[must_use]
    pub fn config<T: Configurable>(mut self) -> Self {
        self.op.needs.set_config::<T>();
        self
    }

    /// Takes a resource; `name` is its key where there are several of the type. The body has it of [`Args::resource`].
    #[must_use]
    pub fn resource<T: Resource + ?Sized>(mut self, name: &str) -> Self {
        self.op.needs.add_resource::<T>(name, false);
        self
    }

    /// Takes the resource of this key.
    #[must_use]
    pub fn resource_by_key<T: Resource + ?Sized>(mut self, key: &str) -> Self {
        self.op.needs.add_resource::<T>(key, true);
        self
    }

    /// Says what the op returns.
    #[must_use]
    pub fn returns<P: Outputs>(mut self) -> OpBuilder<P> {
        self.op.outputs = P::declare();
        OpBuilder { op: self.op, outputs: std::marker::PhantomData }
    }
}

impl<O: Outputs> OpBuilder<O> {
    /// Says how the outputs are written as bytes: the answers of [`Coded`](crate::io::Coded) for their types, each of
    /// which holds for all outputs of the type. What is not said, or cannot be written, lives in memory alone: a run that
    /// is resumed makes it anew. `#[op]` says it of all types that the function returns.
    ///
    /// ```
    /// use orch_core::define::{Dynamic, OpDef, One, kind};
    /// use orch_core::io::{Coded, DefaultCoded as _};
    ///
    /// type Outputs = (One<Dynamic<String>, { kind::DYNAMIC }>, One<i64, { kind::VALUE }>);
    /// let load = OpDef::builder("load")
    ///     .returns::<Outputs>()
    ///     .coded([Coded::<Dynamic<String>>::CODEC, Coded::<i64>::CODEC])
    ///     .blocking(|_| Ok((Dynamic::from_values(["a".to_owned()]), 1)));
    /// assert!(load.outputs().iter().all(|output| output.codec.is_some()));
    /// ```
    ///
    /// The trait `DefaultCoded` answers for types that cannot be written; where all can, it is not needed.
    #[must_use]
    pub fn coded<const TYPES: usize>(mut self, codecs: [Option<fn() -> Codec>; TYPES]) -> Self {
        OutputDef::coded(&mut self.op.outputs, codecs);
        self
    }

    /// Gives the op a body that may block; it runs on a thread of its own.
    pub fn blocking(
        mut self,
        body: impl Fn(Args) -> Result<O::Raw, Failure> + Send + Sync + 'static,
    ) -> OpDef {
        self.op.body = Arc::new(Body::Blocking(Box::new(move |args| O::produce(body(args)?))));
        self.op
    }

    /// Gives the op an async body; it must not block.
    pub fn asynchronous<F>(mut self, body: impl Fn(Args) -> F + Send + Sync + 'static) -> OpDef
    where
        F: Future<Output = Result<O::Raw, Failure>> + Send + 'static,
    {
        self.op.body = Arc::new(Body::Async(Box::new(move |args| {
            let future = body(args);
            Box::pin(async move { O::produce(future.await?) })
        })));
        self.op
    }

    /// The op as something a job body can call.
    #[must_use]
    pub fn build(self) -> Arc<OpDef> {
        Arc::new(self.op)
    }
}
