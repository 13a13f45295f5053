//! The HTML guide, in a headless Chromium: it asks nobody for anything, complains of nothing, and fits.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::chromium::Chromium;
use crate::daemon::Daemon;
use crate::host::Host;
use crate::upstream::Upstream;

/// Whom Chromium asks without being told to; the guide does not name them.
const MAKERS: [&str; 2] = [".google.com", ".googleapis.com"];

/// Shows the guide `width` pixels wide, and reports how it lies there; its last words show that its console is heard.
fn frame(width: u16) -> String {
    format!(
        "<!doctype html><link rel=\"icon\" href=\"data:,\">
        <iframe id=\"guide\" src=\"/guide.html\" style=\"width:{width}px;height:800px;border:0\"></iframe>
        <script>
        const guide = document.getElementById('guide');
        guide.onload = async () => {{
            const page = guide.contentDocument;
            const all = [...page.querySelectorAll('main *')];
            const sizes = all.map((element) => parseFloat(guide.contentWindow.getComputedStyle(element).fontSize));
            const styles = guide.contentWindow.getComputedStyle(page.body);
            const links = [...page.querySelectorAll('nav a')];
            const body = JSON.stringify({{
                width: page.documentElement.scrollWidth,
                wide: all.filter((element) => !element.closest('pre') && element.scrollWidth > {width}).length,
                smallest: Math.min(...sizes),
                back: styles.backgroundColor,
                text: styles.color,
                broken: links.filter((link) => !page.getElementById(link.hash.slice(1))).length,
                sections: page.querySelectorAll('main > section').length,
            }});
            await fetch('/report', {{ method: 'POST', body }});
            console.error('heard');
        }};
        </script>"
    )
}

#[test]
fn the_html_stands_alone_and_reads_well_on_a_phone_and_a_desk_in_light_and_dark() {
    let host = Host::onboarded();
    host.run(&["guide", "-o", "guide.html"]).succeeds();
    let html = std::fs::read_to_string(host.path("guide.html")).unwrap();
    assert!(!MAKERS.iter().any(|maker| html.contains(maker)));
    let daemon = Daemon::start(&host, "");
    let files = BTreeMap::from([
        ("/guide.html", ("text/html", html)),
        ("/phone", ("text/html", frame(360))),
        ("/desk", ("text/html", frame(1280))),
    ]);
    let upstream = Upstream::serving(&daemon, None, files);
    let mut backs = Vec::new();
    for (path, width, scheme) in [("/phone", 360, 1), ("/desk", 1280, 1), ("/desk", 1280, 0)] {
        let scheme = format!("--blink-settings=preferredColorScheme={scheme}");
        let Some(chromium) = Chromium::open(&upstream, path, &["--window-size=1400,900", &scheme]) else {
            return;
        };
        let report = chromium.report(&upstream);
        let said = chromium.console_until("heard");
        assert!(report["width"].as_u64().unwrap() <= width, "{path}: {report}");
        assert_eq!(report["wide"], 0, "{path}: {report}");
        assert!(report["smallest"].as_f64().unwrap() >= 12.0, "{path}: {report}");
        assert_eq!(
            (&report["broken"], &report["sections"]),
            (&Value::from(0), &Value::from(13))
        );
        assert_ne!(report["back"], report["text"]);
        backs.push(report["back"].clone());
        assert_eq!(said.len(), 1, "{said:#?}");
        let mut asked: Vec<String> = upstream.seen().into_iter().map(|seen| seen.what).collect();
        // Chromium looks for the time and for updates by itself.
        asked.retain(|what| !MAKERS.iter().any(|maker| what.contains(maker)));
        assert_eq!(
            asked,
            [
                format!("GET {path}"),
                "GET /guide.html".into(),
                "POST /report".into()
            ]
        );
    }
    assert_eq!(backs[0], backs[1]);
    assert_ne!(backs[1], backs[2], "light and dark are one");
    daemon.stop();
}
