//! Secrets are found by those who read them: serde has no way to hand on an environment, and enums that are told apart by
//! a tag, like fields that are flattened, are read from a copy that serde itself makes. So the reading that is going on
//! is the thread's.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use secrecy::zeroize::{Zeroize, Zeroizing};
use serde::de::DeserializeOwned;

use super::Secret;
use super::reference::{Kind, Reference};
use crate::config::EnvVars;
use crate::config::read::TextReader;
use crate::value::TypeInfo;

/// So large are secrets at most, in bytes. Some files have no end.
const LARGEST: u64 = 1024 * 1024;

thread_local! {
    /// The readings that are going on in this thread, the innermost last.
    static READINGS: RefCell<Vec<Reading>> = const { RefCell::new(Vec::new()) };
}

struct Reading {
    env: EnvVars,
    found: Vec<Secret<String>>,
}

/// What `read` gives, and the texts of the secrets that it resolved on its way.
pub(in crate::config) fn resolving<T>(env: &EnvVars, read: impl FnOnce() -> T) -> (T, Vec<Secret<String>>) {
    /// Also when `read` panics: the user's code may.
    struct Ends;
    impl Drop for Ends {
        fn drop(&mut self) {
            READINGS.with_borrow_mut(Vec::pop);
        }
    }
    READINGS.with_borrow_mut(|readings| readings.push(Reading { env: env.clone(), found: Vec::new() }));
    let _ends = Ends;
    let value = read();
    let found = READINGS
        .with_borrow_mut(|readings| readings.last_mut().map(|reading| std::mem::take(&mut reading.found)));
    (value, found.unwrap_or_default())
}

/// Whether this thread is reading configuration.
pub(super) fn is_resolving() -> bool {
    READINGS.with_borrow(|readings| !readings.is_empty())
}

/// The secret to which a reference leads. The error is the reader's to see and so says nothing of what was found.
pub(super) fn resolve<T: Zeroize + DeserializeOwned + 'static>(reference: &Reference) -> Result<T, String> {
    let name = &*reference.name;
    let (what, text) = match reference.kind {
        Kind::Env => {
            let text =
                READINGS.with_borrow(|readings| readings.last().and_then(|reading| reading.env.get(name)));
            let unset = || format!("the secret's environment variable `{name}` is not set");
            ("environment variable", text.map(Zeroizing::new).ok_or_else(unset)?)
        }
        Kind::File => {
            let text = read_file(Path::new(name));
            let unread = |error| format!("the secret's file `{name}` cannot be read: {error}");
            ("file", text.map_err(unread)?)
        }
    };
    // Known before it is read: what reads it may fail, and say so with the text in its message.
    READINGS.with_borrow_mut(|readings| {
        if let Some(reading) = readings.last_mut() {
            reading.found.push(Secret::new(text.to_string()));
        }
    });
    T::deserialize(TextReader { text: &text })
        .map_err(|_| format!("the secret in the {what} `{name}` is no `{}`", TypeInfo::of::<T>().name()))
}

/// The text of a file without its last line end, which editors add.
fn read_file(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
