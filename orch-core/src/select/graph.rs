use std::collections::BTreeMap;

/// A graph of which a part can be selected. Its nodes are numbers from 0.
pub trait Selectable {
    /// How many nodes there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of a step, `clean.echo`, or the key of an asset, `raw/pages`.
    fn name(&self, node: usize) -> &str;

    /// What a node depends on directly.
    fn upstream(&self, node: usize) -> &[usize];

    /// What depends on a node directly.
    fn downstream(&self, node: usize) -> &[usize];

    /// The maps that a step stands in, the outermost first; each is a number of its own.
    fn maps(&self, _node: usize) -> &[usize] {
        &[]
    }
}

/// What assets are selected by beside their keys.
pub trait Attributes: Selectable {
    /// The tags.
    fn tags(&self, node: usize) -> &BTreeMap<String, String>;

    /// The owners.
    fn owners(&self, node: usize) -> &[String];

    /// The group, if it is in one.
    fn group(&self, node: usize) -> Option<&str>;

    /// The kinds.
    fn kinds(&self, node: usize) -> &[String];
}
