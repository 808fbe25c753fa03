//! Syslog over TLS (RFC 5425): a connection for each batch, each message with its length before it.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::syslog::TIMEOUT;

/// How long the server has to say that it read to the end, or that it did not let us in. Some say nothing.
const LAST_WORD: Duration = Duration::from_secs(2);
/// The most bytes that are read of what a server says: syslog has no answers.
const MAX_SAID: usize = 4096;

/// Sends text that is framed already. Authorities are those in the file, in PEM, or else the public ones.
pub(super) fn give(host: &str, port: u16, framed: &[u8], authorities: Option<&Path>) -> io::Result<()> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots(authorities)?)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let stream = connect(host, port)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let mut stream = StreamOwned::new(connection, stream);
    let written = stream.write_all(framed).and_then(|()| {
        stream.conn.send_close_notify();
        stream.flush()
    });
    stream.sock.set_read_timeout(Some(LAST_WORD))?;
    // What the server said tells more than that it closed.
    last_word(&mut stream).and(written)
}

/// A server that wants a certificate of ours says so only now, when all seemed to be taken.
fn last_word(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> io::Result<()> {
    let (mut said, mut many) = ([0; 256], 0);
    while many < MAX_SAID {
        match stream.read(&mut said) {
            Ok(0) => break,
            Ok(read) => many += read,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(error),
            // It closed without a word, or keeps the connection.
            Err(_) => break,
        }
    }
    Ok(())
}

fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()?.take(4) {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn roots(file: Option<&Path>) -> io::Result<RootCertStore> {
    let Some(file) = file else { return Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()) };
    let failed = |what: String| io::Error::other(format!("{}: {what}", file.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| failed(error.to_string()))? {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() { Err(failed("holds no certificate".to_owned())) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::pki_types::PrivateKeyDer;
    use rustls::server::WebPkiClientVerifier;
    use rustls::{ServerConfig, ServerConnection};

    use super::*;

    /// A server whose certificate is of an authority that is in the file; what it was sent, if it let anybody in.
    fn server(asks_for_certificate: bool) -> (tempfile::NamedTempFile, u16, JoinHandle<io::Result<String>>) {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(authority.pem().as_bytes()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = if asks_for_certificate {
            let known = Arc::new(roots(Some(file.path())).unwrap());
            let verifier = WebPkiClientVerifier::builder_with_provider(known, provider).build().unwrap();
            builder.unwrap().with_client_cert_verifier(verifier)
        } else {
            builder.unwrap().with_no_client_auth()
        };
        let own = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = Arc::new(builder.with_single_cert(vec![certificate.der().clone()], own).unwrap());
        let listener = TcpListener::bind("localhost:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = std::thread::spawn(move || {
            let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), listener.accept()?.0);
            let mut all = String::new();
            stream.read_to_string(&mut all)?;
            Ok(all)
        });
        (file, port, served)
    }

    #[test]
    fn a_server_that_the_authority_knows_gets_what_is_sent() {
        let (file, port, served) = server(false);
        give("localhost", port, b"5 hello2 yo", Some(file.path())).unwrap();
        assert_eq!(served.join().unwrap().unwrap(), "5 hello2 yo");
    }

    #[test]
    fn one_that_nobody_vouches_for_gets_nothing_and_one_that_does_not_let_us_in_is_told() {
        let (_file, port, served) = server(false);
        let error = give("localhost", port, b"5 hello", None).unwrap_err().to_string();
        assert!(error.contains("certificate"), "{error}");
        assert!(served.join().unwrap().is_err());
        let (file, port, served) = server(true);
        // By its word, or because it closes before that is read.
        assert!(give("localhost", port, b"5 hello", Some(file.path())).is_err());
        assert!(served.join().unwrap().is_err());
        let empty = tempfile::NamedTempFile::new().unwrap();
        let error = give("localhost", port, b"", Some(empty.path())).unwrap_err().to_string();
        assert!(error.contains("holds no certificate"), "{error}");
    }
}
