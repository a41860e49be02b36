use std::sync::Arc;

use crate::config::Origin;

/// How many bytes lie between two places of which the number of characters before them is known.
const STRIDE: usize = 256;

/// The text of a file, and where in it lines begin.
pub(crate) struct Source<'a> {
    name: Arc<str>,
    text: &'a str,
    /// The first byte of each line.
    lines: Vec<usize>,
    /// How many characters begin before each `STRIDE`th byte, so that the columns of a long line are found at once.
    characters: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(name: &str, text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        let mut characters = vec![0];
        for chunk in text.as_bytes().chunks(STRIDE) {
            characters.push(characters.last().copied().unwrap_or(0) + begun(chunk));
        }
        Self { name: name.into(), text, lines, characters }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The place of a byte.
    pub(crate) fn origin(&self, at: usize) -> Origin {
        let at = at.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let start = self.lines[line - 1];
        self.place(line, self.before(at) - self.before(start) + 1)
    }

    /// The place with this line and column, both from 1.
    pub(crate) fn place(&self, line: usize, column: usize) -> Origin {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Origin::File { file: Arc::clone(&self.name), line: number(line), column: number(column) }
    }

    /// How many characters begin before a byte.
    fn before(&self, at: usize) -> usize {
        let stride = at / STRIDE;
        self.characters[stride] + begun(&self.text.as_bytes()[stride * STRIDE..at])
    }
}

/// How many characters begin in these bytes.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}
