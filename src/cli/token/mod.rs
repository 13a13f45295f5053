//! `strongroom token`: API tokens.

mod change;
mod deploy;
mod edit;
mod list;
mod mint;

use clap::Subcommand;

pub(super) use self::list::Tokens;
use super::context::Context;
use super::failure::Failure;

/// What can be done with tokens. A token is named by its name or its id.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// List them; without options those that work
    List(list::List),
    /// Show everything about one
    Show {
        /// Its name or id
        token: String,
    },
    /// Mint one; it is shown this once
    Create(mint::Create),
    /// Mint one to replace another; both work for an overlap
    Rotate(mint::Rotate),
    /// Make a running overlap longer, from now on, or have it finish when quiet
    Extend(change::Extend),
    /// End a running overlap at once
    Cutover(change::One),
    /// End it the other way: revoke the new token, and let the old one go on
    UndoRotation(change::Undo),
    /// Say where one may be used from
    Allow(change::Allow),
    /// Refuse tokens from now on; can be undone for 60 minutes, unless they leaked
    Revoke(change::Revoke),
    /// Undo a revocation
    Restore(change::One),
    /// Let tokens work again that are held after a restore
    Release(change::Release),
    /// Leave only a tombstone of tokens; for good
    Delete(change::Several),
    /// Say another name, owner, note or warnings of one
    Edit(edit::Edit),
}

impl Token {
    /// Does it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::List(list) => list.run(context),
            Self::Show { token } => list::show(context, token),
            Self::Create(create) => create.run(context),
            Self::Rotate(rotate) => rotate.run(context),
            Self::Extend(extend) => extend.run(context),
            Self::Cutover(one) => one.cut_over(context),
            Self::UndoRotation(undo) => undo.run(context),
            Self::Allow(allow) => allow.run(context),
            Self::Revoke(revoke) => revoke.run(context),
            Self::Restore(one) => one.restore(context),
            Self::Release(release) => release.run(context),
            Self::Delete(several) => several.delete(context),
            Self::Edit(edit) => edit.run(context),
        }
    }
}
