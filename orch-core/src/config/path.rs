use std::fmt;
use std::sync::Arc;

/// Where in the configuration a value stands: `ops.load.config.tags[2]`. Names that hold other characters than letters,
/// digits, `_` and `-` are quoted: `tags."a.b"`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConfigPath {
    steps: Vec<ConfigStep>,
}

/// One step of a [`ConfigPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConfigStep {
    /// To the value of this name in a map.
    Key(Arc<str>),
    /// To this item of a list, from 0.
    Index(usize),
}

impl ConfigPath {
    /// The whole configuration.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The value of this name in the map that stands here.
    #[must_use]
    pub fn key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.push(ConfigStep::Key(key.into()));
        self
    }

    /// An item of the list that stands here, from 0.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.push(ConfigStep::Index(index));
        self
    }

    /// The steps from the whole to the value.
    #[must_use]
    pub fn steps(&self) -> &[ConfigStep] {
        &self.steps
    }

    /// Whether it is the path of the whole.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// The path of what stands at `inner` within the value that stands here.
    #[must_use]
    pub fn join(mut self, inner: &Self) -> Self {
        self.steps.extend_from_slice(&inner.steps);
        self
    }

    /// Of a path that is made from the inside out: an error passes what it lies within, one after another.
    pub(super) fn put_before(&mut self, step: ConfigStep) {
        self.steps.insert(0, step);
    }

    pub(super) fn push(&mut self, step: ConfigStep) {
        self.steps.push(step);
    }

    pub(super) fn pop(&mut self) {
        self.steps.pop();
    }

    /// As the subject of a sentence: in backticks, and the whole in words.
    pub(super) fn subject(&self) -> String {
        if self.steps.is_empty() { "the configuration".to_owned() } else { format!("`{self}`") }
    }
}

/// The path of a value within maps: its names, from the outermost.
impl<K: Into<Arc<str>>> FromIterator<K> for ConfigPath {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> Self {
        Self { steps: keys.into_iter().map(|key| ConfigStep::Key(key.into())).collect() }
    }
}

impl fmt::Display for ConfigPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            match step {
                ConfigStep::Index(index) => write!(f, "[{index}]")?,
                ConfigStep::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    match is_plain(key) {
                        true => f.write_str(key)?,
                        false => write!(f, "{}", serde_json::Value::from(&**key))?,
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether a name can stand in a path as it is.
pub(super) fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}
