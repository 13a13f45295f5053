//! A million generated tokens parse back to their bytes, and a million damaged ones do not parse.
//!
//! `STRONGROOM_SEED` repeats a run; every failure prints the seed. The checksum finds each substitution and
//! transposition for certain; a character more or less in the part before the digits it misses once in 2^32 times,
//! which makes this test fail by chance about once in 50,000 runs.

use std::hash::{BuildHasher, Hasher, RandomState};

use strongroom::domain::text::{Brand, Environment};
use strongroom::domain::token::TokenSecret;

const THREADS: u64 = 2;
const TOKENS: usize = 1_000_000;

/// SplitMix64: half a million tokens a thread leave no time for a better generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn text(&mut self, first: &str, rest: &str, max: usize) -> String {
        let length = 1 + self.below(max);
        let pick = |random: &mut Self, from: &str| char::from(from.as_bytes()[random.below(from.len())]);
        let head = pick(self, first);
        std::iter::once(head)
            .chain((1..length).map(|_| pick(self, rest)))
            .collect()
    }

    fn secret(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for word in bytes.chunks_exact_mut(8) {
            word.copy_from_slice(&self.next().to_le_bytes());
        }
        // Numbers with many leading zeros or ones are where a base conversion goes wrong.
        match self.below(16) {
            0 => bytes[..self.below(33)].fill(0),
            1 => bytes[..self.below(33)].fill(255),
            _ => {}
        }
        bytes
    }

    /// Damages a token in one of five ways; what comes out is always another text.
    fn damage(&mut self, token: &[u8]) -> (&'static str, Vec<u8>) {
        let mut text = token.to_vec();
        let place = self.below(text.len());
        match self.below(5) {
            0 => {
                let printable = b' ' + self.below(95) as u8;
                text[place] = if printable == text[place] { 0xC3 } else { printable };
                ("substitution", text)
            }
            1 => {
                text.remove(place);
                ("deletion", text)
            }
            2 => {
                text.insert(place, b"0aZ_9"[self.below(5)]);
                ("insertion", text)
            }
            3 => {
                let differs = |&at: &usize| text[at] != text[at + 1];
                let places = (0..text.len() - 1).cycle().skip(place);
                if let Some(at) = places.take(text.len()).find(differs) {
                    text.swap(at, at + 1);
                }
                ("transposition", text)
            }
            _ => {
                let letter = (0..text.len())
                    .cycle()
                    .skip(place)
                    .find(|&at| text[at].is_ascii_alphabetic());
                if let Some(at) = letter {
                    text[at] ^= 0x20;
                }
                ("case flip", text)
            }
        }
    }
}

#[test]
fn a_million_tokens_parse_and_a_million_damaged_ones_do_not() {
    let seed = std::env::var("STRONGROOM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("STRONGROOM_SEED={seed}");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || generate_and_damage(seed, thread));
        }
    });
}

fn generate_and_damage(seed: u64, thread: u64) {
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const LOWER_AND_DIGITS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = Random(seed ^ thread.wrapping_mul(0xA076_1D64_78BD_642F));
    let parts: Vec<(Brand, Environment)> = (0..500)
        .map(|_| {
            let brand = random.text(LOWER, LOWER_AND_DIGITS, Brand::MAX);
            let environment = random.text(LOWER_AND_DIGITS, LOWER_AND_DIGITS, Environment::MAX);
            (
                Brand::parse(&brand).unwrap(),
                Environment::parse(&environment).unwrap(),
            )
        })
        .collect();
    for round in 0..TOKENS / THREADS as usize {
        let bytes = random.secret();
        let (brand, environment) = &parts[random.below(parts.len())];
        let token = TokenSecret::from_random(bytes).text(brand, environment);
        let token = token.expose();
        let shown = String::from_utf8_lossy(token);
        let parsed = TokenSecret::parse(token).map(|secret| *secret.expose());
        assert_eq!(
            parsed,
            Ok(bytes),
            "{shown} in round {round}, STRONGROOM_SEED={seed}"
        );
        let (how, damaged) = random.damage(token);
        assert!(
            damaged != token && TokenSecret::parse(&damaged).is_err(),
            "{shown} after a {how} parses: {}, in round {round}, STRONGROOM_SEED={seed}",
            String::from_utf8_lossy(&damaged)
        );
    }
}
