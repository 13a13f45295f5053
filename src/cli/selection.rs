//! The tokens that a command looks at, of one organization or all: page by page, and only as far as they are wanted.

use clap::Args;

use super::context::{Context, unexpected};
use super::failure::Failure;
use super::org::organizations;
use crate::domain::text::{Environment, ServiceName, Slug};
use crate::service::request::{Show, Sort, TokenQuery};
use crate::service::response::TokenRow;
use crate::service::{Request, Response};

/// Tokens asked for at once.
const PAGE: usize = 5_000;

/// Which tokens.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Only the tokens of this service
    #[arg(long, value_name = "NAME", value_parser = service)]
    service: Option<ServiceName>,
    /// Only the tokens for this environment
    #[arg(long, value_name = "NAME", value_parser = environment)]
    environment: Option<Environment>,
}

fn service(text: &str) -> Result<ServiceName, String> {
    ServiceName::parse(text).map_err(|error| error.to_string())
}

fn environment(text: &str) -> Result<Environment, String> {
    Environment::parse(text).map_err(|error| error.to_string())
}

impl Selection {
    fn takes(&self, row: &TokenRow) -> bool {
        let is_service = |service: &ServiceName| *service == row.service;
        let is_environment = |environment: &Environment| *environment == row.environment;
        self.service.as_ref().is_none_or(is_service) && self.environment.as_ref().is_none_or(is_environment)
    }

    /// Gives `take` the organization's selected tokens, those that end first first, or last where they are `descending`; as
    /// long as it wants more.
    pub(super) fn each(
        &self,
        context: &Context<'_>,
        organization: &Slug,
        (show, descending): (Show, bool),
        mut take: impl FnMut(&TokenRow) -> bool,
    ) -> Result<(), Failure> {
        let mut query = TokenQuery {
            organization: Some(organization.clone()),
            show,
            sort: Sort::Expiry,
            descending,
            limit: PAGE,
            // Narrows what is sent; names are compared whole here.
            text: self
                .service
                .as_ref()
                .map(ServiceName::to_string)
                .unwrap_or_default(),
            ..TokenQuery::default()
        };
        loop {
            let page = match context.ask(Request::ListTokens(query.clone()))? {
                Response::Tokens(page) => page,
                other => return Err(unexpected(&other)),
            };
            let is_last = page.rows.len() < query.limit;
            let mut selected = page.rows.iter().filter(|row| self.takes(row));
            if !selected.all(&mut take) || is_last {
                return Ok(());
            }
            query.offset += query.limit;
        }
    }
}

/// The organization that was named, or all.
pub(super) fn organizations_of(context: &Context<'_>) -> Result<Vec<Slug>, Failure> {
    if let Some(named) = &context.organization {
        return Ok(vec![named.clone()]);
    }
    let rows = organizations(context)?;
    Ok(rows.into_iter().map(|row| row.slug).collect())
}
