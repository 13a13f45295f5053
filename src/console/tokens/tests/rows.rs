//! Rows to begin with.

use crate::domain::id::{Id, TokenId};
use crate::domain::text::{Email, Environment, ServiceName, TokenName, Variable};
use crate::domain::time::Timestamp;
use crate::domain::token::{Ladder, Lifetime, Status};
use crate::service::response::TokenRow;

/// 2026-11-23 14:02 UTC.
pub(in crate::console::tokens) const NOW: Timestamp = Timestamp::from_millis(1_795_442_520_000);

/// A token's row; `number` makes its id.
pub(in crate::console::tokens) fn row(name: &str, number: u8) -> TokenRow {
    TokenRow {
        id: TokenId(Id::from_bytes([number; 16])),
        name: TokenName::parse(name).unwrap(),
        service: ServiceName::parse("checkout").unwrap(),
        environment: Environment::parse("prod").unwrap(),
        variable: Variable::parse("FINCODE_TOKEN_PROD").unwrap(),
        masked: "fincode_prod_…x7Qm".into(),
        status: Status::Active,
        flag: None,
        lifetime: Lifetime::Months3,
        minted_at: NOW,
        minted_by: Email::parse("ada@acme.test").unwrap(),
        owner: Email::parse("ada@acme.test").unwrap(),
        note: None,
        warnings: Ladder::usual(Lifetime::Months3),
        expires_at: Lifetime::Months3.expires_at(NOW),
        ends_at: Lifetime::Months3.expires_at(NOW),
        acknowledged: true,
        replaces: None,
        replaced_by: None,
        leaked: false,
        last_used: None,
        uses: 0,
        days: vec![0; 30],
    }
}
