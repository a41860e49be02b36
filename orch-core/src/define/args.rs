use super::{Context, Res, Resource};
use crate::config::{Config, Configurable};
use crate::failure::Failure;
use crate::value::{ByValue, Data, Shared, Value};

/// The inputs of an attempt, those that were not taken yet. Most ops have one or two, which need no allocation.
pub(crate) type Inputs = smallvec::SmallVec<[Option<Value>; 2]>;

/// What one attempt at a step is given: its inputs, and its context.
#[derive(Debug)]
pub struct Args {
    inputs: Inputs,
    context: Context,
}

impl Args {
    /// The arguments of one attempt.
    #[must_use]
    pub fn new(inputs: Vec<Value>, context: Context) -> Self {
        Self { inputs: inputs.into_iter().map(Some).collect(), context }
    }

    pub(crate) fn of(inputs: Inputs, context: Context) -> Self {
        Self { inputs, context }
    }

    /// Takes input number `index` by value: moved if no one else needs it, else cloned.
    ///
    /// # Errors
    /// If it is of another type or was taken already.
    pub fn take<T: ByValue>(&mut self, index: usize) -> Result<T, Failure> {
        self.input(index)?.take()
    }

    /// Takes input number `index` by reference, for as long as the guard lives.
    ///
    /// # Errors
    /// If it is of another type or was taken already.
    pub fn share<T: Data>(&mut self, index: usize) -> Result<Shared<T>, Failure> {
        self.input(index)?.share()
    }

    /// The configuration of the step.
    ///
    /// # Errors
    /// If the op declares none of this type.
    pub fn config<T: Configurable>(&self) -> Result<Config<T>, Failure> {
        self.context.given().config()
    }

    /// Resource number `index` of those that the op takes.
    ///
    /// # Errors
    /// If there is none of this number and type.
    pub fn resource<T: Resource + ?Sized>(&self, index: usize) -> Result<Res<T>, Failure> {
        self.context.given().resource(index)
    }

    /// The context of the attempt.
    #[must_use]
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    fn input(&mut self, index: usize) -> Result<Value, Failure> {
        self.inputs
            .get_mut(index)
            .and_then(Option::take)
            .ok_or_else(|| Failure::new(format!("input number {index} is not there or was taken before")))
    }
}

/// What a parameter of an op can be: all [`Data`]. `#[op]` fetches every input by it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an input of an op",
    label = "must be `Send + Sync + 'static`",
    note = "steps run on several threads: use `Arc` for `Rc`, `Mutex` for `RefCell`, and owned data for borrowed"
)]
pub trait Input: Sized {
    /// Takes input number `index` by reference.
    ///
    /// # Errors
    /// If it is of another type or was taken already.
    fn share(args: &mut Args, index: usize) -> Result<Shared<Self>, Failure>;
}

#[diagnostic::do_not_recommend]
impl<T: Data> Input for T {
    fn share(args: &mut Args, index: usize) -> Result<Shared<Self>, Failure> {
        args.share(index)
    }
}

/// What a parameter of an op can be that takes its input by value; asked besides [`Input`], so that a type which fails
/// one of them is told only about that one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an input by value, since it is not `Clone`",
    label = "taken by value, but not `Clone`",
    note = "a value that several steps use is cloned for each but the last; take it by reference: `&{Self}`"
)]
pub trait InputByValue: Sized {
    /// The value itself: moved if no one else needs it, else cloned.
    fn own(shared: Shared<Self>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Data + Clone> InputByValue for T {
    fn own(shared: Shared<Self>) -> Self {
        shared.own()
    }
}
