//! What is wrong with what a client sent for a ciphertext, found by reading it generously and trying every padding.
//!
//! A decryption gives one error for every failure; this tells them apart, so it is for people who may decrypt: an operator
//! who signed in, or the store's owner, never a console that only looks. Each is logged with its verdicts, never with what was
//! pasted or opened, and waits for the log: nobody asks many thousands unseen. Uses of the key are not counted by it.

use super::commit::{Changes, Note};
use super::decrypt::{Attempt, Keys};
use super::error::{Code, Error};
use super::payload;
use super::ports::PrivateKey;
use super::response::{Diagnosis, Finding};
use super::{Actor, Service, access};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::ciphertext::{self, Advice, Content, Padding, Reading, TextEncoding, Verdict, Writing};
use crate::domain::key_pair::{Fingerprint, KeyPair, KeySize};
use crate::domain::secret::Secret;
use crate::domain::text::Slug;

/// Bytes of what can be pasted: it travels in Base64, in a body of 64 KiB.
const MOST_BYTES: usize = 40 * 1024;
/// Leading zero bytes that a big integer's library leaves out or adds.
const ZEROS: usize = 3;

/// What a text is judged by.
struct Bench<'a> {
    key: &'a dyn PrivateKey,
    active: KeyPair,
    /// Number, size and fingerprint of all generations.
    all: Vec<(u32, KeySize, Fingerprint)>,
    named: Option<Fingerprint>,
    show: bool,
}

impl Service {
    /// Says what is wrong with `pasted`: a text, or a JSON payload with encrypted fields.
    pub(super) fn diagnose(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        pasted: &Secret,
        (named, show): (Option<Fingerprint>, bool),
    ) -> Result<Diagnosis, Error> {
        access::changes_allowed(actor)?;
        self.signed_in_or_owner(actor, Role::Operator)?;
        self.refuse_older_state()?;
        if pasted.len() > MOST_BYTES {
            let message = format!("there are {} bytes to diagnose", pasted.len());
            let hint = format!("give {MOST_BYTES} at most: one ciphertext, or one payload");
            return Err(Error::new(Code::Invalid, message, hint));
        }
        let organization = self.organization(organization)?;
        let listed = organization.fields.names();
        let is_listed = |name: &str| listed.iter().any(|listed| listed.as_str() == name);
        let fields = payload::texts(pasted, &is_listed)?;
        let keys = self.keys_of(Some(&organization.slug))?;
        let findings = self.judge_all(&keys, fields, (named, show))?;
        let active = keys.pair();

        // Also somebody whose role was taken away meanwhile gets no answer, and nothing is answered that is not logged.
        let mut writer = self.writer();
        let acting = self.signed_in_or_owner(actor, Role::Operator)?;
        if !self.is_active(active) {
            return Err(Error::new(
                Code::Conflict,
                format!("the key of {} was rotated meanwhile", organization.slug),
                "diagnose it again with the new one",
            ));
        }
        let subject = active.fingerprint.short();
        let note = Note::done(Action::CiphertextDiagnosed, Some(organization.slug), subject);
        let changes = Changes::of(Vec::new(), note.because(logged(&findings)));
        self.commit(&mut writer, actor, acting.as_ref(), changes)?;
        Ok(Diagnosis {
            generation: active.generation,
            size: active.size,
            fingerprint: active.fingerprint,
            findings,
        })
    }

    fn judge_all(
        &self,
        keys: &Keys,
        fields: Vec<(String, Secret)>,
        (named, show): (Option<Fingerprint>, bool),
    ) -> Result<Vec<Finding>, Error> {
        let active = keys.pair();
        let decryptor = self.decryptor(active)?;
        let all = {
            let registry = self.registry();
            let pairs = registry.pairs.get(&active.organization).into_iter().flatten();
            pairs
                .map(|(pair, _)| (pair.generation, pair.size, pair.fingerprint))
                .collect()
        };
        let bench = Bench {
            key: decryptor.key(),
            active: active.clone(),
            all,
            named,
            show,
        };
        Ok(fields
            .into_iter()
            .map(|(path, text)| bench.judge(path, &text))
            .collect())
    }
}

/// For the audit log: what came out, and nothing of what went in.
fn logged(findings: &[Finding]) -> String {
    let one = |finding: &Finding| match finding.padding {
        Some(padding) => padding.label(),
        None => finding.said.clone(),
    };
    let first = findings.first().map(one).unwrap_or_default();
    match findings.len() {
        0 | 1 => first,
        count => format!("{first}, and {} further fields", count - 1),
    }
}

impl Bench<'_> {
    fn judge(&self, path: String, pasted: &Secret) -> Finding {
        let Reading { writings, content } = Reading::of(pasted.expose());
        let mut finding = Finding {
            path,
            verdict: Verdict::PlainText,
            said: String::new(),
            writings,
            bytes: None,
            fits: Vec::new(),
            padding: None,
            text: None,
            advice: Vec::new(),
            plaintext: None,
        };
        match content {
            Content::Bytes(bytes) => self.judge_bytes(&mut finding, &bytes, pasted),
            Content::Empty => finding.is(Verdict::Empty, "there is nothing"),
            Content::Text => finding.is(Verdict::PlainText, "a text in clear, not a ciphertext"),
            Content::EncodedText => {
                finding.is(
                    Verdict::EncodedText,
                    "a readable text that was only encoded, not encrypted",
                );
            }
            Content::Damaged(at) => finding.is(
                Verdict::Damaged,
                &format!("Base64 but for character {at}, which does not belong there"),
            ),
            Content::Key => finding.is(Verdict::Key, "a key or certificate, not a ciphertext"),
            Content::Jwe => finding.is(Verdict::Jwe, "a JWE, not the ciphertext of a field"),
            Content::Passphrase => {
                finding.is(
                    Verdict::Passphrase,
                    "encrypted with a passphrase (“Salted__”), not to a public key",
                );
            }
        }
        finding.advise();
        finding
    }

    fn judge_bytes(&self, finding: &mut Finding, bytes: &[u8], pasted: &Secret) {
        let length = self.active.size.bits() as usize / 8;
        finding.bytes = Some(bytes.len());
        let fitting = self
            .all
            .iter()
            .filter(|(_, size, _)| size.bits() as usize / 8 == bytes.len());
        finding.fits = fitting.map(|(generation, ..)| *generation).collect();
        if let Some((padding, plaintext)) = self.open(bytes, length) {
            self.opened(finding, padding, plaintext);
            let is_exact = pasted
                .expose_text()
                .is_some_and(|text| Attempt::of(text, None).is(bytes));
            if is_exact && padding.is_accepted() && bytes.len() == length {
                finding.verdict = Verdict::Accepted;
            }
            return;
        }
        let count = bytes.len();
        let replaced = self.all.iter().find(|(.., fingerprint)| {
            Some(*fingerprint) == self.named && *fingerprint != self.active.fingerprint
        });
        if let Some((generation, ..)) = replaced {
            return finding.is(
                Verdict::ReplacedKey,
                &format!("encrypted to generation {generation}, by the fingerprint that came with it; that one is replaced"),
            );
        }
        let bits = count * 8;
        if count == length {
            let others = self.all.len() > 1;
            let perhaps = if others { ", perhaps a replaced one" } else { "" };
            finding.is(
                Verdict::OtherKey,
                &format!("as long as a ciphertext for the present key, which does not open it: another key{perhaps}, or changed on its way"),
            );
        } else if !finding.fits.is_empty() {
            let generations: Vec<_> = finding.fits.iter().map(u32::to_string).collect();
            finding.is(
                Verdict::OtherSize,
                &format!(
                    "{bits} bits, as for the replaced generation {}",
                    generations.join(" or ")
                ),
            );
        } else if count.is_multiple_of(length) && self.open(&bytes[..length], length).is_some() {
            let blocks = count / length;
            finding.is(
                Verdict::Blocks,
                &format!("{blocks} ciphertexts for the present key, one behind the other"),
            );
        } else if is_key_length(count) {
            finding.is(
                Verdict::OtherSize,
                &format!("{bits} bits; the present key has {}", self.active.size.bits()),
            );
        } else if count < length {
            finding.is(
                Verdict::Truncated,
                &format!(
                    "{count} bytes, {} fewer than a ciphertext for the present key",
                    length - count
                ),
            );
        } else {
            finding.is(
                Verdict::TooLong,
                &format!(
                    "{count} bytes, {} more than a ciphertext for the present key",
                    count - length
                ),
            );
        }
    }

    /// As it is, or with the leading zeros that a big integer's library left out or added.
    fn open(&self, bytes: &[u8], length: usize) -> Option<(Padding, Secret)> {
        let missing = length.saturating_sub(bytes.len());
        if missing > ZEROS || bytes.len() > length + ZEROS {
            return None;
        }
        let (zeros, kept) = bytes.split_at(bytes.len().saturating_sub(length));
        if zeros.iter().any(|byte| *byte != 0) {
            return None;
        }
        let mut number = vec![0; missing];
        number.extend_from_slice(kept);
        self.key.try_paddings(&number)
    }

    fn opened(&self, finding: &mut Finding, padding: Padding, plaintext: Secret) {
        let generation = self.active.generation;
        finding.is(
            Verdict::Opened,
            &format!("{}, to generation {generation}", padding.label()),
        );
        finding.padding = Some(padding);
        finding.text = Some(TextEncoding::of(plaintext.expose()));
        finding.plaintext = self.show.then_some(plaintext);
        let length = self.active.size.bits() as usize / 8;
        if finding.bytes != Some(length) {
            finding
                .said
                .push_str(", its leading zero bytes left out or added");
            finding.advice.push(Advice {
                change: format!(
                    "Write the ciphertext as {length} bytes, whatever it begins with: a big integer's own bytes leave a zero out in front, or add one."
                ),
                code: Vec::new(),
            });
        }
    }
}

impl Finding {
    fn is(&mut self, verdict: Verdict, said: &str) {
        self.verdict = verdict;
        said.clone_into(&mut self.said);
    }

    /// The padding first, then how it was written down, then its text.
    fn advise(&mut self) {
        let padding = ciphertext::about(self.verdict, self.padding);
        let is_in_clear = matches!(self.verdict, Verdict::PlainText | Verdict::EncodedText);
        let writings: Vec<_> = self
            .writings
            .iter()
            // Without its end a text has no `=` either.
            .filter(|writing| self.verdict != Verdict::Truncated || **writing != Writing::Unpadded)
            .filter(|_| !is_in_clear)
            .map(|writing| ciphertext::of_writing(*writing))
            .collect();
        let text = self.text.and_then(ciphertext::of_text);
        let zeros = std::mem::take(&mut self.advice);
        self.advice = padding
            .into_iter()
            .chain(zeros)
            .chain(writings)
            .chain(text)
            .collect();
    }
}

/// A modulus that people use, the short ones of old among them.
fn is_key_length(bytes: usize) -> bool {
    [1024, 2048, 3072, 4096, 8192].contains(&(bytes * 8)) || bytes == 64
}
