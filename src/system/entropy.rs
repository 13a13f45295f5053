//! The one source of randomness: the kernel's, asked anew each time.

use rand::TryRng as _;
use rand::rngs::SysRng;

use crate::service::ports::{Entropy, EntropyError};

/// `getrandom(2)`, without a generator of our own in between whose state could leak or be forked.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        SysRng.try_fill_bytes(bytes).map_err(|_| EntropyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fillings_differ() {
        let (mut one, mut two) = ([0; 32], [0; 32]);
        OsEntropy.fill(&mut one).unwrap();
        OsEntropy.fill(&mut two).unwrap();
        assert_ne!(one, two);
    }
}
