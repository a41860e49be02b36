//! Sets of keys in a folder: two programs change them at once, they outlive the list, are copied, and are found to be damaged.

use std::fs;

use orch_core::storage::{ReadKeySets, WriteKeySets};
use orch_sqlite::Folder;

use crate::folders::{Empty, open, storage, told};
use crate::programs::program;

fn customers(folder: &Folder) -> Vec<(u64, String)> {
    let keys = folder.key_set("customers").expect("the set");
    keys.iter().map(|(number, key)| (number, key.to_owned())).collect()
}

#[test]
fn two_programs_that_add_keys_at_once_lose_none() {
    let (home, folder) = storage();
    let programs = ["one", "two"]
        .map(|prefix| program(&format!("keys {prefix}"), home.path()).spawn().expect("it can be begun"));
    for mut program in programs {
        assert!(program.wait().expect("it is ours").success());
    }
    let keys = customers(&folder);
    assert_eq!(keys.len(), 60, "20 of each, and 20 that both have added");
    assert!(keys.iter().map(|(number, _)| *number).eq(0..60), "each number is given once");
    let of = |prefix: &str| keys.iter().filter(|(_, key)| key.starts_with(prefix)).count();
    assert_eq!(["one-", "two-", "common-"].map(of), [20; 3]);
}

#[test]
fn a_list_that_is_lost_takes_no_keys_along() {
    let (home, folder) = storage();
    folder.add_keys("customers", &["acme", "beta"]).expect("added");
    drop(folder);
    for file in ["instance.db", "instance.db-wal", "instance.db-shm"] {
        let _ = fs::remove_file(home.path().join(file));
    }
    assert_eq!(customers(&open(home.path())), [(0, "acme".to_owned()), (1, "beta".to_owned())]);
}

#[test]
fn a_backup_has_them_and_a_check_finds_what_is_damaged() {
    let (home, folder) = storage();
    let elsewhere = Empty::new();
    folder.backup(&elsewhere.path().join("without")).expect("there may be none");
    folder.add_keys("customers", &["acme", "beta", "cogs"]).expect("added");
    folder.remove_keys("customers", &["beta"]).expect("removed");
    let to = elsewhere.path().join("backup");
    folder.backup(&to).expect("copied");
    let copy = open(&to);
    assert_eq!(copy.key_sets().expect("the sets"), folder.key_sets().expect("the sets"));
    assert_eq!(copy.info().expect("it can be read").key_sets, 1);
    copy.add_keys("customers", &["beta", "dyno"]).expect("added");
    assert_eq!(customers(&copy).iter().map(|(number, _)| *number).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(folder.check().expect("it can be looked at"), []);

    let path = home.path().join("keys.db");
    let mut bytes = fs::read(&path).expect("it is there");
    let at = bytes.windows(4).position(|bytes| bytes == b"cogs").expect("the key is in it");
    bytes[at] = b'd';
    fs::write(&path, bytes).expect("written");
    let refused = folder.key_set("customers").expect_err("it is damaged");
    insta::assert_snapshot!(told(home.path(), &refused), @"`HOME/keys.db` is damaged: the key of number 2 of the set `customers` is not what was written");
    let found = folder.check().expect("it can be looked at");
    let found: Vec<_> =
        found.iter().map(|one| format!("{}\n  hint: {}", told(home.path(), one), one.hint)).collect();
    insta::assert_snapshot!(found.join("\n"), @r"
    `HOME/keys.db` is damaged: it is damaged: row 3 missing from index sqlite_autoindex_key_2
      hint: restore it from a backup; or end all programs on the folder, move `keys.db` away and add the keys anew, `partitions add`: what was made of them stands
    ");
}
