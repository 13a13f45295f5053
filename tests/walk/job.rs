//! From an empty home to the last revocation, and then what the command line says of it.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use chrono::{DateTime, Months, TimeDelta, Utc};

use crate::host::{Host, PASSWORD};
use crate::operator::{EMAIL, Invalidation, Operator};
use crate::pty::Spawn;
use crate::search::{Places, encrypt, forms};

const PLAINTEXT: &str = "transactionPin 4711 of Grace";
const LIFETIMES: [(&str, &str); 5] = [
    ("daily", "24 hours"),
    ("monthly", "1 month"),
    ("quarter", "3 months"),
    ("halfyear", "6 months"),
    ("yearly", "1 year"),
];

/// What the walk leaves behind.
struct Walk {
    host: Host,
    home: PathBuf,
    operator: Operator,
    /// In the order of [`LIFETIMES`].
    tokens: Vec<String>,
    public_keys: Vec<String>,
}

#[test]
fn an_operator_does_the_whole_job_with_the_keyboard() {
    let mut walk = Walk::begin();
    walk.onboards();
    walk.mints_a_token_of_each_expiry();
    let yearly = walk.rotates_with_an_overlap_and_cuts_over();
    walk.revokes_restores_and_revokes_as_leaked();
    walk.decrypts_from_outside_and_rotates_the_key_pair();
    walk.nothing_of_it_is_in_the_process_facts();
    walk.operator.leaves_the_console();

    let tokens = walk.tokens.clone();
    for (token, verdict) in [
        (&tokens[0], Ok(())),
        (&tokens[1], Ok(())),
        (&tokens[2], Err("revoked")),
        (&tokens[3], Ok(())),
        (&tokens[4], Err("expired")),
        (&yearly, Ok(())),
    ] {
        assert_eq!(walk.host.verdict(token), verdict.map_err(str::to_owned));
    }
    walk.tokens.push(yearly);
    walk.each_expires_when_it_should();
    walk.the_activity_list_tells_it();
    walk.no_secret_is_anywhere();
}

impl Walk {
    fn begin() -> Self {
        let host = Host::empty();
        let home = host.path("home");
        fs::create_dir(&home).unwrap();
        let spawn = Spawn::strongroom(&home).env("SSH_CONNECTION", "10.0.0.7 50022 10.0.0.1 22");
        Self {
            operator: Operator::at(spawn),
            host,
            home,
            tokens: Vec::new(),
            public_keys: Vec::new(),
        }
    }

    fn onboards(&mut self) {
        let operator = &mut self.operator;
        operator.onboards();
        operator.sees("Settings › API Connections");
        operator
            .types("w")
            .sees("Write a file")
            .types("\r")
            .misses("Write a file");
        let written = fs::read_to_string(self.home.join("acme-public-key.b64")).unwrap();
        self.public_keys.push(written.trim_end().to_owned());
    }

    fn mints_a_token_of_each_expiry(&mut self) {
        let operator = &mut self.operator;
        operator.types("2").sees("no token works here yet");
        // One is looked at, too, and a slip of the finger does not close its reveal.
        let (name, label) = LIFETIMES[0];
        operator.fills_the_form(name, (0, label)).sees("New token daily");
        let token = operator.copies("c");
        operator.looks_at(&token, "v", "v");
        operator.types("\r").sees("Its last four characters:");
        operator
            .types("????\r")
            .sees("these are not its last four characters");
        operator
            .leaves("Its last four characters:")
            .closes_the_reveal(name, &token);
        self.tokens.push(token);
        for (place, (name, label)) in LIFETIMES.into_iter().enumerate().skip(1) {
            operator.fills_the_form(name, (place, label));
            let token = operator.takes_over(name);
            operator.sees(&format!("▸ {name}"));
            self.tokens.push(token);
        }
        operator.tries(&self.tokens[0], "it works, active");
        let mistyped = self.tokens[0].replacen("prod", "prob", 1);
        operator.tries(&mistyped, "a character is wrong or missing");
    }

    /// Gives the new token.
    fn rotates_with_an_overlap_and_cuts_over(&mut self) -> String {
        let (operator, old) = (&mut self.operator, &self.tokens[4]);
        let new = operator.selects("yearly").rotates("yearly");
        assert_ne!(&new, old);
        operator.sees("yearly (old)");
        operator
            .tries(old, "it works, retiring")
            .tries(&new, "it works, active");
        operator.types("\r").sees("The old one works for another");
        operator
            .types("F")
            .sees("Cut over from the old yearly")
            .sees("1 of 1 works now");
        operator.types("j").sees("● cut over now").types("\r");
        operator.signs_in_for_it();
        // The page behind the dialog may tell the end before the dialog has its own answer, and escape would close that.
        operator
            .sees("the overlap is over: only the new token works")
            .misses("Cut over from the old yearly")
            .leaves("API Tokens › yearly");
        operator
            .tries(old, "it was replaced")
            .tries(&new, "it works, active");
        new
    }

    fn revokes_restores_and_revokes_as_leaked(&mut self) {
        let (operator, tokens) = (&mut self.operator, &self.tokens);
        operator.selects("halfyear");
        operator.invalidates("halfyear", Invalidation::Revoke, "moved away");
        // Within the ten minutes nobody is asked again.
        operator
            .sees("halfyear revoked")
            .tries(&tokens[3], "it is refused");
        operator
            .types("u")
            .sees("halfyear works again")
            .sees("▸ halfyear");
        operator.tries(&tokens[3], "it works, active");

        operator.selects("quarter");
        operator.invalidates("quarter", Invalidation::Leaked, "seen in a paste");
        operator
            .sees("quarter revoked as leaked")
            .tries(&tokens[2], "it is refused");
        operator
            .types("u")
            .sees("nothing was revoked here that could be undone");
        operator.types("a").sees("▸ quarter").sees("leaked");
        operator.types("u").sees("quarter was revoked as leaked");
        operator.tries(&tokens[2], "it is refused");
        // Back to the list of those that work.
        operator.leaves("/quarter").leaves("─ all ─").sees("daily");
    }

    fn decrypts_from_outside_and_rotates_the_key_pair(&mut self) {
        let operator = &mut self.operator;
        let old = encrypt(&self.public_keys[0], PLAINTEXT);
        operator.types("1").sees("Fingerprint");
        operator.decrypts(&old).sees("opened by generation 1");
        operator.looks_at(PLAINTEXT, "\r", "\r");
        operator.types("G\r").misses("Try out");

        operator
            .types("R")
            .sees("Rotate the key pair")
            .sees("Clients have to take");
        operator.types("\racme\r").gives_credentials();
        operator
            .sees("The key pair was rotated")
            .types("\r")
            .misses("was rotated");
        operator.sees("generation 2");
        let public_key = operator.copies("c");
        assert_ne!(public_key, self.public_keys[0]);

        operator.decrypts(&old).sees("does not open with this key");
        operator
            .leaves("does not open with this key")
            .leaves("both paddings are tried")
            .leaves("Try out");
        operator
            .decrypts(&encrypt(&public_key, PLAINTEXT))
            .sees("opened by generation 2");
        operator.looks_at(PLAINTEXT, "\r", "\r");
        operator.types("G\r").misses("Try out");
        self.public_keys.push(public_key);
    }

    fn nothing_of_it_is_in_the_process_facts(&self) {
        let mut places = Places::default();
        places.add("arguments and environment", self.operator.process_facts());
        assert!(places.holding(b"SSH_CONNECTION=10.0.0.7").is_some());
        self.holds_none_of_the_secrets(&places);
    }

    fn each_expires_when_it_should(&self) {
        let listed = self
            .host
            .run(&["token", "list", "--show", "all", "--json"])
            .succeeds()
            .json();
        let rows = listed["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 6, "{rows:?}");
        for row in rows {
            let at = |name: &str| row[name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
            let minted = at("minted_at");
            let expires = match row["name"].as_str().unwrap() {
                "daily" => minted + TimeDelta::hours(24),
                "monthly" => minted + Months::new(1),
                "quarter" => minted + Months::new(3),
                "halfyear" => minted + Months::new(6),
                "yearly" => minted + Months::new(12),
                other => panic!("nobody minted {other}"),
            };
            assert_eq!(at("expires_at"), expires, "{row}");
        }
    }

    fn the_activity_list_tells_it(&self) {
        let listed = self.host.run(&["activity", "list", "--json"]).succeeds().json();
        let mut told: Vec<String> = listed["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                format!(
                    "{} {}",
                    entry["action"].as_str().unwrap(),
                    entry["result"].as_str().unwrap()
                )
            })
            .collect();
        told.reverse();
        let mut expected = vec!["cashier.added", "organization.onboarded", "backup.recipient_set"];
        expected.extend(["token.created", "token.acknowledged"].repeat(5));
        expected.extend([
            "token.rotated",
            "token.acknowledged",
            "cashier.signed_in",
            "token.cut_over",
        ]);
        expected.extend([
            "token.revoked",
            "token.restored",
            "token.revoked_as_leaked",
            "key.rotated",
        ]);
        let expected: Vec<String> = expected
            .into_iter()
            .map(|action| format!("{action} done"))
            .collect();
        assert_eq!(told, expected);
    }

    fn no_secret_is_anywhere(&self) {
        let mut files = Places::default();
        files.add_files(&self.home);
        for known in [EMAIL, "halfyear-service", "seen in a paste", &self.public_keys[0]] {
            assert!(files.holding(known.as_bytes()).is_some(), "{known}");
        }
        self.holds_none_of_the_secrets(&files);
        self.holds_no_private_key(&files);

        let raw = self.operator.pty.raw();
        let all = terminal(&raw, &[]);
        for known in [EMAIL, "halfyear-service", "seen in a paste"] {
            assert!(all.holding(known.as_bytes()).is_some(), "{known}");
        }
        self.holds_no_private_key(&all);
        for (secret, forms) in self.secrets() {
            // Where it was asked for it is seen, and nowhere else.
            let asked: Vec<_> = self
                .operator
                .shown
                .iter()
                .filter(|(_, shown)| *shown == secret)
                .collect();
            let ranges: Vec<_> = asked.iter().map(|(range, _)| range.clone()).collect();
            assert_eq!(
                all.holding(secret.as_bytes()).is_some(),
                !asked.is_empty(),
                "{secret}"
            );
            holds_none_of(&forms, &terminal(&raw, &ranges));
        }
        // The search would have found a token in a file.
        fs::write(
            self.home.join("planted"),
            format!("export TOKEN={}", self.tokens[5]),
        )
        .unwrap();
        let mut planted = Places::default();
        planted.add_files(&self.home);
        for form in &forms(&self.tokens[5])[..2] {
            assert!(planted.holding(form).unwrap().ends_with("/planted"));
        }
    }

    /// Each with the forms in which it would be one.
    fn secrets(&self) -> Vec<(String, Vec<Vec<u8>>)> {
        let mut secrets: Vec<_> = self
            .tokens
            .iter()
            .map(|token| (token.clone(), forms(token)))
            .collect();
        secrets.extend([PASSWORD, PLAINTEXT].map(|text| (text.to_owned(), vec![text.into()])));
        secrets
    }

    #[track_caller]
    fn holds_none_of_the_secrets(&self, places: &Places) {
        for (_, forms) in self.secrets() {
            holds_none_of(&forms, places);
        }
    }

    #[track_caller]
    fn holds_no_private_key(&self, places: &Places) {
        assert_eq!(places.holding(b"PRIVATE KEY"), None);
        for key in &self.public_keys {
            assert_eq!(places.holding_a_prime_of(key), None);
        }
    }
}

fn terminal(raw: &[u8], shown: &[Range<usize>]) -> Places {
    let mut places = Places::default();
    places.add_terminal(raw, shown);
    places
}

#[track_caller]
fn holds_none_of(forms: &[Vec<u8>], places: &Places) {
    for form in forms {
        assert_eq!(places.holding(form), None, "{}", String::from_utf8_lossy(form));
    }
}
