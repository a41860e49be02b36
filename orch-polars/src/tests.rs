use std::fs;
use std::path::{Path, PathBuf};

use orch_core::ids::{Branch, MappingKey, RunId, StepPath};
use orch_core::io::{IoManager as _, OutputAt};
use polars::df;
use polars::prelude::{Column, DataType, Series};

use super::*;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("orch-polars-{}", RunId::new())))
    }

    fn files(&self) -> Vec<PathBuf> {
        fn below(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { below(&path, files) } else { files.push(path) }
            }
        }
        let mut files = Vec::new();
        below(&self.0, &mut files);
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn output_of<'a>(step: &'a StepPath, key: Option<&'a MappingKey>) -> OutputAt<'a> {
    OutputAt::new(RunId::from_u128(7), "pokemon", step, "result").item(key)
}

fn mapped(key: &str) -> StepPath {
    StepPath::new("load", Some(Branch::new(None, MappingKey::from(key), 0)))
}

fn starters() -> DataFrame {
    df!("name" => ["Bulbasaur", "Charmander", "Flabébé"], "type2" => [Some("poison"), None, None], "hp" => [45, 39, 44])
        .unwrap()
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
        starters().vstack(&starters()).unwrap(),
        strange_names,
        DataFrame::empty(),
    ];
    for (number, frame) in frames.iter().enumerate() {
        let (step, key) = (mapped("100"), MappingKey::from(number as u64));
        let at = output_of(&step, Some(&key));
        io.store(&at, frame).unwrap();
        let back = io.load(&at).unwrap();
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
        let back = io.load(&output_of(&mapped(key), None)).unwrap();
        assert!(back.equals(&df!("number" => [number as u32]).unwrap()), "key {key:?}");
    }
    assert_eq!(folder.files().len(), keys.len());
}

#[test]
fn metadata_tells_the_file_and_the_frame() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = StepPath::new("extract", None);
    let at = output_of(&step, None);
    let metadata = io.store(&at, &starters()).unwrap();
    assert_eq!(metadata["path"], io.path(&at).display().to_string());
    assert_eq!(metadata["bytes"], fs::metadata(io.path(&at)).unwrap().len());
    assert_eq!((&metadata["rows"], &metadata["columns"]), (&3.into(), &3.into()));
}

#[test]
fn storing_again_replaces_the_file_and_leaves_nothing_else() {
    let folder = Folder::new();
    let io = ParquetIo::new(&folder.0);
    let step = StepPath::new("extract", None);
    let at = output_of(&step, None);
    io.store(&at, &starters()).unwrap();
    io.store(&at, &starters().clear()).unwrap();
    assert_eq!(io.load(&at).unwrap().height(), 0);
    assert_eq!(folder.files(), [io.path(&at)]);
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
    let step = StepPath::new("extract", None);
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
    let step = StepPath::new("extract", None);
    let at = output_of(&step, None);
    let cannot_read = format!("cannot read `{}`", io.path(&at).display());

    let missing = io.load(&at).unwrap_err().info();
    assert_eq!((&missing.message, missing.hint.is_some()), (&cannot_read, true));

    io.store(&at, &starters()).unwrap();
    let whole = fs::read(io.path(&at)).unwrap();
    for length in [0, 4, whole.len() / 2, whole.len() - 1] {
        fs::write(io.path(&at), &whole[..length]).unwrap();
        let cut = io.load(&at).unwrap_err().info();
        assert_eq!((&cut.message, cut.hint.is_some()), (&cannot_read, true), "cut to {length} bytes");
    }
}

#[test]
fn the_sample_is_read_with_its_traps() {
    let dex = read_csv(Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/pokemon.csv")).unwrap();
    assert_eq!(dex.shape(), (651, 41));
    let nulls = |name: &str| dex.column(name).unwrap().null_count();
    assert_eq!(
        (nulls("type2"), nulls("percentage_male"), nulls("height_m"), nulls("name")),
        (325, 71, 18, 0)
    );
    // One record of the last has text for a number, at the very end of the file.
    assert_eq!(dex.column("capture_rate").unwrap().dtype(), &DataType::String);
    assert_eq!(dex.column("generation").unwrap().dtype(), &DataType::Int64);
    assert_eq!(dex.column("abilities").unwrap().str().unwrap().get(0), Some("['Overgrow', 'Chlorophyll']"));
    assert_eq!(dex.column("name").unwrap().str().unwrap().get(28), Some("Nidoran♀"));
}

#[test]
fn a_csv_that_cannot_be_read_is_named() {
    let folder = Folder::new();
    let path = folder.0.join("missing.csv");
    let missing = read_csv(&path).unwrap_err().info();
    assert_eq!(missing.message, format!("cannot read `{}`", path.display()));
    assert!(missing.hint.unwrap().starts_with("relative paths start at `"));

    fs::create_dir(&folder.0).unwrap();
    for (content, what) in
        [(&b""[..], "empty"), (b"a,b\n1,2,3\n", "too many fields"), (b"a\n\xff\xfe\n", "not UTF-8")]
    {
        fs::write(&path, content).unwrap();
        let failure = read_csv(&path).expect_err(what).info();
        assert_eq!(failure.message, format!("cannot read `{}`", path.display()), "{what}");
    }
}
