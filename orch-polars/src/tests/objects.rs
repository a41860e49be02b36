//! Frames in an object store. The store of these tests is in memory; `tests/s3` has one that speaks S3.

#[cfg(feature = "lazy")]
mod lazy;
mod watched;

use std::sync::Arc;

use insta::assert_snapshot;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _};
use orch_core::asset::AssetKey;
use orch_core::io::{Found, IoManager, STAMP};
use polars::prelude::{NamedFrom as _, Series};

use self::watched::Watched;
use super::*;

fn keys(store: &InMemory) -> Vec<String> {
    use futures::StreamExt as _;
    let listed = futures::executor::block_on(store.list(None).collect::<Vec<_>>());
    listed.into_iter().map(|object| object.unwrap().location.to_string()).collect()
}

#[test]
fn a_frame_comes_back_from_where_it_is_told_to_be() {
    let store = Arc::new(InMemory::new());
    let io = ParquetIo::in_store(store.clone(), "lake/frames");
    let key = MappingKey::from("a b/ü");
    let step = extract();
    let at = output_of(&step, Some(&key));
    let told = io.store(&at, &starters()).unwrap();
    assert!(IoManager::<DataFrame>::load(&io, &at).unwrap().equals_missing(&starters()));
    assert_eq!(keys(&store), [told["path"].as_str().unwrap()]);
    let size = futures::executor::block_on(store.head(&Key::parse(&keys(&store)[0]).unwrap())).unwrap().size;
    assert_eq!(told["bytes"], size);
}

#[test]
fn no_frame_is_no_object() {
    let store = Arc::new(InMemory::new());
    let io = ParquetIo::in_store(store.clone(), "");
    let step = extract();
    let at = output_of(&step, None);
    let load = || IoManager::<Option<DataFrame>>::load(&io, &at).unwrap();
    assert!(load().is_none());
    io.store(&at, &Some(starters())).unwrap();
    assert!(load().unwrap().equals_missing(&starters()));
    io.store(&at, &None::<DataFrame>).unwrap();
    assert!(load().is_none());
    assert!(keys(&store).is_empty());

    let failure = IoManager::<DataFrame>::load(&io, &at).unwrap_err().info();
    assert_eq!(failure.hint.unwrap(), "was it moved or deleted since it was written?");
}

#[test]
fn what_is_large_is_put_in_parts() {
    let store = Arc::new(InMemory::new());
    let io = ParquetIo::in_store(store, "lake");
    let random = (0..3_000_000u64).map(|row| row.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let large =
        DataFrame::new(3_000_000, vec![Series::new("n".into(), random.collect::<Vec<_>>()).into()]).unwrap();
    let step = extract();
    let at = output_of(&step, None);
    let told = io.store(&at, &large).unwrap();
    assert!(told["bytes"].as_u64().unwrap() > 16 * 1024 * 1024, "{}", told["bytes"]);
    assert!(IoManager::<DataFrame>::load(&io, &at).unwrap().equals(&large));
}

#[test]
fn it_may_be_called_wherever_the_caller_comes_from() {
    let io = ParquetIo::in_store(Arc::new(InMemory::new()), "lake");
    let step = extract();
    let at = output_of(&step, None);
    // Even by a thread that must not block, where a runtime within a runtime would panic.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { io.store(&at, &starters()) }).unwrap();
    assert!(IoManager::<DataFrame>::load(&io, &at).is_ok());
}

fn look(io: &ParquetIo, at: &OutputAt<'_>, told: &Metadata) -> Found {
    IoManager::<DataFrame>::look(io, at, told[STAMP].as_str().unwrap()).unwrap()
}

#[test]
fn an_object_is_known_by_its_tag() {
    let store = Arc::new(Watched::default());
    let io = ParquetIo::in_store(store.clone(), "");
    let (key, step): (AssetKey, _) = ("orders".parse().unwrap(), extract());
    let at = output_of(&step, None).asset(Some(&key));
    let told = io.store(&at, &starters()).unwrap();
    assert_eq!((look(&io, &at, &told), store.fetched()), (Found::Same, vec![]));
    // The same again has another tag, and is known by what is in it.
    io.store(&at, &starters()).unwrap();
    assert_eq!(look(&io, &at, &told), Found::Same);
    assert_eq!(store.fetched(), [("orders.parquet".to_owned(), told["bytes"].as_u64().unwrap())]);
    io.store(&at, &starters().slice(0, 1)).unwrap();
    assert_eq!(look(&io, &at, &told), Found::Other);
    io.store(&at, &None::<DataFrame>).unwrap();
    assert_eq!(look(&io, &at, &told), Found::Nothing);
}

/// What has no tag is no other object for that: it is there, and more is not known.
#[test]
fn of_a_store_without_tags_is_known_what_is_there() {
    for tag in [None, Some("")] {
        let store = Arc::new(Watched::tagging(tag));
        let io = ParquetIo::in_store(store.clone(), "");
        let (key, step): (AssetKey, _) = ("orders".parse().unwrap(), extract());
        let at = output_of(&step, None).asset(Some(&key));
        let told = io.store(&at, &starters()).unwrap();
        assert_eq!(look(&io, &at, &told), Found::Unseen);
        io.store(&at, &starters().slice(0, 1)).unwrap();
        assert_eq!(look(&io, &at, &told), Found::Unseen);
        assert_eq!(store.fetched(), [], "nothing is read to find out");
        // Nor is it another one when the store has come to give tags, or has ceased to.
        let tagged = told[STAMP].as_str().unwrap();
        let tagged = Metadata::from([(STAMP.to_owned(), format!("tag {}", tagged.trim()).into())]);
        assert_eq!(look(&io, &at, &tagged), Found::Unseen);
        io.store(&at, &None::<DataFrame>).unwrap();
        assert_eq!(look(&io, &at, &told), Found::Nothing);
    }
}

#[test]
fn a_store_that_nobody_knows_is_refused_at_its_first_use() {
    let io = ParquetIo::new("ftp://lake/frames");
    let failure = io.store(&output_of(&extract(), None), &starters()).unwrap_err();
    assert_snapshot!(format!("{failure:?}"), @r#"
    cannot write `ftp://lake/frames/00000000-0000-0000-0000-000000000007/extract/result.parquet`
      caused by: cannot open the object store `ftp://lake/frames`
      caused by: Generic URL error: Unable to recognise URL "ftp://lake/frames"
      hint: there are `s3://bucket/prefix` with the feature `s3`, `gs://bucket/prefix` with `gcs`, `az://container/prefix` with `azure`; credentials come from the environment
    "#);
}
