//! What a gateway and a daemon say to each other over the private socket: paths, headers, and the bodies that are not the
//! vocabulary itself. Both sides use these, so that they cannot differ.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::secret::Secret;
use crate::service::Error;

/// `POST`: a `Request` in JSON; answered with a `Response`.
pub const COMMAND: &str = "/v1/command";
/// `GET`: a `StoreState`.
pub const STATE: &str = "/v1/state";
/// `POST`: a [`Passphrase`] opens the store.
pub const UNLOCK: &str = "/v1/unlock";
/// `GET`: a `SealStatus`; `POST` with a `SealChoice`: the seal is rotated, and the answer is the new status.
pub const SEAL: &str = "/v1/seal";
/// `GET`: every `Event` from now on, one a line, and an empty line every [`HEARTBEAT`].
pub const EVENTS: &str = "/v1/events";

/// The sign-in that a request goes with, as 32 hexadecimal digits.
pub const SESSION: &str = "x-strongroom-session";
/// What names a change for good: a ULID. A repeated one is not done twice.
pub const REQUEST_ID: &str = "x-request-id";
/// The only cashier that may act (`--as`); takes rights away and gives none.
pub const FIXED_EMAIL: &str = "x-strongroom-as";
/// `1`: nothing may be changed.
pub const READ_ONLY: &str = "x-strongroom-read-only";
/// The SSH client's address, as the peer says it.
pub const ADDRESS: &str = "x-strongroom-address";

/// How often the daemon says on the feed that it is there.
pub const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(10);

/// What opens a sealed store.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Passphrase {
    /// The passphrase.
    #[serde(with = "crate::service::exposed")]
    pub passphrase: Secret,
}

/// The body of every answer that is none: `{"error":{…}}`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// What happened.
    pub error: Error,
}
