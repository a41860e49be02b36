//! Where there is neither a socket that two processes share nor a group of them, no step has a process of its own.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::define::{Cancel, Inputs, OpDef, Products};
use crate::engine::Dispatcher;
use crate::failure::Failure;
use crate::ids::StepPath;

/// There is none.
pub(crate) struct Pool(Infallible);

impl Pool {
    pub(crate) fn call(&self, _: &Call<'_>, _: Inputs) -> Result<Products, Failure> {
        match self.0 {}
    }

    pub(crate) fn pulling<R>(
        &self,
        _: u64,
        _: &(StepPath, u32),
        _: Option<&Cancel>,
        _: impl FnOnce() -> R,
    ) -> R {
        match self.0 {}
    }

    pub(crate) fn kill(&self, _: u64) {
        match self.0 {}
    }

    pub(crate) fn cancel(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn time_to_cancel(&self) -> Duration {
        match self.0 {}
    }

    pub(crate) fn kill_busy(&self) {
        match self.0 {}
    }

    pub(crate) fn kill_all(&self) {
        match self.0 {}
    }

    pub(crate) fn end(&self) {
        match self.0 {}
    }
}

/// A call that nobody makes.
#[expect(dead_code, reason = "nobody reads what nobody makes")]
pub(crate) struct Call<'a> {
    pub(crate) op: &'a OpDef,
    pub(crate) step: &'a str,
    pub(crate) path: &'a StepPath,
    pub(crate) attempt: u32,
    pub(crate) ticket: u64,
    pub(crate) stop: Option<&'a Cancel>,
    pub(crate) run: &'a Cancel,
    pub(crate) dispatcher: &'a Arc<Dispatcher>,
}
