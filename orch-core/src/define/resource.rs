use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::needs::Given;
use super::{Body, Needs};
use crate::config::{Config, ConfigDef, Configurable};
use crate::failure::Failure;
use crate::ids::Place;
use crate::value::TypeInfo;

/// What a resource can be: anything that threads can share, also a trait object, `Res<dyn Store>`.
///
/// Implemented for every `Send + Sync + 'static` type; there is nothing to implement by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a resource",
    label = "must be `Send + Sync + 'static`",
    note = "steps on several threads share it: use `Arc` for `Rc`, `Mutex` for `RefCell`, and owned data for borrowed; of a \
            trait object write `dyn Trait + Send + Sync`, or make these its supertraits"
)]
pub trait Resource: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Send + Sync + 'static> Resource for T {}

/// A resource as an op takes it: something that is opened once for a run and shared by its steps, such as a database, a
/// client, a cache.
///
/// It dereferences to the resource and is cheap to clone. A test that calls the op's function itself makes one with
/// [`Res::new`].
///
/// ```
/// use orch_core::define::Res;
///
/// struct Database(&'static str);
///
/// // With #[op], which leaves the function as it is.
/// fn load(rows: usize, db: Res<Database>) -> String {
///     format!("{rows} rows into {}", db.0)
/// }
///
/// assert_eq!(load(3, Res::new(Database("dex"))), "3 rows into dex");
/// ```
pub struct Res<T: ?Sized>(Arc<T>);

impl<T> Res<T> {
    /// The resource itself.
    pub fn new(resource: T) -> Self {
        Self(Arc::new(resource))
    }
}

impl<T: ?Sized> From<Arc<T>> for Res<T> {
    fn from(shared: Arc<T>) -> Self {
        Self(shared)
    }
}

impl<T: ?Sized> Deref for Res<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> Clone for Res<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Res<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A resource, its type erased.
#[derive(Clone)]
pub struct AnyResource(Arc<dyn Any + Send + Sync>);

impl AnyResource {
    /// Erases the type.
    pub fn new<T: Resource + ?Sized>(resource: Res<T>) -> Self {
        Self(Arc::new(resource))
    }

    /// The resource, if it is of this type.
    #[must_use]
    pub fn get<T: Resource + ?Sized>(&self) -> Option<Res<T>> {
        self.0.downcast_ref::<Res<T>>().cloned()
    }
}

impl fmt::Debug for AnyResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyResource(..)")
    }
}

/// A function with `#[resource]` as a type: the hidden type beside it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` opens no resource",
    label = "not the name of a `#[resource]`",
    note = "write the name of a function with `#[resource]`: `.resource_from::<database>()`; a value is given as it is, \
            `.resource(Database::new())`"
)]
pub trait Opens {
    /// Its definition.
    fn def() -> &'static Arc<ResourceDef>;
}

/// How a resource is opened and closed, its type erased.
///
/// `#[resource]` fills one in; by hand:
///
/// ```
/// use orch_core::define::{Res, ResourceDef};
///
/// struct Database(String);
///
/// let database = ResourceDef::builder("database")
///     .opens::<Database>()
///     .blocking(|_| Ok(Res::new(Database("dex".to_owned()))))
///     .closed_blocking(|database| Ok(println!("{} is closed", database.0)))
///     .build();
/// assert_eq!(database.key(), "database");
/// ```
pub struct ResourceDef {
    pub(crate) key: String,
    pub(crate) description: Option<String>,
    pub(crate) place: Place,
    pub(crate) ty: TypeInfo,
    pub(crate) needs: Needs,
    pub(crate) open: Body<ResourceArgs, AnyResource>,
    pub(crate) close: Option<Body<AnyResource, ()>>,
    /// By what its code is known, if it is.
    pub(crate) code: Option<Arc<str>>,
    /// The environment variables that it reads.
    pub(crate) env: Vec<String>,
}

impl ResourceDef {
    /// Begins the definition of a resource of this key, at the caller's place in the source.
    #[track_caller]
    pub fn builder(key: impl Into<String>) -> ResourceBuilder {
        ResourceBuilder {
            key: key.into(),
            description: None,
            place: Place::caller(),
            needs: Needs::default(),
            code_version: None,
            fingerprint: None,
            env: Vec::new(),
        }
    }

    /// The key: its name in configuration, and where there are several of the type, the parameter's name.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What it is.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// What it needs itself.
    #[must_use]
    pub fn needs(&self) -> &Needs {
        &self.needs
    }
}

impl fmt::Debug for ResourceDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceDef").field("key", &self.key).field("type", &self.ty).finish_non_exhaustive()
    }
}

/// A [`ResourceDef`] in the making: what it needs.
#[derive(Debug)]
pub struct ResourceBuilder {
    key: String,
    description: Option<String>,
    place: Place,
    needs: Needs,
    code_version: Option<Arc<str>>,
    fingerprint: Option<Arc<str>>,
    env: Vec<String>,
}

impl ResourceBuilder {
    /// Says what the resource is.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Gives the version of its code: with another one, what assets and memoized ops make with it counts as something else.
    #[must_use]
    pub fn code_version(mut self, version: impl Into<Arc<str>>) -> Self {
        self.code_version = Some(version.into());
        self
    }

    /// Says by what the code is known that has no version of its own: a hash of the source, which changes with it. Without
    /// either nobody knows the code, and what takes the resource is made anew each time, unless that trusts its resources.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: impl Into<Arc<str>>) -> Self {
        self.fingerprint = Some(fingerprint.into());
        self
    }

    /// Says that the code reads an environment variable: with another value it opens something else. The hash of the value is
    /// recorded, so it is to be no secret.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>) -> Self {
        self.env.push(name.into());
        self
    }

    /// Takes a configuration: `resources.<key>.config`.
    #[must_use]
    pub fn config<T: Configurable>(mut self) -> Self {
        self.needs.set_config::<T>();
        self
    }

    /// Takes another resource, which is opened before it and closed after it; `name` is the key where there are several
    /// of the type.
    #[must_use]
    pub fn resource<T: Resource + ?Sized>(mut self, name: &str) -> Self {
        self.needs.add_resource::<T>(name, false);
        self
    }

    /// Takes the resource of this key.
    #[must_use]
    pub fn resource_by_key<T: Resource + ?Sized>(mut self, key: &str) -> Self {
        self.needs.add_resource::<T>(key, true);
        self
    }

    /// Says what is opened.
    #[must_use]
    pub fn opens<T: Resource + ?Sized>(self) -> OpenBuilder<T> {
        OpenBuilder { builder: self, resource: std::marker::PhantomData }
    }
}

/// A [`ResourceDef`] in the making: how a `T` is opened.
pub struct OpenBuilder<T: ?Sized> {
    builder: ResourceBuilder,
    resource: std::marker::PhantomData<fn() -> Box<T>>,
}

impl<T: Resource + ?Sized> OpenBuilder<T> {
    /// Opens it with a function that may block; it runs on a thread of its own.
    pub fn blocking(
        self,
        open: impl Fn(ResourceArgs) -> Result<Res<T>, Failure> + Send + Sync + 'static,
    ) -> CloseBuilder<T> {
        self.opened(Body::Blocking(Box::new(move |args| open(args).map(AnyResource::new))))
    }

    /// Opens it with an async function, which must not block.
    pub fn asynchronous<F>(self, open: impl Fn(ResourceArgs) -> F + Send + Sync + 'static) -> CloseBuilder<T>
    where
        F: Future<Output = Result<Res<T>, Failure>> + Send + 'static,
    {
        self.opened(Body::Async(Box::new(move |args| {
            let opening = open(args);
            Box::pin(async move { opening.await.map(AnyResource::new) })
        })))
    }

    fn opened(self, open: Body<ResourceArgs, AnyResource>) -> CloseBuilder<T> {
        let ResourceBuilder { key, description, place, needs, code_version, fingerprint, env } = self.builder;
        let def = ResourceDef {
            key,
            description,
            place,
            ty: TypeInfo::of::<Res<T>>(),
            needs,
            open,
            close: None,
            code: code_version.or(fingerprint),
            env,
        };
        CloseBuilder { def, resource: self.resource }
    }
}

impl<T: ?Sized> fmt::Debug for OpenBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.builder.fmt(f)
    }
}

/// A [`ResourceDef`] in the making: how it is closed, if dropping it is not enough.
pub struct CloseBuilder<T: ?Sized> {
    def: ResourceDef,
    resource: std::marker::PhantomData<fn() -> Box<T>>,
}

impl<T: Resource + ?Sized> CloseBuilder<T> {
    /// Closes it with a function that may block.
    #[must_use]
    pub fn closed_blocking(
        mut self,
        close: impl Fn(&Res<T>) -> Result<(), Failure> + Send + Sync + 'static,
    ) -> Self {
        self.def.close = Some(Body::Blocking(Box::new(move |resource| close(&resource.typed()?))));
        self
    }

    /// Closes it with an async function.
    #[must_use]
    pub fn closed_async<F>(mut self, close: impl Fn(Res<T>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let close = Arc::new(close);
        self.def.close = Some(Body::Async(Box::new(move |resource| {
            let close = Arc::clone(&close);
            Box::pin(async move { close(resource.typed()?).await })
        })));
        self
    }

    /// The definition.
    #[must_use]
    pub fn build(self) -> Arc<ResourceDef> {
        Arc::new(self.def)
    }
}

impl<T: ?Sized> fmt::Debug for CloseBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.def.fmt(f)
    }
}

impl AnyResource {
    fn typed<T: Resource + ?Sized>(&self) -> Result<Res<T>, Failure> {
        self.get().ok_or_else(|| Failure::contract("the resource is of another type"))
    }
}

/// What the function that opens a resource is given.
#[derive(Debug)]
pub struct ResourceArgs(pub(crate) Given);

impl ResourceArgs {
    /// Its configuration.
    ///
    /// # Errors
    /// If the definition declares none of this type.
    pub fn config<T: Configurable>(&self) -> Result<Config<T>, Failure> {
        self.0.config()
    }

    /// Resource number `index` of those it takes.
    ///
    /// # Errors
    /// If there is none of this number and type.
    pub fn resource<T: Resource + ?Sized>(&self, index: usize) -> Result<Res<T>, Failure> {
        self.0.resource(index)
    }
}

impl ResourceDef {
    /// The type of its configuration.
    #[must_use]
    pub fn config(&self) -> Option<&ConfigDef> {
        self.needs.config()
    }
}
