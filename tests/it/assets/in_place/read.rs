//! What is read as it is stored, of an asset without partitions.

use super::super::facts;
use super::*;

#[asset(code_version = "1")]
fn audit(#[stored] stock: i64) -> i64 {
    stock + 1
}

#[asset_check(asset = stock)]
fn positive(#[stored] stock: i64) -> bool {
    stock > 0
}

fn definitions(manager: impl IoManager<i64>) -> Definitions {
    let definitions = Definitions::new().assets(assets![stock, audit]).checks(checks![positive]);
    definitions.io::<i64>("shelf", manager)
}

#[test]
fn what_nobody_has_told_of_is_not_read() {
    let (shelf, storage) = (Shelf::default(), storage());
    let definitions = definitions(shelf.clone());
    materialize(&definitions, &storage, "stock or audit").expect("it succeeds");
    shelf.put("stock", Some(8));
    let refused = materialize(&definitions, &storage, "audit").expect_err("it is another");
    insta::assert_snapshot!(refused, @"
    the run of `materialize` failed: 1 step
    `read_stock`: the asset `stock` cannot be read
      caused by: `stock` was stored by the run 00000000-0000-0000-0000-000000000001, and something else lies in its place now
      hint: have it made anew: `materialize stock`
    ");
    shelf.put("stock", None);
    let refused = materialize(&definitions, &storage, "audit").expect_err("it is gone");
    insta::assert_snapshot!(refused, @"
    the run of `materialize` failed: 1 step
    `read_stock`: the asset `stock` cannot be read
      caused by: `stock` was stored by the run 00000000-0000-0000-0000-000000000001, and nothing lies in its place any more
      hint: have it made anew: `materialize stock`
    ");
    let told = refused.run().expect("it began").events().iter().map(|event| event.kind.name());
    assert_eq!(told.filter(|kind| *kind == "ASSET_FAILED_TO_MATERIALIZE").count(), 1);
    insta::assert_snapshot!(facts(&storage), @r"
    stock, code 1, data 7, io
    audit, code 1, data 2ef3e0dd, of stock 7, fact
    ");
}

/// Others put something else there as soon as it was stored.
struct Raced(Shelf);

impl IoManager<i64> for Raced {
    fn store(&self, at: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        let told = self.0.store(at, number);
        self.0.put(&at.relative_path(), Some(9));
        told
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        self.0.load(at)
    }

    fn look(&self, at: &OutputAt<'_>, stamp: &str) -> Result<Found> {
        self.0.look(at, stamp)
    }
}

#[test]
fn what_the_run_itself_has_made_is_not_read_if_others_have_replaced_it() {
    let storage = storage();
    let refused = materialize(&definitions(Raced(Shelf::default())), &storage, "stock or audit");
    insta::assert_snapshot!(refused.expect_err("it is another"), @"
    the run of `materialize` failed: 1 step
    `read_stock`: the asset `stock` cannot be read
      caused by: `stock` was stored by the run 00000000-0000-0000-0000-000000000001, and something else lies in its place now
      hint: have it made anew: `materialize stock`
    ");
    insta::assert_snapshot!(facts(&storage), @"stock, code 1, data 7, io");
}
