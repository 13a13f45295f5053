//! Tokens in other text: source code, configuration, a log.
//!
//! Only those whose checksum fits are found. Whatever stands before or after them does not matter: `%3d` and `\n` may touch
//! the brand, and then its shorter endings are tried too. Most bytes are never looked at: 49 digits in a row cover every
//! 49th place, so that a byte there which is no digit rules out all that could begin before it.

use std::ops::Range;

use super::format::{CHECKSUM_DIGITS, SECRET_DIGITS, decode, has_its_checksum, is_digit};
use crate::domain::text::{Brand, Environment};

const DIGITS: usize = SECRET_DIGITS + CHECKSUM_DIGITS;

/// The first token that lies in `text` at `from` or after.
#[must_use]
pub fn find(text: &[u8], from: usize) -> Option<Range<usize>> {
    // What lies before the floor was looked at.
    let mut floor = from;
    loop {
        let probe = floor + DIGITS - 1;
        if !is_digit(*text.get(probe)?) {
            floor = probe + 1;
            continue;
        }
        let begun = text[floor..probe].iter().rposition(|&byte| !is_digit(byte));
        let first = begun.map_or(floor, |at| floor + at + 1);
        let window = text.get(first..first + DIGITS)?;
        let tail = probe - first + 1;
        if let Some(end) = window[tail..].iter().position(|&byte| !is_digit(byte)) {
            floor = first + tail + end + 1;
            continue;
        }
        if let Some(start) = start_of(text, from, first) {
            return Some(start..first + DIGITS);
        }
        floor = first + DIGITS;
    }
}

/// Where the token begins whose digits begin at `first`, if it is one.
fn start_of(text: &[u8], from: usize, first: usize) -> Option<usize> {
    let (environment, rest) = part_before(text, from, first, Environment::MAX)?;
    if environment != rest {
        return None;
    }
    let (longest, _) = part_before(text, from, environment, Brand::MAX)?;
    decode(&text[first..first + SECRET_DIGITS])?;
    (longest..environment - 1).find(|&start| has_its_checksum(&text[start..first + DIGITS]) == Some(true))
}

/// Where the letters and digits before the underscore before `end` begin: `max` of them at most, and all of them.
fn part_before(text: &[u8], from: usize, end: usize, max: usize) -> Option<(usize, usize)> {
    let line = text[from..end].strip_suffix(b"_")?;
    let is_part = |byte: &&u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let most = line.iter().rev().take(max + 1).take_while(is_part).count();
    let end = from + line.len();
    (most > 0).then(|| (end - most.min(max), end - most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::TokenSecret;

    fn token(brand: &str, environment: &str, seed: u8) -> Vec<u8> {
        let (brand, environment) = (
            Brand::parse(brand).unwrap(),
            Environment::parse(environment).unwrap(),
        );
        TokenSecret::from_random([seed; 32])
            .text(&brand, &environment)
            .expose()
            .to_vec()
    }

    fn all(text: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(range) = find(text, from) {
            from = range.end;
            found.push(text[range].to_vec());
        }
        found
    }

    #[test]
    fn whatever_stands_around_a_token_does_not_hide_it() {
        let wanted = token("FinCode", "prod", 7);
        let around: [(&[u8], &[u8]); 12] = [
            (b"", b""),
            (b"\"", b"\""),
            (b"?t%3d", b"%26"),
            (b"\\n", b"\\n"),
            (b"my_", b"_old"),
            (
                b"abcdefghijklmnopqrstuvwxyz0123456789",
                b"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl",
            ),
            (
                b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                b"\n",
            ),
            (b"a_b_0000000000000000000000000000000000000000", b""),
            (b"a_b_00000000000000000000000000000000000000000000000000", b""),
            (b"\xff\xff", b"\xff"),
            (b"x_y_", b"_z_"),
            (b"____", b"____"),
        ];
        for (before, after) in around {
            for padding in 0..=DIGITS {
                let mut text = vec![b'.'; padding];
                text.extend_from_slice(before);
                text.extend_from_slice(&wanted);
                text.extend_from_slice(after);
                assert_eq!(
                    all(&text),
                    std::slice::from_ref(&wanted),
                    "{}",
                    String::from_utf8_lossy(&text)
                );
            }
        }
    }

    #[test]
    fn tokens_that_touch_are_all_found_and_none_before_the_beginning() {
        let two = [token("x", "y", 1), token("fincode", "staging12345", 2)];
        let text = two.concat();
        assert_eq!(all(&text), two);
        assert_eq!(find(&text, 1), Some(two[0].len()..text.len()));
    }

    #[test]
    fn a_changed_character_makes_it_no_token() {
        let token = token("fincode", "prod", 3);
        for place in 0..token.len() {
            let mut text = token.clone();
            text[place] = if text[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(all(&text), Vec::<Vec<u8>>::new(), "at {place}");
        }
        assert_eq!(find(&token[..token.len() - 1], 0), None);
    }
}
