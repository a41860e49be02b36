use std::fmt;

/// What outlives what. Whatever is committed outlives the death of the process in either case; and that there is a run, once
/// it has been made, outlives a loss of power too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A commit returns when the disk has it: it outlives a loss of power.
    Full,
    /// A commit returns when the system has it. A loss of power may take the last ones, but never one alone from among
    /// them: a log may end early and is whole up to its end.
    #[default]
    Normal,
}

impl Durability {
    /// The value of SQLite's `synchronous`.
    pub(crate) fn synchronous(self) -> i64 {
        match self {
            Self::Normal => 1,
            Self::Full => 2,
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Normal => "normal",
        })
    }
}
