//! Where a token may be used from: its list of address ranges.

use super::commit::{Changes, Note};
use super::error::{Code, Error};
use super::mint::subject;
use super::ports::Record;
use super::request::TokenRef;
use super::response::Response;
use super::{Actor, Service};
use crate::domain::address::{AddressRange, MOST_RANGES};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::text::Slug;

impl Service {
    pub(super) fn allow_addresses(
        &self,
        actor: &Actor,
        organization: Option<&Slug>,
        token: &TokenRef,
        ranges: Vec<AddressRange>,
    ) -> Result<Response, Error> {
        let organization = self.organization(organization)?;
        let ranges = listed(ranges)?;
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Operator)?;
        let mut token = self.resolve(organization.id, token)?;
        let stage = token.life.stage(self.trusted_now());
        if !stage.is_live() {
            let status = stage.word();
            let message = format!("{} is {status}: it is refused from everywhere", token.name);
            return Err(Error::new(Code::Conflict, message, "create a new token").on("token"));
        }
        if token.allowed == ranges {
            return Ok(Response::Done);
        }
        token.allowed = ranges;
        let note = Note::done(
            Action::AddressesAllowed,
            Some(organization.slug.clone()),
            subject(&token),
        )
        .because(told(&token.allowed));
        let put = vec![Record::Token(token)];
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        // Who was refused until now was not silent.
        self.counting.begin_anew(self.trusted_now());
        Ok(Response::Done)
    }
}

/// The ranges as a token keeps them: each once, in order.
///
/// # Errors
/// There are too many.
pub(super) fn listed(mut ranges: Vec<AddressRange>) -> Result<Vec<AddressRange>, Error> {
    ranges.sort_unstable();
    ranges.dedup();
    if ranges.len() > MOST_RANGES {
        let message = format!("{} ranges were given, {MOST_RANGES} is the most", ranges.len());
        return Err(Error::new(Code::Invalid, message, "name wider ranges instead").on("addresses"));
    }
    Ok(ranges)
}

/// The list for the audit log.
pub(super) fn told(ranges: &[AddressRange]) -> String {
    if ranges.is_empty() {
        return "from everywhere".to_owned();
    }
    let texts: Vec<String> = ranges.iter().map(AddressRange::to_string).collect();
    format!("from {}", texts.join(", "))
}
