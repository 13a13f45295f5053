//! The use cases: everything that anybody can ask, answered over ports.

pub mod error;
pub mod ports;
pub mod request;
pub mod response;

pub use error::{Code, Error};
pub use request::{Actor, Request};
pub use response::{Event, Response};
