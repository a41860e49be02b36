use super::samples::{pinned, record};
use crate::failure::Failure;
use crate::storage::{ArtifactRef, Artifacts, Storage, StorageErrorKind};

pub(super) fn write(files: &dyn Artifacts, name: &str, bytes: &[u8]) -> ArtifactRef {
    // In pieces, as serializers write.
    let mut write = |out: &mut dyn std::io::Write| -> Result<(), Failure> {
        bytes.chunks(7_000).try_for_each(|piece| Ok(out.write_all(piece)?))
    };
    files.write(name, &mut write).expect("the file can be written")
}

pub(super) fn replaced(storage: &dyn Storage) {
    let run = record(1, "job", 0);
    let _held = storage.create(&run, &pinned()).expect("the run can be made");
    let files = storage.artifacts(run.id).expect("the files of the run");
    let large: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let name = "clean.load/a%20b/result/%c3%84%2ecsv";
    let first = write(&*files, name, &large);
    assert_eq!((first.file.as_str(), first.bytes), (name, 300_000));
    assert_eq!(first.blake3, blake3::hash(&large).to_hex().as_str());
    assert_eq!(files.read(&first).expect("it is there"), large);
    let other = write(&*files, "clean.load/result.bin", b"");
    assert_eq!(files.read(&other).expect("it is there"), b"");

    let second = write(&*files, name, b"another");
    assert_eq!(files.read(&second).expect("it is there"), b"another");
    let old = files.read(&first).expect_err("it is not what was written then");
    assert_eq!(*old.kind(), StorageErrorKind::Corrupt);
    let again = storage.artifacts(run.id).expect("the files of the run");
    assert_eq!(again.read(&second).expect("it is there"), b"another");
}

pub(super) fn refused(storage: &dyn Storage) {
    let run = record(1, "job", 0);
    let _held = storage.create(&run, &pinned()).expect("the run can be made");
    let files = storage.artifacts(run.id).expect("the files of the run");
    for outside in
        ["", "/etc/passwd", "../run.db", "a/../../b", "a//b", "a/", ".", r"a\b", "c:d", "a\0", "a.part"]
    {
        let written = files.write(outside, &mut |_| Ok(()));
        assert!(written.is_err(), "{outside:?} is no name");
        assert!(files.open(outside).is_err(), "{outside:?} is no name");
    }
    let missing = files.open("nothing").err().expect("it is not there");
    assert_eq!(*missing.kind(), StorageErrorKind::NotFound);

    let whole = write(&*files, "kept", b"whole");
    let mut fails = |out: &mut dyn std::io::Write| {
        out.write_all(b"half")?;
        Err(Failure::new("no more"))
    };
    let failed = files.write("kept", &mut fails).expect_err("the value could not be written");
    assert!(failed.to_string().contains("no more"), "{failed}");
    assert_eq!(files.read(&whole).expect("what was there stays"), b"whole");
    assert!(files.write("half", &mut fails).is_err());
    assert!(files.open("half").is_err(), "written whole, or not there");

    for wrong in [
        ArtifactRef { bytes: 4, ..whole.clone() },
        ArtifactRef { bytes: 6, ..whole.clone() },
        ArtifactRef { bytes: u64::MAX, ..whole.clone() },
        ArtifactRef { blake3: "0".repeat(64), ..whole },
    ] {
        let refused = files.read(&wrong).expect_err("not what was written");
        assert_eq!(*refused.kind(), StorageErrorKind::Corrupt);
    }
}
