//! Authorities of URLs: read as they are, and judged by how they are written.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::address::{Class, embedded_v4};

/// A canonical URL in parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Address<'u> {
    scheme: &'u str,
    pub(super) host: &'u str,
    /// Where it is not the scheme's own.
    pub(super) port: Option<u16>,
    /// Path, query and fragment.
    pub(super) rest: &'u str,
    /// Whether it is fetched by HTTP.
    pub(super) is_web: bool,
}

impl<'u> Address<'u> {
    pub(super) fn of(url: &'u str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = split_port(authority);
        (!host.is_empty()).then_some(Self {
            scheme,
            host,
            port: port.parse().ok(),
            rest,
            is_web: matches!(scheme, "http" | "https"),
        })
    }

    /// Whether its scheme is none that the URL standard itself canonicalises.
    pub(super) fn speaks_another(&self) -> bool {
        !matches!(self.scheme, "http" | "https" | "ws" | "wss" | "ftp" | "file")
    }

    pub(super) fn has_path(&self) -> bool {
        self.rest.len() > 1 || self.port.is_some()
    }

    /// Whether it asks the server of an inner network, at its usual port, for what only administrators should.
    pub(super) fn asks_for_administration(&self) -> bool {
        let mut segments = self.rest.split(['/', '?', '#']).filter(|segment| !segment.is_empty());
        let Some(first) = segments.next() else { return false };
        if matches!(segments.next(), Some("json")) && matches!(first, "containers" | "images") {
            return true;
        }
        let first = first.replace("%61", "a");
        let is = |names: &[&str]| names.iter().any(|name| first.eq_ignore_ascii_case(name));
        let begins = |head: &str| first.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head));
        self.port.is_none_or(|port| matches!(port, 80 | 443))
            && (is(ADMINISTRATION) || begins("internal") || begins("admin") || begins("%25"))
    }
}

const ADMINISTRATION: &[&str] = &[
    "administrator",
    "manager",
    "management",
    "manage",
    "actuator",
    "console",
    "server-status",
    "server-info",
    "jolokia",
    "jmx-console",
    "web-console",
    "phpmyadmin",
    "pma",
    "private",
    "secret",
    "secrets",
    "debug",
    "env",
    "config",
    "heapdump",
    "solr",
    "jenkins",
    "script",
    "_cluster",
    "nginx_status",
    "fpm-status",
    "latest",
    "computemetadata",
    "metadata",
    "flag",
    ".env",
    ".git",
    ".svn",
    ".aws",
    ".ssh",
    ".htpasswd",
];

fn split_port(authority: &str) -> (&str, &str) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') && (!host.contains(':') || host.ends_with(']')) => (host, port),
        _ => (authority, ""),
    }
}

/// The scheme of a value, and what follows its colon.
pub(super) fn scheme_of(value: &str) -> Option<(&str, &str)> {
    let (scheme, rest) =
        value.split_at_checked(memchr::memchr(b':', value.as_bytes().get(..24).unwrap_or(value.as_bytes()))?)?;
    let rest = rest.strip_prefix(':')?;
    let letters = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'));
    // `localhost:3000` and `C:\x` have none.
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.len() > 1;
    (letters && begins && !rest.starts_with(|c: char| c.is_ascii_digit() && !is_web(scheme))).then_some((scheme, rest))
}

fn is_web(scheme: &str) -> bool {
    ["http", "https", "ws", "wss", "ftp"].iter().any(|web| scheme.eq_ignore_ascii_case(web))
}

/// An authority as it was written.
#[derive(Debug)]
pub(super) struct Spelling<'u> {
    /// All of it.
    pub(super) authority: &'u str,
    /// What stands before the `@`.
    user: Option<&'u str>,
    pub(super) host: &'u str,
    /// What follows it, up to the next blank.
    rest: &'u str,
    /// Whether the field is a URL and not a text with one in it.
    is_url: bool,
    /// Whether no decoding came before: `ann%40example.com@host` has one account.
    as_it_came: bool,
}

impl<'u> Spelling<'u> {
    /// Of what follows `://`.
    pub(super) fn of(rest: &'u str, is_url: bool, as_it_came: bool) -> Option<Self> {
        let ends = |c: char| {
            matches!(c, '/' | '?' | '#')
                || (!is_url && (c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')' | ',' | '\\')))
        };
        let end = rest.char_indices().take(512).find(|(_, c)| ends(*c)).map_or(rest.len().min(512), |(at, _)| at);
        let (authority, rest) = rest.split_at_checked(end)?;
        let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
        let (host, _) = split_port(host);
        let rest = rest.get(..rest.len().min(64)).unwrap_or_default();
        (!authority.is_empty()).then_some(Self { authority, user, host, rest, is_url, as_it_came })
    }

    /// Whether the host is written so that it does not look like what it is.
    pub(super) fn is_disguised(&self) -> bool {
        let host = self.host;
        if let Some(v6) = host.strip_prefix('[') {
            return is_odd_v6(v6.strip_suffix(']').unwrap_or(v6));
        }
        let undotted = host.strip_suffix('.').unwrap_or(host);
        if undotted.len() < host.len() && is_inner(undotted) {
            return true;
        }
        if !host.is_ascii() {
            return host.chars().any(is_stand_in) || host.chars().any(crate::views::is_invisible);
        }
        if self.is_url && host.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return is_inner(&host.replace([' ', '\t', '\r', '\n'], ""));
        }
        if host.contains('%') {
            // `%s`, `%VAR%` and `%{host}` are for somebody to fill in.
            return host
                .split('%')
                .skip(1)
                .any(|code| code.get(..2).is_some_and(|code| code.bytes().all(|b| b.is_ascii_hexdigit())));
        }
        // `127.0.0.1!`
        let clean = host.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if clean.len() < undotted.len() && is_inner(clean) {
            return true;
        }
        ends_in_number(undotted) && undotted.parse::<Ipv4Addr>().is_err()
    }

    /// The same of a host without a scheme, where a lone number is a number and `1.2` a version.
    pub(super) fn is_disguised_host(&self) -> bool {
        let host = self.host;
        let odd = host.starts_with(['[', '0']) || host.starts_with("127.") || !host.is_ascii();
        let counts = host.len() > 8 && !host.contains(' ');
        odd && (counts || host.contains('.')) && self.rest.is_empty() && self.is_disguised()
    }

    /// Whether two readers see two hosts, or a person sees another than the reader.
    pub(super) fn misleads(&self) -> bool {
        if let Some(user) = self.user {
            let name = user.split(':').next().unwrap_or(user);
            // An account may be an address of mail, and a password have any sign.
            let like_host = !name.contains(['@', '%'])
                && name.rsplit_once('.').is_some_and(|(before, top)| {
                    // A name of a person is no host, whatever dots it has.
                    !before.is_empty()
                        && (2..=6).contains(&top.len())
                        && TOPS.contains(&top.to_ascii_lowercase().as_str())
                });
            let before_port = user.split(':').nth(1).is_none_or(|port| port.parse::<u16>().is_ok());
            let odd = user.contains(['\\', ' ', '\t', '\r', '\n', '#']) || user.contains("%23") || is_inner(name);
            let twice = self.as_it_came && name.contains('@');
            if odd || twice || (like_host && before_port) {
                return true;
            }
        }
        if !self.is_url {
            return false;
        }
        if self.authority.contains('\\') {
            return self.authority.contains('@') || self.rest.contains('@');
        }
        // `http://a#@b/`, `http://a?@b/`: `@` right after the sign that ends an authority.
        let mut after = self.rest.chars();
        let sign = after.next();
        let second = after.next();
        matches!(sign, Some('#' | '?'))
            && (second == Some('@') || (matches!(second, Some('\\' | '#' | '?' | '/')) && after.next() == Some('@')))
    }
}

/// Tops of names that are put before an `@` to be mistaken for the host.
const TOPS: &[&str] = &[
    "com", "org", "net", "io", "gov", "edu", "co", "dev", "app", "de", "uk", "fr", "us", "eu", "ai", "internal",
    "local",
];

fn is_inner(host: &str) -> bool {
    Class::of_host(host) != Class::Public
}

/// By the URL standard, a host whose last label is a number is an IPv4 address or invalid.
fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let digits = |text: &str, radix: u32| text.chars().all(|c| c.is_digit(radix));
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    !last.is_empty() && (digits(last, 10) || hexadecimal.is_some_and(|number| digits(number, 16)))
}

/// An IPv6 address with an IPv4 one inside, or loopback in another spelling than `::1`.
fn is_odd_v6(text: &str) -> bool {
    let bare = text.split('%').next().unwrap_or(text);
    if !bare.is_ascii() {
        return true;
    }
    match bare.parse::<Ipv6Addr>() {
        // A zone in a URL: RFC 6874.
        Ok(v6) if bare.len() < text.len() => is_inner(&v6.to_string()),
        Ok(v6) if v6.is_loopback() || v6.is_unspecified() => bare.len() > 3,
        Ok(v6) => embedded_v4(v6).is_some_and(|v4| is_inner(&v4.to_string()) || bare.contains('.')),
        Err(_) => false,
    }
}

/// Characters that browsers read as ASCII: enclosed, styled, full-width, raised.
fn is_stand_in(c: char) -> bool {
    matches!(
        c,
        '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}'..='\u{209c}' | '\u{2100}'..='\u{214f}' | '\u{2460}'..='\u{24ff}'
            | '\u{3002}' | '\u{ff01}'..='\u{ff61}' | '\u{1d400}'..='\u{1d7ff}' | '\u{1f100}'..='\u{1f1ff}' | '\u{2024}' | '\u{fe52}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling(url: &str) -> Spelling<'_> {
        Spelling::of(url.split_once("://").expect("a scheme").1, true, true).expect("an authority")
    }

    #[test]
    fn odd_spellings_are_told_from_plain_ones() {
        for url in [
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://0/",
            "http://256.1.1.1/",
            "http://010.1.1.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://[0:0::1]/",
            "http://[0000::1]:80/",
            "http://①②⑦.0.0.1/",
            "http://１２７.0.0.1/",
            "http://%31%32%37.0.0.1/",
            "http://localhost./",
            "http://127.0.0.1./",
            "http://169.254.\t169.254/",
            "http://127.0.0.1!/",
            "http://[fe80::1%25eth0]/",
            "http://loc\u{ad}alhost/",
            "http://u@0x7f.1:80/",
        ] {
            assert!(spelling(url).is_disguised(), "{url}");
        }
        for url in [
            "http://127.0.0.1/",
            "http://localhost:3000",
            "http://[::1]:80/",
            "http://[2606:4700::1111]/",
            "http://müller.example/",
            "http://яндекс.рф/",
            "http://example.com./",
            "http://1.example/",
            "http://4chan.example/",
            "http://%s/",
            "http://x.y.z/",
            "http://[2001:db8::1]/",
            "http://203.0.113.7:80/",
        ] {
            assert!(!spelling(url).is_disguised(), "{url}");
        }
    }

    #[test]
    fn hosts_before_the_sign_mislead_and_accounts_do_not() {
        for url in [
            "http://google.com@evil.example/",
            "http://google.com:80@127.0.0.1/",
            "http://a\\@b/",
            "http://a@b@c/",
            "http://a#@b/",
            "http://127.0.0.1:80\\@x/",
            "http://localhost@x.example/",
            "http://a%23@b/",
        ] {
            assert!(spelling(url).misleads(), "{url}");
        }
        for url in [
            "https://git@github.com/x",
            "https://user:pass@host/",
            "https://token@git.example.com/x",
            "https://ann.lee@host/",
            "https://ann.com:secret@host/",
            "https://ann%40example.com@host/",
            "https://ann:p%40ss@host/",
            "https://example.com/@user",
            "https://example.com/?q=@x",
            "https://example.com/#frag",
        ] {
            assert!(!spelling(url).misleads(), "{url}");
        }
    }

    #[test]
    fn parts_of_addresses() {
        let address = Address::of("http://u:p@[::1]:8080/a?b").expect("an address");
        assert_eq!((address.host, address.port, address.rest), ("[::1]", Some(8080), "/a?b"));
        assert!(Address::of("http://10.0.0.1/internal-api").is_some_and(|address| address.asks_for_administration()));
        assert!(Address::of("http://x:8000/admin/").is_some_and(|address| !address.asks_for_administration()));
        assert!(Address::of("mailto:x").is_none());
    }
}
