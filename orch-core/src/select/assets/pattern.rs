use std::fmt::{self, Write as _};

use super::super::token::is_in_word;
use crate::ids::Escaped;

/// A text in which `*` stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Pattern(pub(in super::super) String);

impl Pattern {
    /// Whether the whole text fits.
    pub(super) fn fits(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut text) = text.strip_prefix(first) else { return false };
        let mut parts = rest.split('*');
        let last = parts.next_back().unwrap_or_default();
        // Each part at the first place there is leaves the most to the others.
        for part in parts {
            match text.find(part) {
                Some(at) => text = &text[at + part.len()..],
                None => return false,
            }
        }
        text.ends_with(last)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() && self.0.chars().all(|c| c == '*' || is_in_word(c)) {
            return f.write_str(&self.0);
        }
        f.write_char('"')?;
        Escaped::QUOTED.write(f, &self.0)?;
        f.write_char('"')
    }
}
