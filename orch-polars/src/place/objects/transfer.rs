//! What is sent to a store, and asked of it.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};

use futures::StreamExt as _;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, WriteMultipart};
use orch_core::failure::Result;

use super::refused;

/// What is larger is put in parts of this size.
const PART: u64 = 8 * 1024 * 1024;

/// Stores take no more than 10,000 parts of one object, so what is very large has larger ones.
const MOST_PARTS: u64 = 5_000;

/// So many parts are on their way at once.
const PARTS_AT_ONCE: usize = 4;

/// Puts a file as an object, as a whole or not at all, and gives its mark.
pub(super) async fn put(store: &dyn ObjectStore, key: &Key, mut file: File) -> Result<String> {
    let bytes = file.metadata()?.len();
    if bytes <= PART {
        let mut whole = Vec::new();
        file.read_to_end(&mut whole)?;
        return store.put(key, whole.into()).await.map(|put| mark_of(put.e_tag)).map_err(refused);
    }
    let part = usize::try_from(PART.max(bytes.div_ceil(MOST_PARTS)))?;
    let upload = store.put_multipart(key).await.map_err(refused)?;
    let mut upload = WriteMultipart::new_with_chunk_size(upload, part);
    match send(&mut upload, file, part).await {
        Ok(()) => upload.finish().await.map(|put| mark_of(put.e_tag)).map_err(refused),
        Err(failure) => {
            // The store would keep the parts, and somebody would pay for them. The failure is the one to tell.
            let _ = upload.abort().await;
            Err(failure)
        }
    }
}

async fn send(upload: &mut WriteMultipart, mut file: File, part: usize) -> Result<()> {
    let mut buffer = vec![0; part];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        upload.wait_for_capacity(PARTS_AT_ONCE).await.map_err(refused)?;
        upload.write(&buffer[..read]);
    }
}

/// What tells an object from any other one in its place: the tag that the store gives it. Of a store without it is empty.
fn mark_of(tag: Option<String>) -> String {
    tag.unwrap_or_default()
}

/// The mark of an object, `None` if there is no such object.
pub(super) async fn mark(store: &dyn ObjectStore, key: &Key) -> Result<Option<String>> {
    match store.head(key).await {
        Err(Error::NotFound { .. }) => Ok(None),
        found => found.map(|found| Some(mark_of(found.e_tag))).map_err(refused),
    }
}

/// An object as a file that goes when it is closed, `None` if there is no such object.
pub(super) async fn get(store: &dyn ObjectStore, key: &Key) -> Result<Option<File>> {
    let found = match store.get(key).await {
        Err(Error::NotFound { .. }) => return Ok(None),
        found => found.map_err(refused)?,
    };
    let mut file = tempfile::tempfile()?;
    let mut parts = found.into_stream();
    while let Some(part) = parts.next().await {
        file.write_all(&part.map_err(refused)?)?;
    }
    file.rewind()?;
    Ok(Some(file))
}

/// Deletes an object, if it is there.
pub(super) async fn delete(store: &dyn ObjectStore, key: &Key) -> Result<()> {
    match store.delete(key).await {
        Err(Error::NotFound { .. }) => Ok(()),
        deleted => deleted.map_err(refused),
    }
}
