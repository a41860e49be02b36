use std::fmt;

/// The name under which an IO manager tells of an asset by what it knows again what it has stored, as a text of its own. It is kept
/// with what is known of the asset, and handed to [`IoManager::look`](super::IoManager::look).
pub const STAMP: &str = "stamp";

/// What an IO manager finds where it has stored something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// It does not look, or cannot tell: what was told is believed.
    #[default]
    Unseen,
    /// What it has stored.
    Same,
    /// Something else.
    Other,
    /// Nothing.
    Nothing,
    /// Nobody can: the program does not have the IO manager any more that has stored it.
    Unmanaged,
}

impl Found {
    /// Whether what was stored cannot be had any more.
    #[must_use]
    pub fn is_lost(self) -> bool {
        matches!(self, Self::Other | Self::Nothing | Self::Unmanaged)
    }
}

/// As it is said of what was stored: "something else lies there now".
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unseen => "nobody knows whether it is there",
            Self::Same => "it is there",
            Self::Other => "something else lies in its place now",
            Self::Nothing => "nothing lies in its place any more",
            Self::Unmanaged => "the program has no IO manager for it any more",
        })
    }
}
