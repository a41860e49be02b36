use std::collections::HashMap;
use std::sync::Arc;

use super::reference::Reference;
use super::{Node, Value};

impl Node {
    /// This with another laid over it: of two maps one is made, key by key, anything else is replaced by the later. What
    /// is kept knows still where it comes from.
    ///
    /// A reference such as `{env: NAME}` is one value: it is replaced by another and not mixed with it.
    #[must_use]
    pub fn merge(self, over: Self) -> Self {
        if Reference::of(&self).is_some() && Reference::of(&over).is_some() {
            return over;
        }
        match (self.value, over.value) {
            (Value::Map(mut under), Value::Map(entries)) => {
                let places: HashMap<_, _> =
                    under.iter().enumerate().map(|(at, entry)| (Arc::clone(&entry.key), at)).collect();
                let later = under.iter().map(|entry| entry.layer + 1).max().unwrap_or_default();
                for mut entry in entries {
                    entry.layer += later;
                    match places.get(&entry.key).and_then(|at| under.get_mut(*at)) {
                        Some(found) => {
                            // A map stays where it was begun, whatever is changed in it.
                            if !matches!(
                                (&found.node.value, &entry.node.value),
                                (Value::Map(_), Value::Map(_))
                            ) {
                                found.at = entry.at;
                            }
                            let nothing = Self { value: Value::Null, origin: found.node.origin.clone() };
                            found.layer = entry.layer;
                            found.node = std::mem::replace(&mut found.node, nothing).merge(entry.node);
                        }
                        None => under.push(entry),
                    }
                }
                Self { value: Value::Map(under), origin: self.origin }
            }
            (_, value) => Self { value, origin: over.origin },
        }
    }
}
