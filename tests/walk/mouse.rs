//! The mouse, on a real terminal: only where it was turned on, and off again on the way out.

use vt100::MouseProtocolMode;

use crate::host::Host;
use crate::pty::{Pty, Spawn};

/// The left button on a cell, counted from 1, as a terminal reports it; or the wheel.
fn press(pty: &mut Pty, button: u8, column: u16, row: u16) {
    pty.send(&format!(
        "\x1b[<{button};{column};{row}M\x1b[<{button};{column};{row}m"
    ));
}

#[test]
fn clicks_and_the_wheel_do_what_keys_do_once_the_mouse_is_turned_on() {
    let host = Host::onboarded();
    host.token("alpha", &[]);
    host.token("omega", &[]);
    let mut pty = Spawn::strongroom(&host.path("home"))
        .env("STRONGROOM_MOUSE", "true")
        .start();
    pty.wait_for_text("generation 1");
    pty.screen(|screen| assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::PressRelease));
    press(&mut pty, 0, 25, 2);
    pty.wait_for_text("2 active");
    pty.send("s");
    pty.wait_for_text("▸ alpha");
    press(&mut pty, 0, 10, 6);
    pty.wait_for_text("▸ omega");
    press(&mut pty, 64, 10, 6);
    pty.wait_for_text("▸ alpha");
    press(&mut pty, 65, 10, 6);
    pty.wait_for_text("▸ omega");
    // The first of the hints below.
    press(&mut pty, 0, 3, 24);
    pty.wait_for_text("New API token");
    pty.send("\x1b");
    pty.wait_for("the list again", |screen| {
        !screen.contents().contains("New API token")
    });
    pty.kill(rustix::process::Signal::TERM);
    pty.wait_end();
    pty.drain();
    pty.screen(|screen| assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None));
}

#[test]
fn nobody_who_did_not_ask_for_it_has_clicks_reported() {
    let host = Host::onboarded();
    let mut pty = Spawn::strongroom(&host.path("home")).start();
    pty.wait_for_text("generation 1");
    pty.send("q");
    assert_eq!(pty.wait_end().0, 0);
    pty.drain();
    let raw = String::from_utf8_lossy(&pty.raw()).into_owned();
    assert!(!raw.contains("\x1b[?1000h") && !raw.contains("\x1b[?1006h"));
}
