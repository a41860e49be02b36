use std::task::{Context as Waker, Poll};

use super::code::{self, Attempt};
use crate::define::{Args, Body, BoxFuture, Context, ItemStream, Products, StreamItem};
use crate::engine::{Message, Task, Token, Written};
use crate::failure::Failure;
use crate::ids::MappingKey;
use crate::value::Value;

/// A piece of a step's code that waits for something on the runtime.
pub(super) enum Piece {
    /// An async op was called, and this is what it gave.
    Call(BoxFuture<Result<Products, Failure>>),
    /// An item is being pulled.
    Pull(ItemStream),
}

/// How far a piece of code has come.
pub(super) enum Progress {
    Waits(Piece),
    Done(Done),
}

/// What became of a piece of code.
pub(super) enum Done {
    Returned(Result<Products, Failure>),
    /// An item was pulled; the rest of the stream.
    Item((Option<MappingKey>, Value), ItemStream),
    /// There was no further item.
    Ended,
    /// The pull failed, and the rest is given up.
    Broke(Failure),
}

impl Done {
    /// What is to be reported, with what is written of it.
    pub(super) fn message(self, token: Token, written: Written) -> Message {
        match self {
            Self::Returned(result) => Message::Returned { token, result, written },
            Self::Item((key, value), rest) => Message::Item { token, key, value, written, rest },
            Self::Ended => Message::Ended { token },
            Self::Broke(failure) => Message::Broke { token, failure },
        }
    }

    /// What a pull gave, unless it panicked.
    pub(super) fn pulled(pulled: Result<Option<StreamItem>, Failure>, rest: ItemStream) -> Self {
        match pulled {
            Ok(Some(Ok(item))) => Self::Item(item, rest),
            Ok(None) => Self::Ended,
            Ok(Some(Err(failure))) | Err(failure) => Self::Broke(failure),
        }
    }

    /// Code that did not begin: it waited for a thread until nobody wanted it any more.
    pub(super) fn not_begun(task: &Task) -> Self {
        if matches!(task, Task::Pull { .. }) {
            Self::Broke(Failure::canceled())
        } else {
            Self::Returned(Err(Failure::canceled()))
        }
    }
}

impl Piece {
    /// Runs the code from its beginning until it is done or waits for something.
    pub(super) fn begin(
        body: &Body,
        task: Task,
        context: Context,
        attempt: &mut Option<Attempt>,
        cx: &mut Waker<'_>,
    ) -> Progress {
        match (task, body) {
            (Task::Call(inputs), Body::Async(body)) => {
                let mut called = None;
                let polled =
                    code::run(attempt, || called.insert(body(Args::of(inputs, context))).as_mut().poll(cx));
                Self::called(called, polled)
            }
            (Task::Pull { items, .. }, _) => Self::Pull(items).go_on(attempt, cx),
            (Task::Call(_) | Task::Store(_), _) => {
                let failure = Failure::contract("work that may block was given to the runtime");
                Progress::Done(Done::Returned(Err(failure)))
            }
        }
    }

    /// Runs the code on until it is done or waits for something again.
    pub(super) fn go_on(self, attempt: &mut Option<Attempt>, cx: &mut Waker<'_>) -> Progress {
        match self {
            Self::Call(mut future) => {
                let polled = code::run(attempt, || future.as_mut().poll(cx));
                Self::called(Some(future), polled)
            }
            Self::Pull(mut items) => match code::run(attempt, || items.poll_next(cx)) {
                Ok(Poll::Ready(item)) => Progress::Done(Done::pulled(Ok(item), items)),
                Ok(Poll::Pending) => Progress::Waits(Self::Pull(items)),
                Err(panic) => Progress::Done(Done::Broke(panic)),
            },
        }
    }

    fn called(
        future: Option<BoxFuture<Result<Products, Failure>>>,
        polled: Result<Poll<Result<Products, Failure>>, Failure>,
    ) -> Progress {
        match (polled, future) {
            (Ok(Poll::Pending), Some(future)) => Progress::Waits(Self::Call(future)),
            (Ok(Poll::Ready(result)), _) => Progress::Done(Done::Returned(result)),
            (Err(panic), _) => Progress::Done(Done::Returned(Err(panic))),
            (Ok(Poll::Pending), None) => {
                Progress::Done(Done::Returned(Err(Failure::contract("what waits is nothing"))))
            }
        }
    }

    /// Drops code that was told to stop, and says what to report of it. What it holds is the user's, and may panic.
    pub(super) fn stop(self, attempt: &mut Option<Attempt>) -> Done {
        let is_call = matches!(self, Self::Call(_));
        let failure = code::run(attempt, || drop(self)).err().unwrap_or_else(Failure::canceled);
        if is_call { Done::Returned(Err(failure)) } else { Done::Broke(failure) }
    }
}
