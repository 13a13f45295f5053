//! What the screen knows.

use crate::service::Error;
use crate::service::response::KeyView;

/// The questions that the screen and its dialogs ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// What the screen shows.
    View,
    /// What a rotation would break.
    Impact,
    /// A rotation.
    Rotate,
    /// The end of a rotation that is under way.
    Cancel,
    /// A text to encrypt.
    Encrypt,
    /// A ciphertext to open.
    Decrypt,
    /// A ciphertext or payload to diagnose.
    Diagnose,
}

/// A way to write the public key down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Base64 of the DER.
    #[default]
    Base64,
    /// PEM.
    Pem,
    /// JWK.
    Jwk,
}

impl Format {
    /// The next one, as a key goes through them.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Base64 => Self::Pem,
            Self::Pem => Self::Jwk,
            Self::Jwk => Self::Base64,
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Base64 => "Base64",
            Self::Pem => "PEM",
            Self::Jwk => "JWK",
        }
    }

    /// How its files end.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Base64 => "b64",
            Self::Pem => "pem",
            Self::Jwk => "jwk",
        }
    }

    /// The key in this format.
    #[must_use]
    pub fn of(self, view: &KeyView) -> &str {
        match self {
            Self::Base64 => &view.base64,
            Self::Pem => &view.pem,
            Self::Jwk => &view.jwk,
        }
    }
}

/// The screen's state.
#[derive(Debug, Default)]
pub struct Model {
    pub(super) view: Option<Box<KeyView>>,
    pub(super) error: Option<Error>,
    pub(super) format: Format,
    /// When it was asked last, on the monotonic clock.
    pub(super) asked: std::time::Duration,
    /// The first line that is seen.
    pub(super) offset: usize,
}
