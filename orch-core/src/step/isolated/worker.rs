use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use futures::future::BoxFuture;
use rustix::process::{Resource, Rlimit, Signal, kill_current_process_group, setrlimit};

use super::ask::AtHost;
use super::attempt::Attempts;
use super::frame::{self, FrameError};
use super::message::{Begin, FromWorker, HELLO, ToWorker, Told};
use super::{ARGUMENT, VARIABLE};
use crate::define::{Cancel, RunContext};
use crate::event::LogLevel;
use crate::failure::{Failure, catch_places, quietly};
use crate::io::around;
use crate::plan::Program;

/// What a worker needs of the run that it works for.
pub(crate) struct Prepared {
    pub(crate) program: Arc<Program>,
    pub(crate) run: Arc<RunContext>,
    pub(crate) surroundings: Box<dyn Surroundings>,
}

/// What surrounds the steps of a worker. The port stands here; `run` implements it.
pub(crate) trait Surroundings: Send + Sync {
    /// Opens what this step of the plan needs and is not open yet.
    fn open(&self, step: usize) -> BoxFuture<'_, Result<(), Failure>>;

    /// Closes what is open.
    fn close(&self) -> BoxFuture<'_, Result<(), Failure>>;
}

/// Whether this process was started to be a worker.
pub(crate) fn is_worker() -> bool {
    std::env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT)
        && std::env::var_os(VARIABLE).is_some()
}

/// Works for a run of another process until that has nothing more to do, or is gone. `prepare` is given the token by which
/// the run is canceled, and whom code may ask.
pub(crate) fn serve(prepare: impl FnOnce(Begin, Cancel, Arc<AtHost>) -> Result<Prepared, Failure>) -> ! {
    catch_places();
    let ended = socket().map_err(FrameError::from).and_then(|socket| work(socket, prepare));
    match ended {
        Ok(()) => exit(0),
        Err(error) => {
            // Whoever has started it reads this.
            let _ = writeln!(io::stderr(), "this process was started to work for a run, and cannot: {error}");
            exit(2)
        }
    }
}

/// The socket that is the stdin of this process. The code of steps, and what it starts, gets none.
fn socket() -> io::Result<UnixStream> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    socket.local_addr()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(socket)
}

fn work(
    mut socket: UnixStream,
    prepare: impl FnOnce(Begin, Cancel, Arc<AtHost>) -> Result<Prepared, Failure>,
) -> Result<(), FrameError> {
    around("reply.hello", || socket.write_all(&HELLO))?;
    let mut reading = io::BufReader::with_capacity(64 << 10, socket.try_clone()?);
    let to_host = Arc::new(ToHost(Mutex::new(socket)));
    let Some((ToWorker::Begin { memory, begin }, _)) = frame::read(&mut reading)? else {
        return Err(FrameError::Malformed("nobody says what the run is".to_owned()));
    };
    if let Some(bytes) = memory {
        // Before any code of the user's.
        let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
        setrlimit(Resource::Data, limit).map_err(io::Error::from)?;
    }
    let cancel = Cancel::new();
    let (asks, asked) = channel();
    let (canceled, host) = (cancel.clone(), AtHost::new(&to_host));
    let answers = Arc::clone(&host);
    let reader = thread::Builder::new().name("orch-host".to_owned());
    reader.spawn(move || listen(&mut reading, &asks, &answers, &canceled))?;
    let prepared =
        quietly(|| prepare(Arc::unwrap_or_clone(begin), cancel, host)).and_then(|prepared| prepared);
    let (prepared, runtime) = match prepared.and_then(|prepared| Ok((prepared, runtime()?))) {
        Ok(prepared) => prepared,
        Err(failure) => return to_host.send(&FromWorker::Refused(Told::of(&failure)), &[]),
    };
    to_host.send(&FromWorker::Ready, &[])?;
    Attempts::new(prepared, to_host, runtime).work(&asked)
}

/// Code of steps may need a reactor, and tasks that run beside it.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Reads what the process of the run asks for. When that is gone, so is this one, with all that it has started.
fn listen(from: &mut impl io::Read, asks: &Sender<(ToWorker, Vec<u8>)>, answers: &AtHost, run: &Cancel) {
    loop {
        match frame::read::<ToWorker>(from) {
            Ok(Some((ToWorker::Cancel, _))) => run.cancel(),
            Ok(Some((ToWorker::Answer { id, refused }, body))) => {
                answers.answered(id, refused.map_or(Ok(body), |refused| Err(refused.into_failure())));
            }
            Ok(Some(asked)) => {
                let _ = asks.send(asked);
            }
            Ok(None) | Err(_) => {
                // It is the leader of its group, which whoever has started it saw to.
                let _ = kill_current_process_group(Signal::KILL);
                exit(1);
            }
        }
    }
}

/// What a worker asks for is done in this order.
pub(super) type Asked = Receiver<(ToWorker, Vec<u8>)>;

/// The way to the process of the run.
#[derive(Debug)]
pub(crate) struct ToHost(Mutex<UnixStream>);

impl ToHost {
    pub(super) fn send(&self, message: &FromWorker, body: &[Vec<u8>]) -> Result<(), FrameError> {
        let mut socket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        around(message.boundary(), || frame::write(&mut *socket, message, body.iter().map(Vec::as_slice)))
    }

    /// Tells of a log line, of the step or of what surrounds it.
    pub(crate) fn log(
        &self,
        of_step: bool,
        level: LogLevel,
        target: &str,
        message: String,
        fields: std::collections::BTreeMap<String, String>,
    ) {
        // If nobody hears it, this process is about to end.
        let _ =
            self.send(&FromWorker::Log { of_step, level, target: target.to_owned(), message, fields }, &[]);
    }
}
