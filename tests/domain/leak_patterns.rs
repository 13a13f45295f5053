//! A million generated tokens in other text: our own search and the patterns in `assets/scan` miss none of them.
//!
//! `STRONGROOM_SEED` repeats a run; every failure prints the seed.

use std::hash::{BuildHasher, Hasher, RandomState};

use regex::bytes::Regex;
use strongroom::domain::text::{Brand, Environment};
use strongroom::domain::token::TokenSecret;
use strongroom::domain::token::find::find;

const THREADS: u64 = 2;
const TOKENS: usize = 1_000_000;
/// Brand and environment, as long and as short as they can be.
const PARTS: [(&str, &str); 5] = [
    ("FinCode", "prod"),
    ("fincode", "staging"),
    ("x", "y"),
    ("abcdefghijklmnopqrstuvwx", "abcdefghijkl"),
    ("a1b2", "9"),
];
/// What people put before and after a token.
const AROUND: [(&str, &str); 8] = [
    ("", ""),
    ("TOKEN=\"", "\"\n"),
    ("  token: ", "\n"),
    ("X-Auth-Token: ", "\r\n"),
    ("{\"t\":\"", "\",\"n\":1}"),
    ("https://api.example/?token=", "&x=1"),
    ("curl -H 'X-Auth-Token:", "'"),
    (
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ",
        ".",
    ),
];

/// The pattern of the rule file for gitleaks, and the entropy that it asks for.
fn gitleaks() -> (Regex, f64) {
    let rules: toml::Table = include_str!("../../assets/scan/gitleaks.toml").parse().unwrap();
    let rule = &rules["rules"].as_array().unwrap()[0];
    let pattern = Regex::new(rule["regex"].as_str().unwrap()).unwrap();
    (pattern, rule["entropy"].as_float().unwrap())
}

/// The pattern for GitHub: what must stand before and after it belongs to it.
fn github() -> Regex {
    let text = include_str!("../../assets/scan/github-secret-scanning.md");
    let parts: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("      "))
        .collect();
    let [secret, before, after]: [&str; 3] = parts.try_into().unwrap();
    Regex::new(&format!("(?:{before})({secret})(?:{after})")).unwrap()
}

/// Bits a character, as gitleaks reckons.
fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    text.iter().for_each(|&byte| counts[byte as usize] += 1);
    let share = |&count: &u32| f64::from(count) / text.len() as f64;
    let shares = counts.iter().filter(|&&count| count > 0).map(share);
    shares.map(|share| -share * share.log2()).sum()
}

#[test]
fn a_million_tokens_are_found_by_us_and_by_the_patterns() {
    let seed = std::env::var("STRONGROOM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("STRONGROOM_SEED={seed}");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || find_all(seed, thread));
        }
    });
}

fn find_all(seed: u64, thread: u64) {
    let (gitleaks, least) = gitleaks();
    let github = github();
    let parts = PARTS.map(|(brand, environment)| {
        let brand = Brand::parse(brand).unwrap();
        (brand, Environment::parse(environment).unwrap())
    });
    let mut state = seed ^ thread.wrapping_mul(0xA076_1D64_78BD_642F);
    let mut next = || {
        // SplitMix64.
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    };
    for round in 0..TOKENS / THREADS as usize {
        let mut bytes = [0; 32];
        bytes
            .chunks_exact_mut(8)
            .for_each(|word| word.copy_from_slice(&next().to_le_bytes()));
        let (brand, environment) = &parts[round % parts.len()];
        let token = TokenSecret::from_random(bytes).text(brand, environment);
        let token = token.expose();
        let (before, after) = AROUND[next() as usize % AROUND.len()];
        let text = [before.as_bytes(), token, after.as_bytes()].concat();
        let shown = || {
            let text = String::from_utf8_lossy(&text);
            format!("{text} in round {round}, STRONGROOM_SEED={seed}")
        };
        assert_eq!(
            find(&text, 0).map(|range| &text[range]),
            Some(token),
            "{}",
            shown()
        );
        let found = gitleaks.find(&text).map(|found| found.as_bytes());
        assert_eq!(found, Some(token), "gitleaks: {}", shown());
        assert!(entropy(token) > least, "gitleaks: {}", shown());
        if brand.prefix() == "fincode" {
            let found = github.captures(&text).map(|found| found.extract::<1>().1[0]);
            assert_eq!(found, Some(token), "GitHub: {}", shown());
        }
    }
}
