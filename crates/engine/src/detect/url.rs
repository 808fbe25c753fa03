//! URLs and hosts: where they lead, by the class of the address or by name, and whether their spelling hides it.
//!
//! The `url` view shows URLs in their one spelling, so classes are told there. What was done to hide it shows only in
//! the decodings before.

mod address;
mod authority;
mod homograph;
mod leak;
mod names;

use std::net::IpAddr;
use std::ops::Range;

use super::{Family, Found, Look};
use crate::role::Roles;
use crate::views::ViewKind;

use address::Class;
use authority::{Address, Spelling};
use names::Names;

/// Detectors of URLs and hosts.
pub(super) const FAMILY: Family = Family { name: "url", kinds: KINDS, look };

const KINDS: &[&str] = &[
    "metadata",
    "rebinding",
    "catcher",
    "tunnel",
    "upload",
    "scheme",
    "loopback",
    "loopback_bare",
    "loopback_alias",
    "private",
    "link_local",
    "special",
    "inner_admin",
    "probe",
    "disguised",
    "userinfo",
    "homograph",
    "leak",
    "script",
    "inward",
];

/// What is found, by its place in [`KINDS`]; the classes of names come first, in the order of [`names::CLASSES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Metadata,
    Scheme = 5,
    Loopback,
    LoopbackBare,
    LoopbackAlias,
    Private,
    LinkLocal,
    Special,
    InnerAdmin,
    Probe,
    Disguised,
    Userinfo,
    Homograph,
    Leak,
    Script,
    /// Any address that the open network does not reach.
    Inward,
}

/// Whether an address is one that the open network does not reach.
pub(crate) fn leads_inward(address: IpAddr) -> bool {
    Class::of_address(address) != Class::Public
}

/// Whether a host in its canonical spelling is known to lead to such a one, without asking anybody.
pub(crate) fn host_leads_inward(host: &str) -> bool {
    Class::of_host(host) != Class::Public
}

/// The most URLs of one text that are looked at, and how far each.
const MOST: usize = 64;
const LONGEST: usize = 2048;

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    match look.chain.kind() {
        ViewKind::Url => canonical(look.view, found),
        ViewKind::Shell => words(look.view, found),
        ViewKind::Path => {}
        kind => {
            if matches!(kind, ViewKind::Base64 | ViewKind::Hex)
                && look.roles.intersects(Roles::URL | Roles::HOST)
                && let Some(range) = leak::secret_in(look.view)
            {
                found(Kind::Leak as usize, range);
            }
            spelt(look, found);
        }
    }
}

/// Canonical URLs, one a line.
fn canonical(view: &str, found: &mut Found<'_>) {
    let mut start = 0_usize;
    let mut spoke_another = false;
    for line in view.split('\n').take(MOST) {
        let range = start..start.saturating_add(line.len());
        start = range.end.saturating_add(1);
        let Some(mut address) = Address::of(line) else { continue };
        // The view shows the host of `redis://…` as `http://…`, too.
        address.is_web &= !spoke_another;
        spoke_another = address.speaks_another();
        leads_to(&address, &range, found);
    }
}

/// What one canonical URL leads to.
fn leads_to(address: &Address<'_>, range: &Range<usize>, found: &mut Found<'_>) {
    let mut tell = |kind: Kind| found(kind as usize, range.clone());
    let class = Class::of_host(address.host);
    match class {
        Class::Metadata => tell(Kind::Metadata),
        Class::Loopback => {
            tell(Kind::Loopback);
            if address.port.is_none() && address.is_web {
                tell(Kind::LoopbackBare);
            }
        }
        // `http://0.0.0.0:8000/` is what servers print; without a port nobody means it.
        Class::Unspecified if address.port.is_some_and(|port| port >= 1024) => tell(Kind::Loopback),
        Class::LoopbackAlias | Class::Unspecified => tell(Kind::LoopbackAlias),
        Class::Private => tell(Kind::Private),
        Class::LinkLocal => tell(Kind::LinkLocal),
        Class::Special => tell(Kind::Special),
        Class::Public | Class::Cluster | Class::Nowhere => {}
    }
    if class != Class::Public {
        tell(Kind::Inward);
    }
    let inner =
        matches!(class, Class::Loopback | Class::LoopbackAlias | Class::Unspecified | Class::Private | Class::Cluster);
    if inner && address.is_web {
        if address.asks_for_administration() || (class == Class::Cluster && address.rest.len() > 1) {
            tell(Kind::InnerAdmin);
        }
        if address.port.is_some_and(is_no_web_port) {
            tell(Kind::Probe);
        }
    }
    if class == Class::Public {
        if let Some(class) = Names::get().class_of(address.host, !address.has_path()) {
            found(class, range.clone());
        }
        if leak::in_labels(address.host) {
            found(Kind::Leak as usize, range.clone());
        }
    }
}

/// Ports of services that speak no HTTP, or that obey whoever reaches them by it.
fn is_no_web_port(port: u16) -> bool {
    matches!(
        port,
        // The ports of HTTP are here where the other of its schemes is meant.
        80 | 443 | 21..=23 | 25 | 53 | 69 | 110 | 111 | 135 | 139 | 143 | 161 | 389 | 445 | 465 | 512..=515 | 587 | 636 | 873 | 993
            | 995 | 1099 | 1433 | 1521 | 2049 | 2181 | 2375..=2377 | 2379 | 2380 | 3306 | 3389 | 4369 | 4444 | 5432 | 5900
            | 5985 | 5986 | 6379 | 6443 | 8009 | 9042 | 10250 | 10255 | 11211 | 27017 | 50070
    )
}

/// Words of commands that name a host without a scheme.
fn words(view: &str, found: &mut Found<'_>) {
    let bytes = view.as_bytes();
    let mut done = 0_usize;
    for dot in memchr::memchr_iter(b'.', bytes) {
        if dot < done {
            continue;
        }
        let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let before = bytes.get(done..dot).unwrap_or_default().iter().rev().take_while(|byte| is_host(byte)).count();
        let after = bytes.get(dot..).unwrap_or_default().iter().take_while(|byte| is_host(byte)).count();
        let range = dot.saturating_sub(before)..dot.saturating_add(after);
        done = range.end;
        let Some(host) = view.get(range.clone()).filter(|host| (4..=253).contains(&host.len())) else { continue };
        // A file has a name, too; a host follows a blank, a scheme, a user or an equals sign.
        let led = range.start.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
        let led_by_path = led == b'/' && range.start.checked_sub(2).and_then(|at| bytes.get(at)) != Some(&b'/');
        if led_by_path || !matches!(led, b' ' | b'\n' | b'/' | b'@' | b'=' | b'"' | b'\'') {
            continue;
        }
        let has_path = matches!(bytes.get(range.end), Some(b'/' | b':'))
            && bytes.get(range.end.saturating_add(1)).is_some_and(|byte| !byte.is_ascii_whitespace());
        let lower = host.to_ascii_lowercase();
        let class = Class::of_host(&lower);
        if class == Class::Metadata {
            found(Kind::Metadata as usize, range);
        } else if let Some(class) = Names::get().class_of(&lower, !has_path) {
            found(class, range);
        }
    }
}

/// URLs as they were written.
fn spelt(look: &Look<'_>, found: &mut Found<'_>) {
    let acts = Roles::URL | Roles::HOST;
    let text = look.view;
    if look.roles.intersects(acts) && text.len() <= 8 * LONGEST {
        whole(text, look.roles, found);
    } else if look.roles.contains(Roles::ID) && text.len() <= 64 && Class::of_host(text.trim()) == Class::Metadata {
        found(Kind::Metadata as usize, 0..text.len());
    }
    if !look.roles.intersects(acts | Roles::COMMAND | Roles::CODE | Roles::ID | Roles::PATH) {
        return;
    }
    for at in memchr::memmem::find_iter(text.as_bytes(), "://").take(MOST) {
        let start = at.saturating_add(3);
        let Some(rest) = text.get(start..) else { continue };
        // In a query or in code the host may be anything; as a whole value it is a host.
        let Some(spelling) = Spelling::of(rest, look.roles.intersects(acts), look.chain.0.is_empty()) else { continue };
        let range = start..start.saturating_add(spelling.authority.len());
        judge_spelling(&spelling, range, found);
    }
}

fn judge_spelling(spelling: &Spelling<'_>, range: Range<usize>, found: &mut Found<'_>) {
    if spelling.is_disguised() {
        found(Kind::Disguised as usize, range.clone());
    }
    if spelling.misleads() {
        found(Kind::Userinfo as usize, range.clone());
    }
    if homograph::is_one(spelling.host) {
        found(Kind::Homograph as usize, range);
    }
}

/// A value that is a URL or a host as a whole.
fn whole(text: &str, roles: Roles, found: &mut Found<'_>) {
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let all = 0..text.len();
    // The URL standard drops them wherever they are: `java\tscript:`.
    let without: String;
    let trimmed = if trimmed.contains(['\t', '\n', '\r']) {
        without = trimmed.replace(['\t', '\n', '\r'], "");
        without.as_str()
    } else {
        trimmed
    };
    if let Some((scheme, rest)) = authority::scheme_of(trimmed) {
        let lower = scheme.to_ascii_lowercase();
        if Names::get().is_dangerous_scheme(&lower) && !rest.is_empty() {
            found(Kind::Scheme as usize, all.clone());
        }
        if lower == "data" && is_script(rest) {
            found(Kind::Script as usize, all.clone());
        }
        // Browsers complete `http:127.0.0.1` and `http:\\host`; no person and no program writes them.
        let is_odd = matches!(&*lower, "http" | "https" | "ws" | "wss" | "ftp") && !rest.starts_with("//");
        if is_odd && rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '/' | '\\' | '[')) {
            found(Kind::Disguised as usize, all);
        }
        return;
    }
    if roles.contains(Roles::HOST)
        && let Some(spelling) = Spelling::of(trimmed, true, true)
    {
        if spelling.is_disguised_host() {
            found(Kind::Disguised as usize, all.clone());
        }
        if homograph::is_one(spelling.host) {
            found(Kind::Homograph as usize, all);
        }
    }
}

/// Whether a `data:` URL holds a page with a script, or source code that a server runs.
fn is_script(rest: &str) -> bool {
    let head: String = rest.chars().take(LONGEST).collect::<String>().to_ascii_lowercase();
    let Some((kind, data)) = head.split_once(',') else { return false };
    let signs = ["<script", "<?php", "<?=", "<iframe", "javascript:", "onerror=", "onload="];
    // `PHNjcmlwd` is `<script`, `PD9wa` is `<?php`.
    let encoded = kind.contains(";base64")
        && ["phnjcmlwd", "pd9wa", "pgltzybzcm", "pd89"].iter().any(|sign| data.starts_with(sign));
    encoded || signs.iter().any(|sign| data.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::super::Signs;
    use super::*;
    use crate::rules::Direction;
    use crate::views::Chain;

    fn kinds(kind: Option<ViewKind>, roles: Roles, view: &str) -> Vec<&'static str> {
        let mut chain = Chain::default();
        chain.0.extend(kind);
        let mut kinds = Vec::new();
        let mut found = |kind: usize, range: Range<usize>| {
            assert!(view.get(range).is_some());
            kinds.push(KINDS[kind]);
        };
        look(
            &Look {
                view,
                signs: &Signs::of(view),
                chain: &chain,
                roles,
                direction: Direction::REQUEST,
                tool: None,
                meaning: None,
                kinds: u64::MAX,
            },
            &mut found,
        );
        kinds.retain(|kind| *kind != "inward" || roles.contains(Roles::HOST));
        kinds
    }

    #[test]
    fn kinds_stand_where_the_enumeration_says() {
        assert_eq!(KINDS.get(Kind::Scheme as usize), Some(&"scheme"));
        assert_eq!(KINDS.get(Kind::Script as usize), Some(&"script"));
        assert_eq!(KINDS.len(), Kind::Inward as usize + 1);
        assert!(names::CLASSES.iter().zip(KINDS).all(|(class, kind)| class == kind));
    }

    #[test]
    fn canonical_urls_have_classes() {
        for (url, expected) in [
            ("http://169.254.169.254/x", &["metadata"][..]),
            ("http://localhost:3000/", &["loopback"]),
            ("http://localhost/x", &["loopback", "loopback_bare"]),
            ("http://0.0.0.0:8000/", &["loopback"]),
            ("http://0.0.0.0/", &["loopback_alias"]),
            ("http://127.9.9.9/", &["loopback_alias"]),
            ("http://10.1.2.3/", &["private"]),
            ("http://10.1.2.3/internal-api", &["private", "inner_admin"]),
            ("http://localhost:8000/admin/", &["loopback"]),
            ("http://127.0.0.1:6379/", &["loopback", "probe"]),
            ("redis://127.0.0.1:6379/", &["loopback"]),
            ("http://[fe80::1]/", &["link_local"]),
            ("http://224.0.0.1/", &["special"]),
            ("https://example.com/", &[]),
            ("https://a.b.oast.fun/x", &["catcher"]),
            ("https://webhook.site/", &[]),
            ("https://webhook.site/0f", &["catcher"]),
        ] {
            assert_eq!(kinds(Some(ViewKind::Url), Roles::URL, url), expected, "{url}");
        }
    }

    #[test]
    fn what_the_open_network_does_not_reach_lies_inward() {
        for (url, inward) in [
            ("http://localhost/", true),
            ("http://10.0.0.1/", true),
            ("http://169.254.169.254/", true),
            ("http://[fd00::1]/", true),
            ("https://example.com/", false),
            ("https://203.0.113.7/", false),
        ] {
            assert_eq!(kinds(Some(ViewKind::Url), Roles::HOST, url).contains(&"inward"), inward, "{url}");
        }
    }

    #[test]
    fn words_of_commands_name_hosts() {
        assert_eq!(kinds(Some(ViewKind::Shell), Roles::COMMAND, "curl metadata.google.internal/x"), ["metadata"]);
        assert_eq!(kinds(Some(ViewKind::Shell), Roles::COMMAND, "nc x1.oastify.com 80"), ["catcher"]);
        assert!(kinds(Some(ViewKind::Shell), Roles::COMMAND, "cat docs/ngrok.io notes.txt").is_empty());
    }
}
