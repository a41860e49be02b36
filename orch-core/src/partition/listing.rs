use std::borrow::Cow;

use super::error::PartitionError;

/// What stands between two commas of a text that selects keys.
pub(super) struct Item<'a> {
    /// As it is written.
    pub(super) text: &'a str,
    pub(super) first: Written<'a>,
    /// The other end of a range.
    pub(super) last: Option<Written<'a>>,
}

/// A key as it is written, or a word in its place, or nothing.
pub(super) struct Written<'a> {
    pub(super) key: Cow<'a, str>,
    is_quoted: bool,
}

impl Written<'_> {
    pub(super) fn is_left_out(&self) -> bool {
        self.is("")
    }

    /// Whether it is this word; in quotes it would be a key.
    pub(super) fn is(&self, word: &str) -> bool {
        !self.is_quoted && self.key == word
    }
}

/// What a text lists. A key that begins with a quote ends with the next one, and has between them what else separates keys; a quote
/// that belongs to it is written twice.
pub(super) fn items(text: &str) -> Result<Vec<Item<'_>>, PartitionError> {
    let (mut items, mut rest) = (Vec::new(), Some(text));
    while let Some(from) = rest {
        let (first, mut behind) = written(from, false)?;
        let mut last = None;
        if let Some(end) = behind.strip_prefix("..") {
            let (end, behind_end) = written(end, true)?;
            (last, behind) = (Some(end), behind_end);
        }
        let text = from[..from.len() - behind.len()].trim();
        if text.contains("...") {
            return Err(PartitionError::selection(format!("the range `{text}` has three dots"))
                .hint("two stand between the first and the last; a key that begins or ends with a dot is written in quotes"));
        }
        rest = behind.strip_prefix(',');
        if rest.is_none() && !behind.is_empty() {
            return Err(PartitionError::selection(format!(
                "`{behind}` stands behind the quoted key `{text}`"
            ))
            .hint("a comma or `..` stands behind a key; a quote that belongs to it is written twice"));
        }
        items.push(Item { text, first, last });
    }
    Ok(items)
}

/// The key with which a text begins and what is behind it: a comma, or `..` if it is not the last of a range.
fn written(from: &str, is_last: bool) -> Result<(Written<'_>, &str), PartitionError> {
    let from = from.trim_start();
    let Some(mut rest) = from.strip_prefix('"') else {
        let item = &from[..from.find(',').unwrap_or(from.len())];
        let end = item.find("..").filter(|_| !is_last).unwrap_or(item.len());
        return Ok((Written { key: item[..end].trim_end().into(), is_quoted: false }, &from[end..]));
    };
    let mut key = String::new();
    loop {
        let (part, behind) = rest.split_once('"').ok_or_else(|| {
            PartitionError::selection(format!("the quoted key `{from}` has no end"))
                .hint("a quote stands before it and one behind it")
        })?;
        key.push_str(part);
        match behind.strip_prefix('"') {
            Some(behind) => {
                key.push('"');
                rest = behind;
            }
            None => return Ok((Written { key: key.into(), is_quoted: true }, behind.trim_start())),
        }
    }
}

/// A key as it is written in a list.
pub(super) fn listed(key: &str) -> Cow<'_, str> {
    if key.contains(',') || key.starts_with('"') { quoted(key) } else { key.into() }
}

/// A range of keys as it is written.
pub(super) fn range(first: &str, last: &str) -> String {
    let has_dot = |key: &str| key.starts_with('.') || key.ends_with('.');
    let [first, last] = [first, last].map(|key| if has_dot(key) { quoted(key) } else { listed(key) });
    format!("{first}..{last}")
}

fn quoted(key: &str) -> Cow<'_, str> {
    format!("\"{}\"", key.replace('"', "\"\"")).into()
}
