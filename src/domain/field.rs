//! Which fields of a payload clients encrypt before they send it.
//!
//! An organization that says nothing has the list of product.md, also when that grows; one that says something has
//! exactly what it says. Names are compared as they are, with their case.

use serde::{Deserialize, Serialize};

use super::text::{FieldName, Problem, TextError};

/// The most names that an organization may list.
pub const MAX: usize = 64;

/// What must be encrypted unless an organization says otherwise (product.md, "Encryption keys").
const ENCRYPTED: [(&str, &[&str]); 3] = [
    ("Passwords", &["currentPassword", "newPassword"]),
    ("PINs", &["transactionPin", "userPin"]),
    ("Security answers", &["securityAnswer"]),
];
/// What need not be.
const REGULAR: (&str, &[&str]) = ("Regular data", &["email", "firstName", "amount"]);

/// Whether some fields of a payload have to be encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRule {
    /// What they are, such as `Passwords`.
    pub kind: String,
    /// Their names in payloads.
    pub names: Vec<FieldName>,
    /// Whether they must be.
    pub encrypted: bool,
}

/// The names of the fields that an organization's clients must encrypt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldPolicy(Option<Vec<FieldName>>);

impl FieldPolicy {
    /// A list of its own; a name that comes twice counts once.
    ///
    /// # Errors
    /// There is no name, or there are too many.
    pub fn of(names: &[FieldName]) -> Result<Self, TextError> {
        let mut own: Vec<FieldName> = Vec::new();
        for name in names {
            if !own.contains(name) {
                own.push(name.clone());
            }
        }
        let fault = |problem| {
            Err(TextError {
                field: "list of fields",
                problem,
            })
        };
        match own.len() {
            0 => fault(Problem::Empty),
            1..=MAX => Ok(Self(Some(own))),
            _ => fault(Problem::Malformed {
                expected: "of 64 names at most",
            }),
        }
    }

    /// The names, in the order in which they are shown.
    #[must_use]
    pub fn names(&self) -> Vec<FieldName> {
        match &self.0 {
            Some(own) => own.clone(),
            None => ENCRYPTED.iter().flat_map(|(_, names)| stored(names)).collect(),
        }
    }

    /// The list as people read it: by kind, and below it what need not be encrypted.
    #[must_use]
    pub fn rules(&self) -> Vec<FieldRule> {
        let mut rest = self.names();
        let mut take = |kind: &str, usual: &[&str]| FieldRule {
            kind: kind.to_owned(),
            names: rest
                .extract_if(.., |name| usual.contains(&name.as_str()))
                .collect(),
            encrypted: true,
        };
        let mut rules = ENCRYPTED.map(|(kind, usual)| take(kind, usual)).to_vec();
        rules.push(FieldRule {
            kind: "Others".to_owned(),
            names: rest,
            encrypted: true,
        });
        let (kind, usual) = REGULAR;
        let listed = self.names();
        rules.push(FieldRule {
            kind: kind.to_owned(),
            names: stored(usual).filter(|name| !listed.contains(name)).collect(),
            encrypted: false,
        });
        rules.retain(|rule| !rule.names.is_empty());
        rules
    }
}

fn stored(names: &[&str]) -> impl Iterator<Item = FieldName> {
    names.iter().map(|name| FieldName::from_stored(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Vec<FieldName> {
        texts.iter().map(|text| FieldName::parse(text).unwrap()).collect()
    }

    fn shown(policy: &FieldPolicy) -> Vec<(String, String, bool)> {
        let rules = policy.rules().into_iter();
        rules
            .map(|rule| {
                let names: Vec<&str> = rule.names.iter().map(FieldName::as_str).collect();
                (rule.kind, names.join(" "), rule.encrypted)
            })
            .collect()
    }

    fn row(kind: &str, names: &str, encrypted: bool) -> (String, String, bool) {
        (kind.to_owned(), names.to_owned(), encrypted)
    }

    #[test]
    fn without_a_list_of_its_own_an_organization_has_the_product_s() {
        let expected = [
            row("Passwords", "currentPassword newPassword", true),
            row("PINs", "transactionPin userPin", true),
            row("Security answers", "securityAnswer", true),
            row("Regular data", "email firstName amount", false),
        ];
        assert_eq!(shown(&FieldPolicy::default()), expected);
    }

    #[test]
    fn a_list_of_its_own_is_all_there_is() {
        let own = FieldPolicy::of(&names(&["iban", "userPin", "email", "iban"])).unwrap();
        assert_eq!(own.names(), names(&["iban", "userPin", "email"]));
        let expected = [
            row("PINs", "userPin", true),
            row("Others", "iban email", true),
            row("Regular data", "firstName amount", false),
        ];
        assert_eq!(shown(&own), expected);
    }

    #[test]
    fn a_list_has_one_name_at_least_and_64_at_most() {
        assert!(FieldPolicy::of(&[]).is_err());
        let many: Vec<FieldName> = (0..=MAX)
            .map(|number| FieldName::parse(&format!("field{number}")).unwrap())
            .collect();
        assert!(FieldPolicy::of(&many[1..]).is_ok());
        let error = FieldPolicy::of(&many).unwrap_err().to_string();
        assert_eq!(error, "the list of fields must be of 64 names at most");
    }
}
