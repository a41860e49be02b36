use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

/// The name of an asset, wherever it is spoken of: `orders`, or with a prefix `warehouse/orders`.
///
/// Its parts stand between slashes and are made of ASCII letters, digits, `_`, `-` and `.`, at most 100 of them; none is
/// `.` or `..`, so that a key can be a path.
///
/// ```
/// use orch_core::asset::AssetKey;
///
/// let key: AssetKey = "warehouse/orders".parse()?;
/// assert_eq!(key.parts().collect::<Vec<_>>(), ["warehouse", "orders"]);
/// assert_eq!((key.name(), key.step_name()), ("orders", "warehouse__orders".to_owned()));
///
/// let error = "big orders".parse::<AssetKey>().unwrap_err();
/// assert_eq!(error.to_string(), "the asset key `big orders` has the character ' '");
/// assert_eq!(error.hint(), "write ASCII letters, digits, `_`, `-` and `.`: `big_orders`");
/// # Ok::<(), orch_core::asset::InvalidAssetKey>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct AssetKey(Arc<str>);

/// How long each part of a key may be.
const LONGEST: usize = 100;

impl AssetKey {
    /// A text that is yet to be checked: whoever collects keys tells of all that are wrong.
    pub(crate) fn unchecked(text: &str) -> Self {
        Self(text.into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands between its slashes.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Its last part.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The name of the step that makes it: names of steps have no slashes.
    #[must_use]
    pub fn step_name(&self) -> String {
        self.0.replace('/', "__").replace(['.', '-'], "_")
    }

    /// The same below a prefix.
    ///
    /// # Errors
    /// If the prefix is no key.
    pub fn within(&self, prefix: &str) -> Result<Self, InvalidAssetKey> {
        format!("{prefix}/{self}").parse()
    }
}

impl fmt::Display for AssetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AssetKey {
    type Err = InvalidAssetKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let wrong = |why: String, hint: String| {
            Err(InvalidAssetKey { message: format!("the asset key `{}` {why}", text.escape_debug()), hint })
        };
        if text.is_empty() {
            return wrong("is empty".to_owned(), "give it a name, such as `orders`".to_owned());
        }
        if let Some(odd) = text.chars().find(|&c| !fits(c) && c != '/') {
            let plain: String = text.chars().map(|c| if fits(c) || c == '/' { c } else { '_' }).collect();
            return wrong(
                format!("has the character {odd:?}"),
                format!("write ASCII letters, digits, `_`, `-` and `.`: `{plain}`"),
            );
        }
        for part in text.split('/') {
            match part {
                "" => {
                    let plain: Vec<_> = text.split('/').filter(|part| !part.is_empty()).collect();
                    let plain = if plain.is_empty() { "orders".to_owned() } else { plain.join("/") };
                    return wrong(
                        "has nothing on one side of a slash".to_owned(),
                        format!("leave that slash out: `{plain}`"),
                    );
                }
                "." | ".." => {
                    return wrong(
                        format!("has a part `{part}`, which would lead elsewhere as a path"),
                        "give that part a name".to_owned(),
                    );
                }
                part if part.len() > LONGEST => {
                    return wrong(
                        format!("has a part of {} characters", part.len()),
                        format!("write at most {LONGEST}"),
                    );
                }
                _ => {}
            }
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for AssetKey {
    type Error = InvalidAssetKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

// As text, and not by way of `From<AssetKey> for String`, which the compiler would name to whoever passes a wrong name.
impl Serialize for AssetKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Why a text is no key of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidAssetKey {
    message: String,
    hint: String,
}

impl InvalidAssetKey {
    /// What to write instead.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for InvalidAssetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvalidAssetKey {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::AssetKey;

    #[test]
    fn what_is_wrong_with_a_key_is_told_with_a_remedy() {
        let long = "a".repeat(101);
        let wrong = ["", "big orders", "größe", "/orders", "raw//orders", "/", "raw/../orders", &long];
        let told = wrong.map(|text| match text.parse::<AssetKey>() {
            Ok(key) => format!("{key} is fine"),
            Err(error) => format!("{error}\n  hint: {}", error.hint()),
        });
        let told = told.join("\n").replace(&long, "aaa..");
        insta::assert_snapshot!(told, @r"
        the asset key `` is empty
          hint: give it a name, such as `orders`
        the asset key `big orders` has the character ' '
          hint: write ASCII letters, digits, `_`, `-` and `.`: `big_orders`
        the asset key `größe` has the character 'ö'
          hint: write ASCII letters, digits, `_`, `-` and `.`: `gr__e`
        the asset key `/orders` has nothing on one side of a slash
          hint: leave that slash out: `orders`
        the asset key `raw//orders` has nothing on one side of a slash
          hint: leave that slash out: `raw/orders`
        the asset key `/` has nothing on one side of a slash
          hint: leave that slash out: `orders`
        the asset key `raw/../orders` has a part `..`, which would lead elsewhere as a path
          hint: give that part a name
        the asset key `aaa..` has a part of 101 characters
          hint: write at most 100
        ");
    }

    proptest! {
        #[test]
        fn a_key_reads_back_as_it_is_written(text in "[a-zA-Z0-9_-]{1,9}(/[a-zA-Z0-9_.-]{3,9}){0,3}") {
            let key: Result<AssetKey, _> = text.parse();
            prop_assume!(!text.split('/').any(|part| part.chars().all(|c| c == '.')));
            let key = key.expect("it is of the documented form");
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
