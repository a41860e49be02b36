use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

use orch_core::graph::composing;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<Option<Caught>> = const { RefCell::new(None) };
}

/// A panic of code that makes the definitions.
pub(super) struct Caught {
    /// The job whose body it happened in, if it was one.
    job: Option<String>,
    message: String,
    place: Option<String>,
}

impl Caught {
    /// What happened where, for the user.
    pub(super) fn text(&self) -> String {
        let place = self.place.as_ref().map_or_else(String::new, |place| format!("\n  --> {place}"));
        let whose = match &self.job {
            Some(job) => format!("the body of the job `{job}`"),
            None => "the function that makes the definitions of this program".to_owned(),
        };
        format!("{whose} panicked: {}{place}", self.message)
    }
}

/// Runs code of the user's before there is a run. A panic in it is given back instead of being printed.
///
/// Job and place are known only to the panic hook. All other panics go to the hook that was there before, and so do these
/// if a backtrace was asked for.
pub(super) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, Caught> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if !CATCHING.get() {
                return before(info);
            }
            CAUGHT.set(Some(Caught {
                job: composing(),
                message: info.payload_as_str().unwrap_or("with a value that is no text").to_owned(),
                place: info.location().map(ToString::to_string),
            }));
            if std::env::var_os("RUST_BACKTRACE").is_some_and(|wanted| wanted != "0") {
                before(info);
            }
        }));
    });
    let outer = CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(code));
    CATCHING.set(outer);
    result.map_err(|_| {
        // One that the code had caught and resumes passes no hook.
        let message = "without a message".to_owned();
        CAUGHT.take().unwrap_or(Caught { job: None, message, place: None })
    })
}
