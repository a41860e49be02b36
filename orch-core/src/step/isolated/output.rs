use std::collections::VecDeque;
use std::io::{self, Read};

/// A longer line is told in pieces.
const LONGEST: usize = 8 << 10;

/// How many lines are kept for the message of a process that dies.
const KEPT: usize = 20;

/// What a worker writes to its stdout or stderr, as lines.
pub(super) struct Lines {
    pending: Vec<u8>,
}

/// How far a pipe was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pipe {
    Open,
    /// Nobody can write to it any more.
    Closed,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { pending: Vec::new() }
    }

    /// Tells the lines of the bytes that are `there` in the pipe, without waiting for more. Of what comes meanwhile it reads
    /// no more than a buffer, so that someone who prints without end keeps nobody here.
    pub(super) fn read(&mut self, pipe: &mut impl Read, there: u64, mut line: impl FnMut(String)) -> Pipe {
        let mut buffer = [0; 4096];
        let mut left = there;
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => {
                    self.finish(line);
                    return Pipe::Closed;
                }
                Ok(count) => {
                    self.take(&buffer[..count], &mut line);
                    left = left.saturating_sub(count as u64);
                    if left == 0 {
                        return Pipe::Open;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Pipe::Open,
                Err(_) => return Pipe::Closed,
            }
        }
    }

    /// Tells what has no end of a line: nothing more will come, or what comes belongs to another step.
    pub(super) fn finish(&mut self, mut line: impl FnMut(String)) {
        if !self.pending.is_empty() {
            line(text(&std::mem::take(&mut self.pending)));
        }
    }

    fn take(&mut self, mut bytes: &[u8], line: &mut impl FnMut(String)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.pending.extend_from_slice(&bytes[..end]);
            self.cut(line);
            line(text(&self.pending));
            self.pending.clear();
            bytes = &bytes[end + 1..];
        }
        self.pending.extend_from_slice(bytes);
        self.cut(line);
    }

    /// Tells the pieces of a line that is too long.
    fn cut(&mut self, line: &mut impl FnMut(String)) {
        while self.pending.len() > LONGEST {
            // Not within a character, if these are characters.
            let end = (LONGEST - 3..=LONGEST).rev().find(|&at| self.pending[at] & 0b1100_0000 != 0b1000_0000);
            let rest = self.pending.split_off(end.unwrap_or(LONGEST));
            line(text(&std::mem::replace(&mut self.pending, rest)));
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\r').to_owned()
}

/// The last lines that a worker has written.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
    /// Whether one of them, or of those before, said that memory could not be had. A backtrace may follow it.
    lacks_memory: bool,
}

impl Tail {
    pub(super) fn push(&mut self, line: String) {
        // In the words of the standard library.
        self.lacks_memory |= line.contains("memory allocation of");
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// What was written before is another step's.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    pub(super) fn lacks_memory(&self) -> bool {
        self.lacks_memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut told) = (Lines::new(), Vec::new());
        for mut chunk in chunks.iter().copied() {
            // What is in a pipe, and then nothing more for now.
            while !chunk.is_empty() {
                let taken = chunk.len().min(4096);
                lines.take(&chunk[..taken], &mut |line| told.push(line));
                chunk = &chunk[taken..];
            }
        }
        lines.finish(|line| told.push(line));
        told
    }

    #[test]
    fn lines_are_put_together() {
        assert_eq!(lines(&[b"one\ntw", b"o\r\n\nth\xffree"]), ["one", "two", "", "th\u{fffd}ree"]);
    }

    #[test]
    fn a_line_without_end_is_told_in_pieces() {
        let long = "ä".repeat(10_000);
        let told = lines(&[long.as_bytes()]);
        assert_eq!(told.iter().map(String::len).collect::<Vec<_>>(), [8192, 8192, 3616]);
        assert_eq!(told.concat(), long);
    }

    #[test]
    fn who_prints_without_end_is_not_read_without_end() {
        let (mut lines, mut told) = (Lines::new(), 0);
        let read = lines.read(&mut io::repeat(b'\n'), 10_000, |_| told += 1);
        assert_eq!((read, told), (Pipe::Open, 3 * 4096));
        let read = lines.read(&mut io::empty(), 0, |_| told += 1);
        assert_eq!((read, told), (Pipe::Closed, 3 * 4096), "that it is closed is seen when nothing is there");
    }

    #[test]
    fn the_last_lines_are_kept() {
        let mut tail = Tail::default();
        (0..30).for_each(|line| tail.push(line.to_string()));
        assert_eq!(tail.lines().collect::<Vec<_>>().len(), KEPT);
        assert_eq!(tail.lines().next(), Some("10"));
    }
}
