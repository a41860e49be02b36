use std::fmt;

/// Writes one problem as people read it: the message, a line for each place with what is there, and the hint below, which
/// may have several lines.
pub(crate) fn tell<W: AsRef<str>, P: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    message: &str,
    places: impl IntoIterator<Item = (Option<W>, P)>,
    hint: Option<&str>,
) -> fmt::Result {
    write!(f, "error: {message}")?;
    for (what, place) in places {
        write!(f, "\n  --> {place}")?;
        if let Some(what) = what {
            write!(f, " ({})", what.as_ref())?;
        }
    }
    for (at, line) in hint.into_iter().flat_map(str::lines).enumerate() {
        f.write_str(if at == 0 { "\n  hint: " } else { "\n        " })?;
        f.write_str(line)?;
    }
    Ok(())
}
