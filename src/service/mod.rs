//! The use cases: everything that anybody can ask, answered over ports.

pub mod ports;
