use std::collections::HashMap;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use rustix::process::{Pid, Signal, kill_process_group};

use super::exit::Death;
use super::frame::{self, FrameError};
use super::message::{FromWorker, ToWorker, Told};
use crate::define::Cancel;
use crate::engine::{Dispatcher, Message};
use crate::event::LogLevel;
use crate::failure::Failure;
use crate::ids::StepPath;
use crate::io::around;

/// A worker process, as the process sees it that started it.
pub(super) struct Worker {
    /// Which of the pool's, from 0.
    pub(super) number: u64,
    /// The limit of its memory, in bytes.
    pub(super) memory: Option<u64>,
    socket: Mutex<UnixStream>,
    /// What is to be said by whoever has the way to it, as soon as he lets go of that.
    unsaid: Mutex<Vec<ToWorker>>,
    /// Until it has been waited for: then its number may be another's.
    process: Mutex<Option<Pid>>,
    state: Mutex<State>,
    dispatcher: Weak<Dispatcher>,
    requests: AtomicU64,
    /// Whether it was killed, by whomever; it may not have ended yet.
    killed: AtomicBool,
    /// Whether it is killed since the run was canceled.
    canceled: AtomicBool,
}

#[derive(Default)]
struct State {
    /// Who waits for the answer to a request.
    waiting: HashMap<u64, SyncSender<Answer>>,
    /// The attempt that it works for.
    serves: Option<(StepPath, u32)>,
    death: Option<Arc<Death>>,
}

/// What a worker answers, with the bytes that came along; or how it ended instead.
pub(super) type Answer = Result<(FromWorker, Vec<u8>), Arc<Death>>;

impl Worker {
    pub(super) fn new(
        number: u64,
        memory: Option<u64>,
        socket: UnixStream,
        process: Option<Pid>,
        dispatcher: Weak<Dispatcher>,
    ) -> Self {
        Self {
            number,
            memory,
            socket: Mutex::new(socket),
            unsaid: Mutex::default(),
            process: Mutex::new(process),
            state: Mutex::default(),
            dispatcher,
            requests: AtomicU64::new(0),
            killed: AtomicBool::new(false),
            canceled: AtomicBool::new(false),
        }
    }

    /// Asks for something, and waits until it is answered or the worker ends; that the run is canceled it is told in between.
    pub(super) fn ask(
        &self,
        inputs: &[Vec<u8>],
        request: impl FnOnce(u64) -> ToWorker,
        run: &Cancel,
    ) -> Result<Answer, FrameError> {
        let id = self.requests.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = sync_channel(1);
        let answered: Receiver<Answer> = answered;
        {
            let mut state = self.state();
            if let Some(death) = &state.death {
                return Ok(Err(Arc::clone(death)));
            }
            state.waiting.insert(id, answer);
        }
        match self.send(&request(id), inputs) {
            Ok(()) => {}
            // It has ended, and whoever minds it will say how.
            Err(FrameError::Io(_)) => {}
            Err(refused) => {
                self.state().waiting.remove(&id);
                return Err(refused);
            }
        }
        // Whoever canceled the run may not have known that this one works for it.
        if run.is_canceled() {
            self.send_soon(ToWorker::Cancel);
        }
        answered.recv().map_err(|error| FrameError::Malformed(error.to_string()))
    }

    /// Says it, and waits until it is said.
    pub(super) fn send(&self, message: &ToWorker, body: &[Vec<u8>]) -> Result<(), FrameError> {
        let sent = {
            let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
            let body = body.iter().map(Vec::as_slice);
            around(message.boundary(), || frame::write(&mut *socket, message, body))
        };
        self.say_rest();
        sent
    }

    /// Says it for one who must not wait: if someone else is saying something, he says this too.
    pub(super) fn send_soon(&self, message: ToWorker) {
        self.unsaid().push(message);
        self.say_rest();
    }

    /// Who finds the way taken need not do anything: whoever has it looks when he has let go of it.
    fn say_rest(&self) {
        while !self.unsaid().is_empty() {
            let mut socket = match self.socket.try_lock() {
                Ok(socket) => socket,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            let unsaid = std::mem::take(&mut *self.unsaid());
            for message in unsaid {
                // If it has ended, whoever minds it will say how.
                let _ =
                    around(message.boundary(), || frame::write(&mut *socket, &message, std::iter::empty()));
            }
        }
    }

    fn unsaid(&self) -> MutexGuard<'_, Vec<ToWorker>> {
        self.unsaid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands an answer to the one who waits for it; false if nobody does.
    pub(super) fn answer(&self, id: u64, answer: Answer) -> bool {
        let waiting = self.state().waiting.remove(&id);
        waiting.is_some_and(|waiting| around("worker.answer", || waiting.send(answer).is_ok()))
    }

    /// Answers a question of its code. If that is gone, so is whoever asked.
    pub(super) fn tell(&self, id: u64, answer: super::ask::Answer) {
        let (refused, body) = match answer {
            Ok(body) => (None, body),
            Err(refused) => (Some(Told::of(&refused)), Vec::new()),
        };
        if let Err(error @ FrameError::TooLarge(_)) = self.send(&ToWorker::Answer { id, refused }, &[body]) {
            let failure = Failure::new(format!("what the step asked for cannot be sent: {error}"));
            let refused = Some(Told::of(&failure.hint("ask for less at once, with a limit")));
            let _ = self.send(&ToWorker::Answer { id, refused }, &[]);
        }
    }

    /// Says whose lines come from now on.
    pub(super) fn serve(&self, attempt: Option<(StepPath, u32)>) {
        self.state().serves = attempt;
    }

    /// Whether it works for nobody any more. Whoever minds it kills it too, when it has ended by itself.
    pub(super) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    /// Tells the run of a line of its attempt, or of none.
    pub(super) fn log(&self, of_step: bool, level: LogLevel, target: &str, message: String, fields: Fields) {
        let Some(dispatcher) = self.dispatcher.upgrade() else { return };
        let serves = if of_step { self.state().serves.clone() } else { None };
        let (step, attempt) = serves.map_or((None, 0), |(path, attempt)| (Some(path), attempt));
        let target = target.into();
        dispatcher.report_line(Message::Log { step, attempt, level, target, message, fields });
    }

    /// Kills it, and all that it has started and not let go of.
    pub(super) fn kill(&self) {
        self.killed.store(true, Ordering::Release);
        // Locked, it has been killed and is waited for.
        if let Ok(process) = self.process.try_lock()
            && let Some(process) = *process
        {
            // It may have ended by itself just now.
            let _ = kill_process_group(process, Signal::KILL);
        }
    }

    /// Kills it, since the run is canceled and its time is over.
    pub(super) fn cancel(&self) {
        self.canceled.store(true, Ordering::Release);
        self.kill();
    }

    pub(super) fn was_canceled(&self) -> bool {
        self.canceled.load(Ordering::Acquire)
    }

    /// Its process has been waited for by `wait`.
    pub(super) fn reap<R>(&self, wait: impl FnOnce() -> R) -> R {
        // Locked, so that nobody kills another process that has got its number.
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let status = wait();
        *process = None;
        status
    }

    /// Tells all who wait that it has ended.
    pub(super) fn died(&self, death: Death) {
        let death = Arc::new(death);
        let waiting = {
            let mut state = self.state();
            state.death = Some(Arc::clone(&death));
            std::mem::take(&mut state.waiting)
        };
        for waiting in waiting.into_values() {
            let _ = waiting.send(Err(Arc::clone(&death)));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a log line says besides its message.
pub(super) type Fields = std::collections::BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn what_is_to_be_said_while_someone_speaks_is_said_when_he_has_ended() {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        let worker = Worker::new(0, None, ours, None, Weak::new());
        // More than lies between the two, so that who says it waits until it is read.
        let long = [vec![7; 8 << 20]];
        let heard: Vec<ToWorker> = thread::scope(|scope| {
            scope.spawn(|| {
                worker.send(&ToWorker::Answer { id: 1, refused: None }, &long).expect("it is said");
            });
            while worker.socket.try_lock().is_ok() {
                thread::yield_now();
            }
            worker.send_soon(ToWorker::Cancel);
            worker.send_soon(ToWorker::End);
            let heard =
                (0..3).map(|_| frame::read(&mut theirs).expect("it is whole").expect("it is there").0);
            heard.collect()
        });
        let heard: Vec<_> = heard.iter().map(ToWorker::boundary).collect();
        assert_eq!(heard, ["worker.told", "worker.cancel", "worker.end"]);
    }
}
