use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::palette::{Palette, Role};
use super::table::{Cell, table};
use super::text::one_line;
use crate::asset::AssetKey;
use crate::partition::{KeySet, KeySets};

/// The assets that have the keys of a set as partitions, by the names of the sets, as
/// [`Definitions::key_sets`](crate::run::Definitions::key_sets) has them.
pub type PartitionedBySets<'a> = BTreeMap<&'a str, Vec<&'a AssetKey>>;

/// A line for each set of keys, of the program or of the instance, below a head: its name, how many keys it has, and the assets
/// whose partitions they are. Ends with a line break.
#[must_use]
pub fn key_sets(sets: &KeySets, assets: &PartitionedBySets<'_>, palette: Palette) -> String {
    let row = |(name, keys): (&str, &KeySet)| {
        let of = match assets.get(name) {
            Some(assets) => one_line(&keys_of(assets).join(", ")).into(),
            None => Cell::of(Role::Faint, "nothing of this program"),
        };
        [Cell::of(Role::Name, name), keys.len().to_string().into(), of]
    };
    let all = with_all(sets, assets);
    let rows = all.iter().map(|(name, keys)| row((name, keys))).collect();
    table(["set", "keys", "partitions of"], rows, palette)
}

/// A set of keys as JSON: its name, its keys in the order in which they were added first, and the assets.
#[must_use]
pub fn key_set_as_json(name: &str, keys: &KeySet, assets: &PartitionedBySets<'_>) -> Value {
    let assets = assets.get(name).map(|assets| keys_of(assets)).unwrap_or_default();
    json!({ "set": name, "keys": keys.iter().map(|(_, key)| key).collect::<Vec<_>>(), "assets": assets })
}

/// All sets as JSON, an array.
#[must_use]
pub fn key_sets_as_json(sets: &KeySets, assets: &PartitionedBySets<'_>) -> Value {
    with_all(sets, assets).iter().map(|(name, keys)| key_set_as_json(name, keys, assets)).collect()
}

/// With those to which nobody has added a key.
fn with_all(sets: &KeySets, assets: &PartitionedBySets<'_>) -> KeySets {
    assets.keys().fold(sets.clone(), |all, name| {
        let keys = all.named(name);
        all.with(*name, keys)
    })
}

fn keys_of<'a>(assets: &[&'a AssetKey]) -> Vec<&'a str> {
    assets.iter().map(|key| key.as_str()).collect()
}
