//! How polars reads an object in parts: by a URL of a scheme that it hands to this crate, which names the store and what of it is
//! meant.
//!
//! The bytes that a plan asks for come from the store that the manager has, so whatever store that is, and whoever may read
//! from it, polars need not know: it is built without any of its own.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use futures::stream::{self, BoxStream, StreamExt as _};
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result as Answer,
};
use orch_core::failure::{Failure, Result};
use polars::error::{PolarsResult, polars_err};
use polars::io::cloud::{CloudOptions, ExtObjectStoreBuilder, register_object_store_builder};
use polars::polars_utils::pl_path::_allow_ext_scheme;
use polars::prelude::PlRefPath;
use url::form_urlencoded::{Serializer, parse};

const SCHEME: &str = "orch";

/// All stores that were scanned, by number. A plan may be read after all else that knows its store is gone, so they stay: one of each
/// IO manager that has given a plan, and that lives as long as the program as a rule.
static STORES: Mutex<Vec<Arc<dyn ObjectStore>>> = Mutex::new(Vec::new());

/// The URL under which polars reads an object, as long as it has this tag. One that has none it reads as it is.
pub(super) fn url(store: &Arc<dyn ObjectStore>, key: &Key, tag: &str) -> Result<PlRefPath> {
    static REGISTERED: LazyLock<PolarsResult<()>> = LazyLock::new(|| {
        _allow_ext_scheme(SCHEME)?;
        register_object_store_builder(SCHEME, Arc::new(Stores))
    });
    if let Err(error) = &*REGISTERED {
        return Err(Failure::new(error.to_string()));
    }
    let number = number(store);
    // A weak tag names more than one object, and stores match none with it.
    let tag = if tag.starts_with("W/") { "" } else { tag };
    let object = Serializer::new(String::new())
        .append_pair("store", &number.to_string())
        .append_pair("tag", tag)
        .finish();
    Ok(PlRefPath::new(format!("{SCHEME}://{object}/{key}")))
}

fn number(store: &Arc<dyn ObjectStore>) -> usize {
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    stores.iter().position(|known| Arc::ptr_eq(known, store)).unwrap_or_else(|| {
        stores.push(Arc::clone(store));
        stores.len() - 1
    })
}

/// What polars asks for the store of a URL.
struct Stores;

impl ExtObjectStoreBuilder for Stores {
    fn build(
        &self,
        url: &PlRefPath,
        _: Option<&CloudOptions>,
    ) -> PolarsResult<Arc<dyn ObjectStore + Send + Sync>> {
        let unknown = || polars_err!(ComputeError: "`{url}` names no object store of this process");
        let (object, _) = url.strip_scheme_split_authority().ok_or_else(unknown)?;
        let of = |name: &str| parse(object.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value);
        let number: usize = of("store").and_then(|number| number.parse().ok()).ok_or_else(unknown)?;
        let stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
        let within = Arc::clone(stores.get(number).ok_or_else(unknown)?);
        let tag = of("tag").filter(|tag| !tag.is_empty()).map(Into::into);
        Ok(Arc::new(Pinned { within, tag }))
    }

    /// One for each object, so that errors name it.
    fn stable_cache_key(&self, url: &PlRefPath, _: Option<&CloudOptions>) -> Option<Vec<u8>> {
        Some(url.as_bytes().to_vec())
    }
}

/// A store of which an object is read as long as it is the one that was planned: parts of two would be those of none.
#[derive(Debug)]
struct Pinned {
    within: Arc<dyn ObjectStore>,
    tag: Option<String>,
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.within.fmt(f)
    }
}

#[async_trait::async_trait]
impl ObjectStore for Pinned {
    async fn get_opts(&self, key: &Key, options: GetOptions) -> Answer<GetResult> {
        let options = options.with_if_match(self.tag.clone());
        self.within.get_opts(key, options).await.map_err(|error| match error {
            Error::Precondition { path, .. } => {
                let source =
                    "another object has taken its place since the scan was loaded; load it again".into();
                Error::Precondition { path, source }
            }
            error => error,
        })
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Answer<ObjectMeta>> {
        self.within.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> Answer<ListResult> {
        self.within.list_with_delimiter(prefix).await
    }

    async fn put_opts(&self, _: &Key, _: PutPayload, _: PutOptions) -> Answer<PutResult> {
        Err(self.only_read())
    }

    async fn put_multipart_opts(&self, _: &Key, _: PutMultipartOptions) -> Answer<Box<dyn MultipartUpload>> {
        Err(self.only_read())
    }

    fn delete_stream(&self, _: BoxStream<'static, Answer<Key>>) -> BoxStream<'static, Answer<Key>> {
        stream::iter([Err(self.only_read())]).boxed()
    }

    async fn copy_opts(&self, _: &Key, _: &Key, _: CopyOptions) -> Answer<()> {
        Err(self.only_read())
    }
}

impl Pinned {
    fn only_read(&self) -> Error {
        Error::NotImplemented { operation: "writing".to_owned(), implementer: format!("a scan of {self}") }
    }
}
