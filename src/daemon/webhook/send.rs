//! One attempt: name, address, connection, TLS, request, status.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{Method, Request};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::endpoint::Endpoint;
use crate::domain::text::escape;
use crate::domain::time::Timestamp;
use crate::notice::address::is_public;

/// What a name, a connection and its TLS may take together.
const CONNECT: Duration = Duration::from_secs(10);
/// What a request and the head of its answer may take.
const ANSWER: Duration = Duration::from_secs(15);
/// The most bytes of an answer's head, and its lines.
const LONGEST_HEAD: usize = 16 * 1024;
const MOST_HEADERS: usize = 100;
/// What is kept of an error.
const LONGEST_ERROR: usize = 120;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, where there was one.
    pub status: Option<u16>,
    /// The seconds that it asks us to wait.
    pub retry_after: Option<u64>,
    /// Why there was none.
    pub failure: String,
}

impl Answer {
    /// Whether the receiver has it.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status @ 300..400) => write!(f, "status {status}: redirects are not followed"),
            Some(status) => write!(f, "status {status}"),
            None => f.write_str(&self.failure),
        }
    }
}

/// What sends.
pub struct Client(Option<TlsConnector>);

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// With the system's certificate authorities.
    #[must_use]
    pub fn new() -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .ok()
            .map(|config| config.with_root_certificates(roots).with_no_client_auth());
        Self(config.map(|config| TlsConnector::from(Arc::new(config))))
    }

    /// Sends a body under an id.
    pub async fn send(&self, endpoint: &Endpoint, id: &str, body: String, at: Timestamp) -> Answer {
        let sent = self.try_send(endpoint, id, body, at).await;
        sent.unwrap_or_else(|failure| Answer {
            status: None,
            retry_after: None,
            failure: escape(&failure).chars().take(LONGEST_ERROR).collect(),
        })
    }

    async fn try_send(
        &self,
        endpoint: &Endpoint,
        id: &str,
        body: String,
        at: Timestamp,
    ) -> Result<Answer, String> {
        let url = &endpoint.url;
        let seconds = at.millis().div_euclid(1000);
        let signature = endpoint.secret.sign(id, seconds, body.as_bytes());
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let authority = url.authority().map_or("", |authority| authority.as_str());
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, authority)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("strongroom/", env!("CARGO_PKG_VERSION")))
            .header(CONNECTION, "close")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let is_tls = url.scheme_str() == Some("https");
        let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = url.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let late = |_| "no connection within 10 s".to_owned();
        let stream = timeout(CONNECT, connect(host, port, endpoint.allow_private, is_tls));
        let stream = stream.await.map_err(late)??;
        if !is_tls {
            return exchange(stream, request).await;
        }
        let tls = self.0.as_ref().ok_or("there is no TLS")?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let stream = timeout(CONNECT, tls.connect(name, stream)).await.map_err(late)?;
        exchange(stream.map_err(|error| error.to_string())?, request).await
    }
}

/// Connects to an address that was looked at: what the name means a moment later does not count.
async fn connect(host: &str, port: u16, allow_private: bool, is_tls: bool) -> Result<TcpStream, String> {
    let found = lookup_host((host, port))
        .await
        .map_err(|error| format!("{host} is not found: {error}"))?;
    let mut failure = format!("{host} has no address");
    for address in found {
        match try_connect(address, allow_private, is_tls).await {
            Ok(stream) => return Ok(stream),
            Err(why) => failure = why,
        }
    }
    Err(failure)
}

async fn try_connect(address: SocketAddr, allow_private: bool, is_tls: bool) -> Result<TcpStream, String> {
    let ip = address.ip();
    if is_public(ip) && !is_tls {
        return Err(format!("{ip} is public: nothing is sent there without TLS"));
    }
    if !is_public(ip) && !allow_private {
        return Err(format!(
            "{ip} is not public: refused without allow_private = true"
        ));
    }
    let connected: io::Result<TcpStream> = TcpStream::connect(address).await;
    connected.map_err(|error| format!("{address}: {error}"))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, String> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(LONGEST_HEAD).max_headers(MOST_HEADERS);
    let handshake = builder.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
    let connection = tokio::spawn(connection);
    let answer = timeout(ANSWER, sender.send_request(request)).await;
    // Whatever its body is: nobody reads it.
    connection.abort();
    let answer = answer.map_err(|_| "no answer within 15 s")?;
    let answer = answer.map_err(|error| format!("no answer: {error}"))?;
    let retry_after = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    Ok(Answer {
        status: Some(answer.status().as_u16()),
        retry_after: retry_after.and_then(|text| text.trim().parse().ok()),
        failure: String::new(),
    })
}
