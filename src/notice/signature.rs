//! How a receiver knows that a notice is ours: HMAC-SHA256 as in Standard Webhooks 1.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::secret::Secret;

const PREFIX: &str = "whsec_";

/// The key that sender and receiver share.
pub struct SigningSecret(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

impl SigningSecret {
    /// Reads `whsec_` and 24 to 64 bytes in Base64.
    ///
    /// # Errors
    /// It is something else; what to do, and nothing of what it was.
    pub fn parse(text: &Secret) -> Result<Self, String> {
        let fault = || {
            "it is not `whsec_` and 24 to 64 bytes in Base64; make one: \
             (umask 077; echo \"whsec_$(openssl rand -base64 32)\" > FILE)"
                .to_owned()
        };
        let text = std::str::from_utf8(text.expose()).map_err(|_| fault())?;
        let base64 = text.trim_ascii().strip_prefix(PREFIX).ok_or_else(fault)?;
        let key = Zeroizing::new(STANDARD.decode(base64).map_err(|_| fault())?);
        if !(24..=64).contains(&key.len()) {
            return Err(fault());
        }
        Ok(Self(key))
    }

    /// The header `webhook-signature` for this body, sent at this Unix second under this id.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        // Padded to a whole block, as RFC 2104 has it, because that constructor cannot fail.
        let mut block = Zeroizing::new([0; 64]);
        block[..self.0.len()].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SigningSecret, String> {
        SigningSecret::parse(&Secret::from_text(text.into()))
    }

    #[test]
    fn it_signs_as_the_standards_own_example() {
        let secret = parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        assert_eq!(
            secret.sign(
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                br#"{"test": 2432232314}"#
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        let short = format!("whsec_{}", STANDARD.encode([7; 23]));
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        for text in [
            "",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_hush!",
            &short,
            &long,
        ] {
            let refused = parse(text).unwrap_err();
            assert!(!refused.contains("hush"), "{refused}");
        }
    }
}
