//! Who may enter: flags and settings as the gateway takes them.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use vanguard_gateway::http::{ALGORITHMS, IpNet, KeySet, KeySource, Keys, Paces, TokenConfig, Uri};

use crate::config::entry::{Entrance, Network};
use crate::config::{Layer, Origin, Set, Written};
use crate::exit::Failure;
use crate::reading;

/// The variable of 1.5.0 that holds a key in the clear.
pub(super) const KEY: &str = "VANGUARD_API_KEY";
/// The longest file of keys.
const MAX_KEYS_BYTES: u64 = 1 << 20;

/// Flags that say who may enter.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who may enter")]
#[expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]
pub(super) struct EntryFlags {
    /// File of keys that open the gateway [env: VANGUARD_API_KEY for one in the clear]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// File of the certificate that the gateway speaks https by (PEM)
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// File of its private key
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// File of the authorities of which a client must show a certificate
    #[arg(long, value_name = "FILE")]
    tls_client_ca: Option<PathBuf>,
    /// File of the certificates that these authorities have withdrawn (CRL)
    #[arg(long, value_name = "FILE")]
    tls_client_crl: Option<PathBuf>,
    /// Authorization server whose tokens (JWT) open the gateway, as they name it
    #[arg(long, value_name = "ISSUER")]
    jwt_issuer: Option<String>,
    /// For whom the tokens are, as a rule the gateway's own address; may be repeated
    #[arg(long, value_name = "AUDIENCE")]
    jwt_audience: Vec<String>,
    /// Address of the keys that the tokens are signed by
    #[arg(long, value_name = "URL", conflicts_with = "jwks_file")]
    jwks_url: Option<String>,
    /// File of the keys that the tokens are signed by
    #[arg(long, value_name = "FILE")]
    jwks_file: Option<PathBuf>,
    /// Address that clients know the gateway by, where something before it has another
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Address or network from which one may enter; may be repeated [env: VANGUARD_ALLOWED_IPS]
    #[arg(long, value_name = "CIDR")]
    allow_from: Vec<Network>,
    /// Address or network of a proxy whose X-Forwarded-For is believed; may be repeated
    #[arg(long, value_name = "CIDR")]
    trusted_proxy: Vec<Network>,
    /// Requests a second of each principal
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
    /// Requests a second from each address
    #[arg(long, value_name = "N")]
    address_rate: Option<NonZeroU32>,
}

impl EntryFlags {
    /// A layer for each flag.
    pub(super) fn layers(&self) -> Vec<Layer> {
        let mut layers = Vec::new();
        let mut add = |given: bool, flag: &'static str, write: &dyn Fn(&mut Written)| {
            if given {
                let mut written = Written::default();
                write(&mut written);
                layers.push(Layer { origin: Origin::Flag(flag), written });
            }
        };
        add(self.keys.is_some(), "--keys", &|w| w.entry.keys.clone_from(&self.keys));
        add(self.tls_cert.is_some(), "--tls-cert", &|w| w.entry.tls.certificate.clone_from(&self.tls_cert));
        add(self.tls_key.is_some(), "--tls-key", &|w| w.entry.tls.key.clone_from(&self.tls_key));
        add(self.tls_client_ca.is_some(), "--tls-client-ca", &|w| {
            w.entry.tls.client_ca.clone_from(&self.tls_client_ca);
        });
        add(self.tls_client_crl.is_some(), "--tls-client-crl", &|w| {
            w.entry.tls.client_crl.clone_from(&self.tls_client_crl);
        });
        add(self.jwt_issuer.is_some(), "--jwt-issuer", &|w| w.entry.jwt.issuer.clone_from(&self.jwt_issuer));
        add(!self.jwt_audience.is_empty(), "--jwt-audience", &|w| {
            w.entry.jwt.audience = Some(self.jwt_audience.clone());
        });
        add(self.jwks_url.is_some(), "--jwks-url", &|w| w.entry.jwt.jwks_url.clone_from(&self.jwks_url));
        add(self.jwks_file.is_some(), "--jwks-file", &|w| w.entry.jwt.jwks_file.clone_from(&self.jwks_file));
        add(self.public_url.is_some(), "--public-url", &|w| w.entry.public_url.clone_from(&self.public_url));
        add(!self.allow_from.is_empty(), "--allow-from", &|w| w.entry.allow_from = Some(self.allow_from.clone()));
        add(!self.trusted_proxy.is_empty(), "--trusted-proxy", &|w| {
            w.entry.trusted_proxies = Some(self.trusted_proxy.clone());
        });
        add(self.rate.is_some(), "--rate", &|w| w.entry.rate = self.rate);
        add(self.address_rate.is_some(), "--address-rate", &|w| w.entry.address_rate = self.address_rate);
        layers
    }
}

/// How fast somebody may ask, and how much may be open.
pub(super) fn paces(entrance: &Entrance) -> Paces {
    let open = entrance.open.value.map_or(Paces::OPEN, |most| most.get() as usize);
    Paces { principal: entrance.rate.value, address: entrance.address_rate.value, open }
}

/// Networks as the gateway takes them.
pub(super) fn networks(set: &Set<Vec<Network>>) -> Vec<IpNet> {
    set.value.iter().map(|network| network.0).collect()
}

/// The keys of the file, and the one of the environment.
pub(super) fn keys(file: Option<&Path>, variable: Option<&str>) -> Result<Option<Keys>, Failure> {
    let mut keys = Keys::default();
    if let Some(path) = file {
        let failed = |what: String| Failure::Configuration(format!("{}: {what}", path.display()));
        let text =
            reading::bounded(path, MAX_KEYS_BYTES).map_err(|failure| Failure::Configuration(failure.to_string()))?;
        let text = String::from_utf8(text).map_err(|_| failed("is not text".to_owned()))?;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.split_whitespace();
            let (Some(name), Some(digest)) = (words.next(), words.next()) else {
                return Err(failed(format!("line {number} is not `NAME SHA256 [role=NAME…] [scope=NAME…]`")));
            };
            keys.add_digest(name, digest, words).map_err(|error| failed(format!("line {number}: {error}")))?;
        }
        if keys.is_empty() {
            return Err(failed("holds no key".to_owned()));
        }
    }
    if let Some(key) = variable.filter(|key| !key.is_empty()) {
        keys.add("VANGUARD_API_KEY", key).map_err(|error| Failure::Configuration(format!("{KEY}: {error}")))?;
    }
    Ok((!keys.is_empty()).then_some(keys))
}

/// The tokens that open, where any do: then all must be said that they are checked by.
pub(super) fn tokens(entrance: &Entrance) -> Result<Option<TokenConfig>, Failure> {
    let Entrance { issuer, audience, jwks_url, jwks_file, algorithms, .. } = entrance;
    let keys = match (&jwks_url.value, &jwks_file.value) {
        (Some(_), Some(_)) => {
            let what = format!("jwks_url ({}) and jwks_file ({}): give one", jwks_url.origin, jwks_file.origin);
            return Err(Failure::Configuration(format!("entry.jwt: {what}")));
        }
        (Some(url), None) => Some(KeySource::Address(address("entry.jwt.jwks_url", url, &jwks_url.origin)?)),
        (None, Some(path)) => Some(KeySource::Set(key_set(path)?)),
        (None, None) => None,
    };
    match (&issuer.value, &audience.value[..], keys) {
        (None, [], None) => Ok(None),
        (Some(issuer), [_, ..], Some(keys)) => Ok(Some(TokenConfig {
            issuer: issuer.clone(),
            audiences: audience.value.clone(),
            keys,
            algorithms: match &algorithms.value[..] {
                [] => ALGORITHMS.to_vec(),
                named => named.iter().map(|name| name.meant()).collect(),
            },
        })),
        (issuer, audience, keys) => {
            let missing = [
                (issuer.is_none(), "who makes them (--jwt-issuer)"),
                (audience.is_empty(), "for whom they are (--jwt-audience)"),
                (keys.is_none(), "by which keys they are signed (--jwks-url or --jwks-file)"),
            ];
            let missing: Vec<_> = missing.iter().filter(|(missing, _)| *missing).map(|(_, what)| *what).collect();
            Err(Failure::Configuration(format!("tokens cannot be checked unless it is said {}", missing.join(" and "))))
        }
    }
}

/// The address that clients know the gateway by.
pub(super) fn public(set: &Set<Option<String>>) -> Result<Option<Uri>, Failure> {
    let Some(text) = &set.value else { return Ok(None) };
    let whole = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none();
    match text.parse::<Uri>() {
        Ok(uri) if whole(&uri) => Ok(Some(uri)),
        _ => Err(Failure::Configuration(format!(
            "entry.public_url ({}): `{text}` is no address of a server; write https://HOST",
            set.origin
        ))),
    }
}

/// An address whose answers can be trusted.
fn address(key: &str, text: &str, origin: &Origin) -> Result<Uri, Failure> {
    let here = |uri: &Uri| uri.host().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    match text.parse::<Uri>() {
        Ok(uri) if uri.scheme_str() == Some("https") || (uri.scheme_str() == Some("http") && here(&uri)) => Ok(uri),
        _ => Err(Failure::Configuration(format!(
            "{key} ({origin}): `{text}` is no https address; over http anybody on the way could give keys of their own"
        ))),
    }
}

fn key_set(path: &Path) -> Result<KeySet, Failure> {
    let bytes =
        reading::bounded(path, MAX_KEYS_BYTES).map_err(|failure| Failure::Configuration(failure.to_string()))?;
    KeySet::read(&bytes).map_err(|what| Failure::Configuration(format!("{}: {what}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::config::file::parse;

    fn entrance(text: &str) -> Entrance {
        let written = parse(text, "x").expect("valid");
        Settings::from_layers(vec![Layer { origin: Origin::User("x".into()), written }]).expect("valid").entry
    }

    #[test]
    fn tokens_are_checked_by_all_or_not_at_all() {
        assert!(tokens(&entrance("")).expect("none").is_none());
        let all = "entry: {jwt: {issuer: a, audience: [b], jwks_url: https://a/keys, algorithms: [ES256]}}";
        assert_eq!(tokens(&entrance(all)).expect("valid").expect("some").algorithms.len(), 1);
        for (text, expected) in [
            ("issuer: a", "--jwt-audience) and by which keys"),
            ("issuer: a, jwks_url: https://a/", "--jwt-audience)"),
            ("audience: [a], jwks_url: https://a/", "--jwt-issuer"),
            ("issuer: a, audience: [b], jwks_url: http://a/", "is no https address"),
            ("issuer: a, audience: [b], jwks_url: https://a/, jwks_file: c", "give one"),
            ("issuer: a, audience: [b], jwks_file: no/such", "no/such"),
        ] {
            let failure = tokens(&entrance(&format!("entry: {{jwt: {{{text}}}}}"))).expect_err("refused").to_string();
            assert!(failure.contains(expected), "{text}: {failure}");
        }
    }

    #[test]
    fn no_algorithm_with_a_shared_secret_can_be_named() {
        for name in ["HS256", "none", "RSA1_5"] {
            let text = format!("entry: {{jwt: {{algorithms: [{name}]}}}}");
            assert!(parse(&text, "x").is_err(), "{name}");
        }
    }
}
