//! What a fan-in gives: the elements that a collecting step receives, and the one value that is made of them.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, TryLockError};

use serde::{Deserialize, Serialize};

use super::{ByValue, Value};
use crate::failure::{ErrorInfo, Failure};
use crate::ids::MappingKey;

/// One element of a fan-in, as a collecting step receives it.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Item {
    /// The mapping key; in a fan-in of `[a, b]` the position.
    pub key: MappingKey,
    /// What became of it.
    pub outcome: Result<Value, StepFailure>,
}

/// Makes one value of the elements of a fan-in.
pub(crate) type Assemble = fn(Vec<Item>) -> Result<Value, Failure>;

/// A value that is yet to be made of the elements of a fan-in.
pub(super) struct Gathered {
    /// Of how many.
    pub(super) count: usize,
    /// Until the whole is assembled; it is made of the items themselves, so that none is there twice.
    items: Mutex<Option<Vec<Item>>>,
    assemble: Assemble,
    whole: OnceLock<Result<Whole, AssembleError>>,
}

type Whole = Arc<dyn Any + Send + Sync>;

/// The message of a failure to assemble, for the second and later consumers.
#[derive(Clone)]
struct AssembleError(String);

impl From<AssembleError> for Failure {
    fn from(error: AssembleError) -> Self {
        Self::new(error.0)
    }
}

impl Gathered {
    pub(super) fn new(items: Vec<Item>, assemble: Assemble) -> Self {
        Self { count: items.len(), items: Mutex::new(Some(items)), assemble, whole: OnceLock::new() }
    }

    /// The value made of them. For the last one who has it nothing of it stays behind.
    pub(super) fn value(gathered: Arc<Self>) -> Result<Whole, Failure> {
        match Arc::try_unwrap(gathered) {
            Ok(mut gathered) => match gathered.whole.take() {
                Some(whole) => whole.map_err(Into::into),
                None => gathered.assembled(),
            },
            Err(shared) => shared.whole().map_err(Into::into),
        }
    }

    /// Whether one of the values lies elsewhere that it is yet to be made of.
    pub(super) fn is_to_load(&self) -> bool {
        match self.items.try_lock() {
            Ok(items) => {
                items.iter().flatten().any(|item| item.outcome.as_ref().is_ok_and(Value::is_to_load))
            }
            // Someone makes it at this moment, and that may take as long as to load them.
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Poisoned(_)) => false,
        }
    }

    /// The values that it is yet to be made of.
    pub(super) fn values(&self) -> Vec<Value> {
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        items.iter().flatten().filter_map(|item| item.outcome.as_ref().ok().cloned()).collect()
    }

    fn whole(&self) -> Result<Whole, AssembleError> {
        let whole =
            self.whole.get_or_init(|| self.assembled().map_err(|failure| AssembleError(failure.to_string())));
        whole.clone()
    }

    fn assembled(&self) -> Result<Whole, Failure> {
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner).take();
        // They are gone if the `Clone` of one panicked, and a shorter list would be a wrong one.
        let items = items.ok_or_else(|| Failure::new("a panic stopped the list from being assembled"))?;
        (self.assemble)(items)?.whole()
    }
}

/// Assembles a `Vec<T>` of the values alone.
///
/// # Errors
/// If a value is no `T`, or an element failed (the engine then does not ask).
pub(crate) fn assemble_values<T: ByValue>(items: Vec<Item>) -> Result<Value, Failure> {
    let values: Result<Vec<T>, Failure> = items.into_iter().map(|item| item.outcome?.take()).collect();
    values.map(Value::new)
}

/// Assembles a `Vec<Keyed<T>>`.
///
/// # Errors
/// As [`assemble_values`].
pub(crate) fn assemble_keyed<T: ByValue>(items: Vec<Item>) -> Result<Value, Failure> {
    let keyed = |item: Item| Ok(Keyed { key: item.key, value: item.outcome?.take::<T>()? });
    items.into_iter().map(keyed).collect::<Result<Vec<_>, Failure>>().map(Value::new)
}

/// Assembles a `Vec<Keyed<Result<T, StepFailure>>>`.
///
/// # Errors
/// If a value is no `T`.
pub(crate) fn assemble_results<T: ByValue>(items: Vec<Item>) -> Result<Value, Failure> {
    let result = |item: Item| {
        let value = match item.outcome {
            Ok(value) => Ok(value.take::<T>()?),
            Err(failure) => Err(failure),
        };
        Ok(Keyed { key: item.key, value })
    };
    items.into_iter().map(result).collect::<Result<Vec<_>, Failure>>().map(Value::new)
}

/// A collected value with the mapping key it came under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyed<T> {
    /// The mapping key.
    pub key: MappingKey,
    /// The value.
    pub value: T,
}

/// Why one element of a map has no value, as `collect_results` hands it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFailure {
    /// The step that failed, e.g. `select[3]`; not necessarily the collected one, which may only have been skipped.
    pub step: String,
    /// The error of its last attempt.
    pub error: Arc<ErrorInfo>,
}

impl fmt::Display for StepFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` failed: {}", self.step, self.error.message)
    }
}

impl std::error::Error for StepFailure {}
