use std::thread;

use crate::partition::{ChangedKeys, KeySet};
use crate::storage::{Storage, StorageError, StorageErrorKind};

fn keys(storage: &dyn Storage, set: &str) -> Vec<(u64, String)> {
    let keys = storage.key_set(set).expect("the set");
    assert_eq!(*storage.key_sets().expect("the sets").named(set), keys, "read alone and with all others");
    keys.iter().map(|(number, key)| (number, key.to_owned())).collect()
}

fn told(changed: &[&str], unchanged: &[&str]) -> ChangedKeys {
    let owned = |keys: &[&str]| keys.iter().map(ToString::to_string).collect();
    ChangedKeys { changed: owned(changed), unchanged: owned(unchanged) }
}

fn numbered_as(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(number, key)| (*number, key.to_string())).collect()
}

pub(super) fn changed(storage: &dyn Storage) {
    assert!(storage.key_sets().expect("no sets").is_empty());
    assert_eq!(storage.key_set("customers").expect("nobody has added to it"), KeySet::new());
    let add = |set: &str, keys: &[&str]| storage.add_keys(set, keys).expect("they can be added");
    assert_eq!(add("customers", &["beta", "acme", "beta"]), told(&["beta", "acme"], &[]), "twice is once");
    assert_eq!(add("customers", &["cogs", "acme"]), told(&["cogs"], &["acme"]));
    assert_eq!(add("customers", &[]), told(&[], &[]));
    assert_eq!(add("regions", &["acme"]), told(&["acme"], &[]), "another set");
    assert_eq!(keys(storage, "customers"), numbered_as(&[(0, "beta"), (1, "acme"), (2, "cogs")]));
    assert_eq!(keys(storage, "regions"), numbered_as(&[(0, "acme")]));
    let remove = |keys: &[&str]| storage.remove_keys("customers", keys).expect("they can be removed");
    assert_eq!(remove(&["acme", "nobody"]), told(&["acme"], &["nobody"]));
    assert_eq!(remove(&["acme"]), told(&[], &["acme"]));
    assert_eq!(keys(storage, "customers"), numbered_as(&[(0, "beta"), (2, "cogs")]));
    let sets = storage.key_sets().expect("the sets");
    assert_eq!(sets.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["customers", "regions"]);
}

pub(super) fn numbered(storage: &dyn Storage) {
    storage.add_keys("customers", &["acme", "beta", "cogs"]).expect("added");
    storage.remove_keys("customers", &["beta", "cogs"]).expect("removed");
    storage.add_keys("customers", &["dyno", "beta"]).expect("added");
    assert_eq!(keys(storage, "customers"), numbered_as(&[(0, "acme"), (1, "beta"), (3, "dyno")]));
    let set = storage.key_set("customers").expect("the set");
    assert_eq!(set.get(2), Some(("cogs", false)), "it is known of what was removed");
    storage.remove_keys("customers", &["acme", "beta", "dyno"]).expect("removed");
    storage.add_keys("customers", &["acme"]).expect("added");
    assert_eq!(keys(storage, "customers"), numbered_as(&[(0, "acme")]));
}

pub(super) fn refused(storage: &dyn Storage) {
    let kind = |result: Result<ChangedKeys, StorageError>| {
        let error = result.expect_err("it is refused");
        (error.kind().clone(), error.to_string())
    };
    let (invalid, message) = kind(storage.add_keys("customers", &["acme", "", "a..b", "x|y"]));
    assert_eq!(invalid, StorageErrorKind::Invalid);
    assert!(["empty", "`a..b`", "`x|y`"].iter().all(|of| message.contains(of)), "{message}");
    assert_eq!(kind(storage.add_keys("", &["acme"])).0, StorageErrorKind::Invalid);
    assert_eq!(kind(storage.remove_keys("customers", &["a\nb"])).0, StorageErrorKind::Invalid);
    assert!(storage.key_sets().expect("no sets").is_empty());
}

pub(super) fn together(storage: &dyn Storage) {
    let added: usize = thread::scope(|scope| {
        let add = |of: usize| {
            let keys: Vec<_> = (0..8).map(|key| format!("{}-{key}", of % 2)).collect();
            keys.iter()
                .map(|key| storage.add_keys("customers", &[key]).expect("added").changed.len())
                .sum::<usize>()
        };
        let threads: Vec<_> = (0..4).map(|of| scope.spawn(move || add(of))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    let keys = keys(storage, "customers");
    assert_eq!((added, keys.len()), (16, 16), "each is added by one");
    assert!(keys.iter().map(|(number, _)| *number).eq(0..16), "and has a number of its own");
}
