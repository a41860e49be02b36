use std::fmt;
use std::sync::Arc;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// What is wrong with a selection, all of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SelectionError(Vec<Mistake>);

impl SelectionError {
    pub(super) fn of(mistakes: Vec<Mistake>) -> Self {
        Self(mistakes)
    }

    /// The mistakes, in the order of the text.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }
}

impl fmt::Display for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [mistake] => mistake.fmt(f),
            mistakes => {
                write!(f, "the selection has {} mistakes", mistakes.len())?;
                mistakes.iter().try_for_each(|mistake| write!(f, "\nerror: {mistake}"))
            }
        }
    }
}

/// As people read it, for a `main` or a test that returns it prints it so.
impl fmt::Debug for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for SelectionError {}

/// One thing that is wrong with a selection, and where.
#[derive(Clone, Debug)]
pub struct Mistake {
    message: String,
    hint: Option<String>,
    origin: Origin,
}

impl Mistake {
    pub(super) fn new(message: impl Into<String>, origin: Origin) -> Self {
        Self { message: message.into(), hint: None, origin }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Where it begins, in characters from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.origin.at + 1
    }

    /// What is wrong and at which column, and below it the text with a caret; without the hint.
    #[must_use]
    pub fn message(&self) -> String {
        let at = format!("{}, at column {}", self.message, self.column());
        if self.origin.text.trim().is_empty() { at } else { format!("{at}\n{}", self.origin.excerpt()) }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl PartialEq for Mistake {
    fn eq(&self, other: &Self) -> bool {
        (self.message(), &self.hint) == (other.message(), &other.hint)
    }
}

impl Eq for Mistake {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

/// Where in which text something was written, in characters. It is no part of what it says: two selections are equal
/// wherever they come from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) text: Arc<str>,
    pub(super) at: usize,
    pub(super) len: usize,
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

/// How many characters of a long text are shown before a mistake, and from it on.
const BEFORE: usize = 40;
const BEHIND: usize = 60;

impl Origin {
    pub(super) fn new(text: &Arc<str>, at: usize, len: usize) -> Self {
        Self { text: Arc::clone(text), at, len }
    }

    /// What is written there.
    pub(super) fn written(&self) -> String {
        self.text.chars().skip(self.at).take(self.len).collect()
    }

    /// The text in one line, and carets below.
    fn excerpt(&self) -> String {
        // A tab or line end would tear the line, and a mark without width the caret from its place.
        let shown = |c: char| if c.width().unwrap_or(0) == 0 { ' ' } else { c };
        let fits = self.text.chars().count() <= BEFORE + BEHIND;
        let (from, to) = if fits { (0, BEFORE + BEHIND) } else { (self.at.saturating_sub(BEFORE), BEHIND) };
        let mut before: String = self.text.chars().skip(from).take(self.at - from).map(shown).collect();
        let mut behind = self.text.chars().skip(self.at).map(shown);
        let mut here: String = behind.by_ref().take(self.len.min(to)).collect();
        let carets = here.width().max(1);
        here.extend(behind.by_ref().take(to.saturating_sub(self.len)));
        if behind.next().is_some() {
            here.push('…');
        }
        if from > 0 {
            before.insert(0, '…');
        }
        let line = format!("  {before}{here}");
        format!("{}\n  {}{}", line.trim_end(), " ".repeat(before.width()), "^".repeat(carets))
    }
}

/// How many names are told.
const TOLD: usize = 12;

/// The first names of many.
pub(super) fn told<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    let more = names.len().saturating_sub(TOLD);
    names.truncate(TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    names.join(", ") + &more
}
