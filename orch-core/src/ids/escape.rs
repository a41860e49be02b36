use std::fmt;

/// Text between two marks, in which the marks themselves, backslashes and control characters are escaped with a
/// backslash: the keys of a path, and what stands in quotes.
pub(crate) struct Escaped {
    close: char,
    marks: &'static [char],
    /// What is missing where the text ends first.
    missing: &'static str,
    /// Which escapes there are.
    escapes: &'static str,
}

impl Escaped {
    /// A mapping key: `[100]`.
    pub(crate) const KEY: Self = Self {
        close: ']',
        marks: &['[', ']', '\\'],
        missing: "`]`",
        escapes: "an escape: `\\[`, `\\]`, `\\\\` or `\\u{..}`",
    };

    /// Text in quotes: `"any text"`.
    pub(crate) const QUOTED: Self = Self {
        close: '"',
        marks: &['"', '\\'],
        missing: "`\"`",
        escapes: "an escape: `\\\"`, `\\\\` or `\\u{..}`",
    };

    /// Reads what follows the opening mark; gives the text, and how many bytes it takes with the closing mark.
    ///
    /// # Errors
    /// After how many bytes something else was expected, and what.
    pub(crate) fn read(&self, text: &str) -> Result<(String, usize), (usize, &'static str)> {
        // Nearly every text ends before anything in it is escaped.
        if let Some(end) = text.find([self.close, '\\']).filter(|end| text[*end..].starts_with(self.close)) {
            return Ok((text[..end].to_owned(), end + self.close.len_utf8()));
        }
        let mut read = String::new();
        let mut chars = text.char_indices();
        loop {
            match chars.next() {
                None => return Err((text.len(), self.missing)),
                Some((at, c)) if c == self.close => return Ok((read, at + c.len_utf8())),
                Some((at, '\\')) => match chars.next() {
                    Some((_, c)) if self.marks.contains(&c) => read.push(c),
                    Some((_, 'u')) => {
                        let digits: String =
                            chars.by_ref().map(|(_, c)| c).take_while(|c| *c != '}').collect();
                        let code = digits.strip_prefix('{').and_then(|hex| u32::from_str_radix(hex, 16).ok());
                        match code.and_then(char::from_u32) {
                            Some(c) => read.push(c),
                            None => return Err((at, "an escape such as `\\u{a}`")),
                        }
                    }
                    _ => return Err((at, self.escapes)),
                },
                Some((_, c)) => read.push(c),
            }
        }
    }

    /// Writes a text so that [`read`](Self::read) gives it back.
    pub(crate) fn write(&self, f: &mut impl fmt::Write, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                c if self.marks.contains(&c) => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}
