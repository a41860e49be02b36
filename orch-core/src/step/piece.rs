use std::task::{Context as Waker, Poll};

use super::code::{self, Attempt};
use crate::define::{Args, Body, BoxFuture, Context, ItemStream, Products, StreamItem};
use crate::engine::Task;
use crate::failure::Failure;

/// A piece of a step's code that waits for something on the runtime.
pub(super) enum Piece {
    /// An async op was called, and this is what it gave.
    Call(BoxFuture<Result<Products, Failure>>),
    /// An item of the output at this number and position is being pulled.
    Pull((usize, u64), ItemStream),
}

/// How far a piece of code has come.
pub(super) enum Progress {
    Waits(Piece),
    Done(Done),
}

/// What became of a piece of code.
pub(super) enum Done {
    Returned(Result<Products, Failure>),
    /// Of which output and at which position; what was found; the rest of the stream.
    Pulled((usize, u64), Option<StreamItem>, ItemStream),
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
            (Task::Call(_), Body::Blocking(_)) => {
                Progress::Done(Done::Returned(Err(Failure::contract("a sync op was given to the runtime"))))
            }
            (Task::Pull { output, number, items }, _) => {
                Self::Pull((output, number), items).go_on(attempt, cx)
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
            Self::Pull(at, mut items) => match code::run(attempt, || items.poll_next(cx)) {
                Ok(Poll::Ready(item)) => Progress::Done(Done::Pulled(at, item, items)),
                Ok(Poll::Pending) => Progress::Waits(Self::Pull(at, items)),
                Err(panic) => Progress::Done(Done::Pulled(at, Some(Err(panic)), items)),
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

    /// What to report of code that was told to stop and is dropped.
    pub(super) fn stopped(self) -> Done {
        match self {
            Self::Call(_) => Done::Returned(Err(Failure::canceled())),
            Self::Pull(at, items) => Done::Pulled(at, Some(Err(Failure::canceled())), items),
        }
    }
}
