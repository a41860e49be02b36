use std::fmt;
use std::sync::Arc;

use super::set;
use crate::ids::Place;

/// Where a value of configuration comes from.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Nobody gave anything.
    Nowhere,
    /// Nobody gave one: the default of its field.
    Default,
    /// A place in the program's source.
    Code(Place),
    /// A configuration file.
    File {
        /// The file, as it was named.
        file: Arc<str>,
        /// The line, from 1.
        line: u32,
        /// The column, from 1, in characters.
        column: u32,
    },
    /// `--set`, or what does the same in a program: `ops.load.config.batch=50`. Shown is only what stands before the `=`,
    /// since the value may be secret.
    Set(Arc<str>),
    /// An environment variable, to which the place before refers: `{env: NAME}`.
    Env {
        /// The variable.
        name: Arc<str>,
        /// Where it is referred to.
        asked: Box<Self>,
    },
}

impl Origin {
    /// The place without its column, as plans know places.
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Code(place) => place.clone(),
            Self::File { file, line, .. } => Place { file: file.to_string(), line: *line },
            Self::Env { asked, .. } => asked.place(),
            Self::Nowhere | Self::Default | Self::Set(_) => Place { file: self.to_string(), line: 0 },
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => f.write_str("nowhere"),
            Self::Default => f.write_str("default"),
            Self::Code(place) => place.fmt(f),
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Set(text) => write!(f, "--set {}", set::name_of(text)),
            Self::Env { name, asked } => write!(f, "{asked} (env {name})"),
        }
    }
}

/// As people read it: without the value that was set, which may be secret.
impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}
