use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;
use indicatif::TermLike;

/// The terminal on stderr, for a drawing that an echoed `^C` does not break.
///
/// indicatif ends every line by filling it with spaces up to the terminal's width, the last one too. What the terminal
/// echoes when Ctrl-C is pressed then begins a new line, and the drawing is off by one from there on. Here a line ends
/// when another one begins: the echo stays on the last line, and is cleared with it.
#[derive(Debug)]
pub(super) struct Terminal {
    term: Term,
    line_ended: AtomicBool,
}

impl Terminal {
    pub(super) fn stderr() -> Self {
        Self { term: Term::buffered_stderr(), line_ended: AtomicBool::new(false) }
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        self.term.size().1
    }

    fn height(&self) -> u16 {
        self.term.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.term.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.term.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if text.chars().all(|c| c == ' ') {
            self.line_ended.store(true, Ordering::Relaxed);
            return Ok(());
        }
        if self.line_ended.swap(false, Ordering::Relaxed) {
            self.term.write_line("")?;
        }
        self.term.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.term.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.line_ended.store(false, Ordering::Relaxed);
        self.term.flush()
    }
}
