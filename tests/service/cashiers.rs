use strongroom::domain::cashier::{Role, Standing};
use strongroom::service::{Code, Request};

use super::harness::{ADA, Harness, PASSWORD, code_of, email, secret};

const OTTO: &str = "otto@acme.test";

fn add(role: Role) -> Request {
    Request::AddCashier {
        email: email(OTTO),
        role,
    }
}

fn enrol(code: &str) -> Request {
    Request::Enrol {
        email: email(OTTO),
        code: secret(code),
        password: secret(PASSWORD),
    }
}

fn standing(harness: &Harness, address: &str) -> Standing {
    match harness.ask(Request::ListCashiers).unwrap() {
        strongroom::service::Response::Cashiers(rows) => {
            rows.into_iter()
                .find(|row| row.email == email(address))
                .unwrap()
                .standing
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_code_enrols_once_and_its_owner_sets_the_password() {
    let harness = Harness::admin();
    let code = harness.code(add(Role::Operator));
    let text = code.code.expose_text().unwrap();
    assert_eq!((text.len(), standing(&harness, OTTO)), (23, Standing::Invited));
    assert_eq!(
        harness.refused(enrol("00000-00000-00000-00000")).code,
        Code::Unauthenticated
    );
    // As a person types it: capitals, no dashes.
    harness
        .ask(enrol(&text.to_uppercase().replace('-', " ")))
        .unwrap();
    assert_eq!(standing(&harness, OTTO), Standing::Enrolled);
    assert_eq!(harness.refused(enrol(text)).code, Code::Unauthenticated);
    assert!(harness.session(OTTO, PASSWORD).is_ok());
}

#[test]
fn a_code_runs_out_after_a_day() {
    let harness = Harness::admin();
    let code = harness.code(add(Role::Operator));
    harness.advance(24, 0);
    assert_eq!(standing(&harness, OTTO), Standing::Lapsed);
    assert_eq!(
        harness.refused(enrol(code.code.expose_text().unwrap())).code,
        Code::Unauthenticated
    );
}

#[test]
fn a_reset_forgets_the_password_and_ends_the_sign_ins() {
    let mut harness = Harness::admin();
    harness.cashier(OTTO, Role::Admin);
    let ada = harness.actor.clone();
    harness.sign_in(OTTO, PASSWORD);
    let otto = std::mem::replace(&mut harness.actor, ada);
    let code = harness.code(Request::ResetCashier { email: email(OTTO) });
    assert_eq!(code_of(harness.session(OTTO, PASSWORD)), Code::Unauthenticated);
    let by_otto = harness.service.handle(
        &otto,
        Request::SetRole {
            email: email(ADA),
            role: Role::Viewer,
        },
    );
    assert_eq!(code_of(by_otto), Code::SignInRequired);
    harness.ask(enrol(code.code.expose_text().unwrap())).unwrap();
}

#[test]
fn a_disabled_cashier_does_nothing_until_it_is_enabled() {
    let harness = Harness::admin();
    harness.cashier(OTTO, Role::Operator);
    let disable = |disabled| Request::DisableCashier {
        email: email(OTTO),
        disabled,
    };
    harness.ask(disable(true)).unwrap();
    assert_eq!(code_of(harness.session(OTTO, PASSWORD)), Code::Forbidden);
    assert_eq!(harness.refused(disable(true)).code, Code::Conflict);
    harness.ask(disable(false)).unwrap();
    assert!(harness.session(OTTO, PASSWORD).is_ok());
}

#[test]
fn the_last_admin_stays() {
    let harness = Harness::admin();
    let demote = Request::SetRole {
        email: email(ADA),
        role: Role::Viewer,
    };
    assert_eq!(harness.refused(demote.clone()).code, Code::Conflict);
    let disable = Request::DisableCashier {
        email: email(ADA),
        disabled: true,
    };
    assert_eq!(harness.refused(disable).code, Code::Conflict);
    harness.cashier(OTTO, Role::Admin);
    harness.ask(demote).unwrap();
}

#[test]
fn two_cashiers_have_two_addresses() {
    let harness = Harness::admin();
    let shouting = Request::AddCashier {
        email: email("ADA@ACME.TEST"),
        role: Role::Viewer,
    };
    assert_eq!(harness.refused(shouting).code, Code::Conflict);
}

#[test]
fn the_host_s_owner_breaks_the_glass_and_the_log_tells() {
    let mut harness = Harness::onboarded();
    let code = harness.code(Request::BreakGlass { email: email(ADA) });
    assert_eq!(harness.last_action(), "cashier.break_glass");
    let enrol = Request::Enrol {
        email: email(ADA),
        code: code.code,
        password: secret("another long pass phrase"),
    };
    harness.ask(enrol).unwrap();
    assert!(harness.session(ADA, "another long pass phrase").is_ok());
    harness.actor.owns_store = false;
    assert_eq!(
        harness.refused(Request::BreakGlass { email: email(ADA) }).code,
        Code::Forbidden
    );
}
