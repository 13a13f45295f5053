//! The guide from the command line; what its samples do is shown in `tests/guide`.

use std::os::unix::fs::PermissionsExt as _;

use super::host::Host;

/// The text without what changes from run to run, and without the samples, which have tests of their own.
fn redacted(text: &str, host: &Host) -> String {
    let key = host.run(&["key", "show", "--json"]).succeeds().json();
    let fingerprint = key["active"]["fingerprint"].as_str().unwrap();
    let text = text
        .replace(key["base64"].as_str().unwrap(), "[key]")
        .replace(fingerprint, "[fingerprint]");
    let mut kept = String::new();
    let mut in_sample = false;
    for line in text.lines() {
        if !in_sample {
            kept.push_str(line);
            kept.push('\n');
        }
        match line.strip_prefix("```") {
            Some("") => in_sample = false,
            Some(language) => in_sample = language != "text",
            None => {}
        }
    }
    kept
}

#[test]
fn the_whole_guide_is_markdown_with_this_organization_s_key() {
    let host = Host::onboarded();
    let guide = host.run(&["guide"]).succeeds().out;
    let key = host.run(&["key", "show", "-q"]).succeeds().out;
    // The quick reference, and nine samples.
    assert_eq!(guide.matches(key.trim_end()).count(), 10);
    insta::assert_snapshot!("guide", redacted(&guide, &host));
    let json = host.run(&["guide", "--json"]).succeeds().json();
    assert_eq!(json["text"], guide);
}

#[test]
fn a_sample_is_a_program_alone() {
    let host = Host::onboarded();
    let python = host.run(&["guide", "--lang", "python"]).succeeds().out;
    assert!(
        python.starts_with("\"\"\"Encrypts") && python.ends_with("sys.exit(str(error))\n"),
        "{python}"
    );
    let guide = host.run(&["guide"]).succeeds().out;
    for language in [
        "java",
        "javascript",
        "browser",
        "python",
        "csharp",
        "go",
        "php",
        "ruby",
        "shell",
    ] {
        let sample = host.run(&["guide", "--lang", language]).succeeds().out;
        assert!(guide.contains(sample.trim_end()), "{language}");
    }
    host.run(&["guide", "--lang", "cobol"]).refused(2);
}

#[test]
fn it_follows_the_list_of_fields_and_the_brand() {
    let host = Host::empty();
    host.init(&["--brand", "PayCorp"]).succeeds();
    host.admin(&["org", "fields", "--add", "iban"]).succeeds();
    let guide = host.run(&["guide"]).succeeds().out;
    for part in ["`iban`", "PAYCORP_TOKEN_PROD", "paycorp_prod_"] {
        assert!(guide.contains(part), "{part}");
    }
}

#[test]
fn a_file_is_html_where_its_name_says_so_and_is_never_written_over() {
    let host = Host::onboarded();
    for (name, begins) in [
        ("guide.html", "<!doctype html>"),
        ("guide.md", "# FinCode: guide for acme"),
    ] {
        host.run(&["guide", "-o", name]).succeeds();
        let text = std::fs::read_to_string(host.path(name)).unwrap();
        assert!(text.starts_with(begins), "{text}");
        let mode = std::fs::metadata(host.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let said = host.run(&["guide", "-o", name]).refused(1);
        assert!(said.contains("cannot be written"), "{said}");
        assert_eq!(std::fs::read_to_string(host.path(name)).unwrap(), text);
    }
    host.run(&["guide", "--lang", "go", "-o", "nowhere/send.go"])
        .refused(1);
}
