//! What encoding a plaintext is in, as far as its bytes tell.

use serde::{Deserialize, Serialize};

/// How a plaintext's characters became bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextEncoding {
    /// There is none.
    Empty,
    /// UTF-8, as it should be.
    Utf8,
    /// UTF-8 that ends in a newline, as `echo` leaves one.
    Utf8WithNewline,
    /// UTF-8 in quotes, as a JSON encoder leaves them.
    Utf8Quoted,
    /// UTF-8 behind a byte order mark.
    Utf8WithMark,
    /// ISO 8859-1, or Windows' like.
    Latin1,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// None of these.
    Binary,
}

impl TextEncoding {
    /// Judges by the bytes alone.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        if let Some(wide) = utf16(bytes) {
            return wide;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if text.starts_with('\u{feff}') => Self::Utf8WithMark,
            Ok(text) if text.len() > 1 && text.ends_with('\n') => Self::Utf8WithNewline,
            Ok(text) if text.len() > 1 && text.starts_with('"') && text.ends_with('"') => Self::Utf8Quoted,
            Ok(text)
                if !text
                    .chars()
                    .any(|char| char.is_control() && !char.is_whitespace()) =>
            {
                Self::Utf8
            }
            Ok(_) => Self::Binary,
            Err(_) if bytes.iter().all(|byte| is_printable_latin1(*byte)) => Self::Latin1,
            Err(_) => Self::Binary,
        }
    }

    /// As people write it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Utf8 => "UTF-8",
            Self::Utf8WithNewline => "UTF-8 with a newline at its end",
            Self::Utf8Quoted => "UTF-8 in quotes",
            Self::Utf8WithMark => "UTF-8 with a byte order mark",
            Self::Latin1 => "Latin-1 or Windows-1252",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Binary => "bytes that are no text",
        }
    }
}

/// By its mark, or by high bytes of which at least half are zero: ASCII is UTF-8 too when every other byte is zero.
fn utf16(bytes: &[u8]) -> Option<TextEncoding> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    match pairs.first()? {
        [0xff, 0xfe] => return Some(TextEncoding::Utf16Le),
        [0xfe, 0xff] => return Some(TextEncoding::Utf16Be),
        _ => {}
    }
    let zeros = |place: usize| pairs.iter().filter(|pair| pair[place] == 0).count();
    let is_text = |low: usize| pairs.iter().all(|pair| pair[1 - low] != 0 || pair[low] >= b' ');
    match (zeros(0), zeros(1)) {
        (0, low) if low * 2 >= pairs.len() && is_text(0) => Some(TextEncoding::Utf16Le),
        (high, 0) if high * 2 >= pairs.len() && is_text(1) => Some(TextEncoding::Utf16Be),
        _ => None,
    }
}

/// Windows uses most of 0x80 to 0x9f for characters.
const fn is_printable_latin1(byte: u8) -> bool {
    byte >= 0x80 || matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_apart_by_their_bytes() {
        let utf16 = |text: &str, swap: bool| -> Vec<u8> {
            let bytes = |unit: u16| {
                if swap {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            };
            text.encode_utf16().flat_map(bytes).collect()
        };
        let cases: [(Vec<u8>, TextEncoding); 11] = [
            (vec![], TextEncoding::Empty),
            (b"4711".to_vec(), TextEncoding::Utf8),
            ("Zürich 東京".into(), TextEncoding::Utf8),
            (b"4711\n".to_vec(), TextEncoding::Utf8WithNewline),
            (b"\"4711\"".to_vec(), TextEncoding::Utf8Quoted),
            ("\u{feff}4711".into(), TextEncoding::Utf8WithMark),
            (b"Z\xfcrich".to_vec(), TextEncoding::Latin1),
            (utf16("4711", false), TextEncoding::Utf16Le),
            (utf16("Zürich", true), TextEncoding::Utf16Be),
            (utf16("\u{feff}東京", false), TextEncoding::Utf16Le),
            (vec![0, 1, 2, 0xff], TextEncoding::Binary),
        ];
        for (bytes, encoding) in cases {
            assert_eq!(TextEncoding::of(&bytes), encoding, "{bytes:?}");
        }
    }
}
