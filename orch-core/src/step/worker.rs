use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Waker, Poll, ready};

use jiff::Timestamp;
use tokio::task::coop;

use super::code::{Attempt, LogTo};
use super::local::Shared;
use super::pace::LONG;
use super::piece::{Done, Piece, Progress};
use crate::define::{BoxFuture, Cancel, Context};
use crate::engine::{Message, Promise, Task, Token, Turn, Work, Written};

/// A task of the runtime that does async work, piece after piece, as long as there is some.
///
/// A future by hand: a piece that need not wait, as most do not, then leaves nothing behind in it.
pub(super) struct Worker {
    shared: Arc<Shared>,
    promise: Promise,
    /// What the last report gave, with the work that is still to be begun.
    turn: Turn,
    /// The piece in hand.
    hand: Hand,
    /// Its attempt, for what its code logs; gone only while the code runs.
    attempt: Option<Attempt>,
    waits: Waits,
    /// Whether `turn` is that of a report it has just made, so that its time is the present.
    has_reported: bool,
    /// Whether what it has reported since it last wrote may be held.
    has_held: bool,
    /// Whether it has just started other workers, and has to make way for them.
    makes_way: bool,
}

struct Hand {
    token: Token,
    /// The plan's step.
    step: usize,
    /// The output that an item is pulled of, if one is.
    output: usize,
    /// How it is told to stop, where it can be stopped alone.
    stop: Option<Cancel>,
    begun: Timestamp,
    /// Whether it was held to be short, so that what had been reported waited for it.
    short: bool,
    /// Whether its code had to wait for something.
    waited: bool,
}

/// What the worker waits for.
enum Waits {
    /// Nothing: it can begin another piece.
    No,
    /// The code in hand, or for someone to tell it to stop.
    Code(Piece, BoxFuture<()>),
}

impl Worker {
    /// For these pieces, of which there is one at least.
    pub(super) fn new(shared: Arc<Shared>, promise: Promise, work: VecDeque<Work>) -> Self {
        let hand = Hand {
            token: work[0].token,
            step: work[0].step,
            output: 0,
            stop: None,
            begun: Timestamp::UNIX_EPOCH,
            short: false,
            waited: false,
        };
        let turn = Turn { work, ..Turn::default() };
        shared.ready.fetch_add(1, Ordering::Relaxed);
        Self {
            shared,
            promise,
            turn,
            hand,
            attempt: None,
            waits: Waits::No,
            has_reported: false,
            has_held: false,
            makes_way: false,
        }
    }

    /// Has others do what this worker is not going to do soon.
    fn pass_on(&mut self) {
        if !self.turn.work.is_empty() {
            self.shared.start_all(&mut self.turn.work, self.promise.dispatcher());
        }
    }

    /// Before a piece that may take its time others are given the rest, and go first: of the tasks that a thread has
    /// spawned, tokio keeps the last for that very thread, so it would wait until this worker has to.
    fn make_way(&mut self, cx: &Waker<'_>) -> Poll<()> {
        let next = &self.turn.work[0];
        let pace = self.shared.pace(next.step);
        let (is_brief, is_short) = (pace.is_brief(), pace.is_short());
        if !is_short {
            self.flush();
        }
        if self.turn.work.len() > 1 && !is_brief {
            let next = self.turn.work.pop_front();
            self.pass_on();
            self.turn.work.extend(next);
            self.makes_way = true;
        }
        if !std::mem::take(&mut self.makes_way) {
            return Poll::Ready(());
        }
        self.has_reported = false;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Before the worker writes what is held, other workers that are ready have their word, once: what they report is
    /// written with it.
    fn let_others(&mut self, cx: &Waker<'_>) -> Poll<()> {
        if !std::mem::take(&mut self.has_held) || self.shared.ready.load(Ordering::Relaxed) < 2 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Begins a piece of work; what it gives is to be reported, unless it waits.
    fn begin(&mut self, work: Work, cx: &mut Waker<'_>) -> Option<Message> {
        let Work { token, step, path, attempt, task } = work;
        let (stop, short) = (self.shared.stop_of(step, token), self.shared.pace(step).is_short());
        let begun = if self.has_reported { self.turn.time } else { self.promise.dispatcher().now() };
        let output = if let Task::Pull { output, .. } = &task { *output } else { 0 };
        self.hand = Hand { token, step, output, stop, begun, short, waited: false };
        let stop = self.hand.stop.as_ref();
        if self.shared.is_stopped(stop) {
            return Some(Done::not_begun(&task).message(token, Written::default()));
        }
        let said = self.shared.saying(step);
        let run = Arc::clone(&self.shared.run);
        let context = Context::new(run, step, path.clone(), attempt, stop.cloned(), said.clone());
        match &mut self.attempt {
            Some(present) => (present.path, present.number, present.said) = (Some(path), attempt, said),
            none => {
                *none = Some(Attempt {
                    to: LogTo::Run(Arc::clone(self.promise.dispatcher())),
                    path: Some(path),
                    number: attempt,
                    said,
                });
            }
        }
        match Piece::begin(self.shared.program.ops[step].body(), task, context, &mut self.attempt, cx) {
            Progress::Done(done) => Some(self.done(done)),
            Progress::Waits(piece) => {
                self.flush();
                self.pass_on();
                self.hand.waited = true;
                let stopped = Box::pin(self.shared.stopped(self.hand.stop.clone()));
                self.wait(piece, stopped, cx)
            }
        }
    }

    /// What is to be reported of the code in hand.
    fn done(&mut self, done: Done) -> Message {
        let Hand { token, step, output, .. } = self.hand;
        let written = self.shared.write(step, output, &done, &mut self.attempt);
        done.message(token, written)
    }

    /// The code waits; whether someone tells it to stop is asked only now, since most is done at once.
    fn wait(&mut self, piece: Piece, mut stopped: BoxFuture<()>, cx: &mut Waker<'_>) -> Option<Message> {
        match stopped.as_mut().poll(cx) {
            Poll::Ready(()) => {
                Some(piece.stop(&mut self.attempt).message(self.hand.token, Written::default()))
            }
            Poll::Pending => {
                self.waits = Waits::Code(piece, stopped);
                self.shared.ready.fetch_sub(1, Ordering::Relaxed);
                None
            }
        }
    }

    /// Has written what is held of this worker's reports, since what it does next may take its time.
    fn flush(&mut self) {
        let before = self.turn.work.len();
        self.has_held = false;
        self.promise.dispatcher().flush(&mut self.turn);
        if self.turn.work.len() > before {
            self.has_reported = false;
            self.sort_out(before);
        }
    }

    fn report(&mut self, message: Message) {
        let Hand { token, step, begun, short, waited, .. } = self.hand;
        self.shared.forget_stop(token, self.hand.stop.is_some());
        let before = self.turn.work.len();
        self.promise.dispatcher().report(message, &mut self.turn);
        let time = self.turn.time.duration_since(begun);
        // While code waits, nothing waits for it.
        self.shared.pace(step).learn(short, if waited { time.min(LONG) } else { time });
        // What was written in between took its time.
        self.has_held = self.promise.dispatcher().is_recorded();
        self.has_reported = !self.has_held;
        self.sort_out(before);
    }

    /// Has others do what must not wait until this worker comes to it: what may block, and what has a deadline. Of the
    /// rest, what was there before is looked at no more.
    fn sort_out(&mut self, before: usize) {
        // A run that broke off has nothing left to do, not even what was there before.
        let before = before.min(self.turn.work.len());
        let for_others = |work: &Work, is_next: bool| {
            self.shared.blocks(work) || !is_next && self.shared.has_deadline(work)
        };
        let mut new = self.turn.work.iter().enumerate().skip(before);
        if !new.any(|(at, work)| for_others(work, at == 0)) {
            return;
        }
        for work in self.turn.work.split_off(before) {
            if for_others(&work, self.turn.work.is_empty()) {
                self.makes_way |= !self.shared.blocks(&work);
                self.shared.start(work, self.promise.dispatcher());
            } else {
                self.turn.work.push_back(work);
            }
        }
    }

    fn work(&mut self, cx: &mut Waker<'_>) -> Poll<()> {
        loop {
            let message = match std::mem::replace(&mut self.waits, Waits::No) {
                Waits::No => {
                    if self.turn.work.is_empty() {
                        ready!(self.let_others(cx));
                        // What it was given may all have gone to others, and what was reported meanwhile waits for it.
                        self.flush();
                    }
                    if self.turn.work.is_empty() {
                        return Poll::Ready(());
                    }
                    ready!(self.make_way(cx));
                    // A worker that never has to wait must still let other tasks of its thread run.
                    let Poll::Ready(budget) = coop::poll_proceed(cx) else {
                        self.flush();
                        self.has_reported = false;
                        return Poll::Pending;
                    };
                    budget.made_progress();
                    match self.turn.work.pop_front() {
                        Some(work) => self.begin(work, cx),
                        None => return Poll::Ready(()),
                    }
                }
                Waits::Code(piece, stopped) => {
                    self.shared.ready.fetch_add(1, Ordering::Relaxed);
                    match piece.go_on(&mut self.attempt, cx) {
                        Progress::Done(done) => Some(self.done(done)),
                        Progress::Waits(piece) => self.wait(piece, stopped, cx),
                    }
                }
            };
            match message {
                Some(message) => self.report(message),
                None => return Poll::Pending,
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if matches!(self.waits, Waits::No) {
            self.shared.ready.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Future for Worker {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Waker<'_>) -> Poll<()> {
        ready!(self.work(cx));
        self.promise.keep();
        Poll::Ready(())
    }
}
