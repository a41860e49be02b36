use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::config::{EnvVars, Node, ReadError, Secret, read_undescribed};
use crate::io::Codec;
use crate::value::{
    Assemble, ByValue, Data, Keyed, StepFailure, TypeInfo, Value, assemble_keyed, assemble_results,
    assemble_values,
};

/// One input of an op.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InputDef {
    /// The parameter's name.
    pub name: Arc<str>,
    /// Its type, without the reference.
    pub ty: TypeInfo,
    /// Whether it is taken by value or by reference.
    pub passing: Passing,
    /// Makes a value of the type of a tree; none if serde cannot.
    pub from_config: Option<FromConfig>,
    /// The lists of values that it can be made of.
    pub gathers: Vec<Gather>,
    /// How its values are written as bytes, for a step in a process of its own; none if they cannot be.
    pub codec: Option<Codec>,
}

/// How an input is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passing {
    /// By value: moved into the last consumer, cloned for the others.
    Value,
    /// By reference: shared, never copied.
    Reference,
}

/// Makes a value of a tree, as [`read`](crate::config::read) does; where the type takes no map, `{env: NAME}` is what the
/// variable holds.
pub type FromConfig = fn(&Node, &EnvVars) -> Result<InputRead, ReadError>;

/// A value that was read for an input.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InputRead {
    /// The value, of the input's type.
    pub value: Value,
    /// The texts of all secrets that were resolved for it, for a [`Scrubber`](crate::config::Scrubber).
    pub secrets: Vec<Secret<String>>,
}

/// How an input is made of many values, where no types of handles say it: collected ones, or those of several steps.
#[derive(Clone, Copy)]
pub struct Gather {
    element: fn() -> TypeInfo,
    form: Form,
    assemble: Assemble,
}

/// What stands in the list of a [`Gather`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The values alone.
    Values,
    /// The values with their keys.
    Keyed,
    /// Values and failures, with their keys.
    Results,
}

impl Gather {
    /// The type of the values.
    #[must_use]
    pub fn element(&self) -> TypeInfo {
        (self.element)()
    }

    /// Whether the list has the values alone, without keys.
    #[must_use]
    pub fn plain(&self) -> bool {
        self.form == Form::Values
    }

    /// Whether failed items are elements too.
    #[must_use]
    pub fn results(&self) -> bool {
        self.form == Form::Results
    }

    pub(crate) fn assemble(&self) -> Assemble {
        self.assemble
    }
}

impl fmt::Debug for Gather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather").field("element", &self.element()).field("form", &self.form).finish()
    }
}

/// Finds out how an input of type `T` can be fed by what knows no types: configuration, and jobs built from data.
///
/// Each constant is there for every type, an inherent one where the type has what it takes, else that of [`DefaultFed`],
/// `None`. So the compiler is asked what a type can do without failing if it cannot; the type must be a concrete one.
///
/// ```
/// use orch_core::define::{DefaultFed as _, Fed};
///
/// assert!(Fed::<i64>::READ.is_some());
/// assert!(Fed::<std::sync::Mutex<std::fs::File>>::READ.is_none());
/// assert!(Fed::<Vec<i64>>::VALUES.is_some());
/// assert!(Fed::<i64>::VALUES.is_none());
/// ```
pub struct Fed<T>(PhantomData<fn() -> T>);

impl<T: Data + DeserializeOwned> Fed<T> {
    /// Reads one.
    pub const READ: Option<FromConfig> = Some(|node, env| {
        let (value, secrets) = read_undescribed::<T>(node, env)?;
        Ok(InputRead { value: Value::new(value), secrets })
    });
}

impl<T: ByValue> Fed<Vec<T>> {
    /// Makes one of values of type `T`.
    pub const VALUES: Option<Gather> =
        Some(Gather { element: TypeInfo::of::<T>, form: Form::Values, assemble: assemble_values::<T> });
}

impl<T: ByValue> Fed<Vec<Keyed<T>>> {
    /// Makes one of values of type `T`, with their keys.
    pub const KEYS: Option<Gather> =
        Some(Gather { element: TypeInfo::of::<T>, form: Form::Keyed, assemble: assemble_keyed::<T> });
}

impl<T: ByValue> Fed<Vec<Keyed<Result<T, StepFailure>>>> {
    /// Makes one of values of type `T` and of failures, with their keys.
    pub const RESULTS: Option<Gather> =
        Some(Gather { element: TypeInfo::of::<T>, form: Form::Results, assemble: assemble_results::<T> });
}

impl<T> fmt::Debug for Fed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fed")
    }
}

/// The answers of [`Fed`] where its inherent constants do not apply.
#[doc(hidden)]
pub trait DefaultFed {
    #[doc(hidden)]
    const READ: Option<FromConfig> = None;
    #[doc(hidden)]
    const VALUES: Option<Gather> = None;
    #[doc(hidden)]
    const KEYS: Option<Gather> = None;
    #[doc(hidden)]
    const RESULTS: Option<Gather> = None;
}

impl<T> DefaultFed for Fed<T> {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use insta::assert_snapshot;

    use super::*;
    use crate::config::{ConfigPath, FileFormat};
    use crate::define::{One, OpDef};

    /// Neither serde nor `Clone`.
    struct Connection;

    #[derive(Clone)]
    struct Page;

    #[test]
    fn what_a_type_can_be_fed_is_known_of_it() {
        let read = [Fed::<String>::READ, Fed::<Option<Vec<u8>>>::READ, Fed::<Page>::READ];
        assert_eq!(read.map(|read| read.is_some()), [true, true, false]);
        let forms = |forms: [Option<Gather>; 3]| {
            forms.map(|form| form.map_or_else(|| "-".to_owned(), |form| form.element().name())).join(" ")
        };
        let none = [Fed::<Vec<Connection>>::VALUES, Fed::<Page>::KEYS, Fed::<Page>::RESULTS];
        assert_eq!(forms(none), "- - -");
        type Pages = Vec<Keyed<Result<Page, StepFailure>>>;
        let results = [Fed::<Pages>::VALUES, Fed::<Pages>::KEYS, Fed::<Pages>::RESULTS];
        assert_eq!(forms(results), "Keyed<Result<Page, StepFailure>> Result<Page, StepFailure> Page");
    }

    #[test]
    fn an_input_is_read_from_a_tree() {
        let op = OpDef::builder("load").input::<Vec<u64>>("batch");
        let op = op
            .fed(
                Fed::<Vec<u64>>::READ,
                [Fed::<Vec<u64>>::VALUES, Fed::<Vec<u64>>::KEYS, Fed::<Vec<u64>>::RESULTS],
            )
            .returns::<One<(), 0>>()
            .blocking(|_| Ok(()));
        let node =
            Node::parse(FileFormat::Yaml, "run.yaml", "good: [1, 2]\nbad: [1, two]\nenv: [{env: N}, 3]\n")
                .expect("a map");
        let read = op.inputs()[0].from_config.expect("serde reads numbers");
        let at = |key: &str| node.at(&ConfigPath::root().key(key)).expect("is there");
        let read_good = read(at("good"), &EnvVars::none()).expect("numbers");
        assert_eq!(read_good.value.get::<Vec<u64>>(), Some(&vec![1, 2]));
        let error = read(at("bad"), &EnvVars::none()).expect_err("a text");
        assert_snapshot!(error, @r#"
        `[1]`: invalid type: string "two", expected u64
          --> run.yaml:2:10
        "#);
        // No schema says what is a reference; the type does, which takes no map here.
        let env = EnvVars::none().with("N", " 7 ");
        assert_eq!(read(at("env"), &env).expect("numbers").value.get::<Vec<u64>>(), Some(&vec![7, 3]));
        let unset = read(at("env"), &EnvVars::none()).expect_err("it is not set");
        let wrong = read(at("env"), &EnvVars::none().with("N", "seven")).expect_err("no number");
        assert_snapshot!(format!("{unset}\n{wrong}"), @r#"
        `[0]`: the environment variable `N` is not set
          --> run.yaml:3:7
        `[0]`: invalid type: string "seven", expected u64
          --> run.yaml:3:7 (env N)
        "#);
        let map = Fed::<BTreeMap<String, String>>::READ.expect("serde reads maps");
        let node = Node::parse(FileFormat::Yaml, "run.yaml", "env: N").expect("a map");
        let map = map(&node, &env).expect("a map that looks like a reference").value;
        let expected = BTreeMap::from([("env".to_owned(), "N".to_owned())]);
        assert_eq!(map.get::<BTreeMap<String, String>>(), Some(&expected));
        assert_eq!(op.inputs()[0].gathers.len(), 1);
    }
}
