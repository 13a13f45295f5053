//! Dialogs that belong to no screen.

pub mod command_line;
pub mod help;
pub mod organizations;
pub mod quit;
pub mod sign_in;
pub mod write_file;
