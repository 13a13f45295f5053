//! Tab 1: the organization's key pair.

mod model;
mod update;
mod view;

pub use model::{Model, Tag};
pub use update::update;
pub use view::view;
