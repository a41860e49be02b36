//! The version of an asset's data: the hash of its file, whoever wrote it.

use std::path::Path;

use orch_core::asset::AssetKey;
use orch_core::io::{DATA_VERSION, IoManager};

use crate::format::Format;

use super::*;

/// Stores a value as that of an asset, and says which version was told.
fn version<T: orch_core::value::Data>(io: &impl IoManager<T>, value: &T) -> String {
    let (key, step): (AssetKey, _) = ("orders".parse().unwrap(), extract());
    let told = io.store(&output_of(&step, None).asset(Some(&key)), value).unwrap();
    told[DATA_VERSION].as_str().unwrap().to_owned()
}

fn hash_of(file: &Path) -> String {
    blake3::hash(&fs::read(file).unwrap()).to_hex().to_string()
}

fn is_the_hash<F: Format>(io: &FrameIo<F>) {
    let file = io.folder().join("orders").with_extension(F::EXTENSION);
    // Larger than what writers gather before they write.
    let many = df!("number" => (0..200_000i64).map(|row| row * row).collect::<Vec<_>>()).unwrap();
    for frame in [many, starters(), starters().clear()] {
        assert_eq!(version(io, &frame), hash_of(&file), "{}", F::NAME);
        #[cfg(feature = "lazy")]
        assert_eq!(version(io, &polars::prelude::IntoLazy::lazy(frame)), hash_of(&file), "{}, sunk", F::NAME);
    }
}

#[test]
fn the_version_of_an_asset_is_the_hash_of_its_file() {
    let folder = Folder::new();
    is_the_hash(&ParquetIo::new(&folder.0));
    is_the_hash(&ParquetIo::new(&folder.0).verify(true));
    is_the_hash(&CsvIo::new(&folder.0));
    #[cfg(feature = "ipc")]
    is_the_hash(&IpcIo::new(&folder.0));
    #[cfg(feature = "json")]
    is_the_hash(&NdjsonIo::new(&folder.0));
}

#[cfg(feature = "objects")]
#[test]
fn the_version_of_an_asset_in_a_store_is_the_hash_of_its_object() {
    use object_store::ObjectStoreExt as _;
    let store = std::sync::Arc::new(object_store::memory::InMemory::new());
    let io = ParquetIo::in_store(store.clone(), "");
    let version = version(&io, &starters());
    let object = futures::executor::block_on(async {
        store.get(&object_store::path::Path::from("orders.parquet")).await.unwrap().bytes().await.unwrap()
    });
    assert_eq!(version, blake3::hash(&object).to_hex().to_string());
}

#[test]
fn what_is_no_asset_has_no_version() {
    let folder = Folder::new();
    let told = ParquetIo::new(&folder.0).store(&output_of(&extract(), None), &starters()).unwrap();
    assert!(!told.contains_key(DATA_VERSION), "{told:?}");
}
