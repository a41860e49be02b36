#[cfg(test)]
mod tests;
mod write;

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use self::write::Writer;
use super::{Executor, Kept, Message, State, Surroundings, Timer, Turn};
use crate::event::{Event, Journal, Sink as _, Tee};
use crate::failure::panic_message;

/// Owns a run: the only one who touches its state and speaks to the outside.
///
/// It has no task of its own. Whoever has something to report, a worker that finished a step or a timer, takes the lock,
/// lets the state decide, hands the events on in order, and sees to the work that follows. So a chain of steps stays on
/// one thread, and no step waits for a dispatcher to wake up. Where there is a journal, what was decided is held until
/// its events are in there, see `write`.
pub(crate) struct Dispatcher {
    inner: Mutex<Inner>,
    executor: Box<dyn Executor>,
    /// None if the run has nothing to open or close.
    surroundings: Option<Box<dyn Surroundings>>,
    /// None if nothing is to remain of the run.
    writer: Option<Writer>,
    clock: Clock,
    /// Told when what was held is taken to be written, when it has been, and when the run breaks off.
    room: Condvar,
    ended: Notify,
    runtime: tokio::runtime::Handle,
    timers: Mutex<Timers>,
    /// Whether there ever was a timer; most runs have none, and need not look for one with each report.
    timed: AtomicBool,
}

/// The timers under way; none once the run is over. A deadline is taken back with its attempt, else a wide map with a
/// long timeout would leave as many timers behind as it has items.
type Timers = Option<HashMap<u64, AbortHandle>>;

/// As far ahead as a timer can be set; further would be beyond what clocks can tell.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

struct Inner {
    state: State,
    sinks: Tee,
    keep: Keep,
    /// What was decided and not yet carried out, since its events are not in the journal.
    held: Turn,
    /// Whether something is held, be it without an event.
    holds: bool,
    /// Whether someone is writing.
    writing: bool,
    /// How many wait until something more can be held.
    waiting: usize,
    /// Whether another thread has been asked to write and has not begun.
    called: bool,
    ended: bool,
    /// How many turns are dropping what they let go of. The run is not over before: the program may end with it.
    letting_go: usize,
    /// What broke the run off: it is over, and its state may be torn.
    broken: Option<Broken>,
}

/// What broke a run off.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) message: String,
    /// Whether its journal refused to be written.
    pub(crate) unrecorded: bool,
}

impl From<String> for Broken {
    fn from(message: String) -> Self {
        Self { message, unrecorded: false }
    }
}

impl Inner {
    fn is_over(&self) -> bool {
        self.ended && self.letting_go == 0
    }

    /// Lets the state decide what follows from a message.
    fn decide(&mut self, now: Timestamp, message: Message, turn: &mut Turn) -> Result<(), String> {
        let decided = catch_unwind(AssertUnwindSafe(|| self.state.apply(now, message, turn)));
        decided.map_err(|payload| self.torn(turn, &*payload))
    }

    /// Tells the sinks what happened, and hands on what is to be kept. A sink is the user's code: a panic in it would take
    /// the worker with it, and the run would wait for its report for ever.
    fn tell<'a>(&mut self, events: impl Iterator<Item = &'a Event>, turn: &mut Turn) -> Result<(), String> {
        let told = Cell::new(None);
        let Self { sinks, keep, .. } = self;
        let telling = catch_unwind(AssertUnwindSafe(|| {
            for event in events {
                told.set(Some(event.kind.name()));
                sinks.emit(event);
            }
            told.set(None);
            if !turn.kept.is_empty() {
                keep(turn.kept.drain(..));
            }
        }));
        telling.map_err(|payload| match told.get() {
            Some(kind) => format!("a sink panicked when it was told {kind}: {}", panic_message(&*payload)),
            None => self.torn(turn, &*payload),
        })
    }

    /// Of the values that are left the next may panic too when it is dropped, and two panics at once end the process.
    fn torn(&mut self, turn: &mut Turn, payload: &(dyn std::any::Any + Send)) -> String {
        std::mem::forget(std::mem::take(turn));
        self.state.leak();
        format!("the engine panicked: {}", panic_message(payload))
    }
}

/// Takes what is to remain of the run; called only if there is something.
pub(crate) type Keep = Box<dyn FnMut(std::vec::Drain<'_, Kept>) + Send>;

impl Dispatcher {
    /// A run that is told to `sinks`, and before that written to `journal`.
    pub(crate) fn new(
        state: State,
        sinks: Tee,
        keep: Keep,
        executor: Box<dyn Executor>,
        surroundings: Option<Box<dyn Surroundings>>,
        journal: Option<Box<dyn Journal>>,
    ) -> Arc<Self> {
        let writer = journal.map(Writer::new);
        let inner = Inner {
            state,
            sinks,
            keep,
            held: Turn::default(),
            holds: false,
            writing: false,
            waiting: 0,
            called: false,
            ended: false,
            letting_go: 0,
            broken: None,
        };
        Arc::new(Self {
            inner: Mutex::new(inner),
            executor,
            surroundings,
            writer,
            clock: Clock::start(),
            room: Condvar::new(),
            ended: Notify::new(),
            runtime: tokio::runtime::Handle::current(),
            timers: Mutex::new(Some(HashMap::new())),
            timed: AtomicBool::new(false),
        })
    }

    /// The time of the run's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Reports what happened and carries out what follows, but for the work: that is added to the turn's, for the caller
    /// to do or to start. The turn is the caller's too, so that its memory is used again and tidied outside the lock.
    ///
    /// With a journal, what follows is held as long as the caller has other work in hand, so that it is written together
    /// with what follows from that. Whoever has none, or does something that takes long, or waits, calls
    /// [`Dispatcher::flush`] before.
    pub(crate) fn report(self: &Arc<Self>, message: Message, turn: &mut Turn) {
        if let Some(token) = message.answers().filter(|_| self.timed.load(Ordering::Relaxed)) {
            self.stop_timer(token.ticket());
        }
        let mut guard = self.lock();
        if guard.broken.is_some() {
            // What is left of the work holds inputs, whose `Drop` is the user's.
            drop(guard);
            return turn.work.clear();
        }
        let before = turn.work.len();
        if let Err(message) = guard.decide(self.clock.now(), message, turn) {
            self.break_off(guard, message);
            return turn.work.clear();
        }
        if self.writer.is_some() && (guard.holds || guard.writing || !turn.events.is_empty()) {
            let Inner { held, holds, .. } = &mut *guard;
            turn.hold(before, held);
            *holds = true;
            let events = held.events.len();
            turn.work.range(before..).for_each(|work| self.executor.expect(work));
            drop(guard);
            self.hand_over(events);
            return;
        }
        let events = std::mem::take(&mut turn.events);
        let told = guard.tell(events.iter(), turn);
        turn.events = events;
        self.carry_out(guard, told, before, turn);
    }

    /// Carries out a turn whose events are told, but for the work that is its own.
    fn carry_out(
        self: &Arc<Self>,
        mut guard: MutexGuard<'_, Inner>,
        told: Result<(), String>,
        before: usize,
        turn: &mut Turn,
    ) {
        if let Err(message) = told {
            self.break_off(guard, message);
            return turn.work.clear();
        }
        // Still under the lock: a deadline can be due, and the abort given, as soon as the lock is free.
        turn.work.range(before..).for_each(|work| self.executor.expect(work));
        let Inner { ended, letting_go, .. } = &mut *guard;
        *ended |= turn.ended;
        let has_ended = *ended;
        let lets_go = !turn.let_go.is_empty();
        *letting_go += usize::from(lets_go);
        drop(guard);
        for token in turn.aborts.drain(..) {
            self.executor.abort(token);
        }
        if turn.cancel || has_ended {
            self.executor.cancel();
        }
        if turn.cancel
            && let Some(surroundings) = &self.surroundings
        {
            surroundings.stop();
        }
        if has_ended {
            self.executor.end();
        }
        for hook in turn.hooks.drain(..) {
            self.executor.call(hook, self);
        }
        // Before the timers, since no time of a step should be lost by it.
        if lets_go {
            self.let_go(turn);
        }
        for (after, timer) in turn.timers.drain(..) {
            self.start_timer(after, timer);
        }
        if (turn.open || turn.close)
            && let Some(surroundings) = &self.surroundings
        {
            if turn.close { surroundings.close(self) } else { surroundings.open(self) }
        }
        if has_ended {
            self.stop_timers();
            self.ended.notify_waiters();
        }
        turn.clear();
    }

    /// Drops what the turn lets go of, which is the user's. A panic in there breaks the run off, unless it is over.
    fn let_go(self: &Arc<Self>, turn: &mut Turn) {
        let dropped = catch_unwind(AssertUnwindSafe(|| while turn.let_go.drop_one() {}));
        let mut guard = self.lock();
        guard.letting_go -= 1;
        if let Err(payload) = dropped {
            // The next one may panic too, and there would be no end of it.
            std::mem::forget(std::mem::take(turn));
            guard.state.leak();
            self.break_off(guard, format!("the `Drop` of a value panicked: {}", panic_message(&*payload)));
        } else if guard.is_over() {
            drop(guard);
            self.ended.notify_waiters();
        }
    }

    /// As [`Dispatcher::report`], for those who do no work themselves.
    pub(crate) fn report_only(self: &Arc<Self>, message: Message) {
        let mut turn = Turn::default();
        self.report(message, &mut turn);
        self.flush(&mut turn);
        self.executor.start_all(&mut turn.work, self);
    }

    /// Ends the run where it stands. What panicked is told, unless the run was over before.
    fn break_off(self: &Arc<Self>, mut guard: MutexGuard<'_, Inner>, broken: impl Into<Broken>) {
        let was_under_way = !guard.ended;
        if was_under_way {
            guard.broken = Some(broken.into());
        }
        guard.ended = true;
        self.make_room(&guard);
        drop(guard);
        self.executor.cancel();
        self.executor.end();
        // Nobody is told of it any more, but what is open must not stay so.
        if let Some(surroundings) = self.surroundings.as_ref().filter(|_| was_under_way) {
            surroundings.close(self);
        }
        self.stop_timers();
        self.ended.notify_waiters();
    }

    /// Waits for the end of the run; says what broke it, if it did not end by itself.
    pub(crate) async fn ended(&self) -> Option<Broken> {
        loop {
            let told = self.ended.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            {
                let inner = self.lock();
                if inner.is_over() {
                    return inner.broken.clone();
                }
            }
            told.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_timer(self: &Arc<Self>, after: Duration, timer: Timer) {
        // A timer must not keep a run alive that is over.
        let dispatcher: Weak<Self> = Arc::downgrade(self);
        let due = Instant::now() + after.min(FAR);
        let ticket = timer.ticket();
        // Locked over the start, so that a timer that is due at once finds itself here.
        self.timed.store(true, Ordering::Relaxed);
        let mut timers = self.timers();
        let Some(timers) = &mut *timers else { return };
        let handle = self.runtime.spawn(async move {
            tokio::time::sleep_until(due).await;
            if let Some(dispatcher) = dispatcher.upgrade() {
                dispatcher.timers().as_mut().map(|timers| timers.remove(&ticket));
                dispatcher.report_only(Message::Due(timer));
            }
        });
        timers.insert(ticket, handle.abort_handle());
    }

    fn stop_timer(&self, ticket: u64) {
        if let Some(timer) = self.timers().as_mut().and_then(|timers| timers.remove(&ticket)) {
            timer.abort();
        }
    }

    fn stop_timers(&self) {
        self.timers().take().into_iter().flatten().for_each(|(_, timer)| timer.abort());
    }

    fn timers(&self) -> MutexGuard<'_, Timers> {
        self.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A worker's word that it will report what it has in hand. If it is dropped before, the report will not come, and the run
/// must not wait for it.
pub(crate) struct Promise {
    dispatcher: Arc<Dispatcher>,
    kept: bool,
}

impl Promise {
    pub(crate) fn to(dispatcher: &Arc<Dispatcher>) -> Self {
        Self { dispatcher: Arc::clone(dispatcher), kept: false }
    }

    /// To whom it was given.
    pub(crate) fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.dispatcher
    }

    /// All is reported.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let message = if std::thread::panicking() {
            "a worker panicked outside the code of its step, as in the `Drop` of a value"
        } else {
            "the runtime was shut down while steps were under way"
        };
        self.dispatcher.break_off(self.dispatcher.lock(), message.to_owned());
    }
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dispatcher")
    }
}

/// The time of day at the start, and a clock that only goes forwards since then. It is tokio's, so that a test can pause it.
struct Clock {
    time: Timestamp,
    start: Instant,
}

impl Clock {
    fn start() -> Self {
        Self { time: Timestamp::now(), start: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        let elapsed = self.start.elapsed();
        self.time + SignedDuration::new(elapsed.as_secs() as i64, elapsed.subsec_nanos() as i32)
    }
}
