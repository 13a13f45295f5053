//! The text of JWTs and refresh tokens: the vectors of RFC 8037, and what has another form.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use strongroom::crypto::{Ed25519, Sha256Hasher};
use strongroom::domain::key_pair::Fingerprint;
use strongroom::domain::login::{
    Compact, MAX_JWT, RefreshSecret, part, public_jwk, signed, signing_input, thumbprint_input,
};
use strongroom::domain::secret::Secret;
use strongroom::domain::text::Brand;
use strongroom::service::ports::{Hasher as _, SignatureEngine as _};

/// RFC 8037, appendix A.
const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const JWS: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn public() -> [u8; 32] {
    URL_SAFE_NO_PAD.decode(X).unwrap().try_into().unwrap()
}

#[test]
fn the_rfc_s_signature_key_and_thumbprint_come_out() {
    let key = Ed25519
        .signing_key(&Secret::new(URL_SAFE_NO_PAD.decode(D).unwrap()))
        .unwrap();
    assert_eq!(key.public_key().unwrap(), public());
    let input = signing_input(&part(br#"{"alg":"EdDSA"}"#), b"Example of Ed25519 signing");
    assert_eq!(signed(&input, &key.sign(input.as_bytes()).unwrap()), JWS);
    let hash = Sha256Hasher.sha256(thumbprint_input(&public()).as_bytes());
    assert_eq!(Fingerprint(hash).to_string(), KID);
    let jwk: serde_json::Value = serde_json::from_str(&public_jwk(KID, &public())).unwrap();
    assert_eq!((jwk["x"].as_str(), jwk["kid"].as_str()), (Some(X), Some(KID)));
}

#[test]
fn the_rfc_s_signature_is_verified_and_no_other() {
    let compact = Compact::parse(JWS.as_bytes()).unwrap();
    assert_eq!(compact.payload, b"Example of Ed25519 signing");
    let key = Ed25519.verifying_key(&public()).unwrap();
    assert!(key.is_signed(compact.signing_input, &compact.signature));
    assert!(!key.is_signed(&compact.signing_input[1..], &compact.signature));
    assert!(!key.is_signed(compact.signing_input, &compact.signature[1..]));
    assert!(!key.is_signed(compact.signing_input, b""));
    // The order added to S: the same equation, and another text (RFC 8032 has it refused).
    let mut malleable = compact.signature.clone();
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, add) in malleable[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert!(!key.is_signed(compact.signing_input, &malleable));
}

#[test]
fn another_form_of_the_same_bytes_is_none() {
    assert!(Compact::parse(JWS.as_bytes()).is_some());
    for text in [
        JWS.replace('_', "/"),
        JWS.replace('-', "+"),
        format!("{JWS}="),
        format!("{JWS}=="),
        format!("{JWS}."),
        format!("{JWS}.e30"),
        format!("{JWS}\n"),
        // The last character's spare bits.
        JWS.replace("KAg", "KAh"),
        JWS.replace("bmc.", "bmd."),
        JWS.replacen('.', "", 1),
        "a".repeat(MAX_JWT + 1),
        ".".repeat(MAX_JWT),
    ] {
        assert_eq!(Compact::parse(text.as_bytes()), None, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Compact::parse(&text);
        let _ = RefreshSecret::parse(&text);
    }

    #[test]
    fn a_refresh_token_reads_back_and_a_changed_one_does_not(
        family: [u8; 32], newest: [u8; 32], place in 0_usize..108, bit in 0_u8..8,
    ) {
        let text = RefreshSecret::from_random(family, newest).text(&Brand::parse("FinCode").unwrap());
        let read = RefreshSecret::parse(text.expose()).unwrap();
        prop_assert_eq!((read.expose_family(), read.expose_newest()), (&family, &newest));
        let mut changed = text.expose().to_vec();
        changed[place] ^= 1 << bit;
        prop_assert!(RefreshSecret::parse(&changed).is_none());
    }
}
