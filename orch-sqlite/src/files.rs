use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use orch_core::failure::Failure;
use orch_core::storage::{ArtifactRef, Artifacts, StorageError, check_name};

use crate::{error, write};

/// The folder of a run's files, within its own.
pub(crate) const ARTIFACTS: &str = "artifacts";

/// The folder of the files of assets, within the home.
pub(crate) const ASSETS: &str = "assets";

/// The files of a run, or those of assets.
#[derive(Debug)]
pub(crate) struct Files {
    /// The folder of the run, or the home; it is there.
    outer: PathBuf,
    /// The name of theirs within it, which is made with the first of them.
    folder: &'static str,
}

impl Files {
    /// Those of the run in this folder.
    pub(crate) fn of(run: &Path) -> Self {
        Self { outer: run.to_owned(), folder: ARTIFACTS }
    }

    /// Those of assets in this home.
    pub(crate) fn of_assets(home: &Path) -> Self {
        Self { outer: home.to_owned(), folder: ASSETS }
    }

    fn path(&self, name: &str) -> Result<PathBuf, StorageError> {
        check_name(name)?;
        Ok(self.outer.join(self.folder).join(name))
    }
}

impl Artifacts for Files {
    fn write(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), Failure>,
    ) -> Result<ArtifactRef, Failure> {
        let path = self.path(name).map_err(StorageError::into_failure)?;
        let inner = Path::new(self.folder).join(name);
        write::folders(&self.outer, inner.parent().unwrap_or(Path::new(self.folder)), "artifact.folder")
            .map_err(|error| error::machine(&path, "written", &error).into_failure())?;
        let (mut bytes, mut hash) = (0, blake3::Hasher::new());
        let mut refused = None;
        let written = write::whole(&path, "artifact.write", |out| {
            let mut hashing = Hashing { out, bytes: &mut bytes, hash: &mut hash, refused: &mut refused };
            write(&mut hashing)
        });
        // Whoever writes the value may tell it in words of its own; what must be known is which file it was, and why.
        if let Some(error) = refused {
            return Err(error::machine(&path, "written", &error).into_failure());
        }
        written?;
        Ok(ArtifactRef { file: name.to_owned(), bytes, blake3: hash.finalize().to_hex().to_string() })
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, StorageError> {
        let path = self.path(name)?;
        match File::open(&path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(error::machine(&path, "read", &error)),
        }
    }
}

/// Hashes what goes by.
struct Hashing<'a> {
    out: &'a mut dyn Write,
    bytes: &'a mut u64,
    hash: &'a mut blake3::Hasher,
    refused: &'a mut Option<io::Error>,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes).map_err(|error| {
            let told = io::Error::from(error.kind());
            *self.refused = Some(error);
            told
        })?;
        *self.bytes += taken as u64;
        self.hash.update(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
