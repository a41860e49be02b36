//! Values on their way from step to step: reference-counted, taken by the last consumer, dropped after it.

mod gathered;
mod later;
mod small;

use std::any::{Any, TypeId};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::failure::Failure;

use self::gathered::Gathered;
use self::later::Later;
use self::small::Small;

pub(crate) use self::gathered::{Assemble, assemble_keyed, assemble_results, assemble_values};
pub use self::gathered::{Item, Keyed, StepFailure};

/// What can be the output of an op: anything that threads can share.
///
/// Implemented for every `Send + Sync + 'static` type; there is nothing to implement by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be passed between steps",
    label = "must be `Send + Sync + 'static`",
    note = "steps run on several threads: use `Arc` for `Rc`, `Mutex` for `RefCell`, and owned data for borrowed"
)]
pub trait Data: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> Data for T {}

/// What can be an input taken by value: data that can be copied when another step needs it too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an input by value, since it is not `Clone`",
    label = "taken by value, but not `Clone`",
    note = "a value that several steps use is cloned for each but the last; take it by reference: `&{Self}`"
)]
pub trait ByValue: Data + Clone {}

#[diagnostic::do_not_recommend]
impl<T: Data + Clone> ByValue for T {}

/// A type as the plan knows it: its identity for checks, its name for people.
#[derive(Clone, Copy)]
pub struct TypeInfo {
    id: TypeId,
    name: fn() -> &'static str,
}

impl TypeInfo {
    /// The type `T`.
    #[must_use]
    pub fn of<T: 'static>() -> Self {
        Self { id: TypeId::of::<T>(), name: std::any::type_name::<T> }
    }

    pub(crate) fn id(self) -> TypeId {
        self.id
    }

    /// The name with module paths: `alloc::vec::Vec<dex::DataFrame>`.
    pub(crate) fn path(self) -> &'static str {
        (self.name)()
    }

    /// The name without module paths: `Vec<DataFrame>`.
    #[must_use]
    pub fn name(self) -> String {
        let mut name = String::new();
        let mut word = String::new();
        for c in (self.name)().chars() {
            match c {
                // A path segment is over and was not the last: forget it.
                ':' => word.clear(),
                c if c.is_alphanumeric() || c == '_' => word.push(c),
                c => {
                    name.push_str(&word);
                    word.clear();
                    name.push(c);
                }
            }
        }
        name + &word
    }
}

impl PartialEq for TypeInfo {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for TypeInfo {}

impl fmt::Debug for TypeInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// A value between two steps, its type erased.
#[derive(Clone)]
pub struct Value(Repr);

#[derive(Clone)]
enum Repr {
    Plain(Arc<dyn Any + Send + Sync>),
    Gathered(Arc<Gathered>),
    Later(Arc<Later>),
    Small(Small),
    Versioned(Arc<Versioned>),
}

/// A value of which it is known what tells it from others.
#[derive(Clone)]
struct Versioned {
    value: Value,
    version: Arc<str>,
}

impl Value {
    /// Wraps `value`.
    pub fn new<T: Data>(value: T) -> Self {
        Self(Small::of(&value).map_or_else(|| Repr::Plain(Arc::new(value)), Repr::Small))
    }

    /// A value to be assembled from `items` by the first step that looks at it, once for all of them.
    pub(crate) fn gathered(items: Vec<Item>, assemble: Assemble) -> Self {
        Self(Repr::Gathered(Arc::new(Gathered::new(items, assemble))))
    }

    /// A value that `load` gives when it is first looked at, by whoever does so.
    pub(crate) fn later(load: impl Fn() -> Result<Self, Failure> + Send + Sync + 'static) -> Self {
        Self(Repr::Later(Arc::new(Later::new(load))))
    }

    /// The same value for others, who load it for themselves: whoever keeps this one does not keep what they have loaded.
    pub(crate) fn again(&self) -> Self {
        match &self.0 {
            Repr::Later(later) => Self(Repr::Later(Arc::new(later.again()))),
            Repr::Versioned(known) => known.value.again().versioned(Arc::clone(&known.version)),
            repr => Self(repr.clone()),
        }
    }

    /// The same value with the version of its data: who depends on it may need that, and the value itself does not tell.
    pub(crate) fn versioned(self, version: Arc<str>) -> Self {
        Self(Repr::Versioned(Arc::new(Versioned { value: self, version })))
    }

    /// The version of its data, if it was given one.
    pub(crate) fn version(&self) -> Option<&Arc<str>> {
        match &self.0 {
            Repr::Versioned(known) => Some(&known.version),
            _ => None,
        }
    }

    /// The value by reference.
    ///
    /// # Errors
    /// If the value is not a `T`, or cannot be loaded.
    pub fn share<T: Data>(self) -> Result<Shared<T>, Failure> {
        let shared = match self.0 {
            Repr::Later(later) => return Later::value(later)?.share(),
            Repr::Versioned(known) => return Arc::unwrap_or_clone(known).value.share(),
            Repr::Small(small) => small.get::<T>().is_some().then_some(Holds::Own(small)),
            Repr::Plain(_) | Repr::Gathered(_) => self.whole()?.downcast().map(Holds::Reference).ok(),
        };
        shared.map(Shared).ok_or_else(mismatch::<T>)
    }

    /// The value itself: moved if this was the only reference to it, else cloned.
    ///
    /// # Errors
    /// Says both types if the value is not a `T`.
    pub fn take<T: ByValue>(self) -> Result<T, Failure> {
        self.share().map(Shared::own)
    }

    /// The value in place, if it is a `T` and can be loaded; never a gathered one, which exists only for its consumers.
    #[must_use]
    pub fn get<T: Data>(&self) -> Option<&T> {
        match &self.0 {
            Repr::Plain(value) => value.downcast_ref(),
            Repr::Small(small) => small.get(),
            Repr::Later(later) => later.get()?.get(),
            Repr::Versioned(known) => known.value.get(),
            Repr::Gathered(_) => None,
        }
    }

    /// Whether something of it lies elsewhere until someone looks at it.
    pub(crate) fn is_to_load(&self) -> bool {
        match &self.0 {
            Repr::Plain(_) | Repr::Small(_) => false,
            Repr::Later(later) => !later.is_loaded(),
            Repr::Gathered(gathered) => gathered.is_to_load(),
            Repr::Versioned(known) => known.value.is_to_load(),
        }
    }

    /// Loads what lies elsewhere. That it cannot be is told to whoever looks at it.
    pub(crate) fn load(&self) {
        match &self.0 {
            Repr::Plain(_) | Repr::Small(_) => {}
            Repr::Later(later) => _ = later.loaded(),
            Repr::Gathered(gathered) => gathered.values().iter().for_each(Self::load),
            Repr::Versioned(known) => known.value.load(),
        }
    }

    /// Of how many items the value is to be assembled, if it is.
    pub(crate) fn gathered_len(&self) -> Option<usize> {
        match &self.0 {
            Repr::Plain(_) | Repr::Later(_) | Repr::Small(_) => None,
            Repr::Gathered(gathered) => Some(gathered.count),
            Repr::Versioned(known) => known.value.gathered_len(),
        }
    }

    /// Whether anything happens when it is dropped.
    pub(crate) fn has_drop(&self) -> bool {
        !matches!(self.0, Repr::Small(_))
    }

    fn whole(self) -> Result<Arc<dyn Any + Send + Sync>, Failure> {
        match self.0 {
            Repr::Plain(value) => Ok(value),
            Repr::Later(later) => Later::value(later)?.whole(),
            Repr::Small(small) => Ok(small.whole()),
            Repr::Gathered(gathered) => Gathered::value(gathered),
            Repr::Versioned(known) => Arc::unwrap_or_clone(known).value.whole(),
        }
    }
}

/// A value by reference, which several steps may have.
#[derive(Debug)]
pub struct Shared<T>(Holds<T>);

#[derive(Debug)]
enum Holds<T> {
    Reference(Arc<T>),
    /// It is so small that each has its own. That it is a `T` was seen when it was shared.
    Own(Small),
}

impl<T: Data> Shared<T> {
    /// The value itself: moved if no one else has it, else cloned.
    pub(crate) fn own(self) -> T
    where
        T: Clone,
    {
        match self.0 {
            Holds::Reference(value) => Arc::unwrap_or_clone(value),
            Holds::Own(small) => small.into().expect(IS_T),
        }
    }

    /// The value itself, if no one else has it.
    pub(crate) fn into_inner(self) -> Option<T> {
        match self.0 {
            Holds::Reference(value) => Arc::into_inner(value),
            Holds::Own(small) => small.into(),
        }
    }
}

const IS_T: &str = "a shared value is of the type it was shared as";

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Holds::Reference(value) => Holds::Reference(Arc::clone(value)),
            Holds::Own(small) => Holds::Own(*small),
        })
    }
}

impl<T: Data> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Holds::Reference(value) => value,
            Holds::Own(small) => small.get().expect(IS_T),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Plain(_) | Repr::Later(_) | Repr::Small(_) => f.write_str("Value(..)"),
            Repr::Gathered(_) => f.write_str("Value([..])"),
            Repr::Versioned(known) => known.value.fmt(f),
        }
    }
}

fn mismatch<T: 'static>() -> Failure {
    Failure::new(format!("the value is not a `{}`", TypeInfo::of::<T>().name()))
        .hint("a graph made by hand passed the plan's type check with a wrong type; use the typed builders")
        .not_retryable()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::ids::MappingKey;

    #[test]
    fn the_last_consumer_moves_and_the_others_clone() {
        #[derive(Debug)]
        struct CountsClones(u32);
        impl Clone for CountsClones {
            fn clone(&self) -> Self {
                Self(self.0 + 1)
            }
        }
        let value = Value::new(CountsClones(0));
        let other = value.clone();
        assert_eq!(other.take::<CountsClones>().expect("same type").0, 1);
        assert_eq!(value.take::<CountsClones>().expect("same type").0, 0);
    }

    #[test]
    fn a_value_of_a_known_version_is_as_it_was() {
        let text = Value::new("a".to_owned()).versioned("1".into());
        assert_eq!(
            (text.version().map(|version| &**version), text.get()),
            (Some("1"), Some(&"a".to_owned()))
        );
        let place = text.get::<String>().map(|text| text.as_ptr());
        assert_eq!(Some(text.take::<String>().expect("text").as_ptr()), place, "the last one moves it");
        let item = Item { key: 0.into(), outcome: Ok(Value::new(1_u64)) };
        let list = Value::gathered(vec![item], assemble_values::<u64>).versioned("2".into());
        assert_eq!((list.gathered_len(), list.again().version().is_some()), (Some(1), true));
        assert_eq!(list.take::<Vec<u64>>().expect("a list"), [1]);
        assert_eq!(Value::new(1_u64).version(), None);
    }

    #[test]
    fn gathered_items_move_into_a_lone_consumer_and_are_shared_by_several() {
        let items = || (0..3).map(|i| Item { key: i.into(), outcome: Ok(Value::new(i)) }).collect();
        let lone = Value::gathered(items(), assemble_values::<u64>);
        assert_eq!(lone.take::<Vec<u64>>().expect("numbers"), [0, 1, 2]);
        let shared = Value::gathered(items(), assemble_values::<u64>);
        let (a, b) = (shared.clone().share::<Vec<u64>>(), shared.share::<Vec<u64>>());
        assert!(std::ptr::eq(&*a.expect("numbers"), &*b.expect("numbers")));
    }

    #[test]
    fn small_values_are_as_others_are() {
        let number = Value::new(7_i64);
        assert_eq!((number.get(), number.get::<u64>()), (Some(&7_i64), None));
        assert_eq!(*number.clone().share::<i64>().expect("a number"), 7);
        assert_eq!(number.clone().take::<i64>().expect("a number"), 7);
        let error = number.take::<i32>().expect_err("another number");
        assert_eq!(error.to_string(), mismatch::<i32>().to_string());
        Value::new(()).take::<()>().expect("a unit");
        // What is shared is not carried about, however large it is.
        assert!(size_of::<Shared<[u64; 4096]>>() <= 24);
        // Among others in a list too, and none of their own type but in size.
        #[derive(Clone, Debug, PartialEq)]
        struct Degrees(f64);
        assert_eq!(Value::new(Degrees(1.5)).take::<Degrees>().expect("degrees"), Degrees(1.5));
        Value::new(1.5_f64).take::<Degrees>().expect_err("no degrees");
        let item = |key: u64, value| Item { key: key.into(), outcome: Ok(value) };
        let list = Value::gathered(
            vec![item(0, Value::new(true)), item(1, Value::new(false))],
            assemble_values::<bool>,
        );
        assert_eq!(list.take::<Vec<bool>>().expect("a list"), [true, false]);
    }

    /// Says with each value how many copies were made of it.
    #[derive(Debug)]
    struct Counted(Arc<AtomicUsize>);

    impl Clone for Counted {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, Ordering::Relaxed);
            Self(Arc::clone(&self.0))
        }
    }

    fn counted(items: u64) -> (Value, Arc<AtomicUsize>) {
        let clones = Arc::new(AtomicUsize::new(0));
        let item = |key: u64| Item { key: key.into(), outcome: Ok(Value::new(Counted(Arc::clone(&clones)))) };
        let value = Value::gathered((0..items).map(item).collect(), assemble_values::<Counted>);
        (value, clones)
    }

    #[test]
    fn readers_of_a_gathered_value_clone_nothing_and_leave_no_items_behind() {
        let (value, clones) = counted(5);
        let readers: Vec<_> =
            (0..3).map(|_| value.clone().share::<Vec<Counted>>().expect("a list")).collect();
        assert_eq!(clones.load(Ordering::Relaxed), 0);
        assert_eq!(value.gathered_len(), Some(5));
        // One reference of this test, and one of each item: there is no second list of them.
        assert_eq!(Arc::strong_count(&clones), 1 + 5);
        drop((value, readers));
    }

    #[test]
    fn of_those_who_take_a_gathered_value_the_last_clones_nothing() {
        let (value, clones) = counted(5);
        let (first, second) = (value.clone(), value.clone());
        for (taken, cloned) in [(first, 5), (second, 10), (value, 10)] {
            assert_eq!(taken.take::<Vec<Counted>>().expect("a list").len(), 5);
            assert_eq!(clones.load(Ordering::Relaxed), cloned);
        }
    }

    #[test]
    fn a_list_lost_to_a_panic_is_a_failure_and_not_a_shorter_list() {
        #[derive(Debug)]
        struct Refuses;
        impl Clone for Refuses {
            fn clone(&self) -> Self {
                panic!("not twice");
            }
        }
        let item = Value::new(Refuses);
        let items = vec![Item { key: 0.into(), outcome: Ok(item.clone()) }];
        let value = Value::gathered(items, assemble_values::<Refuses>);
        let again = value.clone();
        let first = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| value.share::<Vec<Refuses>>()));
        assert!(first.is_err());
        let second = again.share::<Vec<Refuses>>().expect_err("the list is lost");
        assert_eq!(second.to_string(), "a panic stopped the list from being assembled");
        drop(item);
    }

    #[test]
    fn nested_gatherings_assemble_from_the_inside() {
        let inner = |n: u64| {
            Value::gathered(vec![Item { key: 0.into(), outcome: Ok(Value::new(n)) }], assemble_values::<u64>)
        };
        let items = vec![1, 2].into_iter().map(|n| Item { key: n.into(), outcome: Ok(inner(n)) }).collect();
        let outer = Value::gathered(items, assemble_values::<Vec<u64>>);
        assert_eq!(outer.take::<Vec<Vec<u64>>>().expect("nested"), [[1], [2]]);
    }

    #[test]
    fn names_of_types_lose_their_modules() {
        assert_eq!(
            TypeInfo::of::<Vec<Option<(String, MappingKey)>>>().name(),
            "Vec<Option<(String, MappingKey)>>"
        );
        assert_eq!(TypeInfo::of::<&'static [u8; 4]>().name(), "&[u8; 4]");
    }
}
