use super::files::write;
use super::samples::{asset, at, key, observation, of_partition, pinned, record};
use crate::asset::{Materialization, MaterializationQuery, MetadataValue, ValueAt};
use crate::event::{Encoded, Entry, EventKind};
use crate::ids::RunId;
use crate::storage::{AssetRecord, Storage, StorageErrorKind, WriteEvents};

const READ: &str = "the facts can be read";
const WRITTEN: &str = "the events can be written";

fn make(storage: &dyn Storage, run: u128) -> (RunId, Box<dyn WriteEvents>) {
    let run = record(run, "job", 0);
    (run.id, storage.create(&run, &pinned()).expect("the run can be made"))
}

fn all(storage: &dyn Storage) -> Vec<Materialization> {
    storage.materializations(&MaterializationQuery::default()).expect(READ)
}

/// The key, the number of materializations and the latest of each asset.
fn known(storage: &dyn Storage) -> Vec<(String, u64, Materialization)> {
    let told = |known: AssetRecord| (known.key.to_string(), known.materializations, known.latest);
    storage.assets().expect(READ).into_iter().map(told).collect()
}

/// What the event of this number says, and that its value lies there.
fn fact(entries: &[Entry], event: u64, value: ValueAt) -> Materialization {
    let told = &entries[event as usize - 1].event;
    let EventKind::AssetMaterialization {
        asset,
        partition,
        metadata,
        code_version,
        data_version,
        inputs,
        recipe,
    } = told.kind.clone()
    else {
        panic!("the event {event} tells of no materialization")
    };
    let partition = partition.map(|partition| partition.to_string());
    let (run, time) = (told.run, told.time);
    Materialization {
        asset,
        partition,
        run,
        event,
        time,
        metadata,
        code_version,
        data_version,
        inputs,
        recipe,
        value,
        stamp: None,
    }
}

pub(super) fn told(storage: &dyn Storage) {
    let (run, mut writer) = make(storage, 1);
    assert_eq!((known(storage), all(storage)), (Vec::new(), Vec::new()), "nothing has happened");
    let files = storage.asset_files().expect("the files of assets");
    let file = write(&*files, "orders/1/result", b"many orders");
    let mut entries = asset(run, 1, "raw/rates", None);
    entries.extend(asset(run, 2, "orders", Some(&file)));
    let mut elsewhere = of_partition(asset(run, 3, "report", Some(&file)), "2026-01-02");
    if let EventKind::HandledOutput { io, .. } = &mut elsewhere[2].event.kind {
        *io = "warehouse".into();
    }
    entries.extend(elsewhere);
    let mut nothing = asset(run, 4, "orders", None);
    nothing[1].value = None;
    entries.extend(nothing);
    writer.commit(&entries).expect(WRITTEN);
    let rates = fact(&entries, 3, ValueAt::Fact);
    let orders = fact(&entries, 8, ValueAt::File(file.clone()));
    let report = fact(&entries, 13, ValueAt::Io("warehouse".to_owned()));
    let latest = fact(&entries, 17, ValueAt::Nowhere);
    assert_eq!(all(storage), [&latest, &report, &orders, &rates].map(Clone::clone));
    let of = |known: u64, latest: &Materialization| (latest.asset.to_string(), known, latest.clone());
    assert_eq!(known(storage), [of(2, &latest), of(1, &rates), of(1, &report)], "by their keys");
    let value = storage.asset_value(&rates).expect(READ);
    assert_eq!(value, Some(Encoded::from(1_u64.to_be_bytes().to_vec())));
    for other in [&orders, &report, &latest] {
        assert_eq!(storage.asset_value(other).expect(READ), None, "it does not lie with the fact");
    }
    assert_eq!(files.read(&file).expect("it is there"), b"many orders");
    // As the value of `()` is.
    let mut empty = asset(run, 5, "raw/rates", None);
    empty[1].value = Some(Encoded::from(Vec::new()));
    writer.commit(&empty).expect(WRITTEN);
    let value = storage.asset_value(&all(storage)[0]).expect(READ);
    assert_eq!(value, Some(Encoded::from(Vec::new())));
}

pub(super) fn queried(storage: &dyn Storage) {
    let mut number = 0;
    for run in 1..=3 {
        let (run, mut writer) = make(storage, run);
        for day in ["monday", "tuesday"] {
            number += 1;
            writer.commit(&of_partition(asset(run, number, "orders", None), day)).expect(WRITTEN);
        }
        number += 1;
        writer.commit(&asset(run, number, "orders/clean", None)).expect(WRITTEN);
    }
    let found = |query: &MaterializationQuery| -> Vec<String> {
        let found = storage.materializations(query).expect(READ);
        assert!(found.iter().all(|fact| query.matches(fact)));
        found.iter().filter_map(|fact| Some(fact.data_version.as_ref()?.to_string())).collect()
    };
    let any = MaterializationQuery::default;
    let orders = || MaterializationQuery { asset: Some(key("orders")), ..any() };
    assert_eq!(found(&any()), ["9", "8", "7", "6", "5", "4", "3", "2", "1"]);
    assert_eq!(found(&MaterializationQuery { limit: Some(2), ..any() }), ["9", "8"]);
    assert_eq!(found(&MaterializationQuery { limit: Some(0), ..any() }), [""; 0]);
    assert_eq!(found(&orders()), ["8", "7", "5", "4", "2", "1"], "and not those of `orders/clean`");
    assert_eq!(found(&MaterializationQuery::latest(&key("orders"))), ["8"]);
    let monday = || MaterializationQuery { partition: Some("monday".to_owned()), ..orders() };
    assert_eq!(found(&monday()), ["7", "4", "1"]);
    assert_eq!(found(&MaterializationQuery { limit: Some(1), ..monday() }), ["7"]);
    let until =
        |number: u64| MaterializationQuery { until: Some(at(number * 1_000_003 + 3 * 1_009)), ..orders() };
    assert_eq!(found(&until(4)), ["4", "2", "1"], "at this time or before");
    assert_eq!(found(&MaterializationQuery { limit: Some(1), ..until(3) }), ["2"]);
    assert_eq!(found(&until(0)), [""; 0]);
    let of_run = |run| MaterializationQuery { run: Some(RunId::from_u128(run)), ..any() };
    assert_eq!(found(&of_run(2)), ["6", "5", "4"]);
    assert_eq!(found(&MaterializationQuery { asset: Some(key("orders/clean")), ..of_run(2) }), ["6"]);
    assert_eq!(found(&of_run(4)), [""; 0]);
    let latest = |asset: &str| -> Vec<_> {
        let latest = storage.latest_partitions(&key(asset)).expect(READ).into_iter();
        latest
            .map(|fact| (fact.partition.unwrap_or_default(), fact.data_version.unwrap_or_default()))
            .collect()
    };
    let (monday, tuesday) = (("monday".to_owned(), "7".into()), ("tuesday".to_owned(), "8".into()));
    assert_eq!(latest("orders"), [monday, tuesday], "each partition once, and that which is newest");
    assert_eq!(latest("orders/clean"), [], "it has none");
    let nothing = MaterializationQuery { asset: Some(key("order")), ..any() };
    assert_eq!(found(&nothing), [""; 0], "no asset has this key");
    // A run that is behind the others tells what is older than what is known.
    let (run, mut late) = make(storage, 4);
    let mut older = asset(run, 8, "orders/clean", None);
    older.iter_mut().for_each(|entry| entry.event.time = at(8 * 1_000_003));
    late.commit(&older).expect(WRITTEN);
    assert_eq!(found(&MaterializationQuery::latest(&key("orders/clean"))), ["9"]);
    let known: Vec<_> =
        known(storage).into_iter().map(|(key, number, fact)| (key, number, fact.run)).collect();
    let last = RunId::from_u128(3);
    assert_eq!(known, [("orders".to_owned(), 6, last), ("orders/clean".to_owned(), 4, last)]);
}

pub(super) fn observed(storage: &dyn Storage) {
    let (run, mut writer) = make(storage, 1);
    writer.commit(&observation(run, 1, "lake/orders")).expect(WRITTEN);
    writer.commit(&asset(run, 2, "lake/orders", None)).expect(WRITTEN);
    writer.commit(&observation(run, 2, "lake/orders")).expect(WRITTEN);
    drop(writer);
    let found = |query: &MaterializationQuery| -> Vec<u64> {
        let found = storage.materializations(query).expect(READ);
        assert!(found.iter().all(|fact| query.matches(fact)));
        found.into_iter().map(|fact| fact.event).collect()
    };
    let latest = MaterializationQuery::latest(&key("lake/orders"));
    let all = MaterializationQuery { limit: None, ..latest.clone() };
    assert_eq!(found(&all), [11, 7, 3]);
    assert_eq!(found(&MaterializationQuery { observed: Some(true), ..all.clone() }), [11, 3]);
    assert_eq!(found(&MaterializationQuery { observed: Some(false), ..all }), [7]);
    assert_eq!(found(&MaterializationQuery { observed: Some(false), ..latest.clone() }), [7]);
    let facts = storage.materializations(&latest).expect(READ);
    let [fact] = &facts[..] else { panic!("one fact: {facts:?}") };
    assert_eq!((fact.data_version.as_deref(), fact.is_observation()), (Some("2"), true));
    assert_eq!(fact.metadata["rows"], MetadataValue::RowCount(2));
    assert_eq!(storage.asset_value(fact).expect(READ), None, "it lies with others");
    assert_eq!(known(storage), [("lake/orders".to_owned(), 3, fact.clone())]);
    storage.remove(run).expect("nobody holds it");
    assert_eq!(known(storage), [("lake/orders".to_owned(), 3, fact.clone())], "it outlives its run");
    let (run, mut writer) = make(storage, 2);
    for (number, day) in [(3, "2024-01-31"), (4, "2024-02-01"), (5, "2024-01-31")] {
        writer.commit(&of_partition(observation(run, number, "lake/rates"), day)).expect(WRITTEN);
    }
    let days = storage.latest_partitions(&key("lake/rates")).expect(READ);
    let days: Vec<_> =
        days.iter().map(|fact| (fact.partition.as_deref(), fact.data_version.as_deref())).collect();
    assert_eq!(days, [(Some("2024-01-31"), Some("5")), (Some("2024-02-01"), Some("4"))], "each for itself");
}

pub(super) fn told_once(storage: &dyn Storage) {
    let (run, mut writer) = make(storage, 1);
    writer.commit(&asset(run, 1, "orders", None)).expect(WRITTEN);
    drop(writer);
    let before = all(storage);
    assert_eq!(before.len(), 1);
    for reopened in 0..2 {
        let mut writer = storage.reopen(run).expect("nobody holds it");
        assert_eq!(all(storage).len(), 1 + reopened, "it is known already");
        writer.commit(&asset(run, 2 + reopened as u64, "orders", None)).expect(WRITTEN);
        writer.update(&record(1, "job", 0)).expect("listed");
    }
    let after = all(storage);
    assert_eq!(after[2..], before, "what was known stays");
    assert_eq!(after.iter().map(|fact| fact.event).collect::<Vec<_>>(), [11, 7, 3]);
    assert_eq!(known(storage)[0].1, 3);
}

pub(super) fn outlive(storage: &dyn Storage) {
    let (run, mut writer) = make(storage, 1);
    let files = storage.asset_files().expect("the files of assets");
    let file = write(&*files, "orders/1/result", b"many orders");
    writer.commit(&asset(run, 1, "rates", None)).expect(WRITTEN);
    writer.commit(&asset(run, 2, "orders", Some(&file))).expect(WRITTEN);
    drop(writer);
    let before = (known(storage), all(storage));
    storage.remove(run).expect("nobody holds it");
    assert_eq!((known(storage), all(storage)), before);
    let [orders, rates] = &before.1[..] else { panic!("two facts: {before:?}") };
    let value = storage.asset_value(rates).expect(READ);
    assert_eq!(value, Some(Encoded::from(1_u64.to_be_bytes().to_vec())));
    assert_eq!(orders.value, ValueAt::File(file.clone()));
    let files = storage.asset_files().expect("the files of assets");
    assert_eq!(files.read(&file).expect("it is there"), b"many orders");
}

pub(super) fn files(storage: &dyn Storage) {
    let (run, _writer) = make(storage, 1);
    let name = "warehouse/orders/2026-01-02/result.bin";
    let written = write(&*storage.asset_files().expect("the files of assets"), name, b"value");
    assert_eq!((written.file.as_str(), written.bytes), (name, 5));
    let files = storage.asset_files().expect("the files of assets");
    assert_eq!(files.read(&written).expect("it is there"), b"value");
    let of_run = storage.artifacts(run).expect("the files of the run");
    let missing = of_run.open(name).err().expect("it is no file of a run");
    assert_eq!(*missing.kind(), StorageErrorKind::NotFound);
    for outside in ["", "/etc/passwd", "../instance.db", "a/../../b", "a.part"] {
        assert!(files.write(outside, &mut |_| Ok(())).is_err(), "{outside:?} is no name");
        assert!(files.open(outside).is_err(), "{outside:?} is no name");
    }
}
