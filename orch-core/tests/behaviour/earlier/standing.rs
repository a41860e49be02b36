//! What is to be made of days that take earlier ones.

use orch_core::run::{LatestFacts, Making, Standings};

use super::*;

/// A shop whose books have the days up to the sixth.
struct Books {
    shop: Shop,
    definitions: Definitions,
    storage: Arc<dyn Storage>,
    runs: u128,
}

impl Books {
    fn new(mapping: PartitionMapping) -> Self {
        let shop = Shop::default();
        let mut books =
            Self { definitions: summed(&shop, mapping), shop, storage: Arc::new(Memory::new()), runs: 0 };
        books.run("*", ALL, |runner| runner);
        books.shop.made();
        books
    }

    fn run(&mut self, what: &str, days: &str, how: impl FnOnce(Runner) -> Runner) -> Vec<String> {
        self.runs += 1;
        let job = self.definitions.materialize(&what.parse().unwrap());
        let runner = self.definitions.runner(&job).run_id(RunId::from_u128(self.runs)).max_concurrent(2);
        how(runner.partition(days).record(&self.storage)).run_blocking().unwrap();
        self.shop.made()
    }

    fn standings(&self) -> Standings {
        let job = self.definitions.materialize(&"*".parse().unwrap());
        let recipes = self.definitions.runner(&job).recipes().unwrap();
        let graph = self.definitions.asset_graph();
        let latest = LatestFacts::read(&*self.storage, graph).unwrap();
        Standings::of(graph, recipes, &latest, jiff::Timestamp::now())
    }

    /// How the balances stand, and which of them are to be made of these days.
    fn stand(&self, making: Making, days: &str) -> (Vec<String>, String) {
        let (standings, balance) = (self.standings(), "balance".parse().unwrap());
        let of = standings.partitions(&balance).unwrap();
        let stand = |index| format!("{} {:?}", of.keyspace().key_of(index).unwrap(), of.get(index));
        let stands = of.existing().iter().take(7).map(stand).collect();
        let asked = of.keyspace().select(days, jiff::Timestamp::now()).unwrap();
        let asked = [(balance, asked)].into();
        let made = standings.to_make_of(&[false, true], making, &asked);
        (stands, made.partitions.get(&1).map(|set| of.keyspace().show(set)).unwrap_or_default())
    }
}

#[test]
fn a_change_goes_through_all_days_after_it() {
    let mut books = Books::new(days_before(-1, -1));
    assert_eq!(books.stand(Making::Stale, ALL).1, "");
    books.shop.sell("2024-01-03", 30);
    books.run("sales", "2024-01-03", |runner| runner);
    insta::assert_debug_snapshot!(books.stand(Making::Stale, ALL), @r#"
    (
        [
            "2024-01-01 Fresh",
            "2024-01-02 Fresh",
            "2024-01-03 Stale(Difference { ingredient: Input(AssetKey(\"sales\")), change: Other { before: \"4ec006177d1933df96b8660e768e4123efe8cec9a59b7dd28643c24b9b1c832a\", now: \"6c5c452695e54058a32a94b4c98efefb7b62f88112d21e5c4c1165fd7faa03b9\" } })",
            "2024-01-04 Behind(AssetKey(\"balance\"))",
            "2024-01-05 Behind(AssetKey(\"balance\"))",
            "2024-01-06 Behind(AssetKey(\"balance\"))",
            "2024-01-07 Missing",
        ],
        "2024-01-03..2024-01-06",
    )
    "#);
    insta::assert_debug_snapshot!(books.run("*", ALL, Runner::memoize), @r#"
    [
        "01-03: [01-02 3] 33",
        "01-04: [01-03 33] 37",
        "01-05: [01-04 37] 42",
        "01-06: [01-05 42] 48",
    ]
    "#);
    assert_eq!(books.stand(Making::Stale, ALL).1, "");
}

/// What was not asked for stays as it is, and what takes that takes it as it was.
#[test]
fn a_change_goes_no_further_than_what_is_asked_for() {
    let mut books = Books::new(days_before(-1, -1));
    books.shop.sell("2024-01-03", 30);
    books.run("sales", "2024-01-03", |runner| runner);
    insta::assert_snapshot!(books.stand(Making::Stale, "2024-01-03, 2024-01-05").1, @"2024-01-03");
}

#[test]
fn days_that_come_out_the_same_change_no_later_ones() {
    let mut books = Books::new(days_before(-1, -1));
    books.shop.sell("2024-01-03", 4);
    books.shop.sell("2024-01-04", 3);
    books.run("sales", "2024-01-03..2024-01-04", |runner| runner);
    insta::assert_debug_snapshot!(books.run("*", ALL, Runner::memoize), @r#"
    [
        "01-03: [01-02 3] 7",
        "01-04: [01-03 7] 10",
    ]
    "#);
    insta::assert_debug_snapshot!(books.stand(Making::Stale, ALL), @r#"
    (
        [
            "2024-01-01 Fresh",
            "2024-01-02 Fresh",
            "2024-01-03 Fresh",
            "2024-01-04 Fresh",
            "2024-01-05 Fresh",
            "2024-01-06 Fresh",
            "2024-01-07 Missing",
        ],
        "",
    )
    "#);
}

#[test]
fn only_what_is_missing_is_made_of_what_is_there() {
    let mut books = Books::new(days_before(-1, -1));
    let days = "2024-01-05..2024-01-08";
    insta::assert_debug_snapshot!(books.stand(Making::Missing, days), @r#"
    (
        [
            "2024-01-01 Fresh",
            "2024-01-02 Fresh",
            "2024-01-03 Fresh",
            "2024-01-04 Fresh",
            "2024-01-05 Fresh",
            "2024-01-06 Fresh",
            "2024-01-07 Missing",
        ],
        "2024-01-07..2024-01-08",
    )
    "#);
    insta::assert_debug_snapshot!(books.run("*", days, Runner::only_missing), @r#"
    [
        "01-07: [01-06 21] 28",
        "01-08: [01-07 28] 36",
    ]
    "#);
}

/// Each takes the two before: of one that was never made nobody knows what comes of it.
#[test]
fn a_day_is_behind_an_earlier_one_that_is_missing() {
    let shop = Shop::default();
    let definitions = summed(&shop, days_before(-2, -1).allow_missing());
    let mut books = Books { shop, definitions, storage: Arc::new(Memory::new()), runs: 0 };
    books.run("*", "2024-01-01, 2024-01-03", |runner| runner);
    insta::assert_debug_snapshot!(books.stand(Making::Stale, "2024-01-01..2024-01-03"), @r#"
    (
        [
            "2024-01-01 Fresh",
            "2024-01-02 Missing",
            "2024-01-03 Fresh",
            "2024-01-04 Missing",
            "2024-01-05 Missing",
            "2024-01-06 Missing",
            "2024-01-07 Missing",
        ],
        "2024-01-02..2024-01-03",
    )
    "#);
    insta::assert_debug_snapshot!(books.run("*", "2024-01-01..2024-01-03", Runner::memoize), @r#"
    [
        "01-02: [01-01 1] 3",
        "01-03: [01-01 1, 01-02 3] 7",
    ]
    "#);
}

#[derive(Debug)]
struct Long;

impl Partitioning for Long {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2010-01-01").until("2016-01-01").into()
    }
}

/// Each day is one more than the day before: a change of the first goes through six years.
#[test]
fn a_change_goes_through_thousands_of_days() {
    let first = Arc::new(std::sync::atomic::AtomicI64::new(1));
    let given = Arc::clone(&first);
    let op = OpDef::builder("count").input::<Option<i64>>("before").returns::<Plain>();
    let op: Arc<OpDef> = op
        .coded([Coded::<i64>::CODEC])
        .blocking(move |mut args| {
            let first = given.load(std::sync::atomic::Ordering::Relaxed);
            Ok(args.take::<Option<i64>>(0)?.map_or(first, |before| before + 1))
        })
        .into();
    let def = AssetDef::builder("count").partitioned_by::<Long>().code_version("1");
    let def = def.takes_own_as::<i64, Option<i64>, _>(days_before(-1, -1));
    let count = def.made_by(&Arc::clone(&op), move |upstream: &Upstream| {
        Call::of(&op).input::<Option<i64>>(upstream.own_if_there::<i64>()).place::<Plain>();
    });
    let shop = Shop::default();
    let definitions = Definitions::new().assets([Arc::new(count)]);
    let mut books = Books { shop, definitions, storage: Arc::new(Memory::new()), runs: 0 };
    let key = "count".parse().unwrap();
    books.run("*", "*", |runner| runner);
    first.store(5, std::sync::atomic::Ordering::Relaxed);
    books.run("*", "2010-01-01", |runner| runner);
    let made = books.standings().to_make(&[true], Making::Stale);
    assert_eq!(made, [0]);
    let standings = books.standings();
    let of = standings.partitions(&key).unwrap();
    assert_eq!((of.existing().len(), of.stale().len()), (2_191, 2_190));
    books.run("*", "*", Runner::memoize);
    assert_eq!(books.standings().partitions(&key).unwrap().stale().len(), 0);
}
