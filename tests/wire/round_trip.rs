//! There and back.

use std::fmt::Debug;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use strongroom::domain::text::{Email, TokenName};
use strongroom::service::request::{Credentials, JobId};
use strongroom::service::{Code, Error, Event, Request, Response, wire};

use super::samples;

fn there_and_back<T: Serialize + DeserializeOwned + Debug>(value: &T) -> String {
    let text = wire::write(value).unwrap();
    let back: T = wire::read(&text).unwrap_or_else(|error| panic!("{value:?}: {error}"));
    assert_eq!(format!("{value:?}"), format!("{back:?}"));
    // Debug hides secrets: they have to be in the JSON again.
    assert_eq!(*text, *wire::write(&back).unwrap(), "{value:?}");
    assert!(!text.contains(&b'\n'));
    String::from_utf8(text.to_vec()).unwrap()
}

#[test]
fn every_request_comes_through_whole() {
    let mut shown = String::new();
    for request in samples::requests() {
        writeln!(shown, "{}", there_and_back(&request)).unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn every_answer_comes_through_whole() {
    let mut shown = String::new();
    for response in samples::responses() {
        writeln!(shown, "{}", there_and_back(&response)).unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn every_event_and_error_comes_through_whole() {
    for event in samples::events() {
        there_and_back(&event);
    }
    for response in samples::responses() {
        there_and_back(&Event::JobEnded(JobId(7), Ok(Arc::new(response))));
    }
    let error = Error::new(Code::Throttled, "too many", "wait").again_in(Duration::from_millis(1_001));
    assert_eq!(
        there_and_back(&Event::JobEnded(JobId(8), Err(error))),
        r#"{"job_ended":[8,{"failed":{"code":"throttled","message":"too many","hint":"wait","retry_after":2}}]}"#
    );
    let error = Error::new(Code::Conflict, "taken", "take another").on("name");
    assert_eq!(
        there_and_back(&Event::JobEnded(JobId(7), Err(error))),
        r#"{"job_ended":[7,{"failed":{"code":"conflict","message":"taken","hint":"take another","field":"name"}}]}"#
    );
}

#[test]
fn what_is_not_in_the_vocabulary_is_refused() {
    for text in [
        r#""overvieww""#,
        r#"{"show_key":{"organization":null,"organisation":"acme"}}"#,
        r#"{"show_key":{}}x"#,
        r#"{"sign_in":{"email":"ada@acme.test"}}"#,
        r#"{"sign_in":{"email":"ada","password":"eA=="}}"#,
        r#"{"sign_in":{"email":"ada@acme.test","password":null}}"#,
        r#"{"sign_in":{"email":"ada@acme.test","password":"x"}}"#,
        r#"{"acknowledge_reveal":{"reveal":"+0000000000000000000000000000000"}}"#,
        r#"{"onboard":{}}"#,
        "",
        "null",
    ] {
        let error = wire::read::<Request>(text.as_bytes()).unwrap_err();
        assert_eq!(error.code, Code::Invalid, "{text}");
    }
}

#[test]
fn an_error_of_reading_quotes_nothing() {
    for text in [
        r#"{"sign_in":{"email":"ada@acme.test","password":"hunter2 in clear"}}"#,
        r#"{"sign_in":{"email":"hunter2","password":"eA=="}}"#,
        r#"{"sign_in":{"email":"ada@acme.test","hunter2":"eA=="}}"#,
        r#"{"hunter2":{}}"#,
        r#"{"list_activity":{"filter":"","before":"hunter2","limit":1}}"#,
        r#"{"sign_in":{"email":"ada@acme.test","password":"\u0068unter2"}}"#,
        r#"["hunter2"]"#,
        "hunter2",
    ] {
        let error = wire::read::<Request>(text.as_bytes()).unwrap_err();
        assert!(!format!("{error:?}").contains("unter2"), "{error:?}");
        assert!(error.message.contains("line 1, column"), "{error}");
    }
}

#[test]
fn texts_are_checked_on_the_way_in_and_addresses_folded() {
    assert!(wire::read::<TokenName>("\"pay\\u202eouts\"".as_bytes()).is_err());
    assert!(wire::read::<TokenName>(format!("\"{}\"", "x".repeat(65)).as_bytes()).is_err());
    let email: Email = wire::read(br#""Ada@Acme.test""#).unwrap();
    assert_eq!(email.as_str(), "ada@acme.test");
}

#[test]
fn no_debug_output_shows_what_the_wire_carries() {
    let text = br#"{"sign_in":{"email":"ada@acme.test","password":"aHVudGVyMg=="}}"#;
    let Request::SignIn(Credentials { password, .. }) = wire::read(text).unwrap() else {
        panic!("another request")
    };
    assert_eq!(password.expose(), b"hunter2");
    for shown in samples::requests()
        .iter()
        .map(|request| format!("{request:?}"))
        .chain(
            samples::responses()
                .iter()
                .map(|response: &Response| format!("{response:?}")),
        )
    {
        assert!(!shown.contains(samples::PLAIN), "{shown}");
        assert!(!shown.contains("104, 117, 110"), "{shown}");
    }
}
