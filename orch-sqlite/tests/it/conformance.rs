use orch_core::storage::conformance;
use orch_sqlite::{Durability, Folder};

use crate::project::Empty;

#[test]
fn a_folder_is_a_storage() {
    for durability in [Durability::Normal, Durability::Full] {
        let mut homes = Vec::new();
        conformance::check(|| {
            let home = Empty::new();
            let folder = Folder::open(home.path().join(".orch"), durability).expect("a new folder");
            homes.push(home);
            Box::new(folder)
        });
    }
}
