//! Tab 4: the people who may sign in. Nobody sets a password on somebody else's behalf: there are one-time codes.

mod add;
mod code;
mod confirm;
mod detail;
mod model;
mod update;
mod view;

pub use model::{Model, Tag};
pub use update::update;
pub use view::view;
