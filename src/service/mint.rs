//! Minting: a new token, or one for an old one. The cashier's e-mail and password every time.
//!
//! A rotation leaves the old token as it is; its overlap begins when the new one's reveal is acknowledged (`reveal`).

use super::access::Acting;
use super::allow::{listed, told};
use super::commit::{Changes, Note, Writer};
use super::error::{Code, Error};
use super::ports::Record;
use super::request::{CreateToken, RotateToken, TokenRef};
use super::response::{Minted, Response};
use super::{Actor, Service};
use crate::domain::address::AddressRange;
use crate::domain::audit::Action;
use crate::domain::cashier::Role;
use crate::domain::id::{Id, OrganizationId, TokenId};
use crate::domain::organization::Organization;
use crate::domain::secret::{Secret, wiping_stack};
use crate::domain::text::{Email, Environment, ServiceName, Slug, TokenName, TokenNote, Variable};
use crate::domain::time::Timestamp;
use crate::domain::token::{Finish, Ladder, Life, Lifetime, Overlap, Token, TokenSecret};

/// What a new token is to be.
struct Draft {
    name: TokenName,
    service: ServiceName,
    environment: Environment,
    variable: Variable,
    lifetime: Lifetime,
    replaces: Option<(TokenId, Overlap)>,
    allowed: Vec<AddressRange>,
    finish: Finish,
    owner: Option<Email>,
    note: Option<TokenNote>,
    warnings: Option<Ladder>,
}

impl Service {
    pub(super) fn create_token(&self, actor: &Actor, create: CreateToken) -> Result<Response, Error> {
        let organization = self.organization(create.organization.as_ref())?;
        // Before argon2: a name that is taken should not cost a password check.
        self.refuse_taken_name(organization.id, &create.name)?;
        let proven = self.proven(actor, &create.credentials, Role::Operator)?;
        let mut writer = self.writer();
        let acting = self.still_proven(&proven, Role::Operator)?;
        self.refuse_taken_name(organization.id, &create.name)?;
        let allowed = listed(create.allowed)?;
        let warnings = create.warnings.map(|own| own.for_lifetime(create.lifetime));
        let warnings = warnings.transpose()?;
        let variable = match create.variable {
            Some(variable) if self.is_taken(organization.id, variable.as_str()) => {
                let message = format!("the variable {variable} belongs to another live token");
                return Err(
                    Error::new(Code::Conflict, message, "choose another, or revoke that token")
                        .on("variable"),
                );
            }
            Some(variable) => variable,
            None => self.free_variable(&organization, Some(&create.service), &create.environment),
        };
        let draft = Draft {
            name: create.name,
            service: create.service,
            environment: create.environment,
            variable,
            lifetime: create.lifetime,
            replaces: None,
            allowed,
            finish: Finish::AtEnd,
            owner: create.owner,
            note: create.note,
            warnings,
        };
        self.mint(&mut writer, actor, &acting, &organization, draft)
    }

    pub(super) fn rotate_token(&self, actor: &Actor, rotate: RotateToken) -> Result<Response, Error> {
        let organization = self.organization(rotate.organization.as_ref())?;
        self.rotatable(&organization, &rotate.token)?;
        let proven = self.proven(actor, &rotate.credentials, Role::Operator)?;
        let mut writer = self.writer();
        let acting = self.still_proven(&proven, Role::Operator)?;
        let old = self.rotatable(&organization, &rotate.token)?;
        let lifetime = rotate.lifetime.unwrap_or(old.lifetime);
        let draft = Draft {
            // Whoever rotates it by the clock is not who has to be told of it.
            owner: Some(rotate.owner.unwrap_or_else(|| old.owner().clone())),
            note: rotate.note.or(old.note),
            warnings: old.warnings.and_then(|own| own.within(lifetime)),
            name: old.name,
            service: old.service,
            environment: old.environment,
            variable: old.variable,
            lifetime,
            replaces: Some((old.id, rotate.overlap)),
            allowed: old.allowed,
            finish: rotate.finish,
        };
        self.mint(&mut writer, actor, &acting, &organization, draft)
    }

    fn mint(
        &self,
        writer: &mut Writer,
        actor: &Actor,
        acting: &Acting,
        organization: &Organization,
        draft: Draft,
    ) -> Result<Response, Error> {
        let now = self.minting_time();
        let (text, (digest, digest_key)) = wiping_stack(|| {
            let secret = TokenSecret::from_random(self.random()?);
            let text = secret.text(&organization.brand, &draft.environment);
            Ok::<_, Error>((text, self.ports.sealer.digest(secret.expose())))
        })?;
        let mut token = Token {
            id: TokenId(Id::new(now, self.random()?)),
            organization: organization.id,
            name: draft.name,
            service: draft.service,
            environment: draft.environment,
            variable: draft.variable,
            brand: organization.brand.clone(),
            lifetime: draft.lifetime,
            life: Life::begin(draft.lifetime, now),
            minted_by: acting.email.clone(),
            digest,
            digest_key,
            last_four: last_four(&text),
            acknowledged_at: None,
            replaces: draft.replaces,
            replaced_by: None,
            revocation: None,
            allowed: draft.allowed,
            finish: draft.finish,
            owner: None,
            note: draft.note,
            warnings: draft.warnings,
        };
        if let Some(owner) = draft.owner {
            token.set_owner(owner);
        }
        let slug = organization.slug.clone();
        let reason = match &token.replaces {
            None if token.allowed.is_empty() => {
                format!("{}, until {}", token.lifetime.label(), token.life.expires_at)
            }
            None => {
                let from = told(&token.allowed);
                format!(
                    "{}, until {}, {from}",
                    token.lifetime.label(),
                    token.life.expires_at
                )
            }
            Some((old, overlap)) => {
                format!(
                    "replaces {old}, overlap {}{}",
                    overlap.label(),
                    or_when_quiet(token.finish)
                )
            }
        };
        let action = if token.replaces.is_some() {
            Action::TokenRotated
        } else {
            Action::TokenCreated
        };
        let note = Note::done(action, Some(slug), subject(&token)).because(reason);
        let (id, replaces) = (token.id, token.replaces);
        let reveal = self.reveal_of(&token);
        let put = vec![Record::Token(token)];
        self.commit(writer, actor, Some(acting), Changes::of(put, note))?;
        let row = |id| self.index.slot(id).map(|slot| self.row(slot, now));
        let Some(token) = row(id) else {
            return Err(Error::new(
                Code::Internal,
                "the new token is not in the index",
                "restart, then revoke it",
            ));
        };
        let replaces = replaces.and_then(|(old, overlap)| Some((row(old)?, overlap)));
        Ok(Response::Minted(Box::new(Minted {
            token,
            secret: text,
            reveal,
            replaces,
        })))
    }

    /// The old token of a rotation to be, if it can be rotated.
    fn rotatable(&self, organization: &Organization, token: &TokenRef) -> Result<Token, Error> {
        let now = self.trusted_now();
        let old = self.resolve(organization.id, token)?;
        let refuse = |message: String, hint: &str| Err(Error::new(Code::Conflict, message, hint).on("token"));
        if let Some(successor) = old.replaced_by {
            return refuse(
                format!("{} was replaced by {successor} already", old.name),
                "rotate that one",
            );
        }
        if !old.holds_its_name(now) {
            let status = old.life.stage(now).word();
            return refuse(
                format!("{} is {status}: there is nothing to replace", old.name),
                "create a new token",
            );
        }
        let replaces = old.replaces.and_then(|(id, _)| self.index.token(id));
        if old.acknowledged_at.is_none() && replaces.is_some_and(|(older, _)| older.holds_its_name(now)) {
            // Else two tokens would carry the name once the newest is acknowledged.
            return refuse(
                format!(
                    "{} {} is to replace a token, and nobody acknowledged it",
                    old.name, old.id
                ),
                "revoke it, if nobody has it, and rotate the old one again",
            );
        }
        match self.pending(&old, now) {
            Some(pending) => refuse(
                format!(
                    "{} has a new token {} that nobody acknowledged",
                    old.name, pending.id
                ),
                "revoke that one first, if nobody has it",
            ),
            None => Ok(old),
        }
    }

    /// The new token of a rotation that nobody acknowledged yet.
    pub(super) fn pending(&self, old: &Token, now: Timestamp) -> Option<Token> {
        self.index
            .labelled(old.organization, old.name.as_str())
            .into_iter()
            .find(|token| token.replaces.is_some_and(|(id, _)| id == old.id) && token.holds_its_name(now))
    }

    pub(super) fn refuse_taken_name(
        &self,
        organization: OrganizationId,
        name: &TokenName,
    ) -> Result<(), Error> {
        if self.is_taken(organization, name.as_str()) {
            let message = format!("there is a live token named {name}");
            return Err(Error::new(
                Code::Conflict,
                message,
                "choose another name, or rotate that token",
            )
            .on("name"));
        }
        Ok(())
    }

    /// Whether a live token carries this name or variable. The two never meet: a variable is all capitals by rule.
    pub(super) fn is_taken(&self, organization: OrganizationId, label: &str) -> bool {
        let now = self.trusted_now();
        self.index
            .labelled(organization, label)
            .iter()
            .any(|token| token.holds_its_name(now))
    }

    pub(super) fn suggest_variable(
        &self,
        organization: Option<&Slug>,
        service: Option<&ServiceName>,
        environment: &Environment,
    ) -> Result<Response, Error> {
        let organization = self.organization(organization)?;
        Ok(Response::Variable(self.free_variable(
            &organization,
            service,
            environment,
        )))
    }

    /// `FINCODE_TOKEN_PROD`, else `FINCODE_TOKEN_CHECKOUT_PROD`, else the same with a number.
    fn free_variable(
        &self,
        organization: &Organization,
        service: Option<&ServiceName>,
        environment: &Environment,
    ) -> Variable {
        let prefix = organization.brand.variable_prefix();
        let environment = environment.as_str().to_ascii_uppercase();
        let short = format!("{prefix}_TOKEN_{environment}");
        let long = service.map_or_else(
            || short.clone(),
            |service| format!("{prefix}_TOKEN_{}_{environment}", capitals(service.as_str())),
        );
        let numbered = (2..).map(|number| format!("{long}_{number}"));
        let free = [short, long.clone()]
            .into_iter()
            .chain(numbered)
            .find(|v| !self.is_taken(organization.id, v));
        Variable::from_stored(&free.unwrap_or(long))
    }
}

/// How the audit log names a token.
pub(super) fn subject(token: &Token) -> String {
    format!("{} {}", token.name.as_str(), token.id)
}

/// What the audit log adds to the end of an overlap.
pub(super) const fn or_when_quiet(finish: Finish) -> &'static str {
    match finish {
        Finish::AtEnd => "",
        Finish::WhenQuiet { .. } => ", or when it is quiet",
    }
}

fn last_four(text: &Secret) -> [u8; 4] {
    text.expose().last_chunk().copied().unwrap_or_default()
}

fn capitals(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}
