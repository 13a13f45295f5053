//! Tab 5: the guide for the people who write clients, with this organization's key in its samples.

mod model;
mod rows;
mod update;
mod view;

pub use model::Model;
pub use update::update;
pub use view::view;
