//! Leaks in real files and real repositories, and what the store says of them.

use std::fs;
use std::process::Command;

use openssl::rsa::Rsa;
use strongroom::domain::text::{Brand, Environment};
use strongroom::domain::token::TokenSecret;

use super::host::{Host, Ran, shape};
use super::skip::skipped;

/// A token that no store here minted.
fn foreign(seed: u8) -> String {
    let (brand, environment) = (Brand::parse("other").unwrap(), Environment::parse("dev").unwrap());
    let token = TokenSecret::from_random([seed; 32]).text(&brand, &environment);
    token.expose_text().unwrap().to_owned()
}

fn tree(host: &Host, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = host.path("tree").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// git in the tree, untouched by whoever runs the tests.
fn git(host: &Host, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@acme.test"])
        .args(["-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false"])
        .args(arguments)
        .current_dir(host.path("tree"))
        .env("HOME", host.path("home"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// The rows, none of which shows one of these tokens.
fn rows(ran: &Ran, tokens: &[&str]) -> Vec<Vec<String>> {
    for token in tokens {
        assert!(!ran.out.contains(token) && !ran.err.contains(token), "{ran:?}");
    }
    let row = |line: &str| line.split('\t').map(str::to_owned).collect();
    ran.out.lines().map(row).collect()
}

#[test]
fn what_is_found_is_told_and_never_shown() {
    let host = Host::onboarded();
    let (live, old, stranger) = (host.token("payouts", &[]), host.token("old", &[]), foreign(1));
    host.admin(&["token", "revoke", "old"]).succeeds();
    assert_eq!(host.verdict(&live), Ok(()));
    tree(
        &host,
        &[
            ("a.py", &format!("# nothing\n\nTOKEN = \"{live}\"\n")),
            (".github/ci.yml", &format!("token: {old}")),
            ("sub/b.env", &format!("A={stranger}\n")),
            ("ignored.txt", &live),
            (".ignore", "ignored.txt\n"),
            ("binary", &format!("\0{live}")),
            ("mistyped", &live.replace("fincode_prod", "fincode_prad")),
        ],
    );
    let ran = host.run(&["scan", "tree"]);
    assert_eq!(ran.code, 20, "{ran:?}");
    let found = rows(&ran, &[&live, &old, &stranger]);
    assert_eq!(found.len(), 3, "{ran:?}");
    assert_eq!(found[0][0], "tree/.github/ci.yml:1:8");
    assert_eq!(found[0][2..6], ["revoked", "old", "checkout", "acme"]);
    assert_eq!(found[1][0], "tree/a.py:3:10");
    assert_eq!(found[1][1], format!("fincode_prod_…{}", &live[live.len() - 4..]));
    assert_eq!(found[1][2..6], ["active", "payouts", "checkout", "acme"]);
    assert!(found[1][6].ends_with('Z'), "when it was last used: {found:?}");
    assert_eq!(found[2][0], "tree/sub/b.env:1:3");
    assert_eq!(found[2][2], "unknown here");
    assert!(ran.err.contains("3 found in 6 files"), "{}", ran.err);
    let everything = host.run(&["scan", "tree", "--no-ignore"]);
    assert_eq!(rows(&everything, &[&live]).len(), 4);
    let json = host.run(&["scan", "tree", "--json"]);
    assert!(!json.out.contains(&live), "{json:?}");
    insta::assert_snapshot!("scan", shape(&json.json()));
}

#[test]
fn the_exit_code_says_what_was_found() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    let code = |arguments: &[&str]| host.run(&[&["scan"], arguments].concat()).code;
    tree(&host, &[("clean", "nothing here")]);
    assert_eq!(code(&["tree"]), 0);
    assert_eq!(code(&["tree", "absent"]), 1);
    tree(&host, &[("dirty", &token)]);
    assert_eq!(code(&["tree"]), 20);
    assert_eq!(code(&["tree/clean"]), 0);
    assert_eq!(code(&["tree", "--no-store"]), 20);
    host.admin(&["token", "revoke", "payouts"]).succeeds();
    assert_eq!(code(&["tree"]), 21);
    assert_eq!(code(&["tree", "--no-store"]), 20, "form and checksum cannot tell");
    assert_eq!(code(&["tree", "--staged", "--git-history"]), 2);
}

#[test]
fn without_a_store_form_and_checksum_are_enough() {
    let host = Host::empty();
    let token = foreign(3);
    tree(&host, &[("x", &format!("a\\n{token}\\n"))]);
    let ran = host.run(&["scan", "tree"]);
    assert_eq!(ran.code, 20, "{ran:?}");
    assert_eq!(rows(&ran, &[&token])[0][2], "checksum fits");
    assert!(ran.err.contains("There is no store in"), "{}", ran.err);
    assert!(!host.data().exists());
    let revoke = host.run(&["scan", "tree", "--revoke-leaked"]);
    assert_eq!(revoke.code, 3, "{revoke:?}");
}

#[test]
fn what_works_is_revoked_only_when_asked_for() {
    let host = Host::onboarded();
    let (one, two) = (host.token("one", &[]), host.token("two", &[]));
    tree(&host, &[("x", &format!("{one}\n{one}\n")), ("y", &foreign(4))]);
    assert_eq!(host.run(&["scan", "tree"]).code, 20);
    assert_eq!(host.verdict(&one), Ok(()));
    let refused = host.run(&["scan", "tree", "--revoke-leaked"]);
    assert_eq!(refused.code, 2, "nobody to ask: {refused:?}");
    assert_eq!(host.verdict(&one), Ok(()));
    let revoked = host.admin(&["scan", "tree", "--revoke-leaked", "--yes"]);
    assert_eq!(revoked.code, 20, "{revoked:?}");
    assert!(
        revoked.err.contains("Revoked as leaked, for good."),
        "{revoked:?}"
    );
    assert_eq!(host.verdict(&one), Err("revoked".into()));
    assert_eq!(host.verdict(&two), Ok(()));
    let shown = host.run(&["token", "show", "one", "--json"]).succeeds().json();
    assert_eq!(shown["revoked"]["leaked"], true);
    assert_eq!(shown["revoked"]["reason"], "found by strongroom scan");
}

#[test]
fn a_history_is_searched_with_every_branch_and_message() {
    let host = Host::onboarded();
    let (gone, aside) = (host.token("gone", &[]), host.token("aside", &[]));
    let said = foreign(5);
    tree(&host, &[("src/a file.rs", &format!("fn x() {{}}\n// {gone}\n"))]);
    git(&host, &["init", "-q"]);
    git(&host, &["add", "."]);
    git(&host, &["commit", "-qm", "first"]);
    let first = git(&host, &["rev-parse", "HEAD"]);
    tree(&host, &[("src/a file.rs", "fn x() {}\n")]);
    git(&host, &["commit", "-qam", &format!("without\n\nit was {said}")]);
    let second = git(&host, &["rev-parse", "HEAD"]);
    git(&host, &["checkout", "-qb", "side"]);
    tree(&host, &[("conf/c.toml", &format!("t = '{aside}'"))]);
    git(&host, &["add", "."]);
    git(&host, &["commit", "-qm", "third"]);
    let third = git(&host, &["rev-parse", "HEAD"]);
    git(&host, &["checkout", "-q", "main"]);

    assert_eq!(host.run(&["scan", "tree"]).code, 0, "nothing is there now");
    let ran = host.run(&["scan", "tree", "--git-history"]);
    assert_eq!(ran.code, 20, "{ran:?}");
    let found: Vec<(String, String, String)> = rows(&ran, &[&gone, &aside, &said])
        .iter()
        .map(|row| (row[0].clone(), row[3].clone(), row[7].clone()))
        .collect();
    let expected = [
        ("(commit message):3:8", "", &second),
        ("conf/c.toml:1:6", "aside", &third),
        ("src/a file.rs:2:4", "gone", &first),
    ];
    let expected = expected.map(|(place, name, commit)| (place.to_owned(), name.to_owned(), commit.clone()));
    assert_eq!(found, expected, "{ran:?}");
}

#[test]
fn what_is_staged_is_searched_as_it_will_be_committed() {
    let host = Host::empty();
    let token = foreign(6);
    tree(&host, &[("a", "nothing\n"), ("b", &format!("{token}\n"))]);
    git(&host, &["init", "-q"]);
    git(&host, &["add", "a"]);
    let staged = || host.run(&["scan", "tree", "--staged"]);
    assert_eq!(staged().code, 0, "b is not staged");
    git(&host, &["add", "b"]);
    tree(&host, &[("b", "changed afterwards\n")]);
    let ran = staged();
    assert_eq!(ran.code, 20, "{ran:?}");
    assert_eq!(rows(&ran, &[&token])[0][0], "b:1:1");
    git(&host, &["commit", "-qm", "first"]);
    assert_eq!(staged().code, 0, "nothing is staged any more");
    git(&host, &["rm", "-q", "--cached", "b"]);
    assert_eq!(staged().code, 0, "a removal brings nothing");
}

#[test]
fn the_hook_stops_a_commit() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let host = Host::empty();
    tree(&host, &[("a", &foreign(7))]);
    git(&host, &["init", "-q"]);
    let hook = host.path("tree/.git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, include_str!("../../assets/scan/pre-commit")).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(host.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_strongroom"), host.path("bin/strongroom")).unwrap();
    let commit = |path: &str| {
        let mut command = Command::new("git");
        command
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@acme.test"])
            .args(["commit", "-qm", "x"])
            .current_dir(host.path("tree"))
            .env("HOME", host.path("home"))
            .env("PATH", path);
        command.output().unwrap()
    };
    let path = format!(
        "{}:{}",
        host.path("bin").display(),
        std::env::var("PATH").unwrap()
    );
    git(&host, &["add", "a"]);
    let refused = commit(&path);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("a:1:1"), "{refused:?}");
    assert!(!said.contains(&foreign(7)), "{said}");
    let absent = commit(&std::env::var("PATH").unwrap());
    assert!(
        !absent.status.success(),
        "without the program nothing is let pass: {absent:?}"
    );
    tree(&host, &[("a", "harmless")]);
    git(&host, &["add", "a"]);
    assert!(commit(&path).status.success());
}

/// A private key in PKCS#1 as far as it can be known from its public half: the rest is made up.
fn private_key(public_pem: &str) -> String {
    let key = Rsa::public_key_from_pem(public_pem.as_bytes()).unwrap();
    let element = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    };
    let number = |bytes: Vec<u8>| element(2, &[vec![0], bytes].concat());
    // The exponent is short: in DER only one form of a length is right.
    let exponent = [&[2, 3][..], &key.e().to_vec()].concat();
    let parts = [
        vec![2, 1, 0],
        number(key.n().to_vec()),
        exponent,
        number(vec![0x5a; 256]),
    ];
    let body = openssl::base64::encode_block(&element(0x30, &parts.concat()));
    format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n")
}

#[test]
fn private_keys_of_an_organization_are_named_in_every_generation() {
    let host = Host::onboarded();
    let stranger = Rsa::generate(2048).unwrap();
    let pem = String::from_utf8(stranger.private_key_to_pem().unwrap()).unwrap();
    tree(&host, &[("test.key", &pem)]);
    let ran = host.run(&["scan", "tree"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "nobody's key: {ran:?}");

    let public = host.run(&["key", "show", "--format", "pem"]).succeeds().out;
    let key = private_key(&public);
    tree(
        &host,
        &[(
            "conf/.env",
            &format!("A=1\nKEY=\"{}\"\n", key.replace('\n', "\\n")),
        )],
    );
    let ran = host.run(&["scan", "tree"]);
    assert_eq!(ran.code, 20, "{ran:?}");
    let found = rows(&ran, &[&key[40..80]]);
    assert_eq!(found[0][0], "tree/conf/.env:2:21");
    assert_eq!(found[0][2..4], ["active", "private key, generation 1"]);
    assert_eq!(found[0][5], "acme");
    host.admin(&["key", "rotate", "--confirm", "acme", "--key-size", "2048"])
        .succeeds();
    let ran = host.run(&["scan", "tree"]);
    assert_eq!(ran.code, 21, "{ran:?}");
    assert!(rows(&ran, &[])[0][2].starts_with("replaced at "), "{ran:?}");
    let json = host.run(&["scan", "tree", "--json"]).json();
    assert_eq!(json["findings"][0]["kind"], "private_key");
    assert_eq!(json["findings"][0]["key"]["generation"], 1);
}

#[test]
fn what_git_cannot_do_is_said() {
    let host = Host::empty();
    tree(&host, &[("a", "x")]);
    let no_repository = host.run(&["scan", "tree", "--git-history"]).refused(1);
    assert!(
        no_repository.contains("tree is in no git repository"),
        "{no_repository}"
    );
    let mut command = host.command(&["scan", "tree", "--staged"]);
    command.env("PATH", host.path("nothing"));
    let no_git = host.finish(command, b"").refused(1);
    assert!(no_git.contains("the program git is not there"), "{no_git}");
}

/// The sources of everything that Strongroom is built from: hundreds of megabytes, with digests, keys and test data.
#[test]
fn a_large_tree_has_no_false_hit() {
    let host = Host::empty();
    let cargo = std::env::var_os("CARGO_HOME").map(std::path::PathBuf::from);
    let home = || std::path::PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cargo");
    let sources = cargo.unwrap_or_else(home).join("registry/src");
    if !sources.is_dir() {
        skipped("cargo keeps its sources elsewhere");
        return;
    }
    let mut command = host.command(&["scan", "--no-store", "--no-ignore", "--json"]);
    command.arg(&sources);
    let ran = host.finish(command, b"").succeeds().json();
    assert_eq!(ran["findings"].as_array().unwrap().len(), 0, "{ran}");
    assert!(ran["searched"].as_u64().unwrap() > 1_000, "{ran}");
}
