//! Files that are objects in a store, of S3 and the like.
//!
//! An object is put as a whole: readers see the old one or the new one, and what was interrupted is never seen. On its way
//! it is a temporary file, so a frame's bytes need not fit into memory.

#[cfg(feature = "lazy")]
mod scan;
mod transfer;
mod wait;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use object_store::path::Path as Key;
use object_store::{Error, ObjectStore};
use orch_core::failure::{Failure, Result};
use orch_core::storage::around;
use url::Url;

use self::wait::wait;

/// A part of an object store.
#[derive(Clone)]
pub(crate) struct Objects {
    /// What the paths of all files begin with.
    base: PathBuf,
    opened: Arc<Mutex<Option<Opened>>>,
}

#[derive(Clone)]
struct Opened {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
}

impl Objects {
    /// What the URL names. The environment is asked for credentials when it is first used.
    pub(crate) fn at(url: &str) -> Self {
        Self { base: url.into(), opened: Arc::default() }
    }

    /// A part of a store that is there.
    pub(crate) fn within(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        let opened = Opened { store, prefix: Key::from(prefix) };
        Self { base: prefix.into(), opened: Arc::new(Mutex::new(Some(opened))) }
    }

    pub(super) fn replace<T>(
        &self,
        path: &Path,
        write: impl FnOnce(&File, &Path) -> Result<T>,
    ) -> Result<(T, String)> {
        let (store, key) = self.find(path)?;
        let temporary = tempfile::NamedTempFile::new()?;
        let written = write(temporary.as_file(), temporary.path())?;
        // From its beginning, wherever the writing has left the other one.
        let file = temporary.reopen()?;
        let mark = around("object.put", || wait(async move { transfer::put(&*store, &key, file).await }))?;
        Ok((written, mark))
    }

    pub(super) fn mark(&self, path: &Path) -> Result<Option<String>> {
        let (store, key) = self.find(path)?;
        wait(async move { transfer::mark(&*store, &key).await })
    }

    pub(super) fn open(&self, path: &Path) -> Result<Option<File>> {
        let (store, key) = self.find(path)?;
        wait(async move { transfer::get(&*store, &key).await })
    }

    /// The URL under which polars reads the object in parts, `None` if there is no such object.
    #[cfg(feature = "lazy")]
    pub(crate) fn url(&self, path: &Path) -> Result<Option<polars::prelude::PlRefPath>> {
        let (store, key) = self.find(path)?;
        self.mark(path)?.map(|tag| scan::url(&store, &key, &tag)).transpose()
    }

    pub(super) fn remove(&self, path: &Path) -> Result<()> {
        let (store, key) = self.find(path)?;
        around("object.delete", || wait(async move { transfer::delete(&*store, &key).await }))
    }

    fn find(&self, path: &Path) -> Result<(Arc<dyn ObjectStore>, Key)> {
        let Opened { store, prefix } = self.opened()?;
        let name = path.strip_prefix(&self.base)?.to_string_lossy().replace('\\', "/");
        // As it is: it has what no key may have escaped already, and would have it twice.
        let key = if prefix.as_ref().is_empty() {
            Key::parse(name)?
        } else {
            Key::parse(format!("{prefix}/{name}"))?
        };
        Ok((store, key))
    }

    fn opened(&self) -> Result<Opened> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = &*opened {
            return Ok(opened.clone());
        }
        let (store, prefix) = self.parse().map_err(|failure| {
            let hint = "there are `s3://bucket/prefix` with the feature `s3`, `gs://bucket/prefix` with `gcs`, \
                        `az://container/prefix` with `azure`; credentials come from the environment";
            let message = format!("cannot open the object store `{}`", self.base.display());
            failure.context(message).hint(hint).not_retryable()
        })?;
        Ok(opened.insert(Opened { store: store.into(), prefix }).clone())
    }

    fn parse(&self) -> Result<(Box<dyn ObjectStore>, Key)> {
        let url = Url::parse(&self.base.to_string_lossy())?;
        // One that is no text is not for an object store.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Ok(object_store::parse_url_opts(&url, variables)?)
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Objects").field(&self.base).finish()
    }
}

/// What a store answers, with what to do about it.
fn refused(error: Error) -> Failure {
    let hint = match &error {
        Error::Unauthenticated { .. } | Error::PermissionDenied { .. } => {
            Some("are the credentials in the environment, and may their owner do that?")
        }
        Error::NotFound { .. } => Some("is there such a bucket?"),
        _ => None,
    };
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
