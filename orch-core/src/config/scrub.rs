mod told;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Secret;

/// What is written in place of a secret.
const INSTEAD: &str = "<secret>";

/// Shorter ones are found in too much that has nothing to do with them.
const SHORTEST: usize = 4;

/// What RFC 3986 leaves as it is.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What `application/x-www-form-urlencoded` leaves as it is.
const FORM: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*');

/// What JavaScript's `encodeURIComponent` leaves as it is.
const COMPONENT: AsciiSet = UNRESERVED.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');

/// Replaces secrets by `<secret>` in texts that may contain them: log lines, messages of errors.
///
/// A secret is found as it is, as `Debug` or JSON write it, and percent-encoded as in a URL. Of a secret of several lines
/// each line is found by itself too. Secrets, and lines of them, that are shorter than four characters are left in place:
/// they would be found in much that has nothing to do with them. What a program makes of a secret in other ways, such as
/// Base64 or its first half, is not found; nor is one that is told as a number, as `5432` of a `Secret<u16>` in JSON.
///
/// ```
/// use orch_core::config::{Scrubber, Secret};
///
/// let scrubber = Scrubber::new(&[Secret::new("hunter2".to_owned())]);
/// assert_eq!(scrubber.scrub("no entry for hunter2"), "no entry for <secret>");
/// ```
#[derive(Clone, Default)]
pub struct Scrubber {
    /// None if there is nothing to be found.
    forms: Option<Arc<AhoCorasick>>,
}

impl Scrubber {
    /// Finds these secrets.
    ///
    /// # Panics
    /// If they have more than two thousand million letters.
    #[must_use]
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s Secret<String>>) -> Self {
        let mut forms = BTreeSet::new();
        for secret in secrets {
            let text = secret.expose();
            add_forms(text, &mut forms);
            for line in text.lines() {
                add_forms(line.trim(), &mut forms);
            }
        }
        if forms.is_empty() {
            return Self { forms: None };
        }
        Self { forms: Some(Arc::new(AhoCorasick::new(forms).expect("secrets are not as large as that"))) }
    }

    /// The text with `<secret>` in place of each secret; the text itself if there is none in it.
    #[must_use]
    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(forms) = &self.forms else { return Cow::Borrowed(text) };
        // All of them, and not one beside the other only: of two that overlap nothing may be left.
        let mut spans: Vec<Range<usize>> = Vec::new();
        for found in forms.find_overlapping_iter(text) {
            let mut span = found.range();
            while let Some(before) = spans.pop_if(|before| before.end > span.start) {
                span.start = span.start.min(before.start);
            }
            spans.push(span);
        }
        if spans.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut scrubbed = String::new();
        let mut end = 0;
        for span in spans {
            scrubbed.push_str(&text[end..span.start]);
            scrubbed.push_str(INSTEAD);
            end = span.end;
        }
        scrubbed.push_str(&text[end..]);
        Cow::Owned(scrubbed)
    }
}

/// All that a text can look like once it has been written somewhere.
fn add_forms(text: &str, forms: &mut BTreeSet<String>) {
    if text.chars().count() < SHORTEST {
        return;
    }
    let debug = text.escape_debug().to_string();
    let json = serde_json::Value::from(text).to_string();
    // A text that was written within another is escaped twice.
    let json = json[1..json.len() - 1].to_owned();
    forms.insert(json.escape_debug().to_string());
    for set in [NON_ALPHANUMERIC, &UNRESERVED, &FORM, &COMPONENT] {
        let encoded = utf8_percent_encode(text, set).to_string();
        forms.insert(encoded.replace("%20", "+"));
        forms.insert(lowercase_codes(&encoded));
        forms.insert(encoded);
    }
    forms.extend([text.to_owned(), debug, json]);
}

/// `%c3%a9` for `%C3%A9`: both are in use.
fn lowercase_codes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at(2);
        lower += "%";
        lower += &code.to_ascii_lowercase();
        lower += rest;
    }
    lower
}

/// Nothing of what it finds.
impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrubber(..)")
    }
}

#[cfg(test)]
mod tests;
