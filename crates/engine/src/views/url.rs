//! URLs and hosts in the one spelling that a resolver acts on.
//!
//! The `url` crate reads them as browsers do; on top of that, whatever some other client would connect to appears as
//! a line of its own: the IPv4 address inside an IPv6 one, the host after the last `@`, the host of schemes whose
//! hosts the standard leaves alone (`gopher://0x7f.1`).

mod address;
mod find;

use url::{Host, Url};

use address::embedded_v4;

/// The most URLs of one text that are looked at.
pub(super) const MOST: usize = 32;

/// The longest URL that is looked at; longer ones are cut.
const LONGEST: usize = 2048;

/// Lines of canonical URLs, each once.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) text: String,
    count: usize,
    /// Whether there were more.
    pub(super) cut: bool,
}

impl Lines {
    fn push(&mut self, line: &str) {
        if line.is_empty() || self.text.lines().any(|seen| seen == line) {
            return;
        }
        if self.count >= MOST {
            self.cut = true;
            return;
        }
        if self.count > 0 {
            self.text.push('\n');
        }
        self.text.push_str(line);
        self.count = self.count.saturating_add(1);
    }
}

/// Adds a value that is a URL, or a host with or without port and path, as a whole.
pub(super) fn whole(value: &str, lines: &mut Lines) {
    let value = value.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    if value.is_empty() {
        return;
    }
    let value = cut(value);
    // The URL standard drops them wherever they are.
    let without: String;
    let value = if value.contains(['\t', '\n', '\r']) {
        without = value.replace(['\t', '\n', '\r'], "");
        &without
    } else {
        value
    };
    // `localhost:80` and `host:80/x` parse as URLs with a scheme of their own.
    match find::scheme_of(value) {
        Some(_) => canonical(value, lines),
        None => bare(value.trim_start_matches(['/', '\\']), lines),
    }
}

/// Adds all URLs inside a text.
pub(super) fn inside(text: &str, lines: &mut Lines) {
    let mut urls = find::urls(text);
    for url in urls.by_ref().take(MOST) {
        canonical(url, lines);
    }
    lines.cut |= urls.next().is_some();
}

/// Adds a word of a command that names an address without a scheme, in another spelling than the plain one, which
/// every view shows already: `curl 0x7f.1/x`, `nc 2130706433 80`. Link-local ones, where clouds keep their metadata,
/// are added in any spelling.
pub(super) fn word(word: &str, lines: &mut Lines) {
    if !find::may_be_address(word) {
        return;
    }
    let Ok(url) = Url::parse(&format!("http://{}", cut(word))) else { return };
    let disguised = match url.host() {
        Some(Host::Ipv4(v4)) => v4.is_link_local() || !word.starts_with(&v4.to_string()),
        Some(Host::Ipv6(_)) => true,
        _ => false,
    };
    if disguised {
        add(&url, lines);
    }
}

fn cut(url: &str) -> &str {
    let end = (0..=LONGEST.min(url.len())).rev().find(|&at| url.is_char_boundary(at)).unwrap_or(0);
    url.get(..end).unwrap_or(url)
}

fn canonical(text: &str, lines: &mut Lines) {
    if let Ok(url) = Url::parse(text) {
        add(&url, lines);
        if !is_special(url.scheme())
            && let Some(host) = url.host_str().filter(|host| !host.is_empty())
            && let Some(port) = Some(url.port().map(|port| format!(":{port}")).unwrap_or_default())
        {
            bare(&format!("{host}{port}{}", url.path()), lines);
        }
    }
    other_readings(text, lines);
}

/// A host without a scheme, read as a browser's address bar does.
fn bare(text: &str, lines: &mut Lines) {
    if let Ok(url) = Url::parse(&format!("http://{text}")) {
        add(&url, lines);
    }
}

/// `http://a\@b/` is `a` to a browser and `b` to a client of RFC 3986; of `http://a#@b/` and `http://a:80:\@@b/` clients
/// make one or the other as well. So each part of such an authority is a host. An `@` further into a query or path
/// deceives nobody.
fn other_readings(text: &str, lines: &mut Lines) {
    let Some((_, rest)) = text.split_once("://") else { return };
    let signs = ['\\', '#', '?', '@', ' ', '\t', '\r', '\n'];
    let doubtful = |before: &str| {
        let between = before.rfind(signs).and_then(|at| before.get(at..));
        between.is_some_and(|between| between.len() <= 4 && !between.contains(|c: char| c.is_alphanumeric()))
    };
    for (at, _) in rest.match_indices('@').take(8) {
        let Some((before, after)) = rest.split_at_checked(at).filter(|(before, _)| doubtful(before)) else { continue };
        bare(after.trim_start_matches('@'), lines);
        for part in before.split(signs).filter(|part| !part.is_empty()).take(4) {
            bare(part.split_once(':').map_or(part, |(host, _)| host), lines);
        }
    }
}

fn add(url: &Url, lines: &mut Lines) {
    let mut url = url.clone();
    if !url.username().is_empty() || url.password().is_some() {
        lines.push(url.as_str());
        let _without = url.set_password(None).and_then(|()| url.set_username(""));
    }
    // `localhost.` is `localhost`; `https://...` leads nowhere.
    let undotted =
        url.domain().and_then(|host| host.strip_suffix('.')).filter(|host| !host.ends_with('.')).map(str::to_owned);
    if let Some(host) = undotted {
        let _parsed = url.set_host(Some(&host));
    }
    lines.push(url.as_str());
    if let Some(Host::Ipv6(v6)) = url.host()
        && let Some(v4) = embedded_v4(v6)
    {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        lines.push(&format!("http://{v4}{port}{}", url.path()));
    }
}

/// Schemes whose hosts the URL standard itself canonicalises.
fn is_special(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ws" | "wss" | "ftp" | "file")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_host(value: &str) -> String {
        let mut lines = Lines::default();
        whole(value, &mut lines);
        lines.text
    }

    fn of_text(text: &str) -> String {
        let mut lines = Lines::default();
        inside(text, &mut lines);
        lines.text
    }

    #[test]
    fn hosts_have_one_spelling() {
        for (host, url) in [
            ("0x7f.1", "http://127.0.0.1/"),
            ("2130706433", "http://127.0.0.1/"),
            ("017700000001", "http://127.0.0.1/"),
            ("0177.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("127.1", "http://127.0.0.1/"),
            ("localhost:80", "http://localhost/"),
            ("localhost:6379", "http://localhost:6379/"),
            ("LOCALHOST.", "http://localhost/"),
            ("①②⑦.⓪.⓪.①", "http://127.0.0.1/"),
            ("１２７。０。０。１", "http://127.0.0.1/"),
            ("169.254.169.254/latest/meta-data", "http://169.254.169.254/latest/meta-data"),
            ("//169.254.169.254/x", "http://169.254.169.254/x"),
            ("%31%32%37.0.0.1", "http://127.0.0.1/"),
            ("[::1]", "http://[::1]/"),
            ("", ""),
        ] {
            assert_eq!(of_host(host), url, "{host}");
        }
    }

    #[test]
    fn every_host_that_some_client_connects_to_appears() {
        for (url, host) in [
            ("http://a@169.254.169.254/x", "http://169.254.169.254/x"),
            ("http://evil.example\\@169.254.169.254/", "http://169.254.169.254/"),
            ("http://evil.example#@169.254.169.254/", "http://169.254.169.254/"),
            ("http://127.1.1.1:80:\\@@127.2.2.2:80/", "http://127.1.1.1/"),
            ("http://127.1.1.1:80:\\@@127.2.2.2:80/", "http://127.2.2.2/"),
            ("http://169.254.\n169.254/", "http://169.254.169.254/"),
            ("http:169.254.169.254", "http://169.254.169.254/"),
            ("http:\\\\169.254.169.254", "http://169.254.169.254/"),
            ("gopher://0x7f.1:6379/_PING", "http://127.0.0.1:6379/_PING"),
            ("redis://2130706433/0", "http://127.0.0.1/0"),
            ("http://[::ffff:169.254.169.254]/x", "http://169.254.169.254/x"),
            ("http://[::ffff:a9fe:a9fe]:81/", "http://169.254.169.254:81/"),
            ("http://[64:ff9b::a9fe:a9fe]/", "http://169.254.169.254/"),
            ("http://[2002:a9fe:a9fe::]/", "http://169.254.169.254/"),
            ("http://[::169.254.169.254]/", "http://169.254.169.254/"),
            ("https://metadata.google.internal./", "https://metadata.google.internal/"),
        ] {
            assert!(of_host(url).lines().any(|line| line == host), "{url}: {}", of_host(url));
        }
    }

    #[test]
    fn urls_are_found_in_text() {
        assert_eq!(
            of_text("curl 'http://0x7f.1/a' https://example.com/?url=http://2130706433/b; x"),
            "http://127.0.0.1/a\nhttps://example.com/?url=http://2130706433/b\nhttp://127.0.0.1/b"
        );
        assert_eq!(of_text("no :// url, http:// neither"), "");
    }

    #[test]
    fn words_are_addresses_only_in_the_shape_of_one() {
        let mut lines = Lines::default();
        for text in ["curl", "-s", "0x7f.1/x", "2852039166", "80", "example.com", "1.2.3", "10.0.0.1"] {
            word(text, &mut lines);
        }
        assert_eq!(lines.text, "http://127.0.0.1/x\nhttp://169.254.169.254/");
    }
}
