use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeFrom;
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
///
/// A test that calls the op's function looks at the items with [`Dynamic::into_items`], or awaits them with
/// [`Dynamic::into_stream`].
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

    /// The items with their keys, as a test of the op's function wants to see them: `0`, `1`, .. where they have none.
    /// The first error is the last item.
    ///
    /// ```
    /// use orch_core::define::Dynamic;
    /// use orch_core::failure::Failure;
    ///
    /// // With #[op], which leaves the function as it is.
    /// fn lengths(lines: &[String]) -> Dynamic<usize> {
    ///     Dynamic::from_iter(lines.iter().map(|line| (line.clone(), line.len())).collect::<Vec<_>>())
    /// }
    ///
    /// let items = lengths(&["a".to_owned(), "bcd".to_owned()]).into_items();
    /// let items: Vec<(String, usize)> = items.collect::<Result<_, Failure>>()?;
    /// assert_eq!(items, [("a".to_owned(), 1), ("bcd".to_owned(), 3)]);
    ///
    /// let endless = Dynamic::from_values(1_u64..);
    /// assert_eq!(endless.into_items().nth(99).transpose()?, Some(("99".to_owned(), 100)));
    /// # Ok::<(), Failure>(())
    /// ```
    ///
    /// It blocks. What is made of an async stream is better awaited: [`Dynamic::into_stream`].
    ///
    /// # Panics
    /// The iterator does within async code, if the items are those of an async stream.
    pub fn into_items(self) -> impl Iterator<Item = Result<(String, T), Failure>> {
        let mut items = self.stream;
        let mut unkeyed = 0..;
        let mut ended = false;
        std::iter::from_fn(move || {
            let item = if ended { None } else { items.next_blocking(std::future::pending()) };
            ended = !matches!(item, Some(Ok(_)));
            item.map(|item| told(item, &mut unkeyed))
        })
    }

    /// As [`Dynamic::into_items`], for async code.
    ///
    /// ```
    /// use futures::{StreamExt, TryStreamExt, stream};
    /// use orch_core::define::Dynamic;
    /// use orch_core::failure::Failure;
    ///
    /// // With #[op], which leaves the function as it is.
    /// async fn pages() -> Dynamic<u32> {
    ///     Dynamic::from_stream(stream::iter([("first", 1), ("second", 2)]))
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// // In a `#[tokio::test]`.
    /// let items: Vec<(String, u32)> = pages().await.into_stream().try_collect().await?;
    /// assert_eq!(items, [("first".to_owned(), 1), ("second".to_owned(), 2)]);
    /// # Ok::<(), Failure>(())
    /// # })?;
    /// # Ok::<(), Failure>(())
    /// ```
    pub fn into_stream(self) -> impl Stream<Item = Result<(String, T), Failure>> + Send + Unpin {
        let mut items = self.stream;
        let mut unkeyed = 0..;
        let mut ended = false;
        futures::stream::poll_fn(move |cx| {
            if ended {
                return Poll::Ready(None);
            }
            items.poll_next(cx).map(|item| {
                ended = !matches!(item, Some(Ok(_)));
                item.map(|item| told(item, &mut unkeyed))
            })
        })
    }

    pub(super) fn into_erased(self) -> ItemStream {
        self.stream
    }
}

impl<T> fmt::Debug for Dynamic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dynamic(..)")
    }
}

/// An item with its type, as the author of the op made it: nobody else has a reference to its value.
fn told<T: Data>(item: StreamItem, unkeyed: &mut RangeFrom<u64>) -> Result<(String, T), Failure> {
    let (key, value) = item?;
    let number = unkeyed.next().unwrap_or_default();
    let key = key.map_or_else(|| number.to_string(), |key| key.to_string());
    let value = value.share::<T>()?.into_inner();
    Ok((key, value.ok_or_else(|| Failure::new("an item is in use elsewhere"))?))
}

/// One item of a dynamic output, its type erased.
pub(crate) type StreamItem = Result<(Option<MappingKey>, Value), Failure>;

/// The items of a [`Dynamic`], their type erased; a key that is missing is the position.
pub struct ItemStream(Either<Box<dyn Iterator<Item = StreamItem> + Send>, BoxStream<'static, StreamItem>>);

impl ItemStream {
    /// These items, which are there already.
    pub(crate) fn of(items: Vec<(String, Value)>) -> Self {
        Self(Either::Left(Box::new(items.into_iter().map(|(key, value)| Ok((Some(key.into()), value))))))
    }

    /// These items, which are there already, and then a failure.
    pub(crate) fn broken(items: Vec<(String, Value)>, failure: Failure) -> Self {
        let items = items.into_iter().map(|(key, value)| Ok((Some(key.into()), value)));
        Self(Either::Left(Box::new(items.chain(std::iter::once(Err(failure))))))
    }

    /// What is pulled of another process.
    pub(crate) fn pulled(items: impl Iterator<Item = StreamItem> + Send + 'static) -> Self {
        Self(Either::Left(Box::new(items)))
    }

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

    /// The next of items that are there already.
    pub(crate) fn next_given(&mut self) -> Option<StreamItem> {
        match &mut self.0 {
            Either::Left(iterator) => iterator.next(),
            Either::Right(_) => Some(Err(Failure::contract("what is given is not there yet"))),
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

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;

    /// Not `Clone`: a test gets the items themselves.
    #[derive(Debug, PartialEq)]
    struct Page(u32);

    #[test]
    fn the_first_error_is_the_last_item() {
        let items =
            Dynamic::try_from_values([Ok(Page(1)), Err(Failure::new("torn")), Ok(Page(3))]).into_items();
        let told: Vec<_> = items.map(|item| item.map_err(|failure| failure.to_string())).collect();
        assert_eq!(told, [Ok(("0".to_owned(), Page(1))), Err("torn".to_owned())]);
    }

    #[tokio::test]
    async fn a_stream_is_awaited() {
        let later = |key: u32| async move {
            tokio::task::yield_now().await;
            (key, Page(key))
        };
        let pages = move || Dynamic::from_stream(futures::stream::iter([7, 5]).then(later));
        let items: Vec<_> = pages().into_stream().try_collect().await.expect("no failure");
        assert_eq!(items, [("7".to_owned(), Page(7)), ("5".to_owned(), Page(5))]);
        // A blocking thread, such as that of a sync op, may iterate instead.
        let blocking = tokio::task::spawn_blocking(move || pages().into_items().count());
        assert_eq!(blocking.await.expect("no panic"), 2);
    }
}
