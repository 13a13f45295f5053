//! One text, searched line by line.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkMatch};

use super::matcher::{Hit, Leaks};
use super::{Finding, Place, What};
use crate::domain::pem;
use crate::domain::secret::Secret;

/// Searches texts, one after the other.
pub(super) struct Search {
    searcher: Searcher,
    leaks: Leaks,
}

/// Collects what one text has.
struct Collector<'a> {
    leaks: &'a Leaks,
    path: &'a str,
    tokens: Vec<Finding>,
    /// Where private keys begin, as an offset in the text too.
    keys: Vec<(u64, Place)>,
}

impl Search {
    pub(super) fn new() -> Self {
        Self {
            searcher: SearcherBuilder::new()
                // A file with a zero byte is none that people write; UTF-16 is told by its mark.
                .binary_detection(BinaryDetection::quit(0))
                .build(),
            leaks: Leaks::new(),
        }
    }

    /// What a file has.
    pub(super) fn file(&mut self, path: &str, file: &File) -> io::Result<Vec<Finding>> {
        let mut found = Collector::new(&self.leaks, path);
        self.searcher.search_file(&self.leaks, file, &mut found)?;
        found.finish(|at| {
            let mut text = vec![0; pem::LONGEST];
            let length = file.read_at(&mut text, at).unwrap_or(0);
            pem::public_half(&text[..length])
        })
    }

    /// What a text in memory has.
    pub(super) fn text(&mut self, path: &str, text: &[u8]) -> io::Result<Vec<Finding>> {
        let mut found = Collector::new(&self.leaks, path);
        self.searcher.search_slice(&self.leaks, text, &mut found)?;
        found.finish(|at| pem::public_half(text.get(usize::try_from(at).ok()?..)?))
    }
}

impl<'a> Collector<'a> {
    fn new(leaks: &'a Leaks, path: &'a str) -> Self {
        Self {
            leaks,
            path,
            tokens: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// The tokens, and those of the keys that are RSA keys.
    fn finish(self, public_half: impl Fn(u64) -> Option<Vec<u8>>) -> io::Result<Vec<Finding>> {
        let mut findings = self.tokens;
        findings.extend(self.keys.into_iter().filter_map(|(at, place)| {
            let what = What::PrivateKey(public_half(at)?);
            Some(Finding { place, what })
        }));
        Ok(findings)
    }
}

impl Sink for Collector<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, lines: &SinkMatch<'_>) -> io::Result<bool> {
        let text = lines.bytes();
        let mut from = 0;
        while let Some(hit) = self.leaks.next(text, from) {
            let (start, end) = (hit.range().start, hit.range().end);
            from = end;
            let place = Place {
                path: self.path.to_owned(),
                line: lines.line_number().unwrap_or(0),
                column: start + 1,
                commit: None,
            };
            match hit {
                Hit::Token(range) => {
                    let what = What::Token(Secret::new(text[range].to_vec()));
                    self.tokens.push(Finding { place, what });
                }
                Hit::Key(_) => self.keys.push((lines.absolute_byte_offset() + end as u64, place)),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::{Brand, Environment};
    use crate::domain::token::TokenSecret;

    fn token(seed: u8) -> String {
        let (brand, environment) = (Brand::parse("acme").unwrap(), Environment::parse("prod").unwrap());
        let token = TokenSecret::from_random([seed; 32]).text(&brand, &environment);
        token.expose_text().unwrap().to_owned()
    }

    fn places(text: &[u8]) -> Vec<(u64, usize)> {
        let found = Search::new().text("x", text).unwrap();
        found
            .iter()
            .map(|found| (found.place.line, found.place.column))
            .collect()
    }

    #[test]
    fn every_token_of_a_line_has_its_line_and_column() {
        let text = format!("\n  a={}, b={}\r\nlast: {}", token(1), token(2), token(3));
        assert_eq!(places(text.as_bytes()), [(2, 5), (2, 68), (3, 7)]);
    }

    #[test]
    fn what_has_a_zero_byte_is_not_searched() {
        let text = format!("\0\n{}\n", token(1));
        assert_eq!(places(text.as_bytes()), []);
    }

    #[test]
    fn utf_16_is_searched_as_text() {
        let mut text = vec![0xff, 0xfe];
        text.extend(
            format!("a\n{}", token(1))
                .encode_utf16()
                .flat_map(u16::to_le_bytes),
        );
        assert_eq!(places(&text), [(2, 1)]);
    }

    #[test]
    fn a_private_key_is_found_where_its_header_ends() {
        let key = openssl::rsa::Rsa::generate(1024).unwrap();
        let pem = String::from_utf8(key.private_key_to_pem().unwrap()).unwrap();
        let text = format!("{}\n{pem}x-----BEGIN PRIVATE KEY-----\nnonsense", token(1));
        assert_eq!(places(text.as_bytes()), [(1, 1), (2, 16)]);
    }
}
