use std::fmt;
use std::panic::Location;

use serde::{Deserialize, Serialize};

/// A place in the user's source, or in a file that describes a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Place {
    /// The file, as the compiler was given it.
    pub file: String,
    /// The line, from 1; 0 for what has no lines.
    pub line: u32,
}

impl Place {
    /// The place of the caller of the function this is called in, if that is `#[track_caller]`.
    #[track_caller]
    #[must_use]
    pub fn caller() -> Self {
        let location = Location::caller();
        // Plans are compared between machines, some of which separate folders otherwise.
        Self { file: location.file().replace('\\', "/"), line: location.line() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}
