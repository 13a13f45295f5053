//! `GET /v1/openapi.json`: what can be asked and what is answered, described where it is answered (`utoipa::path`).
//!
//! What many paths have in common is added here; a test compares the document with the table of routes.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{Response, StatusCode};
use utoipa::openapi::path::{HttpMethod, Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, Ref, RefOr, Required, ResponseBuilder, SecurityRequirement,
};
use utoipa::{Modify, OpenApi, PartialSchema, ToSchema};

use super::body::Body;
use super::route::VERIFY;
use super::{metrics, private, public, reply};
use crate::gateway::private::Failure;

/// The document as it is served; the same bytes each time.
#[must_use]
pub fn document() -> Bytes {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let written = || {
        // Everything in it has a form in JSON.
        let mut text = Document::openapi().to_pretty_json().unwrap_or_default();
        text.push('\n');
        text.into()
    };
    DOCUMENT.get_or_init(written).clone()
}

/// This document.
#[utoipa::path(
    get, path = "/v1/openapi.json", operation_id = "openapi", tag = "public", security(()),
    responses((status = 200, description = "OpenAPI 3.1.", body = serde_json::Value, content_type = "application/json"))
)]
pub(super) fn answer() -> Response<Body> {
    reply::full(StatusCode::OK, reply::JSON, document())
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Strongroom",
        description = "The public listener (TCP) answers what is tagged `public`; the private one (unix socket) all of it, \
            each to accounts that have the right: `verify`, `decrypt` or `command`. Bodies have 64 KiB at most, heads \
            16 KiB; what HTTP itself does not allow is answered 400 or 431 before any of this.",
    ),
    paths(
        public::health::alive, public::health::ready, public::key::answer, public::verify::answer,
        public::login::login, public::login::refresh, public::login::logout, public::login::keys, answer,
        private::decrypt::decrypt, private::decrypt::payload, private::command::answer, private::store::state,
        private::store::unlock, private::store::seal, private::store::rotate_seal, private::events::answer,
        metrics::answer,
    ),
    components(schemas(Failure)),
    tags(
        (name = "public", description = "What clients and proxies need: on both listeners."),
        (name = "private", description = "What processes of this host may ask: on the unix socket only."),
    ),
    modifiers(&Common),
)]
struct Document;

/// What `/v1/command` answers.
pub(super) struct Answer;

impl PartialSchema for Answer {
    fn schema() -> RefOr<Schema> {
        let word = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("An answer that says no more, such as `done`."));
        let object = ObjectBuilder::new()
            .schema_type(Type::Object)
            .min_properties(Some(1))
            .max_properties(Some(1))
            .description(Some("The answer under its name, such as `tokens`."));
        RefOr::T(Schema::OneOf(OneOfBuilder::new().item(word).item(object).build()))
    }
}

impl ToSchema for Answer {}

struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let token = ApiKey::Header(ApiKeyValue::with_description("X-Auth-Token", "An API token."));
        components.add_security_scheme("token", SecurityScheme::ApiKey(token));
        let login = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("A cashier's login, as /v1/login gives it."));
        components.add_security_scheme("login", SecurityScheme::Http(login.build()));
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                complete(path, method, operation);
            }
        }
        if let Some(item) = document.paths.paths.get(VERIFY).cloned() {
            document
                .paths
                .paths
                .insert(format!("{VERIFY}/{{rest}}"), below(item));
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let all = [
        (HttpMethod::Trace, &mut item.trace),
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Delete, &mut item.delete),
        (HttpMethod::Options, &mut item.options),
        (HttpMethod::Head, &mut item.head),
        (HttpMethod::Patch, &mut item.patch),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Adds what every operation of its kind may answer.
fn complete(path: &str, method: HttpMethod, operation: &mut Operation) {
    if path == VERIFY {
        // One name for each method.
        let name = serde_json::to_value(&method).unwrap_or_default();
        operation.operation_id = Some(format!("verify_{}", name.as_str().unwrap_or_default()));
        return;
    }
    let is_private = operation.tags.iter().flatten().any(|tag| tag == "private");
    if is_private {
        // The socket's other end is known to the kernel: there is nothing to present.
        operation.security = Some(vec![SecurityRequirement::default()]);
    }
    let mut add = |status: &str, description: &str| {
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(failure(status, description)));
    };
    if method == HttpMethod::Post {
        add("400", "It is not what is asked for.");
        add("408", "The body did not come in time.");
        add("413", "The body is too long.");
    }
    if is_private || ["/v1/public-key", "/v1/login", "/v1/refresh", "/v1/logout"].contains(&path) {
        add(
            "403",
            "On the private listener: the peer's account has not the right, or the cashier's role does not allow it.",
        );
    }
    if path != "/healthz" && path != "/v1/openapi.json" {
        add("500", "A fault of ours, of the store or of the operating system.");
        add("503", "The store is sealed, or too much is waiting: try again.");
    }
}

fn failure(status: &str, description: &str) -> utoipa::openapi::Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Failure")))
        .build();
    let mut response = ResponseBuilder::new()
        .description(description)
        .content("application/json", content);
    if status == "503" {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer);
        let header = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds, where waiting helps."));
        response = response.header("Retry-After", header.build());
    }
    response.build()
}

/// The same for everything below it.
fn below(mut item: PathItem) -> PathItem {
    for (_, operation) in operations(&mut item) {
        if let Some(name) = &mut operation.operation_id {
            name.push_str("_below");
        }
        let rest = ParameterBuilder::new()
            .name("rest")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("Anything, with slashes too."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        operation
            .parameters
            .get_or_insert_default()
            .push(RefOr::T(rest.build()));
    }
    item
}

#[cfg(test)]
mod tests;
