use super::input::Feed;
use super::{Handle, NodeRef, Takes};

/// What the call of an op gives that did not compile: it fits everywhere, so that the op's own error stays the only one.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Unknown;

#[diagnostic::do_not_recommend]
impl<T> Takes<Unknown> for T {
    fn feed(_: Unknown) -> Feed {
        unreachable!("made only by what does not compile")
    }
}

impl Handle for Unknown {
    fn node(&self) -> Option<NodeRef> {
        None
    }
}

impl Unknown {
    #[doc(hidden)]
    #[must_use]
    pub fn map<H>(self, _: impl FnOnce(Self) -> H) -> Self {
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn collect(self) -> Self {
        self
    }
}
