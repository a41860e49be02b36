//! Frames that may be missing.

use insta::assert_snapshot;
use orch_core::io::IoManager;

use super::declared::{Sales, sales};
use super::*;

#[test]
fn no_frame_is_no_file() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    let load = || IoManager::<Option<DataFrame>>::load(&io, &at).unwrap();

    assert!(load().is_none(), "nothing was stored yet, and there is not even a folder");
    io.store(&at, &Some(starters())).unwrap();
    assert!(load().unwrap().equals_missing(&starters()));

    // As when a second attempt finds nothing.
    let told = io.store(&at, &None::<DataFrame>).unwrap();
    assert_snapshot!(folder.told(&told), @r#"
    missing: true
    path: "[folder]/00000000-0000-0000-0000-000000000007/extract/result.parquet"
    "#);
    assert!(load().is_none());
    assert!(folder.files().is_empty(), "what the first attempt stored is not taken for the value");
    io.store(&at, &None::<DataFrame>).unwrap();
}

#[test]
fn a_frame_that_may_be_missing_shares_its_file_with_one_that_may_not() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &Some(starters())).unwrap();
    assert!(IoManager::<DataFrame>::load(&io, &at).unwrap().equals_missing(&starters()));

    io.store(&at, &None::<DataFrame>).unwrap();
    let failure = IoManager::<DataFrame>::load(&io, &at).unwrap_err();
    assert_snapshot!(folder.without(&failure.info().hint.unwrap()), @"was it moved or deleted since it was written?");
}

#[test]
fn one_that_is_there_is_checked() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    let load = || IoManager::<Option<Frame<Sales>>>::load(&io, &at);
    assert!(load().unwrap().is_none());
    io.store(&at, &Some(Frame::<Sales>::checked(sales()).unwrap())).unwrap();
    assert!(load().unwrap().is_some());
    io.store(&at, &starters()).unwrap();
    assert!(load().unwrap_err().info().causes[0].starts_with("the frame is not what `Sales` declares:"));
}

#[test]
fn a_file_that_is_there_and_cannot_be_read_is_not_missing() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    fs::create_dir_all(io.path(&at).parent().unwrap()).unwrap();
    fs::write(io.path(&at), "no Parquet").unwrap();
    assert!(IoManager::<Option<DataFrame>>::load(&io, &at).is_err());
    fs::remove_file(io.path(&at)).unwrap();
    fs::create_dir(io.path(&at)).unwrap();
    let failure = io.store(&at, &None::<DataFrame>).unwrap_err();
    assert!(failure.to_string().starts_with("cannot remove `"), "{failure}");
}
