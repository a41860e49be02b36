//! Text of a given width on a terminal, where a letter may take two columns or none.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// A text of at most so many columns, shortened in its middle: names in a graph differ at their ends.
pub(super) fn shorten(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let Some(room) = max.checked_sub(1) else { return String::new() };
    let tail = fitting(text.chars().rev(), room / 2);
    let head = fitting(text.chars(), room - room / 2);
    let tail: String = tail.chars().rev().collect();
    format!("{head}…{tail}")
}

/// A text of at most so many columns, its end left out.
pub(super) fn clip(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    max.checked_sub(1).map_or_else(String::new, |room| format!("{}…", fitting(text.chars(), room)))
}

/// A text cut or filled with spaces to exactly so many columns.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let mut text = shorten(text, columns);
    text.push_str(&" ".repeat(columns.saturating_sub(width(&text))));
    text
}

fn fitting(chars: impl Iterator<Item = char>, room: usize) -> String {
    let mut left = room;
    chars
        .take_while(|c| {
            let fits = c.width().unwrap_or(0) <= left;
            left = left.saturating_sub(c.width().unwrap_or(0));
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_middle() {
        assert_eq!(shorten("load[100]", 9), "load[100]");
        assert_eq!(shorten("extract_pages[100]", 9), "extr…100]");
        assert_eq!(fit("ピカチュウ", 7), "ピ…ウ  ");
        assert_eq!((clip("ピカチュウ", 4), clip("ab", 2)), ("ピ…".to_owned(), "ab".to_owned()));
        assert_eq!((shorten("abc", 1), shorten("abc", 0)), ("…".to_owned(), String::new()));
    }
}
