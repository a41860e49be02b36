use super::{Feed, Handle, IntoInput, NodeRef};

/// What the call of an op gives that did not compile: it fits everywhere, so that the op's own error stays the only one.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Unknown;

#[diagnostic::do_not_recommend]
impl<T> IntoInput<T> for Unknown {
    fn into_input(self) -> Feed {
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
