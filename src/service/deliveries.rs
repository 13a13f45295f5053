//! How the daemon's webhooks arrive, for whoever asks.

use std::sync::Arc;

use super::Service;
use super::error::Error;
use super::ports::DeliveryLog;
use super::response::Response;

impl Service {
    /// Says where deliveries are looked up; the first that was said counts. Without one there are none.
    pub fn look_up_deliveries_in(&self, log: Arc<dyn DeliveryLog>) {
        let _ = self.deliveries.set(log);
    }

    pub(super) fn list_deliveries(&self) -> Result<Response, Error> {
        let log = self.deliveries.get();
        let deliveries = log.map(|log| log.deliveries()).transpose()?;
        Ok(Response::Deliveries(deliveries.unwrap_or_default()))
    }
}
