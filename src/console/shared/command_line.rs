//! The command line: `:tokens prod`, `:rotate payouts-prod`, `:org beta`, with completion.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line as Text;
use ratatui::widgets::Clear;

use crate::console::app::desk::Order;
use crate::console::app::{Desk, Dialog, Facts, Fate, News, Screen, Tag};
use crate::console::keymap::{Command, Context};
use crate::console::theme::Theme;
use crate::console::widgets::field::Field;
use crate::domain::text::{Slug, escape};
use crate::service::Response;
use crate::service::request::{Request, Sort, TokenQuery};

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A screen, with a filter where it has one.
    Show(Screen, String),
    /// Another organization.
    Organization(Slug),
    /// What a key would do with the token of this name.
    Token(Command, String),
    /// The sign-in.
    SignIn,
    /// Signs out.
    SignOut,
    /// How the store is.
    Health,
    /// How webhooks arrive.
    Webhooks,
    /// The lock.
    Lock,
    /// Help.
    Help,
    /// Leaves.
    Quit,
}

/// Every command, and what help says of it.
pub const COMMANDS: [(&str, &str); 16] = [
    ("tokens", "[FILTER]"),
    ("keys", ""),
    ("activity", "[FILTER]"),
    ("cashiers", "[FILTER]"),
    ("guide", "[PAGE]"),
    ("rotate", "NAME"),
    ("allow", "NAME"),
    ("edit", "NAME"),
    ("org", "SLUG"),
    ("signin", ""),
    ("signout", ""),
    ("health", ""),
    ("webhooks", ""),
    ("lock", ""),
    ("help", ""),
    ("quit", ""),
];

/// Reads a line.
///
/// # Errors
/// What is wrong with it, for people.
pub fn parse(text: &str) -> Result<Line, String> {
    let text = text.trim();
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    let known: Vec<_> = COMMANDS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| *name == word || (!word.is_empty() && name.starts_with(word)))
        .collect();
    let name = match known.as_slice() {
        [name] => *name,
        [] => return Err(format!("there is no command \"{}\"; tab completes", escape(word))),
        several if several.contains(&word) => word,
        several => return Err(format!("\"{}\" may be {}", escape(word), several.join(" or "))),
    };
    let needed = |what: &str| {
        if rest.is_empty() {
            Err(format!("{name} needs {what}"))
        } else {
            Ok(rest.to_owned())
        }
    };
    Ok(match name {
        "tokens" => Line::Show(Screen::Tokens, rest.to_owned()),
        "keys" => Line::Show(Screen::Keys, String::new()),
        "activity" => Line::Show(Screen::Activity, rest.to_owned()),
        "cashiers" => Line::Show(Screen::Cashiers, rest.to_owned()),
        "guide" => Line::Show(Screen::Guide, rest.to_owned()),
        "rotate" => Line::Token(Command::Rotate, needed("a token's name")?),
        "allow" => Line::Token(Command::AllowAddresses, needed("a token's name")?),
        "edit" => Line::Token(Command::EditToken, needed("a token's name")?),
        "org" => Line::Organization(
            Slug::parse(&needed("an organization's short name")?).map_err(|e| e.to_string())?,
        ),
        "signin" => Line::SignIn,
        "signout" => Line::SignOut,
        "health" => Line::Health,
        "webhooks" => Line::Webhooks,
        "lock" => Line::Lock,
        "help" => Line::Help,
        _ => Line::Quit,
    })
}

/// What a command is whose word may be shortened takes after it.
fn takes(word: &str) -> Option<&'static str> {
    let mut fitting = COMMANDS.iter().filter(|(name, _)| name.starts_with(word));
    match (fitting.next(), fitting.next()) {
        (Some((_, takes)), None) => Some(takes),
        _ => None,
    }
}

/// The name that is being typed, where one is.
fn begun_name(text: &str) -> Option<&str> {
    let (word, begun) = text.split_once(' ')?;
    (takes(word) == Some("NAME")).then_some(begun)
}

/// What `text` can be completed to: commands, organizations after `org`, and of `names` after what takes a token.
#[must_use]
pub fn completions(text: &str, facts: &Facts, names: &[String]) -> Vec<String> {
    match text.split_once(' ') {
        None => COMMANDS
            .iter()
            .filter(|(name, _)| name.starts_with(text))
            .map(|(name, takes)| {
                if takes.is_empty() {
                    (*name).to_owned()
                } else {
                    format!("{name} ")
                }
            })
            .collect(),
        Some(("org", begun)) => facts
            .organizations
            .iter()
            .filter(|row| row.slug.as_str().starts_with(begun))
            .map(|row| format!("org {}", row.slug))
            .collect(),
        Some((word, begun)) if takes(word) == Some("NAME") => names
            .iter()
            .filter(|name| name.starts_with(begun))
            .map(|name| format!("{word} {name}"))
            .collect(),
        Some(_) => Vec::new(),
    }
}

/// So many names are asked for.
const NAMES: usize = 200;

/// The line at the foot of the screen.
#[derive(Debug)]
pub struct CommandLine {
    field: Field,
    /// Tokens whose names may be meant, as they were answered last.
    names: Vec<String>,
    /// What those were asked for.
    asked: Option<String>,
}

impl Default for CommandLine {
    fn default() -> Self {
        Self {
            field: Field::new(120),
            names: Vec::new(),
            asked: None,
        }
    }
}

impl CommandLine {
    /// Asks which tokens the typed name may be of, and waits for no answer.
    fn ask_names(&mut self, desk: &mut Desk<'_>) {
        let begun = begun_name(self.field.text()).map(str::to_owned);
        if begun.is_none() || begun == self.asked {
            return;
        }
        desk.ask(
            Tag::Names,
            Request::ListTokens(TokenQuery {
                organization: desk.facts.current.clone(),
                text: begun.clone().unwrap_or_default(),
                sort: Sort::Name,
                limit: NAMES,
                ..TokenQuery::default()
            }),
        );
        self.asked = begun;
    }

    fn take_names(&mut self, response: Response) {
        if let Response::Tokens(page) = response {
            self.names = page.rows.iter().map(|row| row.name.to_string()).collect();
            self.names.dedup();
        }
    }
}

impl Dialog for CommandLine {
    fn context(&self) -> Context {
        Context::Line
    }

    fn update(&mut self, news: News, desk: &mut Desk<'_>) -> Fate {
        match news {
            News::Key(_, Some(Command::Back)) => return Fate::Close,
            News::Key(_, Some(Command::Accept)) => {
                if !self.field.text().trim().is_empty() {
                    desk.order(Order::Run(self.field.text().to_owned()));
                }
                return Fate::Close;
            }
            News::Key(_, Some(Command::Complete)) => {
                let found = completions(self.field.text(), desk.facts, &self.names);
                if let Some(common) = common_beginning(&found) {
                    // A completion is shorter than the field.
                    let _ = self.field.replace(&common);
                }
            }
            News::Key(key, _) => {
                // What does not fit or cannot be shown is not taken; the line shows that nothing came.
                let _ = self.field.press(key);
            }
            News::Paste(text) => {
                let _ = self.field.paste(&text);
            }
            News::Answer(Tag::Names, Ok(response)) => self.take_names(response),
            _ => {}
        }
        self.ask_names(desk);
        Fate::Stay
    }

    fn view(&self, facts: &Facts, theme: &Theme, frame: &mut Frame<'_>) {
        let whole = frame.area();
        let rows = Rect::new(whole.x, whole.bottom().saturating_sub(2), whole.width, 2).intersection(whole);
        frame.render_widget(Clear, rows);
        let offered: Vec<_> = completions(self.field.text(), facts, &self.names)
            .into_iter()
            .map(|c| escape(c.trim().rsplit(' ').next().unwrap_or_default()).into_owned())
            .collect();
        frame.render_widget(
            Text::styled(format!("  {}", offered.join("  ")), theme.dim),
            Rect { height: 1, ..rows },
        );
        let line = Rect {
            y: rows.y + 1,
            height: 1,
            ..rows
        };
        frame.render_widget(Text::styled(" :", theme.key), line);
        let field = Rect {
            x: line.x + 2,
            width: line.width.saturating_sub(3),
            ..line
        };
        self.field.draw(frame, field, theme, true, "");
    }
}

fn common_beginning(found: &[String]) -> Option<String> {
    let (first, others) = found.split_first()?;
    let length = others.iter().fold(first.len(), |length, other| {
        first
            .bytes()
            .zip(other.bytes())
            .take(length)
            .take_while(|(a, b)| a == b)
            .count()
    });
    Some(first[..length].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_may_be_shortened() {
        assert_eq!(
            parse("tokens prod"),
            Ok(Line::Show(Screen::Tokens, "prod".into()))
        );
        assert_eq!(parse(" q "), Ok(Line::Quit));
        assert_eq!(
            parse("rotate payouts-prod"),
            Ok(Line::Token(Command::Rotate, "payouts-prod".into()))
        );
        assert_eq!(
            parse("org beta"),
            Ok(Line::Organization(Slug::parse("beta").unwrap()))
        );
    }

    #[test]
    fn what_cannot_be_obeyed_is_said() {
        assert_eq!(
            parse("frob"),
            Err("there is no command \"frob\"; tab completes".into())
        );
        assert_eq!(parse("sign"), Err("\"sign\" may be signin or signout".into()));
        assert_eq!(parse("rotate"), Err("rotate needs a token's name".into()));
    }

    #[test]
    fn completion_goes_as_far_as_it_is_clear() {
        assert_eq!(
            common_beginning(&["signin".into(), "signout".into()]),
            Some("sign".into())
        );
        assert_eq!(common_beginning(&[]), None);
    }
}
