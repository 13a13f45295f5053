//! What became of what the daemon tells outside: kept beside the store, by whoever delivers it.

use super::StoreError;
use crate::domain::delivery::Deliveries;

/// Where deliveries are looked up.
pub trait DeliveryLog: Send + Sync {
    /// How they go.
    ///
    /// # Errors
    /// It cannot be read, or others could have written it.
    fn deliveries(&self) -> Result<Deliveries, StoreError>;
}
