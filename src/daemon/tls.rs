//! TLS for the public listener: a certificate from files, read again when they change, without dropping connections.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use super::options::PATIENCE;

/// A certificate with its key, as the files have it now.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    read: RwLock<Read>,
}

struct Read {
    acceptor: TlsAcceptor,
    /// When the two files were changed last.
    changed: [Option<SystemTime>; 2],
}

/// A certificate or key that cannot be used. Names the file.
#[derive(Debug)]
pub struct TlsError(String);

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

impl Tls {
    /// Reads both files, PEM: the chain with the host's own certificate first, and its key.
    ///
    /// # Errors
    /// A file cannot be read, holds nothing of the kind, or the key is not the certificate's.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self {
            read: RwLock::new(read(certificate, key)?),
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        })
    }

    /// Reads the files again if one of them changed; whether it did. What cannot be used changes nothing.
    ///
    /// # Errors
    /// As [`Self::read`]; the certificate of before goes on.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let known = self.read.read().unwrap_or_else(PoisonError::into_inner).changed;
        if known == changed(&self.certificate, &self.key) {
            return Ok(false);
        }
        let read = read(&self.certificate, &self.key)?;
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(true)
    }

    /// The handshake of a new connection.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let acceptor = {
            let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
            read.acceptor.clone()
        };
        tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await?
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Read, TlsError> {
    let changed = changed(certificate, key);
    let fault = |path: &Path, what: &dyn fmt::Display| TlsError(format!("{}: {what}", path.display()));
    let bytes = |path: &Path| fs::read(path).map_err(|error| fault(path, &error));
    let chain = CertificateDer::pem_slice_iter(&bytes(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fault(certificate, &error))?;
    if chain.is_empty() {
        return Err(fault(certificate, &"there is no certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_slice(&bytes(key)?).map_err(|error| fault(key, &error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| fault(certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| fault(key, &error))?;
    Ok(Read {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        changed,
    })
}

fn changed(certificate: &Path, key: &Path) -> [Option<SystemTime>; 2] {
    [certificate, key].map(|path| fs::metadata(path).and_then(|found| found.modified()).ok())
}
