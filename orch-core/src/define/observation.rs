use super::{OpError, WithMetadata};
use crate::asset::DataVersion;
use crate::failure::Failure;

/// What the function of an observation may return: a [`DataVersion`], by itself or in a `Result`, with what is known of it or
/// without.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which version the data has",
    label = "expected `DataVersion`",
    note = "an observation returns `DataVersion::new(..)` of anything that can be shown, by itself or in a `Result`; what else is \
            known of the data is said with `WithMetadata::new(version).metadata(\"rows\", 3)`"
)]
pub trait ObservationReturn {
    /// The version, and what is known of it.
    ///
    /// # Errors
    /// The function's own.
    fn into_version(self) -> Result<WithMetadata<DataVersion>, Failure>;
}

impl ObservationReturn for DataVersion {
    fn into_version(self) -> Result<WithMetadata<DataVersion>, Failure> {
        WithMetadata::new(self).into_version()
    }
}

impl ObservationReturn for WithMetadata<DataVersion> {
    fn into_version(self) -> Result<WithMetadata<DataVersion>, Failure> {
        if self.value.as_str().is_empty() {
            return Err(Failure::new("the version is an empty text, which tells nothing")
                .hint("where nothing is there to be looked at, let the observation fail"));
        }
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<R: ObservationReturn, E: OpError> ObservationReturn for Result<R, E> {
    fn into_version(self) -> Result<WithMetadata<DataVersion>, Failure> {
        self.map_err(OpError::into_failure)?.into_version()
    }
}
