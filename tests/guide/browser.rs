//! The browser's sample, in a headless Chromium: with WebCrypto as it is, and a server that adds the token.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::daemon::Daemon;
use crate::host::Host;
use crate::samples::{long_texts, statuses, texts};
use crate::upstream::{ROTATED, Upstream};

/// A page that sends each of these texts, and reports how that went.
fn page(texts: &[String]) -> String {
    format!(
        "<!doctype html><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><script type=\"module\">
        import {{ sendField }} from '/send-field.mjs';
        const results = [];
        for (const text of {}) {{
            results.push(await sendField(text).then(() => 'sent', (error) => error.message));
        }}
        await fetch('/report', {{ method: 'POST', body: JSON.stringify(results) }});
        </script>",
        json!(texts)
    )
}

fn serving(host: &Host, daemon: &Daemon<'_>, token: &str) -> Upstream {
    let module = host.run(&["guide", "--lang", "browser"]).succeeds().out;
    let files = BTreeMap::from([
        ("/send-field.mjs", ("text/javascript; charset=utf-8", module)),
        (
            "/all",
            (
                "text/html",
                page(&[texts().to_vec(), long_texts().to_vec()].concat()),
            ),
        ),
        ("/one", ("text/html", page(&["über".into()]))),
    ]);
    Upstream::serving(daemon, Some(token.into()), files)
}

#[test]
fn the_browser_s_sample_sends_across_a_rotation_and_holds_no_token() {
    let host = Host::onboarded();
    let token = host.token("web-prod", &["--expires", "24h"]);
    let daemon = Daemon::start(&host, "");
    let upstream = serving(&host, &daemon, &token);
    let Some(chromium) = Chromium::open(&upstream, "/all", &[]) else {
        return;
    };
    let report = chromium.report(&upstream);
    drop(chromium);
    let long = "currentPassword has 191 bytes, and this key takes 190 at most";
    assert_eq!(
        report,
        json!(["sent", "sent", "sent", "sent", "sent", long, long])
    );
    let opened: Vec<Value> = upstream
        .seen()
        .into_iter()
        .filter(|seen| seen.what == "POST /profile")
        .map(|seen| seen.opened["currentPassword"].clone())
        .collect();
    assert_eq!(json!(opened), json!(texts()));

    host.admin(&["key", "rotate", "--key-size", "2048", "--confirm", "acme"])
        .succeeds();
    let sends = |upstream: &Upstream, expected: &str| {
        let report = Chromium::open(upstream, "/one", &[]).unwrap().report(upstream);
        assert_eq!(report[0].as_str().unwrap().split(" {").next().unwrap(), expected);
        let mut seen = upstream.seen();
        seen.retain(|seen| ["POST /profile", "GET /v1/public-key"].contains(&seen.what.as_str()));
        statuses(&seen)
    };
    let twice = ["POST /profile 409", "GET /v1/public-key 200", "POST /profile 201"];
    assert_eq!(sends(&upstream, "sent"), twice);
    upstream.refuse(Some(ROTATED));
    let refused = ["POST /profile 409", "GET /v1/public-key 200", "POST /profile 409"];
    assert_eq!(sends(&upstream, "refused: 409"), refused);
    let after = serving(&host, &daemon, &token);
    assert_eq!(sends(&after, "sent"), ["POST /profile 201"]);
    let key = host.run(&["key", "show", "--json"]).succeeds().json();
    assert_eq!((&key["mgf1_sha1"], &key["mgf1_sha256"]), (&0.into(), &7.into()));
    daemon.stop();
}
