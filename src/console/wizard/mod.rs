//! The wizard: makes the store, the first organization, its key pair and the first admin.

mod model;
mod update;
mod view;

pub use model::{Wizard, sizes};
