//! Looks for secrets where none may be: in the terminal's bytes, in the frames that they drew, in files.

use std::fs;
use std::ops::Range;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
use openssl::bn::{BigNum, BigNumContext};
use openssl::pkey::PKey;
use openssl::rsa::Rsa;

const COPY: &[u8] = b"\x1b]52;";
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// Where the terminal was asked to copy something; the clearing of the clipboard is none.
fn copied(raw: &[u8]) -> Vec<(Range<usize>, String)> {
    memmem::find_iter(raw, COPY)
        .filter_map(|begin| {
            let length = raw[begin..].iter().position(|&byte| byte == 7 || byte == b'\\')?;
            let body = raw[begin + COPY.len()..begin + length]
                .split(|&byte| byte == b';')
                .next_back()?;
            let body: Vec<u8> = body.iter().copied().take_while(|&byte| byte != 0x1b).collect();
            let text = String::from_utf8(STANDARD.decode(body).ok()?).ok()?;
            (!text.trim().is_empty()).then_some((begin..begin + length, text))
        })
        .collect()
}

/// What the terminal was asked to copy, in its order.
pub(crate) fn copies(raw: &[u8]) -> Vec<String> {
    copied(raw).into_iter().map(|(_, text)| text).collect()
}

/// Places to look into, by name.
#[derive(Default)]
pub(crate) struct Places(Vec<(String, Vec<u8>)>);

impl Places {
    pub(crate) fn add(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.0.push((name.into(), bytes));
    }

    /// Every file below a directory.
    pub(crate) fn add_files(&mut self, directory: &Path) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.add_files(&path);
            } else {
                self.add(path.display().to_string(), fs::read(&path).unwrap());
            }
        }
    }

    /// What crossed a terminal of 80×24, without the copies: the bytes, and each frame as it was seen. `shown` says which bytes
    /// are left out, because something was shown that was asked for.
    pub(crate) fn add_terminal(&mut self, raw: &[u8], shown: &[Range<usize>]) {
        let left_out = |at: usize| shown.iter().any(|range| range.contains(&at));
        let mut bytes = Vec::with_capacity(raw.len());
        let mut begin = 0;
        for (copy, _) in copied(raw) {
            bytes.extend((begin..copy.start).filter(|&at| !left_out(at)).map(|at| raw[at]));
            begin = copy.end;
        }
        bytes.extend((begin..raw.len()).filter(|&at| !left_out(at)).map(|at| raw[at]));
        self.add("the terminal's bytes", bytes);

        let size = |cells| std::num::NonZeroU16::new(cells).unwrap();
        let mut parser = vt100::Parser::new(size(24), size(80), 0);
        let (mut frames, mut begin) = (String::new(), 0);
        for end in memmem::find_iter(raw, FRAME_END) {
            parser.process(&raw[begin..end]);
            begin = end;
            if !left_out(end) {
                // Without the line breaks: what goes over the end of a line is one text.
                frames.extend(parser.screen().contents().lines());
                frames.push('\n');
            }
        }
        self.add("the frames on the terminal", frames.into_bytes());
    }

    /// The name of the first place that holds it.
    pub(crate) fn holding(&self, needle: &[u8]) -> Option<&str> {
        assert!(needle.len() >= 8, "too short to mean anything");
        let place = self
            .0
            .iter()
            .find(|(_, bytes)| memmem::find(bytes, needle).is_some());
        place.map(|(name, _)| name.as_str())
    }

    /// The name of the first place that holds a prime of this public key, whatever is around it.
    pub(crate) fn holding_a_prime_of(&self, public_key: &str) -> Option<&str> {
        let key = PKey::public_key_from_der(&STANDARD.decode(public_key).unwrap()).unwrap();
        let modulus = key.rsa().unwrap().n().to_owned().unwrap();
        let place = self.0.iter().find(|(_, bytes)| {
            let backwards: Vec<u8> = bytes.iter().rev().copied().collect();
            holds_factor(bytes, &modulus) || holds_factor(&backwards, &modulus)
        });
        place.map(|(name, _)| name.as_str())
    }
}

/// Whether half as many bytes as the modulus has, anywhere, divide it.
fn holds_factor(bytes: &[u8], modulus: &BigNum) -> bool {
    let (mut context, mut rest) = (BigNumContext::new().unwrap(), BigNum::new().unwrap());
    let half = usize::try_from(modulus.num_bytes()).unwrap() / 2;
    bytes
        .windows(half)
        // The primes are odd, and at least √½ of the largest number of their length: their product would be too short.
        .filter(|window| window[0] >= 0xb5 && window[half - 1] % 2 == 1)
        .any(|window| {
            let factor = BigNum::from_slice(window).unwrap();
            rest.checked_rem(modulus, &factor, &mut context).unwrap();
            rest.num_bits() == 0
        })
}

/// All that gives a token away: its text, its secret digits, their bytes, and the text in Base64.
pub(crate) fn forms(token: &str) -> Vec<Vec<u8>> {
    let digits = &token[token.len() - 49..token.len() - 6];
    let mut number = BigNum::new().unwrap();
    for digit in digits.bytes() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            _ => digit - b'a' + 36,
        };
        number.mul_word(62).unwrap();
        number.add_word(u32::from(value)).unwrap();
    }
    let encoded = STANDARD.encode(token);
    vec![
        token.into(),
        digits.into(),
        number.to_vec_padded(32).unwrap(),
        encoded.trim_end_matches('=').into(),
    ]
}

/// Encrypts as any client would, with OpenSSL and the Base64 public key.
pub(crate) fn encrypt(public_key: &str, plaintext: &str) -> String {
    use openssl::encrypt::Encrypter;
    use openssl::hash::MessageDigest;
    let key = PKey::public_key_from_der(&STANDARD.decode(public_key).unwrap()).unwrap();
    let mut encrypter = Encrypter::new(&key).unwrap();
    encrypter
        .set_rsa_padding(openssl::rsa::Padding::PKCS1_OAEP)
        .unwrap();
    encrypter.set_rsa_oaep_md(MessageDigest::sha256()).unwrap();
    encrypter.set_rsa_mgf1_md(MessageDigest::sha256()).unwrap();
    let mut bytes = vec![0; encrypter.encrypt_len(plaintext.as_bytes()).unwrap()];
    let length = encrypter.encrypt(plaintext.as_bytes(), &mut bytes).unwrap();
    STANDARD.encode(&bytes[..length])
}

#[test]
fn the_search_finds_what_is_there() {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let public = STANDARD.encode(key.public_key_to_der().unwrap());
    let mut places = Places::default();
    places.add("the public key", key.public_key_to_der().unwrap());
    assert_eq!(places.holding_a_prime_of(&public), None);
    let mut bytes = vec![0xc1; 300];
    bytes.extend(key.private_key_to_pkcs8().unwrap());
    places.add("the private key", bytes);
    assert_eq!(places.holding_a_prime_of(&public), Some("the private key"));
    let mut places = Places::default();
    let mut prime = key.rsa().unwrap().q().unwrap().to_vec();
    prime.reverse();
    places.add("a prime, its last byte first", prime);
    assert!(places.holding_a_prime_of(&public).is_some());

    let raw = b"before\x1b]52;c;c2VjcmV0LXRleHQ=\x07after secret-text\x1b]52;c;\x07\x1b[?2026l";
    assert_eq!(copies(raw), ["secret-text"]);
    let mut places = Places::default();
    places.add_terminal(raw, &[]);
    assert_eq!(places.holding(b"secret-text"), Some("the terminal's bytes"));
    assert_eq!(places.holding(b"c2VjcmV0LXRleHQ"), None, "a copy is left out");
    let mut places = Places::default();
    let range = 30..raw.len() - 9;
    places.add_terminal(raw, std::slice::from_ref(&range));
    assert_eq!(places.holding(b"secret-text"), Some("the frames on the terminal"));
}
