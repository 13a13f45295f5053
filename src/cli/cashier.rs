//! `strongroom cashier`: the people who act.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::context::{Context, unexpected};
use super::failure::Failure;
use super::json;
use super::output::{to_json, write_out};
use super::secrets::{NewPasswordArguments, SignInArguments, Wanted, new_password};
use super::values;
use crate::domain::cashier::Role;
use crate::domain::secret::Secret;
use crate::domain::text::Email;
use crate::service::request::Credentials;
use crate::service::response::EnrolmentCode;
use crate::service::{Code, Request, Response};

/// What can be done with cashiers.
#[derive(Debug, Subcommand)]
pub enum Cashier {
    /// List them
    List,
    /// Add one and print the code it enrols with; admin
    Add {
        #[command(flatten)]
        other: Other,
        /// What it may do
        #[arg(long, value_parser = values::role())]
        role: Role,
    },
    /// Set one's first password with a code
    Enrol(Enrol),
    /// Set one's own password anew
    Passwd(Passwd),
    /// Give another role; admin
    Role {
        #[command(flatten)]
        other: Other,
        /// What it may do from now on
        #[arg(value_parser = values::role())]
        role: Role,
    },
    /// Let a cashier sign in no more; admin
    Disable(Other),
    /// Let a cashier sign in again; admin
    Enable(Other),
    /// Forget a cashier's password and print a new code; admin
    Reset(Other),
    /// Forget a cashier's failed sign-ins; admin, or the store's owner without a sign-in
    Unlock(Other),
    /// End a cashier's login session; admin, or the store's owner without a sign-in
    Logout(Other),
}

/// The console's fourth tab, or a list.
#[derive(Debug, Args)]
pub struct Cashiers {
    /// Those whose address, role or standing contains it
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
}

impl Cashiers {
    /// What they contain.
    pub(super) fn filter(&self) -> String {
        self.filter.join(" ")
    }

    /// The list.
    pub(super) fn list(&self, context: &Context<'_>) -> Result<(), Failure> {
        list(context, &self.filter())
    }
}

/// The cashier that it is about, and the one who does it.
#[derive(Debug, Args)]
pub struct Other {
    /// The cashier that it is about
    email: String,
    #[command(flatten)]
    who: SignInArguments,
}

/// A first password.
#[derive(Debug, Args)]
pub struct Enrol {
    /// Whose
    email: String,
    /// As the store's owner, without an admin's code; audited
    #[arg(long, conflicts_with = "code_file")]
    break_glass: bool,
    /// File with the code (0600, yours); asked on the terminal when left out
    #[arg(long, value_name = "PATH")]
    code_file: Option<PathBuf>,
    #[command(flatten)]
    password: NewPasswordArguments,
}

/// Another password.
#[derive(Debug, Args)]
pub struct Passwd {
    #[command(flatten)]
    who: SignInArguments,
    #[command(flatten)]
    password: NewPasswordArguments,
}

impl Cashier {
    /// Does it.
    pub fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::List => list(context, ""),
            Self::Add { other, role } => {
                let request = Request::AddCashier {
                    email: other.email()?,
                    role: *role,
                };
                print_code(context, context.ask_as(&other.who, request)?)
            }
            Self::Enrol(enrol) => enrol.run(context),
            Self::Passwd(passwd) => passwd.run(context),
            Self::Role { other, role } => {
                context.ask_as(
                    &other.who,
                    Request::SetRole {
                        email: other.email()?,
                        role: *role,
                    },
                )?;
                context.output.done("The role is changed.")
            }
            Self::Disable(other) => other.disable(context, true, "The cashier cannot sign in any more."),
            Self::Enable(other) => other.disable(context, false, "The cashier can sign in again."),
            Self::Reset(other) => {
                let request = Request::ResetCashier {
                    email: other.email()?,
                };
                print_code(context, context.ask_as(&other.who, request)?)
            }
            Self::Unlock(other) => {
                let request = Request::UnlockCashier {
                    email: other.email()?,
                };
                other.as_owner(context, request, "The failed sign-ins are forgotten.")
            }
            Self::Logout(other) => {
                let request = Request::EndLogin {
                    email: other.email()?,
                };
                other.as_owner(context, request, "The login session has ended.")
            }
        }
    }
}

fn list(context: &Context<'_>, filter: &str) -> Result<(), Failure> {
    let mut rows = match context.ask(Request::ListCashiers)? {
        Response::Cashiers(rows) => rows,
        other => return Err(unexpected(&other)),
    };
    let needle = filter.to_lowercase();
    rows.retain(|row| {
        let texts = [row.email.as_str(), row.role.word(), row.standing.word()];
        texts.iter().any(|text| text.contains(&needle))
    });
    if context.output.json {
        return context.output.json(&rows);
    }
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let blocked = row
                .blocked_until
                .map_or_else(String::new, |until| until.to_string());
            let login = row.login.as_ref();
            let login = login.map_or_else(String::new, |login| login.since.to_string());
            let (role, standing) = (row.role.word().to_owned(), row.standing.word().to_owned());
            vec![
                row.email.to_string(),
                role,
                standing,
                row.failures.to_string(),
                blocked,
                login,
                row.created_at.to_string(),
            ]
        })
        .collect();
    context.output.table(
        &[
            "CASHIER",
            "ROLE",
            "STANDING",
            "FAILURES",
            "BLOCKED UNTIL",
            "LOGGED IN",
            "ADDED",
        ],
        &rows,
    )
}

impl Other {
    fn email(&self) -> Result<Email, Failure> {
        Ok(Email::folded(&self.email)?)
    }

    fn disable(&self, context: &Context<'_>, disabled: bool, sentence: &str) -> Result<(), Failure> {
        context.ask_as(
            &self.who,
            Request::DisableCashier {
                email: self.email()?,
                disabled,
            },
        )?;
        context.output.done(sentence)
    }

    /// The store's owner needs no sign-in: this is the way out when nobody can sign in.
    fn as_owner(&self, context: &Context<'_>, request: Request, sentence: &str) -> Result<(), Failure> {
        match context.ask(request.clone()) {
            Err(failure) if failure.error.code == Code::SignInRequired => {
                context.ask_as(&self.who, request)?
            }
            answer => answer?,
        };
        context.output.done(sentence)
    }
}

impl Enrol {
    fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let email = Email::folded(&self.email)?;
        if self.break_glass {
            // The password first: a code that is made forgets the old one.
            let password = new_password(&self.password, &email)?;
            let code = match context.ask(Request::BreakGlass { email: email.clone() })? {
                Response::EnrolmentCode(issued) => issued.code,
                other => return Err(unexpected(&other)),
            };
            return Self::finish(context, email, code, password);
        }
        let what = format!("the enrolment code of {email}");
        let code = Wanted {
            what,
            file: self.code_file.as_ref(),
            descriptor: None,
            option: "--code-file",
            is_new: false,
        }
        .read()?;
        let password = new_password(&self.password, &email)?;
        Self::finish(context, email, code, password)
    }

    fn finish(context: &Context<'_>, email: Email, code: Secret, password: Secret) -> Result<(), Failure> {
        context.ask(Request::Enrol {
            email,
            code,
            password,
        })?;
        context.output.done("The password is set.")
    }
}

impl Passwd {
    fn run(&self, context: &Context<'_>) -> Result<(), Failure> {
        let credentials: Credentials = context.credentials(&self.who)?;
        let password = new_password(&self.password, &credentials.email)?;
        context.ask(Request::ChangePassword {
            credentials,
            password,
        })?;
        context.output.done("The password is changed.")
    }
}

fn print_code(context: &Context<'_>, answer: Response) -> Result<(), Failure> {
    let issued = match answer {
        Response::EnrolmentCode(issued) => issued,
        other => return Err(unexpected(&other)),
    };
    let EnrolmentCode {
        email,
        code,
        expires_at,
    } = &issued;
    let code = code.expose_text().unwrap_or_default();
    let text = if context.output.json {
        to_json(&json::EnrolmentCode {
            email,
            code,
            expires_at: *expires_at,
        })?
    } else if context.output.quiet {
        format!("{code}\n")
    } else {
        let until = expires_at.to_string();
        context
            .output
            .lines(&[("cashier", email.as_str()), ("code", code), ("expires", &until)])
    };
    write_out(Secret::from_text(text).expose()).map_err(|error| {
        Failure::io(
            format!("standard output cannot be written: {error}"),
            format!("nobody has the code; make another: strongroom cashier reset {email}"),
        )
    })?;
    context.output.note(
        "Hand the code over by another road; the cashier sets the password with `strongroom cashier enrol`.",
    );
    Ok(())
}
