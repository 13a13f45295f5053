//! Every common way to spoil Base64.

use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::*;

/// No text, whatever way it is looked at; with all of Base64's characters.
fn ciphertext(length: usize) -> Vec<u8> {
    (0..length)
        .map(|place| (place * 167 + place / 7 + 251) as u8)
        .collect()
}

fn read(text: &str) -> (Vec<Writing>, Option<Vec<u8>>) {
    let reading = Reading::of(text.as_bytes());
    let bytes = match reading.content {
        Content::Bytes(bytes) => Some(bytes.to_vec()),
        _ => None,
    };
    (reading.writings, bytes)
}

fn content(text: &str) -> Content {
    Reading::of(text.as_bytes()).content
}

#[test]
fn what_is_written_down_otherwise_is_read_and_named() {
    let bytes = ciphertext(256);
    let base64 = STANDARD.encode(&bytes);
    assert!(base64.contains('+') && base64.contains('/') && base64.ends_with('='));
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let colons: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    let signed: Vec<String> = bytes.iter().map(|byte| byte.cast_signed().to_string()).collect();
    let wrap = |width: usize| -> String {
        let lines = base64.as_bytes().chunks(width);
        lines
            .map(|line| format!("{}\r\n", str::from_utf8(line).unwrap()))
            .collect()
    };
    let percent = base64.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
    let cases = [
        (base64.clone(), vec![]),
        (format!("  {base64}\n"), vec![]),
        (URL_SAFE.encode(&bytes), vec![Writing::UrlSafe]),
        (
            URL_SAFE_NO_PAD.encode(&bytes),
            vec![Writing::UrlSafe, Writing::Unpadded],
        ),
        (STANDARD_NO_PAD.encode(&bytes), vec![Writing::Unpadded]),
        (wrap(76), vec![Writing::Wrapped]),
        (wrap(64), vec![Writing::Wrapped]),
        (base64.replace('+', " "), vec![Writing::PlusLost]),
        (percent, vec![Writing::PercentEncoded]),
        (
            format!("\"{}\"", base64.replace('/', "\\/")),
            vec![Writing::Quoted],
        ),
        (
            format!("\"{}\"", base64.replace('+', "\\u002b")),
            vec![Writing::Quoted],
        ),
        (
            format!("\"{}\"", wrap(76).replace("\r\n", "\\n")),
            vec![Writing::Quoted, Writing::Wrapped],
        ),
        (hex.clone(), vec![Writing::Hex]),
        (format!("0x{}", hex.to_uppercase()), vec![Writing::Hex]),
        (colons.join(":"), vec![Writing::Hex]),
        (
            format!("-----BEGIN MESSAGE-----\n{}-----END MESSAGE-----\n", wrap(64)),
            vec![Writing::Pem],
        ),
        (format!("[{}]", signed.join(", ")), vec![Writing::Numbers]),
        (STANDARD.encode(&base64), vec![Writing::Double]),
        (
            STANDARD.encode(STANDARD.encode(&base64)),
            vec![Writing::Double, Writing::Double],
        ),
        (STANDARD.encode(&hex), vec![Writing::Double, Writing::Hex]),
    ];
    for (text, writings) in cases {
        assert_eq!(read(&text), (writings, Some(bytes.clone())), "{text}");
    }
    let raw = Reading::of(&bytes);
    assert_eq!(raw.writings, [Writing::Raw]);
}

#[test]
fn what_is_cut_off_or_too_long_is_bytes_all_the_same() {
    let base64 = STANDARD.encode(ciphertext(384));
    for (characters, bytes) in [(500, 375), (501, 375), (502, 376), (503, 377)] {
        let (writings, read) = read(&base64[..characters]);
        assert_eq!((writings, read.unwrap().len()), (vec![], bytes));
    }
    let (_, read) = read(&STANDARD.encode(ciphertext(513)));
    assert_eq!(read.unwrap().len(), 513);
}

#[test]
fn texts_keys_and_other_envelopes_are_told_apart() {
    for text in [
        "hunter2",
        "password",
        "1234",
        "correct horse battery staple",
        "100% s3cret!",
        "AAAA",
        "Zürich",
    ] {
        assert_eq!(content(text), Content::Text, "{text}");
    }
    assert_eq!(content(" \n"), Content::Empty);
    assert_eq!(content("aHVudGVyMg=="), Content::EncodedText);
    assert_eq!(
        content(&STANDARD.encode("four words ".repeat(20))),
        Content::EncodedText
    );
    let mut base64 = STANDARD.encode(ciphertext(256));
    base64.replace_range(99..100, "*");
    assert_eq!(content(&base64), Content::Damaged(100));
    assert_eq!(
        content("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"),
        Content::Key
    );
    let mut der = ciphertext(294);
    der[..5].copy_from_slice(&[0x30, 0x82, 1, 34, 0x30]);
    assert_eq!(content(&STANDARD.encode(&der)), Content::Key);
    assert_eq!(content("eyJhbGciOiJSU0EtT0FFUC0yNTYifQ.a.b.c.d"), Content::Jwe);
    let mut salted = ciphertext(96);
    salted[..8].copy_from_slice(b"Salted__");
    assert_eq!(content(&STANDARD.encode(&salted)), Content::Passphrase);
}

#[test]
fn no_text_is_too_odd_to_be_read() {
    for odd in [
        "%",
        "\"",
        "\"\\",
        "\"\\u12\"",
        "[",
        "[]",
        "[300]",
        "-----BEGIN",
        "=",
        "====",
        "%2",
        "0x",
        "é",
    ] {
        let _ = Reading::of(odd.as_bytes());
    }
    let mut nested = STANDARD.encode(ciphertext(256));
    for _ in 0..10 {
        nested = STANDARD.encode(&nested);
    }
    assert_eq!(content(&nested), Content::Text);
}
