//! What was found, and what the store knows of it.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cli::context::{Context, unexpected};
use crate::cli::failure::Failure;
use crate::domain::secret::Secret;
use crate::domain::text::Slug;
use crate::domain::token::Refusal;
use crate::service::request::{Identify, Presented, TokenRef};
use crate::service::response::{KeyHolder, TokenRow, Tried};
use crate::service::{Request, Response};
use crate::system::scan::{Finding, Place, What};

/// Something that was found.
pub(super) struct Leak {
    /// Where.
    pub(super) place: Place,
    what: What,
    /// What it is worth.
    pub(super) standing: Standing,
    /// The token and whose it is, where it is known.
    pub(super) token: Option<(Slug, TokenRow)>,
    /// The key and whose it is, where it is known.
    pub(super) key: Option<KeyHolder>,
}

/// What a found thing is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It works.
    Live,
    /// It worked once.
    Ended,
    /// It waits for an admin's release after a restore, and may work then.
    Held,
    /// The store does not know it: another store's, perhaps.
    Unknown,
    /// No store was asked.
    Unasked,
    /// A private key that is no organization's.
    Stranger,
}

impl Standing {
    /// Whether somebody should do something about it.
    pub(super) const fn is_dangerous(self) -> bool {
        !matches!(self, Self::Ended | Self::Stranger)
    }

    /// The word of `--json`.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Ended => "ended",
            Self::Held => "held",
            Self::Unknown | Self::Stranger => "unknown",
            Self::Unasked => "unasked",
        }
    }
}

impl Leak {
    pub(super) fn new(finding: Finding) -> Self {
        let standing = match finding.what {
            What::Token(_) => Standing::Unasked,
            // Without a store nobody can say whose key it is.
            What::PrivateKey(_) => Standing::Stranger,
        };
        Self {
            place: finding.place,
            what: finding.what,
            standing,
            token: None,
            key: None,
        }
    }

    pub(super) const fn is_key(&self) -> bool {
        matches!(self.what, What::PrivateKey(_))
    }

    /// How a person sees which it is: `fincode_prod_…x7Qm`, or the beginning of a key's fingerprint.
    pub(super) fn masked(&self) -> String {
        match (&self.what, &self.key) {
            (What::Token(token), _) => masked(token),
            (_, Some(holder)) => holder.key.fingerprint.short(),
            (_, None) => String::new(),
        }
    }

    fn tried(&mut self, tried: Tried) {
        let (standing, token) = match tried {
            Tried::Good(row, slug) | Tried::Forbidden(row, slug) => (Standing::Live, Some((slug, *row))),
            Tried::Refused(Refusal::Held, row, slug) => (Standing::Held, Some((slug, *row))),
            Tried::Refused(_, row, slug) => (Standing::Ended, Some((slug, *row))),
            Tried::Unknown | Tried::Mistyped | Tried::Malformed => (Standing::Unknown, None),
        };
        (self.standing, self.token) = (standing, token);
    }

    fn held_by(&mut self, holder: Option<KeyHolder>) {
        self.standing = match &holder {
            Some(holder) if holder.key.replaced.is_none() => Standing::Live,
            Some(_) => Standing::Ended,
            None => Standing::Stranger,
        };
        self.key = holder;
    }
}

/// The front and the last four characters.
fn masked(token: &Secret) -> String {
    let text = token.expose_text().unwrap_or_default();
    let front = text.rsplit_once('_').map_or("", |(front, _)| front);
    let last = text.get(text.len().saturating_sub(4)..).unwrap_or_default();
    format!("{front}_…{last}")
}

/// Asks the store about everything that was found, in as few requests as fit.
pub(super) fn identify(context: &Context<'_>, leaks: &mut [Leak]) -> Result<(), Failure> {
    for part in leaks.chunks_mut(Identify::MOST) {
        let mut asked = Identify::default();
        for leak in part.iter() {
            match &leak.what {
                What::Token(token) => asked.tokens.push(Presented {
                    presented: token.clone(),
                }),
                What::PrivateKey(public) => asked.keys.push(STANDARD.encode(public)),
            }
        }
        let answer = match context.ask(Request::Identify(asked))? {
            Response::Identified(answer) => answer,
            other => return Err(unexpected(&other)),
        };
        let (mut tokens, mut keys) = (answer.tokens.into_iter(), answer.keys.into_iter());
        for leak in part {
            if leak.is_key() {
                leak.held_by(keys.next().flatten());
            } else if let Some(tried) = tokens.next() {
                leak.tried(tried);
            }
        }
    }
    Ok(())
}

/// The tokens that work, by organization, each once.
pub(super) fn live(leaks: &[Leak]) -> Vec<(Slug, Vec<TokenRef>)> {
    let mut live: BTreeMap<String, (Slug, BTreeSet<_>)> = BTreeMap::new();
    for leak in leaks.iter().filter(|leak| leak.standing == Standing::Live) {
        if let Some((slug, row)) = &leak.token {
            let of = live
                .entry(slug.as_str().to_owned())
                .or_insert_with(|| (slug.clone(), BTreeSet::new()));
            of.1.insert(row.id);
        }
    }
    live.into_values()
        .map(|(slug, ids)| (slug, ids.into_iter().map(TokenRef::Id).collect()))
        .collect()
}
