//! Names that are proposed at a TAB, asked of the store.
//!
//! - Nothing is asked of a store that is sealed with a passphrase and not open.
//! - What is proposed is put into a command line: only what every shell takes as one plain word is. A token whose name is
//!   none is proposed by its id, and so is one that shares its name with another.

use std::collections::BTreeSet;

use crate::domain::text::Slug;
use crate::domain::token::Status;
use crate::gateway::{Gateway, StoreState};
use crate::service::request::{Show, Sort, TokenQuery};
use crate::service::response::TokenRow;
use crate::service::{Error, Request, Response};

/// More than anybody reads, and quickly answered.
const MOST: usize = 1_000;

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// An API token.
    Token,
    /// An organization.
    Organization,
    /// A cashier.
    Cashier,
}

/// Something to propose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// What is typed.
    pub word: String,
    /// What it is, where a shell shows that.
    pub about: String,
}

/// The names of one kind that begin with `typed`; of one organization's tokens where it is named.
///
/// # Errors
/// The store cannot be opened, or does not answer.
pub fn of_store(
    gateway: &dyn Gateway,
    organization: Option<&Slug>,
    noun: Noun,
    typed: &str,
) -> Result<Vec<Name>, Error> {
    if gateway.state()? != StoreState::Ready {
        return Ok(Vec::new());
    }
    let mut names = match noun {
        Noun::Token => tokens(gateway, organization, typed)?,
        Noun::Organization => organizations(gateway)?
            .into_iter()
            .map(|(slug, name)| Name {
                word: slug.to_string(),
                about: name,
            })
            .collect(),
        Noun::Cashier => match gateway.ask(None, Request::ListCashiers)? {
            Response::Cashiers(rows) => rows
                .into_iter()
                .map(|row| Name {
                    word: row.email.to_string(),
                    about: row.role.word().to_owned(),
                })
                .collect(),
            _ => Vec::new(),
        },
    };
    names.retain(|name| is_plain(&name.word) && name.word.starts_with(typed));
    Ok(names)
}

fn organizations(gateway: &dyn Gateway) -> Result<Vec<(Slug, String)>, Error> {
    match gateway.ask(None, Request::ListOrganizations)? {
        Response::Organizations(rows) => Ok(rows
            .into_iter()
            .map(|row| (row.slug, row.name.to_string()))
            .collect()),
        _ => Ok(Vec::new()),
    }
}

fn tokens(gateway: &dyn Gateway, organization: Option<&Slug>, typed: &str) -> Result<Vec<Name>, Error> {
    let slugs = match organization {
        Some(slug) => vec![slug.clone()],
        None => organizations(gateway)?
            .into_iter()
            .map(|(slug, _)| slug)
            .collect(),
    };
    // An id is nothing that tokens are searched by.
    let is_id = typed.starts_with("01");
    let mut names = Vec::new();
    for slug in slugs {
        let query = TokenQuery {
            organization: Some(slug),
            text: if is_id { String::new() } else { typed.to_owned() },
            show: Show::All,
            sort: Sort::Name,
            limit: MOST,
            ..TokenQuery::default()
        };
        if let Response::Tokens(page) = gateway.ask(None, Request::ListTokens(query))? {
            names.extend(words(&page.rows));
        }
    }
    Ok(names)
}

/// Each by its name, or by its id where the name is another's or no plain word. Those that work have their names first.
fn words(rows: &[TokenRow]) -> Vec<Name> {
    let works = |row: &&TokenRow| matches!(row.status, Status::Active | Status::Expiring);
    let (live, others): (Vec<&TokenRow>, Vec<&TokenRow>) = rows.iter().partition(works);
    let mut taken = BTreeSet::new();
    live.into_iter()
        .chain(others)
        .map(|row| {
            let name = row.name.to_string();
            let is_its_own = is_plain(&name) && row.status != Status::Retiring && taken.insert(name.clone());
            Name {
                word: if is_its_own { name } else { row.id.to_string() },
                about: format!("{} {} {}", row.service, row.environment, row.status.word()),
            }
        })
        .collect()
}

/// Whether every shell takes it as it is.
fn is_plain(word: &str) -> bool {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.@+".contains(c);
    !word.starts_with('-') && !word.is_empty() && word.chars().all(harmless)
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn what_a_shell_would_read_otherwise_is_not_proposed() {
        for word in ["checkout-prod", "ada+ops@acme.test", "01J.x_y"] {
            assert!(is_plain(word), "{word}");
        }
        for word in ["$(id)", "a b", "-x", "~root", "a;b", "a'b", "é", "", "a:b", "a*"] {
            assert!(!is_plain(word), "{word}");
        }
    }
}
