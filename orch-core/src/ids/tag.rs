use std::fmt;

/// The tag that sets a step's priority.
pub(crate) const PRIORITY: &str = "orch/priority";

/// What stands before the keys of orch's own tags.
const RESERVED: &str = "orch/";

/// How long each part of a key may be.
const LONGEST: usize = 63;

/// Checks the key of a tag: letters, digits, `_`, `-` and `.` of ASCII, up to 63 of them, as in `team`; before them there
/// may be a prefix of the same form and a slash, as in `acme.com/team`. The prefix `orch/` is orch's own.
///
/// # Errors
/// What is wrong with the key, and what to write instead.
pub fn check_tag_key(key: &str) -> Result<(), InvalidTagKey> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let parts: Vec<&str> = key.split('/').collect();
    let odd = key.chars().find(|&c| !fits(c) && c != '/');
    let (why, hint) = if key.is_empty() {
        ("is empty".to_owned(), "give it a name, such as `team`".to_owned())
    } else if let Some(odd) = odd {
        let plain: String = key.chars().map(|c| if fits(c) || c == '/' { c } else { '_' }).collect();
        (
            format!("has the character {odd:?}"),
            format!("write ASCII letters, digits, `_`, `-` and `.`: `{plain}`"),
        )
    } else if parts.len() > 2 {
        let (prefix, name) = key.split_once('/').unwrap_or_default();
        let plain = name.replace('/', ".");
        (
            "has several slashes".to_owned(),
            format!("keep one, between a prefix and a name: `{prefix}/{plain}`"),
        )
    } else if parts.iter().any(|part| part.is_empty()) {
        let plain = key.trim_matches('/');
        let hint = if plain.is_empty() { "team" } else { plain };
        ("has nothing on one side of its slash".to_owned(), format!("leave the slash out: `{hint}`"))
    } else if let Some(part) = parts.iter().find(|part| part.len() > LONGEST) {
        (
            format!("has {} characters in `{part}`", part.len()),
            format!("write at most {LONGEST}, and put the rest into the value"),
        )
    } else if key.starts_with(RESERVED) && key != PRIORITY {
        let own = &key[RESERVED.len()..];
        (
            format!("begins with `{RESERVED}`, which is kept for orch's own tags"),
            format!("leave the prefix out, `{own}`, or take one of yours, `acme.com/{own}`"),
        )
    } else {
        return Ok(());
    };
    Err(InvalidTagKey { message: format!("the tag key `{}` {why}", key.escape_debug()), hint })
}

/// Why a text is no key of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTagKey {
    message: String,
    hint: String,
}

impl InvalidTagKey {
    /// What to write instead.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for InvalidTagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvalidTagKey {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::check_tag_key;

    #[test]
    fn what_is_wrong_with_a_key_is_told_with_a_remedy() {
        let long = "a".repeat(64);
        let wrong = ["", "my key", "größe", "a/b/c", "/team", "acme/", "/", &long, "orch/kind", "orch/"];
        let told = wrong.map(|key| match check_tag_key(key) {
            Ok(()) => format!("{key} is fine"),
            Err(error) => format!("{error}\n  hint: {}", error.hint()),
        });
        insta::assert_snapshot!(told.join("\n"), @r"
        the tag key `` is empty
          hint: give it a name, such as `team`
        the tag key `my key` has the character ' '
          hint: write ASCII letters, digits, `_`, `-` and `.`: `my_key`
        the tag key `größe` has the character 'ö'
          hint: write ASCII letters, digits, `_`, `-` and `.`: `gr__e`
        the tag key `a/b/c` has several slashes
          hint: keep one, between a prefix and a name: `a/b.c`
        the tag key `/team` has nothing on one side of its slash
          hint: leave the slash out: `team`
        the tag key `acme/` has nothing on one side of its slash
          hint: leave the slash out: `acme`
        the tag key `/` has nothing on one side of its slash
          hint: leave the slash out: `team`
        the tag key `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` has 64 characters in `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`
          hint: write at most 63, and put the rest into the value
        the tag key `orch/kind` begins with `orch/`, which is kept for orch's own tags
          hint: leave the prefix out, `kind`, or take one of yours, `acme.com/kind`
        the tag key `orch/` has nothing on one side of its slash
          hint: leave the slash out: `orch`
        ");
    }

    proptest! {
        #[test]
        fn keys_of_the_documented_form_are_accepted(key in "([a-zA-Z0-9_.-]{1,63}/)?[a-zA-Z0-9_.-]{1,63}") {
            prop_assert_eq!(check_tag_key(&key).is_ok(), !key.starts_with("orch/") || key == "orch/priority");
        }

        #[test]
        fn nothing_else_is(key in "\\PC{0,8}") {
            let fits = |part: &str| {
                (1..64).contains(&part.len())
                    && part.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
            };
            let is_key = match key.split_once('/') {
                Some((prefix, name)) => fits(prefix) && fits(name) && prefix != "orch",
                None => fits(&key),
            };
            prop_assert_eq!(check_tag_key(&key).is_ok(), is_key);
        }
    }
}
