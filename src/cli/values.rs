//! Arguments with a fixed set of words, so that `--help` lists them.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, RangedU64ValueParser, StringValueParser, TypedValueParser};

use crate::domain::cashier::Role;
use crate::domain::key_pair::{KeySize, Mgf1};
use crate::domain::text::TextError;
use crate::domain::token::{Ladder, Lifetime, Overlap, Status};
use crate::guide::Language;
use crate::service::request::{NewWarnings, Show, Sort};

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

/// Hours of silence.
pub(super) fn hours() -> impl TypedValueParser<Value = u8> {
    RangedU64ValueParser::<u8>::new().range(1..)
}

/// How long to wait: `30s`, `10m`, `1h`, a day at most.
pub(super) fn wait() -> impl TypedValueParser<Value = Duration> {
    StringValueParser::new().try_map(|given| {
        let (number, unit) = given
            .split_at_checked(given.len().saturating_sub(1))
            .unwrap_or_default();
        let seconds = match unit {
            "s" => Some(1),
            "m" => Some(60),
            "h" => Some(3600),
            _ => None,
        };
        let whole = seconds
            .zip(number.parse::<u64>().ok())
            .and_then(|(unit, number)| number.checked_mul(unit));
        whole
            .filter(|seconds| (1..=86_400).contains(seconds))
            .map(Duration::from_secs)
            .ok_or("a number with s, m or h, a day at most, such as 10m")
    })
}

/// Days, up to ten years.
pub(super) fn days() -> impl TypedValueParser<Value = u16> {
    RangedU64ValueParser::<u16>::new().range(1..=3650)
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

/// The languages of the guide's samples.
pub(super) fn language() -> impl TypedValueParser<Value = Language> {
    choice(Language::ALL.into())
}

/// The hash inside MGF1.
pub(super) fn mgf1() -> impl TypedValueParser<Value = Mgf1> {
    choice(vec![("sha256", Mgf1::Sha256), ("sha1", Mgf1::Sha1)])
}

/// A ladder of one's own, or the word for the usual one.
pub(super) fn warnings(text: &str) -> Result<NewWarnings, TextError> {
    if text == "default" {
        return Ok(NewWarnings::Default);
    }
    Ladder::parse(text).map(NewWarnings::Own)
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
