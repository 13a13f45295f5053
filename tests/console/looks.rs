//! How every screen and dialog looks: at 80×24 and 120×40, in ASCII, and which styles carry it on dark, on light and
//! without colours.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use strongroom::console::theme::{Look, Palette};
use strongroom::gateway::StoreState;

use super::canned::Canned;
use super::harness::{ADA, Console, PASSWORD, absent, noon, text};

fn acme() -> Console {
    let mut console = Console::with(Arc::new(Canned), noon());
    // The note about the nearest expiry is a picture of its own.
    console.pass(std::time::Duration::from_secs(20));
    console.clock.set_wall(super::canned::NOW);
    console
}

fn look(palette: Palette, ascii: bool) -> Look {
    Look {
        palette,
        true_color: false,
        ascii,
    }
}

/// Texts at both sizes and in ASCII, and the styles of each palette.
pub fn picture(console: &Console) -> String {
    let mut picture = String::new();
    for (width, height, ascii) in [(80, 24, false), (120, 40, false), (80, 24, true)] {
        let signs = if ascii { " ascii" } else { "" };
        let buffer = console.drawn(width, height, look(Palette::Dark, ascii));
        writeln!(picture, "=== {width}x{height}{signs}\n{}", text(&buffer)).unwrap();
        assert!(!ascii || text(&buffer).is_ascii(), "{picture}");
    }
    let shown = text(&console.drawn(80, 24, look(Palette::Dark, false)));
    for palette in [Palette::Dark, Palette::Light, Palette::Plain] {
        let buffer = console.drawn(80, 24, look(palette, false));
        assert_eq!(text(&buffer), shown, "only styles differ");
        writeln!(picture, "=== styles: {palette:?}\n{}", styles(&buffer)).unwrap();
    }
    picture
}

/// Each style but the plain one with the beginning of what it is on.
fn styles(buffer: &Buffer) -> String {
    let mut runs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for y in 0..buffer.area.height {
        let mut before = String::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let style = format!("{:?} on {:?} {:?}", cell.fg, cell.bg, cell.modifier);
            let of_style = runs.entry(style.clone()).or_default();
            if style == before {
                of_style.last_mut().unwrap().push_str(cell.symbol());
            } else {
                of_style.push(cell.symbol().to_owned());
            }
            before = style;
        }
    }
    let mut lines = String::new();
    for (style, texts) in runs {
        let texts: Vec<_> = texts
            .iter()
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
            .collect();
        let plain = style == "Reset on Reset NONE";
        let lines_of = !texts.is_empty()
            && texts
                .iter()
                .all(|text| text.chars().all(|c| "│─┌┐└┘".contains(c)));
        if !plain && !lines_of {
            let first: Vec<String> = texts
                .iter()
                .take(4)
                .map(|text| text.chars().take(24).collect())
                .collect();
            writeln!(lines, "{style}: {}", first.join(" | ")).unwrap();
        }
    }
    lines
}

/// What is shown in reverse video without colours: the selection must be seen there too.
fn selected_without_colours(console: &Console) -> Vec<String> {
    let buffer = console.drawn(80, 24, look(Palette::Plain, false));
    let row = |y| {
        let selected = (0..80).filter(|&x| buffer[(x, y)].modifier.contains(Modifier::REVERSED));
        selected
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
            .trim()
            .to_owned()
    };
    (0..24)
        .map(row)
        .filter(|text: &String| !text.is_empty())
        .collect()
}

#[test]
fn guide() {
    let mut console = acme();
    console.keys("5");
    insta::assert_snapshot!("guide", picture(&console));
    console.keys("right | right");
    insta::assert_snapshot!("guide_sample", picture(&console));
    console.keys("left | end");
    let scrolled = text(&console.drawn(80, 24, Look::default()));
    console.keys("end | G | l | l | l | l | l | l | l | l | l | l | l");
    let last = text(&console.drawn(80, 24, Look::default()));
    insta::assert_snapshot!("guide_scrolled_and_last", format!("{scrolled}\n{last}"));
}

#[test]
fn encryption_keys() {
    let mut console = acme();
    insta::assert_snapshot!("encryption_keys", picture(&console));
    let wide = text(&console.drawn(160, 40, Look::default()));
    console.keys("end");
    let scrolled = text(&console.drawn(80, 24, Look::default()));
    insta::assert_snapshot!(
        "encryption_keys_scrolled_and_wide",
        format!("{scrolled}\n=== 160x40\n{wide}")
    );
}

#[test]
fn activity() {
    let mut console = acme();
    console.keys("3 | down");
    insta::assert_snapshot!("activity", picture(&console));
    assert!(selected_without_colours(&console)[1].contains("cashier.sign_in_failed"));
    console.keys("enter");
    insta::assert_snapshot!("activity_entry", picture(&console));
}

#[test]
fn cashiers() {
    let mut console = acme();
    console.keys("4 | down | down");
    insta::assert_snapshot!("cashiers", picture(&console));
    assert!(selected_without_colours(&console)[1].contains("grace@acme.test"));
    console.keys("enter");
    insta::assert_snapshot!("cashier_opened", picture(&console));
    console.keys("esc | p");
    insta::assert_snapshot!("sign_in_for_a_change", picture(&console));
    console.fill(ADA, PASSWORD);
    insta::assert_snapshot!("cashier_reset", picture(&console));
    console.keys("esc | e");
    insta::assert_snapshot!("cashier_role", picture(&console));
    console.keys("esc | n");
    insta::assert_snapshot!("cashier_add", picture(&console));
    console.keys("mary@acme.test | enter | enter");
    insta::assert_snapshot!("cashier_code", picture(&console));
    console.keys("down | enter");
    insta::assert_snapshot!("cashier_code_shown", picture(&console));
    console.keys("esc | s | s | s | / | acme");
    insta::assert_snapshot!("cashiers_filtered", picture(&console));
}

#[test]
fn key_rotation() {
    let mut console = acme();
    console.keys("R | tab | acm | enter");
    console.fill(ADA, PASSWORD);
    insta::assert_snapshot!("rotate_key_refused", picture(&console));
    console.keys("e | enter | enter | enter");
    insta::assert_snapshot!("rotate_key_working", picture(&console));
}

#[test]
fn try_out() {
    let mut console = acme();
    console.keys("t");
    insta::assert_snapshot!("try_out", picture(&console));
    console.keys("enter | enter | hello | enter");
    insta::assert_snapshot!("try_out_encrypted", picture(&console));
    console.keys("down | enter | enter");
    insta::assert_snapshot!("try_out_opened_hidden", picture(&console));
    console.keys("enter");
    insta::assert_snapshot!("try_out_opened_shown", picture(&console));
}

#[test]
fn dialogs_of_the_shell() {
    let mut console = acme();
    console.keys("w");
    insta::assert_snapshot!("write_file", picture(&console));
    console.keys("esc | ?");
    insta::assert_snapshot!("help", picture(&console));
    console.keys("esc | o | down");
    insta::assert_snapshot!("organizations", picture(&console));
    assert!(selected_without_colours(&console)[1].contains("beta"));
    console.keys("esc | : | sign");
    insta::assert_snapshot!("command_line", picture(&console));
    console.keys("esc | L");
    insta::assert_snapshot!("locked", picture(&console));
}

#[test]
fn the_nearest_expiry_is_named_at_the_start() {
    let console = Console::with(Arc::new(Canned), noon());
    console.sees("payouts-prod ends in 22 h");
    console.sees("2 API Tokens");
    console.sees("▲3");
}

#[test]
fn wizard() {
    let mut console = Console::over(absent());
    insta::assert_snapshot!("wizard_organization", picture(&console));
    console.keys("Acme Payments | enter | enter | enter");
    console.fill(ADA, "short");
    console.keys("enter");
    insta::assert_snapshot!("wizard_admin_refused", picture(&console));
    console.keys("ctrl-u");
    console.fill(PASSWORD, PASSWORD);
    insta::assert_snapshot!("wizard_size", picture(&console));
    console.keys("enter");
    insta::assert_snapshot!("wizard_seal", picture(&console));
    console.keys("down | enter");
    insta::assert_snapshot!("wizard_passphrase", picture(&console));
    console.keys("esc | up | enter");
    insta::assert_snapshot!("wizard_key_file", picture(&console));
    console.keys("enter");
    insta::assert_snapshot!("wizard_summary", picture(&console));
    console.keys("enter");
    console.settle();
    insta::assert_snapshot!("wizard_recovery_key", picture(&console));
}

#[test]
fn before_the_tabs() {
    let console = Console::over(StoreState::NeedsPassphrase);
    insta::assert_snapshot!("sealed", picture(&console));
}

#[test]
fn on_a_wide_terminal() {
    let mut picture = String::new();
    for tab in ["1", "3", "4", "5"] {
        let mut console = acme();
        console.keys(tab);
        let buffer = console.drawn(160, 50, look(Palette::Dark, false));
        writeln!(picture, "=== {tab}\n{}", text(&buffer)).unwrap();
    }
    insta::assert_snapshot!("wide", picture);
}
