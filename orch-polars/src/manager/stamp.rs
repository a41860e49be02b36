//! Whether a file is the one that was stored.

use std::fs::File;
use std::path::Path;

use orch_core::failure::Result;
use orch_core::io::{DATA_VERSION, Found, Metadata, OutputAt, STAMP};

use super::FrameIo;
use crate::file::cannot;
use crate::format::Format;

/// The stamp of no file, and the version of data that is none: no hash reads so.
const NOTHING: &str = "nothing";

/// What is told of the file of an asset beside its version: its mark, and the hash of what is in it. Nobody asks for that of other
/// outputs.
pub(super) fn stamp(at: &OutputAt<'_>, mark: &str, metadata: &mut Metadata) {
    let hash = metadata.get(DATA_VERSION).and_then(|version| version.as_str());
    if let (Some(_), Some(hash)) = (at.asset, hash) {
        let stamp = format!("{mark} {hash}");
        metadata.insert(STAMP.to_owned(), stamp.into());
    }
}

/// The same of an asset of which no file is there, with its version: that there is nothing is known, and comes out the same as long
/// as there is nothing.
pub(super) fn told_of_nothing(at: &OutputAt<'_>) -> impl Iterator<Item = (String, serde_json::Value)> {
    let told = at.asset.map(|_| [DATA_VERSION, STAMP].map(|name| (name.to_owned(), NOTHING.into())));
    told.into_iter().flatten()
}

/// The hash of all that is in a file.
pub(super) fn hash(file: File) -> Result<String> {
    Ok(blake3::Hasher::new().update_reader(file)?.finalize().to_hex().to_string())
}

impl<F: Format> FrameIo<F> {
    /// A file is known again by its mark; one with another mark, as a copy has that was put back, by what is in it. Of what has
    /// no mark, as the objects of a store that gives no tags, is known that it is there.
    pub(super) fn find_stored(&self, at: &OutputAt<'_>, stamp: &str) -> Result<Found> {
        let path = self.path(at);
        let found = self.compare(&path, stamp);
        found.map_err(|failure| cannot("look at", &path, failure))
    }

    fn compare(&self, path: &Path, stamp: &str) -> Result<Found> {
        let now = self.place.mark(path)?;
        let Some((mark, stored)) = stamp.rsplit_once(' ') else {
            return Ok(if now.is_some() { Found::Other } else { Found::Same });
        };
        let Some(now) = now else { return Ok(Found::Nothing) };
        if mark.is_empty() || now.is_empty() {
            return Ok(Found::Unseen);
        }
        if now == mark {
            return Ok(Found::Same);
        }
        let Some(file) = self.place.open(path)? else { return Ok(Found::Nothing) };
        Ok(if hash(file)? == stored { Found::Same } else { Found::Other })
    }
}
