//! The public listener with a certificate.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVersion};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use rustix::process::Signal;

use crate::daemon::{Connection, Daemon, LONG, configure};
use crate::host::Host;

/// Writes a certificate for 127.0.0.1 that signs itself, and its key.
fn write_certificate(host: &Host, serial: u32) -> X509 {
    write_certificate_of(host, serial, true)
}

/// The same, which may sign others or not: what is strict takes no authority for a host.
pub(crate) fn write_certificate_of(host: &Host, serial: u32, is_authority: bool) -> X509 {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "Strongroom's test").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(serial).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(2).unwrap())
        .unwrap();
    if is_authority {
        let constraints = BasicConstraints::new().critical().ca().build().unwrap();
        builder.append_extension(constraints).unwrap();
    }
    let mut names = SubjectAlternativeName::new();
    let names = names
        .ip("127.0.0.1")
        .build(&builder.x509v3_context(None, None))
        .unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    let certificate = builder.build();
    let pem = String::from_utf8(certificate.to_pem().unwrap()).unwrap();
    host.file("chain.pem", &pem);
    let pem = String::from_utf8(key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    host.file("key.pem", &pem);
    certificate
}

fn paths(host: &Host) -> (PathBuf, PathBuf) {
    (host.path("chain.pem"), host.path("key.pem"))
}

fn configuration(host: &Host) -> String {
    let (chain, key) = paths(host);
    format!(
        "tls_certificate = \"{}\"\ntls_key = \"{}\"\n",
        chain.display(),
        key.display()
    )
}

/// A handshake by a client that speaks this version and believes what is in `chain.pem` now.
fn handshake(daemon: &Daemon<'_>, version: SslVersion) -> Option<SslStream<TcpStream>> {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_ca_file(daemon.host.path("chain.pem")).unwrap();
    // So that it is the daemon that refuses what is old.
    connector.set_security_level(0);
    connector.set_min_proto_version(Some(version)).unwrap();
    connector.set_max_proto_version(Some(version)).unwrap();
    let stream = TcpStream::connect(daemon.address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    connector.build().connect("127.0.0.1", stream).ok()
}

#[test]
fn new_clients_are_answered_and_old_ones_and_plain_ones_are_not() {
    let host = Host::onboarded();
    let token = host.token("payouts", &[]);
    write_certificate(&host, 1);
    let daemon = Daemon::start(&host, &configuration(&host));
    let line = format!("X-Auth-Token: {token}\r\n");
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let mut connection = Connection::new(handshake(&daemon, version).unwrap());
        assert_eq!(connection.get("/v1/verify", &line).status, 200);
        assert_eq!(connection.get("/v1/verify", "").status, 401);
    }
    for version in [SslVersion::TLS1, SslVersion::TLS1_1] {
        assert!(handshake(&daemon, version).is_none(), "{version:?}");
    }
    let mut plain = daemon.tcp();
    plain.send(format!("GET /v1/verify HTTP/1.1\r\nHost: a\r\n{line}\r\n"));
    assert!(plain.answer().is_none());
    // As another program sees it; one that does not know the certificate does not go on.
    let url = format!("https://{}/healthz", daemon.address);
    let curl = |more: &[&str]| {
        Command::new("curl")
            .args(["-s", &url])
            .args(more)
            .output()
            .unwrap()
    };
    let chain = host.path("chain.pem");
    assert_eq!(curl(&["--cacert", chain.to_str().unwrap()]).stdout, b"alive\n");
    assert_eq!(curl(&[]).status.code(), Some(60));
    // The private listener is as it was.
    assert_eq!(daemon.unix().get("/v1/verify", &line).status, 200);
    daemon.stop();
}

#[test]
fn a_certificate_that_changed_is_for_new_connections() {
    let host = Host::onboarded();
    let first = write_certificate(&host, 1);
    let mut daemon = Daemon::start(&host, &configuration(&host));
    let stream = handshake(&daemon, SslVersion::TLS1_3).unwrap();
    assert_eq!(stream.ssl().peer_certificate(), Some(first));
    let mut kept = Connection::new(stream);
    assert_eq!(kept.get("/healthz", "").status, 200);
    let second = write_certificate(&host, 2);
    daemon.signal(Signal::HUP);
    daemon.says("was read again");
    assert_eq!(kept.get("/healthz", "").status, 200);
    let stream = handshake(&daemon, SslVersion::TLS1_3).unwrap();
    assert_eq!(stream.ssl().peer_certificate(), Some(second.clone()));
    // A broken one changes nothing.
    let (_, key) = paths(&host);
    std::fs::write(&key, "nonsense").unwrap();
    daemon.signal(Signal::HUP);
    let said = daemon.says("cannot be used");
    assert!(said.contains(key.to_str().unwrap()), "{said}");
    let stream = handshake(&daemon, SslVersion::TLS1_3).unwrap();
    assert_eq!(stream.ssl().peer_certificate(), Some(second));
    assert_eq!(kept.get("/healthz", "").status, 200);
    daemon.stop();
}

#[test]
fn what_is_no_certificate_with_its_key_is_refused_at_the_start() {
    let host = Host::onboarded();
    write_certificate(&host, 1);
    let (chain, key) = paths(&host);
    let good = (std::fs::read(&chain).unwrap(), std::fs::read(&key).unwrap());
    write_certificate(&host, 2);
    let refused = |named: &str| {
        let said = host.run(&["serve", "--listen", "127.0.0.1:0"]).refused(1);
        assert!(said.contains(named), "{named}: {said}");
        assert!(!said.contains("PRIVATE KEY"), "{said}");
    };
    configure(&host, &configuration(&host));
    std::fs::write(&key, &good.1).unwrap();
    refused("key.pem");
    std::fs::write(&key, "").unwrap();
    refused("key.pem");
    std::fs::write(&key, &good.1).unwrap();
    std::fs::write(&chain, "nothing").unwrap();
    refused("chain.pem");
    std::fs::remove_file(&chain).unwrap();
    refused("chain.pem");
    let (only, _) = configuration(&host)
        .split_once('\n')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    configure(&host, &only);
    refused("tls_key");
}
