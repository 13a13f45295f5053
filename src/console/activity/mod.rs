//! Tab 3: the audit log.

mod detail;
mod held;
mod model;
mod title;
mod update;
mod view;

pub use model::{Model, Tag};
pub use update::update;
pub use view::view;
