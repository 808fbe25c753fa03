//! By which name we are reached, and from which web page: what keeps a page in a browser from speaking to a server on the same machine.

use std::net::IpAddr;

use hyper::header::{HOST, HeaderMap, ORIGIN};
use hyper::{StatusCode, Uri};

use super::headers::one;
use super::reply::Fault;

/// Names and origins that are let in.
#[derive(Debug)]
pub(super) struct Gate {
    hosts: Vec<String>,
    origins: Vec<String>,
    /// Any name will do: who enters shows a key or a token, which no web page has.
    any_host: bool,
}

impl Gate {
    pub(super) fn new(hosts: &[String], origins: &[String], keys_are_asked_for: bool) -> Self {
        let lower = |names: &[String]| names.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { hosts: lower(hosts), origins: lower(origins), any_host: keys_are_asked_for && hosts.is_empty() }
    }

    /// Checks `Host` and `Origin`. By an address of numbers no name can be rebound, so any will do; and so it will where a client
    /// that has us for its proxy asks `of_another`, whose name is not ours: no page makes its browser do that.
    pub(super) fn check(&self, uri: &Uri, headers: &HeaderMap, of_another: bool) -> Result<(), Fault> {
        let bad = |what| Fault::new(StatusCode::BAD_REQUEST, what);
        let host = one(headers, &HOST).ok().flatten().ok_or_else(|| bad("there must be one Host header"))?;
        if uri.authority().is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host)) {
            return Err(bad("the Host header differs from the request's target"));
        }
        let name = name(host);
        if !(of_another
            || self.any_host
            || is_local(&name)
            || name.parse::<IpAddr>().is_ok()
            || self.hosts.contains(&name))
        {
            return Err(Fault::new(StatusCode::MISDIRECTED_REQUEST, "this Host is not served here (--allow-host)"));
        }
        let origin = one(headers, &ORIGIN).map_err(|_| bad("there must be one Origin header"))?;
        if !origin.is_none_or(|origin| self.lets_in(&origin.to_ascii_lowercase())) {
            return Err(Fault::new(StatusCode::FORBIDDEN, "this Origin is not let in (--allow-origin)"));
        }
        Ok(())
    }

    fn lets_in(&self, origin: &str) -> bool {
        let of_loopback = || {
            let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            authority.is_some_and(|authority| is_local(&name(authority)))
        };
        self.origins.iter().any(|known| known == origin) || of_loopback()
    }
}

/// A host without its port.
fn name(host: &str) -> String {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.to_ascii_lowercase()
}

fn is_local(name: &str) -> bool {
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(gate: &Gate, headers: &[(&'static str, &str)]) -> Option<Fault> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        gate.check(&Uri::from_static("/mcp"), &headers, false).err()
    }

    fn passes(gate: &Gate, host: &str, origin: Option<&str>) -> bool {
        let origin = origin.map(|origin| ("origin", origin));
        status(gate, &[&[("host", host)][..], origin.as_slice()].concat()).is_none()
    }

    #[test]
    fn a_page_elsewhere_does_not_reach_us() {
        let gate = Gate::new(&["Gateway.example".to_owned()], &["https://app.example".to_owned()], false);
        for host in ["localhost", "LocalHost:8080", "127.0.0.1:1", "[::1]:8080", "192.168.0.7:80", "gateway.example"] {
            assert!(passes(&gate, host, None), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8080", ""] {
            assert!(!passes(&gate, host, None), "{host}");
        }
        for origin in ["http://localhost:6274", "https://127.0.0.1", "http://[::1]:1", "https://app.example"] {
            assert!(passes(&gate, "localhost", Some(origin)), "{origin}");
        }
        for origin in [
            "null",
            "http://evil.example",
            "https://app.example.evil",
            "http://localhost.evil",
            "http://192.168.0.7",
            "",
        ] {
            assert!(!passes(&gate, "localhost", Some(origin)), "{origin}");
        }
    }

    #[test]
    fn who_shows_a_key_may_call_us_as_they_like_but_not_from_any_page() {
        let gate = Gate::new(&[], &[], true);
        assert!(passes(&gate, "anything.example", None));
        assert!(!passes(&gate, "anything.example", Some("http://anything.example")));
    }
}
