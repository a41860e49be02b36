use super::super::Attributes;
use super::super::error::{Mistake, Origin, SelectionError, told};
use super::super::walk::{Reach, walk};
use super::{AssetSelection, Attribute, Expression};
use crate::ids::nearest;

impl AssetSelection {
    /// Whether each node is selected, by the numbers of the nodes. That none is, is no error: `a and b` may be empty.
    ///
    /// # Errors
    /// If attributes fit no asset that there is; all of them, with what there is.
    pub fn of(&self, graph: &impl Attributes) -> Result<Vec<bool>, SelectionError> {
        let mut mistakes = Vec::new();
        let selected = self.0.of(graph, &mut mistakes);
        if mistakes.is_empty() { Ok(selected) } else { Err(SelectionError::of(mistakes)) }
    }
}

impl Expression {
    fn of(&self, graph: &impl Attributes, mistakes: &mut Vec<Mistake>) -> Vec<bool> {
        match self {
            Self::All => vec![true; graph.len()],
            Self::Has(attribute, origin) => {
                let selected: Vec<bool> = (0..graph.len()).map(|node| attribute.fits(graph, node)).collect();
                if !selected.contains(&true) {
                    mistakes.push(attribute.fits_nothing(graph, origin));
                }
                selected
            }
            Self::Not(of) => of.of(graph, mistakes).into_iter().map(|selected| !selected).collect(),
            Self::And(parts) => Self::joined(parts, graph, mistakes, |a, b| a && b),
            Self::Or(parts) => Self::joined(parts, graph, mistakes, |a, b| a || b),
            Self::Reaching { up, of, down } => {
                let start = numbers(&of.of(graph, mistakes));
                let mut selected = vec![false; graph.len()];
                let start = || start.iter().copied();
                let up = walk(start(), *up, |node| graph.upstream(node).iter().copied());
                let down = walk(start(), *down, |node| graph.downstream(node).iter().copied());
                up.into_iter().chain(down).for_each(|node| selected[node] = true);
                selected
            }
            Self::Sinks(of) => ends(of.of(graph, mistakes), |node| graph.upstream(node).iter().copied()),
            Self::Roots(of) => ends(of.of(graph, mistakes), |node| graph.downstream(node).iter().copied()),
        }
    }

    fn joined(
        parts: &[Self],
        graph: &impl Attributes,
        mistakes: &mut Vec<Mistake>,
        join: fn(bool, bool) -> bool,
    ) -> Vec<bool> {
        let mut parts = parts.iter().map(|part| part.of(graph, mistakes));
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |all, part| all.into_iter().zip(part).map(|(a, b)| join(a, b)).collect())
    }
}

/// Of the selected those to which no way of one edge or more leads back from a selected one.
fn ends<I: IntoIterator<Item = usize>>(selected: Vec<bool>, back: impl Fn(usize) -> I) -> Vec<bool> {
    let beside = numbers(&selected).into_iter().flat_map(&back).collect::<Vec<_>>();
    let behind = walk(beside, Reach::All, &back);
    let mut ends = selected;
    behind.into_iter().for_each(|node| ends[node] = false);
    ends
}

fn numbers(selected: &[bool]) -> Vec<usize> {
    (0..selected.len()).filter(|&node| selected[node]).collect()
}

impl Attribute {
    fn fits(&self, graph: &impl Attributes, node: usize) -> bool {
        match self {
            Self::Key(pattern) => pattern.fits(graph.name(node)),
            Self::Group(pattern) => graph.group(node).is_some_and(|group| pattern.fits(group)),
            Self::Tag { key, value: None } => graph.tags(node).contains_key(key),
            Self::Tag { key, value } => graph.tags(node).get(key) == value.as_ref(),
            Self::Owner(owner) => graph.owners(node).contains(owner),
            Self::Kind(kind) => graph.kinds(node).contains(kind),
        }
    }

    /// What was looked for, and what there is.
    fn fits_nothing(&self, graph: &impl Attributes, origin: &Origin) -> Mistake {
        let nodes = 0..graph.len();
        let (wanted, what, mut known): (&str, _, Vec<String>) = match self {
            Self::Key(pattern) => {
                (&pattern.0, "keys", nodes.map(|node| graph.name(node).to_owned()).collect())
            }
            Self::Group(pattern) => (
                &pattern.0,
                "groups",
                nodes.filter_map(|node| graph.group(node)).map(str::to_owned).collect(),
            ),
            Self::Owner(owner) => {
                (owner, "owners", nodes.flat_map(|node| graph.owners(node).to_vec()).collect())
            }
            Self::Kind(kind) => (kind, "kinds", nodes.flat_map(|node| graph.kinds(node).to_vec()).collect()),
            Self::Tag { key, value } => {
                let values: Vec<String> =
                    nodes.clone().filter_map(|node| graph.tags(node).get(key).cloned()).collect();
                match value {
                    Some(value) if !values.is_empty() => (value, "values of this tag", values),
                    _ => (key, "tags", nodes.flat_map(|node| graph.tags(node).keys().cloned()).collect()),
                }
            }
        };
        known.sort_unstable();
        known.dedup();
        known.retain(|name| !name.is_empty());
        let names = || known.iter().map(String::as_str);
        let mistake = Mistake::new(format!("no asset fits `{self}`"), origin.clone());
        match nearest(&wanted.replace('*', ""), names()) {
            _ if known.is_empty() => mistake.hint(format!("there are no {what}")),
            Some(near) => mistake.hint(format!("did you mean `{near}`? {what}: {}", told(names()))),
            None => mistake.hint(format!("{what}: {}", told(names()))),
        }
    }
}
