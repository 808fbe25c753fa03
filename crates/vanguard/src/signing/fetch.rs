//! Takes a rule set from an https URL: bounded in size and time, never downgraded to plain http.

use std::io::Read;
use std::time::Duration;

use ed25519_dalek::VerifyingKey;

use super::bundle::Bundle;
use super::manifest::MAX_BYTES;
use super::{MANIFEST, SIGNATURE};

/// Time for one file, redirects included.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Whether `source` is a URL rather than a directory.
pub(crate) fn is_url(source: &str) -> bool {
    source.contains("://")
}

/// Fetches and verifies the rule set below `base`.
pub(crate) fn fetch(base: &str, key: &VerifyingKey) -> Result<Bundle, String> {
    let loopback = is_loopback(base);
    if !base.starts_with("https://") && !loopback {
        return Err("rules are fetched over https only".to_owned());
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .https_only(!loopback)
        .max_redirects(if loopback { 0 } else { 3 })
        .user_agent(concat!("vanguard/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let get = |name: &str, most: u64| -> Result<Vec<u8>, String> {
        let url = format!("{}/{name}", base.trim_end_matches('/'));
        let failed = |error: String| format!("{name}: cannot be fetched: {error}");
        let mut response = agent.get(&url).call().map_err(|error| failed(error.to_string()))?;
        let mut content = Vec::new();
        let reader = response.body_mut().as_reader().take(most + 1);
        let mut reader = reader;
        reader.read_to_end(&mut content).map_err(|error| failed(error.to_string()))?;
        if content.len() as u64 > most { Err(format!("{name}: is longer than {most} bytes")) } else { Ok(content) }
    };
    let text = |name| String::from_utf8(get(name, MAX_BYTES)?).map_err(|_| format!("{name}: is not UTF-8 text"));
    Bundle::verify(&text(MANIFEST)?, &text(SIGNATURE)?, key, get)
}

/// Whether the URL's host is this machine, where plain http is nobody else's to read.
fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
    if authority.contains('@') {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use crate::signing::bundle;
    use vanguard_audit::key as keys;

    /// Serves the files of `dir` over http until the test ends.
    fn serve(dir: std::path::PathBuf) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut line = String::new();
                let _ = BufReader::new(&stream).read_line(&mut line);
                let name = line.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
                let mut stream = stream;
                let _ = match std::fs::read(dir.join(name)) {
                    Ok(body) => {
                        let head =
                            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                        stream.write_all(&[head.into_bytes(), body].concat())
                    }
                    Err(_) => {
                        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    }
                };
            }
        });
        url
    }

    #[test]
    fn only_https_or_this_machine() {
        let key = keys::generate().expect("random").verifying_key();
        for url in
            ["http://example.com/rules", "ftp://x/", "http://127.0.0.1@example.com/", "http://localhost.example.com/"]
        {
            assert_eq!(fetch(url, &key).expect_err("refused"), "rules are fetched over https only", "{url}");
        }
        assert!(
            is_loopback("http://[::1]:80/x") && is_loopback("http://localhost:1/") && !is_loopback("http://[::2]/")
        );
    }

    #[test]
    fn a_signed_set_is_fetched_and_a_changed_one_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("a.yaml"), "one").expect("written");
        let key = keys::generate().expect("random");
        bundle::sign(dir.path(), &key, 1).expect("signed");
        let url = serve(dir.path().to_owned());
        assert_eq!(fetch(&url, &key.verifying_key()).expect("valid").files["a.yaml"], "one");
        std::fs::write(dir.path().join("a.yaml"), "two").expect("written");
        assert!(fetch(&url, &key.verifying_key()).is_err());
        std::fs::write(dir.path().join("a.yaml"), "one and much more").expect("written");
        assert!(fetch(&url, &key.verifying_key()).expect_err("refused").contains("longer than 3 bytes"));
    }
}
