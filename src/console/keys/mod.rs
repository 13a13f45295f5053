//! Tab 1: the organization's key pair, its use and its history; the private half is never seen.

mod finding;
mod model;
mod rotate;
mod try_out;
mod update;
mod view;

pub use model::{Format, Model, Tag};
pub use update::update;
pub use view::view;
