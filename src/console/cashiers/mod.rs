//! Tab 4: the cashiers.

mod model;
mod update;
mod view;

pub use model::{Model, Tag};
pub use update::update;
pub use view::view;
