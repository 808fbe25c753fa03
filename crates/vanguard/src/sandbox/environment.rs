//! What a walled-in server finds in its environment: a list of what passes, and what is named.

use std::ffi::OsString;

use super::profile::Profiles;
use crate::config::Settings;

/// Variables that programs need and that hold no secrets.
const PASSED: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TERM",
    "TZ",
    "NO_COLOR",
    "NODE_PATH",
    "NODE_OPTIONS",
    "NODE_ENV",
    "NODE_EXTRA_CA_CERTS",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONUNBUFFERED",
    "VIRTUAL_ENV",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "DISPLAY",
    "XDG_RUNTIME_DIR",
];
/// Likewise, by how they begin. Proxies may hold a password, and without them nothing is reached.
const PASSED_LIKE: [&str; 7] =
    ["LC_", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];
/// Words in the name of a variable that looks like a key.
const KEYS: [&str; 8] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "APIKEY", "CREDENTIAL", "PRIVATE_KEY"];

/// Our own variables that the server may see. Others are left out, and said where they look like something it needs.
pub(super) fn passed_on(
    settings: &Settings,
    profiles: &Profiles,
    environment: &[(OsString, OsString)],
    warnings: &mut Vec<String>,
) -> Vec<(OsString, OsString)> {
    let mut passed = Vec::new();
    let mut kept_back = Vec::new();
    for (name, value) in environment {
        let text = name.to_string_lossy().into_owned();
        let named = settings.sandbox.env.iter().any(|known| known.value == text) || profiles.passes(&text);
        if named || PASSED.contains(&&*text) || PASSED_LIKE.iter().any(|start| text.starts_with(start)) {
            passed.push((name.clone(), value.clone()));
        } else if looks_like_key(&text) && !settings.server.env.value.contains_key(&text) {
            kept_back.push(text);
        }
    }
    if !kept_back.is_empty() {
        kept_back.sort();
        warnings.push(format!(
            "kept from the server, as they look like keys: {}. Name those that it needs in sandbox.env or by --pass-env",
            kept_back.join(", ")
        ));
    }
    passed
}

fn looks_like_key(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    KEYS.iter().any(|word| name.contains(word))
}
