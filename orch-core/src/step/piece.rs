use std::task::{Context as Waker, Poll};

use super::code::{self, Attempt};
use crate::define::{Args, Body, BoxFuture, Context, ItemStream, Products, StreamItem};
use crate::engine::Task;
use crate::failure::Failure;

/// A piece of a step's code under way on the runtime: the call of an async op, or the pull of an item.
pub(super) struct Piece<'a> {
    /// The attempt it is part of; elsewhere only while the code runs.
    attempt: Option<Attempt>,
    code: Code<'a>,
}

enum Code<'a> {
    /// The op was not called yet.
    New(&'a Body, Args),
    /// It was, and this is what it gave.
    Called(BoxFuture<Result<Products, Failure>>),
    /// An item of the output at this number and position is being pulled.
    Pulling((usize, u64), ItemStream),
    /// It is done, or has panicked.
    Over,
}

/// What became of a piece of code.
pub(super) enum Done {
    Returned(Result<Products, Failure>),
    /// Of which output and at which position; what was found; the rest of the stream.
    Pulled((usize, u64), Option<StreamItem>, ItemStream),
}

impl<'a> Piece<'a> {
    pub(super) fn new(body: &'a Body, task: Task, context: Context, attempt: Attempt) -> Self {
        let code = match task {
            Task::Call(inputs) => Code::New(body, Args::of(inputs, context)),
            Task::Pull { output, number, items } => Code::Pulling((output, number), items),
        };
        Self { attempt: Some(attempt), code }
    }

    /// Runs the code until it is done or waits for something.
    pub(super) fn poll(&mut self, cx: &mut Waker<'_>) -> Poll<Done> {
        match std::mem::replace(&mut self.code, Code::Over) {
            Code::New(body, args) => {
                let mut called = None;
                let poll = code::run(&mut self.attempt, || match body {
                    Body::Async(body) => called.insert(body(args)).as_mut().poll(cx),
                    Body::Blocking(_) => {
                        Poll::Ready(Err(Failure::contract("a sync op was given to the runtime")))
                    }
                });
                self.called(called, poll)
            }
            Code::Called(mut future) => {
                let poll = code::run(&mut self.attempt, || future.as_mut().poll(cx));
                self.called(Some(future), poll)
            }
            Code::Pulling(at, mut items) => match code::run(&mut self.attempt, || items.poll_next(cx)) {
                Ok(Poll::Ready(item)) => Poll::Ready(Done::Pulled(at, item, items)),
                Err(panic) => Poll::Ready(Done::Pulled(at, Some(Err(panic)), items)),
                Ok(Poll::Pending) => {
                    self.code = Code::Pulling(at, items);
                    Poll::Pending
                }
            },
            Code::Over => Poll::Ready(Done::Returned(Err(Failure::contract("the step was already done")))),
        }
    }

    fn called(
        &mut self,
        future: Option<BoxFuture<Result<Products, Failure>>>,
        poll: Result<Poll<Result<Products, Failure>>, Failure>,
    ) -> Poll<Done> {
        match (poll, future) {
            (Ok(Poll::Ready(result)), _) => Poll::Ready(Done::Returned(result)),
            (Err(panic), _) => Poll::Ready(Done::Returned(Err(panic))),
            (Ok(Poll::Pending), Some(future)) => {
                self.code = Code::Called(future);
                Poll::Pending
            }
            (Ok(Poll::Pending), None) => Poll::Pending,
        }
    }

    /// What to report of code that was told to stop and is dropped.
    pub(super) fn stopped(&mut self) -> Done {
        match std::mem::replace(&mut self.code, Code::Over) {
            Code::Pulling(at, items) => Done::Pulled(at, Some(Err(Failure::canceled())), items),
            Code::New(..) | Code::Called(_) | Code::Over => Done::Returned(Err(Failure::canceled())),
        }
    }
}
