//! The console's loop, after Elm: messages in, `update` changes the model and names effects, `view` draws it.
//!
//! * Nothing here does anything: asking, copying and writing are [`Effect`]s, performed on worker threads by
//!   [`perform`]; what came of them returns as a [`Message`] that carries the time. So tests need no threads.
//! * A screen is a folder (`model.rs update.rs view.rs`) with a `Model` in [`Model`]; a dialog is a
//!   [`Dialog`] on the stack. Both get [`News`] and a [`Desk`] to ask, open dialogs and leave notes; what they asked
//!   is answered to them and nobody else.
//! * A request refused with `SignInRequired` opens the sign-in and is asked again afterwards: no screen cares.

pub mod desk;
pub mod dialog;
pub mod frame;
pub mod message;
pub mod model;
mod orders;
pub mod perform;
pub mod update;
pub mod view;

pub use desk::{Desk, Facts};
pub use dialog::{Dialog, Fate};
pub use message::{Ask, Asker, Clip, Copied, Effect, Message, News, Tag, Work};
pub use model::{Model, Screen, Setup, Stage};
pub use perform::Performer;
pub use update::update;
pub use view::view;
