//! What happens, counted where it happens: a worker's own numbers, without a lock, added up when somebody asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Response, StatusCode};
use tokio::time::Instant;

use crate::daemon::body::Body;
use crate::daemon::public::verify::REASON;

/// How verify can answer.
pub(super) const RESULTS: [&str; 9] = [
    "good",
    "missing",
    "invalid",
    "expired",
    "revoked",
    "held",
    "forbidden",
    "unavailable",
    // What none of these is: a name that is not in this table.
    "other",
];

/// One verification in so many is timed: two looks at the clock would cost a tenth of it.
const TIMED: u64 = 8;

/// Where the buckets of verify's histogram end, in nanoseconds.
pub(super) const VERIFY_BUCKETS: [u64; 10] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 2_500_000, 25_000_000,
];
/// And decrypt's: a decryption takes a millisecond, a full queue some hundreds.
pub(super) const DECRYPT_BUCKETS: [u64; 10] = [
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    2_500_000_000,
];

/// Durations by size; the last place is for those above every bound.
#[derive(Debug)]
pub(super) struct Histogram {
    bounds: &'static [u64; 10],
    counts: [AtomicU64; 11],
    nanoseconds: AtomicU64,
}

impl Histogram {
    fn new(bounds: &'static [u64; 10]) -> Self {
        Self {
            bounds,
            counts: Default::default(),
            nanoseconds: AtomicU64::new(0),
        }
    }

    fn observe(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let place = self.bounds.partition_point(|bound| *bound < took);
        add(&self.counts[place], 1);
        add(&self.nanoseconds, took);
    }

    /// Adds to `sum`: the counts by place, and the nanoseconds.
    pub(super) fn add_to(&self, sum: &mut ([u64; 11], u64)) {
        for (sum, count) in sum.0.iter_mut().zip(&self.counts) {
            *sum += count.load(Ordering::Relaxed);
        }
        sum.1 += self.nanoseconds.load(Ordering::Relaxed);
    }
}

/// One listener's connections.
#[derive(Debug, Default)]
pub(super) struct Connections {
    pub(super) begun: AtomicU64,
    pub(super) ended: AtomicU64,
}

impl Connections {
    pub(super) const LISTENERS: [&str; 2] = ["public", "private"];
}

/// What one worker counts. Aligned, so that two workers never write to the same cache line.
#[derive(Debug)]
#[repr(align(128))]
pub(in crate::daemon) struct Counts {
    pub(super) verified: [AtomicU64; RESULTS.len()],
    begun: AtomicU64,
    pub(super) verify: Histogram,
    pub(super) decrypt: Histogram,
    pub(super) public: Connections,
    pub(super) private: Connections,
}

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            verified: Default::default(),
            begun: AtomicU64::new(0),
            verify: Histogram::new(&VERIFY_BUCKETS),
            decrypt: Histogram::new(&DECRYPT_BUCKETS),
            public: Connections::default(),
            private: Connections::default(),
        }
    }

    /// A verification begins; the first and then each eighth is timed.
    pub(in crate::daemon) fn begin(&self) -> Option<Instant> {
        self.begun
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(TIMED)
            .then(Instant::now)
    }

    /// And this is its answer.
    pub(in crate::daemon) fn verified(&self, response: &Response<Body>, begun: Option<Instant>) {
        let result = match response.status() {
            StatusCode::OK => "good",
            StatusCode::FORBIDDEN => "forbidden",
            StatusCode::SERVICE_UNAVAILABLE => "unavailable",
            _ => response
                .headers()
                .get(REASON)
                .and_then(|reason| reason.to_str().ok())
                .unwrap_or("other"),
        };
        let place = RESULTS.iter().position(|known| *known == result);
        self.answered(place.unwrap_or(RESULTS.len() - 1), begun);
    }

    /// The same for a good token whose answer was written out.
    pub(in crate::daemon) fn good(&self, begun: Option<Instant>) {
        self.answered(0, begun);
    }

    fn answered(&self, result: usize, begun: Option<Instant>) {
        add(&self.verified[result], 1);
        if let Some(begun) = begun {
            self.verify.observe(begun.elapsed());
        }
    }

    /// A request for decryption that began then is answered.
    pub(in crate::daemon) fn decrypted(&self, begun: Instant) {
        self.decrypt.observe(begun.elapsed());
    }

    /// A connection; it ends when what is given back is dropped.
    pub(in crate::daemon) fn connected(self: &Arc<Self>, is_private: bool) -> Connected {
        let counts = Arc::clone(self);
        add(&counts.connections(is_private).begun, 1);
        Connected { counts, is_private }
    }

    fn connections(&self, is_private: bool) -> &Connections {
        if is_private { &self.private } else { &self.public }
    }
}

/// A connection that goes on.
pub(in crate::daemon) struct Connected {
    counts: Arc<Counts>,
    is_private: bool,
}

impl Drop for Connected {
    fn drop(&mut self) {
        add(&self.counts.connections(self.is_private).ended, 1);
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}
