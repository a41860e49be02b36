use std::fmt;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use futures::future::Either;
use futures::stream::{BoxStream, Stream, StreamExt as _};

use crate::failure::Failure;
use crate::ids::{IntoKey, MappingKey};
use crate::value::{Data, Value};

/// A dynamic output: a lazy stream of keyed items, of which each one makes its mapped steps ready at once.
///
/// It is pulled only while there is room for further items, so it may be endless. It is pulled where its op runs: that
/// of a sync op on a blocking thread, that of an async op on the runtime, where its `next` must not block. Keys are any
/// text and must differ within one output; without keys, items are numbered from 0. To refuse a key that comes twice, the
/// engine remembers the keys of a stream until it ends: what is truly endless is better numbered.
///
/// ```
/// use orch_core::define::Dynamic;
///
/// let lines = vec!["a", "b"];
/// let numbered: Dynamic<&str> = Dynamic::from_values(lines.clone());
/// let keyed: Dynamic<usize> = Dynamic::from_iter(lines.into_iter().map(|line| (line, line.len())));
/// let fallible: Dynamic<i64> = Dynamic::try_from_values(["1", "x"].map(str::parse::<i64>));
/// # let _ = (numbered, keyed, fallible);
/// ```
pub struct Dynamic<T> {
    stream: ItemStream,
    item: PhantomData<fn() -> T>,
}

impl<T: Data> Dynamic<T> {
    /// Items with keys, from an iterator of pairs.
    #[expect(clippy::should_implement_trait, reason = "the trait could not ask for `Send + 'static`")]
    pub fn from_iter<K: IntoKey, I>(items: I) -> Self
    where
        I: IntoIterator<Item = (K, T)>,
        I::IntoIter: Send + 'static,
    {
        Self::keyed(items.into_iter().map(|(key, value)| Ok((key.into_key(), Value::new(value)))))
    }

    /// Items without keys; they are numbered from 0.
    pub fn from_values<I>(items: I) -> Self
    where
        I: IntoIterator<Item = T>,
        I::IntoIter: Send + 'static,
    {
        Self::numbered(items.into_iter().map(|value| Ok(Value::new(value))))
    }

    /// Items with keys that may fail; the first error fails the source.
    pub fn try_from_iter<K: IntoKey, E: Into<Failure>, I>(items: I) -> Self
    where
        I: IntoIterator<Item = Result<(K, T), E>>,
        I::IntoIter: Send + 'static,
    {
        Self::keyed(items.into_iter().map(|item| {
            let (key, value) = item.map_err(Into::into)?;
            Ok((key.into_key(), Value::new(value)))
        }))
    }

    /// Items without keys that may fail; the first error fails the source.
    pub fn try_from_values<E: Into<Failure>, I>(items: I) -> Self
    where
        I: IntoIterator<Item = Result<T, E>>,
        I::IntoIter: Send + 'static,
    {
        Self::numbered(items.into_iter().map(|item| item.map(Value::new).map_err(Into::into)))
    }

    /// Items with keys, from an async stream of pairs.
    pub fn from_stream<K: IntoKey>(items: impl Stream<Item = (K, T)> + Send + 'static) -> Self {
        Self::stream(items.map(|(key, value)| Ok((Some(key.into_key()), Value::new(value)))))
    }

    /// Items with keys that may fail, from an async stream; the first error fails the source.
    pub fn try_from_stream<K: IntoKey, E: Into<Failure>>(
        items: impl Stream<Item = Result<(K, T), E>> + Send + 'static,
    ) -> Self {
        Self::stream(items.map(|item| {
            let (key, value) = item.map_err(Into::into)?;
            Ok((Some(key.into_key()), Value::new(value)))
        }))
    }

    fn keyed(items: impl Iterator<Item = Result<(MappingKey, Value), Failure>> + Send + 'static) -> Self {
        let items = items.map(|item| item.map(|(key, value)| (Some(key), value)));
        Self { stream: ItemStream(Either::Left(Box::new(items))), item: PhantomData }
    }

    fn numbered(items: impl Iterator<Item = Result<Value, Failure>> + Send + 'static) -> Self {
        let items = items.map(|item| item.map(|value| (None, value)));
        Self { stream: ItemStream(Either::Left(Box::new(items))), item: PhantomData }
    }

    fn stream(items: impl Stream<Item = StreamItem> + Send + 'static) -> Self {
        Self { stream: ItemStream(Either::Right(items.boxed())), item: PhantomData }
    }

    pub(super) fn into_items(self) -> ItemStream {
        self.stream
    }
}

impl<T> fmt::Debug for Dynamic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dynamic(..)")
    }
}

/// One item of a dynamic output, its type erased.
pub(crate) type StreamItem = Result<(Option<MappingKey>, Value), Failure>;

/// The items of a [`Dynamic`], their type erased; a key that is missing is the position.
pub struct ItemStream(Either<Box<dyn Iterator<Item = StreamItem> + Send>, BoxStream<'static, StreamItem>>);

impl ItemStream {
    /// The next item, from where blocking is allowed; an async stream is awaited on the present runtime, until
    /// `stopped` at the longest.
    pub(crate) fn next_blocking(&mut self, stopped: impl Future<Output = ()>) -> Option<StreamItem> {
        let stream = match &mut self.0 {
            Either::Left(iterator) => return iterator.next(),
            Either::Right(stream) => stream,
        };
        let next = async {
            tokio::select! { biased; item = stream.next() => item, () = stopped => Some(Err(Failure::canceled())) }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => runtime.block_on(next),
            Err(_) => futures::executor::block_on(next),
        }
    }

    /// The next item, from async code.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<StreamItem>> {
        match &mut self.0 {
            Either::Left(iterator) => Poll::Ready(iterator.next()),
            Either::Right(stream) => stream.as_mut().poll_next(cx),
        }
    }
}

impl fmt::Debug for ItemStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ItemStream(..)")
    }
}
