//! A flood of decryptions: some are told to come again, and verification goes on as if there were none.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use serde_json::json;
use strongroom::domain::key_pair::Mgf1;
use strongroom::domain::secret::Secret;
use strongroom::service::{Request, Response};

use crate::client::{doors, post, verify};
use crate::daemon::Daemon;
use crate::desk::Desk;
use crate::host::Host;
use crate::tokens::Mint;

/// More than may wait, and are worked on meanwhile.
const AT_ONCE: usize = 200;
/// Ciphertexts in a request, as many as there may be.
const EACH: usize = 64;

#[test]
fn a_flood_of_decryptions_is_told_when_to_come_again_and_keeps_no_verification_waiting() {
    let host = Host::onboarded();
    let mint = Mint::of(&host);
    let token = mint.token(0);
    mint.close();
    let daemon = Daemon::start(&host, "");
    let [tcp, unix] = doors(&daemon);
    let encrypt = Request::Encrypt {
        organization: None,
        plaintext: Secret::from_text("4111 1111 1111 1111".into()),
        mgf1: Mgf1::Sha256,
    };
    let ciphertext = match Desk::at(&daemon).ask(encrypt).unwrap() {
        Response::Encrypted(text) => text,
        other => panic!("{other:?}"),
    };
    let one = post("/v1/decrypt", &json!({ "org": "acme", "ciphertext": ciphertext }));
    let items = vec![json!({ "ciphertext": ciphertext }); EACH];
    let many = post("/v1/decrypt", &json!({ "org": "acme", "items": items }));
    let is_over = AtomicBool::new(false);
    let (opened, sent_away, verified) = std::thread::scope(|scope| {
        let verifier = scope.spawn(|| {
            let (mut client, mut verified) = (tcp.open().unwrap(), 0);
            while !is_over.load(SeqCst) {
                assert_eq!(client.ask(&verify(&token.line())).unwrap().status, 200);
                verified += 1;
            }
            verified
        });
        let (unix, many) = (&unix, &many);
        let flood: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let ask = move || unix.open().unwrap().ask(many).unwrap();
                let thread = std::thread::Builder::new().stack_size(256 * 1024);
                thread.spawn_scoped(scope, ask).unwrap()
            })
            .collect();
        let (mut opened, mut sent_away) = (0, 0);
        for one in flood {
            let answer = one.join().unwrap();
            match answer.status {
                200 => opened += 1,
                503 if answer.says_when => sent_away += 1,
                _ => panic!("{answer:?}"),
            }
        }
        is_over.store(true, SeqCst);
        (opened, sent_away, verifier.join().unwrap())
    });
    println!(
        "{opened} requests opened, {sent_away} told to come again, {verified} verifications beside them"
    );
    assert!(
        opened > 0 && sent_away > 0,
        "{opened} opened, {sent_away} sent away"
    );
    assert!(verified > 0);
    let answer = unix.open().unwrap().ask(&one).unwrap();
    assert!(
        answer.status == 200 && answer.body.windows(4).any(|text| text == b"4111"),
        "{answer:?}"
    );
    daemon.stop();
}
