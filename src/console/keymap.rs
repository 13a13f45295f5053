//! The keys: which command a key press is, where the focus is; the same table draws the help and the hints.
//!
//! Defaults avoid ctrl-a/b/d/h/j/k/l for anything that changes data (multiplexers and line discipline take them), and
//! never need `[ ] { } @ \`, which many keyboards have behind a third level (console.md). Where text is typed, only
//! keys that type nothing can be commands.

use std::collections::BTreeMap;
use std::fmt;

use super::key::{Key, UnknownKey};

mod table;
pub use table::{BINDINGS, Binding, Command, Context};

/// Which keys are which command, after the configuration.
#[derive(Debug, Clone)]
pub struct Keymap {
    /// The keys of each entry of [`BINDINGS`], in its order.
    keys: Vec<Vec<Key>>,
}

/// What is wrong with the configuration's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeymapError {
    /// There is no action of that name.
    UnknownAction {
        /// As it was written.
        name: String,
        /// The one that was probably meant.
        near: Option<&'static str>,
    },
    /// A text names no key.
    UnknownKey {
        /// The action it was written for.
        action: &'static str,
        /// What was written.
        key: UnknownKey,
    },
    /// One key would be two commands in one place.
    Conflict {
        /// That key.
        key: Key,
        /// Both actions, in the table's order.
        actions: (&'static str, &'static str),
    },
    /// A key that types a character cannot be a command where text is typed.
    TypesText {
        /// That key.
        key: Key,
        /// The action.
        action: &'static str,
    },
    /// An action that nothing could reach any more.
    NoKeys {
        /// The action.
        action: &'static str,
    },
}

impl fmt::Display for KeymapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAction { name, near } => {
                write!(f, "there is no action \"{}\"", crate::domain::text::escape(name))?;
                match near {
                    Some(near) => write!(f, "; did you mean {near}?"),
                    None => f.write_str("; `?` in the console lists them all"),
                }
            }
            Self::UnknownKey { action, key } => write!(f, "{action}: {key}"),
            Self::Conflict { key, actions: (a, b) } => {
                write!(
                    f,
                    "the key {key} is both {a} and {b}; give one of them another key"
                )
            }
            Self::TypesText { key, action } => write!(
                f,
                "{action} is used where text is typed, so it cannot be {key}; take one such as ctrl-{key} or f5"
            ),
            Self::NoKeys { action } => write!(f, "{action} has no key; give it one, or leave it out"),
        }
    }
}

impl std::error::Error for KeymapError {}

impl Keymap {
    /// The defaults, with the configuration's changes: action names with all of their keys.
    ///
    /// # Errors
    /// Everything that is wrong with `changes`, so that people mend it in one go.
    pub fn configured(changes: &BTreeMap<String, Vec<String>>) -> Result<Self, Vec<KeymapError>> {
        let mut keymap = Self::default();
        let mut errors = Vec::new();
        for (name, keys) in changes {
            let Some(index) = BINDINGS.iter().position(|binding| binding.name == name) else {
                errors.push(KeymapError::UnknownAction {
                    name: name.clone(),
                    near: nearest(name),
                });
                continue;
            };
            let action = BINDINGS[index].name;
            if keys.is_empty() {
                errors.push(KeymapError::NoKeys { action });
            }
            keymap.keys[index].clear();
            for key in keys {
                match key.parse() {
                    Ok(key) => keymap.keys[index].push(key),
                    Err(key) => errors.push(KeymapError::UnknownKey { action, key }),
                }
            }
        }
        errors.extend(keymap.faults());
        if errors.is_empty() {
            Ok(keymap)
        } else {
            Err(errors)
        }
    }

    /// The command that `key` is, with the focus in `context`.
    #[must_use]
    pub fn command(&self, context: Context, key: Key) -> Option<Command> {
        self.of(context)
            .find(|(_, keys)| keys.contains(&key))
            .map(|(binding, _)| binding.command)
    }

    /// Everything that can be done with the focus in `context`, for its help: the place's own commands first.
    pub fn of(&self, context: Context) -> impl Iterator<Item = (&'static Binding, &[Key])> {
        let all = move || BINDINGS.iter().zip(&self.keys);
        let own = all().filter(move |(binding, _)| binding.contexts.contains(&context));
        let everywhere = all().filter(move |(binding, _)| {
            context.is_browsing()
                && binding.contexts.contains(&Context::Everywhere)
                && !binding.contexts.contains(&context)
        });
        own.chain(everywhere)
            .map(|(binding, keys)| (binding, keys.as_slice()))
    }

    /// The first key of a command, as hints show it; empty when it has none.
    #[must_use]
    pub fn hint(&self, command: Command) -> String {
        BINDINGS
            .iter()
            .zip(&self.keys)
            .find(|(binding, _)| binding.command == command)
            .and_then(|(_, keys)| keys.first())
            .map(Key::to_string)
            .unwrap_or_default()
    }

    fn faults(&self) -> Vec<KeymapError> {
        let mut faults = Vec::new();
        for (index, (binding, keys)) in BINDINGS.iter().zip(&self.keys).enumerate() {
            for &key in keys {
                if key.typed().is_some() && binding.contexts.iter().any(|context| context.takes_text()) {
                    faults.push(KeymapError::TypesText {
                        key,
                        action: binding.name,
                    });
                }
                let clash = BINDINGS[index + 1..]
                    .iter()
                    .zip(&self.keys[index + 1..])
                    .find(|(other, others)| others.contains(&key) && meet(binding, other));
                if let Some((other, _)) = clash {
                    faults.push(KeymapError::Conflict {
                        key,
                        actions: (binding.name, other.name),
                    });
                }
            }
        }
        faults
    }
}

impl Default for Keymap {
    fn default() -> Self {
        let keys = BINDINGS
            .iter()
            .map(|binding| binding.keys.iter().filter_map(|key| key.parse().ok()).collect())
            .collect();
        Self { keys }
    }
}

/// Whether both commands can be asked for in one place.
fn meet(a: &Binding, b: &Binding) -> bool {
    a.contexts.iter().any(|one| {
        b.contexts.iter().any(|other| {
            one == other
                || (*one == Context::Everywhere && other.is_browsing())
                || (*other == Context::Everywhere && one.is_browsing())
        })
    })
}

fn nearest(name: &str) -> Option<&'static str> {
    BINDINGS
        .iter()
        .map(|binding| (strsim::jaro_winkler(name, binding.name), binding.name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, near)| near)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(list: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        list.iter()
            .map(|(name, keys)| {
                (
                    (*name).to_owned(),
                    keys.iter().map(|key| (*key).to_owned()).collect(),
                )
            })
            .collect()
    }

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn every_default_is_a_key_and_none_is_two_commands() {
        let keymap = Keymap::default();
        for (binding, keys) in BINDINGS.iter().zip(&keymap.keys) {
            assert_eq!(binding.keys.len(), keys.len(), "{}", binding.name);
            assert!(!keys.is_empty(), "{}", binding.name);
        }
        assert_eq!(keymap.faults(), []);
    }

    #[test]
    fn no_two_actions_share_a_name() {
        let mut names: Vec<_> = BINDINGS.iter().map(|binding| binding.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn defaults_need_no_third_level_and_leave_multiplexers_their_keys() {
        for binding in BINDINGS {
            for key in binding.keys {
                assert!(!key.contains(['[', ']', '{', '}', '@', '\\']), "{}", binding.name);
                let taken = [
                    "ctrl-a", "ctrl-b", "ctrl-d", "ctrl-h", "ctrl-j", "ctrl-k", "ctrl-l",
                ]
                .contains(key);
                assert!(!(binding.changes_data && taken), "{}: {key}", binding.name);
            }
        }
    }

    #[test]
    fn escape_goes_back_everywhere_and_quits_nowhere() {
        for context in Context::ALL {
            let command = Keymap::default().command(context, key("esc"));
            assert_eq!(command, Some(Command::Back), "{context:?}");
        }
    }

    #[test]
    fn a_letter_is_a_command_in_the_list_and_text_in_a_field() {
        let keymap = Keymap::default();
        assert_eq!(keymap.command(Context::Tokens, key("n")), Some(Command::New));
        assert_eq!(keymap.command(Context::Tokens, key("q")), Some(Command::Quit));
        assert_eq!(keymap.command(Context::Dialog, key("n")), None);
        for typed in ["n", "q", "?", ":", "1", " "] {
            assert_eq!(keymap.command(Context::Field, key(typed)), None, "{typed}");
        }
    }

    #[test]
    fn an_action_takes_several_keys_and_loses_its_old_ones() {
        let keymap = Keymap::configured(&changes(&[("new", &["f2", "+"])])).unwrap();
        assert_eq!(keymap.command(Context::Tokens, key("f2")), Some(Command::New));
        assert_eq!(keymap.command(Context::Tokens, key("+")), Some(Command::New));
        assert_eq!(keymap.command(Context::Tokens, key("n")), None);
        assert_eq!(keymap.hint(Command::New), "f2");
    }

    #[test]
    fn every_mistake_is_named_and_the_near_name_suggested() {
        let errors = Keymap::configured(&changes(&[
            ("invaldate", &["f2"]),
            ("new", &["r"]),
            ("accept", &["y"]),
            ("sort", &["enterr"]),
            ("quit", &[]),
        ]))
        .unwrap_err();
        let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
        for expected in [
            "there is no action \"invaldate\"; did you mean invalidate?",
            "the key r is both new and rotate; give one of them another key",
            "accept is used where text is typed, so it cannot be y; take one such as ctrl-y or f5",
            "quit has no key; give it one, or leave it out",
        ] {
            assert!(
                messages.iter().any(|m| m == expected),
                "{expected}: {messages:#?}"
            );
        }
        assert!(
            messages
                .iter()
                .any(|m| m.starts_with("sort: \"enterr\" is no key")),
            "{messages:#?}"
        );
    }
}
