use std::sync::Arc;

use super::super::error::{Mistake, Origin, SelectionError};
use super::super::token::{Kind, Token, tokens};
use super::super::walk::Reach;
use super::{Named, StepClause, StepSelection};

/// Reads a list of clauses. What is wrong with one does not hide what is wrong with the next.
pub(super) fn parse(text: &str) -> Result<StepSelection, SelectionError> {
    let shared: Arc<str> = text.into();
    let all = tokens(text);
    let (mut clauses, mut mistakes) = (Vec::new(), Vec::new());
    let mut from = 0;
    loop {
        // What stands together without a blank or comma is one clause.
        let mut to = from;
        while !matches!(all[to].kind, Kind::Comma | Kind::End) && (to == from || !all[to].spaced) {
            to += 1;
        }
        let clause = Clause { text: &shared, tokens: &all[from..to], end: &all[to] };
        match clause.read() {
            Ok(clause) => clauses.push(clause),
            Err(mistake) => mistakes.push(mistake),
        }
        match all[to].kind {
            Kind::End => break,
            Kind::Comma => from = to + 1,
            _ => from = to,
        }
    }
    if mistakes.is_empty() { Ok(StepSelection { clauses }) } else { Err(SelectionError::of(mistakes)) }
}

/// The tokens of one clause, and the one behind them.
struct Clause<'a> {
    text: &'a Arc<str>,
    tokens: &'a [Token],
    end: &'a Token,
}

impl Clause<'_> {
    fn read(&self) -> Result<StepClause, Mistake> {
        let first = self.at(0);
        let last = self.tokens.last().unwrap_or(first);
        let origin = Origin::new(self.text, first.at, last.at + last.len - first.at);
        if let [Token { kind: Kind::Star, .. }] = self.tokens {
            return Ok(StepClause { up: Reach::Here, named: Named::All, down: Reach::Here, origin });
        }
        let mut at = 0;
        let up = self.reach(&mut at)?;
        let Kind::Word(name) = self.kind(at) else { return Err(self.no_name(at)) };
        self.check(name, self.at(at))?;
        at += 1;
        let mut keys = Vec::new();
        while let Kind::Key(key) = self.kind(at) {
            keys.push(key.clone());
            at += 1;
        }
        let down = self.reach(&mut at)?;
        if at < self.tokens.len() {
            return Err(self.too_much(at));
        }
        Ok(StepClause { up, named: Named::Step { name: name.clone(), keys }, down, origin })
    }

    fn at(&self, index: usize) -> &Token {
        self.tokens.get(index).unwrap_or(self.end)
    }

    /// What follows the clause is no part of it.
    fn kind(&self, index: usize) -> &Kind {
        self.tokens.get(index).map_or(&Kind::End, |token| &token.kind)
    }

    /// A `*`, or any number of `+`.
    fn reach(&self, at: &mut usize) -> Result<Reach, Mistake> {
        let from = *at;
        while matches!(self.kind(*at), Kind::Star | Kind::Plus) {
            *at += 1;
        }
        let signs = &self.tokens[from..*at];
        match signs {
            [] => Ok(Reach::Here),
            [Token { kind: Kind::Star, .. }] => Ok(Reach::All),
            signs if signs.iter().all(|sign| sign.kind == Kind::Plus) => {
                Ok(Reach::Levels(u32::try_from(signs.len()).unwrap_or(u32::MAX)))
            }
            signs => {
                let origin = Origin::new(self.text, signs[0].at, signs.len());
                let written = origin.written();
                Err(Mistake::new(format!("expected one `*` or some `+`, found `{written}`"), origin)
                    .hint("`*` goes all the way, each `+` one step"))
            }
        }
    }

    fn no_name(&self, at: usize) -> Mistake {
        let mistake = self.at(at).unexpected("the name of a step", self.text);
        match (self.kind(at).clone(), self.tokens) {
            (Kind::End, []) if self.text.trim().is_empty() => mistake.hint("`*` selects all steps"),
            (Kind::Open | Kind::Close, _) => {
                mistake.hint("steps are selected by a list, `a, b*`; parentheses are for assets")
            }
            (Kind::Key(_), _) => mistake.hint("keys stand behind a name: `load[100]`"),
            (Kind::Quoted(_), _) => mistake.hint("names of steps stand without quotes"),
            (kind, _) if at > 0 && matches!(kind, Kind::End | Kind::Comma | Kind::Word(_)) => mistake
                .hint("`*` and `+` stand directly beside the name that they go out from: `*load`, `load+`"),
            _ => mistake,
        }
    }

    /// Something stands directly behind what was a clause already.
    fn too_much(&self, at: usize) -> Mistake {
        let token = self.at(at);
        let mistake = token.unexpected("a blank or a comma", self.text);
        let before = self.kind(at - 1);
        match (&token.kind, before) {
            (Kind::Word(_), Kind::Star) => mistake.hint(
                "`*` is no wildcard: behind a name it selects what depends on that step; to select several steps, write all \
                 their names",
            ),
            (Kind::Word(_), Kind::Plus) if self.begins_with_number() => {
                mistake.hint("there is a `+` for each step to go: `++load`")
            }
            (Kind::Word(number), Kind::Plus) if number.chars().all(|c| c.is_ascii_digit()) => {
                mistake.hint("there is a `+` for each step to go: `load++`")
            }
            (Kind::Key(_), Kind::Star | Kind::Plus) => {
                mistake.hint("keys stand directly behind the name: `load[100]*`")
            }
            (Kind::Colon | Kind::Equals, _) => {
                mistake.hint("steps are selected by name; attributes such as `key:` and `tag:` are for assets")
            }
            _ => mistake,
        }
    }

    fn begins_with_number(&self) -> bool {
        matches!(self.kind(0), Kind::Word(word) if word.chars().all(|c| c.is_ascii_digit()))
    }

    /// Names have the characters that the plan allows, and dots between those of graphs and steps.
    fn check(&self, name: &str, token: &Token) -> Result<(), Mistake> {
        let wrong = |at: usize, what: String| {
            Err(Mistake::new(what, Origin::new(self.text, token.at + at, 1)).hint(
                "names are made of letters, digits and `_`, with dots behind those of graphs: `clean.trim`",
            ))
        };
        let mut empty = true;
        for (at, c) in name.chars().enumerate() {
            match c {
                '.' if empty => return wrong(at, "expected a name, found `.`".to_owned()),
                '.' => empty = true,
                c if c.is_ascii_alphanumeric() || c == '_' => empty = false,
                c => return wrong(at, format!("expected a letter, a digit or `_`, found `{c}`")),
            }
        }
        if empty { wrong(token.len - 1, "expected a name behind the `.`".to_owned()) } else { Ok(()) }
    }
}
