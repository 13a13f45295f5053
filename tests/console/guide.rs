//! Tab 5 with the real service: pages, copying, writing.

use super::harness::Console;

#[test]
fn pages_are_turned_and_scrolled_and_end_where_they_end() {
    let mut console = Console::onboarded();
    console.keys("5");
    console.sees("The five steps");
    console.keys("left");
    console.sees("Guide · 1 of 13");
    console.keys("end");
    console.sees("does not say why.");
    console.keys("down | down | up");
    console.sees_not("does not say why.");
    console.keys("right | right");
    console.sees("Guide · 3 of 13");
    console.sees("import java.io.IOException;");
    for _ in 0..20 {
        console.keys("l");
    }
    console.sees("Guide · 13 of 13");
    console.sees("Troubleshooting");
}

#[test]
fn a_sample_is_copied_whole_with_this_organization_s_key() {
    let mut console = Console::onboarded();
    console.keys(":");
    console.type_in("guide python");
    console.keys("enter");
    console.sees("Guide · 6 of 13");
    console.keys("c");
    console.sees("the sample: sent to your terminal; paste to check");
    let text = copied(&console);
    assert!(text.starts_with("\"\"\"Encrypts standard input"), "{text}");
    assert!(
        text.contains("PUBLIC_KEY = \"MII") && !text.contains("{{"),
        "{text}"
    );
    console.keys("end | right | right | right | right | right | right | c");
    console.sees("the page: sent to your terminal");
    assert!(copied(&console).contains("## Best practices"));
}

/// What the last of the terminal's clipboard sequences carries.
fn copied(console: &Console) -> String {
    use base64::Engine as _;
    let emitted = String::from_utf8(console.emitted.clone()).unwrap();
    let begin = emitted.rfind("\u{1b}]52;c;").unwrap() + 7;
    let base64: String = emitted[begin..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "+/=".contains(*c))
        .collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_full_guide_is_written_as_html_or_markdown() {
    let directory = tempfile::tempdir().unwrap();
    let mut console = Console::onboarded();
    console.keys("5");
    for (name, begins) in [
        ("guide.html", "<!doctype html>"),
        ("guide.md", "# FinCode: guide for acme"),
    ] {
        let path = directory.path().join(name);
        console.keys("w");
        console.sees(&format!("acme-guide.{}", name.split_once('.').unwrap().1));
        console.keys("ctrl-u");
        console.type_in(path.to_str().unwrap());
        console.keys("enter");
        console.sees("wrote the guide to");
        assert!(std::fs::read_to_string(&path).unwrap().starts_with(begins));
        console.keys("f");
    }
}

#[test]
fn a_rotation_elsewhere_is_in_it_at_once() {
    let mut console = Console::onboarded();
    console.keys("5");
    console.keys("pgdn");
    console.sees("generation 1");
    console.keys("1 | R | tab");
    console.type_in("acme");
    console.keys("enter | enter");
    console.type_in(super::harness::PASSWORD);
    console.keys("enter");
    console.until(|text| text.contains("The key pair was rotated"));
    console.keys("enter | 5");
    console.sees("generation 2");
}
