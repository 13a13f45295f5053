//! What happened in the year, and who calls whom: data, and nothing that runs.
//!
//! Moments are counted back from the present, in days and hours. A token is called by its name, and its successors by the
//! name with `#2`, `#3`, … behind it.

use crate::domain::cashier::Role;
use crate::domain::key_pair::KeySize;
use crate::domain::token::{Finish, Lifetime, Overlap};
use crate::service::request::Invalidation;

/// When something happened.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// So many days and hours ago.
    Ago(i64, i64),
    /// So that a token of this lifetime, minted then, ends in so many days and hours.
    Ends(Lifetime, i64, i64),
}

/// What somebody did.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// Added a cashier, who set the password.
    Add(&'static str, Role),
    /// Let a cashier in no more.
    Disable(&'static str),
    /// Name, service, environment, lifetime.
    Mint(&'static str, &'static str, &'static str, Lifetime),
    /// Gave a token a successor.
    Rotate(&'static str, Overlap, Finish),
    /// Took a token's rights away, and said why.
    Invalidate(&'static str, Invalidation, &'static str),
    /// Kept a token to its callers' addresses.
    Allow(&'static str, &'static str),
    /// Made a new key pair.
    RotateKey(KeySize),
    /// Made a backup.
    BackUp,
    /// Mistyped the password so often, from that address.
    Mistype(u8, &'static str),
}

/// When, who, what.
pub type Happening = (When, &'static str, Act);

/// Who calls with a token.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Which token.
    pub token: &'static str,
    /// From where.
    pub address: &'static str,
    /// As what.
    pub agent: &'static str,
    /// How often in a usual day.
    pub a_day: u32,
    /// From so many days ago…
    pub from: u16,
    /// …until so many; 0 for still.
    pub until: u16,
    /// Milliseconds between two calls now; 0 for none.
    pub every: u32,
}

/// Who sends encrypted fields.
#[derive(Debug, Clone, Copy)]
pub struct Sender {
    /// From where.
    pub address: &'static str,
    /// How often in a usual day.
    pub a_day: u32,
    /// Whether it still encrypts to the key of before the rotation.
    pub is_stale: bool,
    /// Milliseconds between two fields now.
    pub every: u32,
}

/// When the organization was onboarded.
pub const BEGAN: When = When::Ago(364, 3);

const ADA: &str = super::EMAIL;
const GRACE: &str = "grace@acme.test";
const OMAR: &str = "omar@acme.test";
const MEI: &str = "mei@acme.test";
const TOM: &str = "tom@acme.test";

use Act::{Add, Allow, BackUp, Disable, Invalidate, Mint, Mistype, Rotate, RotateKey};
use Finish::{AtEnd, WhenQuiet};
use Invalidation::{Delete, Revoke, RevokeAsLeaked};
use Lifetime::{Hours24, Month1, Months3, Months6, Year1};
use Overlap::{Days3, Days7, Hours24 as Overlap24};
use When::{Ago, Ends};

/// Everything that happened.
pub const YEAR: &[Happening] = &[
    (Ago(363, 5), ADA, Add(GRACE, Role::Admin)),
    (Ago(363, 4), ADA, Add(OMAR, Role::Operator)),
    (Ago(360, 2), ADA, Add(TOM, Role::Operator)),
    (Ago(200, 4), GRACE, Add(MEI, Role::Operator)),
    (Ago(180, 6), ADA, Add("viktor@acme.test", Role::Viewer)),
    (Ago(190, 1), GRACE, Disable(TOM)),
    (Ago(350, 5), TOM, Mint("crm-sync", "crm", "prod", Year1)),
    (
        Ago(120, 3),
        GRACE,
        Invalidate("crm-sync", Revoke, "the CRM was switched off"),
    ),
    (
        Ago(340, 6),
        OMAR,
        Mint("checkout-prod", "checkout", "prod", Months3),
    ),
    (Ago(255, 4), OMAR, Rotate("checkout-prod", Days7, AtEnd)),
    (Ago(170, 5), MEI, Rotate("checkout-prod#2", Days3, AtEnd)),
    (
        Ends(Months3, 3, 4),
        MEI,
        Rotate("checkout-prod#3", Overlap24, AtEnd),
    ),
    (
        Ago(290, 3),
        OMAR,
        Mint("nightly-reports", "reports", "cron", Year1),
    ),
    (Ago(210, 7), GRACE, Mint("payouts-prod", "payouts", "prod", Year1)),
    (Ago(205, 2), GRACE, Allow("payouts-prod", "10.0.0.0/8")),
    (
        Ago(1, 6),
        OMAR,
        Rotate("payouts-prod", Days3, WhenQuiet { hours: 6 }),
    ),
    (Ago(150, 5), MEI, Mint("ledger-export", "ledger", "prod", Months6)),
    (
        Ago(61, 2),
        ADA,
        Invalidate("ledger-export", RevokeAsLeaked, "found in a public repository"),
    ),
    (Ago(61, 1), ADA, Mint("ledger-export", "ledger", "prod", Months6)),
    (
        Ago(130, 4),
        MEI,
        Mint("partner-bank", "partners", "prod", Months6),
    ),
    (
        Ago(95, 6),
        OMAR,
        Mint("mobile-gateway", "mobile", "prod", Months6),
    ),
    (Ago(40, 3), MEI, Mint("fraud-check", "fraud", "prod", Months6)),
    (
        Ends(Months3, 11, 6),
        OMAR,
        Mint("kyc-staging", "kyc", "staging", Months3),
    ),
    (
        Ends(Months3, 47, 2),
        MEI,
        Mint("checkout-staging", "checkout", "staging", Months3),
    ),
    (
        Ends(Month1, 6, 9),
        MEI,
        Mint("search-dev", "search", "dev", Month1),
    ),
    (
        Ends(Month1, -9, 5),
        OMAR,
        Mint("pos-pilot", "pos", "staging", Month1),
    ),
    (Ago(52, 4), MEI, Mint("spike", "spike", "dev", Month1)),
    (Ago(44, 4), MEI, Invalidate("spike", Delete, "was a try")),
    (Ago(0, 10), OMAR, Mint("loadtest", "checkout", "dev", Hours24)),
    (Ago(20, 5), ADA, RotateKey(KeySize::Bits3072)),
    (Ago(33, 8), OMAR, Mistype(2, "10.0.9.14")),
    (Ago(6, 2), ADA, Mistype(4, "203.0.113.77")),
    (Ago(0, 9), ADA, BackUp),
    (Ago(0, 4), MEI, Mistype(1, "10.0.9.21")),
];

/// Who called, and calls.
pub const CALLERS: &[Caller] = &[
    caller("crm-sync", "10.0.3.8", "crm-sync/1.9", (60, 349, 120), 0),
    caller("checkout-prod", "10.0.0.4", "checkout/3.8", (300, 340, 255), 0),
    caller("checkout-prod#2", "10.0.0.4", "checkout/4.0", (400, 255, 170), 0),
    caller("checkout-prod#3", "10.0.0.4", "checkout/4.1", (500, 170, 87), 0),
    caller("checkout-prod#4", "10.0.0.4", "checkout/4.2", (700, 87, 0), 700),
    caller("checkout-prod#4", "10.0.0.9", "checkout/4.2", (350, 60, 0), 1_900),
    caller("nightly-reports", "10.0.4.2", "reports-cron/2.0", (24, 290, 0), 0),
    caller("payouts-prod", "10.0.1.11", "payouts/7.3", (380, 209, 0), 2_300),
    caller("payouts-prod", "10.0.1.12", "payouts/7.3", (260, 209, 1), 0),
    caller("payouts-prod#2", "10.0.1.12", "payouts/7.4", (260, 1, 0), 1_300),
    caller("payouts-prod#2", "10.0.1.13", "payouts/7.4", (120, 1, 0), 3_100),
    caller("ledger-export", "10.0.5.6", "ledger-export/3", (90, 149, 61), 0),
    caller(
        "ledger-export#2",
        "10.0.5.6",
        "ledger-export/3",
        (130, 60, 0),
        5_300,
    ),
    caller("partner-bank", "192.0.2.40", "okhttp/4.12.0", (70, 129, 44), 0),
    caller(
        "mobile-gateway",
        "10.0.2.21",
        "mobile-gateway/12.0",
        (900, 94, 0),
        450,
    ),
    caller(
        "mobile-gateway",
        "10.0.2.22",
        "mobile-gateway/12.0",
        (800, 94, 0),
        600,
    ),
    caller(
        "kyc-staging",
        "10.8.0.3",
        "python-requests/2.32",
        (12, 79, 0),
        9_000,
    ),
    caller(
        "checkout-staging",
        "10.8.0.5",
        "checkout/4.3-rc1",
        (60, 40, 0),
        4_100,
    ),
    caller("search-dev", "10.9.0.14", "curl/8.5.0", (4, 20, 2), 0),
    caller("pos-pilot", "10.8.0.9", "pos/0.3", (8, 38, 10), 0),
    // Whoever found it still tries.
    caller(
        "ledger-export",
        "198.51.100.23",
        "python-requests/2.31",
        (0, 0, 0),
        17_000,
    ),
];

/// Who sent encrypted fields, and sends.
pub const SENDERS: &[Sender] = &[
    Sender {
        address: "10.0.2.21",
        a_day: 9,
        is_stale: false,
        every: 3_700,
    },
    Sender {
        address: "10.0.2.35",
        a_day: 2,
        is_stale: true,
        every: 13_000,
    },
];

const fn caller(
    token: &'static str,
    address: &'static str,
    agent: &'static str,
    (a_day, from, until): (u32, u16, u16),
    every: u32,
) -> Caller {
    Caller {
        token,
        address,
        agent,
        a_day,
        from,
        until,
        every,
    }
}
