use super::OpError;
use crate::failure::Failure;

/// What a function may return that does something and gives nothing, a hook or one that closes a resource: `()`, or a
/// `Result<()>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing to end with",
    label = "expected `()` or `Result<()>`",
    note = "what it gives would reach nobody: let the function return nothing, or `orch::Result<()>`; an async \
            one that closes a resource is named with `close_async = ..`"
)]
pub trait Finish {
    /// Whether it went well.
    ///
    /// # Errors
    /// The function's own.
    fn into_result(self) -> Result<(), Failure>;
}

impl Finish for () {
    fn into_result(self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<E: OpError> Finish for Result<(), E> {
    fn into_result(self) -> Result<(), Failure> {
        self.map_err(OpError::into_failure)
    }
}
