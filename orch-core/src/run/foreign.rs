use std::fmt::Display;

use crate::failure::Failure;

/// That what others make cannot be loaded, by this IO manager. What is not there this program has not lost, and cannot make.
pub(super) fn unloaded(asset: &dyn Display, io: &str, failure: Failure) -> Failure {
    let lacks_hint = failure.is_not_found() || failure.info().hint.is_none();
    let failure = failure.context(format!("the external asset `{asset}` cannot be loaded"));
    match lacks_hint {
        true => failure.hint(format!(
            "others make it, and have to put it there where the IO manager `{io}` looks for it; this program only reads it"
        )),
        false => failure,
    }
}
