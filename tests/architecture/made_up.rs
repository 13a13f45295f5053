//! Each check is shown able to fail, and to leave alone what is allowed, on small made-up sources.

use std::collections::BTreeSet;

use super::source::Source;
use super::{THEME, broken_imports, colours, dependencies, strangers, too_long, unwraps};

fn imports(path: &str, text: &str) -> Vec<String> {
    broken_imports(&Source::read(path, text), &dependencies())
}

#[test]
fn a_forbidden_crate_is_found_however_it_is_written() {
    for text in [
        "use sled::Db;",
        "use ::sled::Db;",
        "use std::{fmt, sync::Arc}; use {serde::Serialize, sled::{self, Tree}};",
        "fn f() -> sled::Db { todo() }",
        "fn f(x: &::sled::Db) {}",
        "fn f() { g!(1, sled::open(\"x\")) }",
        "mod inner { fn f() { let _ = sled::Config::new(); } }",
        "#[cfg(not(test))] use sled::Db;",
    ] {
        let faults = imports("domain/token/mod.rs", text);
        assert!(!faults.is_empty(), "{text}");
        assert!(
            faults
                .iter()
                .all(|f| f.starts_with("src/domain/token/mod.rs:1: domain may not use sled")),
            "{faults:?}"
        );
    }
}

#[test]
fn a_forbidden_folder_is_found_however_it_is_written() {
    for text in [
        "use crate::store::sled::Store;",
        "use crate::{domain::id::TokenId, store};",
        "use super::super::store::memory;",
        "fn f() { crate::store::open() }",
        "fn f() { super::super::store::open() }",
    ] {
        let faults = imports(
            "console/tokens/view.rs",
            &text.replace("super::super", "super::super::super"),
        );
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        assert!(
            faults[0].contains("console may not use crate::store"),
            "{faults:?}"
        );
    }
}

#[test]
fn only_the_named_part_of_a_folder_is_open() {
    assert!(imports("store/sled.rs", "use crate::service::ports::{Store, Batch};").is_empty());
    assert_eq!(
        imports("store/sled.rs", "use crate::service::index::Index;").len(),
        1
    );
    assert_eq!(
        imports("store/sled.rs", "use crate::service::ports_of_call::X;").len(),
        1
    );
    assert_eq!(imports("system/clock.rs", "use crate::service;").len(), 1);
    assert!(imports("cli/token.rs", "use crate::service::request::Request;").is_empty());
    assert_eq!(imports("cli/token.rs", "use crate::service::Service;").len(), 1);
    assert_eq!(imports("cli/token.rs", "use crate::crypto::rsa;").len(), 1);
}

#[test]
fn a_file_s_own_rule_comes_before_its_folder_s() {
    let text = "use crate::system::signals::Signal; use super::input::Input;";
    assert!(imports("console/watch.rs", text).is_empty());
    assert_eq!(imports("console/input.rs", text).len(), 1);
    assert_eq!(imports("console/watch.rs", "use crate::store::sled;").len(), 1);
}

#[test]
fn impure_parts_of_the_standard_library_are_found() {
    assert_eq!(
        imports("domain/id.rs", "\nuse std::{fmt, fs};"),
        ["src/domain/id.rs:2: domain may not use std::fs"]
    );
    assert_eq!(
        imports("domain/id.rs", "fn f() { std::time::Instant::now(); }").len(),
        1
    );
    assert!(imports("domain/id.rs", "fn f(d: std::time::Duration) {}").is_empty());
}

#[test]
fn what_is_allowed_or_not_code_is_left_alone() {
    for text in [
        "//! like sled::Db\n/// [`sled::Db`]\nfn f() -> &'static str { \"use sled::Db;\" }",
        "use serde::{Serialize as S, *}; use super::super::domain::id; use self::status::Life;",
        "#[cfg(test)] mod tests { use sled::Db; fn f() { g().unwrap() } }",
        "#[test] fn f() { sled::open(); }",
        "fn f<'a>(x: &'a str) -> impl Iterator<Item = u8> + use<'a> { <X as Y>::sled::<u8>() }",
    ] {
        assert_eq!(imports("domain/token/mod.rs", text), [""; 0], "{text}");
    }
}

#[test]
fn the_assembly_may_import_all() {
    assert!(
        imports(
            "wiring.rs",
            "use crate::store::sled; use sled::Db; use crate::console;"
        )
        .is_empty()
    );
}

#[test]
fn a_long_file_is_found() {
    assert!(too_long(&Source::read("domain/a.rs", &"\n".repeat(500))).is_none());
    let fault = too_long(&Source::read("domain/a.rs", &"\n".repeat(501)));
    assert_eq!(fault.unwrap(), "src/domain/a.rs:501: too long");
}

#[test]
fn a_colour_is_found_outside_the_theme() {
    for text in [
        "use ratatui::style::{Color, Style};",
        "fn f() -> Style { Style::new().fg(x) }",
        "fn f() { line.on_light_red() }",
        "fn f() { \"x\".dark_gray() }",
        "fn f() { queue!(out, style::SetForegroundColor(x)) }",
    ] {
        assert_eq!(colours(&Source::read("console/view.rs", text)).len(), 1, "{text}");
        assert_eq!(colours(&Source::read(THEME, text)), [""; 0]);
    }
    let plain = "fn f(t: &Theme) { t.fg; Style::new().bold().patch(t.red_flag()); ColorChoice::Auto; }";
    assert_eq!(colours(&Source::read("console/view.rs", plain)), [""; 0]);
}

#[test]
fn an_unwrap_is_found_outside_tests_and_only_there() {
    let text = "fn f() {\n    a.unwrap();\n    b.unwrap_or(1);\n    vec![c.expect(\"d\")];\n}\n#[cfg(test)]\nmod tests { fn g() { a.unwrap() } }";
    let faults = unwraps(&Source::read("service/a.rs", text));
    assert_eq!(
        faults,
        [
            "src/service/a.rs:2: unwrap outside a test",
            "src/service/a.rs:4: expect outside a test"
        ]
    );
}

#[test]
fn a_test_module_in_a_file_of_its_own_is_known() {
    let file = Source::read("console/model.rs", "#[cfg(test)]\nmod tests;\nmod other;");
    assert_eq!(file.found.test_modules, [["console", "model", "tests"]]);
}

#[test]
fn a_stranger_at_the_top_level_is_found() {
    let entries = ["Cargo.toml", "notes.txt", "src"].map(str::to_owned);
    assert_eq!(
        strangers(&BTreeSet::from(entries)),
        ["notes.txt:1: does not belong at the top level"]
    );
}
