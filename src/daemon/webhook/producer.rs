//! Makes notices of what the audit log and the tokens say, and messages of notices.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::endpoint::Endpoint;
use crate::domain::text::Slug;
use crate::domain::time::Timestamp;
use crate::domain::token::Status;
use crate::domain::token::ladder::LONGEST_STEP;
use crate::gateway::Gateway as _;
use crate::gateway::in_process::InProcess;
use crate::notice::{Notice, watch};
use crate::service::ports::Clock as _;
use crate::service::request::{Show, Sort, TokenQuery};
use crate::service::response::{ActivityPage, Overview, TokenRow};
use crate::service::{Code, Error, Request, Response};
use crate::system::SystemClock;
use crate::system::outbox::{Memory, Message, Outbox};

/// Entries of the audit log that are turned into messages at a time.
const ENTRIES: usize = 200;
/// Tokens that are asked for at a time.
const PAGE: usize = 5_000;
/// Between two looks at the tokens.
const LOOK: Duration = Duration::from_secs(60);
/// After a longer silence every token is dormant.
const LONGEST_SILENCE: TimeDelta = TimeDelta::days(30);

pub(super) struct Producer {
    gateway: Arc<InProcess>,
    outbox: Outbox,
    /// Who is told, and of what.
    receivers: Vec<(String, Option<Vec<String>>)>,
    memory: Option<Memory>,
    /// When tokens were looked at last, on the clock that never goes back.
    looked: Option<Duration>,
    /// What went wrong last: said once.
    fault: String,
}

impl Producer {
    pub(super) fn new(gateway: Arc<InProcess>, outbox: Outbox, endpoints: &[Endpoint]) -> Self {
        let receivers = endpoints
            .iter()
            .map(|endpoint| (endpoint.name.clone(), endpoint.events.clone()));
        Self {
            gateway,
            receivers: receivers.collect(),
            outbox,
            memory: None,
            looked: None,
            fault: String::new(),
        }
    }

    /// What is new, kept in the outbox already; nothing while the store is sealed.
    pub(super) fn step(&mut self) -> Vec<Message> {
        if self.gateway.opened().is_none() {
            return Vec::new();
        }
        let mut messages = Vec::new();
        match self.produce(&mut messages) {
            Ok(()) => self.fault.clear(),
            // An older state that waits to be accepted answers nothing.
            Err(error) if self.fault != error.message => {
                tracing::warn!(%error, "webhooks cannot be made");
                self.fault = error.message;
            }
            Err(_) => {}
        }
        messages
    }

    fn produce(&mut self, messages: &mut Vec<Message>) -> Result<(), Error> {
        let mut memory = match self.memory.take() {
            Some(memory) => memory,
            None => self.recall()?,
        };
        let produced = self.follow(&mut memory, messages).and_then(|ended| {
            let now = SystemClock.monotonic();
            if self
                .looked
                .is_none_or(|looked| now.saturating_sub(looked) >= LOOK)
            {
                self.look(&mut memory, &ended, messages)?;
                self.looked = Some(now);
            }
            Ok(())
        });
        self.memory = Some(memory);
        produced
    }

    /// How far it was; the first time nothing is told of what was before.
    fn recall(&self) -> Result<Memory, Error> {
        if let Some(memory) = self.outbox.memory().map_err(|error| disk(&error))? {
            return Ok(memory);
        }
        let memory = Memory {
            sequence: self.entries(0, 0)?.head,
            looked_at: self.overview()?.now,
        };
        self.outbox.remember(&memory).map_err(|error| disk(&error))?;
        Ok(memory)
    }

    /// Goes on through the audit log; gives the ids of the notices it made.
    fn follow(&self, memory: &mut Memory, messages: &mut Vec<Message>) -> Result<BTreeSet<String>, Error> {
        let mut made = BTreeSet::new();
        loop {
            let page = self.entries(memory.sequence, ENTRIES)?;
            let reached = page.next.unwrap_or(page.head);
            // Less where an older state of the store was accepted.
            if reached == memory.sequence {
                return Ok(made);
            }
            let notices: Vec<Notice> = page.entries.iter().filter_map(watch::of_entry).collect();
            made.extend(notices.iter().map(|notice| notice.id.clone()));
            self.keep(notices, messages)?;
            memory.sequence = reached;
            self.outbox.remember(memory).map_err(|error| disk(&error))?;
        }
    }

    /// Looks at what time brought since the last look; `told` was told already.
    fn look(
        &self,
        memory: &mut Memory,
        told: &BTreeSet<String>,
        messages: &mut Vec<Message>,
    ) -> Result<(), Error> {
        let overview = self.overview()?;
        let (from, to) = (memory.looked_at, overview.now);
        if to <= from {
            return Ok(());
        }
        let mut notices = Vec::new();
        for organization in overview.organizations {
            let slug = &organization.slug;
            self.each(slug, (Show::Live, Sort::Expiry, false), |row| {
                notices.extend(watch::of_ending(row, slug, from, to));
                row.ends_at <= to.plus(LONGEST_STEP)
            })?;
            self.each(slug, (Show::Only(Status::Expired), Sort::Expiry, true), |row| {
                notices.extend(watch::of_ending(row, slug, from, to));
                row.ends_at > from
            })?;
            self.each(slug, (Show::Unused, Sort::LastUse, true), |row| {
                notices.extend(watch::of_silence(row, slug, from, to));
                row.last_used
                    .is_some_and(|last| last.plus(LONGEST_SILENCE) > from)
            })?;
        }
        notices.retain(|notice| !told.contains(&notice.id));
        self.keep(notices, messages)?;
        memory.looked_at = to;
        self.outbox.remember(memory).map_err(|error| disk(&error))
    }

    /// Keeps a message for each receiver who wants it.
    fn keep(&self, notices: Vec<Notice>, messages: &mut Vec<Message>) -> Result<(), Error> {
        let now: Timestamp = SystemClock.now();
        for notice in notices {
            let body = serde_json::to_string(&notice).map_err(|error| disk(&error.into()))?;
            let kind = notice.kind.word();
            let wants = |events: &Option<Vec<String>>| {
                events
                    .as_ref()
                    .is_none_or(|events| events.iter().any(|event| event == kind))
            };
            for (receiver, _) in self.receivers.iter().filter(|(_, events)| wants(events)) {
                let message = Message {
                    receiver: receiver.clone(),
                    id: notice.id.clone(),
                    kind: kind.to_owned(),
                    body: body.clone(),
                    attempts: 0,
                    next: now,
                };
                self.outbox.keep(&message).map_err(|error| disk(&error))?;
                messages.push(message);
            }
        }
        Ok(())
    }

    fn each(
        &self,
        organization: &Slug,
        (show, sort, descending): (Show, Sort, bool),
        mut take: impl FnMut(&TokenRow) -> bool,
    ) -> Result<(), Error> {
        let mut query = TokenQuery {
            organization: Some(organization.clone()),
            show,
            sort,
            descending,
            limit: PAGE,
            ..TokenQuery::default()
        };
        loop {
            let Response::Tokens(page) = self.gateway.ask(None, Request::ListTokens(query.clone()))? else {
                return Err(unexpected());
            };
            if !page.rows.iter().all(&mut take) || page.rows.len() < PAGE {
                return Ok(());
            }
            query.offset += PAGE;
        }
    }

    fn entries(&self, after: u64, limit: usize) -> Result<ActivityPage, Error> {
        let request = Request::FollowActivity {
            filter: String::new(),
            after,
            limit,
        };
        match self.gateway.ask(None, request)? {
            Response::Activity(page) => Ok(page),
            _ => Err(unexpected()),
        }
    }

    fn overview(&self) -> Result<Overview, Error> {
        match self.gateway.ask(None, Request::Overview)? {
            Response::Overview(overview) => Ok(overview),
            _ => Err(unexpected()),
        }
    }
}

fn disk(error: &std::io::Error) -> Error {
    Error::new(
        Code::Io,
        format!("the outbox of webhooks cannot be used: {error}"),
        "look at the state directory; it is tried again",
    )
}

fn unexpected() -> Error {
    Error::new(
        Code::Internal,
        "the store gave another answer than was asked for",
        "report it",
    )
}
