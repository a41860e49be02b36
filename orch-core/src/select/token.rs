use std::sync::Arc;

use super::error::{Mistake, Origin};
use crate::ids::{Escaped, MappingKey};

/// A piece of a selection, of either form.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// In characters.
    pub(super) at: usize,
    pub(super) len: usize,
    /// Whether a blank stands before it.
    pub(super) spaced: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Letters, digits and what may stand among them.
    Word(String),
    /// Text in quotes.
    Quoted(String),
    /// `[100]`.
    Key(MappingKey),
    Star,
    Plus,
    Comma,
    Colon,
    Equals,
    Open,
    Close,
    End,
    /// What stands in no selection.
    Stray(char),
    /// A key or quoted text that is not written well: what was expected, so many characters on.
    Broken(&'static str, usize),
}

/// What a word is made of, beside letters and digits.
const IN_WORDS: [char; 5] = ['_', '-', '.', '/', '@'];

pub(super) fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || IN_WORDS.contains(&c)
}

/// All tokens of a text, the last of which is [`Kind::End`].
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut rest, mut at, mut spaced) = (text, 0, false);
    while let Some(c) = rest.chars().next() {
        if c.is_whitespace() {
            (rest, at, spaced) = (&rest[c.len_utf8()..], at + 1, true);
            continue;
        }
        let (kind, bytes) = match c {
            '*' => (Kind::Star, 1),
            '+' => (Kind::Plus, 1),
            ',' => (Kind::Comma, 1),
            ':' => (Kind::Colon, 1),
            '=' => (Kind::Equals, 1),
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            '[' => escaped(&Escaped::KEY, rest, |key| Kind::Key(key.into())),
            '"' => escaped(&Escaped::QUOTED, rest, Kind::Quoted),
            c if is_in_word(c) => {
                let bytes = rest.find(|c| !is_in_word(c)).unwrap_or(rest.len());
                (Kind::Word(rest[..bytes].to_owned()), bytes)
            }
            c => (Kind::Stray(c), c.len_utf8()),
        };
        let len = rest[..bytes].chars().count();
        tokens.push(Token { kind, at, len, spaced });
        (rest, at, spaced) = (&rest[bytes..], at + len, false);
    }
    tokens.push(Token { kind: Kind::End, at, len: 0, spaced });
    tokens
}

/// What stands between marks, and how many bytes it takes with them; all the rest if it is not written well.
fn escaped(marks: &Escaped, text: &str, kind: impl FnOnce(String) -> Kind) -> (Kind, usize) {
    match marks.read(&text[1..]) {
        Ok((read, bytes)) => (kind(read), bytes + 1),
        Err((after, expected)) => (Kind::Broken(expected, text[..=after].chars().count()), text.len()),
    }
}

impl Token {
    /// The token as messages name it.
    pub(super) fn name(&self, text: &str) -> String {
        match self.kind {
            Kind::End => "the end".to_owned(),
            _ => {
                let written: String = text.chars().skip(self.at).take(self.len.min(30)).collect();
                let more = if self.len > 30 { "…" } else { "" };
                format!("`{}{more}`", written.escape_debug())
            }
        }
    }

    pub(super) fn origin(&self, text: &Arc<str>) -> Origin {
        Origin::new(text, self.at, self.len)
    }

    /// Something else was expected here; what a broken token lacks goes before.
    pub(super) fn unexpected(&self, expected: &str, text: &Arc<str>) -> Mistake {
        if let Kind::Broken(missing, after) = self.kind {
            let rest: String = text.chars().skip(self.at + after).take(1).collect();
            let found = if rest.is_empty() { "the end".to_owned() } else { format!("`{rest}`") };
            let origin = Origin::new(text, self.at + after, 1);
            return Mistake::new(format!("expected {missing}, found {found}"), origin);
        }
        Mistake::new(format!("expected {expected}, found {}", self.name(text)), self.origin(text))
    }
}
