//! Who may do what: roles, read-only consoles, the cashier that an SSH key is bound to.
//!
//! A change needs a cashier who signed in within ten minutes, a mint and a key rotation the password itself. All of it is
//! enforced here, whatever a face shows or hides.

use super::error::{Code, Error};
use super::request::Credentials;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::{Cashier, Role};
use crate::domain::text::Email;

/// The cashier who acts.
#[derive(Debug, Clone)]
pub(super) struct Acting {
    pub(super) email: Email,
    /// `None` for somebody who is not, or not yet, a cashier.
    pub(super) role: Option<Role>,
}

impl Service {
    /// The cashier who signed in, if the role is enough for the change. Asked under the writer's lock: nobody takes a
    /// role away between this and the change.
    pub(super) fn signed_in(&self, actor: &Actor, needed: Role) -> Result<Acting, Error> {
        changes_allowed(actor)?;
        let session = self.sessions.of(actor, self.ports.clock.monotonic());
        let session = session.ok_or_else(|| {
            Error::new(
                Code::SignInRequired,
                "this change needs a cashier, and nobody has signed in within the last ten minutes",
                "sign in and repeat it",
            )
        })?;
        if session.read_only {
            return Err(only_looks());
        }
        let email = session.email;
        let registry = self.registry();
        let (cashier, _) = registry.cashier(&email)?;
        if cashier.disabled_at.is_some() {
            return Err(disabled(&email));
        }
        role_allowed(&email, cashier.role, needed)?;
        Ok(Acting {
            email,
            role: Some(cashier.role),
        })
    }

    /// An admin who signed in; `None` for the store's owner on the host, who needs none.
    pub(super) fn admin_or_owner(&self, actor: &Actor) -> Result<Option<Acting>, Error> {
        self.signed_in_or_owner(actor, Role::Admin)
    }

    /// The same for another role.
    pub(super) fn signed_in_or_owner(&self, actor: &Actor, needed: Role) -> Result<Option<Acting>, Error> {
        match self.signed_in(actor, needed) {
            Ok(acting) => Ok(Some(acting)),
            // Who comes as one cashier does not come as the owner, though the process runs as that account.
            Err(_) if actor.owns_store && actor.fixed_email.is_none() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The cashier whose password this is, if the role is enough for the change. That takes its time, so
    /// [`Self::still_proven`] has to be asked before the change.
    pub(super) fn proven(
        &self,
        actor: &Actor,
        credentials: &Credentials,
        needed: Role,
    ) -> Result<Cashier, Error> {
        changes_allowed(actor)?;
        let proven = self.check_password(actor, credentials, Action::SignInFailed)?;
        role_allowed(&proven.email, proven.role, needed)?;
        Ok(proven)
    }

    /// What was proven, if it still holds: under the writer's lock, because a cashier may be disabled, reset or given
    /// another role while its password is hashed.
    pub(super) fn still_proven(&self, proven: &Cashier, needed: Role) -> Result<Acting, Error> {
        let email = &proven.email;
        let registry = self.registry();
        let (current, _) = registry.cashier(email)?;
        if current.disabled_at.is_some() {
            return Err(disabled(email));
        }
        if current.password != proven.password {
            return Err(Error::new(
                Code::Unauthenticated,
                format!("the password of {email} was changed or forgotten meanwhile"),
                "nothing was changed; repeat it with the new one",
            )
            .on("password"));
        }
        role_allowed(email, current.role, needed)?;
        Ok(Acting {
            email: email.clone(),
            role: Some(current.role),
        })
    }
}

pub(super) fn changes_allowed(actor: &Actor) -> Result<(), Error> {
    if actor.read_only {
        return Err(only_looks());
    }
    Ok(())
}

fn only_looks() -> Error {
    Error::new(
        Code::ReadOnly,
        "this console may only look",
        "open one without --read-only to change something",
    )
}

pub(super) fn email_allowed(actor: &Actor, email: &Email) -> Result<(), Error> {
    match &actor.fixed_email {
        Some(fixed) if fixed != email => Err(Error::new(
            Code::Forbidden,
            format!("this connection belongs to {fixed}, not to {email}"),
            "sign in as that cashier, or connect with another SSH key",
        )
        .on("e-mail address")),
        _ => Ok(()),
    }
}

pub(super) fn disabled(email: &Email) -> Error {
    Error::new(
        Code::Forbidden,
        format!("the cashier {email} is disabled"),
        "ask an admin to enable it",
    )
}

fn role_allowed(email: &Email, role: Role, needed: Role) -> Result<(), Error> {
    if role < needed {
        let message = format!("{email} is {}, and this needs {}", role.word(), needed.word());
        return Err(Error::new(
            Code::Forbidden,
            message,
            "ask somebody with that role",
        ));
    }
    Ok(())
}
