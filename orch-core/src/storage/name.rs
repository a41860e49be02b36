use super::{StorageError, StorageErrorKind};

/// The end of the names of files that are not yet complete.
const PARTIAL: &str = ".part";

/// Checks the name of a file of a run, or of an asset: parts divided by `/`, as in `load/100/result.parquet`. The names that
/// [`OutputAt::relative_path`](crate::io::OutputAt::relative_path) makes are of this form, with or without an extension.
///
/// # Errors
/// If it could lead out of the folder, names a folder, or ends as the names of files not yet complete do.
pub fn check_name(name: &str) -> Result<(), StorageError> {
    let why = if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        "has a part that is empty, `.` or `..`"
    } else if name.contains(|c: char| matches!(c, '\\' | ':') || c.is_control()) {
        "has a backslash, a colon or a control character"
    } else if name.ends_with(PARTIAL) {
        "ends as the names of files that are not yet complete do"
    } else {
        return Ok(());
    };
    let message = format!("`{}` is no name of a file: it {why}", name.escape_debug());
    Err(StorageError::new(StorageErrorKind::NotFound, message)
        .hint("write parts divided by `/`, such as `load/100/result.parquet`"))
}
