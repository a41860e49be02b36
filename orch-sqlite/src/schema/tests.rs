use std::path::PathBuf;
use std::{env, fs, process};

use rusqlite::Connection;

use super::{Opened, Schema};
use crate::Durability;

const FIRST: &str = "CREATE TABLE friend (name TEXT)";
const OLD: Schema = Schema { what: "list of friends", application: 7, steps: &[FIRST] };
const NEW: Schema = Schema {
    steps: &[FIRST, "ALTER TABLE friend ADD COLUMN age INTEGER", "UPDATE friend SET age = 7"],
    ..OLD
};

/// A database of the old version, in a folder of this name.
fn old(name: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("orch-sqlite-{name}-{}", process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("friends.db");
    let database = OLD.open(&file, Durability::Normal, |_| Ok(())).expect("made");
    database.execute("INSERT INTO friend VALUES ('Ann')", []).expect("written");
    file
}

fn one<T: rusqlite::types::FromSql>(database: &Connection, sql: &str) -> T {
    database.query_row(sql, [], |row| row.get(0)).expect(sql)
}

#[test]
fn an_older_file_is_brought_to_the_present_version_and_kept_as_it_was() {
    let file = old("migrated");
    assert!(matches!(NEW.read(&file), Ok(Opened::Older)));
    let database = NEW.open(&file, Durability::Full, |_| Ok(())).expect("migrated");
    assert_eq!(one::<i64>(&database, "PRAGMA user_version"), 3);
    assert_eq!(one::<String>(&database, "SELECT name || age FROM friend"), "Ann7");
    assert_eq!(one::<i64>(&database, "PRAGMA synchronous"), 2);
    assert!(matches!(NEW.read(&file), Ok(Opened::Whole(_))));
    let kept =
        OLD.read(&file.with_extension("v1.db")).and_then(|kept| kept.whole(&file)).expect("it is kept");
    assert_eq!(one::<String>(&kept, "SELECT name FROM friend"), "Ann");
    let refused = OLD.read(&file).err().expect("it is newer now");
    insta::assert_snapshot!(refused.to_string().rsplit('/').next().unwrap_or_default(), @"friends.db` is of version 3, made by a newer orch; this program knows versions up to 1");
    fs::remove_dir_all(file.parent().expect("a folder")).expect("removed");
}

#[test]
fn a_step_that_fails_leaves_the_file_as_it_was() {
    let file = old("failed");
    let broken = Schema {
        steps: &[FIRST, "ALTER TABLE friend ADD COLUMN age INTEGER", "UPDATE foe SET age = 7"],
        ..OLD
    };
    assert!(broken.open(&file, Durability::Normal, |_| Ok(())).is_err());
    let database =
        OLD.read(&file).and_then(|database| database.whole(&file)).expect("it is of the old version");
    assert_eq!(one::<i64>(&database, "SELECT count(*) FROM pragma_table_info('friend')"), 1);
    assert_eq!(one::<String>(&database, "SELECT name FROM friend"), "Ann");
    fs::remove_dir_all(file.parent().expect("a folder")).expect("removed");
}
