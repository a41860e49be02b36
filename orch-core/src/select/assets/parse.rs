use std::sync::Arc;

use super::super::error::{Mistake, Origin, SelectionError};
use super::super::token::{Kind, Token, tokens};
use super::super::walk::Reach;
use super::pattern::Pattern;
use super::{Attribute, Expression};
use crate::ids::nearest;

/// How deep expressions may lie within each other.
const DEPTH: usize = 64;

const ATTRIBUTES: [&str; 5] = ["key", "group", "tag", "owner", "kind"];

pub(super) fn parse(text: &str) -> Result<Expression, SelectionError> {
    let mut parser = Parser { text: text.into(), tokens: tokens(text), at: 0, depth: 0 };
    parser.whole().map_err(|mistake| SelectionError::of(vec![*mistake]))
}

struct Parser {
    text: Arc<str>,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// Boxed, since it is seldom there.
type Parsed<T> = Result<T, Box<Mistake>>;

impl Parser {
    fn token(&self) -> &Token {
        &self.tokens[self.at]
    }

    /// The token so many further on; [`Kind::End`] stands behind all.
    fn ahead(&self, by: usize) -> &Token {
        &self.tokens[(self.at + by).min(self.tokens.len() - 1)]
    }

    fn is(&self, kind: &Kind) -> bool {
        self.token().kind == *kind
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.token().kind, Kind::Word(other) if other.eq_ignore_ascii_case(word))
    }

    /// Whether the token so many further on stands directly beside the one before it.
    fn touches(&self, by: usize) -> bool {
        !self.ahead(by).spaced
    }

    fn unexpected(&self, expected: &str) -> Box<Mistake> {
        Box::new(self.token().unexpected(expected, &self.text))
    }

    fn whole(&mut self) -> Parsed<Expression> {
        if self.text.trim().is_empty() {
            return Err(Box::new(self.unexpected("a selection").hint("`*` selects all assets")));
        }
        let all = self.or()?;
        if self.is(&Kind::End) {
            return Ok(all);
        }
        let mistake = self.unexpected("`and`, `or` or the end");
        Err(Box::new(match &self.token().kind {
            Kind::Close => mistake.hint("no `(` stands before it"),
            Kind::Comma => mistake.hint("what either of two selects is written `a or b`"),
            Kind::Stray('&') => mistake.hint("write `and`"),
            Kind::Stray('|') => mistake.hint("write `or`"),
            Kind::Plus => {
                mistake.hint("`+` stands directly beside what it goes out from: `+key:a`, `key:a+1`")
            }
            Kind::Stray(_) => mistake.hint("what is no word stands in quotes: `key:\"a b\"`"),
            _ => *mistake,
        }))
    }

    fn or(&mut self) -> Parsed<Expression> {
        self.list("or", Self::and, Expression::Or)
    }

    fn and(&mut self) -> Parsed<Expression> {
        self.list("and", Self::not, Expression::And)
    }

    /// Parts with a word between them. A list and not pairs, so that a long one does not lie deep.
    fn list(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Parsed<Expression>,
        whole: fn(Vec<Expression>) -> Expression,
    ) -> Parsed<Expression> {
        let first = part(self)?;
        if !self.is_word(word) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.is_word(word) {
            self.at += 1;
            parts.push(part(self)?);
        }
        Ok(whole(parts))
    }

    fn not(&mut self) -> Parsed<Expression> {
        if !self.is_word("not") {
            return self.reaching();
        }
        self.at += 1;
        self.deeper(Self::not).map(|of| Expression::Not(Box::new(of)))
    }

    fn deeper(&mut self, part: fn(&mut Self) -> Parsed<Expression>) -> Parsed<Expression> {
        if self.depth == DEPTH {
            let mistake = Mistake::new(
                format!("expressions lie more than {DEPTH} deep in each other"),
                self.token().origin(&self.text),
            );
            return Err(Box::new(mistake.hint("leave out parentheses that change nothing")));
        }
        self.depth += 1;
        let part = part(self);
        self.depth -= 1;
        part
    }

    /// An expression with what is before and behind it: `2+key:a+1`.
    fn reaching(&mut self) -> Parsed<Expression> {
        let up = self.up()?;
        let of = self.alone()?;
        let down = if self.is(&Kind::Plus) && self.touches(0) { self.down()? } else { Reach::Here };
        if up == Reach::Here && down == Reach::Here {
            return Ok(of);
        }
        Ok(Expression::Reaching { up, of: Box::new(of), down })
    }

    fn up(&mut self) -> Parsed<Reach> {
        if self.is(&Kind::Plus) {
            self.at += 1;
            self.beside()?;
            return Ok(Reach::All);
        }
        // A number is a key, unless a `+` and something that it goes out from follow.
        let begins = matches!(self.ahead(2).kind, Kind::Word(_) | Kind::Quoted(_) | Kind::Open | Kind::Star);
        let goes_out = self.ahead(1).kind == Kind::Plus && self.touches(1) && begins && self.touches(2);
        match &self.token().kind {
            Kind::Word(number) if goes_out && is_number(number) => {
                let levels = self.levels(number)?;
                self.at += 2;
                Ok(Reach::Levels(levels))
            }
            _ => Ok(Reach::Here),
        }
    }

    fn down(&mut self) -> Parsed<Reach> {
        self.at += 1;
        match &self.token().kind {
            Kind::Word(number) if self.touches(0) && is_number(number) => {
                let levels = self.levels(number)?;
                self.at += 1;
                Ok(Reach::Levels(levels))
            }
            Kind::Word(_) | Kind::Quoted(_) | Kind::Star | Kind::Open if self.touches(0) => Err(Box::new(
                self.unexpected("a number or a blank")
                    .hint("a number behind `+` says how many edges to go: `key:a+2`"),
            )),
            _ => Ok(Reach::All),
        }
    }

    fn levels(&self, number: &str) -> Parsed<u32> {
        number.parse().map_err(|_| {
            let origin = self.token().origin(&self.text);
            let mistake = Mistake::new(format!("`{number}` edges are more than can be counted"), origin);
            Box::new(mistake.hint("`+` without a number goes all the way"))
        })
    }

    /// What a `+` goes out from stands directly beside it.
    fn beside(&self) -> Parsed<()> {
        if self.touches(0) || self.is(&Kind::End) {
            return Ok(());
        }
        Err(Box::new(
            self.unexpected("no blank behind `+`")
                .hint("`+` stands directly beside what it goes out from: `+key:a`, `key:a+1`"),
        ))
    }

    fn alone(&mut self) -> Parsed<Expression> {
        let origin = self.token().origin(&self.text);
        match self.token().kind.clone() {
            Kind::Open => self.parenthesised(),
            Kind::Word(word) if self.ahead(1).kind == Kind::Open && self.touches(1) => match word.as_str() {
                "sinks" => self.function(Expression::Sinks),
                "roots" => self.function(Expression::Roots),
                // `not(..)` is seen before; after `and` and `or` something is missing.
                word if is_keyword(word) => Err(self.missing()),
                word => {
                    let mistake = Mistake::new(format!("there is no function `{word}`"), origin);
                    Err(Box::new(mistake.hint("functions are `sinks(..)` and `roots(..)`")))
                }
            },
            Kind::Word(word) if self.ahead(1).kind == Kind::Colon && self.touches(1) => {
                self.attribute(&word, &origin)
            }
            Kind::Word(word) if is_keyword(&word) => Err(self.missing()),
            Kind::Star if !self.continues_pattern() => {
                self.at += 1;
                Ok(Expression::All)
            }
            Kind::Word(_) | Kind::Star | Kind::Quoted(_) => {
                let (pattern, origin) = self.pattern()?;
                Ok(Expression::Has(Attribute::Key(pattern), origin))
            }
            _ => Err(self.missing()),
        }
    }

    fn missing(&self) -> Box<Mistake> {
        let mistake = self.unexpected("a key, an attribute such as `tag:k`, or `(`");
        match &self.token().kind {
            Kind::Word(word) => Box::new(mistake.hint(format!("an asset of this key is `key:{word}`"))),
            Kind::Stray(_) => Box::new(mistake.hint("what is no word stands in quotes: `key:\"a b\"`")),
            Kind::Plus => Box::new(mistake.hint("one `+` goes all the way, `2+key:a` two edges")),
            _ => mistake,
        }
    }

    fn parenthesised(&mut self) -> Parsed<Expression> {
        self.at += 1;
        let of = self.deeper(Self::or)?;
        if !self.is(&Kind::Close) {
            return Err(self.unexpected("`and`, `or` or `)`"));
        }
        self.at += 1;
        Ok(of)
    }

    fn function(&mut self, whole: fn(Box<Expression>) -> Expression) -> Parsed<Expression> {
        self.at += 1;
        self.parenthesised().map(|of| whole(Box::new(of)))
    }

    fn attribute(&mut self, name: &str, origin: &Origin) -> Parsed<Expression> {
        if !ATTRIBUTES.contains(&name) {
            let mistake = Mistake::new(format!("there is no attribute `{name}:`"), origin.clone());
            let near = nearest(name, ATTRIBUTES.into_iter()).map(|near| format!("did you mean `{near}:`? "));
            let known = ATTRIBUTES.map(|name| format!("`{name}:`")).join(", ");
            return Err(Box::new(mistake.hint(format!("{}attributes: {known}", near.unwrap_or_default()))));
        }
        self.at += 2;
        if !self.touches(0) {
            return Err(Box::new(
                self.unexpected("a value directly behind `:`").hint(format!("it is written `{name}:value`")),
            ));
        }
        let attribute = match name {
            "key" => Attribute::Key(self.pattern()?.0),
            "group" => Attribute::Group(self.pattern()?.0),
            "owner" => Attribute::Owner(self.value()?),
            "kind" => Attribute::Kind(self.value()?),
            _ => {
                let key = self.value()?;
                let has_value = self.is(&Kind::Equals) && self.touches(0);
                if has_value {
                    self.at += 1;
                    if !self.touches(0) || self.is(&Kind::End) {
                        return Err(Box::new(
                            self.unexpected("a value directly behind `=`")
                                .hint("an empty value is written `tag:k=\"\"`"),
                        ));
                    }
                }
                let value = if has_value { Some(self.value()?) } else { None };
                Attribute::Tag { key, value }
            }
        };
        let last = &self.tokens[self.at - 1];
        let origin = Origin::new(&self.text, origin.at, last.at + last.len - origin.at);
        Ok(Expression::Has(attribute, origin))
    }

    /// A word or quoted text.
    fn value(&mut self) -> Parsed<String> {
        match self.token().kind.clone() {
            Kind::Word(text) | Kind::Quoted(text) => {
                self.at += 1;
                if self.is(&Kind::Star) && self.touches(0) { Err(self.no_wildcard()) } else { Ok(text) }
            }
            Kind::Star => Err(self.no_wildcard()),
            _ => Err(self.unexpected("a word, or text in quotes")),
        }
    }

    fn no_wildcard(&self) -> Box<Mistake> {
        Box::new(
            self.unexpected("a value without wildcards")
                .hint("`*` stands in `key:` and `group:`; a value that has one stands in quotes"),
        )
    }

    /// Whether a `*` is part of a pattern and not all of it.
    fn continues_pattern(&self) -> bool {
        matches!(self.ahead(1).kind, Kind::Word(_) | Kind::Star) && self.touches(1)
    }

    /// Words and `*` without blanks between them, or quoted text.
    fn pattern(&mut self) -> Parsed<(Pattern, Origin)> {
        let from = self.at;
        let mut text = String::new();
        if let Kind::Quoted(quoted) = &self.token().kind {
            text.push_str(quoted);
            self.at += 1;
        } else {
            while self.at == from || self.touches(0) {
                match &self.token().kind {
                    Kind::Word(word) => text.push_str(word),
                    Kind::Star => text.push('*'),
                    _ => break,
                }
                self.at += 1;
            }
        }
        if self.at == from {
            return Err(self.unexpected("a word, or text in quotes"));
        }
        let first = &self.tokens[from];
        let last = &self.tokens[self.at - 1];
        let origin = Origin::new(&self.text, first.at, last.at + last.len - first.at);
        Ok((Pattern(text), origin))
    }
}

fn is_number(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit())
}

fn is_keyword(word: &str) -> bool {
    ["and", "or", "not"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}
