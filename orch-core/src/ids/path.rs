use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Escaped, MappingKey, QuickMap};

/// One element of a fan-out, within the elements it is nested in: `[a][17]`.
///
/// Cheap to clone. Branches are ordered by age: the outermost map first, there by position of emission, so an element
/// of an older outer branch is older whenever it was emitted itself.
#[derive(Clone)]
pub struct Branch(Arc<Element>);

struct Element {
    parent: Option<Branch>,
    key: MappingKey,
    index: u64,
    level: u32,
}

impl Branch {
    /// The element `key`, emitted as number `index`, within `parent`.
    #[must_use]
    pub fn new(parent: Option<&Self>, key: MappingKey, index: u64) -> Self {
        let level = parent.map_or(1, |parent| parent.0.level + 1);
        Self(Arc::new(Element { parent: parent.cloned(), key, index, level }))
    }

    /// The key of the innermost element.
    #[must_use]
    pub fn key(&self) -> &MappingKey {
        &self.0.key
    }

    /// The position at which the innermost element was emitted, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.0.index
    }

    /// The element this one is nested in.
    #[must_use]
    pub fn parent(&self) -> Option<&Self> {
        self.0.parent.as_ref()
    }

    /// All keys, the outermost first.
    #[must_use]
    pub fn keys(&self) -> Vec<&MappingKey> {
        let mut keys: Vec<_> =
            std::iter::successors(Some(self), |branch| branch.parent()).map(Self::key).collect();
        keys.reverse();
        keys
    }

    fn same_level_cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        let outer = match (self.parent(), other.parent()) {
            (Some(a), Some(b)) => a.same_level_cmp(b),
            _ => Ordering::Equal,
        };
        outer.then(self.0.index.cmp(&other.0.index))
    }

    fn ancestor_at(&self, level: u32) -> &Self {
        let mut branch = self;
        while branch.0.level > level {
            match branch.parent() {
                Some(parent) => branch = parent,
                None => break,
            }
        }
        branch
    }

    /// Orders by age; a branch comes before the elements nested in it.
    #[must_use]
    pub fn age_cmp(&self, other: &Self) -> Ordering {
        let level = self.0.level.min(other.0.level);
        self.ancestor_at(level)
            .same_level_cmp(other.ancestor_at(level))
            .then(self.0.level.cmp(&other.0.level))
    }
}

impl fmt::Debug for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent() {
            parent.fmt(f)?;
        }
        f.write_char('[')?;
        Escaped::KEY.write(f, &self.key().to_string())?;
        f.write_char(']')
    }
}

impl PartialEq for Branch {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.level == other.0.level && self.key() == other.key() && self.parent() == other.parent())
    }
}

impl Eq for Branch {}

impl Hash for Branch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
        self.parent().hash(state);
    }
}

/// The identity of a step within a run: the step's name in the plan and, inside maps, the element it works on.
///
/// Its text is `extract`, `load[100]`, nested `f[a][17]`, in a graph `clean.echo[0]`; brackets, backslashes and control
/// characters of a key are escaped with a backslash, so that any key reads back as it was.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StepPath {
    name: Arc<str>,
    branch: Option<Branch>,
}

/// What there is of each of many steps.
pub(crate) type PathMap<T> = QuickMap<StepPath, T>;

impl StepPath {
    /// The step `name`, in `branch` if it is inside a map.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, branch: Option<Branch>) -> Self {
        Self { name: name.into(), branch }
    }

    /// The step's name in the plan, without mapping keys: `clean.echo`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The element of the map (and the maps around it) that the step works on.
    #[must_use]
    pub fn branch(&self) -> Option<&Branch> {
        self.branch.as_ref()
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.branch.as_ref().map_or(Ok(()), |branch| branch.fmt(f))
    }
}

impl fmt::Debug for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<StepPath> for String {
    fn from(path: StepPath) -> Self {
        path.to_string()
    }
}

impl TryFrom<String> for StepPath {
    type Error = ParseStepPathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// Why a text is no [`StepPath`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseStepPathError {
    column: usize,
    expected: &'static str,
}

impl fmt::Display for ParseStepPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a step path: expected {} at column {}", self.expected, self.column + 1)
    }
}

impl std::error::Error for ParseStepPathError {}

impl FromStr for StepPath {
    type Err = ParseStepPathError;

    /// Reads the text form back. Positions of emission are not part of it, so branches read this way all have index 0.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name_end = text.find('[').unwrap_or(text.len());
        let fail = |column, expected| Err(ParseStepPathError { column, expected });
        if name_end == 0 {
            return fail(0, "a step name");
        }
        let mut branch = None;
        let mut at = name_end;
        while at < text.len() {
            let Some(key) = text[at..].strip_prefix('[') else { return fail(at, "`[`") };
            at += 1;
            let (key, length) = Escaped::KEY
                .read(key)
                .map_err(|(after, expected)| ParseStepPathError { column: at + after, expected })?;
            at += length;
            branch = Some(Branch::new(branch.as_ref(), MappingKey::from(key), 0));
        }
        Ok(Self::new(&text[..name_end], branch))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_key_reads_back_as_it_was(keys in prop::collection::vec(any::<String>(), 0..4)) {
            let branch = keys.iter().fold(None, |parent, key| {
                Some(Branch::new(parent.as_ref(), MappingKey::from(key.as_str()), 0))
            });
            let path = StepPath::new("clean.echo", branch);
            let text = path.to_string();
            prop_assert!(!text.chars().any(char::is_control));
            prop_assert_eq!(text.parse::<StepPath>(), Ok(path));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = text.parse::<StepPath>();
        }
    }

    #[test]
    fn age_goes_from_the_outermost_map_inwards() {
        let old = Branch::new(None, "z".into(), 0);
        let young = Branch::new(None, "a".into(), 1);
        let late_in_old = Branch::new(Some(&old), "x".into(), 9);
        assert_eq!(late_in_old.age_cmp(&young), Ordering::Less);
        assert_eq!(old.age_cmp(&late_in_old), Ordering::Less);
        assert_eq!(young.age_cmp(&Branch::new(Some(&young), "x".into(), 0)), Ordering::Less);
    }

    #[test]
    fn a_broken_path_is_told_with_its_column() {
        let message = |text: &str| text.parse::<StepPath>().expect_err("broken").to_string();
        assert_eq!(message("load[3"), "not a step path: expected `]` at column 7");
        assert_eq!(message("[3]"), "not a step path: expected a step name at column 1");
        assert_eq!(message("load[3]x"), "not a step path: expected `[` at column 8");
    }
}
