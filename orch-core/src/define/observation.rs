use super::{OpError, WithMetadata};
use crate::asset::DataVersion;
use crate::failure::Failure;

/// What the function of an observation may return: a [`DataVersion`], by itself or in a `Result`, with what is known of it or
/// without. As an `Option` of that it may say that nothing is there by now, `None`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which version the data has",
    label = "expected `DataVersion`",
    note = "an observation returns `DataVersion::new(..)` of anything that can be shown, by itself or in a `Result`, and as an \
            `Option` where there may be nothing yet; what else is known of the data is said with \
            `WithMetadata::new(version).metadata(\"rows\", 3)`"
)]
pub trait ObservationReturn {
    /// The version, and what is known of it; [that of nothing](DataVersion::is_nothing) if nothing is there.
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
                .hint("where nothing is there, return `None` of an `Option<DataVersion>`"));
        }
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<R: ObservationReturn> ObservationReturn for Option<R> {
    fn into_version(self) -> Result<WithMetadata<DataVersion>, Failure> {
        match self {
            Some(found) => found.into_version(),
            None => Ok(WithMetadata::new(DataVersion::nothing())),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<R: ObservationReturn, E: OpError> ObservationReturn for Result<R, E> {
    fn into_version(self) -> Result<WithMetadata<DataVersion>, Failure> {
        self.map_err(OpError::into_failure)?.into_version()
    }
}
