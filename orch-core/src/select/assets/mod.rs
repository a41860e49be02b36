mod evaluate;
mod parse;
mod pattern;

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use super::error::{Origin, SelectionError};
use super::token::is_in_word;
use super::walk::Reach;
use crate::ids::Escaped;
pub(super) use pattern::Pattern;

/// Which assets are meant: `key:"a/b*"`, `tag:team=data and not group:raw`, `2+key:a+1`, `sinks(*)`. The
/// [module](crate::select) has the grammar.
///
/// ```
/// use orch_core::select::AssetSelection;
///
/// let selection: AssetSelection = "roots(group:raw) or +report".parse()?;
/// assert_eq!(selection.to_string(), "roots(group:raw) or +key:report");
/// # Ok::<(), orch_core::select::SelectionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AssetSelection(pub(super) Expression);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    All,
    Has(Attribute, Origin),
    Not(Box<Self>),
    /// At least two.
    And(Vec<Self>),
    /// At least two.
    Or(Vec<Self>),
    Reaching {
        up: Reach,
        of: Box<Self>,
        down: Reach,
    },
    Sinks(Box<Self>),
    Roots(Box<Self>),
}

/// What an asset is selected by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Key(Pattern),
    Group(Pattern),
    Tag { key: String, value: Option<String> },
    Owner(String),
    Kind(String),
}

impl AssetSelection {
    /// All assets: `*`.
    #[must_use]
    pub fn all() -> Self {
        Self(Expression::All)
    }

    /// What one of both selects.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let parts = |selection: Self| match selection.0 {
            Expression::Or(parts) => parts,
            one => vec![one],
        };
        let (mut all, other) = (parts(self), parts(other));
        all.extend(other);
        Self(Expression::Or(all))
    }
}

impl FromStr for AssetSelection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::parse(text).map(Self)
    }
}

impl TryFrom<String> for AssetSelection {
    type Error = SelectionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

// As text, and not by way of `From<AssetSelection> for String`, which the compiler would name to whoever passes a wrong name.
impl Serialize for AssetSelection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for AssetSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How tight an expression holds together, the loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
    Reaching,
    Alone,
}

impl Expression {
    fn binding(&self) -> Binding {
        match self {
            Self::Or(_) => Binding::Or,
            Self::And(_) => Binding::And,
            Self::Not(_) => Binding::Not,
            // A lone `*` takes no `+`: `*+` would read as a pattern.
            Self::Reaching { .. } | Self::All => Binding::Reaching,
            Self::Has(..) | Self::Sinks(_) | Self::Roots(_) => Binding::Alone,
        }
    }

    /// The expression where only what holds at least so tight can stand without parentheses.
    fn within(&self, f: &mut fmt::Formatter<'_>, least: Binding) -> fmt::Result {
        if self.binding() < least { write!(f, "({self})") } else { write!(f, "{self}") }
    }

    fn list(f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str, least: Binding) -> fmt::Result {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                write!(f, " {word} ")?;
            }
            part.within(f, least)?;
        }
        Ok(())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Has(attribute, _) => attribute.fmt(f),
            Self::Not(of) => {
                f.write_str("not ")?;
                of.within(f, Binding::Not)
            }
            Self::And(parts) => Self::list(f, parts, "and", Binding::Not),
            Self::Or(parts) => Self::list(f, parts, "or", Binding::And),
            Self::Reaching { up, of, down } => {
                match up {
                    Reach::Here => {}
                    Reach::Levels(levels) => write!(f, "{levels}+")?,
                    Reach::All => f.write_str("+")?,
                }
                of.within(f, Binding::Alone)?;
                match down {
                    Reach::Here => Ok(()),
                    Reach::Levels(levels) => write!(f, "+{levels}"),
                    Reach::All => f.write_str("+"),
                }
            }
            Self::Sinks(of) => write!(f, "sinks({of})"),
            Self::Roots(of) => write!(f, "roots({of})"),
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(pattern) => write!(f, "key:{pattern}"),
            Self::Group(pattern) => write!(f, "group:{pattern}"),
            Self::Tag { key, value } => {
                f.write_str("tag:")?;
                text(f, key)?;
                value.as_ref().map_or(Ok(()), |value| {
                    f.write_char('=')?;
                    text(f, value)
                })
            }
            Self::Owner(owner) => {
                f.write_str("owner:")?;
                text(f, owner)
            }
            Self::Kind(kind) => {
                f.write_str("kind:")?;
                text(f, kind)
            }
        }
    }
}

/// A text as it is if that is a word, else in quotes.
fn text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if !text.is_empty() && text.chars().all(is_in_word) {
        return f.write_str(text);
    }
    f.write_char('"')?;
    Escaped::QUOTED.write(f, text)?;
    f.write_char('"')
}
