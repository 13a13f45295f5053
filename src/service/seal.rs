//! Another seal for the keyring. Its file is beside the store, and whoever keeps it changes it: here is who may have it
//! changed, and the entry in the audit log.

use super::commit::Note;
use super::error::Error;
use super::{Actor, Service};
use crate::domain::audit::Action;
use crate::domain::cashier::Role;

impl Service {
    /// Has `change` put another seal on the keyring, if the cashier who signed in may; it answers with what it did.
    ///
    /// # Errors
    /// The cashier may not, or the change failed: nothing was changed then. What the audit log does not take at the moment
    /// is told later, because the seal cannot be changed back.
    pub fn rotate_seal(
        &self,
        actor: &Actor,
        change: impl FnOnce() -> Result<String, Error>,
    ) -> Result<(), Error> {
        let _under_way = self.begin_change(actor, true)?;
        let mut writer = self.writer();
        self.refuse_older_state()?;
        let acting = self.signed_in(actor, Role::Admin)?;
        let what = change()?;
        let note = Note::done(Action::SealRotated, None, "seal").because(what);
        self.tell(&mut writer, actor, Some(&acting), [note]);
        self.change_was_done(actor);
        Ok(())
    }
}
