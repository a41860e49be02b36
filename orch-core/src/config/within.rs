//! Paths inside a tree, made from the inside out: an error passes the places that it lies within, one after another.

/// Puts the name of an entry before a path.
pub(super) fn entry(path: &mut String, key: &str) {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    let mut longer = if plain { key.to_owned() } else { format!("{key:?}") };
    if !path.is_empty() && !path.starts_with('[') {
        longer.push('.');
    }
    longer.push_str(path);
    *path = longer;
}

/// Puts the number of an item of a list, from 0, before a path.
pub(super) fn item(path: &mut String, at: usize) {
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    *path = format!("[{at}]{dot}{path}");
}
