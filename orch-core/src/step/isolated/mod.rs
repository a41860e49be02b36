//! Steps in processes of their own: workers that are this very program, started once more.
//!
//! The process of the run has a [`Pool`] of them. A worker has one socket, which it was given as its stdin; `frame` says
//! what a message looks like there, `message` which there are. `minder` is the thread that starts a worker, reads what it
//! sends and writes, and tells how it ended (`exit`); `host` is what others have of it, `call` what they ask of it. On the
//! other side `worker` does what it is asked for, `attempt` by `attempt`. What code there wants to know of the instance it asks back
//! (`ask`), and is told what a step in the process of the run is told.
//!
//! A worker is kept for the next step, of the same op or another, and nothing cleans it in between. What a step leaves
//! behind in it lives on: a thread or a task may print, which is told as the next step's, and may crash, which ends the
//! attempt that the worker has in hand then. Only what runs at the same time is kept apart from it.

mod ask;
mod attempt;
mod call;
mod exit;
mod frame;
mod host;
mod message;
mod minder;
mod output;
mod pool;
mod worker;

pub(crate) use ask::{AtHost, Informant};
pub(crate) use call::Call;
pub(crate) use message::{Begin, Logs, Variables};
pub(crate) use pool::Pool;
pub(super) use worker::ToHost;
pub(crate) use worker::{Prepared, Surroundings, is_worker, serve};

/// The argument of a process that is to be a worker. It is not inherited, as variables are, by what the worker starts.
const ARGUMENT: &str = "orch-worker";

/// The environment variable of such a process: the number of the process that has started it.
const VARIABLE: &str = "ORCH_WORKER";
