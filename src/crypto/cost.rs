//! What a guess at a password or passphrase costs: argon2id's parameters, and keys derived with them.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// argon2id's memory and passes; always one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// In KiB.
    pub memory_kib: u32,
    /// How often the memory is gone over.
    pub passes: u32,
}

impl Cost {
    /// 64 MiB, three passes (security.md): 110 to 150 ms on the machine of performance.md.
    pub const STANDARD: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
    };

    /// Far above anything we write: more, read from a file, is damage and not a reason to run out of memory.
    const MAX: Self = Self {
        memory_kib: 1024 * 1024,
        passes: 16,
    };

    /// The context to hash with; `None` when the parameters are out of bounds.
    pub(super) fn context(self) -> Option<Argon2<'static>> {
        if self.memory_kib > Self::MAX.memory_kib || self.passes > Self::MAX.passes {
            return None;
        }
        let params = Params::new(self.memory_kib, self.passes, 1, None).ok()?;
        Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// 32 bytes from a passphrase; `None` when the parameters are out of bounds or memory ran out.
    pub(super) fn derive(self, passphrase: &[u8], salt: &[u8; 16]) -> Option<Zeroizing<[u8; 32]>> {
        let mut key = Zeroizing::new([0; 32]);
        self.context()?
            .hash_password_into(passphrase, salt, &mut *key)
            .ok()?;
        Some(key)
    }

    /// Whether either parameter is below the other's.
    pub(super) const fn is_weaker_than(self, other: Self) -> bool {
        self.memory_kib < other.memory_kib || self.passes < other.passes
    }
}
