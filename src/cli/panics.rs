use std::cell::{Cell, RefCell};
use std::ffi::OsStr;
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
    /// Whether a backtrace was asked for.
    traced: bool,
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

    /// How to find out more, unless that was done.
    pub(super) fn hint(&self) -> Option<&'static str> {
        (!self.traced).then_some("with RUST_BACKTRACE=1 it is told how the program came there")
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
            let traced = trace_wanted();
            CAUGHT.set(Some(Caught {
                job: composing(),
                message: info.payload_as_str().unwrap_or("with a value that is no text").to_owned(),
                place: info.location().map(ToString::to_string),
                traced,
            }));
            if traced {
                before(info);
            }
        }));
    });
    let outer = CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(code));
    CATCHING.set(outer);
    result.map_err(|payload| {
        CAUGHT.take().unwrap_or_else(|| {
            // It has passed no hook, or one that the code has set: it says what it says, and not where.
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            let message = text.unwrap_or_else(|| "with a value that is no text".to_owned());
            Caught { job: None, message, place: None, traced: trace_wanted() }
        })
    })
}

fn trace_wanted() -> bool {
    asks_for_trace(std::env::var_os("RUST_BACKTRACE").as_deref())
}

/// Whether this value of `RUST_BACKTRACE` asks for a backtrace.
fn asks_for_trace(wanted: Option<&OsStr>) -> bool {
    wanted.is_some_and(|wanted| wanted != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_passes_no_hook_is_told_all_the_same() {
        let worker = catch(|| std::panic::resume_unwind(Box::new("no disk".to_owned())));
        let told = worker.map(|()| String::new()).unwrap_or_else(|caught| caught.text());
        assert_eq!(told, "the function that makes the definitions of this program panicked: no disk");
    }

    #[test]
    fn who_asked_for_a_backtrace_is_not_told_to_ask() {
        let hint = |wanted: Option<&str>| {
            let traced = asks_for_trace(wanted.map(OsStr::new));
            Caught { job: None, message: "no".to_owned(), place: None, traced }.hint()
        };
        assert!(hint(None).is_some() && hint(Some("0")).is_some());
        assert_eq!((hint(Some("1")), hint(Some("full"))), (None, None));
    }
}
