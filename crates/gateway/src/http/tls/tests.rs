use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};

use super::*;

/// A certificate of its own signing, and its key.
fn own() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// The name of the holder of a certificate with this common name and these others.
fn name(common: Option<&str>, others: &[SanType]) -> String {
    let mut parameters = CertificateParams::default();
    parameters.subject_alt_names = others.to_vec();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(common) = common {
        parameters.distinguished_name.push(DnType::CommonName, common);
    }
    let certificate = parameters.signed_by(&KeyPair::generate().unwrap(), &authority()).unwrap();
    let principal = subject::principal(certificate.der());
    assert_eq!(principal.identity.entry, vanguard_engine::Entry::Certificate);
    principal.identity.name.to_string()
}

#[test]
fn a_certificate_its_key_and_authorities_are_taken() {
    let (certificate, key) = own();
    assert!(!Tls::read(certificate.as_bytes(), key.as_bytes(), None, None).unwrap().asks_who());
    assert!(
        Tls::read(certificate.as_bytes(), key.as_bytes(), Some(authority().pem().as_bytes()), None).unwrap().asks_who()
    );
}

#[test]
fn it_is_known_when_a_certificate_expires() {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::default();
    parameters.not_after = rcgen::date_time_ymd(2031, 2, 3);
    let certificate = parameters.self_signed(&key).unwrap().pem();
    let tls = Tls::read(certificate.as_bytes(), key.serialize_pem().as_bytes(), None, None).unwrap();
    let expires = tls.expires().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(expires.as_secs(), 1_927_843_200);
}

#[test]
fn what_does_not_do_is_said_of_its_file() {
    let ((certificate, key), (other, _)) = (own(), own());
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (certificate, key, authorities, file, what) in [
        ("", &*key, None, TlsFile::Certificate, "holds no certificate"),
        (&*key, &*key, None, TlsFile::Certificate, "holds no certificate"),
        (broken, &*key, None, TlsFile::Certificate, "cannot be used"),
        (&certificate[..certificate.len() - 30], &*key, None, TlsFile::Certificate, "no PEM"),
        (&*certificate, &*certificate, None, TlsFile::Key, "holds no private key"),
        (&*certificate, locked, None, TlsFile::Key, "under a password"),
        (&*other, &*key, None, TlsFile::Key, "not the key of the certificate"),
        (&*certificate, &*key, Some(""), TlsFile::ClientCa, "holds no certificate"),
        (&*certificate, &*key, Some(broken), TlsFile::ClientCa, "no authority's"),
    ] {
        let refused =
            Tls::read(certificate.as_bytes(), key.as_bytes(), authorities.map(str::as_bytes), None).unwrap_err();
        assert!(refused.file == file && refused.what.contains(what), "{refused:?}, not {what}");
    }
}

#[test]
fn a_list_of_withdrawn_certificates_is_taken_and_changes_by_whose_one_enters() {
    let ((certificate, key), authority) = (own(), authority());
    let list = |number: u64| {
        let parameters = rcgen::CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2025, 1, 2),
            next_update: rcgen::date_time_ymd(2031, 2, 3),
            crl_number: number.into(),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        parameters.signed_by(&authority).unwrap().pem().unwrap()
    };
    let read = |list: Option<&str>| {
        let authority = authority.pem();
        Tls::read(certificate.as_bytes(), key.as_bytes(), Some(authority.as_bytes()), list.map(str::as_bytes))
    };
    let (none, one, two) = (read(None).unwrap(), read(Some(&list(1))).unwrap(), read(Some(&list(2))).unwrap());
    assert!(none.authorities() != one.authorities() && one.authorities() != two.authorities());
    assert_eq!(none.renewed_by(), None);
    let until = one.renewed_by().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(until.as_secs(), 1_927_843_200);
    let broken = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n";
    for (list, what) in [("", "holds no list"), (&*authority.pem(), "holds no list"), (broken, "cannot be used")] {
        let refused = read(Some(list)).unwrap_err();
        assert!(refused.file == TlsFile::ClientCrl && refused.what.contains(what), "{refused:?}, not {what}");
    }
}

#[test]
fn who_shows_a_certificate_goes_by_the_first_name_in_it() {
    let uri = SanType::URI("spiffe://example/desk".try_into().unwrap());
    let dns = SanType::DnsName("desk.example".try_into().unwrap());
    let mail = SanType::Rfc822Name("desk@example".try_into().unwrap());
    assert_eq!(name(Some("desk"), &[mail.clone(), dns.clone(), uri]), "spiffe://example/desk");
    assert_eq!(name(Some("desk"), &[mail.clone(), dns]), "desk.example");
    assert_eq!(name(Some("desk"), &[mail]), "desk@example");
    assert_eq!(name(Some("dešk"), &[]), "dešk");
}

#[test]
fn who_has_no_name_that_can_be_taken_goes_by_the_digest() {
    for name in [name(None, &[]), name(Some(""), &[]), name(Some(&"x".repeat(300)), &[])] {
        assert!(name.starts_with("sha256:") && name.len() == 71, "{name}");
    }
    assert!(subject::principal(b"no certificate").identity.name.starts_with("sha256:"));
}

proptest! {
    #[test]
    fn whatever_a_certificate_holds_its_holder_has_a_name(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        static CERTIFICATE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let key = KeyPair::generate().unwrap();
            CertificateParams::new(["desk.example".to_owned()]).unwrap().self_signed(&key).unwrap().der().to_vec()
        });
        let mut certificate = CERTIFICATE.clone();
        for (at, byte) in changes {
            let at = at.index(certificate.len());
            certificate[at] = byte;
        }
        let name = subject::principal(&certificate).identity.name;
        prop_assert!((1..=255).contains(&name.len()));
        let _ = subject::expires(&certificate);
    }
}
