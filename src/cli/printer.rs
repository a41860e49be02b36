use std::ffi::OsStr;
use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orch_core::report::{Palette, Role};

use super::args::{ColorChoice, OutputArgs};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verbosity {
    Quiet,
    Normal,
    Verbose,
}

/// Where all output goes: data to stdout, everything else to stderr.
///
/// Whoever reads the output may go away at any time, as `head` does. What cannot be written then is dropped, so that
/// a run does not end because nobody listens, and nothing is said of it. If data cannot be written for another reason,
/// such as a full disk, [`refused`](Self::refused) tells.
///
/// Clones write to the same.
#[derive(Clone)]
pub(super) struct Printer {
    out: Arc<Mutex<Stream>>,
    err: Arc<Mutex<Stream>>,
    pub(super) verbosity: Verbosity,
}

struct Stream {
    to: Box<dyn Write + Send>,
    palette: Palette,
    terminal: bool,
    /// Why nothing is written any more.
    refused: Option<io::Error>,
}

impl Stream {
    fn new(to: Box<dyn Write + Send>, palette: Palette, terminal: bool) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self { to, palette, terminal, refused: None }))
    }
}

impl Printer {
    /// The printer on the program's own streams.
    pub(super) fn new(args: OutputArgs) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let term = std::env::var_os("TERM");
        let draws = |terminal| draws(terminal, term.as_deref());
        let (out_terminal, err_terminal) = (draws(out.is_terminal()), draws(err.is_terminal()));
        let wanted = |terminal| palette(args.color, terminal);
        Self {
            out: Stream::new(Box::new(out), wanted(out_terminal), out_terminal),
            err: Stream::new(Box::new(err), wanted(err_terminal), err_terminal),
            verbosity: verbosity(args),
        }
    }

    /// A printer to these instead, which are no terminals.
    #[cfg(test)]
    pub(super) fn to(
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
        args: OutputArgs,
    ) -> Self {
        let stream = |to| Stream::new(to, Palette::Plain, false);
        Self { out: stream(Box::new(out)), err: stream(Box::new(err)), verbosity: verbosity(args) }
    }

    /// Writes data: what the user asked for.
    pub(super) fn data(&self, text: &str) {
        write(&self.out, text);
    }

    /// Why data is missing from stdout, if it is and somebody reads it.
    pub(super) fn refused(&self) -> Option<String> {
        let out = lock(&self.out);
        let refused = out.refused.as_ref().filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
        refused.map(ToString::to_string)
    }

    /// Writes what accompanies the work, as it is. Nothing when quiet.
    pub(super) fn note(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            write(&self.err, text);
        }
    }

    /// Writes what must be seen, quiet or not.
    pub(super) fn say(&self, text: &str) {
        write(&self.err, text);
    }

    /// Writes an error, and what can be done about it.
    pub(super) fn error(&self, error: &dyn fmt::Display, hint: Option<&str>) {
        self.told(Role::Bad, "error:", error, hint);
    }

    /// Writes what is not as the user meant it but does not hinder, and what can be done about it.
    pub(super) fn warning(&self, warning: &dyn fmt::Display, hint: Option<&str>) {
        self.told(Role::Warn, "warning:", warning, hint);
    }

    /// What to do next, after something else; not if less is to be said.
    pub(super) fn hint(&self, hint: &str) {
        self.note(&format!("{} {hint}\n", self.palette().paint(Role::Busy, "hint:")));
    }

    fn told(&self, role: Role, word: &str, what: &dyn fmt::Display, hint: Option<&str>) {
        let palette = self.palette();
        let mut text = format!("{} {what}\n", palette.paint(role, word));
        if let Some(hint) = hint {
            text.push_str(&format!("{} {hint}\n", palette.paint(Role::Busy, "hint:")));
        }
        self.say(&text);
    }

    /// The colours of stderr.
    pub(super) fn palette(&self) -> Palette {
        lock(&self.err).palette
    }

    /// The colours of stdout.
    pub(super) fn data_palette(&self) -> Palette {
        lock(&self.out).palette
    }

    /// Whether stderr is a terminal in which can be drawn.
    pub(super) fn is_terminal(&self) -> bool {
        lock(&self.err).terminal
    }
}

fn write(stream: &Mutex<Stream>, text: &str) {
    let mut stream = lock(stream);
    // After a gap more would only be misread.
    if stream.refused.is_none() {
        let written = stream.to.write_all(text.as_bytes()).and_then(|()| stream.to.flush());
        stream.refused = written.err();
    }
}

fn lock(stream: &Mutex<Stream>) -> MutexGuard<'_, Stream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

fn verbosity(args: OutputArgs) -> Verbosity {
    match (args.quiet, args.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    }
}

/// A terminal that is dumb shows text and nothing else, as a file does.
fn draws(terminal: bool, term: Option<&OsStr>) -> bool {
    terminal && term.is_none_or(|term| term != "dumb")
}

fn palette(choice: ColorChoice, terminal: bool) -> Palette {
    let allowed = || {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        terminal && !set("NO_COLOR")
    };
    match choice {
        ColorChoice::Always => Palette::Ansi,
        ColorChoice::Auto if allowed() => Palette::Ansi,
        ColorChoice::Auto | ColorChoice::Never => Palette::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumb_terminal_is_as_good_as_none() {
        let draws = |terminal, term: Option<&str>| draws(terminal, term.map(OsStr::new));
        assert!(draws(true, None) && draws(true, Some("xterm")));
        assert!(!draws(true, Some("dumb")) && !draws(false, Some("xterm")));
    }
}
