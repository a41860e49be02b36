use std::io::{BufReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{ioctl_fionbio, ioctl_fionread};
use rustix::process::Pid;

use super::ask::{self, Informant, Question};
use super::exit::{Death, killed_for_memory};
use super::frame::{self, FrameError};
use super::host::Worker;
use super::message::{Begin, FromWorker, HELLO, ToWorker};
use super::output::{Lines, Pipe, Tail};
use super::pool::Pool;
use super::{ARGUMENT, VARIABLE};
use crate::engine::Dispatcher;
use crate::event::LogLevel;
use crate::failure::Failure;
use crate::ids::StepPath;
use crate::io::start_process;

/// How long a process may take to say that it is a worker.
const LIMIT: Duration = Duration::from_secs(30);

/// How long it may take from then until it can be called: it makes the definitions, which is the user's code.
const READY: Duration = Duration::from_secs(120);

/// What a worker is started with.
pub(super) struct Start {
    /// The ticket of what it is started for.
    pub(super) ticket: u64,
    pub(super) number: u64,
    pub(super) memory: Option<u64>,
    /// The attempt that it is started for.
    pub(super) attempt: (StepPath, u32),
    pub(super) begin: Arc<Begin>,
    pub(super) informant: Arc<Informant>,
    pub(super) dispatcher: Weak<Dispatcher>,
    pub(super) pool: Weak<Pool>,
}

/// Whoever waits for a worker to be ready.
pub(super) type Ready = SyncSender<Result<Arc<Worker>, Failure>>;

/// Starts a worker and minds it until it has ended: the body of a thread that does nothing else. It is the one that reads
/// what the worker sends and writes, so that of one worker all is told in order.
pub(super) fn mind(start: Start, ready: &Ready) {
    let before = killed_for_memory();
    let (mut child, socket) = match spawn() {
        Ok(spawned) => spawned,
        Err(error) => {
            let failure = Failure::from(error).context("no process can be started for the step");
            let _ = ready.send(Err(failure));
            return start.pool.upgrade().iter().for_each(|pool| pool.never_was());
        }
    };
    let Start { ticket, number, memory, attempt, begin, informant, dispatcher, pool } = start;
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (reading, writing) = match socket.try_clone() {
        Ok(reading) => (Some(reading), socket),
        Err(_) => (None, socket),
    };
    let worker = Arc::new(Worker::new(number, memory, writing, process, dispatcher));
    worker.serve(Some(attempt));
    // From here on it can be killed.
    pool.upgrade().iter().for_each(|pool| pool.has(&worker, ticket));
    let mut minder = Minder {
        worker: Arc::clone(&worker),
        ready: Some(ready),
        begin,
        informant,
        pool: pool.clone(),
        out: Output { pipe: stdout, lines: Lines::new(), level: LogLevel::Info, target: "stdout" },
        err: Output { pipe: stderr, lines: Lines::new(), level: LogLevel::Warn, target: "stderr" },
        tail: Tail::default(),
        said_hello: false,
    };
    let minded = catch_unwind(AssertUnwindSafe(|| minder.mind(reading)));
    let broken = match minded {
        Ok(Ok(())) => None,
        // A process that dies while it sends something is one that died.
        Ok(Err(FrameError::Io(_))) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("whoever minded it panicked".to_owned()),
    };
    worker.kill();
    let status = worker.reap(|| child.wait().ok());
    // Whoever waits for the worker must hear that it is gone, whatever becomes of its last words.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        minder.drain();
        minder.finish();
    }));
    let after = killed_for_memory();
    let out_of_memory = before.zip(after).is_some_and(|(before, after)| after > before);
    let canceled = worker.was_canceled();
    let death = Death {
        status,
        began: minder.ready.is_none(),
        broken,
        canceled,
        tail: minder.tail,
        memory,
        out_of_memory,
    };
    if let Some(ready) = minder.ready {
        let _ = ready.send(Err(not_ready(&death, minder.said_hello)));
    }
    pool.upgrade().iter().for_each(|pool| pool.died(&worker));
    worker.died(death);
}

/// The process of this program, once more: a leader of a group, so that what it starts can be killed with it.
fn spawn() -> std::io::Result<(Child, UnixStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    // What it is and not what stands there by now: the file may have been replaced since.
    let program = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
    let mut command = Command::new(program);
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    command.arg(ARGUMENT).env(VARIABLE, std::process::id().to_string());
    command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = start_process("worker.spawn", command.process_group(0))?;
    for fd in [child.stdout.as_ref().map(ioctl_out), child.stderr.as_ref().map(ioctl_err)] {
        fd.transpose()?;
    }
    Ok((child, ours))
}

fn ioctl_out(pipe: &ChildStdout) -> std::io::Result<()> {
    Ok(ioctl_fionbio(pipe, true)?)
}

fn ioctl_err(pipe: &ChildStderr) -> std::io::Result<()> {
    Ok(ioctl_fionbio(pipe, true)?)
}

/// Why a process did not become a worker.
fn not_ready(death: &Death, said_hello: bool) -> Failure {
    let failure = death.failure().context("the process for the step did not begin to work");
    match said_hello {
        true => failure,
        false => failure.hint(
            "a program whose steps run in processes of their own is started once more for them: its `main` begins with \
             `orch::run::worker(..)`, before it reads arguments, prints or starts anything; `#[orch::main]` does so",
        ),
    }
}

struct Minder<'a> {
    worker: Arc<Worker>,
    /// Until it is ready.
    ready: Option<&'a Ready>,
    begin: Arc<Begin>,
    informant: Arc<Informant>,
    pool: Weak<Pool>,
    out: Output<ChildStdout>,
    err: Output<ChildStderr>,
    tail: Tail,
    said_hello: bool,
}

impl Minder<'_> {
    /// Until the worker ends, which is when it closes its socket.
    fn mind(&mut self, socket: Option<UnixStream>) -> Result<(), FrameError> {
        let Some(socket) = socket else { return Err(std::io::Error::other("no descriptor is left").into()) };
        let mut limit = Instant::now() + LIMIT;
        let mut socket = BufReader::with_capacity(64 << 10, socket);
        loop {
            let left = self.left(limit)?;
            // What has been read already wakes nobody.
            if socket.buffer().is_empty() && !self.wait(socket.get_ref(), left)? {
                continue;
            }
            if !self.said_hello {
                self.hello(&mut socket, limit)?;
                limit = Instant::now() + READY;
                continue;
            }
            let Some((message, body)) = frame::read(&mut socket)? else { return Ok(()) };
            self.take(message, body)?;
        }
    }

    /// How long it may still take to be ready; none if it is.
    fn left(&self, limit: Instant) -> Result<Option<Duration>, FrameError> {
        if self.ready.is_none() {
            return Ok(None);
        }
        let left = limit.checked_duration_since(Instant::now());
        left.map(Some).ok_or_else(|| {
            FrameError::Malformed(match self.said_hello {
                false => format!("nothing, for {} seconds", LIMIT.as_secs()),
                true => format!("not that it is ready, for {} seconds", READY.as_secs()),
            })
        })
    }

    /// Waits for something to read, but no longer than this; true if it is a message.
    fn wait(&mut self, socket: &UnixStream, most: Option<Duration>) -> Result<bool, FrameError> {
        let most = most.and_then(|most| Timespec::try_from(most).ok());
        let mut fds = vec![PollFd::new(socket, PollFlags::IN)];
        fds.extend(self.out.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        fds.extend(self.err.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        match poll(&mut fds, most.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
        let is_message = !fds[0].revents().is_empty();
        let is_output = fds[1..].iter().any(|fd| !fd.revents().is_empty());
        drop(fds);
        if is_output && !is_message {
            self.drain();
        }
        Ok(is_message)
    }

    /// The first bytes say what it is; anything else is no worker.
    fn hello(&mut self, socket: &mut BufReader<UnixStream>, limit: Instant) -> Result<(), FrameError> {
        let left = limit.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        socket.get_ref().set_read_timeout(Some(left))?;
        let mut hello = [0; HELLO.len()];
        socket.read_exact(&mut hello)?;
        socket.get_ref().set_read_timeout(None)?;
        if hello != HELLO {
            return Err(FrameError::Malformed("it is not the hello of a worker".to_owned()));
        }
        self.said_hello = true;
        let begin = ToWorker::Begin { memory: self.worker.memory, begin: Arc::clone(&self.begin) };
        self.worker.send(&begin, &[])
    }

    fn take(&mut self, message: FromWorker, body: Vec<u8>) -> Result<(), FrameError> {
        // What was written before a message was sent is in the pipes by now.
        self.drain();
        match message {
            FromWorker::Ready => {
                if let Some(ready) = self.ready.take() {
                    let _ = ready.send(Ok(Arc::clone(&self.worker)));
                }
            }
            FromWorker::Refused(told) => {
                if let Some(ready) = self.ready.take() {
                    let _ = ready.send(Err(told.into_failure()));
                }
            }
            FromWorker::Log { of_step, level, target, message, fields } => {
                self.worker.log(of_step, level, &target, message, fields);
            }
            FromWorker::Ask { id, question } => self.answer(id, question),
            FromWorker::Released => self.pool.upgrade().iter().for_each(|pool| pool.put_back(&self.worker)),
            FromWorker::Returned { id, .. }
            | FromWorker::Failed { id, .. }
            | FromWorker::Item { id, .. }
            | FromWorker::Ended { id } => {
                self.finish();
                self.tail.clear();
                if !self.worker.answer(id, Ok((message, body))) {
                    return Err(FrameError::Malformed("it answers what nobody has asked".to_owned()));
                }
            }
        }
        Ok(())
    }

    /// Answers what code asks, on a thread of its own: an instance may take its time, and what the worker goes on to write is to be
    /// read.
    fn answer(&self, id: u64, question: Question) {
        let (worker, informant) = (Arc::clone(&self.worker), Arc::clone(&self.informant));
        let answer = move || worker.tell(id, ask::answer(&informant, question));
        if let Err(error) = thread::Builder::new().name("orch-asked".to_owned()).spawn(answer) {
            let failure = Failure::from(error).context("no thread can be started to answer the step");
            self.worker.tell(id, Err(failure));
        }
    }

    /// Tells all that the worker has written by now, and not what it goes on to write: whoever prints without end would
    /// keep its messages from being read.
    fn drain(&mut self) {
        self.out.drain(&self.worker, &mut self.tail);
        self.err.drain(&self.worker, &mut self.tail);
    }

    /// Tells what has no end of a line, since nothing more of it will come.
    fn finish(&mut self) {
        self.out.finish(&self.worker, &mut self.tail);
        self.err.finish(&self.worker, &mut self.tail);
    }
}

/// One of the pipes that a worker writes to.
struct Output<P> {
    /// None when nobody writes to it any more.
    pipe: Option<P>,
    lines: Lines,
    level: LogLevel,
    target: &'static str,
}

impl<P: Read + AsFd> Output<P> {
    fn drain(&mut self, worker: &Worker, tail: &mut Tail) {
        let Self { pipe, lines, level, target } = self;
        let Some(open) = pipe else { return };
        // If nobody says how much there is, it is a little at a time.
        let there = ioctl_fionread(&*open).unwrap_or(0);
        let read = lines.read(open, there, |line| tell(worker, tail, *level, target, line));
        if read == Pipe::Closed {
            *pipe = None;
        }
    }

    fn finish(&mut self, worker: &Worker, tail: &mut Tail) {
        let Self { lines, level, target, .. } = self;
        lines.finish(|line| tell(worker, tail, *level, target, line));
    }
}

fn tell(worker: &Worker, tail: &mut Tail, level: LogLevel, target: &str, line: String) {
    tail.push(line.clone());
    worker.log(true, level, target, line, Default::default());
}
