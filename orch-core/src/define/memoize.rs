use std::sync::Arc;

/// That the steps of an op are memoized, and what they depend on beside their inputs and their configuration; see
/// [`OpBuilder::memoize`](super::OpBuilder::memoize).
///
/// ```
/// use orch_core::define::{Memoize, OpDef, One};
///
/// let double = OpDef::builder("double")
///     .code_version("1")
///     .memoize(Memoize::of("numbers::double").env("FACTOR"))
///     .input::<i64>("x")
///     .returns::<One<i64, 0>>()
///     .blocking(|mut args| Ok(args.take::<i64>(0)? * 2));
/// assert_eq!(double.memoize().map(Memoize::op), Some("numbers::double"));
/// ```
#[derive(Clone, Debug)]
pub struct Memoize {
    op: Arc<str>,
    fingerprint: Option<Arc<str>>,
    env: Vec<String>,
    context: bool,
    trusts_resources: bool,
    pub(super) configured: bool,
}

impl Memoize {
    /// Memoized as the op of this name. What an op of the same name has given before is taken for what this one gives, so it
    /// is one that no other op has, with the modules in which it lies.
    #[must_use]
    pub fn of(op: impl Into<Arc<str>>) -> Self {
        Self {
            op: op.into(),
            fingerprint: None,
            env: Vec::new(),
            context: false,
            trusts_resources: false,
            configured: false,
        }
    }

    /// Says by what the code is known that has no version of its own: a hash of the source, which changes with it.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: impl Into<Arc<str>>) -> Self {
        self.fingerprint = Some(fingerprint.into());
        self
    }

    /// Says that the code reads an environment variable: with another value it gives something else. Its hash is recorded, so
    /// it is to be no secret.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>) -> Self {
        self.env.push(name.into());
        self
    }

    /// Says that the code looks at its [`Context`](super::Context): a step of another path, keys among it, of another job or
    /// with other tags gives something else. What is of one run alone, its identifier and its time, no step can depend on that
    /// is to be passed over in another.
    #[must_use]
    pub fn context(mut self) -> Self {
        self.context = true;
        self
    }

    /// Says that resources that the program gives as values are always the same, and so is the code that opens others. Else nobody
    /// knows what the values are, and no step that takes one is passed over. The configuration of resources and the variables that
    /// they read count all the same.
    #[must_use]
    pub fn trust_resources(mut self) -> Self {
        self.trusts_resources = true;
        self
    }

    /// The name by which the op is known.
    #[must_use]
    pub fn op(&self) -> &str {
        &self.op
    }

    pub(crate) fn source(&self) -> Option<&Arc<str>> {
        self.fingerprint.as_ref()
    }

    pub(crate) fn variables(&self) -> &[String] {
        &self.env
    }

    pub(crate) fn takes_context(&self) -> bool {
        self.context
    }

    pub(crate) fn trusts_resources(&self) -> bool {
        self.trusts_resources
    }

    /// Whether its configuration is made of another one, by code of which no version is known.
    pub(crate) fn is_configured(&self) -> bool {
        self.configured
    }
}
