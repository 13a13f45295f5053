//! The guide for the people who write clients: texts and samples under `assets/guide`, with an organization's key in them.
//!
//! - Console and command show these files and nothing else: what is shown is what the tests run.
//! - A text has placeholders (`{{public_key}}`, …), and `FINCODE_` where the brand's variables are meant.
//! - What people chose, such as an organization's name, is text and never markup.

mod blocks;
mod html;
mod page;

pub use blocks::{Block, blocks};
pub use page::{Language, Page};

use std::fmt::Write as _;

use crate::domain::field::FieldRule;
use crate::domain::text::FieldName;
use crate::service::response::{KeyView, OrganizationRow};

/// The guide of one organization, as of now.
#[derive(Debug, Clone)]
pub struct Guide {
    title: String,
    /// What the brand's environment variables begin with: `FINCODE_`.
    variables: String,
    /// Placeholders and what is put in their place.
    values: Vec<(&'static str, String)>,
}

impl Guide {
    /// With this key and these names.
    #[must_use]
    pub fn new(key: &KeyView, organization: &OrganizationRow) -> Self {
        let size = key.active.size;
        let bytes = size.bits() as usize / 8;
        let sensitive = key.fields.iter().filter(|rule| rule.encrypted);
        let field = sensitive.flat_map(|rule| &rule.names).next();
        Self {
            title: format!("{}: guide for {}", organization.brand, organization.slug),
            variables: format!("{}_", organization.brand.variable_prefix()),
            values: vec![
                ("brand", organization.brand.to_string()),
                ("prefix", organization.brand.prefix()),
                ("organization", organization.slug.to_string()),
                ("name", plain(organization.name.as_str())),
                ("generation", key.active.generation.to_string()),
                ("bits", size.bits().to_string()),
                ("limit", size.max_plaintext().to_string()),
                ("ciphertext_length", (bytes.div_ceil(3) * 4).to_string()),
                ("public_key", key.base64.clone()),
                ("fingerprint", key.active.fingerprint.to_string()),
                ("field", field.map(FieldName::to_string).unwrap_or_default()),
                ("fields", table(&key.fields)),
            ],
        }
    }

    /// One page, as Markdown.
    #[must_use]
    pub fn text(&self, page: Page) -> String {
        let text = match page {
            Page::Language(language) => page.source().replace("{{sample}}", language.source().trim_end()),
            _ => page.source().to_owned(),
        };
        self.filled(text)
    }

    /// The sample of a language: a whole program.
    #[must_use]
    pub fn sample(&self, language: Language) -> String {
        self.filled(language.source().to_owned())
    }

    /// All pages in one file, as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n", self.title);
        for page in Page::ALL {
            // Writing to a string does not fail.
            let _ = writeln!(text, "- [{}](#{})", page.title(), page.anchor());
        }
        for page in Page::ALL {
            let _ = write!(text, "\n{}", self.text(page));
        }
        text
    }

    /// All pages in one file that needs no other and asks no network.
    #[must_use]
    pub fn html(&self) -> String {
        html::document(&self.title, |page| self.text(page))
    }

    fn filled(&self, text: String) -> String {
        let text = text.replace("FINCODE_", &self.variables);
        let fill =
            |text: String, (name, value): &(&str, String)| text.replace(&format!("{{{{{name}}}}}"), value);
        self.values.iter().fold(text, fill)
    }
}

/// A text that people chose, so that Markdown takes none of it for markup.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for character in text.chars() {
        if character.is_ascii_punctuation() {
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

/// The rows of the table of fields.
fn table(rules: &[FieldRule]) -> String {
    let row = |rule: &FieldRule| {
        let names: Vec<String> = rule.names.iter().map(|name| format!("`{name}`")).collect();
        let word = if rule.encrypted { "**encrypt**" } else { "in clear" };
        format!("| {} | {} | {word} |", plain(&rule.kind), names.join(", "))
    };
    rules.iter().map(row).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
