//! Cashiers: added, enrolled, given roles, reset, disabled and released.
//!
//! Nobody ever sets a password on somebody's behalf: a cashier gets a one-time code and sets its own. The last enabled
//! admin can neither be disabled nor demoted.

use chrono::TimeDelta;

use super::access::{Acting, changes_allowed, disabled, email_allowed};
use super::commit::{Changes, Note, Writer};
use super::error::{Code, Error};
use super::login::shown;
use super::ports::{Record, RecordKey};
use super::response::{CashierRow, EnrolmentCode, Response};
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::{Cashier, Enrolment, Role};
use crate::domain::id::{CashierId, Id};
use crate::domain::secret::Secret;
use crate::domain::text::Email;

/// How long an enrolment code is good for (security.md, "Cashiers").
const CODE_LIFETIME: TimeDelta = TimeDelta::hours(24);
/// Crockford's Base32: no letter that is read as a digit. Twenty of them are 100 bits.
const CODE_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CODE_LENGTH: usize = 20;

impl Service {
    pub(super) fn list_cashiers(&self) -> Vec<CashierRow> {
        let now = self.trusted_now();
        let registry = self.registry();
        let row = |cashier: &Cashier| {
            let failures = registry.throttles.values().map(|(throttle, _)| throttle);
            let failures: Vec<_> = failures
                .filter(|throttle| throttle.email == cashier.email)
                .collect();
            CashierRow {
                email: cashier.email.clone(),
                role: cashier.role,
                standing: cashier.standing(now),
                code_expires_at: cashier.enrolment.as_ref().map(|code| code.expires_at),
                failures: failures.iter().map(|throttle| throttle.failures).sum(),
                blocked_until: failures
                    .iter()
                    .filter_map(|throttle| throttle.blocked_until(now))
                    .max(),
                created_at: cashier.created_at,
                created_by: cashier.created_by.clone(),
                login: registry
                    .logins
                    .get(&cashier.id)
                    .and_then(|(session, _)| shown(session, now)),
            }
        };
        registry
            .cashiers
            .values()
            .map(|(cashier, _)| row(cashier))
            .collect()
    }

    pub(super) fn add_cashier(&self, actor: &Actor, email: Email, role: Role) -> Result<Response, Error> {
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Admin)?;
        if self.registry().cashiers.contains_key(&email) {
            let message = format!("there is a cashier {email} already");
            return Err(
                Error::new(Code::Conflict, message, "reset it, if it needs a new code").on("e-mail address"),
            );
        }
        let now = self.trusted_now();
        let cashier = Cashier {
            id: CashierId(Id::new(now, self.random()?)),
            email,
            role,
            password: None,
            enrolment: None,
            disabled_at: None,
            created_at: now,
            created_by: acting.email.clone(),
        };
        self.hand_out_code(
            &mut writer,
            actor,
            Some(&acting),
            cashier,
            Action::CashierAdded,
            role.word(),
        )
    }

    pub(super) fn reset_cashier(&self, actor: &Actor, email: &Email) -> Result<Response, Error> {
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Admin)?;
        let (cashier, _) = self.registry().cashier(email)?.clone();
        let answer = self.hand_out_code(
            &mut writer,
            actor,
            Some(&acting),
            cashier,
            Action::CashierReset,
            "",
        )?;
        self.sessions.close(email);
        Ok(answer)
    }

    pub(super) fn break_glass(&self, actor: &Actor, email: &Email) -> Result<Response, Error> {
        changes_allowed(actor)?;
        // Who comes as one cashier does not come as the owner, though the process runs as that account.
        if !actor.owns_store || actor.fixed_email.is_some() {
            return Err(Error::new(
                Code::Forbidden,
                "only the account that owns the store may make a code without an admin",
                "run it as that account, or ask an admin to reset the cashier",
            ));
        }
        let mut writer = self.writer();
        let (mut cashier, _) = self.registry().cashier(email)?.clone();
        cashier.disabled_at = None;
        let answer = self.hand_out_code(
            &mut writer,
            actor,
            None,
            cashier,
            Action::BreakGlass,
            "by the store's owner",
        )?;
        self.sessions.close(email);
        Ok(answer)
    }

    fn hand_out_code(
        &self,
        writer: &mut Writer,
        actor: &Actor,
        acting: Option<&Acting>,
        mut cashier: Cashier,
        action: Action,
        reason: &str,
    ) -> Result<Response, Error> {
        let random: [u8; CODE_LENGTH] = self.random()?;
        let code = Secret::new(
            random
                .iter()
                .map(|byte| CODE_ALPHABET[usize::from(byte & 31)])
                .collect(),
        );
        let expires_at = self.trusted_now().plus(CODE_LIFETIME);
        let (digest, _) = self.ports.sealer.digest(&padded(code.expose()));
        cashier.password = None;
        cashier.enrolment = Some(Enrolment { digest, expires_at });
        let email = cashier.email.clone();
        let note = Note::done(action, None, email.as_str()).because(reason);
        let changes = Changes {
            delete: self.login_of(cashier.id),
            ..Changes::of(vec![Record::Cashier(cashier)], note)
        };
        self.commit(writer, actor, acting, changes)?;
        let code = Secret::new(code.expose().chunks(5).collect::<Vec<_>>().join(&b'-'));
        Ok(Response::EnrolmentCode(EnrolmentCode {
            email,
            code,
            expires_at,
        }))
    }

    pub(super) fn enrol(
        &self,
        actor: &Actor,
        email: &Email,
        code: &Secret,
        password: &Secret,
    ) -> Result<Response, Error> {
        changes_allowed(actor)?;
        email_allowed(actor, email)?;
        let refused = || {
            let message =
                format!("the code is not the one that {email} was given, or it was used or ran out");
            Error::new(
                Code::Unauthenticated,
                message,
                "ask an admin for a new one; a code is good for 24 hours",
            )
            .on("code")
        };
        // Of full length, so that no growing buffer leaves a copy behind.
        let mut typed = Vec::with_capacity(code.len());
        let letters = code.expose().iter().filter(|byte| byte.is_ascii_alphanumeric());
        typed.extend(letters.map(u8::to_ascii_lowercase));
        let typed = Secret::new(typed);
        let (cashier, _) = self.registry().cashiers.get(email).cloned().ok_or_else(refused)?;
        let is_right = |cashier: &Cashier| {
            let padded = padded(typed.expose());
            let digests = [
                Some(self.ports.sealer.digest(&padded).0),
                self.ports.sealer.previous_digest(&padded),
            ];
            let now = self.trusted_now();
            cashier.enrolment.as_ref().is_some_and(|enrolment| {
                now < enrolment.expires_at
                    && digests.iter().flatten().any(|digest| *digest == enrolment.digest)
            })
        };
        if typed.len() != CODE_LENGTH || !is_right(&cashier) {
            return Err(refused());
        }
        if cashier.disabled_at.is_some() {
            return Err(disabled(email));
        }
        let sealed = self.new_password(&cashier, password)?;
        let mut writer = self.writer();
        let (current, _) = self.registry().cashier(email)?.clone();
        if !is_right(&current) {
            return Err(refused());
        }
        let acting = Acting {
            email: email.clone(),
            role: Some(current.role),
        };
        let note = Note::done(Action::CashierEnrolled, None, email.as_str());
        let put = vec![Record::Cashier(Cashier {
            password: Some(sealed),
            enrolment: None,
            ..current
        })];
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        Ok(Response::Done)
    }

    pub(super) fn set_role(&self, actor: &Actor, email: &Email, role: Role) -> Result<Response, Error> {
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Admin)?;
        let (cashier, _) = self.registry().cashier(email)?.clone();
        if role != Role::Admin {
            self.refuse_last_admin(&cashier)?;
        }
        let reason = format!("{} → {}", cashier.role.word(), role.word());
        let note = Note::done(Action::RoleChanged, None, email.as_str()).because(reason);
        let put = vec![Record::Cashier(Cashier { role, ..cashier })];
        self.commit(&mut writer, actor, Some(&acting), Changes::of(put, note))?;
        Ok(Response::Done)
    }

    pub(super) fn disable_cashier(
        &self,
        actor: &Actor,
        email: &Email,
        disable: bool,
    ) -> Result<Response, Error> {
        let mut writer = self.writer();
        let acting = self.signed_in(actor, Role::Admin)?;
        let (cashier, _) = self.registry().cashier(email)?.clone();
        if disable {
            self.refuse_last_admin(&cashier)?;
        }
        if cashier.disabled_at.is_some() == disable {
            let state = if disable { "disabled" } else { "enabled" };
            return Err(Error::new(
                Code::Conflict,
                format!("{email} is {state} already"),
                "nothing was changed",
            ));
        }
        let action = if disable {
            Action::CashierDisabled
        } else {
            Action::CashierEnabled
        };
        let disabled_at = disable.then(|| self.trusted_now());
        let delete = self.login_of(cashier.id);
        let put = vec![Record::Cashier(Cashier {
            disabled_at,
            ..cashier
        })];
        let notes = vec![Note::done(action, None, email.as_str())];
        self.commit(&mut writer, actor, Some(&acting), Changes { put, delete, notes })?;
        if disable {
            self.sessions.close(email);
        }
        Ok(Response::Done)
    }

    /// Forgets failed sign-ins: by an admin who signed in, or by the store's owner on the host.
    pub(super) fn unlock_cashier(&self, actor: &Actor, email: &Email) -> Result<Response, Error> {
        changes_allowed(actor)?;
        let mut writer = self.writer();
        let acting = self.admin_or_owner(actor)?;
        self.registry().cashier(email)?;
        let delete: Vec<RecordKey> = {
            let registry = self.registry();
            let of_cashier = registry.throttles.keys().filter(|(other, _)| other == email);
            of_cashier
                .map(|(email, source)| RecordKey::Throttle(email.clone(), source.clone()))
                .collect()
        };
        let notes = vec![Note::done(Action::CashierUnlocked, None, email.as_str())];
        self.commit(
            &mut writer,
            actor,
            acting.as_ref(),
            Changes {
                delete,
                notes,
                ..Changes::default()
            },
        )?;
        self.sessions.forget_strangers(email);
        Ok(Response::Done)
    }

    fn refuse_last_admin(&self, cashier: &Cashier) -> Result<(), Error> {
        let registry = self.registry();
        let is_working_admin = |cashier: &Cashier| {
            cashier.role == Role::Admin && cashier.disabled_at.is_none() && cashier.password.is_some()
        };
        let others = registry
            .cashiers
            .values()
            .filter(|(other, _)| other.id != cashier.id && is_working_admin(other));
        if is_working_admin(cashier) && others.count() == 0 {
            let message = format!("{} is the last admin", cashier.email);
            return Err(Error::new(
                Code::Conflict,
                message,
                "make somebody else an admin first",
            ));
        }
        Ok(())
    }
}

/// A code as the 32 bytes that are digested.
fn padded(code: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let length = code.len().min(32);
    bytes[..length].copy_from_slice(&code[..length]);
    bytes
}
