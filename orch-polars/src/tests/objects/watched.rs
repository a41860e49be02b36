use std::fmt;
use std::sync::Mutex;

use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// A store in memory that remembers which bytes it was asked for.
#[derive(Debug, Default)]
pub(super) struct Watched {
    within: InMemory,
    /// What stands for the tags of objects, where it is not their own.
    tag: Option<Option<&'static str>>,
    fetched: Mutex<Vec<(String, u64)>>,
}

impl Watched {
    /// One that gives all objects this tag, or none.
    pub(super) fn tagging(tag: Option<&'static str>) -> Self {
        Self { tag: Some(tag), ..Self::default() }
    }

    /// How many bytes of which objects were fetched since it was asked last, a line for each object.
    pub(super) fn fetched(&self) -> Vec<(String, u64)> {
        let mut sums = std::collections::BTreeMap::new();
        for (key, bytes) in self.fetched.lock().unwrap().drain(..) {
            *sums.entry(key).or_default() += bytes;
        }
        sums.into_iter().collect()
    }

    fn tag(&self, tag: Option<String>) -> Option<String> {
        match self.tag {
            Some(told) => told.map(str::to_owned),
            None => tag,
        }
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a store that is watched")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Watched {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let put = self.within.put_opts(at, payload, options).await?;
        Ok(PutResult { e_tag: self.tag(put.e_tag), ..put })
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.within.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        let mut got = self.within.get_opts(at, options).await?;
        if !head {
            self.fetched.lock().unwrap().push((at.to_string(), got.range.end - got.range.start));
        }
        got.meta.e_tag = self.tag(got.meta.e_tag);
        Ok(got)
    }

    fn delete_stream(&self, at: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.within.delete_stream(at)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.within.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.within.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.within.copy_opts(from, to, options).await
    }
}
