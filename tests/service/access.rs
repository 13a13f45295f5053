//! Role × action: every cell is tried.

use strongroom::domain::cashier::Role;
use strongroom::domain::key_pair::KeySize;
use strongroom::domain::token::{Finish, Overlap};
use strongroom::service::request::{
    CreateToken, Credentials, Invalidate, Invalidation, RotateKey, RotateToken, TokenRef,
};
use strongroom::service::{Code, Request};

use super::harness::{Harness, PASSWORD, create, credentials, email, onboard};

/// Everything that changes something, and the role it needs.
fn changes(who: &Credentials) -> Vec<(&'static str, Role, Request)> {
    let token = || TokenRef::Name("payouts-prod".into());
    let invalidate = Invalidate {
        organization: None,
        tokens: vec![token()],
        how: Invalidation::Revoke,
        reason: None,
    };
    let rotate = RotateToken {
        organization: None,
        token: token(),
        lifetime: None,
        overlap: Overlap::Now,
        finish: Finish::AtEnd,
        owner: None,
        note: None,
        credentials: who.clone(),
    };
    let rotate_key = RotateKey {
        organization: None,
        confirmation: "acme".into(),
        size: KeySize::Bits2048,
        credentials: who.clone(),
    };
    let mut second = onboard("beta");
    second.admin = who.clone();
    vec![
        (
            "create",
            Role::Operator,
            Request::CreateToken(CreateToken {
                credentials: who.clone(),
                ..create("new")
            }),
        ),
        ("rotate", Role::Operator, Request::RotateToken(rotate)),
        ("invalidate", Role::Operator, Request::Invalidate(invalidate)),
        (
            "restore",
            Role::Operator,
            Request::RestoreToken {
                organization: None,
                token: token(),
            },
        ),
        (
            "extend",
            Role::Operator,
            Request::ExtendOverlap {
                organization: None,
                token: token(),
                overlap: Some(Overlap::Hour1),
                finish: None,
            },
        ),
        (
            "undo the rotation",
            Role::Operator,
            Request::UndoRotation {
                organization: None,
                token: token(),
            },
        ),
        (
            "cut over",
            Role::Operator,
            Request::CutOver {
                organization: None,
                token: token(),
            },
        ),
        (
            "add cashier",
            Role::Admin,
            Request::AddCashier {
                email: email("new@acme.test"),
                role: Role::Viewer,
            },
        ),
        (
            "role",
            Role::Admin,
            Request::SetRole {
                email: email("vera@acme.test"),
                role: Role::Viewer,
            },
        ),
        (
            "reset",
            Role::Admin,
            Request::ResetCashier {
                email: email("spare@acme.test"),
            },
        ),
        (
            "disable",
            Role::Admin,
            Request::DisableCashier {
                email: email("spare@acme.test"),
                disabled: true,
            },
        ),
        (
            "unlock",
            Role::Admin,
            Request::UnlockCashier {
                email: email("spare@acme.test"),
            },
        ),
        ("rotate key", Role::Admin, Request::RotateKey(rotate_key)),
        (
            "confirm the clock",
            Role::Admin,
            Request::ConfirmClock {
                credentials: who.clone(),
                wall: strongroom::domain::time::Timestamp::default(),
            },
        ),
        ("onboard", Role::Admin, Request::Onboard(second)),
    ]
}

fn prepared() -> Harness {
    let mut harness = Harness::admin();
    harness.actor.owns_store = false;
    harness.minted("payouts-prod");
    harness.cashier("vera@acme.test", Role::Viewer);
    harness.cashier("otto@acme.test", Role::Operator);
    harness.cashier("anna@acme.test", Role::Admin);
    harness.cashier("spare@acme.test", Role::Viewer);
    harness
}

#[test]
fn a_role_does_what_it_may_and_nothing_else() {
    let people = [
        ("vera@acme.test", Role::Viewer),
        ("otto@acme.test", Role::Operator),
        ("anna@acme.test", Role::Admin),
    ];
    let mut harness = prepared();
    for (address, role) in people {
        harness.sign_in(address, PASSWORD);
        for (name, needed, request) in changes(&credentials(address, PASSWORD)) {
            let code = harness.ask(request).err().map(|error| error.code);
            if role < needed {
                assert_eq!(code, Some(Code::Forbidden), "{} {name}", role.word());
            } else {
                // Done, or refused for what the token is, never for who asks.
                assert!(
                    matches!(code, None | Some(Code::Conflict)),
                    "{} {name}: {code:?}",
                    role.word()
                );
            }
        }
    }
}

#[test]
fn a_console_that_may_only_look_changes_nothing_whoever_signs_in() {
    let mut harness = prepared();
    let head = harness.activity("").head;
    harness.actor.read_only = true;
    for (name, _, request) in changes(&credentials("anna@acme.test", PASSWORD)) {
        assert_eq!(harness.refused(request).code, Code::ReadOnly, "{name}");
    }
    assert_eq!(harness.activity("").head, head, "nothing was written");
}

#[test]
fn nobody_changes_anything_without_signing_in() {
    let mut harness = prepared();
    harness.actor.session = None;
    let stranger = credentials("nobody@acme.test", PASSWORD);
    for (name, _, request) in changes(&stranger) {
        let code = harness.refused(request).code;
        let expected = [Code::SignInRequired, Code::Unauthenticated, Code::Throttled];
        assert!(expected.contains(&code), "{name}: {code:?}");
    }
}

#[test]
fn what_was_taken_away_while_a_password_was_hashed_is_gone() {
    let otto = "otto@acme.test";
    let disable = Request::DisableCashier {
        email: email(otto),
        disabled: true,
    };
    let reset = Request::ResetCashier { email: email(otto) };
    let demote = Request::SetRole {
        email: email(otto),
        role: Role::Viewer,
    };
    let mint = Request::CreateToken(CreateToken {
        credentials: credentials(otto, PASSWORD),
        ..create("new")
    });
    let change = Request::ChangePassword {
        credentials: credentials(otto, PASSWORD),
        password: super::harness::secret("another long pass phrase"),
    };
    let sign_in = Request::SignIn(credentials(otto, PASSWORD));
    for (meanwhile, request, code) in [
        (&disable, &mint, Code::Forbidden),
        (&disable, &change, Code::Forbidden),
        (&disable, &sign_in, Code::Forbidden),
        (&reset, &mint, Code::Unauthenticated),
        (&reset, &change, Code::Unauthenticated),
        (&reset, &sign_in, Code::Unauthenticated),
        (&demote, &mint, Code::Forbidden),
    ] {
        let harness = Harness::admin();
        harness.cashier(otto, Role::Operator);
        harness.meanwhile(&harness.actor, meanwhile.clone());
        assert_eq!(
            harness.refused(request.clone()).code,
            code,
            "{meanwhile:?} {request:?}"
        );
    }
}

#[test]
fn who_comes_as_one_cashier_neither_breaks_the_glass_nor_enrols_another() {
    let mut harness = Harness::admin();
    let otto = email("otto@acme.test");
    let code = harness.code(Request::AddCashier {
        email: otto.clone(),
        role: Role::Admin,
    });
    harness.actor.fixed_email = Some(email(super::harness::ADA));
    let enrol = Request::Enrol {
        email: otto.clone(),
        code: code.code,
        password: super::harness::secret(PASSWORD),
    };
    assert_eq!(harness.refused(enrol).code, Code::Forbidden);
    let break_glass = Request::BreakGlass { email: otto };
    assert_eq!(harness.refused(break_glass).code, Code::Forbidden);
}

#[test]
fn a_connection_of_one_cashier_knows_its_role_before_anybody_signs_in() {
    let mut harness = prepared();
    let role = |harness: &Harness| match harness.ask(Request::Overview).unwrap() {
        strongroom::service::Response::Overview(overview) => overview.role,
        other => panic!("{other:?}"),
    };
    assert_eq!(role(&harness), None);
    harness.actor.fixed_email = Some(email("vera@acme.test"));
    assert_eq!(role(&harness), Some(Role::Viewer));
    harness.actor.fixed_email = Some(email("nobody@acme.test"));
    assert_eq!(role(&harness), None);
}
