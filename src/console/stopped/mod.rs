//! The store cannot be opened: what happened, where, what is safe, and the commands to run next.

mod advice;
mod view;

use self::advice::Advice;
use super::app::{Clip, Effect, Facts, Work};
use super::keymap::Command;
use super::widgets::choice::Choice;
use crate::domain::secret::Secret;
use crate::service::Error;

/// The screen.
#[derive(Debug)]
pub struct Stopped {
    error: Error,
    advice: Advice,
    choice: Choice,
}

impl Stopped {
    /// The store could not be opened because of `error`.
    #[must_use]
    pub fn new(error: Error, facts: &Facts) -> Self {
        let advice = Advice::on(error.code, facts);
        Self {
            error,
            choice: Choice::new(0, advice.steps.len().max(1)),
            advice,
        }
    }

    /// Obeys what is not the shell's own.
    pub fn obey(&mut self, command: Command, effects: &mut Vec<Effect>) {
        match command {
            Command::Copy => effects.extend(self.copy()),
            other => {
                self.choice.command(other);
            }
        }
    }

    fn copy(&self) -> Option<Effect> {
        let step = self.advice.steps.get(self.choice.chosen())?;
        Some(Effect::Work(Work::Copy(Clip {
            what: "the command",
            text: Secret::from_text(step.command.clone()),
            secret: false,
        })))
    }
}
