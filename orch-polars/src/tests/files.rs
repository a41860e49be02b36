use orch_core::failure::Result;
use orch_core::io::IoManager as _;
use polars::prelude::Series;

use super::*;

fn loaded(io: &ParquetIo, at: &OutputAt<'_>) -> Result<DataFrame> {
    io.load(at)
}

#[test]
fn a_frame_comes_back_as_it_was() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let nothing = Column::from(Series::new_null("nothing".into(), 3));
    let strange_names = df!("" => [1.5], "a/b \u{1f525}" => [true]).unwrap();
    let frames = [
        starters(),
        starters().clear(),
        starters().slice(1, 1),
        starters().hstack(&[nothing]).unwrap(),
        times().hstack(&[instants()]).unwrap(),
        starters().vstack(&starters()).unwrap(),
        strange_names,
        DataFrame::empty(),
    ];
    for (number, frame) in frames.iter().enumerate() {
        let (step, key) = (mapped("100"), MappingKey::from(number as u64));
        let at = output_of(&step, Some(&key));
        io.store(&at, frame).unwrap();
        let back = loaded(&io, &at).unwrap();
        assert_eq!(back.schema(), frame.schema(), "frame {number}");
        assert!(back.equals_missing(frame), "frame {number}");
    }
}

#[test]
fn every_key_has_a_file_of_its_own_inside_the_folder() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let keys = ["", ".", "..", "../../etc", "a/b", "A/B", "con.parquet", "x y\n", "\u{1f525}", "%"];
    for (number, key) in keys.iter().enumerate() {
        io.store(&output_of(&mapped(key), None), &df!("number" => [number as u32]).unwrap()).unwrap();
    }
    for (number, key) in keys.iter().enumerate() {
        let back = loaded(&io, &output_of(&mapped(key), None)).unwrap();
        assert!(back.equals(&df!("number" => [number as u32]).unwrap()), "key {key:?}");
    }
    assert_eq!(folder.files().len(), keys.len());
}

#[test]
fn storing_again_replaces_the_file_and_leaves_nothing_else() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &starters()).unwrap();
    io.store(&at, &starters().clear()).unwrap();
    assert_eq!(loaded(&io, &at).unwrap().height(), 0);
    assert_eq!(folder.files(), [io.path(&at)]);
}

#[test]
fn what_a_killed_process_has_left_is_taken_by_who_stores_next() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    io.store(&at, &starters()).unwrap();
    let left = |number: u32| PathBuf::from(format!("{}.{number}.tmp", io.path(&at).display()));
    fs::write(left(0), "more than a frame needs ".repeat(1_000)).unwrap();
    io.store(&at, &starters().slice(0, 1)).unwrap();
    assert_eq!(loaded(&io, &at).unwrap().height(), 1);
    assert_eq!(folder.files(), [io.path(&at)]);

    // What another one still writes is left to it.
    fs::write(left(0), "a part of a frame").unwrap();
    let written = fs::File::open(left(0)).unwrap();
    written.lock().unwrap();
    io.store(&at, &starters()).unwrap();
    assert_eq!(loaded(&io, &at).unwrap().height(), 3);
    assert_eq!(fs::read_to_string(left(0)).unwrap(), "a part of a frame");
}

#[test]
fn of_what_many_store_at_once_in_one_place_one_is_there_whole() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    std::thread::scope(|scope| {
        for thread in 0..8_i64 {
            let (io, step) = (&io, &step);
            scope.spawn(move || {
                let frame = df!("thread" => vec![thread; 1_000]).unwrap();
                (0..30).for_each(|_| drop(io.store(&output_of(step, None), &frame).unwrap()));
            });
        }
    });
    let frame = loaded(&io, &output_of(&step, None)).unwrap();
    assert_eq!((frame.height(), frame.column("thread").unwrap().n_unique().unwrap()), (1_000, 1));
    assert_eq!(folder.files().len(), 1, "{:?}", folder.files());
}

#[test]
fn many_threads_store_below_a_folder_that_none_has_made() {
    let folder = Folder::new();
    let io = ParquetIo::new(folder.0.join("deep/down"));
    std::thread::scope(|scope| {
        for key in 0..16 {
            let io = &io;
            scope.spawn(move || io.store(&output_of(&mapped(&key.to_string()), None), &starters()).unwrap());
        }
    });
    assert_eq!(folder.files().len(), 16);
}

#[test]
fn a_folder_that_is_a_file_is_named() {
    let folder = Folder::new();
    fs::create_dir(&folder.0).unwrap();
    let file = folder.0.join("frames");
    fs::write(&file, "").unwrap();
    let io = ParquetIo::new(&file);
    let step = extract();
    let failure = io.store(&output_of(&step, None), &starters()).unwrap_err();
    let info = failure.info();
    assert_eq!(info.message, format!("cannot write `{}`", io.path(&output_of(&step, None)).display()));
    assert!(info.causes[0].starts_with("cannot create the folder `"), "{info}");
    assert_eq!(
        info.hint.unwrap(),
        format!("`{}` is a file: remove it, or use another folder", file.display())
    );
}

#[test]
fn a_file_that_is_missing_or_cut_short_is_named() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = extract();
    let at = output_of(&step, None);
    let cannot_read = format!("cannot read `{}`", io.path(&at).display());

    let missing = loaded(&io, &at).unwrap_err().info();
    assert_eq!((&missing.message, missing.hint.is_some()), (&cannot_read, true));

    io.store(&at, &starters()).unwrap();
    let whole = fs::read(io.path(&at)).unwrap();
    for length in [0, 4, whole.len() / 2, whole.len() - 1] {
        fs::write(io.path(&at), &whole[..length]).unwrap();
        let cut = loaded(&io, &at).unwrap_err().info();
        assert_eq!((&cut.message, cut.hint.is_some()), (&cannot_read, true), "cut to {length} bytes");
    }
}

#[cfg(not(feature = "objects"))]
#[test]
fn an_object_store_is_no_folder() {
    let io = ParquetIo::new("s3://lake/frames");
    let failure = io.store(&output_of(&extract(), None), &starters()).unwrap_err();
    insta::assert_snapshot!(format!("{failure:?}"), @r"
    cannot write `s3://lake/frames/00000000-0000-0000-0000-000000000007/extract/result.parquet`
      caused by: this program was built without object stores
      hint: build `orch-polars` with the feature `s3`, `gcs` or `azure`, or name a folder
    ");
    assert!(!Path::new("s3:").exists());
}
