//! What the configuration changes, and what is said about a bad one.

use std::os::unix::fs::PermissionsExt as _;

use super::host::Host;

#[test]
fn the_data_directory_comes_from_option_variable_or_file() {
    let host = Host::empty();
    host.init(&["--data-dir", "one"]).succeeds();
    assert!(host.path("one/keyring").exists());
    let mut command = host.command(&["org", "list", "-q"]);
    command.env("STRONGROOM_DATA_DIR", host.path("one"));
    assert_eq!(host.finish(command, b"").succeeds().out, "acme\n");
    host.file(
        "strongroom.toml",
        &format!("data_dir = '{}'", host.path("one").display()),
    );
    assert_eq!(
        host.run(&["org", "list", "-q", "--config", "strongroom.toml"])
            .succeeds()
            .out,
        "acme\n"
    );
}

#[test]
fn the_state_directory_is_the_users_own_or_named_and_never_in_the_data() {
    let host = Host::empty();
    let said = host.init(&["--state-dir", "home/.local/share/strongroom/state"]);
    let said = said.refused(5);
    assert!(
        said.contains("--state-dir") && said.contains("one in the other"),
        "{said}"
    );
    host.init(&[]).succeeds();
    assert!(host.path("home/.local/state/strongroom").exists());
    host.run(&["org", "list", "--state-dir", "elsewhere"]).succeeds();
    let mode = host.path("elsewhere").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    std::fs::set_permissions(host.path("elsewhere"), std::fs::Permissions::from_mode(0o750)).unwrap();
    let said = host.run(&["org", "list", "--state-dir", "elsewhere"]).refused(5);
    assert!(said.contains("chmod 0700"), "{said}");
}

#[test]
fn the_brand_of_the_configuration_begins_tokens() {
    let host = Host::empty();
    host.file("strongroom.toml", "brand = 'Ledger'");
    host.init(&["--config", "strongroom.toml"]).succeeds();
    assert!(host.token("pay", &[]).starts_with("ledger_prod_"));
}

#[test]
fn an_unknown_setting_is_a_usage_error_that_names_the_near_one() {
    let host = Host::empty();
    host.file("strongroom.toml", "data_dri = '/x'");
    let said = host
        .run(&["org", "list", "--config", "strongroom.toml"])
        .refused(2);
    assert!(
        said.contains("strongroom.toml") && said.contains("`data_dir`"),
        "{said}"
    );
}

#[test]
fn read_only_looks_and_changes_nothing() {
    let host = Host::onboarded();
    host.run(&["org", "list", "--read-only"]).succeeds();
    let said = host
        .admin(&["--read-only", "cashier", "add", "b@acme.test", "--role", "viewer"])
        .refused(1);
    assert!(said.contains("only look"), "{said}");
    let empty = Host::empty();
    empty.init(&["--read-only"]).refused(1);
    assert!(!empty.data().exists());
}

#[test]
fn every_key_is_shown_with_its_value_and_where_that_came_from() {
    let host = Host::empty();
    host.file(
        "strongroom.toml",
        "theme = 'dark'\nlisten = ['127.0.0.1:7200']\n[webhooks.ops]\nurl = 'https://hooks.example/SECRET'\n\
         secret_file = '/etc/strongroom/ops.secret'",
    );
    let mut command = host.command(&[
        "config",
        "show",
        "--config",
        "strongroom.toml",
        "--ascii",
        "--json",
    ]);
    command.env("STRONGROOM_MOUSE", "yes");
    let shown = host.finish(command, b"").succeeds().json();
    let of = |key: &str| {
        let found = shown.as_array().unwrap().iter().find(|one| one["key"] == key);
        let one = found.unwrap_or_else(|| panic!("{key}: {shown}"));
        (
            one["value"].as_str().unwrap().to_owned(),
            one["source"].as_str().unwrap().to_owned(),
        )
    };
    let is = |key, value: &str, source: &str| assert_eq!(of(key), (value.to_owned(), source.to_owned()));
    is("theme", "\"dark\"", "strongroom.toml");
    is("listen", "[\"127.0.0.1:7200\"]", "strongroom.toml");
    is("webhooks", "[\"ops\"]", "strongroom.toml");
    is("mouse", "true", "STRONGROOM_MOUSE");
    is("ascii", "true", "--ascii");
    is("idle_lock_minutes", "5", "default");
    is("data_dir", host.data().to_str().unwrap(), "default");
    let lines = host
        .run(&["config", "show", "--config", "strongroom.toml"])
        .succeeds()
        .out;
    assert!(lines.contains("theme\t\"dark\"\tstrongroom.toml\n"), "{lines}");
}

#[test]
fn a_configuration_is_checked_without_a_store() {
    let host = Host::empty();
    let said = host.run(&["config", "check"]).succeeds().err;
    assert!(said.contains("all keys are at their defaults"), "{said}");
    host.file("good.toml", "theme = 'dark'");
    let said = host
        .run(&["config", "check", "--config", "good.toml"])
        .succeeds()
        .err;
    assert!(said.contains("1 of ") && said.contains("by good.toml"), "{said}");
    host.file("bad.toml", "idle_lock_minutes = 'never'");
    let said = host.run(&["config", "check", "--config", "bad.toml"]).refused(2);
    assert!(
        said.contains("bad.toml") && said.contains("idle_lock_minutes"),
        "{said}"
    );
    assert!(!host.data().exists());
}
