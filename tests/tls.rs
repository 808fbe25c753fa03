//! An authority that a test leads: certificates for the gateway and its clients, and https to it.

use std::io::{BufRead as _, BufReader, ErrorKind, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DistinguishedName, DnType,
    IsCa, KeyIdMethod, KeyPair, RevokedCertParams, SanType, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned, crypto::ring,
};

use crate::client::PATIENCE;
use crate::gateway::{Gateway, Response};

/// Whoever signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>, Mutex<Vec<String>>);

impl Default for Authority {
    fn default() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, "tests");
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        Self(issuer, Mutex::default())
    }
}

impl Authority {
    /// A certificate under a common name and for `localhost`, and its key, in PEM.
    pub fn certify(&self, name: &str) -> [String; 2] {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        if name == "localhost" {
            parameters.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
        }
        let key = KeyPair::generate().unwrap();
        let mut certified = self.1.lock().unwrap();
        parameters.serial_number = Some((certified.len() as u64 + 1).into());
        certified.push(parameters.signed_by(&key, &self.0).unwrap().pem());
        [certified.last().unwrap().clone(), key.serialize_pem()]
    }

    /// A list that says that it has withdrawn these of its certificates, and that another will come in this year.
    pub fn withdraw(&self, certificates: &[&[String; 2]], until: i32) -> String {
        let certified = self.1.lock().unwrap();
        let number = |pem: &String| certified.iter().position(|known| known == pem).unwrap() as u64 + 1;
        let withdrawn = |[pem, _]: &&[String; 2]| RevokedCertParams {
            serial_number: number(pem).into(),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(until, 1, 1),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: certificates.iter().map(withdrawn).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.0).unwrap().pem().unwrap()
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Writes a certificate for the gateway, its key and the authority's own into a folder; the flags that name the first two.
    pub fn write(&self, folder: &Path) -> Vec<String> {
        let [certificate, key] = self.certify("localhost");
        let mut flags = Vec::new();
        for (flag, name, text) in [("--tls-cert", "cert.pem", certificate), ("--tls-key", "key.pem", key)] {
            std::fs::write(folder.join(name), text).unwrap();
            flags.extend([flag.to_owned(), folder.join(name).display().to_string()]);
        }
        std::fs::write(folder.join("ca.pem"), self.pem()).unwrap();
        flags
    }

    /// Sends bytes to the gateway over https, as the holder of `shown` if there is one. The error is that of the connection.
    pub fn send(&self, gateway: &Gateway, shown: Option<&[String; 2]>, bytes: &[u8]) -> std::io::Result<Response> {
        self.connect(gateway, shown)?.send(bytes)
    }

    /// Listens on a port of this machine for a server that speaks no TLS, as `localhost`.
    pub fn stand_before(&self, server: SocketAddr) -> u16 {
        let [certificate, key] = self.certify("localhost");
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let config = Arc::clone(&config);
                // Who does not trust the certificate goes away.
                thread::spawn(move || carry(stream, config, server).ok());
            }
        });
        port
    }

    /// Shakes hands with the gateway.
    pub fn connect(&self, gateway: &Gateway, shown: Option<&[String; 2]>) -> std::io::Result<Secured> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match shown {
            None => config.with_no_client_auth(),
            Some([certificate, key]) => {
                let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                config.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", gateway.port()))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut stream = StreamOwned::new(connection, stream);
        stream.conn.complete_io(&mut stream.sock)?;
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        Ok(Secured(stream))
    }
}

/// Carries requests of one connection to the server, and its answers back. One at a time: each side says something whole, then the other does.
fn carry(stream: TcpStream, config: Arc<ServerConfig>, server: SocketAddr) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let (mut client, mut server) = (StreamOwned::new(connection, stream), TcpStream::connect(server)?);
    server.set_read_timeout(Some(Duration::from_millis(100)))?;
    client.sock.set_read_timeout(Some(Duration::from_millis(100)))?;
    let mut bytes = vec![0; 1 << 16];
    loop {
        match client.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(read) => server.write_all(&bytes[..read])?,
            Err(error) if is_silence(&error) => {}
            Err(error) => return Err(error),
        }
        match server.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(read) => client.write_all(&bytes[..read])?,
            Err(error) if is_silence(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether nothing came for a while.
fn is_silence(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A connection over https.
pub struct Secured(StreamOwned<ClientConnection, TcpStream>);

impl Secured {
    /// Sends bytes and takes the response's head.
    pub fn send(self, bytes: &[u8]) -> std::io::Result<Response> {
        let mut stream = self.0;
        stream.write_all(bytes)?;
        let mut stream = BufReader::new(Box::new(stream) as Box<dyn Read + Send>);
        // In TLS 1.3 a client learns here whether its certificate was taken.
        stream.fill_buf()?;
        Ok(Response::read(stream))
    }
}
