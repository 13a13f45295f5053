//! A JSON payload with encrypted fields: checked whole, then opened in place.
//!
//! A field whose name the organization lists holds a ciphertext, or `null`, which carries no secret; in an array each element
//! is judged so. Anything else came in clear: then the paths of all of them are named, never their values, and nothing is
//! opened. A Base64 text as long as a ciphertext of any key size is taken for one: made with another key, it does not open,
//! and did not come in clear. What is not opened is copied as it came, byte for byte.

mod walk;

use zeroize::Zeroizing;

use self::walk::Field;
use super::decrypt::Attempt;
use super::error::{Code, Error};
use super::response::{Decrypted, OpenedField, PayloadOpened};
use super::{Actor, Service};
use crate::domain::key_pair::Fingerprint;
use crate::domain::secret::Secret;
use crate::domain::text::{Slug, escape};

/// Bytes of a payload, as in a request's body.
const MOST_BYTES: usize = 64 * 1024;
/// Paths that a message spells out.
const SPELT: usize = 8;
/// The bytes of JSON that one byte of a text takes at most (`\u001f`).
const ESCAPED: usize = 6;

impl Service {
    /// Opens the encrypted fields of a JSON payload in place, for `actor`; `named` is the fingerprint that the client says
    /// it used.
    ///
    /// # Errors
    /// It is no JSON within the limits; `ClearFields`; `KeyRotated`; `DecryptionFailed` and `NotText` with
    /// the paths of the fields that do not open, or open to what is no text.
    pub fn open_payload(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        payload: &Secret,
        named: Option<Fingerprint>,
    ) -> Result<PayloadOpened, Error> {
        self.refuse_older_state()?;
        let text = readable(payload)?;
        let listed = self.organization(organization)?.fields.names();
        let fields = walk::find(text, &|name| listed.iter().any(|listed| listed.as_str() == name))?;
        refuse_clear(&fields)?;
        let keys = self.keys_of(organization)?;
        let is_known = self.named(actor, &keys, named)?;
        let attempts = fields.iter().map(|field| match &field.ciphertext {
            Some(ciphertext) if is_known => Ok(Attempt::of(ciphertext, None)),
            _ => Ok(Attempt::default()),
        });
        let answers = self.open_all(&keys, attempts.collect())?;
        let opened = all_opened(&fields, answers)?;
        Ok(PayloadOpened {
            payload: spliced(text, &fields, &opened)?,
            generation: keys.generation(),
            opened: fields
                .into_iter()
                .zip(&opened)
                .map(|(field, opened)| OpenedField {
                    path: field.path,
                    mgf1: opened.mgf1,
                })
                .collect(),
        })
    }
}

/// The texts to diagnose, and where they are: the listed fields of a JSON payload, or `pasted` itself where it is none.
///
/// # Errors
/// The payload has none of the fields, or what a decryption refuses of its form.
pub(super) fn texts(
    pasted: &Secret,
    is_listed: &dyn Fn(&str) -> bool,
) -> Result<Vec<(String, Secret)>, Error> {
    let text = pasted.expose_text().map(str::trim_start);
    let Some(text) = text.filter(|text| {
        text.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    }) else {
        return Ok(vec![(String::new(), pasted.clone())]);
    };
    // A list of numbers is how JSON shows an array of bytes.
    if text.starts_with('[') && !text.contains(['{', '"']) {
        return Ok(vec![(String::new(), pasted.clone())]);
    }
    let fields = walk::find(text, is_listed)?;
    if fields.is_empty() {
        return Err(Error::new(
            Code::Invalid,
            "the payload has none of the fields that must be encrypted",
            "see `strongroom org fields`, or give the ciphertext alone",
        ));
    }
    let mut texts = Vec::with_capacity(fields.len());
    for field in fields {
        let value = Zeroizing::new(text.as_bytes()[field.place].to_vec());
        // A JSON text is told from the quotes that a sender left in it.
        let inner = value
            .strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""));
        let unquoted = inner.and_then(|_| serde_json::from_slice::<String>(&value).ok());
        let secret = unquoted.map_or_else(|| Secret::new(value.to_vec()), Secret::from_text);
        texts.push((field.path, secret));
    }
    Ok(texts)
}

fn readable(payload: &Secret) -> Result<&str, Error> {
    if payload.len() > MOST_BYTES {
        return Err(Error::new(
            Code::Invalid,
            format!(
                "the payload has {} bytes, {MOST_BYTES} is the most",
                payload.len()
            ),
            "send a shorter one",
        ));
    }
    payload.expose_text().ok_or_else(|| {
        Error::new(
            Code::Invalid,
            "the payload is not UTF-8",
            "send it as JSON in UTF-8",
        )
    })
}

fn refuse_clear(fields: &[Field]) -> Result<(), Error> {
    let clear = paths(fields.iter().filter(|field| field.ciphertext.is_none()));
    refuse(
        clear,
        Code::ClearFields,
        "came in clear",
        "encrypt them before they are sent; nothing was opened",
    )
}

/// What each field opens to, if each opens to a text.
fn all_opened(fields: &[Field], answers: Vec<Result<Decrypted, Error>>) -> Result<Vec<Decrypted>, Error> {
    let both = || fields.iter().zip(&answers);
    let failed = both().filter(|(_, answer)| answer.is_err());
    refuse(
        paths(failed.map(|(field, _)| field)),
        Code::DecryptionFailed,
        "do not open",
        "check that the client uses the current public key, OAEP with SHA-256, and sends Base64",
    )?;
    let is_text = |answer: &Result<Decrypted, Error>| {
        answer
            .as_ref()
            .is_ok_and(|opened| opened.plaintext.expose_text().is_some())
    };
    let binary = both().filter(|(_, answer)| !is_text(answer));
    refuse(
        paths(binary.map(|(field, _)| field)),
        Code::NotText,
        "open to bytes that are no UTF-8, which JSON cannot hold",
        "have the client encrypt text in UTF-8, or open the field alone",
    )?;
    Ok(answers.into_iter().flatten().collect())
}

fn paths<'a>(fields: impl Iterator<Item = &'a Field>) -> Vec<String> {
    fields.map(|field| field.path.clone()).collect()
}

fn refuse(paths: Vec<String>, code: Code, what: &str, hint: &str) -> Result<(), Error> {
    if paths.is_empty() {
        return Ok(());
    }
    let spelt: Vec<_> = paths.iter().take(SPELT).map(|path| escape(path)).collect();
    let rest = match paths.len().saturating_sub(SPELT) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    let message = format!("fields of the payload {what}: {}{rest}", spelt.join(", "));
    Err(Error::new(code, message, hint).about(paths))
}

/// The payload with the plaintexts in place; the buffer never grows, so that it leaves no copies behind.
fn spliced(text: &str, fields: &[Field], opened: &[Decrypted]) -> Result<Secret, Error> {
    let room: usize = opened
        .iter()
        .map(|opened| opened.plaintext.len() * ESCAPED + 2)
        .sum();
    let mut payload = Zeroizing::new(Vec::with_capacity(text.len() + room));
    let mut copied = 0;
    for (field, opened) in fields.iter().zip(opened) {
        payload.extend_from_slice(&text.as_bytes()[copied..field.place.start]);
        let plaintext = opened.plaintext.expose_text().unwrap_or_default();
        serde_json::to_writer(&mut *payload, plaintext).map_err(|_| {
            Error::new(
                Code::Internal,
                "a plaintext could not be written as JSON",
                "try again",
            )
        })?;
        copied = field.place.end;
    }
    payload.extend_from_slice(&text.as_bytes()[copied..]);
    Ok(Secret::new(std::mem::take(&mut *payload)))
}
