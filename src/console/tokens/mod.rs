//! Tab 2: the organization's tokens.

mod model;
mod update;
mod view;

pub use model::{Model, Tag};
pub use update::update;
pub use view::view;
