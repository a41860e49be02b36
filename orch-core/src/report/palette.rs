/// What a piece of text is for; the palette knows its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It went well.
    Good,
    /// It went wrong.
    Bad,
    /// It wants attention: a retry, a slow step, a warning.
    Warn,
    /// It is under way.
    Busy,
    /// It did not run.
    Skip,
    /// It is the name of something.
    Name,
    /// It is of less weight.
    Faint,
}

/// Whether text is coloured. Plain unless the caller knows that colours are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// No escape sequences.
    #[default]
    Plain,
    /// The sixteen colours that every terminal has and its user has chosen.
    Ansi,
}

impl Palette {
    /// The text in the colour of its role. It must not hold escape sequences itself.
    #[must_use]
    pub fn paint(self, role: Role, text: &str) -> String {
        let code = match role {
            Role::Good => "32;1",
            Role::Bad => "31;1",
            Role::Warn => "33;1",
            Role::Busy => "36",
            Role::Skip => "33",
            Role::Name => "1",
            Role::Faint => "2",
        };
        match self {
            Self::Ansi if !text.is_empty() => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}
