use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

use super::Failure;

thread_local! {
    // Nothing to drop, so it is there as long as its thread.
    static IN_CODE: Cell<bool> = const { Cell::new(false) };
    static PANIC_PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn set_panic_place(place: Option<String>) -> Option<String> {
    PANIC_PLACE.try_with(|present| present.replace(place)).ok().flatten()
}

/// Runs code of the user's. A panic in it becomes a failure that names the place, once [`catch_places`] was called.
pub(crate) fn caught<R>(code: impl FnOnce() -> R) -> Result<R, Failure> {
    let outer = IN_CODE.replace(true);
    // Of a panic that the code caught itself; one that it resumes later passes no hook, and has no place to tell.
    set_panic_place(None);
    // The values that panicking code held are dropped with it.
    let result = catch_unwind(AssertUnwindSafe(code));
    IN_CODE.set(outer);
    result.map_err(|payload| Failure::panic(panic_message(&*payload), set_panic_place(None)))
}

/// What `code` gives, or what it says when it panics; on stderr there is no word of it.
pub(crate) fn quietly<R>(code: impl FnOnce() -> R) -> Result<R, Failure> {
    catch_places();
    caught(code)
}

/// Has panics in a user's code remember their place instead of being printed: they are told as a failure.
///
/// The place is known only to the panic hook. All other panics go to the hook that was there before.
pub(crate) fn catch_places() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            // Where a panic ends the process, nobody would be left to tell it.
            if cfg!(panic = "unwind") && IN_CODE.get() {
                set_panic_place(info.location().map(ToString::to_string));
            } else {
                before(info);
            }
        }));
    });
}

/// What a panic says.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a value that is not text".to_owned(),
    }
}
