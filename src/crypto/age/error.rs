//! Why an age file could not be written or read.

use std::{fmt, io};

use crate::service::ports::EntropyError;

/// Why an age file could not be written or read. Says nothing of what is in it.
#[derive(Debug)]
pub enum AgeError {
    /// It does not begin as a file of age's does; names the part.
    Header(&'static str),
    /// It is for another recovery key, or for a passphrase where a key was given, or the passphrase is another.
    NotForUs,
    /// Its header is not the one that was written.
    HeaderAltered,
    /// A chunk of it is not what was written, or its end is missing.
    PayloadAltered,
    /// It asks for more work to try a passphrase than any of ours does.
    TooMuchWork(u8),
    /// It was to be for nobody.
    NoRecipient,
    /// The recipient is no key that anything can be encrypted to.
    WeakRecipient,
    /// The operating system gave no randomness.
    NoEntropy,
    /// The library failed.
    Engine,
    /// The file could not be read or written.
    Io(io::Error),
}

impl AgeError {
    /// An end where there should be more is damage; anything else is the operating system's.
    pub(super) fn cut_off(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Header("it is cut off")
        } else {
            Self::Io(error)
        }
    }
}

impl fmt::Display for AgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(part) => write!(f, "it is no age file: {part}"),
            Self::NotForUs => f.write_str("it does not open with this"),
            Self::HeaderAltered => f.write_str("its header was altered"),
            Self::PayloadAltered => f.write_str("it was altered or cut off"),
            Self::TooMuchWork(factor) => write!(f, "its passphrase takes 2^{factor} steps to try"),
            Self::NoRecipient => f.write_str("there is nobody to encrypt it to"),
            Self::WeakRecipient => f.write_str("the recipient is no usable key"),
            Self::NoEntropy => f.write_str("the operating system gave no randomness"),
            Self::Engine => f.write_str("the cryptographic library failed"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AgeError {}

impl From<EntropyError> for AgeError {
    fn from(_: EntropyError) -> Self {
        Self::NoEntropy
    }
}

impl From<io::Error> for AgeError {
    /// What a [`super::Decryptor`] says through `Read` comes out as what it was.
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(error) => Self::Io(error),
        }
    }
}

impl From<AgeError> for io::Error {
    fn from(error: AgeError) -> Self {
        match error {
            AgeError::Io(error) => error,
            AgeError::PayloadAltered => Self::new(io::ErrorKind::InvalidData, error),
            other => Self::other(other),
        }
    }
}
