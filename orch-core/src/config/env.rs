use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The environment variables to which configuration refers, `{env: NAME}`: those of the process, or those that a test gives.
#[derive(Clone, Default)]
pub struct EnvVars {
    given: Arc<BTreeMap<String, String>>,
    process: bool,
    /// Whether secrets are left where they are.
    secrets_stay: bool,
}

impl EnvVars {
    /// Those of this process.
    #[must_use]
    pub fn process() -> Self {
        Self { process: true, ..Self::default() }
    }

    /// None at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The same with another variable, which goes before one of the process.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.given).insert(name.into(), value.into());
        self
    }

    /// Whether those of the process are among them, and the others.
    pub(crate) fn parts(&self) -> (bool, &BTreeMap<String, String>) {
        (self.process, &self.given)
    }

    /// The same, but whether there is something behind a reference to a secret is not looked at.
    pub(crate) fn leaving_secrets(self) -> Self {
        Self { secrets_stay: true, ..self }
    }

    pub(crate) fn leaves_secrets(&self) -> bool {
        self.secrets_stay
    }

    /// The value of a variable; none if it is not set, or is no text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.given.get(name).cloned().or_else(|| {
            // A name with one of these makes the standard library panic on some systems.
            let fits = self.process && !name.is_empty() && !name.contains(['=', '\0']);
            fits.then(|| std::env::var(name).ok()).flatten()
        })
    }
}

/// The names alone: the values may be secret.
impl fmt::Debug for EnvVars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvVars")
            .field("given", &self.given.keys().collect::<Vec<_>>())
            .field("process", &self.process)
            .finish()
    }
}
