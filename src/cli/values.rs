//! Arguments with a fixed set of words, so that `--help` lists them.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::domain::cashier::Role;
use crate::domain::key_pair::{KeySize, Mgf1};
use crate::domain::token::{Lifetime, Overlap, Status};
use crate::service::request::{Show, Sort};

fn choice<T: Clone + Send + Sync + 'static>(
    choices: Vec<(&'static str, T)>,
) -> impl TypedValueParser<Value = T> {
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    PossibleValuesParser::new(words).try_map(move |given| {
        let chosen = choices.iter().find(|(word, _)| *word == given);
        chosen.map(|(_, value)| value.clone()).ok_or("not one of them")
    })
}

/// The five expiries.
pub(super) fn lifetime() -> impl TypedValueParser<Value = Lifetime> {
    choice(Lifetime::ALL.map(|lifetime| (lifetime.code(), lifetime)).into())
}

/// The five overlaps.
pub(super) fn overlap() -> impl TypedValueParser<Value = Overlap> {
    choice(Overlap::ALL.map(|overlap| (overlap.code(), overlap)).into())
}

/// The three sizes of a key pair, in bits.
pub(super) fn key_size() -> impl TypedValueParser<Value = KeySize> {
    choice(vec![
        ("2048", KeySize::Bits2048),
        ("3072", KeySize::Bits3072),
        ("4096", KeySize::Bits4096),
    ])
}

/// The three roles.
pub(super) fn role() -> impl TypedValueParser<Value = Role> {
    choice(Role::ALL.map(|role| (role.word(), role)).into())
}

/// The orders of a token list.
pub(super) fn sort() -> impl TypedValueParser<Value = Sort> {
    choice(Sort::ALL.map(|sort| (sort.word(), sort)).into())
}

/// The hash inside MGF1.
pub(super) fn mgf1() -> impl TypedValueParser<Value = Mgf1> {
    choice(vec![("sha256", Mgf1::Sha256), ("sha1", Mgf1::Sha1)])
}

/// Which tokens a list shows.
pub(super) fn show() -> impl TypedValueParser<Value = Show> {
    let statuses = [
        Status::Active,
        Status::Expiring,
        Status::Retiring,
        Status::Held,
        Status::Expired,
        Status::Revoked,
        Status::Deleted,
    ];
    let mut choices = vec![
        ("live", Show::Live),
        ("all", Show::All),
        ("ended", Show::Ended),
        ("unused", Show::Unused),
        ("unacknowledged", Show::Unacknowledged),
    ];
    choices.extend(statuses.map(|status| (status.word(), Show::Only(status))));
    choice(choices)
}
