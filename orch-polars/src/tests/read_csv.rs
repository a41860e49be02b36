use super::*;

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
