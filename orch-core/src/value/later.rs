use std::sync::{Arc, OnceLock};

use super::Value;
use crate::failure::{ErrorInfo, Failure, quietly};

/// A value that lies somewhere else until someone looks at it, and is loaded once.
pub(super) struct Later {
    load: Arc<dyn Fn() -> Result<Value, Failure> + Send + Sync>,
    value: OnceLock<Result<Value, Arc<ErrorInfo>>>,
}

impl Later {
    pub(super) fn new(load: impl Fn() -> Result<Value, Failure> + Send + Sync + 'static) -> Self {
        Self { load: Arc::new(load), value: OnceLock::new() }
    }

    /// The same, of which nothing is loaded.
    pub(super) fn again(&self) -> Self {
        Self { load: Arc::clone(&self.load), value: OnceLock::new() }
    }

    /// The value. For the last one who has it nothing of it stays behind, so that it can be moved.
    pub(super) fn value(later: Arc<Self>) -> Result<Value, Failure> {
        match Arc::try_unwrap(later) {
            Ok(mut later) => match later.value.take() {
                Some(value) => value.map_err(|error| Failure::told(&error)),
                None => (later.load)(),
            },
            Err(shared) => shared.loaded().clone().map_err(|error| Failure::told(&error)),
        }
    }

    /// The value in place; none if it cannot be loaded.
    pub(super) fn get(&self) -> Option<&Value> {
        self.loaded().as_ref().ok()
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.value.get().is_some()
    }

    pub(super) fn loaded(&self) -> &Result<Value, Arc<ErrorInfo>> {
        self.value.get_or_init(|| {
            // What loads may be the user's code, and its panic is as good a reason as any other.
            let loaded = quietly(|| (self.load)()).and_then(|loaded| loaded);
            loaded.map_err(|failure| Arc::new(failure.info()))
        })
    }
}
