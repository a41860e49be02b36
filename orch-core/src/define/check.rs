use super::OpError;
use crate::asset::CheckResult;
use crate::failure::Failure;

/// What the function of a check may return: a [`CheckResult`], or whether it has passed, by itself or in a `Result`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether a check has passed",
    label = "expected `CheckResult` or `bool`",
    note = "a check returns `CheckResult::passed()` or `CheckResult::failed(\"why\")`, or a `bool`, by itself or in a \
            `Result`; what it has counted is said with `.metadata(\"rows\", 3)`"
)]
pub trait CheckReturn {
    /// What the check has found.
    ///
    /// # Errors
    /// The function's own.
    fn into_result(self) -> Result<CheckResult, Failure>;
}

impl CheckReturn for CheckResult {
    fn into_result(self) -> Result<CheckResult, Failure> {
        Ok(self)
    }
}

impl CheckReturn for bool {
    fn into_result(self) -> Result<CheckResult, Failure> {
        Ok(CheckResult { passed: self, ..CheckResult::passed() })
    }
}

#[diagnostic::do_not_recommend]
impl<R: CheckReturn, E: OpError> CheckReturn for Result<R, E> {
    fn into_result(self) -> Result<CheckResult, Failure> {
        self.map_err(OpError::into_failure)?.into_result()
    }
}
