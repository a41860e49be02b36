//! Options as they are written in an attribute, and the one way in which all of them are read and refused.

use std::ops::RangeInclusive;
use std::time::Duration;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, LitStr, Path, Token, UnOp, bracketed, parenthesized};

use crate::diag::Diag;
use crate::{duration, size};

/// One element of an attribute's list.
pub(crate) struct Entry {
    /// What stands before the `=` or the parentheses; none for a lone literal.
    pub(crate) key: Option<Key>,
    pub(crate) value: Value,
}

/// `name` or `"name"`.
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) tokens: TokenStream,
    /// Tags have keys of any text; options have names only.
    pub(crate) quoted: bool,
}

pub(crate) enum Value {
    /// `key` alone.
    Missing(Ident),
    Text(LitStr),
    Integer(i128, TokenStream),
    /// `key(..)`
    List(TokenStream, Ident),
    /// Something that no option takes.
    Other(TokenStream),
}

impl Value {
    /// What an error about the value points at.
    pub(crate) fn place(&self) -> TokenStream {
        match self {
            Self::Text(text) => text.to_token_stream(),
            Self::Integer(_, tokens) | Self::Other(tokens) => tokens.clone(),
            Self::Missing(key) | Self::List(_, key) => key.to_token_stream(),
        }
    }
}

impl Entry {
    /// What an error about the entry as a whole points at.
    pub(crate) fn place(&self) -> TokenStream {
        self.key.as_ref().map_or_else(|| self.value.place(), |key| key.tokens.clone())
    }
}

/// Splits an attribute's list; an element that cannot be read is reported, and the others are read all the same.
pub(crate) fn entries(tokens: TokenStream, diag: &Diag) -> Vec<Entry> {
    let parser = |input: ParseStream<'_>| {
        let mut entries = Vec::new();
        while !input.is_empty() {
            let read = entry(input).and_then(|entry| {
                if input.is_empty() || input.peek(Token![,]) {
                    Ok(entry)
                } else {
                    Err(input.error("expected `,`"))
                }
            });
            match read {
                Ok(entry) => entries.push(entry),
                Err(error) => {
                    diag.push(error);
                    while !input.is_empty() && !input.peek(Token![,]) {
                        input.parse::<TokenTree>()?;
                    }
                }
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(entries)
    };
    parser.parse2(tokens).unwrap_or_else(|error| {
        diag.push(error);
        Vec::new()
    })
}

fn entry(input: ParseStream<'_>) -> syn::Result<Entry> {
    if input.peek(LitStr) && input.peek2(Token![=]) {
        let text: LitStr = input.parse()?;
        let key = Key { text: text.value(), tokens: text.to_token_stream(), quoted: true };
        input.parse::<Token![=]>()?;
        return Ok(Entry { key: Some(key), value: value(input)? });
    }
    if input.peek(Lit) || input.peek(Token![-]) {
        return Ok(Entry { key: None, value: value(input)? });
    }
    let ident = input
        .call(Ident::parse_any)
        .map_err(|error| syn::Error::new(error.span(), "expected an option, `name = value` or `name(..)`"))?;
    let key = Key { text: ident.unraw().to_string(), tokens: ident.to_token_stream(), quoted: false };
    let value = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        value(input)?
    } else if input.peek(syn::token::Paren) {
        let content;
        parenthesized!(content in input);
        Value::List(content.parse()?, ident)
    } else {
        Value::Missing(ident)
    };
    Ok(Entry { key: Some(key), value })
}

fn value(input: ParseStream<'_>) -> syn::Result<Value> {
    let expression: Expr = input.parse()?;
    let tokens = expression.to_token_stream();
    let (literal, sign) = match &expression {
        Expr::Lit(literal) => (Some(&literal.lit), 1),
        Expr::Unary(unary) => match (&unary.op, &*unary.expr) {
            (UnOp::Neg(_), Expr::Lit(literal)) => (Some(&literal.lit), -1),
            _ => (None, 1),
        },
        _ => (None, 1),
    };
    Ok(match literal {
        Some(Lit::Str(text)) => Value::Text(text.clone()),
        Some(Lit::Int(int)) => match int.base10_parse::<i128>() {
            Ok(int) => Value::Integer(sign * int, tokens),
            Err(_) => Value::Other(tokens),
        },
        _ => Value::Other(tokens),
    })
}

/// The options of one attribute, or of one list within it: taken out one by one, by name and kind.
pub(crate) struct Options<'d> {
    entries: Vec<(String, Value)>,
    diag: &'d Diag,
}

/// Which options there are, and whose they are.
pub(crate) struct Known {
    /// How messages name the owner: `#[op]`.
    pub(crate) owner: &'static str,
    pub(crate) options: &'static [&'static str],
    /// Those that may be given several times.
    pub(crate) repeated: &'static [&'static str],
    /// Options of others, with the other's name: told apart from unknown ones.
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

impl<'d> Options<'d> {
    /// Reads a list; unknown options, misplaced ones and those given twice are reported here.
    pub(crate) fn read(known: &Known, tokens: TokenStream, diag: &'d Diag) -> Self {
        let mut read: Vec<(String, Value)> = Vec::new();
        for entry in entries(tokens, diag) {
            let place = entry.place();
            let Some(Key { text, quoted: false, .. }) = entry.key else {
                diag.error_at(
                    place,
                    format!(
                        "expected an option by its name: {} takes {}",
                        known.owner,
                        listed(known.options)
                    ),
                );
                continue;
            };
            if !known.options.contains(&text.as_str()) {
                diag.error_at(place, refusal(known, &text));
            } else if read.iter().any(|(name, _)| *name == text) && !known.repeated.contains(&text.as_str()) {
                diag.error_at(place, format!("`{text}` is given twice: keep one of them"));
            } else {
                read.push((text, entry.value));
            }
        }
        Self { entries: read, diag }
    }

    /// Whether the option is there, once more if it is repeated.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(given, _)| given == name)
    }

    /// Where the value of an option stands, if it is there.
    pub(crate) fn place(&self, name: &str) -> Option<TokenStream> {
        self.entries.iter().find(|(given, _)| given == name).map(|(_, value)| value.place())
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.entries.iter().position(|(given, _)| given == name)?;
        Some(self.entries.remove(at).1)
    }

    /// `name = "text"`
    pub(crate) fn text(&mut self, name: &str, example: &str) -> Option<LitStr> {
        match self.take(name)? {
            Value::Text(text) => Some(text),
            other => self.wrong_kind(name, "a text", example, other.place()),
        }
    }

    /// `name = path::to::something`, which `what` says.
    pub(crate) fn path(&mut self, name: &str, what: &str, example: &str) -> Option<Path> {
        match self.take(name)? {
            Value::Other(tokens) if syn::parse2::<Path>(tokens.clone()).is_ok() => syn::parse2(tokens).ok(),
            other => self.wrong_kind(name, what, example, other.place()),
        }
    }

    /// `name = 5`, within `range`.
    pub(crate) fn integer(
        &mut self,
        name: &str,
        range: &RangeInclusive<i128>,
        example: &str,
    ) -> Option<i128> {
        match self.take(name)? {
            Value::Integer(int, _) if range.contains(&int) => Some(int),
            Value::Integer(int, place) => {
                let bound = if int < *range.start() {
                    format!("at least {}", range.start())
                } else {
                    format!("at most {}", range.end())
                };
                self.diag.error_at(place, format!("`{name}` must be {bound}"));
                None
            }
            other => self.wrong_kind(name, "a whole number", example, other.place()),
        }
    }

    /// `name = "30s"`, at least so long.
    pub(crate) fn duration(&mut self, name: &str, least: Duration, example: &str) -> Option<Duration> {
        let text = match self.take(name)? {
            Value::Text(text) => text,
            other => return self.wrong_kind(name, "a duration", example, other.place()),
        };
        match duration::parse(&text.value()) {
            Ok(duration) if duration >= least => Some(duration),
            Ok(_) => {
                let message = format!(
                    "`{name}` is zero, so that no attempt could end in time: write a longer one, such as `{name} = \
                     {example}`, or leave it out"
                );
                self.diag.error(text.span(), message);
                None
            }
            Err(why) => {
                let message = format!("`{name}` takes a duration, such as `{name} = {example}`: {why}");
                self.diag.error(text.span(), message);
                None
            }
        }
    }

    /// `name = "512MiB"`, in bytes, with the text itself.
    pub(crate) fn size(&mut self, name: &str, example: &str) -> Option<(u64, LitStr)> {
        let text = match self.take(name)? {
            Value::Text(text) => text,
            other => return self.wrong_kind(name, "a size", example, other.place()),
        };
        match size::parse(&text.value()) {
            Ok(bytes) => Some((bytes, text)),
            Err(why) => {
                let message = format!("`{name}` takes a size, such as `{name} = {example}`: {why}");
                self.diag.error(text.span(), message);
                None
            }
        }
    }

    /// `name`, which says all by being there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        match self.take(name) {
            None => false,
            Some(Value::Missing(_)) => true,
            Some(other) => {
                self.diag.error_at(
                    other.place(),
                    format!("`{name}` stands alone: write `{name}`, or leave it out"),
                );
                false
            }
        }
    }

    /// `name = "one"`, of several words.
    pub(crate) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let value = self.take(name)?;
        if let Value::Text(text) = &value
            && let Some((_, choice)) = choices.iter().find(|(word, _)| *word == text.value())
        {
            return Some(*choice);
        }
        self.diag.error_at(value.place(), format!("`{name}` takes one of {}", words.join(", ")));
        None
    }

    /// `name = expression`, or `name` alone, which is no expression.
    pub(crate) fn expression(&mut self, name: &str, example: &str) -> Option<Option<Expr>> {
        match self.take(name)? {
            Value::Missing(_) => Some(None),
            list @ Value::List(..) => self.wrong_kind(name, "a value", example, list.place()),
            given => syn::parse2(given.place()).map(Some).ok(),
        }
    }

    /// `name(..)`, with the place of the name.
    pub(crate) fn list(&mut self, name: &str, example: &str) -> Option<(TokenStream, Ident)> {
        match self.take(name)? {
            Value::List(tokens, word) => Some((tokens, word)),
            other => {
                self.diag.error_at(other.place(), format!("`{name}` takes a list: `{example}`"));
                None
            }
        }
    }

    /// `name = "text"`, or several, `name = ["one", "two"]`.
    pub(crate) fn texts(&mut self, name: &str, example: &str) -> Vec<LitStr> {
        match self.take(name) {
            None => Vec::new(),
            Some(Value::Text(text)) => vec![text],
            Some(other) => self.array(name, "texts", example, &other),
        }
    }

    /// `name = [one, path::to::two]`
    pub(crate) fn path_array(&mut self, name: &str, example: &str) -> Vec<Path> {
        match self.take(name) {
            None => Vec::new(),
            Some(given) => self.array(name, "names", example, &given),
        }
    }

    fn array<T: Parse>(&self, name: &str, what: &str, example: &str, given: &Value) -> Vec<T> {
        let parser = |input: ParseStream<'_>| {
            let content;
            bracketed!(content in input);
            Punctuated::<T, Token![,]>::parse_terminated(&content)
        };
        if let Value::Other(tokens) = given
            && let Ok(parsed) = parser.parse2(tokens.clone())
        {
            return parsed.into_iter().collect();
        }
        self.diag.error_at(given.place(), format!("`{name}` takes a list of {what}: `{name} = {example}`"));
        Vec::new()
    }

    /// `name(one, two)`, of paths.
    pub(crate) fn paths(&mut self, name: &str, example: &str) -> Vec<Path> {
        let Some((list, word)) = self.list(name, example) else { return Vec::new() };
        let parser = Punctuated::<Path, Token![,]>::parse_terminated;
        match parser.parse2(list) {
            Ok(paths) if paths.is_empty() => {
                self.diag.error_at(word, format!("`{name}` names at least one: `{example}`"));
                Vec::new()
            }
            Ok(paths) => paths.into_iter().collect(),
            Err(error) => {
                self.diag.error(error.span(), format!("`{name}` takes names: `{example}`"));
                Vec::new()
            }
        }
    }

    fn wrong_kind<T>(&self, name: &str, kind: &str, example: &str, place: TokenStream) -> Option<T> {
        self.diag.error_at(place, format!("`{name}` takes {kind}, such as `{name} = {example}`"));
        None
    }
}

fn refusal(known: &Known, text: &str) -> String {
    if let Some((_, owner)) = known.elsewhere.iter().find(|(name, _)| *name == text) {
        return format!("`{text}` is an option of {owner}, not of {}", known.owner);
    }
    match nearest(known.options, text) {
        Some(option) => format!("unknown option `{text}`: did you mean `{option}`?"),
        None => format!("unknown option `{text}`: {} takes {}", known.owner, listed(known.options)),
    }
}

pub(crate) fn listed(options: &[&str]) -> String {
    options.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(", ")
}

/// The option that `text` was likely meant to be.
pub(crate) fn nearest(options: &[&'static str], text: &str) -> Option<&'static str> {
    if let Some(option) = options.iter().find(|option| text.len() > 2 && option.starts_with(text)) {
        return Some(option);
    }
    let (distance, option) = options.iter().map(|option| (distance(option, text), *option)).min()?;
    (distance * 2 <= text.len().max(option.len())).then_some(option)
}

/// How many letters must be added, removed or changed to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_option_is_found_if_there_is_one() {
        let options = ["name", "retry", "timeout", "priority"];
        assert_eq!(nearest(&options, "retries"), Some("retry"));
        assert_eq!(nearest(&options, "time_out"), Some("timeout"));
        assert_eq!(nearest(&options, "prio"), Some("priority"));
        assert_eq!(nearest(&options, "queue"), None);
    }
}
