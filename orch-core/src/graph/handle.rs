use super::compose::{self, Placement};
use super::node::{change, set_retry};
use super::{Collected, DynamicOut, Mapped, Out};
use crate::define::{PRIORITY_TAG, Place, Retry};

/// The step behind a handle.
#[derive(Clone, Copy, Debug)]
pub struct NodeRef(pub(super) Placement);

/// What can be said of a call: its name, tags, priority, retry policy, and what it waits for.
pub trait Handle: Sized {
    /// The step behind the handle; none for constants.
    fn node(&self) -> Option<NodeRef>;

    /// Names the step; without it the op's name is used, with `_2`, `_3`, .. for further calls.
    #[track_caller]
    fn named(self, name: impl Into<String>) -> Self {
        let name = name.into();
        change(self.node().map(|node| node.0), "named", |node| node.named = Some(name));
        self
    }

    /// Adds a tag to the step, besides those of the op.
    #[track_caller]
    fn tag(self, key: impl Into<String>, value: impl ToString) -> Self {
        let (key, value) = (key.into(), value.to_string());
        change(self.node().map(|node| node.0), "tag", |node| {
            node.tags.insert(key, value);
        });
        self
    }

    /// Sets the priority of the step, before that of the op.
    #[track_caller]
    fn priority(self, priority: i64) -> Self {
        change(self.node().map(|node| node.0), "priority", |node| {
            node.tags.insert(PRIORITY_TAG.to_owned(), priority.to_string());
        });
        self
    }

    /// Sets the retry policy of the step, before those of the op and the job.
    #[track_caller]
    fn retry(self, retry: Retry) -> Self {
        change(self.node().map(|node| node.0), "retry", |node| set_retry(node, retry));
        self
    }

    /// Lets the step wait for another one, without taking a value from it.
    #[track_caller]
    fn after(self, other: impl Handle) -> Self {
        let place = Place::caller();
        let other = other.node().map(|node| node.0);
        match other {
            Some(other) if compose::with(|composition| composition.own(other, &place)) => {
                change(self.node().map(|node| node.0), "after", |node| node.after.push(other.index));
            }
            // That the handle is foreign has been said.
            Some(_) => {}
            None => change(None, "after", |_| {}),
        }
        self
    }
}

fn node_of(source: Placement) -> Option<NodeRef> {
    compose::with(|composition| {
        if source.composition != composition.id {
            return Some(NodeRef(source));
        }
        composition.node_of(source.index).map(|index| NodeRef(Placement { index, ..source }))
    })
}

impl<T> Handle for Out<T> {
    fn node(&self) -> Option<NodeRef> {
        node_of(self.source)
    }
}

impl<T> Handle for DynamicOut<T> {
    fn node(&self) -> Option<NodeRef> {
        node_of(self.item)
    }
}

impl<T> Handle for Collected<T> {
    fn node(&self) -> Option<NodeRef> {
        node_of(self.source)
    }
}

impl<H: Handle> Handle for Mapped<H> {
    fn node(&self) -> Option<NodeRef> {
        self.inner.node()
    }
}

macro_rules! tuples {
    ($($H:ident)*) => {
        impl<$($H: Handle),*> Handle for ($($H,)*) {
            fn node(&self) -> Option<NodeRef> {
                self.0.node()
            }
        }
    };
}
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
