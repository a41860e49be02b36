use std::fmt;

use super::{Args, Products};
use crate::failure::Failure;

/// A boxed future that can move between threads.
pub(crate) type BoxFuture<T> = futures::future::BoxFuture<'static, T>;

/// A function that blocks, its types erased.
type Blocking<A, R> = dyn Fn(A) -> Result<R, Failure> + Send + Sync;

/// An async function, its types erased.
type Async<A, R> = dyn Fn(A) -> BoxFuture<Result<R, Failure>> + Send + Sync;

/// A user's function, its types erased: of an op, unless said otherwise.
#[doc(hidden)]
pub enum Body<A = Args, R = Products> {
    /// Runs on a blocking thread.
    Blocking(Box<Blocking<A, R>>),
    /// Runs on the async runtime.
    Async(Box<Async<A, R>>),
}

impl<A, R> fmt::Debug for Body<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocking(_) => "Blocking(..)",
            Self::Async(_) => "Async(..)",
        })
    }
}
