//! Reads a source file as Rust's own tokens, and keeps what the checks look at: paths, method calls, identifiers.
//!
//! Comments and strings are no tokens of interest, and items under `#[cfg(test)]` or `#[test]` are left out.

use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One file of `src`.
pub(crate) struct Source {
    /// Its path below `src`.
    pub(crate) path: PathBuf,
    pub(crate) lines: usize,
    pub(crate) found: Found,
}

/// What the checks look at, each with its line.
#[derive(Default)]
pub(crate) struct Found {
    /// Paths of imports and expressions, those into the crate resolved to `crate::…`.
    pub(crate) paths: Vec<(String, usize)>,
    /// Methods that are called.
    pub(crate) calls: Vec<(String, usize)>,
    /// Every identifier.
    pub(crate) words: Vec<(String, usize)>,
    /// Modules in files of their own that only tests have.
    pub(crate) test_modules: Vec<Vec<String>>,
}

impl Source {
    pub(crate) fn read(path: &str, text: &str) -> Self {
        let tokens: TokenStream = text.parse().unwrap_or_else(|e| panic!("src/{path}: {e}"));
        let path = PathBuf::from(path);
        let mut found = Found::default();
        found.walk(tokens, &module(&path));
        Self {
            path,
            lines: text.lines().count(),
            found,
        }
    }

    /// The folder it is in, or its own name at the top of `src`.
    pub(crate) fn place(&self) -> &str {
        let first = self
            .path
            .iter()
            .next()
            .and_then(|part| part.to_str())
            .unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    pub(crate) fn shown(&self) -> String {
        format!("src/{}", self.path.display())
    }
}

/// `service/ports.rs` is the module `service::ports`, `service/mod.rs` is `service`, `lib.rs` the root.
fn module(path: &Path) -> Vec<String> {
    let parts = path.with_extension("");
    let mut parts: Vec<String> = parts
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    parts.pop_if(|last| ["mod", "lib", "main"].contains(&last.as_str()));
    parts
}

impl Found {
    fn walk(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at += match &tokens[at] {
                TokenTree::Punct(p) if p.as_char() == '#' && is_test_attribute(tokens.get(at + 1)) => {
                    self.skip_item(&tokens[at..], module)
                }
                TokenTree::Ident(word) if word == "use" && !is_punct(tokens.get(at + 1), '<') => {
                    let end = tokens[at..].iter().position(|t| is_punct(Some(t), ';'));
                    let end = end.map_or(tokens.len(), |length| at + length);
                    self.import(&tokens[at + 1..end], Vec::new(), module);
                    end - at
                }
                TokenTree::Ident(word)
                    if word == "mod" && matches!(tokens.get(at + 2), Some(TokenTree::Group(_))) =>
                {
                    let inner = [module, &[tokens[at + 1].to_string()]].concat();
                    if let TokenTree::Group(group) = &tokens[at + 2] {
                        self.walk(group.stream(), &inner);
                    }
                    3
                }
                TokenTree::Ident(_) => self.path(&tokens, at, module),
                TokenTree::Group(group) => {
                    self.walk(group.stream(), module);
                    1
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
            };
        }
    }

    /// How many tokens an item takes, from its `#[cfg(test)]` to its closing brace or semicolon.
    fn skip_item(&mut self, tokens: &[TokenTree], module: &[String]) -> usize {
        let ends = |token: &TokenTree| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            other => is_punct(Some(other), ';'),
        };
        let length = tokens.iter().position(ends).map_or(tokens.len(), |last| last + 1);
        let place = tokens[..length]
            .iter()
            .position(|t| matches!(t, TokenTree::Ident(word) if word == "mod"));
        if let Some(name) = place.and_then(|place| tokens.get(place + 1)) {
            self.test_modules.push([module, &[name.to_string()]].concat());
        }
        length
    }

    /// The paths of one import: `a::{b, c::{self, d}}` are three.
    fn import(&mut self, tokens: &[TokenTree], mut prefix: Vec<String>, module: &[String]) {
        let mut line = 0;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(word) if word == "as" => break,
                TokenTree::Ident(word) => {
                    line = word.span().start().line;
                    self.words.push((word.to_string(), line));
                    prefix.push(word.to_string());
                }
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for one in inner
                        .split(|t| is_punct(Some(t), ','))
                        .filter(|one| !one.is_empty())
                    {
                        self.import(one, prefix.clone(), module);
                    }
                    return;
                }
                TokenTree::Punct(p) if p.as_char() == '*' => line = p.span().start().line,
                TokenTree::Punct(_) | TokenTree::Literal(_) => assert!(at < 1 || is_punct(Some(token), ':')),
            }
        }
        self.record(&prefix, line, module);
    }

    /// Takes the path that begins at `at`, and how many tokens it has.
    fn path(&mut self, tokens: &[TokenTree], at: usize, module: &[String]) -> usize {
        let mut segments = Vec::new();
        let mut next = at;
        let line = tokens[at].span().start().line;
        while let Some(TokenTree::Ident(word)) = tokens.get(next) {
            segments.push(word.to_string());
            self.words.push((word.to_string(), word.span().start().line));
            if !(is_punct(tokens.get(next + 1), ':') && is_punct(tokens.get(next + 2), ':')) {
                next += 1;
                break;
            }
            next += 3;
        }
        let before = |back: usize| at.checked_sub(back).and_then(|place| tokens.get(place));
        let is_called =
            matches!(tokens.get(next), Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Parenthesis);
        if is_punct(before(1), '.') && is_called {
            self.calls.push((segments[0].clone(), line));
        }
        // `<T as Trait>::name::…` and `Vec::<u8>::new` go on after a bracket: no path begins there.
        let goes_on = is_punct(before(1), ':') && is_punct(before(2), ':') && is_punct(before(3), '>');
        if segments.len() > 1 && !goes_on {
            self.record(&segments, line, module);
        }
        next - at
    }

    fn record(&mut self, segments: &[String], line: usize, module: &[String]) {
        let supers = segments.iter().filter(|segment| *segment == "super").count();
        let rest: Vec<String> = segments
            .iter()
            .filter(|s| !["crate", "self", "super"].contains(&s.as_str()))
            .cloned()
            .collect();
        let path = match segments.first().map(String::as_str) {
            Some("crate") => [&["crate".to_owned()], rest.as_slice()].concat(),
            Some("self" | "super") => {
                let base = &module[..module.len().saturating_sub(supers)];
                [&["crate".to_owned()], base, &rest].concat()
            }
            _ => rest,
        };
        self.paths.push((path.join("::"), line));
    }
}

fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == character)
}

fn is_test_attribute(token: Option<&TokenTree>) -> bool {
    token
        .is_some_and(|token| ["[cfg(test)]", "[test]"].contains(&token.to_string().replace(' ', "").as_str()))
}

/// Every file of `src`, but those that only tests have.
pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push(Source::read(
                    path.strip_prefix(&root).unwrap().to_str().unwrap(),
                    &text,
                ));
            }
        }
    }
    assert!(
        files.iter().any(|file| file.place() == "domain"),
        "read nothing in {}",
        root.display()
    );
    let tests: Vec<_> = files
        .iter()
        .flat_map(|file| file.found.test_modules.clone())
        .collect();
    files.retain(|file| !tests.iter().any(|test| module(&file.path).starts_with(test)));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
