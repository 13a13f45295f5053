use strongroom::domain::text::Slug;
use strongroom::service::request::TokenQuery;
use strongroom::service::{Code, Request, Response};

use super::harness::{Harness, create, onboard, secret};

#[test]
fn before_onboarding_everything_says_so() {
    let harness = Harness::empty();
    for request in [
        Request::ShowKey { organization: None },
        Request::ListTokens(TokenQuery::default()),
    ] {
        assert_eq!(harness.refused(request).code, Code::NotOnboarded);
    }
}

#[test]
fn a_weak_admin_password_onboards_nothing() {
    let harness = Harness::empty();
    let mut weak = onboard("acme");
    weak.admin.password = secret("short");
    assert_eq!(harness.refused(Request::Onboard(weak)).code, Code::Invalid);
    assert_eq!(harness.activity("").head, 0);
    assert!(harness.ask(Request::Onboard(onboard("acme"))).is_ok());
}

#[test]
fn several_organizations_are_told_apart_by_slug() {
    let harness = Harness::onboarded();
    harness.ask(Request::Onboard(onboard("beta"))).unwrap();
    assert_eq!(
        harness.refused(Request::Onboard(onboard("beta"))).code,
        Code::Conflict
    );
    assert_eq!(
        harness.refused(Request::ShowKey { organization: None }).code,
        Code::Invalid
    );
    let gamma = Slug::parse("gamma").ok();
    assert_eq!(
        harness.refused(Request::ShowKey { organization: gamma }).code,
        Code::NotFound
    );
    for slug in ["acme", "beta"] {
        let organization = Slug::parse(slug).ok();
        let mut request = create("payouts-prod");
        request.organization = organization.clone();
        harness.mint(request).unwrap();
        let page = harness.list(TokenQuery {
            organization,
            ..TokenQuery::default()
        });
        assert_eq!(page.matching, 1, "the same name in both, each its own token");
    }
    let Response::Overview(overview) = harness.ask(Request::Overview).unwrap() else {
        panic!()
    };
    assert_eq!(overview.organizations.len(), 2);
    assert_eq!(overview.organizations[1].tokens.live(), 1);
}
