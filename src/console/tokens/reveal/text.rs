//! The forms in which a token leaves the dialog. Each is made in one buffer of its full length, so that no growing
//! buffer leaves a copy behind.

use crate::domain::secret::Secret;
use crate::domain::text::Variable;
use crate::service::response::TokenRow;

fn joined(before: &str, secret: &Secret, after: &str) -> Secret {
    let mut bytes = Vec::with_capacity(before.len() + secret.len() + after.len());
    bytes.extend_from_slice(before.as_bytes());
    bytes.extend_from_slice(secret.expose());
    bytes.extend_from_slice(after.as_bytes());
    Secret::new(bytes)
}

/// `FINCODE_TOKEN_PROD=…`.
pub(super) fn env_line(variable: &Variable, secret: &Secret) -> Secret {
    joined(&format!("{}=", variable.as_str()), secret, "")
}

/// `-H 'X-Auth-Token: …'`, as curl takes it.
pub(super) fn header(secret: &Secret) -> Secret {
    joined("-H 'X-Auth-Token: ", secret, "'")
}

/// The token on a line.
pub(super) fn file(secret: &Secret) -> Secret {
    joined("", secret, "\n")
}

/// `payouts-prod-x7Qm.token`: the name without what a path or a shell would misread, and the last four characters, so
/// that the next token of this name finds its file free.
pub(super) fn file_name(row: &TokenRow) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let last_four = row.masked.rsplit('…').next().unwrap_or_default();
    let name = format!("{}-{last_four}", row.name);
    let name: String = name.chars().map(safe).collect();
    format!("{}.token", name.trim_start_matches(['.', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leaves_in_the_forms_that_people_paste() {
        let secret = Secret::from_text("fincode_prod_abc".into());
        let text = |secret: Secret| secret.expose_text().unwrap().to_owned();
        let variable = Variable::parse("FINCODE_TOKEN_PROD").unwrap();
        assert_eq!(
            text(env_line(&variable, &secret)),
            "FINCODE_TOKEN_PROD=fincode_prod_abc"
        );
        assert_eq!(text(header(&secret)), "-H 'X-Auth-Token: fincode_prod_abc'");
        assert_eq!(text(file(&secret)), "fincode_prod_abc\n");
    }

    #[test]
    fn no_name_leads_out_of_the_directory() {
        let mut row = crate::console::tokens::tests::rows::row("../../etc/x y", 1);
        assert_eq!(file_name(&row), "_.._etc_x_y-x7Qm.token");
        row.name = crate::domain::text::TokenName::parse("payouts-prod").unwrap();
        assert_eq!(file_name(&row), "payouts-prod-x7Qm.token");
    }
}
