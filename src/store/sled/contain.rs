//! sled panics on files that it finds damaged: here such a panic becomes an error, and its text stays off the terminal.
//!
//! The console owns the screen, so the process' panic hook must not print what is caught here. `wiring` installs a hook
//! that asks [`is_contained`] first:
//!
//! ```ignore
//! let print = std::panic::take_hook();
//! std::panic::set_hook(Box::new(move |info| {
//!     if !store::sled::contain::is_contained() {
//!         print(info);
//!     }
//! }));
//! ```

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is caught here, or ends nothing but one of sled's own threads: to be asked in the
/// panic hook, before it prints.
#[must_use]
pub fn is_contained() -> bool {
    // The names that sled 0.34 gives its threads.
    let is_sled_s = |name: &str| name == "log flusher" || name.starts_with("sled-io-");
    CONTAINED.with(Cell::get) || std::thread::current().name().is_some_and(is_sled_s)
}

/// Runs `call`; a panic in it becomes its message.
///
/// What `call` borrows may be half-changed after a panic: the caller must not use it again.
pub(super) fn contain<R>(call: impl FnOnce() -> R) -> Result<R, String> {
    let before = CONTAINED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(call));
    CONTAINED.set(before);
    result.map_err(|payload| message(payload.as_ref()))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    // sled's messages can hold pages in full; the first line says what it was.
    let line = text
        .unwrap_or("a panic without a text")
        .lines()
        .next()
        .unwrap_or_default();
    line.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message_and_is_known_as_contained_while_it_happens() {
        assert!(!is_contained());
        assert_eq!(contain(is_contained), Ok(true));
        assert_eq!(
            contain(|| panic!("page {}\nmore", 7)),
            Err::<(), _>("page 7".to_owned())
        );
        assert!(!is_contained());
    }
}
