use super::samples::{
    asset, failed, failed_look, key, observation, observation_of_nothing, of_partition, passed_over as pass,
    pinned, record,
};
use crate::asset::MaterializationQuery;
use crate::ids::RunId;
use crate::partition::{KeySet, KeySets, Keyspace, PartitionsDefinition};
use crate::storage::{Storage, WriteEvents};

const READ: &str = "the status can be read";
const WRITTEN: &str = "the events can be written";

fn make(storage: &dyn Storage, run: u128) -> (RunId, Box<dyn WriteEvents>) {
    let run = record(run, "job", 0);
    (run.id, storage.create(&run, &pinned()).expect("the run can be made"))
}

fn weekdays() -> Keyspace {
    let days = PartitionsDefinition::of(["mon", "tue", "wed", "thu", "fri"]);
    days.resolve(&KeySets::new()).expect("a definition")
}

/// The partitions that are materialized, and those that failed.
fn status(storage: &dyn Storage, of: &str, partitions: &Keyspace) -> (String, String) {
    let status = storage.partition_status(&key(of), partitions).expect(READ);
    (partitions.show(&status.materialized), partitions.show(&status.failed))
}

/// Of which run and with which event the latest attempt failed.
fn failure(storage: &dyn Storage, partition: Option<&str>) -> Option<(RunId, u64)> {
    let latest = storage.latest_failure(&key("orders"), partition).expect(READ)?;
    assert_eq!((latest.asset.as_str(), latest.partition.as_deref()), ("orders", partition));
    Some((latest.run, latest.event))
}

fn texts(materialized: &str, failed: &str) -> (String, String) {
    (materialized.to_owned(), failed.to_owned())
}

pub(super) fn told(storage: &dyn Storage) {
    let days = weekdays();
    let of = |asset: &str| status(storage, asset, &days);
    assert_eq!(of("orders"), texts("", ""), "nothing has happened");
    let (run, mut writer) = make(storage, 1);
    let mut commit = |entries, partition: &str| {
        writer.commit(&of_partition(entries, partition)).expect(WRITTEN);
    };
    commit(asset(run, 1, "orders", None), "mon");
    commit(failed(run, 2, "orders"), "tue");
    commit(asset(run, 3, "orders/clean", None), "fri");
    commit(failed(run, 3, "orders/clean"), "fri");
    assert_eq!(of("orders"), texts("mon", "tue"), "and not of `orders/clean`");
    assert_eq!(of("orders/clean").0, "fri");
    assert_eq!(failure(storage, Some("tue")), Some((run, 6)));
    assert_eq!((failure(storage, Some("mon")), failure(storage, None)), (None, None));
    commit(failed(run, 10, "orders"), "mon");
    assert_eq!(of("orders"), texts("mon", "mon, tue"), "it failed when it was to be made anew");
    commit(asset(run, 11, "orders", None), "tue");
    assert_eq!(of("orders"), texts("mon, tue", "mon"), "it was made after it had failed");
    // A run that is behind the others tells what is older than what is known.
    let (late, mut writer) = make(storage, 2);
    let mut commit = |entries, partition: &str| {
        writer.commit(&of_partition(entries, partition)).expect(WRITTEN);
    };
    commit(asset(late, 5, "orders", None), "mon");
    commit(failed(late, 5, "orders"), "tue");
    assert_eq!(of("orders"), texts("mon, tue", "mon"), "what happened last counts");
    commit(failed(late, 4, "orders"), "thu");
    commit(asset(late, 6, "orders", None), "sun");
    assert_eq!(of("orders"), texts("mon, tue", "mon, thu"), "`sun` is no partition");
    writer.commit(&failed(late, 20, "orders")).expect(WRITTEN);
    assert_eq!(of("orders"), texts("mon, tue", "mon, thu"), "what failed is no partition");
    assert!(failure(storage, None).is_some_and(|(run, _)| run == late));
    assert_eq!(failure(storage, Some("mon")), Some((run, 16)), "the latest");
    let facts = storage.latest_partitions(&key("orders")).expect("the facts can be read");
    let monday = facts.iter().find(|fact| fact.partition.as_deref() == Some("mon"));
    let latest = storage.latest_failure(&key("orders"), Some("mon")).expect(READ);
    assert!(latest.is_some_and(|latest| latest.is_after(monday, None) && latest.is_after(None, None)));
    let other = PartitionsDefinition::of(["tue", "mon"]).resolve(&KeySets::new()).expect("a definition");
    assert_eq!(status(storage, "orders", &other), texts("tue, mon", "mon"), "by another definition");
    assert_eq!(of("orders"), texts("mon, tue", "mon, thu"), "and by this again");
}

pub(super) fn observed(storage: &dyn Storage) {
    let days = weekdays();
    let of = || {
        let (materialized, failed) = status(storage, "orders", &days);
        let observed = storage.partition_status(&key("orders"), &days).expect(READ).observed;
        let made = storage.latest_made_partitions(&key("orders")).expect(READ);
        let made: Vec<_> = made.iter().filter_map(|fact| fact.partition.as_deref()).collect();
        assert_eq!(days.show(&made.iter().filter_map(|day| days.find(day)).collect()), materialized);
        for day in ["mon", "tue", "wed"] {
            let failed_last = storage.failed_last(&key("orders"), Some(day)).expect(READ);
            assert_eq!(failed_last.is_some(), failed.contains(day), "{day}");
        }
        format!("{materialized}; {failed}; {}", days.show(&observed))
    };
    let (run, mut writer) = make(storage, 1);
    let mut commit = |entries, partition: &str| {
        writer.commit(&of_partition(entries, partition)).expect(WRITTEN);
    };
    commit(observation(run, 1, "orders"), "mon");
    assert_eq!(of(), "; ; mon", "nobody has made it");
    commit(asset(run, 2, "orders", None), "tue");
    commit(observation(run, 3, "orders"), "tue");
    assert_eq!(of(), "tue; ; mon, tue", "one that was made stays made");
    commit(failed(run, 4, "orders"), "tue");
    commit(failed(run, 4, "orders"), "wed");
    commit(observation(run, 5, "orders"), "tue");
    commit(observation(run, 5, "orders"), "wed");
    assert_eq!(of(), "tue; tue, wed; mon, tue, wed", "to look at it makes nothing good");
    commit(asset(run, 6, "orders", None), "wed");
    assert_eq!(of(), "tue, wed; tue; mon, tue, wed");
    let latest = storage.latest_made_partitions(&key("orders")).expect(READ);
    let latest: Vec<_> = latest.iter().map(|fact| (fact.partition.as_deref(), fact.event)).collect();
    assert_eq!(latest.len(), 2);
    assert!(latest.iter().all(|(day, _)| *day != Some("mon")), "{latest:?}");
    let day = storage.latest_made(&key("orders"), Some("tue")).expect(READ).expect("it was made");
    assert!(!day.is_observation());
}

pub(super) fn not_there(storage: &dyn Storage) {
    let days = weekdays();
    let of = || {
        let status = storage.partition_status(&key("orders"), &days).expect(READ);
        format!("{}; {}", days.show(&status.materialized), days.show(&status.observed))
    };
    let (run, mut writer) = make(storage, 1);
    let mut commit = |entries, partition: &str| {
        writer.commit(&of_partition(entries, partition)).expect(WRITTEN);
    };
    commit(observation_of_nothing(run, 1, "orders"), "mon");
    commit(observation(run, 1, "orders"), "tue");
    commit(observation(run, 2, "orders"), "wed");
    commit(observation_of_nothing(run, 3, "orders"), "wed");
    assert_eq!(of(), "; tue", "of the others nothing was there when they were observed last");
    commit(observation(run, 4, "orders"), "mon");
    commit(observation_of_nothing(run, 4, "orders"), "tue");
    assert_eq!(of(), "; mon", "it comes, and goes");
    commit(observation(run, 5, "orders"), "tue");
    commit(observation_of_nothing(run, 6, "orders"), "tue");
    commit(observation_of_nothing(run, 5, "orders"), "mon");
    commit(observation(run, 6, "orders"), "mon");
    assert_eq!(of(), "; mon");
    let latest = storage.latest_partitions(&key("orders")).expect(READ);
    let latest: Vec<_> = latest
        .iter()
        .map(|fact| (fact.partition.as_deref().unwrap_or_default(), fact.found_nothing()))
        .collect();
    assert_eq!(latest, [("mon", false), ("tue", true), ("wed", true)]);
    // A run that is behind the others tells what is older than what is known.
    let (late, mut writer) = make(storage, 2);
    let mut commit = |entries, partition: &str| {
        writer.commit(&of_partition(entries, partition)).expect(WRITTEN);
    };
    commit(observation(late, 5, "orders"), "tue");
    commit(observation_of_nothing(late, 5, "orders"), "mon");
    assert_eq!(of(), "; mon", "what happened last counts");
    commit(asset(late, 7, "orders", None), "tue");
    assert_eq!(of(), "tue; mon", "that it was made is no look");
    assert!(
        storage.latest_made_partitions(&key("orders")).expect(READ).iter().all(|fact| !fact.is_observation())
    );
    let query = MaterializationQuery {
        observed: Some(true),
        partition: Some("wed".to_owned()),
        ..MaterializationQuery::default()
    };
    assert_eq!(storage.materializations(&query).expect(READ).len(), 2, "to find nothing is to look too");
    let other = PartitionsDefinition::of(["tue", "mon"]).resolve(&KeySets::new()).expect("a definition");
    let status = storage.partition_status(&key("orders"), &other).expect(READ);
    assert_eq!(other.show(&status.observed), "mon", "by another definition");
    assert_eq!(of(), "tue; mon", "and by this again");
}

pub(super) fn unseen(storage: &dyn Storage) {
    let days = weekdays();
    let of = || {
        let status = storage.partition_status(&key("orders"), &days).expect(READ);
        for day in ["mon", "tue", "wed"] {
            let failed = storage.failed_last(&key("orders"), Some(day)).expect(READ);
            assert_eq!(failed.is_some(), days.show(&status.failed).contains(day), "{day}");
            let look = storage.look_failed_last(&key("orders"), Some(day)).expect(READ);
            assert_eq!(look.is_some(), days.show(&status.unseen).contains(day), "{day}");
        }
        format!(
            "{}; {}; {}",
            days.show(&status.failed),
            days.show(&status.observed),
            days.show(&status.unseen)
        )
    };
    let (run, mut writer) = make(storage, 1);
    let mut commit = |entries, partition: &str| {
        writer.commit(&of_partition(entries, partition)).expect(WRITTEN);
    };
    commit(failed_look(run, 1, "orders"), "mon");
    commit(observation(run, 1, "orders"), "tue");
    commit(failed_look(run, 2, "orders"), "tue");
    assert_eq!(of(), "; tue; mon, tue", "what it was observed as before is known still");
    commit(failed(run, 3, "orders"), "mon");
    commit(failed(run, 3, "orders"), "wed");
    assert_eq!(of(), "mon, wed; tue; mon, tue", "to make it is something else");
    commit(observation(run, 4, "orders"), "mon");
    commit(observation_of_nothing(run, 4, "orders"), "tue");
    assert_eq!(of(), "mon, wed; mon; ", "one that is made by nobody here fails to be made as before");
    commit(failed_look(run, 5, "orders"), "wed");
    commit(asset(run, 6, "orders", None), "wed");
    assert_eq!(of(), "mon; mon; ", "whoever has made it knows of it");
    // A run that is behind the others tells what is older than what is known.
    let (late, mut writer) = make(storage, 2);
    let mut commit = |entries, partition: &str| {
        writer.commit(&of_partition(entries, partition)).expect(WRITTEN);
    };
    commit(failed_look(late, 3, "orders"), "mon");
    assert_eq!(of(), "mon; mon; ", "what happened last counts");
    commit(failed_look(late, 8, "orders"), "mon");
    commit(observation(late, 7, "orders"), "mon");
    assert_eq!(of(), "mon; mon; mon");
    let look = storage.latest_failed_look(&key("orders"), Some("mon")).expect(READ).expect("it failed");
    assert_eq!((look.run, look.partition.as_deref(), look.observed), (late, Some("mon"), true));
    // The asset itself is none of its partitions.
    writer.commit(&failed_look(late, 9, "orders/raw")).expect(WRITTEN);
    let last = || storage.look_failed_last(&key("orders/raw"), None).expect(READ);
    assert!(last().is_some() && storage.failed_last(&key("orders/raw"), None).expect(READ).is_none());
    writer.commit(&observation(late, 10, "orders/raw")).expect(WRITTEN);
    assert!(last().is_none());
}

pub(super) fn passed_over(storage: &dyn Storage) {
    let days = weekdays();
    let of = |asset: &str| status(storage, asset, &days);
    let failed_last = |partition: Option<&str>| {
        let failed = storage.failed_last(&key("orders"), partition).expect(READ);
        failed.map(|failed| (failed.run, failed.event))
    };
    let passed = |partition: Option<&str>| {
        let passed = storage.latest_passed_over(&key("orders"), partition).expect(READ)?;
        assert_eq!((passed.asset.as_str(), passed.partition.as_deref()), ("orders", partition));
        Some((passed.run, passed.event))
    };
    let (run, mut writer) = make(storage, 1);
    let mut commit = |entries, partition: &str| {
        writer.commit(&of_partition(entries, partition)).expect(WRITTEN);
    };
    commit(asset(run, 1, "orders", None), "mon");
    commit(failed(run, 2, "orders"), "mon");
    commit(failed(run, 2, "orders"), "tue");
    commit(failed(run, 2, "orders/clean"), "mon");
    assert_eq!((failed_last(Some("mon")), passed(Some("mon"))), (Some((run, 6)), None));
    assert_eq!(of("orders"), texts("mon", "mon, tue"));
    let (again, mut writer) = make(storage, 2);
    let mut commit = |entries, partition: &str| {
        writer.commit(&of_partition(entries, partition)).expect(WRITTEN);
    };
    commit(pass(again, 3, "orders"), "mon");
    assert_eq!(
        (of("orders"), failed_last(Some("mon"))),
        (texts("mon", "tue"), None),
        "it is as it would be made"
    );
    assert_eq!(passed(Some("mon")), Some((again, 1)));
    assert_eq!(failure(storage, Some("mon")), Some((run, 6)), "that it had failed is known still");
    assert_eq!(of("orders/clean").1, "mon", "that of another asset is not");
    commit(failed(again, 4, "orders"), "mon");
    assert_eq!(of("orders"), texts("mon", "mon, tue"), "it failed anew");
    // A run that is behind the others tells what is older than what is known, in either order.
    let (late, mut writer) = make(storage, 3);
    let mut commit = |entries, partition: &str| {
        writer.commit(&of_partition(entries, partition)).expect(WRITTEN);
    };
    commit(pass(late, 3, "orders"), "mon");
    assert_eq!((of("orders"), passed(Some("mon"))), (texts("mon", "mon, tue"), Some((late, 1))));
    commit(pass(late, 1, "orders"), "mon");
    assert_eq!(passed(Some("mon")), Some((late, 1)), "the latest");
    commit(pass(late, 9, "orders"), "wed");
    commit(failed(late, 8, "orders"), "wed");
    assert_eq!((of("orders"), failed_last(Some("wed"))), (texts("mon", "mon, tue"), None));
    commit(pass(late, 5, "orders"), "mon");
    commit(pass(late, 9, "orders"), "sun");
    assert_eq!(of("orders"), texts("mon", "tue"), "`sun` is no partition");
    // The asset itself is none of its partitions.
    writer.commit(&failed(late, 10, "orders")).expect(WRITTEN);
    assert!(failed_last(None).is_some());
    writer.commit(&pass(late, 11, "orders")).expect(WRITTEN);
    assert_eq!((failed_last(None), of("orders")), (None, texts("mon", "tue")));
    drop(writer);
    storage.remove(late).expect("nobody holds it");
    assert_eq!((of("orders"), failed_last(None)), (texts("mon", "tue"), None), "it outlives its run");
}

pub(super) fn of_keys(storage: &dyn Storage) {
    let keys = |keys: KeySet| {
        let customers = PartitionsDefinition::dynamic("customers");
        customers.resolve(&KeySets::new().with("customers", keys)).expect("a definition")
    };
    let mut known = KeySet::new();
    for key in ["acme", "beta"] {
        known.add(key).expect("a key");
    }
    let (run, mut writer) = make(storage, 1);
    for (number, customer) in (1..).zip(["acme", "beta", "gamma"]) {
        writer.commit(&of_partition(asset(run, number, "orders", None), customer)).expect(WRITTEN);
    }
    let count = |of: &Keyspace| {
        let status = storage.partition_status(&key("orders"), of).expect(READ);
        (status.materialized.len(), status.failed.len())
    };
    assert_eq!(count(&keys(known.clone())), (2, 0), "`gamma` is not in the set");
    known.add("gamma").expect("a key");
    assert_eq!(count(&keys(known.clone())), (3, 0), "now it is");
    known.remove("acme");
    assert_eq!(count(&keys(known.clone())), (3, 0), "it has its number still");
    writer.commit(&of_partition(failed(run, 9, "orders"), "acme")).expect(WRITTEN);
    assert_eq!(count(&keys(known)), (3, 1));
}

pub(super) fn outlive(storage: &dyn Storage) {
    let days = weekdays();
    let (run, mut writer) = make(storage, 1);
    writer.commit(&of_partition(asset(run, 1, "orders", None), "mon")).expect(WRITTEN);
    writer.commit(&of_partition(failed(run, 2, "orders"), "mon")).expect(WRITTEN);
    drop(writer);
    let mut writer = storage.reopen(run).expect("nobody holds it");
    let before = (status(storage, "orders", &days), failure(storage, Some("mon")));
    assert_eq!(before, (texts("mon", "mon"), Some((run, 6))));
    writer.commit(&of_partition(failed(run, 3, "orders"), "tue")).expect(WRITTEN);
    writer.update(&record(1, "job", 0)).expect("listed");
    drop(writer);
    let before = (status(storage, "orders", &days), failure(storage, Some("mon")));
    assert_eq!(before, (texts("mon", "mon, tue"), Some((run, 6))));
    storage.remove(run).expect("nobody holds it");
    assert_eq!((status(storage, "orders", &days), failure(storage, Some("mon"))), before);
}
