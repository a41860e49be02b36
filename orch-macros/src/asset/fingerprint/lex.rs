//! The tokens of a Rust file, no more than is needed to find what it reads: no macro may ask the compiler for those of a file that
//! it does not compile, as that would report what is wrong there.

/// A token. Comments are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    /// A text that stands for itself, without escapes.
    Text(&'a str),
    /// Another literal.
    Literal,
    Sign(char),
}

/// The tokens of a file. What is not closed ends with it: such a file is not compiled.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut lexer, mut tokens) = (Lexer { text, at: 0 }, Vec::new());
    while let Some(token) = lexer.next() {
        tokens.push(token);
    }
    tokens
}

/// Where what opens at this token is closed, or where all ends.
pub(super) fn closed(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    let is_end = |&at: &usize| {
        match tokens[at] {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    };
    (open..tokens.len()).find(is_end).unwrap_or(tokens.len())
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// What stands before the first of these ends, which is passed over.
    fn until(&mut self, end: &str) -> &'a str {
        let rest = self.rest();
        let length = rest.find(end).unwrap_or(rest.len());
        self.at = (self.at + length + end.len()).min(self.text.len());
        &rest[..length]
    }

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.rest();
            let first = rest.chars().next()?;
            if rest.starts_with("//") {
                self.until("\n");
            } else if rest.starts_with("/*") {
                self.comment();
            } else if first.is_whitespace() {
                self.at += first.len_utf8();
            } else if first == '"' {
                self.at += 1;
                return Some(self.string());
            } else if first == '\'' {
                self.at += 1;
                return Some(self.quote());
            } else if is_of_word(first) {
                return Some(self.word());
            } else {
                self.at += first.len_utf8();
                return Some(Token::Sign(first));
            }
        }
    }

    /// Comments may stand in comments.
    fn comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(next) = self.rest().chars().next() {
            let rest = self.rest();
            if rest.starts_with("/*") {
                (depth, self.at) = (depth + 1, self.at + 2);
            } else if rest.starts_with("*/") {
                (depth, self.at) = (depth - 1, self.at + 2);
                if depth == 0 {
                    break;
                }
            } else {
                self.at += next.len_utf8();
            }
        }
    }

    /// A text, of which the first quote is passed over.
    fn string(&mut self) -> Token<'a> {
        let from = self.at;
        let mut is_plain = true;
        while let Some(next) = self.rest().chars().next() {
            self.at += next.len_utf8();
            match next {
                '"' if is_plain => return Token::Text(&self.text[from..self.at - 1]),
                '"' => return Token::Literal,
                '\\' => {
                    is_plain = false;
                    self.at += self.rest().chars().next().map_or(0, char::len_utf8);
                }
                _ => {}
            }
        }
        Token::Literal
    }

    /// A character, or a lifetime, of which the quote is passed over.
    fn quote(&mut self) -> Token<'a> {
        let mut chars = self.rest().chars();
        match (chars.next(), chars.next()) {
            (Some('\\'), Some(escaped)) => {
                self.at += 1 + escaped.len_utf8();
                self.until("'");
                Token::Literal
            }
            (Some(one), Some('\'')) => {
                self.at += one.len_utf8() + 1;
                Token::Literal
            }
            _ => Token::Sign('\''),
        }
    }

    /// A word or a number, or the text that it leads.
    fn word(&mut self) -> Token<'a> {
        let rest = self.rest();
        let word = &rest[..rest.find(|c| !is_of_word(c)).unwrap_or(rest.len())];
        self.at += word.len();
        let rest = self.rest();
        let hashes = &rest[..rest.len() - rest.trim_start_matches('#').len()];
        match word {
            "r" | "br" | "cr" if rest[hashes.len()..].starts_with('"') => {
                self.at += hashes.len() + 1;
                let text = self.until(&format!("\"{hashes}"));
                if word == "r" { Token::Text(text) } else { Token::Literal }
            }
            "b" | "c" if rest.starts_with('"') => {
                self.at += 1;
                self.string();
                Token::Literal
            }
            _ => Token::Word(word),
        }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_texts_and_characters_hide_what_looks_like_code() {
        let text = r###"
            a // b "
            /* c /* d */ " */ 'e' '"' '\'' '\u{41}' 'life "plain" "esc\"aped" r#"r"aw"# b"bytes" br##"r"#"## r#mod 1.5
        "###;
        let found: Vec<String> = tokens(text).iter().map(|token| format!("{token:?}")).collect();
        insta::assert_snapshot!(found.join(" "), @r#"Word("a") Literal Literal Literal Literal Sign('\'') Word("life") Text("plain") Literal Text("r\"aw") Literal Literal Word("r") Sign('#') Word("mod") Word("1") Sign('.') Word("5")"#);
    }

    #[test]
    fn what_is_not_closed_ends_with_the_file() {
        for text in ["\"a", "r#\"a", "/* a", "'", "'\\", "\"\\", "b\""] {
            assert!(tokens(text).len() <= 2, "{text}");
        }
        assert_eq!(closed(&tokens("a (b"), 1), 3);
    }
}
