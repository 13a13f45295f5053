//! Passwords that anybody would try: on the list of common ones, or made of little else.
//!
//! With 15 characters as the minimum, few listed passwords are long enough to matter as they are, but
//! `passwordpassword`, `qwertyuiop12345` and `manchesterunited1` are. So a password is taken apart into its cheapest
//! parts, and what a guesser pays for them is added up. It is zxcvbn's idea in small: that crate keeps copies of the
//! password in its results and caches, which are not wiped.
//!
//! The list is Django's, 20,000 entries by Royce Williams from breaches, without the shortest and the undecodable ones.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::domain::secret::Secret;

/// Below 2^31 guesses a single graphics card needs days at our argon2 parameters, and for a listed password seconds.
const ENOUGH: u32 = 31;
/// One of 20,000 words, and how its case or spelling was varied: a little over 14 bits.
const WORD: u32 = 15;
/// Where a run begins, its direction and its length.
const RUN: u32 = 8;
const DIGIT: u32 = 4;
const OTHER: u32 = 6;
/// A shorter run is as likely chance.
const SHORTEST_RUN: usize = 3;
/// A unit this short repeated is a pattern, whatever it is made of.
const SHORT_UNIT: usize = 5;

static LIST: LazyLock<HashSet<&'static [u8]>> = LazyLock::new(|| {
    include_str!("../../assets/common-passwords.txt")
        .lines()
        .map(str::as_bytes)
        .collect()
});
static LONGEST: LazyLock<usize> = LazyLock::new(|| LIST.iter().map(|word| word.len()).max().unwrap_or(0));

/// Neighbours on these lines are neighbours to fingers and eyes; rows of the common keyboard layouts.
const ROWS: [&[u8]; 10] = [
    b"abcdefghijklmnopqrstuvwxyz",
    b"1234567890",
    b"qwertyuiop",
    b"asdfghjkl",
    b"zxcvbnm",
    b"qwertzuiop",
    b"yxcvbnm",
    b"azertyuiop",
    b"qsdfghjklm",
    b"!@#$%^&*()",
];

/// Whether a password, after NFKC, is too easy to guess.
pub(super) fn is_common(password: &Secret) -> bool {
    let plain = Secret::new(password.expose().to_ascii_lowercase());
    let respelled = Secret::new(plain.expose().iter().copied().map(respell).collect());
    let unit = unit_length(plain.expose());
    if unit <= SHORT_UNIT && unit < plain.len() {
        return true;
    }
    guesses(&plain.expose()[..unit], &respelled.expose()[..unit]) < ENOUGH
}

/// The digits and signs that stand for letters.
const fn respell(byte: u8) -> u8 {
    match byte {
        b'@' | b'4' => b'a',
        b'3' => b'e',
        b'1' | b'!' => b'i',
        b'0' => b'o',
        b'$' | b'5' => b's',
        b'7' => b't',
        other => other,
    }
}

/// How long the unit is that the text repeats, at least twice and perhaps cut off at the end; its own length if none.
fn unit_length(text: &[u8]) -> usize {
    (1..=text.len() / 2)
        .find(|&unit| text[unit..] == text[..text.len() - unit])
        .unwrap_or(text.len())
}

/// The logarithm to base 2 of how many guesses the cheapest partition costs.
fn guesses(plain: &[u8], respelled: &[u8]) -> u32 {
    let mut cheapest = vec![u32::MAX; plain.len() + 1];
    cheapest[0] = 0;
    for from in 0..plain.len() {
        let so_far = cheapest[from];
        let mut offer = |to: usize, cost: u32| cheapest[to] = cheapest[to].min(so_far.saturating_add(cost));
        offer(
            from + 1,
            if plain[from].is_ascii_digit() {
                DIGIT
            } else {
                OTHER
            },
        );
        let run = run_length(&plain[from..]);
        if run >= SHORTEST_RUN {
            offer(from + run, RUN);
        }
        for to in from + 1..=plain.len().min(from + *LONGEST) {
            if LIST.contains(&plain[from..to]) || LIST.contains(&respelled[from..to]) {
                offer(to, WORD);
            }
        }
    }
    cheapest[plain.len()]
}

/// How many bytes from the first on are one repeated, or neighbours in one direction (a row may begin again).
fn run_length(text: &[u8]) -> usize {
    let along =
        |step: &dyn Fn(u8, u8) -> bool| 1 + text.windows(2).take_while(|pair| step(pair[0], pair[1])).count();
    let rows = ROWS.iter().flat_map(|row| {
        let at = move |byte| row.iter().position(|&b| b == byte);
        let follows = move |a, b| matches!((at(a), at(b)), (Some(a), Some(b)) if (a + 1) % row.len() == b);
        [along(&follows), along(&|a, b| follows(b, a))]
    });
    rows.chain([along(&|a, b| a == b)]).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(text: &str) -> bool {
        is_common(&Secret::from_text(text.into()))
    }

    #[test]
    fn passwords_that_anybody_would_try_are_common() {
        for text in [
            "password",
            "passwordpassword",
            "P@ssw0rdP@ssw0rd",
            "PasswordPassword1",
            "password123456789",
            "123456789012345",
            "987654321098765",
            "qwertyuiopasdfghjkl",
            "qwertzuiopasdf",
            "abcdefghijklmno",
            "aaaaaaaaaaaaaaaaaaaa",
            "abababababababab",
            "abc123abc123abc123",
            "1q2w3e4r5t6y7u8i9o0p",
            "qazwsxedcrfvtgb",
            "manchesterunited",
            "Manchesterunited1",
            "iloveyouiloveyou!",
            "",
        ] {
            assert!(common(text), "{text}");
        }
    }

    #[test]
    fn passwords_that_take_some_guessing_are_not() {
        for text in [
            "correct horse battery staple",
            "Die Katze tritt die Treppe krumm",
            "t7#Kq9!vLm2$xZp",
            "four-crows-on-a-wire",
            "Zürich im Regen, 1987",
            "827364019283746",
        ] {
            assert!(!common(text), "{text}");
        }
    }

    #[test]
    fn the_list_is_in_lower_case_and_has_its_size() {
        assert!(LIST.len() > 19_000, "{}", LIST.len());
        assert!(
            LIST.iter()
                .all(|word| word.len() >= 3 && !word.iter().any(u8::is_ascii_uppercase))
        );
    }
}
