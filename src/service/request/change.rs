//! Which requests change something, and which take their time.

use super::Request;

impl Request {
    /// Whether it may change something: such a one is done once under its name, others as often as they are asked.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        !matches!(
            self,
            Self::Overview
                | Self::ListOrganizations
                | Self::ShowKey { .. }
                | Self::KeyImpact { .. }
                | Self::Encrypt { .. }
                | Self::Decrypt { .. }
                | Self::OpenPayload { .. }
                | Self::Diagnose { .. }
                | Self::ListTokens(_)
                | Self::ShowToken { .. }
                | Self::TokenImpact { .. }
                | Self::SuggestVariable { .. }
                | Self::Verify { .. }
                | Self::TryToken { .. }
                | Self::Identify(_)
                | Self::Explain { .. }
                | Self::ListCashiers
                | Self::SignIn(_)
                | Self::SignOut
                | Self::ListActivity { .. }
                | Self::FollowActivity { .. }
                | Self::ShowBackups
                | Self::MakeRecoveryKey
                | Self::Health
                | Self::VerifyAudit { .. }
                | Self::ListDeliveries
        )
    }

    /// Whether a password is hashed for it, which takes a core and 64 MiB for a while.
    #[must_use]
    pub const fn carries_password(&self) -> bool {
        matches!(
            self,
            Self::Onboard(_)
                | Self::RotateKey(_)
                | Self::CreateToken(_)
                | Self::RotateToken(_)
                | Self::Enrol { .. }
                | Self::ChangePassword { .. }
                | Self::ConfirmClock { .. }
                | Self::SignIn(_)
                | Self::MakeBackup(_)
                | Self::AcceptRollback { .. }
        )
    }

    /// Whether it may read the whole audit log.
    #[must_use]
    pub const fn reads_log(&self) -> bool {
        matches!(
            self,
            Self::ListActivity { .. } | Self::FollowActivity { .. } | Self::VerifyAudit { .. }
        )
    }
}
