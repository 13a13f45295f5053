//! `GET /metrics`: what Prometheus reads, on the private listener, by whoever may look at everything else (`command`).
//!
//! - Verify writes plain counters of its own worker; nothing else of this file is on its way.
//! - A token has two series while it works, and there is an upper bound: of more, those are told that end first.
//! - The text is written here and not by a library: those that exist lock their histograms, or write OpenMetrics, which
//!   needs to be asked for.

mod counts;
mod text;

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderValue, Response, StatusCode};

pub(super) use self::counts::Counts;
use self::counts::{Connections, DECRYPT_BUCKETS, RESULTS, VERIFY_BUCKETS};
use self::text::{Text, unix};
use super::body::Body;
use super::peer::Session;
use super::reply;
use super::state::State;
use super::webhook::Tallied;
use crate::domain::audit::chain::Verdict;
use crate::service::gauges::{Gauges, TokenGauge};
use crate::service::response::{Health, Level, RefusalsView};

const KIND: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
/// The most tokens that are told one by one.
const MOST_TOKENS: usize = 10_000;

/// All workers' counts.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    workers: Mutex<Vec<Arc<Counts>>>,
}

impl Metrics {
    /// Counts for a worker that begins.
    pub(super) fn for_a_worker(&self) -> Arc<Counts> {
        let counts = Arc::new(Counts::new());
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.push(Arc::clone(&counts));
        counts
    }

    fn workers(&self) -> Vec<Arc<Counts>> {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.clone()
    }
}

/// What Prometheus reads; also while the store is sealed.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "private",
    responses((status = 200, description = "Prometheus' text format.", body = String,
        content_type = "text/plain; version=0.0.4; charset=utf-8"))
)]
pub(super) async fn answer(session: Arc<Session>) -> Response<Body> {
    let told = session.state.run(tell).await;
    told.map_or_else(
        |refused| refused,
        |text| reply::full(StatusCode::OK, KIND, text.into()),
    )
}

fn tell(state: &State) -> Vec<u8> {
    let mut text = Text::default();
    text.gauge("strongroom_build_info", "The program; always 1.")
        .sample(&[("version", &env!("CARGO_PKG_VERSION"))], 1);
    let service = state.service();
    let is_ready = service.is_some_and(|service| service.is_current());
    text.gauge("strongroom_sealed", "1 while the store waits to be unlocked.")
        .sample(&[], u8::from(service.is_none()));
    text.gauge(
        "strongroom_ready",
        "1 while tokens can be verified, as /readyz says it.",
    )
    .sample(&[], u8::from(is_ready));
    requests(&mut text, &state.metrics.workers(), state.options.max_connections);
    text.gauge(
        "strongroom_feed_listeners",
        "Consoles and commands that listen to the feed.",
    )
    .sample(&[], state.listening.count());
    webhooks(&mut text, &state.options.webhooks.of_each());
    if let Some(service) = service {
        store(&mut text, &service.gauges(MOST_TOKENS));
    }
    text.into_bytes()
}

fn webhooks(text: &mut Text, endpoints: &[(String, Tallied)]) {
    let each = |value: fn(&Tallied) -> u64, text: &mut Text| {
        for (name, counts) in endpoints {
            text.sample(&[("endpoint", name)], value(counts));
        }
    };
    text.counter(
        "strongroom_webhook_delivered_total",
        "Webhooks that arrived since the daemon began.",
    );
    each(|counts| counts.delivered, text);
    text.counter(
        "strongroom_webhook_failed_total",
        "Attempts to deliver a webhook that failed; most are made again.",
    );
    each(|counts| counts.failed, text);
    text.counter(
        "strongroom_webhook_given_up_total",
        "Webhooks that were given up: after the last attempt, or because the endpoint is gone.",
    );
    each(|counts| counts.given_up, text);
    text.gauge(
        "strongroom_webhook_waiting",
        "Webhooks that wait to be delivered.",
    );
    each(|counts| counts.waiting as u64, text);
}

fn requests(text: &mut Text, workers: &[Arc<Counts>], most: usize) {
    let sum = |count: fn(&Counts) -> &AtomicU64| -> u64 {
        let counts = workers.iter().map(|worker| count(worker).load(Ordering::Relaxed));
        counts.sum()
    };
    text.counter(
        "strongroom_verify_total",
        "Answers of /v1/verify since the daemon began.",
    );
    for (place, result) in RESULTS.iter().enumerate() {
        let all = workers
            .iter()
            .map(|worker| worker.verified[place].load(Ordering::Relaxed));
        text.sample(&[("result", result)], all.sum::<u64>());
    }
    let (mut verify, mut decrypt) = Default::default();
    for worker in workers {
        worker.verify.add_to(&mut verify);
        worker.decrypt.add_to(&mut decrypt);
    }
    text.histogram(
        "strongroom_verify_duration_seconds",
        "How long verification took in the daemon; one in eight is measured.",
        &VERIFY_BUCKETS,
        &verify,
    );
    text.histogram(
        "strongroom_decrypt_duration_seconds",
        "How long requests to /v1/decrypt and /v1/payload took in the daemon, the wait for a thread included.",
        &DECRYPT_BUCKETS,
        &decrypt,
    );
    let ended = [
        sum(|counts| &counts.public.ended),
        sum(|counts| &counts.private.ended),
    ];
    let begun = [
        sum(|counts| &counts.public.begun),
        sum(|counts| &counts.private.begun),
    ];
    text.counter(
        "strongroom_connections_total",
        "Connections that were taken since the daemon began.",
    );
    for (listener, begun) in Connections::LISTENERS.iter().zip(begun) {
        text.sample(&[("listener", listener)], begun);
    }
    text.gauge("strongroom_connections", "Connections at the moment.");
    for ((listener, begun), ended) in Connections::LISTENERS.iter().zip(begun).zip(ended) {
        text.sample(&[("listener", listener)], begun.saturating_sub(ended));
    }
    text.gauge("strongroom_connections_limit", "Connections that there may be.")
        .sample(&[], most);
}

fn store(text: &mut Text, gauges: &Gauges) {
    tokens(text, gauges);
    text.gauge(
        "strongroom_key_created_timestamp_seconds",
        "When the key pair that decrypts was made.",
    );
    for (organization, generation, made_at) in &gauges.keys {
        text.sample(
            &[("org", &organization.as_str()), ("generation", generation)],
            unix(*made_at),
        );
    }
    let counted = &gauges.decryptions;
    text.counter(
        "strongroom_decrypt_total",
        "Ciphertexts that were to be opened, since the store was made.",
    );
    for (result, mgf1, count) in [
        ("good", "sha256", counted.sha256),
        ("good", "sha1", counted.sha1),
        ("failed", "", counted.failed),
        ("key_rotated", "", counted.key_rotated),
    ] {
        text.sample(&[("result", &result), ("mgf1", &mgf1)], count);
    }
    health(text, &gauges.health);
}

fn tokens(text: &mut Text, gauges: &Gauges) {
    let mut each = |name, help, value: fn(&TokenGauge) -> Option<f64>| {
        text.gauge(name, help);
        for token in &gauges.tokens {
            let Some(value) = value(token) else { continue };
            let labels: [(&str, &dyn Display); 5] = [
                ("org", &token.organization.as_str()),
                ("id", &token.id),
                ("name", &token.name.as_str()),
                ("service", &token.service.as_str()),
                ("environment", &token.environment.as_str()),
            ];
            text.sample(&labels, value);
        }
    };
    each(
        "strongroom_token_expiration_timestamp_seconds",
        "When a token that works will stop to.",
        |token| Some(unix(token.ends_at)),
    );
    each(
        "strongroom_token_last_used_timestamp_seconds",
        "When a token that works was used last; none for one that never was.",
        |token| token.last_used.map(unix),
    );
    text.gauge(
        "strongroom_tokens_left_out",
        "Tokens that work and are not told one by one: there are more than 10,000, and they end later.",
    )
    .sample(&[], gauges.left_out);
}

fn health(text: &mut Text, health: &Health) {
    refusals(text, &health.refusals);
    text.gauge("strongroom_store_sequence", "The newest commit.")
        .sample(&[], health.store.sequence);
    text.gauge("strongroom_store_records", "Records in the store.")
        .sample(&[], health.store.records);
    let mut date = |name, help, at| {
        text.gauge(name, help);
        if let Some(at) = at {
            text.sample(&[], unix(at));
        }
    };
    date(
        "strongroom_store_verified_timestamp_seconds",
        "When all records were compared with the journal.",
        health.store.verified_at,
    );
    date(
        "strongroom_store_checkpoint_timestamp_seconds",
        "When the store's last checkpoint was made.",
        health.store.checkpoint_at,
    );
    date(
        "strongroom_backup_timestamp_seconds",
        "When the last backup was made; none before the first.",
        health.recovery.backups.last.as_ref().map(|last| last.at),
    );
    date(
        "strongroom_store_opened_timestamp_seconds",
        "When this process opened the store.",
        Some(health.opened_at),
    );
    // A log that was altered or cut off is verified to nowhere.
    let verified_to = match health.log {
        Some(Verdict::Intact { to, .. } | Verdict::Unanchored { to, .. }) => Some(to),
        Some(Verdict::Altered(_) | Verdict::Truncated { .. }) => Some(0),
        None => None,
    };
    text.gauge(
        "strongroom_audit_verified_sequence",
        "The audit log's newest entry up to which it is what was written; 0 if it is not, none before it was verified.",
    );
    if let Some(to) = verified_to {
        text.sample(&[], to);
    }
    text.gauge(
        "strongroom_alarm",
        "1 for each thing that somebody has to do something about.",
    );
    let mut told = Vec::new();
    for alarm in &health.alarms {
        let level = match alarm.level {
            Level::Warning => "warning",
            Level::Critical => "critical",
        };
        // Two faults of a kind are one series.
        if !told.contains(&(&alarm.kind, level)) {
            told.push((&alarm.kind, level));
            text.sample(&[("kind", &alarm.kind), ("level", &level)], 1);
        }
    }
}

/// Not by source: a flood would leave a series for each address it came from.
fn refusals(text: &mut Text, refusals: &RefusalsView) {
    text.counter(
        "strongroom_verify_refused_total",
        "Verifications that were refused, since the store was opened.",
    )
    .sample(&[], refusals.total);
    text.gauge(
        "strongroom_verify_refused_last_minute",
        "Verifications that were refused within the last minute.",
    )
    .sample(&[], refusals.last_minute);
    let most = refusals.sources.first().map_or(0, |source| source.count);
    text.gauge(
        "strongroom_verify_refused_last_minute_from_one_source",
        "The same from the address that most of them came from; the health answer names it.",
    )
    .sample(&[], most);
}
