use crate::failure::Failure;

/// The error of an op: whatever can become a [`Failure`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of an op, hook or resource",
    label = "its error cannot become a `Failure`",
    note = "implement `std::error::Error` for it, which must also be `Send + Sync`, or return `orch::Result<T>`"
)]
pub trait OpError: Sized {
    /// The error as it travels on.
    fn into_failure(self) -> Failure;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Failure>> OpError for E {
    fn into_failure(self) -> Failure {
        self.into()
    }
}

/// The `Result<T, _>` that an op returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Result`",
    label = "has the name of a `Result`",
    note = "an op that can fail returns `Result<T, E>` or `orch::Result<T>`; a type of your own needs another name"
)]
pub trait FallibleReturn<T> {
    /// The same with the error that travels on.
    ///
    /// # Errors
    /// The op's own.
    fn into_failure(self) -> Result<T, Failure>;
}

impl<T, E: OpError> FallibleReturn<T> for Result<T, E> {
    fn into_failure(self) -> Result<T, Failure> {
        self.map_err(OpError::into_failure)
    }
}
