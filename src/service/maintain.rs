//! What the service does by itself: now and then while it is open, and at its end.

use super::Service;
use super::error::Error;

impl Service {
    /// Does what is due. Called every few seconds.
    ///
    /// # Errors
    /// The first thing that could not be done; the others were, and it is tried again.
    pub fn maintain(&self) -> Result<(), Error> {
        self.retry_erasure();
        let done = [
            self.log_opening(),
            self.keep_time(false),
            self.tell_untold(),
            self.rehash_met(),
            self.finish_quiet(),
            self.ports.store.maintain().map_err(Error::from),
            self.log_opening(),
            self.checkpoint_log(false),
        ];
        done.into_iter().collect()
    }

    /// Writes what is still to be written, before the service is let go.
    ///
    /// # Errors
    /// The first thing that could not be written; the others were.
    pub fn close(&self) -> Result<(), Error> {
        self.end_verification();
        let done = [
            self.maintain(),
            self.keep_time(true),
            self.checkpoint_log(true),
            self.write_usage(),
        ];
        done.into_iter().collect()
    }
}
