//! What may change while the gateway runs, as flags, settings and files say it: at the start, and whenever they are read again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use vanguard_engine::Engine;
use vanguard_engine::policy::Profile;
use vanguard_gateway::http::{Terms, Tls};

use super::{Args, entry, tls};
use crate::commands::{warn, warn_all, wrap};
use crate::config::sources::Surroundings;
use crate::config::{Settings, show};
use crate::engine;
use crate::exit::Failure;

/// The settings that hold as soon as they are read again: keys, or beginnings of keys.
const AT_ONCE: [&str; 14] = [
    "profile",
    "rules.",
    "semantic.",
    "roles.",
    "tools.",
    "deny_as",
    "expose_block_reason",
    "compat",
    "entry.keys",
    "entry.jwt.",
    "entry.tls.",
    "entry.public_url",
    "entry.allow_from",
    "entry.trusted_proxies",
];

/// The terms that `settings` say, with the engine that is built of them.
pub(super) fn terms(args: &Args, settings: &Settings, engine: Engine) -> Result<Terms, Failure> {
    let variable = std::env::var(entry::KEY).ok();
    let keys = entry::keys(settings.entry.keys.value.as_deref(), variable.as_deref())?;
    let tokens = entry::tokens(&settings.entry)?;
    let tls = tls::tls(&settings.entry)?;
    let asks = keys.is_some() || tokens.is_some();
    protected(args, asks || tls.as_ref().is_some_and(Tls::asks_who), settings)?;
    if !asks {
        wrap::warn_of_tools(settings, "serve without keys and tokens");
    }
    Ok(Terms {
        engine,
        tls,
        keys,
        tokens,
        public: entry::public(&settings.entry.public_url)?,
        allow_from: entry::networks(&settings.entry.allow_from),
        trusted_proxies: entry::networks(&settings.entry.trusted_proxies),
        access: settings.serving.access_log.value.as_deref().map(access_log).transpose()?,
    })
}

/// The terms as they are said now. What differs from `begun` and cannot change while the gateway runs is told.
pub(super) fn renewed(args: &Args, begun: &Settings) -> Result<Terms, Failure> {
    let around = Surroundings::of_process();
    let mut resolved = args.wrap.resolve(args.layers(), &around)?;
    let waiting = waiting(begun, &resolved.settings);
    // Bodies are gathered, and processes were started, by those of the start.
    resolved.settings.limits.clone_from(&begun.limits);
    // It is opened anew where it is.
    resolved.settings.serving.access_log.clone_from(&begun.serving.access_log);
    let (engine, warnings) = engine::build(&resolved.settings, &around)?;
    let terms = terms(args, &resolved.settings, engine)?;
    // Last: what is refused before leaves them as they were.
    begun.policy.read_again()?;
    warn_all(waiting.iter().chain(&resolved.warnings).chain(&warnings));
    Ok(terms)
}

/// The settings that have changed and hold only after a restart.
fn waiting(begun: &Settings, now: &Settings) -> Vec<String> {
    let rows = |settings: &Settings| {
        let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in show::rows(settings, None) {
            if !AT_ONCE.iter().any(|key| row.key.starts_with(key)) {
                rows.entry(row.key).or_default().push(row.value);
            }
        }
        rows
    };
    let (begun, now) = (rows(begun), rows(now));
    let keys = begun.keys().chain(now.keys().filter(|key| !begun.contains_key(*key)));
    let changed = keys.filter(|key| begun.get(*key) != now.get(*key));
    changed.map(|key| format!("{key} has changed, which holds only after a restart")).collect()
}

/// Where requests are noted: for its owner to read, since addresses are of persons.
fn access_log(path: &Path) -> Result<File, Failure> {
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    opened.map_err(|error| {
        Failure::Configuration(format!("the access log {} cannot be written to: {error}", path.display()))
    })
}

/// Refuses to be open to everybody unless told so.
fn protected(args: &Args, asks: bool, settings: &Settings) -> Result<(), Failure> {
    if asks || args.host.is_loopback() {
        return Ok(());
    }
    let what = if !args.insecure_no_auth {
        "would be open to whoever reaches it; give --keys, --jwt-issuer or --tls-client-ca, or say --insecure-no-auth"
    } else if settings.profile.value == Profile::Strict {
        "would be open to whoever reaches it, which the profile `strict` does not allow; give --keys, --jwt-issuer or --tls-client-ca"
    } else {
        warn(&format!("{} is open to whoever reaches it (--insecure-no-auth)", args.host));
        return Ok(());
    };
    Err(Failure::Configuration(format!("{} {what}", args.host)))
}
