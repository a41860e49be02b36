//! Mappings between keys that are no times, in any number of dimensions, against a model that compares key with key.

use std::slice;

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::super::{
    KeySet, KeySets, Keyspace, Link, PartitionMapping, PartitionSet, PartitionsDefinition,
};
use super::{now, one};

/// The keys of one dimension, in their order, and whether they are those of a set that changes.
#[derive(Clone, Debug, PartialEq)]
struct Dimension {
    keys: Vec<&'static str>,
    is_dynamic: bool,
}

/// So many sets that change fit into one index.
const MOST_DYNAMIC: usize = 2;

const KEYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn dimension() -> impl Strategy<Value = Dimension> {
    let keys = prop::sample::subsequence(&KEYS[..], 1..5).prop_shuffle();
    (keys, any::<bool>()).prop_map(|(keys, is_dynamic)| Dimension { keys, is_dynamic })
}

fn dimensions(number: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Dimension>> {
    prop::collection::vec(dimension(), number).prop_map(|mut dimensions| {
        let dynamic = dimensions.iter_mut().filter(|dimension| dimension.is_dynamic);
        dynamic.skip(MOST_DYNAMIC).for_each(|dimension| dimension.is_dynamic = false);
        dimensions
    })
}

/// How a downstream key belongs to an upstream one.
#[derive(Clone, Debug)]
enum How {
    Follows,
    Identity,
    All,
    Last,
    Specific(Vec<&'static str>),
    Pairs(Vec<(&'static str, &'static str)>),
}

impl How {
    /// One of them for these dimensions, by numbers that mean nothing.
    fn pick(up: &Dimension, down: &Dimension, mut numbers: slice::Iter<'_, Index>) -> Self {
        let mut next = |most: usize| numbers.next().expect("there are enough").index(most);
        match next(6) {
            0 => Self::Follows,
            1 => Self::Identity,
            2 => Self::All,
            3 => Self::Last,
            4 => Self::Specific(up.keys.iter().copied().filter(|_| next(2) == 0).collect()),
            _ => {
                let pair = |_| (up.keys[next(up.keys.len())], down.keys[next(down.keys.len())]);
                Self::Pairs((0..3).map(pair).collect())
            }
        }
    }

    fn mapping(&self) -> PartitionMapping {
        match self {
            Self::Follows => PartitionMapping::default(),
            Self::Identity => PartitionMapping::identity(),
            Self::All => PartitionMapping::all(),
            Self::Last => PartitionMapping::last(),
            Self::Specific(keys) => PartitionMapping::specific(keys.iter().copied()),
            Self::Pairs(pairs) => PartitionMapping::pairs(pairs.iter().copied()),
        }
    }

    fn needs(&self, up: &Dimension, down_key: &str, up_key: &str) -> bool {
        match self {
            Self::Follows | Self::Identity => down_key == up_key,
            Self::All => true,
            Self::Last => up.keys.last() == Some(&up_key),
            Self::Specific(keys) => keys.contains(&up_key),
            Self::Pairs(pairs) => pairs.contains(&(up_key, down_key)),
        }
    }
}

/// The dimensions of an asset, with the sets of those that change.
fn space(dimensions: &[Dimension], side: &str) -> Keyspace {
    let mut sets = KeySets::new();
    let mut definitions = Vec::new();
    for (number, dimension) in dimensions.iter().enumerate() {
        definitions.push(if dimension.is_dynamic {
            let name = format!("{side}{number}");
            let mut keys = KeySet::new();
            // One that is gone has its number for good.
            keys.add("gone").unwrap();
            dimension.keys.iter().for_each(|key| _ = keys.add(key).unwrap());
            keys.remove("gone");
            sets = std::mem::take(&mut sets).with(&*name, keys);
            PartitionsDefinition::dynamic(name)
        } else {
            PartitionsDefinition::of(dimension.keys.iter().copied())
        });
    }
    let definition = match definitions.as_slice() {
        [one] => one.clone(),
        several => {
            let named = several.iter().enumerate();
            named
                .fold(PartitionsDefinition::product(), |all, (number, one)| {
                    all.by(format!("d{number}"), one.clone())
                })
                .into()
        }
    };
    definition.resolve(&sets).unwrap()
}

/// All partitions there are, as their keys by dimension.
fn partitions(dimensions: &[Dimension]) -> Vec<Vec<&'static str>> {
    dimensions.iter().fold(vec![Vec::new()], |all, dimension| {
        let longer = |keys: Vec<&'static str>| {
            dimension.keys.iter().map(move |key| keys.iter().copied().chain([*key]).collect())
        };
        all.into_iter().flat_map(longer).collect()
    })
}

fn index(space: &Keyspace, keys: &[&str]) -> u64 {
    space.index_of(&keys.join("|")).unwrap()
}

/// Both directions of a mapping are what the model says: by upstream and downstream dimension, and how they belong together.
fn check(
    (up, down): (&[Dimension], &[Dimension]),
    mapping: &PartitionMapping,
    hows: &[(usize, usize, How)],
) -> Result<(), TestCaseError> {
    let (ups, downs) = (space(up, "up"), space(down, "down"));
    let link = Link::new(Some(mapping), Some(&ups), Some(&downs)).unwrap();
    let needs = |down: &[&str], keys: &[&str]| {
        hows.iter().all(|(at, from, how)| how.needs(&up[*from], down[*at], keys[*from]))
    };
    for keys in partitions(down) {
        let expected = partitions(up).into_iter().filter(|of| needs(&keys, of));
        let expected: PartitionSet = expected.map(|of| index(&ups, &of)).collect();
        let needed = link.upstream_of(&one(index(&downs, &keys)), now()).keys;
        prop_assert_eq!(needed, expected, "what {:?} needs", keys);
    }
    for keys in partitions(up) {
        let expected = partitions(down).into_iter().filter(|of| needs(of, &keys));
        let expected: PartitionSet = expected.map(|of| index(&downs, &of)).collect();
        let needing = link.downstream_of(&one(index(&ups, &keys)), now());
        prop_assert_eq!(needing, expected, "what needs {:?}", keys);
    }
    // Of a set it is what its members say.
    let half = |space: &Keyspace| space.all(now()).iter().filter(|number| number % 2 == 0).collect();
    let (some_ups, some_downs): (PartitionSet, PartitionSet) = (half(&ups), half(&downs));
    let of_each = some_downs
        .iter()
        .flat_map(|down| link.upstream_of(&one(down), now()).keys.iter().collect::<Vec<_>>());
    prop_assert_eq!(link.upstream_of(&some_downs, now()).keys, of_each.collect());
    let of_each =
        some_ups.iter().flat_map(|up| link.downstream_of(&one(up), now()).iter().collect::<Vec<_>>());
    prop_assert_eq!(link.downstream_of(&some_ups, now()), of_each.collect());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn one_dimension_belongs_to_one(
        up in dimension(),
        down in dimension(),
        numbers in prop::collection::vec(any::<Index>(), 12),
    ) {
        let how = How::pick(&up, &down, numbers.iter());
        check((&[up], &[down]), &how.mapping(), &[(0, 0, how)])?;
    }

    #[test]
    fn one_dimension_belongs_to_one_of_several(
        alone in dimension(),
        others in dimensions(1..3),
        at in any::<Index>(),
        is_upstream in any::<bool>(),
    ) {
        let at = at.index(others.len() + 1);
        let mut several = others;
        prop_assume!(!alone.is_dynamic || several.iter().filter(|other| other.is_dynamic).count() < MOST_DYNAMIC);
        several.insert(at, alone.clone());
        // A set that changes is the same only by its name, which it has here by its side.
        let mapping = PartitionMapping::dimension(format!("d{at}"));
        if is_upstream {
            check((&[alone], &several), &mapping, &[(at, 0, How::Identity)])?;
        } else {
            check((&several, &[alone]), &mapping, &[(0, at, How::Identity)])?;
        }
    }

    #[test]
    fn several_dimensions_belong_to_several(
        up in dimensions(2..4),
        down in dimensions(2..4),
        numbers in prop::collection::vec(prop::collection::vec(any::<Index>(), 12), 3),
        first in any::<Index>(),
        left_out in any::<Index>(),
    ) {
        // Each upstream dimension at most once, from any one on, and one downstream dimension with none.
        let begin = first.index(up.len());
        let left_out = left_out.index(down.len() + 1);
        let mut hows = Vec::new();
        for at in (0..down.len().min(up.len())).filter(|at| *at != left_out) {
            let from = (begin + at) % up.len();
            hows.push((at, from, How::pick(&up[from], &down[at], numbers[at].iter())));
        }
        let mapping = hows.iter().fold(PartitionMapping::dimensions(), |mapping, (at, from, how)| {
            mapping.on_by(format!("d{at}"), format!("d{from}"), how.mapping())
        });
        check((&up, &down), &mapping, &hows)?;
    }
}
