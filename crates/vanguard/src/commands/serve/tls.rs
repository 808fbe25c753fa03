//! What the gateway speaks https by: files as it takes them.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use vanguard_gateway::http::{Tls, TlsFile};

use crate::commands::warn;
use crate::config::Set;
use crate::config::entry::Entrance;
use crate::exit::Failure;
use crate::reading;

/// The longest of these files: the authorities of a whole system are a few hundred kilobytes.
const MAX_BYTES: u64 = 1 << 20;

/// The longest file of withdrawn certificates: lists of large authorities are some megabytes.
const MAX_CRL_BYTES: u64 = 32 << 20;

/// How long before its end a certificate is warned of.
const SOON: Duration = Duration::from_hours(14 * 24);

/// Certificate and key, and the authorities of clients, where any are named.
pub(super) fn tls(entrance: &Entrance) -> Result<Option<Tls>, Failure> {
    let Entrance { certificate, private_key, client_ca, client_crl, .. } = entrance;
    let named = |set: &Set<Option<PathBuf>>, key: &str| {
        set.value.as_ref().map(|path| format!("entry.tls.{key} ({}): {}", set.origin, path.display()))
    };
    if let (Some(alone), None) = (named(client_crl, "client_crl"), &client_ca.value) {
        let what = "it says what the authorities of clients have withdrawn; give them, too (--tls-client-ca)";
        return Err(Failure::Configuration(format!("{alone}: {what}")));
    }
    let (Some(chain), Some(key)) = (&certificate.value, &private_key.value) else {
        let alone = named(certificate, "certificate").or_else(|| named(private_key, "key"));
        return match alone.or_else(|| named(client_ca, "client_ca")) {
            None => Ok(None),
            Some(alone) => Err(Failure::Configuration(format!(
                "{alone}: https takes a certificate and its key; give both --tls-cert and --tls-key"
            ))),
        };
    };
    let authorities = client_ca.value.as_deref().map(read).transpose()?;
    let lists = client_crl.value.as_deref().map(|path| bounded(path, MAX_CRL_BYTES)).transpose()?;
    let tls = Tls::read(&read(chain)?, &read(key)?, authorities.as_deref(), lists.as_deref()).map_err(|error| {
        let path = match error.file {
            TlsFile::Certificate => Some(chain),
            TlsFile::Key => Some(key),
            TlsFile::ClientCa => client_ca.value.as_ref(),
            TlsFile::ClientCrl => client_crl.value.as_ref(),
        };
        let path = path.map(|path| path.display().to_string()).unwrap_or_default();
        Failure::Configuration(format!("{path}: {error}"))
    })?;
    if let Some(warning) = tls.expires().and_then(|expires| of_its_end(chain, expires, SystemTime::now())) {
        warn(&warning);
    }
    if let (Some(path), Some(until)) = (&client_crl.value, tls.renewed_by())
        && until < SystemTime::now()
    {
        warn(&format!(
            "{}: a list has expired, so certificates of its authority open no more; renew it",
            path.display()
        ));
    }
    Ok(Some(tls))
}

/// What deserves a warning of a certificate's end.
fn of_its_end(path: &Path, expires: SystemTime, now: SystemTime) -> Option<String> {
    let day = Timestamp::try_from(expires).ok()?.strftime("%F");
    let what = match expires.duration_since(now) {
        Ok(left) if left > SOON => return None,
        Ok(_) => "expires",
        Err(_) => "has expired, so clients refuse it,",
    };
    Some(format!("{}: the certificate {what} on {day}; renew it and have it read again (SIGHUP)", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    bounded(path, MAX_BYTES)
}

fn bounded(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    reading::bounded(path, most).map_err(|failure| Failure::Configuration(failure.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::parse;
    use crate::config::{Layer, Origin, Settings};

    fn refused(text: &str) -> Option<String> {
        let written = parse(&format!("entry: {{tls: {{{text}}}}}"), "x").expect("valid");
        let layers = vec![Layer { origin: Origin::User("u.yaml".into()), written }];
        tls(&Settings::from_layers(layers).expect("valid").entry).err().map(|failure| failure.to_string())
    }

    #[test]
    fn the_end_of_a_certificate_is_said_two_weeks_before() {
        let day = |number: u64| SystemTime::UNIX_EPOCH + Duration::from_hours(24 * number);
        let said = |now| of_its_end(Path::new("a.pem"), day(20_000), day(now));
        assert_eq!(said(19_980), None);
        assert!(said(19_990).expect("a warning").starts_with("a.pem: the certificate expires on 2024-10-04"));
        assert!(said(20_001).expect("a warning").contains("has expired"));
    }

    #[test]
    fn a_certificate_and_its_key_are_given_both_or_neither() {
        assert_eq!(refused(""), None);
        for alone in ["certificate: a", "key: a", "client_ca: a", "key: a, client_ca: b"] {
            let failure = refused(alone).expect("refused");
            assert!(failure.contains("u.yaml") && failure.contains("--tls-cert and --tls-key"), "{failure}");
        }
        let failure = refused("certificate: a, key: b, client_crl: c").expect("refused");
        assert!(failure.contains("--tls-client-ca"), "{failure}");
        let failure = refused("certificate: no/such, key: no/other").expect("refused");
        assert!(failure.starts_with("no/such: cannot be read"), "{failure}");
    }
}
