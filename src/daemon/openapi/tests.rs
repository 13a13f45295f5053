use std::collections::BTreeSet;

use serde_json::Value;

use super::document;
use crate::daemon::route::ROUTES;

#[test]
fn every_route_is_in_the_document_and_nothing_else() {
    let document: Value = serde_json::from_slice(&document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let is_verify = |path: &str| path == "/v1/verify" || path == "/v1/verify/{rest}";
    let described: BTreeSet<(String, String)> = paths
        .iter()
        .filter(|(path, _)| !is_verify(path))
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| (path.clone(), method.to_uppercase()))
        })
        .collect();
    let known = ROUTES
        .iter()
        .map(|route| (route.path.to_owned(), route.method.to_string()));
    assert_eq!(described, known.collect());
    for path in ["/v1/verify", "/v1/verify/{rest}"] {
        let methods: Vec<&String> = paths[path].as_object().unwrap().keys().collect();
        assert_eq!(methods.len(), 8, "{methods:?}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
    let document: Value = serde_json::from_slice(&document()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    visit(&document, &mut |object| {
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            let place = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(place).is_some(), "{reference}");
        }
        if let Some(name) = object.get("operationId").and_then(Value::as_str) {
            assert!(names.insert(name.to_owned()), "{name} twice");
        }
    });
    assert!(names.len() >= ROUTES.len(), "{names:?}");
}

#[test]
fn the_document_is_what_was_looked_at() {
    insta::assert_snapshot!("openapi", String::from_utf8(document().to_vec()).unwrap());
}

fn visit(value: &Value, look: &mut dyn FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            look(object);
            object.values().for_each(|value| visit(value, look));
        }
        Value::Array(values) => values.iter().for_each(|value| visit(value, look)),
        _ => {}
    }
}
