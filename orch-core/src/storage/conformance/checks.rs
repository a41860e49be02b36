use super::samples::{asset, check, check_of, key, pinned, record};
use crate::asset::{CheckEvaluation, EvaluationQuery};
use crate::ids::RunId;
use crate::storage::{Storage, WriteEvents};

const READ: &str = "what checks have found can be read";
const WRITTEN: &str = "the events can be written";

fn make(storage: &dyn Storage, run: u128) -> (RunId, Box<dyn WriteEvents>) {
    let run = record(run, "job", 0);
    (run.id, storage.create(&run, &pinned()).expect("the run can be made"))
}

fn all(storage: &dyn Storage) -> Vec<CheckEvaluation> {
    storage.evaluations(&EvaluationQuery::default()).expect(READ)
}

pub(super) fn told(storage: &dyn Storage) {
    let (run, mut writer) = make(storage, 1);
    assert_eq!(all(storage), Vec::new(), "nothing has happened");
    let mut entries = asset(run, 1, "orders", None);
    entries.extend(check(run, 1, "orders", "unique"));
    entries.extend(check(run, 2, "orders", "fresh"));
    writer.commit(&entries).expect(WRITTEN);
    let told = |number: u64| CheckEvaluation::told(number, &entries[number as usize - 1].event);
    let expected: Vec<_> = [9, 6].into_iter().filter_map(told).collect();
    assert_eq!((all(storage), expected.len()), (expected, 2), "the newest first");
    // A run that goes on tells nothing twice.
    drop(writer);
    let mut writer = storage.reopen(run).expect("nobody holds it");
    writer.commit(&check(run, 3, "orders", "unique")).expect(WRITTEN);
    let events: Vec<_> = all(storage).iter().map(|fact| fact.event).collect();
    assert_eq!(events, [12, 9, 6]);
}

pub(super) fn queried(storage: &dyn Storage) {
    for run in 1..=2 {
        let (id, mut writer) = make(storage, run);
        let number = run as u64 * 10;
        for (after, (asset, name)) in
            (0..).zip([("orders", "unique"), ("orders", "fresh"), ("orders/clean", "unique")])
        {
            writer.commit(&check(id, number + after, asset, name)).expect(WRITTEN);
        }
    }
    let found = |query: &EvaluationQuery| -> Vec<String> {
        let found = storage.evaluations(query).expect(READ);
        assert!(found.iter().all(|fact| query.matches(fact)));
        found.into_iter().filter_map(|fact| fact.result.description).collect()
    };
    let any = EvaluationQuery::default;
    let orders = key("orders");
    assert_eq!(found(&any()), ["22", "21", "20", "12", "11", "10"]);
    assert_eq!(found(&EvaluationQuery { limit: Some(2), ..any() }), ["22", "21"]);
    assert_eq!(found(&EvaluationQuery { limit: Some(0), ..any() }), [""; 0]);
    let of_orders = EvaluationQuery { asset: Some(orders.clone()), ..any() };
    assert_eq!(found(&of_orders), ["21", "20", "11", "10"], "and not those of `orders/clean`");
    assert_eq!(found(&EvaluationQuery::of(&orders, "unique")), ["20", "10"]);
    assert_eq!(found(&EvaluationQuery::latest(&orders, "unique")), ["20"]);
    assert_eq!(found(&EvaluationQuery::latest(&orders, "never")), [""; 0]);
    let names = |asset: &str| storage.checks_of(&key(asset)).expect(READ);
    assert_eq!(names("orders"), ["fresh", "unique"], "each once");
    assert_eq!((names("orders/clean"), names("never")), (vec!["unique".to_owned()], Vec::new()));
    let of_run = EvaluationQuery { run: Some(RunId::from_u128(1)), ..any() };
    assert_eq!(found(&of_run), ["12", "11", "10"]);
    let monday = EvaluationQuery { partition: Some("monday".to_owned()), ..any() };
    assert_eq!(found(&monday), [""; 0]);
}

pub(super) fn of_partitions(storage: &dyn Storage) {
    // Of runs that are under way it is known at once.
    let mut under_way = Vec::new();
    for run in 1..=2 {
        let (id, mut writer) = make(storage, run);
        let number = run as u64 * 10;
        // The later run looks at other partitions, and at one again; the last of its facts is of no partition.
        let partitions = if run == 1 { ["a", "b", "c"] } else { ["d", "b", "b"] };
        for (after, partition) in (0..).zip(partitions) {
            let entries = check_of(id, number + after, ("orders", Some(partition)), "unique");
            writer.commit(&entries).expect(WRITTEN);
            let entries = check_of(id, number + after, ("orders", Some(partition)), "fresh");
            writer.commit(&entries).expect(WRITTEN);
        }
        writer.commit(&check(id, number + 3, "orders", "unique")).expect(WRITTEN);
        let entries = check_of(id, number + 4, ("orders/clean", Some("a")), "unique");
        writer.commit(&entries).expect(WRITTEN);
        under_way.push(writer);
    }
    let told = |found: Vec<CheckEvaluation>| -> Vec<String> {
        let told = |fact: CheckEvaluation| {
            format!("{} {}", fact.partition.unwrap_or_default(), fact.result.description.unwrap_or_default())
        };
        found.into_iter().map(told).collect()
    };
    let orders = key("orders");
    let latest = |check: &str| told(storage.latest_evaluations(&orders, check).expect(READ));
    assert_eq!(latest("unique"), ["a 10", "b 22", "c 12", "d 20"], "by key, the last of each");
    assert_eq!(latest("fresh"), ["a 10", "b 22", "c 12", "d 20"]);
    assert_eq!(latest("never"), [""; 0]);
    let of = |partition: &str, limit: Option<usize>| {
        let partition = Some(partition.to_owned());
        let query = EvaluationQuery { partition, limit, ..EvaluationQuery::of(&orders, "unique") };
        told(storage.evaluations(&query).expect(READ))
    };
    assert_eq!(of("b", None), ["b 22", "b 21", "b 11"], "the newest first");
    assert_eq!(of("b", Some(1)), ["b 22"]);
    assert_eq!(of("monday", None), [""; 0]);
}

pub(super) fn outlive(storage: &dyn Storage) {
    let (run, mut writer) = make(storage, 1);
    writer.commit(&check(run, 1, "orders", "unique")).expect(WRITTEN);
    drop(writer);
    let before = all(storage);
    storage.remove(run).expect("nobody holds it");
    assert_eq!((all(storage), before.len()), (before, 1));
}
