//! Which fields an organization's clients must encrypt.

use strongroom::domain::cashier::Role;
use strongroom::domain::text::FieldName;
use strongroom::service::{Code, Request};

use super::harness::{Harness, PASSWORD};
use super::keys::view;

pub fn change(reset: bool, add: &[&str], remove: &[&str]) -> Request {
    let parse = |names: &[&str]| -> Vec<FieldName> {
        names.iter().map(|name| FieldName::parse(name).unwrap()).collect()
    };
    Request::ChangeFieldPolicy {
        organization: None,
        reset,
        add: parse(add),
        remove: parse(remove),
    }
}

fn listed(harness: &Harness) -> Vec<String> {
    let rules = view(harness).fields.into_iter().filter(|rule| rule.encrypted);
    rules
        .flat_map(|rule| rule.names)
        .map(|name| name.to_string())
        .collect()
}

#[test]
fn an_admin_sets_the_list_and_the_log_says_what_changed() {
    let harness = Harness::admin();
    let usual = listed(&harness);
    assert_eq!(usual.len(), 5);
    harness
        .ask(change(
            false,
            &["iban", "iban"],
            &["currentPassword", "transactionPin", "securityAnswer"],
        ))
        .unwrap();
    let harness = {
        let mut reopened = harness.reopened();
        reopened.sign_in(super::harness::ADA, PASSWORD);
        reopened
    };
    assert_eq!(listed(&harness), ["newPassword", "userPin", "iban"]);
    let page = harness.activity("organization.fields_changed");
    let entry = &page.entries[0];
    assert_eq!(
        entry.reason,
        "added iban; removed currentPassword, transactionPin, securityAnswer"
    );
    assert_eq!(entry.organization.as_ref().unwrap().as_str(), "acme");

    harness.ask(change(true, &[], &[])).unwrap();
    assert_eq!(listed(&harness), usual);
    harness.ask(change(true, &[], &[])).unwrap();
    assert_eq!(
        harness.activity("organization.fields_changed").entries.len(),
        2,
        "what changes nothing is not logged"
    );
}

#[test]
fn nobody_but_an_admin_who_signed_in_sets_it() {
    let mut harness = Harness::admin();
    harness.cashier("otto@acme.test", Role::Operator);
    harness.sign_in("otto@acme.test", PASSWORD);
    assert_eq!(
        harness.refused(change(false, &["iban"], &[])).code,
        Code::Forbidden
    );
    harness.actor.session = None;
    assert_eq!(harness.refused(change(true, &[], &[])).code, Code::SignInRequired);
    assert_eq!(listed(&harness).len(), 5);
}

#[test]
fn a_change_that_cannot_be_is_refused_and_leaves_the_list_as_it_was() {
    let harness = Harness::admin();
    let usual = listed(&harness);
    let names: Vec<&str> = usual.iter().map(String::as_str).collect();
    let refused = harness.refused(change(false, &[], &names));
    assert_eq!(refused.code, Code::Invalid);
    assert_eq!(refused.message, "the list of fields is empty");
    let refused = harness.refused(change(false, &["iban"], &["userPin", "cvv"]));
    assert_eq!(refused.code, Code::NotFound);
    assert_eq!(refused.message, "cvv is not on the list of fields to encrypt");
    assert_eq!(listed(&harness), usual);
}
