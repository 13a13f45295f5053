//! Backups and what follows a restore: whom they are encrypted to, when the last one was made, and the tokens that are held
//! because nobody knows what was revoked after it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::bech32;
use super::id::TokenId;
use super::time::Timestamp;

const PREFIX: &str = "age";

/// The public half of a recovery key, `age1…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Recipient(pub [u8; 32]);

/// The text is no X25519 recipient of age's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidRecipient;

impl fmt::Display for InvalidRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an age recipient begins with age1 and has 62 characters")
    }
}

impl std::error::Error for InvalidRecipient {}

impl FromStr for Recipient {
    type Err = InvalidRecipient;

    fn from_str(text: &str) -> Result<Self, InvalidRecipient> {
        bech32::decode(PREFIX, text).map(Self).ok_or(InvalidRecipient)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        bech32::encode(PREFIX, &self.0, &mut text);
        f.pad(&text)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?
                .parse()
                .map_err(de::Error::custom)
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Self)
        }
    }
}

/// What the store knows of its backups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backups {
    /// Whom they are for; the recovery key is its other half.
    pub recipient: Option<Recipient>,
    /// The last one.
    pub last: Option<LastBackup>,
}

/// A backup that was made, and read back whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    /// When.
    pub at: Timestamp,
    /// The newest commit that is in it.
    pub sequence: u64,
    /// The file.
    pub path: String,
}

/// Set when a backup was restored and what came after it is lost: revocations among it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Tokens minted up to here are held; a later one was minted after the restore.
    pub since: Timestamp,
    /// When the backup was made.
    pub backup_at: Timestamp,
    /// The newest commit that was in it.
    pub backup_sequence: u64,
    /// Those that an admin released, in order.
    pub released: Vec<TokenId>,
}

impl Hold {
    /// The most tokens that are released one by one: the record has to stay small.
    pub const MAX_RELEASED: usize = 1_500;

    /// Whether this token waits to be released.
    #[must_use]
    pub fn holds(&self, token: TokenId, minted_at: Timestamp) -> bool {
        minted_at <= self.since && self.released.binary_search(&token).is_err()
    }

    /// Releases one more; whether it was held.
    pub fn release(&mut self, token: TokenId) -> bool {
        match self.released.binary_search(&token) {
            Ok(_) => false,
            Err(place) => {
                self.released.insert(place, token);
                true
            }
        }
    }
}
