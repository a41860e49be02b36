//! What a run under way has stored anew, where it is not known yet that it has.

use std::collections::BTreeMap;

use orch::io::{DATA_VERSION, Found, IoManager, Metadata, OutputAt, STAMP};

use super::*;

/// Knows numbers again by how many were stored before them.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<BTreeMap<String, (usize, i64)>>>);

impl Shelf {
    fn stored(&self, at: &OutputAt<'_>) -> Option<(usize, i64)> {
        self.0.lock().expect("not poisoned").get(&at.relative_path()).copied()
    }
}

impl IoManager<i64> for Shelf {
    fn store(&self, at: &OutputAt<'_>, number: &i64) -> Result<Metadata> {
        let mut shelf = self.0.lock().expect("not poisoned");
        let stamp = shelf.values().map(|(stamp, _)| stamp + 1).max().unwrap_or_default();
        shelf.insert(at.relative_path(), (stamp, *number));
        let told = [(DATA_VERSION, number.to_string()), (STAMP, stamp.to_string())];
        Ok(told.map(|(name, told)| (name.to_owned(), told.into())).into())
    }

    fn load(&self, at: &OutputAt<'_>) -> Result<i64> {
        self.stored(at).map(|(_, number)| number).ok_or_else(|| Failure::new("it is not on the shelf"))
    }

    fn look(&self, at: &OutputAt<'_>, stamp: &str) -> Result<Found> {
        Ok(match self.stored(at) {
            Some((now, _)) if now.to_string() == stamp => Found::Same,
            Some(_) => Found::Other,
            None => Found::Nothing,
        })
    }
}

#[asset(io = "shelf", code_version = "1")]
fn sold(day: &Partition<Daily>) -> i64 {
    i64::from(day.window().start.day())
}

#[asset(partitions = Daily, code_version = "1")]
fn doubled(sold: i64) -> i64 {
    sold * 2
}

#[test]
fn what_is_made_anew_is_not_told_as_lost() {
    let shelf = Shelf::default();
    let shop = || Definitions::new().assets(assets![sold, doubled]).io::<i64>("shelf", shelf.clone());
    let mut kept = Shop::empty();
    kept.put_with(1, &shop(), &all(), |runner| runner.partition("2024-01-01..2024-01-04"));
    let runner = shop().runner(&shop().materialize(&all())).partition("2024-01-01..2024-01-03");
    let under_way = kept.begin(2, runner.record(kept.raw()), starts("sold[2024-01-02]"));
    // All three are stored: of the first it is told.
    insta::assert_snapshot!(kept.session(shop(), "assets list"), @r"
    exit 0
    --- stdout
    asset    materialized  run       times  state
    doubled  2h ago        019a5f3c  5      4 of 9 partitions, 2 in progress
    sold     2h ago        019a5f3c  5      4 of 9 partitions, 2 in progress
    ");
    insta::assert_snapshot!(kept.session(shop(), "why sold --partition 2024-01-02"), @r"
    exit 0
    --- stdout
    sold[2024-01-02] is fresh: the run 019a5f3c made it 3h ago
      the run 019a5f3c is making it now
    ");
    insta::assert_snapshot!(kept.session(shop(), "why doubled"), @r"
    exit 0
    --- stdout
    doubled has 9 partitions: 4 fresh, 5 missing
      missing 2024-01-05..2024-01-09: it was never materialized
    ");
    // What nobody makes any more is.
    drop(under_way);
    insta::assert_snapshot!(kept.session(shop(), "why sold"), @r"
    exit 0
    --- stdout
    sold has 9 partitions: 2 fresh, 2 stale, 5 missing
      stale 2024-01-02..2024-01-03: it was stored, and something else lies in its place now
      missing 2024-01-05..2024-01-09: it was never materialized
    ");
}
