//! The form of a tag's key, as the plan checks it too; here it is told at the user's word.

/// How long each part of a key may be.
const LONGEST: usize = 63;

/// Why no tag can have this key, and what to write instead.
pub(crate) fn refusal(key: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let parts: Vec<&str> = key.split('/').collect();
    let own = key.strip_prefix("orch/").filter(|_| key != "orch/priority");
    let why = if key.is_empty() {
        "a tag has a key, such as `team`".to_owned()
    } else if let Some(odd) = key.chars().find(|&c| !fits(c) && c != '/') {
        let plain: String = key.chars().map(|c| if fits(c) || c == '/' { c } else { '_' }).collect();
        format!(
            "the key of a tag cannot have {odd:?}: write ASCII letters, digits, `_`, `-` and `.`: `{plain}`"
        )
    } else if parts.len() > 2 || parts.iter().any(|part| part.is_empty()) {
        "the key of a tag has one slash at most, between a prefix and a name: `acme.com/team`".to_owned()
    } else if parts.iter().any(|part| part.len() > LONGEST) {
        format!("each part of a tag's key has {LONGEST} characters at most: put the rest into the value")
    } else if let Some(own) = own {
        format!(
            "`orch/` is kept for orch's own tags: leave the prefix out, `{own}`, or take one of yours, `acme.com/{own}`"
        )
    } else {
        return None;
    };
    Some(why)
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn keys_of_the_documented_form_are_accepted_and_nothing_else_is() {
        for key in ["team", "orch/priority", "acme.com/team", "a-b_c.d", &"a".repeat(63)] {
            assert_eq!(refusal(key), None);
        }
        for key in ["", "my key", "größe", "a/b/c", "/team", "acme/", "orch/kind", &"a".repeat(64)] {
            assert!(refusal(key).is_some(), "{key}");
        }
    }
}
