use std::sync::Arc;

use super::{OpBuilder, OpDef};

/// Which code an op is.
impl<O> OpBuilder<O> {
    /// Gives the function a fingerprint of its source, by which a run that goes on tells whether it is the one that began it.
    /// What it calls is not in it, and of an op with a [version](OpBuilder::code_version) that counts alone. `#[op]` makes one
    /// when it is compiled.
    #[must_use]
    pub fn fingerprint(mut self, fingerprint: impl Into<Arc<str>>) -> Self {
        self.op.fingerprint = Some(fingerprint.into());
        self
    }
}

impl OpDef {
    /// The fingerprint of its function, unless its code has a version, which then says whether it has changed.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&Arc<str>> {
        self.fingerprint.as_ref().filter(|_| self.code_version.is_none())
    }
}
