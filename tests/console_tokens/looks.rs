//! Every view and dialog, drawn: at 80×24 and 120×40 in the dark, and the list, the form and the reveal light, without
//! colours, and in ASCII.

use std::fmt::Write as _;

use strongroom::console::theme::{Look, Palette};
use strongroom::domain::secret::Secret;
use strongroom::domain::text::{Environment, ServiceName};
use strongroom::domain::token::{Lifetime, Overlap};
use strongroom::service::request::{CreateToken, Invalidation};

use super::harness::{Harness, PASSWORD, create};
use super::seat::{Seat, lines};

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (120, 40);
const WIDE: (u16, u16) = (160, 50);

/// Has somebody use a token.
pub fn call(harness: &Harness, secret: &Secret, address: &str, times: u32) {
    for _ in 0..times {
        harness.call(secret, address, "checkout/4.2");
    }
}

/// An organization with a token of each kind, some of them in use.
fn populated() -> Harness {
    let harness = Harness::admin();
    let (_, old) = harness.minted("payouts-prod");
    let (_, checkout) = harness.minted("checkout-prod");
    let (cron, _) = harness.minted("nightly-cron");
    let (leaked, _) = harness.minted("checkout-staging");
    for day in 0..30 {
        call(&harness, &old, "10.0.0.4", 40 - day);
        call(&harness, &checkout, "10.0.0.9", 3 + day % 7);
        harness.service.write_usage().unwrap();
        harness.advance(24, 0);
    }
    let harness = signed_in(harness);
    harness.invalidate(&[cron], Invalidation::Revoke).unwrap();
    harness
        .invalidate(&[leaked], Invalidation::RevokeAsLeaked)
        .unwrap();
    let new = harness.rotate("payouts-prod", Overlap::Hours24).unwrap();
    harness.acknowledge(&new);
    harness.advance(2, 0);
    call(&harness, &old, "10.0.0.4", 12);
    harness.advance(0, 8);
    call(&harness, &new.secret, "10.0.0.9", 5);
    call(&harness, &checkout, "10.0.0.9", 9);
    harness.mint(create("ledger-prod")).unwrap();
    harness.clock.advance(std::time::Duration::from_secs(12));
    harness
}

fn signed_in(mut harness: Harness) -> Harness {
    harness.sign_in(super::harness::ADA, PASSWORD);
    harness
}

/// What is seen, and how: the runs of cells that are not plain.
fn seen(seat: &mut Seat) -> String {
    let buffer = seat.buffer();
    let mut text = lines(&buffer).join("\n");
    text.push_str("\n\n");
    for y in 0..buffer.area.height {
        let style = |x: u16| {
            let cell = &buffer[(x, y)];
            (cell.fg, cell.bg, cell.modifier)
        };
        let mut begin = 0;
        for x in 1..=buffer.area.width {
            if x < buffer.area.width && style(x) == style(begin) {
                continue;
            }
            let (fg, bg, modifier) = style(begin);
            let said = format!("{fg} {bg} {modifier:?}");
            if said != "Reset Reset NONE" {
                writeln!(text, "{y}:{begin}-{} {said}", x - 1).unwrap();
            }
            begin = x;
        }
    }
    text
}

/// Snapshots what `keys` lead to, at both sizes.
fn look(name: &str, keys: &str) {
    for size in [SMALL, LARGE] {
        look_at(size, name, keys);
    }
}

fn look_at(size: (u16, u16), name: &str, keys: &str) {
    let mut seat = Seat::looking(populated(), size, Look::default());
    seat.wait(1);
    if !keys.is_empty() {
        seat.press(keys);
    }
    let name = format!("{name}_{}x{}", size.0, size.1);
    insta::assert_snapshot!(name, lines(&seat.buffer()).join("\n"));
}

#[test]
fn on_a_wide_terminal_the_detail_stands_beside_the_list() {
    for (name, keys) in [
        ("list", ""),
        ("list_of_all", "a space down down"),
        ("board", "enter"),
        ("create", "n"),
    ] {
        look_at(WIDE, name, keys);
    }
}

#[test]
fn the_list() {
    look("list", "");
    look("list_of_all", "a space down down");
    look("filter", "/ p a y");
}

#[test]
fn an_opened_token() {
    look("board", "enter");
    look("opened_overlap", "enter enter");
    look("opened", "s enter");
}

#[test]
fn the_dialogs() {
    look("create", "n");
    look("rotate", "s home r");
    look("invalidate", "s x");
    look("invalidate_marked", "s home v x");
    look("extend", "enter e");
    look("cut_over", "enter F");
    look("undo_rotation", "enter u");
    look("try", "t");
}

#[test]
fn the_reveal() {
    for size in [SMALL, LARGE] {
        let mut seat = Seat::looking(Harness::onboarded(), size, Look::default());
        super::reveal::mint(&mut seat);
        for (name, keys) in [
            ("hidden", "ctrl-l"),
            ("shown", "v"),
            ("closing", "enter"),
            ("discard", "esc f8"),
        ] {
            seat.press(keys);
            let name = format!("reveal_{name}_{}x{}", size.0, size.1);
            insta::assert_snapshot!(name, lines(&seat.buffer()).join("\n"));
        }
    }
}

#[test]
fn other_looks() {
    let light = Look {
        palette: Palette::Light,
        ..Look::default()
    };
    let plain = Look {
        palette: Palette::Plain,
        ..Look::default()
    };
    let ascii = Look {
        ascii: true,
        ..Look::default()
    };
    for (name, look) in [
        ("dark", Look::default()),
        ("light", light),
        ("no_color", plain),
        ("ascii", ascii),
    ] {
        let mut seat = Seat::looking(populated(), SMALL, look);
        seat.wait(1);
        insta::assert_snapshot!(format!("look_{name}_list"), seen(&mut seat));
        assert!(!look.ascii || is_ascii(&seen(&mut seat)));
        seat.press("n");
        insta::assert_snapshot!(format!("look_{name}_form"), seen(&mut seat));
        seat.press("esc home enter");
        insta::assert_snapshot!(format!("look_{name}_board"), seen(&mut seat));
        assert!(!look.ascii || is_ascii(&seen(&mut seat)));
        let mut seat = Seat::looking(Harness::onboarded(), SMALL, look);
        super::reveal::mint(&mut seat);
        seat.press("v");
        insta::assert_snapshot!(format!("look_{name}_reveal"), seen(&mut seat));
        assert!(!look.ascii || is_ascii(&seen(&mut seat)));
    }
}

/// Whether only ASCII is drawn; the cells of the snapshot's own list of styles are.
fn is_ascii(seen: &str) -> bool {
    seen.lines().all(str::is_ascii)
}

/// The bytes that a key press sends to the terminal, the row and the lines below or beside it redrawn.
#[test]
fn moving_the_cursor_sends_six_hundred_bytes_at_most() {
    for size in [SMALL, LARGE, (200, 50)] {
        let harness = Harness::onboarded();
        let services = ["checkout", "payouts", "ledger", "nightly-cron"];
        let environments = ["prod", "staging", "dev", "cron"];
        for number in 0..40_usize {
            let minted = harness.mint(CreateToken {
                service: ServiceName::parse(services[number % 4]).unwrap(),
                environment: Environment::parse(environments[number / 2 % 4]).unwrap(),
                lifetime: Lifetime::ALL[number % 5],
                ..create(&format!("{}-{number:02}", services[number * 7 % 4]))
            });
            let minted = minted.unwrap();
            harness.acknowledge(&minted);
            call(
                &harness,
                &minted.secret,
                "10.0.0.4",
                u32::try_from(number % 9).unwrap(),
            );
            harness.advance(0, 7);
        }
        let mut seat = Seat::looking(harness, size, Look::default());
        seat.press("s home");
        seat.wait(1);
        let mut wire = strongroom_wire(size);
        let mut sent = Vec::new();
        for _ in 0..8 {
            let before = wire.backend().out().len();
            let buffer = seat.buffer();
            wire.draw(|frame| frame.buffer_mut().clone_from(&buffer)).unwrap();
            sent.push(wire.backend().out().len() - before);
            seat.press("down");
        }
        assert!(sent[2..].iter().all(|&bytes| bytes <= 600), "{size:?}: {sent:?}");
    }
}

fn strongroom_wire(size: (u16, u16)) -> ratatui::Terminal<strongroom::console::screen::Screen<Vec<u8>>> {
    let size = ratatui::layout::Size {
        width: size.0,
        height: size.1,
    };
    ratatui::Terminal::new(strongroom::console::screen::Screen::new(Vec::new(), size)).unwrap()
}
