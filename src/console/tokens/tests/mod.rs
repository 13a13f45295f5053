//! The screen by messages: over the real service, and drawn.

pub(super) mod rows;
