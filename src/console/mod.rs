//! The console: what an operator sees and presses.
//!
//! Elm's loop, and nothing hidden: [`App::update`] takes an event with its time and gives effects, [`App::view`] draws;
//! the effects run outside, on worker threads, and their answers come back as events. So every screen is tested by
//! feeding events and drawing into a `TestBackend`, without threads or sleeps.
//!
//! - `runtime`, `terminal`: the loop, and the one place that writes to the terminal.
//! - `input`, `key`, `keymap`: what comes in, and which command a key is.
//! - `theme`, `glyphs`: the only place with colours and signs.
//! - `widgets`: pieces that screens are made of.
//!
//! [`App::update`]: runtime::App::update
//! [`App::view`]: runtime::App::view

pub mod activity;
pub mod app;
pub mod cashiers;
mod encode;
pub mod form;
pub mod glyphs;
pub mod guide;
pub mod health;
pub mod input;
mod input_buffer;
pub mod key;
pub mod keymap;
pub mod keys;
pub mod lock;
pub mod rolled_back;
pub mod runtime;
pub mod screen;
pub mod shared;
pub mod starting;
pub mod stopped;
pub mod terminal;
pub mod theme;
pub mod tokens;
pub mod unlock;
mod watch;
pub mod when;
pub mod widgets;
pub mod wizard;
mod workers;

pub use runtime::run;
