use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::read::read_with_secrets;
use super::{EnvVars, Node, Origin, ReadError, Secret, WriteError, check, write};
use crate::failure::Failure;
use crate::value::{TypeInfo, Value};

/// What can be configuration: what can be read from a tree, written as one, and described by a JSON Schema.
///
/// `#[derive(Config)]` implements it, and all that it asks for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no configuration",
    label = "must derive `Config`",
    note = "derive it: `#[derive(Config)]`"
)]
pub trait Configurable: DeserializeOwned + Serialize + JsonSchema + Send + Sync + 'static {}

/// Configuration, as an op takes it: a parameter of this type is read, checked and there before the run begins.
///
/// It is the `T` by reference; its clones share it.
///
/// ```
/// use orch_core::config::Config;
///
/// struct Source {
///     path: String,
/// }
///
/// fn extract(source: Config<Source>) -> usize {
///     source.path.len()
/// }
///
/// // A test makes it of a value.
/// assert_eq!(extract(Config::new(Source { path: "pokemon.csv".into() })), 11);
/// ```
pub struct Config<T>(Arc<T>);

impl<T> Config<T> {
    /// Makes configuration of a value, for a test that calls an op's function.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for Config<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Clone for Config<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> From<T> for Config<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// As the value is.
impl<T: fmt::Debug> fmt::Debug for Config<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A type of configuration, erased: how it is described and read.
#[derive(Clone)]
pub struct ConfigDef {
    ty: TypeInfo,
    schema: fn() -> Schema,
    schema_in: fn(&mut SchemaGenerator) -> Schema,
    read: Arc<Read>,
    written: fn(&Value, &Origin) -> Option<Result<Node, WriteError>>,
}

/// Makes a value of a tree.
type Read = dyn Fn(&Node, &EnvVars) -> Result<AnyConfig, ReadError> + Send + Sync;

impl ConfigDef {
    /// The configuration type `T`.
    #[must_use]
    pub fn of<T: Configurable>() -> Self {
        Self {
            ty: TypeInfo::of::<T>(),
            schema: || {
                let mut schema = SchemaGenerator::default().into_root_schema_for::<T>();
                shorten(&mut schema);
                schema
            },
            schema_in: SchemaGenerator::subschema_for::<T>,
            read: Arc::new(|node, env| {
                let (value, secrets) = read_with_secrets::<T>(node, env)?;
                Ok(AnyConfig { value: Arc::new(value), secrets: secrets.into() })
            }),
            written: |value, origin| write(&*value.clone().share::<T>().ok()?, origin).into(),
        }
    }

    /// The configuration type `Outer`, of which `map` makes the `Inner` that is read. What it makes is checked by the
    /// schema of `Inner`; secrets in it are those that `Outer` refers to.
    #[must_use]
    pub fn mapped<Outer: Configurable, Inner: Configurable>(
        map: impl Fn(&Outer) -> Result<Inner, Failure> + Send + Sync + 'static,
    ) -> Self {
        let (inner, outer) = (Self::of::<Inner>(), Self::of::<Outer>());
        let read = move |node: &Node, env: &EnvVars| {
            let refused = |message: String| ReadError::new(node.origin.clone(), message);
            let (value, _) = read_with_secrets::<Outer>(node, env)?;
            let made = map(&value).map_err(|failure| refused(failure.info().to_string()))?;
            let made = write(&made, &node.origin).map_err(|error| refused(error.to_string()))?;
            let made = check(&made, &inner.schema(), env).map_err(|error| refused(error.to_string()))?;
            inner.read(&made, env)
        };
        Self { read: Arc::new(read), ..outer }
    }

    /// The type.
    #[must_use]
    pub fn ty(&self) -> TypeInfo {
        self.ty
    }

    /// Its JSON Schema, of draft 2020-12: of what is read, with definitions of its own.
    #[must_use]
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// Its schema within a larger one, which has the definitions of all.
    pub(crate) fn schema_in(&self, larger: &mut SchemaGenerator) -> Schema {
        (self.schema_in)(larger)
    }

    /// A value of the type as a tree, to be checked like any other; none if it is of another type.
    pub(crate) fn written(&self, value: &Value, origin: &Origin) -> Option<Result<Node, WriteError>> {
        (self.written)(value, origin)
    }

    /// Makes a value of the type of a tree, as [`read`](super::read) does.
    ///
    /// # Errors
    /// Of the first thing that cannot be read, with its place.
    pub fn read(&self, node: &Node, env: &EnvVars) -> Result<AnyConfig, ReadError> {
        (self.read)(node, env)
    }
}

/// Writes defaults of single floats as their author did, `0.1`: schemars has them with the digits of a double,
/// 0.10000000149011612.
pub(crate) fn shorten(schema: &mut Schema) {
    let is_single = schema.get("format").is_some_and(|format| format == "float");
    let default = schema.get("default").filter(|_| is_single).and_then(serde_json::Value::as_f64);
    #[expect(clippy::cast_possible_truncation, reason = "it was a single float before")]
    let short = default.and_then(|default| (default as f32).to_string().parse::<f64>().ok());
    if let Some(short) = short {
        schema.insert("default".to_owned(), short.into());
    }
    transform_subschemas(&mut shorten, schema);
}

impl fmt::Debug for ConfigDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConfigDef").field(&self.ty).finish()
    }
}

/// Configuration that was read, its type erased. Its clones share it.
#[derive(Clone)]
pub struct AnyConfig {
    value: Arc<dyn Any + Send + Sync>,
    secrets: Arc<[Secret<String>]>,
}

impl AnyConfig {
    /// The configuration, if it is a `T`.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<Config<T>> {
        Arc::clone(&self.value).downcast().ok().map(Config)
    }

    /// The texts of all secrets that were resolved when it was read, for a [`Scrubber`](super::Scrubber).
    #[must_use]
    pub fn secrets(&self) -> &[Secret<String>] {
        &self.secrets
    }
}

impl fmt::Debug for AnyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyConfig(..)")
    }
}
