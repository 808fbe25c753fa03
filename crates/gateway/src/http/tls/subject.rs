//! Whose a certificate is, and how long.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use vanguard_engine::{Entry, Identity, Principal};
use x509_cert::Certificate;
use x509_cert::certificate::Rfc5280;
use x509_cert::crl::CertificateList;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// The longest name that is taken.
const MAX_NAME: usize = 255;

/// The holder of a certificate, which an authority that is trusted has signed.
pub(super) fn principal(certificate: &[u8]) -> Principal {
    let name = Certificate::from_der(certificate).ok().and_then(|certificate| name(&certificate));
    let name = name.filter(|name| !name.is_empty() && name.len() <= MAX_NAME).unwrap_or_else(|| digest(certificate));
    let identity = Identity { entry: Entry::Certificate, name: name.into() };
    Principal { identity, roles: BTreeSet::new(), scopes: BTreeSet::new() }
}

/// When it expires.
pub(super) fn expires(certificate: &[u8]) -> Option<SystemTime> {
    let certificate = Certificate::from_der(certificate).ok()?;
    Some(certificate.tbs_certificate().validity().not_after.to_system_time())
}

/// When the next list of withdrawn certificates is to be had at the latest.
pub(super) fn renewed_by(list: &[u8]) -> Option<SystemTime> {
    let list = CertificateList::<Rfc5280>::from_der(list).ok()?;
    list.tbs_cert_list.next_update.map(|time| time.to_system_time())
}

/// The first that there is of: a URI (as SPIFFE has it), a DNS name, an address of mail, the common name.
fn name(certificate: &Certificate) -> Option<String> {
    let certificate = certificate.tbs_certificate();
    let names = certificate.get_extension::<SubjectAltName>().ok()?.map(|(_, names)| names.0).unwrap_or_default();
    let first = |of: fn(&GeneralName) -> Option<&str>| names.iter().find_map(of).map(str::to_owned);
    let uri = first(|name| match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str()),
        _ => None,
    });
    let dns = || {
        first(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str()),
            _ => None,
        })
    };
    let mail = || {
        first(|name| match name {
            GeneralName::Rfc822Name(address) => Some(address.as_str()),
            _ => None,
        })
    };
    let common = || Some(certificate.subject().common_name().ok()??.value().into_owned());
    uri.or_else(dns).or_else(mail).or_else(common)
}

/// A name for one that has none, or none that can be read.
fn digest(certificate: &[u8]) -> String {
    let mut name = "sha256:".to_owned();
    for byte in Sha256::digest(certificate) {
        // Into memory: nothing makes this fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}
