//! What to change in the sender: one sentence, and the line of code where there is one.

use serde::{Deserialize, Serialize};

use super::{Hash, Padding, TextEncoding, Verdict, Writing};

/// Something to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// In one sentence.
    pub change: String,
    /// How, in the languages of those who usually do it so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<Sample>,
}

/// A line of code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The language, and the library where it is not the language's own.
    pub sender: String,
    /// The line as it should be.
    pub line: String,
}

impl Advice {
    fn plain(change: &str) -> Self {
        Self {
            change: change.into(),
            code: Vec::new(),
        }
    }

    fn with(change: &str, code: &[(&str, &str)]) -> Self {
        let sample = |(sender, line): &(&str, &str)| Sample {
            sender: (*sender).into(),
            line: (*line).into(),
        };
        Self {
            change: change.into(),
            code: code.iter().map(sample).collect(),
        }
    }
}

type Code = [(&'static str, &'static str)];

const JAVA: (&str, &str) = (
    "Java",
    r#"cipher.init(Cipher.ENCRYPT_MODE, key, new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT)); // of Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding")"#,
);
const NODE: (&str, &str) = (
    "Node",
    "crypto.publicEncrypt({ key, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, Buffer.from(text, 'utf8'))",
);
const WEB: (&str, &str) = (
    "browser (WebCrypto)",
    "crypto.subtle.importKey('spki', der, { name: 'RSA-OAEP', hash: 'SHA-256' }, false, ['encrypt'])",
);
const FORGE: (&str, &str) = (
    "node-forge",
    "key.encrypt(forge.util.encodeUtf8(text), 'RSA-OAEP', { md: forge.md.sha256.create(), mgf1: { md: forge.md.sha256.create() } })",
);
const PYTHON: (&str, &str) = (
    "Python (cryptography)",
    "key.encrypt(text.encode(), OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None))",
);
const PYCRYPTODOME: (&str, &str) = (
    "Python (pycryptodome)",
    "PKCS1_OAEP.new(key, hashAlgo=SHA256).encrypt(text.encode())",
);
const PHP: (&str, &str) = (
    "PHP (phpseclib)",
    "$key->withPadding(RSA::ENCRYPTION_OAEP)->withHash('sha256')->withMGFHash('sha256')->encrypt($text)",
);
const RUBY: (&str, &str) = (
    "Ruby",
    r#"key.encrypt(text, rsa_padding_mode: "oaep", rsa_oaep_md: "sha256", rsa_mgf1_md: "sha256")"#,
);
const GO: (&str, &str) = (
    "Go",
    "rsa.EncryptOAEP(sha256.New(), rand.Reader, key, []byte(text), nil)",
);
const CSHARP: (&str, &str) = (
    "C#",
    "rsa.Encrypt(Encoding.UTF8.GetBytes(text), RSAEncryptionPadding.OaepSHA256)",
);
const OPENSSL: (&str, &str) = (
    "openssl",
    "openssl pkeyutl -encrypt -pubin -inkey key.pem -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256",
);

const FROM_SHA1: &Code = &[
    JAVA,
    NODE,
    FORGE,
    PYCRYPTODOME,
    PYTHON,
    PHP,
    RUBY,
    GO,
    CSHARP,
    OPENSSL,
];
const FROM_PKCS1: &Code = &[
    JAVA,
    (
        "PHP (openssl_public_encrypt)",
        "$key = PublicKeyLoader::load($pem)->withPadding(RSA::ENCRYPTION_OAEP)->withHash('sha256')->withMGFHash('sha256'); // phpseclib: openssl_public_encrypt takes no SHA-256 before PHP 8.5",
    ),
    RUBY,
    (
        "JSEncrypt",
        "crypto.subtle.encrypt({ name: 'RSA-OAEP' }, key, new TextEncoder().encode(text)) // WebCrypto: JSEncrypt's encryptOAEP encrypts Latin-1",
    ),
    (
        "Python (python-rsa)",
        "key.encrypt(text.encode(), OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=None)) # of the package cryptography: python-rsa has no OAEP",
    ),
    NODE,
    FORGE,
    GO,
    CSHARP,
    OPENSSL,
];
const FROM_ANY: &Code = &[JAVA, NODE, WEB, PYTHON, PHP, RUBY, GO, CSHARP, OPENSSL];

/// What to change in a padding; nothing in one that everybody should use.
#[must_use]
pub(super) fn of_padding(padding: Padding) -> Option<Advice> {
    Some(match padding {
        Padding::Oaep {
            hash: Hash::Sha256,
            mgf1: Hash::Sha256,
        } => return None,
        Padding::Oaep {
            hash: Hash::Sha256,
            mgf1: Hash::Sha1,
        } => Advice::with(
            "Java's default parameters were used, which are accepted: set MGF1 to SHA-256 explicitly when the client is touched next.",
            &[JAVA],
        ),
        Padding::Oaep {
            hash: Hash::Sha256, ..
        } => Advice::with(
            "Set the hash of MGF1 to SHA-256.",
            &[JAVA, FORGE, PYTHON, PHP, RUBY, OPENSSL],
        ),
        Padding::Oaep {
            hash: Hash::Sha1,
            mgf1: Hash::Sha1,
        } => Advice::with(
            "OAEP was left at its default, SHA-1: set its hash and that of MGF1 to SHA-256.",
            FROM_SHA1,
        ),
        Padding::Oaep { .. } => Advice::with("Set the hash of OAEP and that of MGF1 to SHA-256.", FROM_ANY),
        Padding::Pkcs1 => Advice::with(
            "Use OAEP with SHA-256 in the place of PKCS#1 v1.5, which is many libraries' default.",
            FROM_PKCS1,
        ),
        Padding::None => Advice::with(
            "Use OAEP with SHA-256: without padding the same text gives the same ciphertext, and short ones can be guessed.",
            FROM_ANY,
        ),
    })
}

/// What to change about the way the bytes were written down.
#[must_use]
pub fn of_writing(writing: Writing) -> Advice {
    const STANDARD: &Code = &[
        ("Java", "Base64.getEncoder().encodeToString(ciphertext)"),
        ("Node", "ciphertext.toString('base64')"),
        ("Python", "base64.b64encode(ciphertext).decode()"),
        ("Go", "base64.StdEncoding.EncodeToString(ciphertext)"),
        ("Ruby", "Base64.strict_encode64(ciphertext)"),
        ("PHP", "base64_encode($ciphertext)"),
    ];
    match writing {
        Writing::Raw => Advice::with("Send the ciphertext in Base64, not its bytes.", STANDARD),
        Writing::Quoted => Advice::plain("Leave the quotes out: the text was made JSON once too often."),
        Writing::PercentEncoded => {
            Advice::plain("Do not percent-encode the text in JSON, or decode it where it is received.")
        }
        Writing::PlusLost => Advice::plain(
            "Percent-encode the text in a form or query (+ as %2B), or send it in JSON: its + became spaces.",
        ),
        Writing::Wrapped => Advice::with(
            "Write the Base64 in one line; line breaks are accepted, and some JSON encoders break them.",
            &[
                ("Java", "Base64.getEncoder() // in the place of getMimeEncoder()"),
                (
                    "Ruby",
                    "Base64.strict_encode64(ciphertext) # in the place of encode64",
                ),
                (
                    "Python",
                    "base64.b64encode(ciphertext) # in the place of encodebytes",
                ),
                ("shell", "base64 -w 0"),
            ],
        ),
        Writing::UrlSafe => Advice::with(
            "Use the standard alphabet of Base64, with + and /, and the = at its end.",
            STANDARD,
        ),
        Writing::Unpadded => Advice::with("Leave the = at the end of the Base64.", STANDARD),
        Writing::Hex => Advice::with("Send Base64 in the place of hexadecimal digits.", STANDARD),
        Writing::Pem => {
            Advice::plain("Send the Base64 alone, in one line, without the lines with BEGIN and END.")
        }
        Writing::Numbers => Advice::with(
            "Send Base64: the array of bytes was made JSON as it was.",
            STANDARD,
        ),
        Writing::Double => Advice::plain(
            "Encode once: what was encoded was Base64 or hexadecimal already, because the library returns text.",
        ),
    }
}

/// What to change about the plaintext's characters, if anything.
#[must_use]
pub fn of_text(text: TextEncoding) -> Option<Advice> {
    const UTF8: &Code = &[
        ("Java", "text.getBytes(StandardCharsets.UTF_8)"),
        ("Node", "Buffer.from(text, 'utf8')"),
        ("C#", "Encoding.UTF8.GetBytes(text)"),
        ("Python", "text.encode(\"utf-8\")"),
        ("PHP", "mb_convert_encoding($text, 'UTF-8', 'ISO-8859-1')"),
    ];
    Some(match text {
        TextEncoding::Utf8 => return None,
        TextEncoding::Empty => Advice::plain("Nothing was encrypted: check that the field has a value."),
        TextEncoding::Latin1 | TextEncoding::Utf16Le | TextEncoding::Utf16Be => {
            Advice::with("Turn the text into UTF-8 before it is encrypted.", UTF8)
        }
        TextEncoding::Utf8WithNewline => Advice::with(
            "Encrypt the text without the newline at its end.",
            &[("shell", "printf %s \"$text\" | openssl … # in the place of echo")],
        ),
        TextEncoding::Utf8Quoted => {
            Advice::plain("Encrypt the text itself, not its JSON: the quotes are part of what was encrypted.")
        }
        TextEncoding::Utf8WithMark => Advice::plain("Leave the byte order mark out of what is encrypted."),
        TextEncoding::Binary => Advice::plain(
            "Encrypt text in UTF-8: these bytes are none, perhaps because they were encrypted or hashed before.",
        ),
    })
}

/// What to change for what turned out.
#[must_use]
pub fn about(verdict: Verdict, padding: Option<Padding>) -> Option<Advice> {
    const FETCH: &Code = &[(
        "shell",
        "curl -H \"X-Auth-Token: $TOKEN\" https://…/v1/public-key",
    )];
    Some(match verdict {
        Verdict::Opened | Verdict::Accepted => return padding.and_then(of_padding),
        Verdict::Empty => Advice::plain("Send the ciphertext in Base64: there is nothing."),
        Verdict::PlainText | Verdict::EncodedText => Advice::with(
            "Encrypt the field before it is sent: this is in clear, and whoever saw the request has read it.",
            FROM_ANY,
        ),
        Verdict::Damaged => {
            Advice::plain("Find what changes the text on its way: a character of it is not Base64's.")
        }
        Verdict::Key => Advice::plain("Send what the encryption returns: this is a key, and no ciphertext."),
        Verdict::Jwe => Advice::with(
            "Encrypt the field itself: a JWE encrypts a key of its own to the public key, and the field with that.",
            FROM_ANY,
        ),
        Verdict::Passphrase => Advice::with(
            "Encrypt to the public key: this was encrypted with AES and a passphrase (CryptoJS, openssl enc).",
            FROM_ANY,
        ),
        Verdict::Truncated => Advice::plain(
            "Send the whole ciphertext: look for a database column, log line or header that holds fewer characters.",
        ),
        Verdict::TooLong => {
            Advice::plain("Send the ciphertext alone: there are more bytes than the key makes.")
        }
        Verdict::Blocks => Advice::plain(
            "Encrypt only short texts: the library cut a longer one into blocks, which belong to no standard.",
        ),
        Verdict::OtherSize => Advice::with(
            "Fetch the current public key: this one's has another size.",
            FETCH,
        ),
        Verdict::OtherKey => Advice::with(
            "Fetch the current public key and encrypt again; if it was that key, OAEP's label must be empty and no byte changed on the way.",
            FETCH,
        ),
        Verdict::ReplacedKey => Advice::with(
            "Fetch the current public key and encrypt again: the one that was named is replaced, and its private half is gone.",
            FETCH,
        ),
    })
}
