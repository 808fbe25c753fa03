//! An address that something is sent to: https, or http on this machine; it holds no secret and leads nowhere else.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// An address, without a slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of something below it.
    pub(super) fn below(&self, path: &str) -> String {
        format!("{}/{path}", self.0)
    }
}

impl FromStr for Endpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const MAX: usize = 1000;
        let url = Url::parse(text.trim()).map_err(|_| "give an address, such as https://calendar.example")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address must hold no name and no password: it is shown and recorded");
        }
        if url.query().is_some() || url.fragment().is_some() || url.as_str().len() > MAX {
            return Err("an address must end with its path");
        }
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err("give an https address; http is for this machine only"),
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine_and_no_secret() {
        for good in ["https://a.example", "https://a.example/api/v1/", "http://localhost:80/x", "http://[::1]:8/x"] {
            let read: Endpoint = good.parse().expect(good);
            assert_eq!(read.as_str(), good.replace(":80/", "/").trim_end_matches('/'));
        }
        for bad in [
            "http://a.example",
            "http://127.0.0.1@a.example/",
            "https://user:secret@a.example/",
            "https://a.example/?key=1",
            "https://a.example/#x",
            "ftp://localhost/",
            "file:///etc/passwd",
            "a.example",
            "",
        ] {
            let error = bad.parse::<Endpoint>().expect_err(bad);
            assert!(!error.contains("secret"));
        }
    }
}
