//! TLS: what the gateway shows to prove who it is, and what it asks of its clients.

mod subject;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{Error, InconsistentKeys, RootCertStore, ServerConfig, crypto::ring};
use tokio_rustls::server::TlsStream;
use vanguard_engine::Principal;

/// Certificate and key, and whom the certificates of clients must be of.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    /// The digest of the file of authorities.
    authorities: Option<[u8; 32]>,
    expires: Option<SystemTime>,
}

/// What one of its files holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFile {
    /// The certificate, and those between it and an authority.
    Certificate,
    /// Its private key.
    Key,
    /// The authorities whose certificates clients must show.
    ClientCa,
}

/// A file that does not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct TlsError {
    /// Which.
    pub file: TlsFile,
    /// What is wrong with it, and how it is mended.
    pub what: String,
}

impl Tls {
    /// Of files in PEM. Where there is a `client_ca`, who shows no certificate of it is not spoken with.
    pub fn read(certificate: &[u8], key: &[u8], client_ca: Option<&[u8]>) -> Result<Self, TlsError> {
        let failed = |file| move |what| TlsError { file, what };
        let chain = certificates(certificate).map_err(failed(TlsFile::Certificate))?;
        let key = private_key(key).map_err(failed(TlsFile::Key))?;
        let expires = chain.first().and_then(|certificate| subject::expires(certificate));
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| failed(TlsFile::Certificate)(error.to_string()))?;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(authorities) => {
                let roots = roots(authorities).map_err(failed(TlsFile::ClientCa))?;
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                builder.with_client_cert_verifier(
                    verifier.map_err(|error| failed(TlsFile::ClientCa)(format!("cannot be used: {error}")))?,
                )
            }
        };
        let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                failed(TlsFile::Key)("is not the key of the certificate; give the one that it was made for".to_owned())
            }
            Error::InvalidCertificate(_) => failed(TlsFile::Certificate)(format!("cannot be used: {error}")),
            error => failed(TlsFile::Key)(format!("cannot be used: {error}; give an RSA, ECDSA or Ed25519 key")),
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let authorities = client_ca.map(|text| Sha256::digest(text).into());
        Ok(Self { acceptor: Arc::new(config).into(), authorities, expires })
    }

    /// Whether clients must show a certificate.
    pub fn asks_who(&self) -> bool {
        self.authorities.is_some()
    }

    /// When its own certificate expires, as far as that can be read.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// By whose certificates they enter: the same as long as the file of the authorities is.
    pub(super) fn authorities(&self) -> Option<[u8; 32]> {
        self.authorities
    }

    /// Shakes hands, which may take so long; and who is at the other end, where that is asked. Whoever fails to is not spoken with.
    pub(super) async fn shake(
        &self,
        stream: TcpStream,
        longest: Duration,
    ) -> Option<(TlsStream<TcpStream>, Option<Arc<Principal>>)> {
        // Why it failed is told to the client, by an alert.
        let stream = tokio::time::timeout(longest, self.acceptor.accept(stream)).await.ok()?.ok()?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let principal = shown.map(|certificate| Arc::new(subject::principal(certificate)));
        Some((stream, principal))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("asks_who", &self.asks_who()).finish_non_exhaustive()
    }
}

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let all = all.map_err(|error| format!("is no PEM that can be read: {error}"))?;
    if all.is_empty() {
        return Err("holds no certificate; in PEM one begins with -----BEGIN CERTIFICATE-----".to_owned());
    }
    Ok(all)
}

fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound if text.windows(9).any(|word| word == b"ENCRYPTED") => {
            "holds a key under a password, for which nobody can be asked; write it without (openssl pkey -in FILE -out PLAIN)"
                .to_owned()
        }
        pem::Error::NoItemsFound => {
            "holds no private key; in PEM one begins with -----BEGIN PRIVATE KEY-----".to_owned()
        }
        error => format!("is no PEM that can be read: {error}"),
    })
}

fn roots(text: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(text)? {
        roots.add(certificate).map_err(|error| format!("holds a certificate that is no authority's: {error}"))?;
    }
    Ok(roots)
}

#[cfg(test)]
mod tests;
