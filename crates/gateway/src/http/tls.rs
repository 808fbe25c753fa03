//! TLS: what the gateway shows to prove who it is, and what it asks of its clients.

mod subject;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{Error, InconsistentKeys, RootCertStore, ServerConfig, crypto::ring};
use tokio_rustls::server::TlsStream;
use vanguard_engine::Principal;

/// Certificate and key, and whom the certificates of clients must be of.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    /// The digest of the files of authorities and of what they have withdrawn.
    authorities: Option<[u8; 32]>,
    expires: Option<SystemTime>,
    /// When the first of the lists of withdrawn certificates expires.
    renewed_by: Option<SystemTime>,
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
    /// What these have withdrawn.
    ClientCrl,
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
    /// Of files in PEM. Where there is a `client_ca`, who shows no certificate of it is not spoken with; and where there is a `client_crl`, who
    /// shows one that is withdrawn, or of which no list that holds says that it is not.
    pub fn read(
        certificate: &[u8],
        key: &[u8],
        client_ca: Option<&[u8]>,
        client_crl: Option<&[u8]>,
    ) -> Result<Self, TlsError> {
        let failed = |file| move |what| TlsError { file, what };
        let chain = certificates(certificate).map_err(failed(TlsFile::Certificate))?;
        let key = private_key(key).map_err(failed(TlsFile::Key))?;
        let expires = chain.first().and_then(|certificate| subject::expires(certificate));
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| failed(TlsFile::Certificate)(error.to_string()))?;
        let mut renewed_by = None;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(authorities) => {
                let roots = roots(authorities).map_err(failed(TlsFile::ClientCa))?;
                let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                if let Some(lists) = client_crl {
                    let lists = withdrawn(lists).map_err(failed(TlsFile::ClientCrl))?;
                    renewed_by = lists.iter().filter_map(|list| subject::renewed_by(list)).min();
                    // An old list says nothing of what was withdrawn since.
                    verifier = verifier.with_crls(lists).enforce_revocation_expiration();
                }
                let file = if client_crl.is_some() { TlsFile::ClientCrl } else { TlsFile::ClientCa };
                let verifier = verifier.build();
                let verifier = verifier.map_err(|error| failed(file)(format!("cannot be used: {error}")))?;
                builder.with_client_cert_verifier(verifier)
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
        let authorities = client_ca.map(|text| {
            let lists = client_crl.map(Sha256::digest);
            Sha256::new().chain_update(text).chain_update(lists.unwrap_or_default()).finalize().into()
        });
        Ok(Self { acceptor: Arc::new(config).into(), authorities, expires, renewed_by })
    }

    /// Whether clients must show a certificate.
    pub fn asks_who(&self) -> bool {
        self.authorities.is_some()
    }

    /// When its own certificate expires, as far as that can be read.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// By when its lists of withdrawn certificates must be renewed, as far as they say.
    pub fn renewed_by(&self) -> Option<SystemTime> {
        self.renewed_by
    }

    /// By whose certificates they enter: the same as long as the files of the authorities and of what they have withdrawn are.
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

fn withdrawn(text: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(text).collect();
    let all = all.map_err(|error| format!("is no PEM that can be read: {error}"))?;
    if all.is_empty() {
        return Err("holds no list; in PEM one begins with -----BEGIN X509 CRL-----".to_owned());
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
