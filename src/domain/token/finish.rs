//! How the overlap of a rotation ends for the old token.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What ends an old token's overlap; its end at the latest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// Its end.
    #[default]
    AtEnd,
    /// Nobody used it for so long, and its successor was seen.
    WhenQuiet {
        /// Hours without a use.
        hours: u8,
    },
}
