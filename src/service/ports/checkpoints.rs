//! Where the audit log's signed checkpoints are kept: outside the store, so that whoever alters the one has not the other.

use super::StoreError;

/// A file of lines that only grows; what is far back may be thinned out.
pub trait CheckpointLog: Send + Sync {
    /// All lines, the oldest first; none when there is no file.
    ///
    /// # Errors
    /// It cannot be read, or others could have written it.
    fn lines(&self) -> Result<Vec<String>, StoreError>;

    /// Adds a line; durable when it returns.
    ///
    /// # Errors
    /// It could not be written.
    fn append(&self, line: &str) -> Result<(), StoreError>;
}
