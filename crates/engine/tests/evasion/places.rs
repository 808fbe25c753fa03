//! Paths and URLs in the spellings that file systems, resolvers and clients take for the same place.

use std::net::Ipv4Addr;

use vanguard_engine::Role;

use super::coats::{BASE64, ESCAPE, FULL_WIDTH, HEX, HTML, INVISIBLE, PERCENT};
use super::harness::{Rng, Subject, Transformation, assert_found};

#[test]
fn climbs_stay_climbs() {
    let seeds = Subject::Value(Role::Path).each([
        "../../../../etc/passwd",
        "../../../srv/app/settings.py",
        "uploads/../../../../home/ann/notes.txt",
        "..\\..\\..\\..\\windows\\win.ini",
        "/var/www/html/../../../../../root/.ssh/id_rsa",
    ]);
    assert_found(
        &seeds,
        &[PERCENT, OVERLONG, PERCENT_U, SLASHES, STEPS, DETOUR, FULL_WIDTH, BASE64, HEX, ESCAPE, HTML, INVISIBLE],
        300,
        0.99,
    );
}

#[test]
fn places_stay_places() {
    let seeds = Subject::Value(Role::Path).each([
        "/etc/shadow",
        "~/.aws/credentials",
        "/home/ann/.config/gh/hosts.yml",
        "/proc/self/environ",
        "/var/run/docker.sock",
        "/run/secrets/db_password",
        "/home/ann/.mozilla/firefox/x.default/logins.json",
        "services/api/.env.production",
    ]);
    assert_found(
        &seeds,
        &[PERCENT, OVERLONG, STEPS, DETOUR, FILE_URI, FULL_WIDTH, BASE64, HEX, ESCAPE, HTML, INVISIBLE],
        300,
        0.99,
    );
}

#[test]
fn windows_has_many_names_for_one_file() {
    let seeds = Subject::Value(Role::Path).each([
        "C:\\Windows\\System32\\config\\SAM",
        "C:\\Users\\ann\\.ssh\\id_rsa",
        "C:\\Users\\ann\\AppData\\Local\\Google\\Chrome\\User Data\\Default\\Login Data",
        "C:\\inetpub\\wwwroot\\web.config",
    ]);
    assert_found(
        &seeds,
        &[CASE, SLASHES, LONG_FORM, TRAILING, STREAM, STEPS, DETOUR, PERCENT, FULL_WIDTH, HTML],
        300,
        0.99,
    );
}

#[test]
fn addresses_stay_addresses() {
    let seeds = Subject::Value(Role::Url).each([
        "http://169.254.169.254/latest/meta-data/",
        "http://169.254.169.254/computeMetadata/v1/",
        "http://100.100.100.200/latest/",
        "http://127.0.0.1/admin",
        "http://127.0.0.1:6379/",
    ]);
    assert_found(
        &seeds,
        &[
            ADDRESS,
            USER,
            DOT,
            CASE,
            BACKSLASHES,
            TABS,
            PERCENT,
            FULL_WIDTH,
            ENCLOSED,
            ESCAPE,
            HTML,
            BASE64,
            HEX,
            WILDCARD,
            INVISIBLE,
        ],
        300,
        0.99,
    );
}

#[test]
fn names_of_hosts_stay_names() {
    let seeds = Subject::Value(Role::Url).each([
        "http://metadata.google.internal/computeMetadata/v1/",
        "https://x1.oast.fun/x",
        "https://ab12.ngrok-free.app/in",
        "http://10.0.0.1.nip.io/",
        "gopher://198.51.100.7:70/_x",
        "file:///etc/passwd",
    ]);
    assert_found(
        &seeds,
        &[USER, DOT, CASE, TABS, PERCENT, FULL_WIDTH, ENCLOSED, ESCAPE, HTML, BASE64, HEX, INVISIBLE],
        300,
        0.99,
    );
}

/// Letters in any case, where it does not matter.
const CASE: Transformation = Transformation {
    name: "case",
    applies: |text| is_drive(text) || text.contains("://"),
    apply: |text, rng| {
        // Behind the host it would matter.
        let end =
            text.find("://").map_or(text.len(), |at| text[at + 3..].find('/').map_or(text.len(), |end| at + 3 + end));
        let (head, tail) = text.split_at(end);
        format!("{}{tail}", (super::coats::CASE.apply)(head, rng))
    },
};

/// Dots and separators in more bytes than UTF-8 allows.
const OVERLONG: Transformation = Transformation {
    name: "overlong",
    applies: is_path,
    apply: |text, rng| {
        let forms = |c: char, rng: &mut Rng| match c {
            '.' => rng.pick(&["%c0%ae", "%e0%80%ae", "%f0%80%80%ae", "%C0%AE"]).to_owned(),
            '/' => rng.pick(&["%c0%af", "%e0%80%af", "%f0%80%80%af"]).to_owned(),
            '\\' => rng.pick(&["%c1%9c", "%e0%81%9c"]).to_owned(),
            c => c.to_string(),
        };
        rng.some_chars(text, 60, forms)
    },
};

/// `%u002e`, `%uff0e`, `%u2215`.
const PERCENT_U: Transformation = Transformation {
    name: "percent-u",
    applies: is_path,
    apply: |text, rng| {
        let forms = |c: char, rng: &mut Rng| match c {
            '.' => rng.pick(&["%u002e", "%uff0e", "%U002E"]).to_lowercase(),
            '/' => rng.pick(&["%u002f", "%u2215", "%uff0f"]).to_owned(),
            '\\' => rng.pick(&["%u005c", "%u2216"]).to_owned(),
            c => c.to_string(),
        };
        rng.some_chars(text, 60, forms)
    },
};

/// The other separator.
const SLASHES: Transformation = Transformation {
    name: "slashes",
    applies: is_path,
    apply: |text, rng| {
        rng.some_chars(text, 50, |c, _| match c {
            '/' => "\\".to_owned(),
            '\\' => "/".to_owned(),
            c => c.to_string(),
        })
    },
};

/// `./` and doubled separators between names.
const STEPS: Transformation = Transformation {
    name: "steps",
    applies: is_path,
    apply: |text, rng| {
        let mut first = true;
        rng.some_chars(text, 50, |c, rng| {
            let inner = !std::mem::take(&mut first);
            match c {
                '/' if inner => rng.pick(&["/./", "//", "/././"]).to_owned(),
                '\\' if inner => rng.pick(&["\\.\\", "\\.\\.\\"]).to_owned(),
                c => c.to_string(),
            }
        })
    },
};

/// `x/../` between names.
const DETOUR: Transformation = Transformation {
    name: "detour",
    applies: |text| is_path(text) && text.len() < 400,
    apply: |text, rng| {
        let sign = if text.contains('\\') { '\\' } else { '/' };
        let places: Vec<usize> =
            text.char_indices().filter(|(at, c)| *c == sign && *at > 1).map(|(at, _)| at).collect();
        let at = rng.pick(&places);
        let name = rng.pick(&["x", "static", "a.b"]);
        format!("{}{sign}{name}{sign}..{}", &text[..at], &text[at..])
    },
};

/// A path from the root as a URL.
const FILE_URI: Transformation = Transformation {
    name: "file-uri",
    applies: |text| is_path(text) && text.starts_with('/') && !text.starts_with("//") && !text.contains('\\'),
    apply: |text, rng| {
        format!("{}{text}", rng.pick(&["file://", "file:", "FILE://", "file://localhost", "url:file://"]))
    },
};

/// A path of a drive as the kernel takes it.
const LONG_FORM: Transformation = Transformation {
    name: "long-form",
    applies: |text| is_drive(text),
    apply: |text, rng| format!("{}{text}", rng.pick(&["\\\\?\\", "\\\\.\\", "\\??\\", "//?/"])),
};

/// Dots and blanks that Windows drops.
const TRAILING: Transformation = Transformation {
    name: "trailing",
    applies: |text| is_path(text) && text.contains('\\') && text.ends_with(|c: char| c.is_ascii_alphanumeric()),
    apply: |text, rng| format!("{text}{}", rng.pick(&[".", "...", ". .", ".."])),
};

/// The stream that a file is anyway.
const STREAM: Transformation = Transformation {
    name: "stream",
    applies: |text| is_drive(text) && text.ends_with(|c: char| c.is_ascii_alphanumeric()),
    apply: |text, _| format!("{text}::$DATA"),
};

/// An address in another base, with fewer parts, with more digits, or inside IPv6.
const ADDRESS: Transformation = Transformation {
    name: "address",
    applies: |text| address_of(text).is_some(),
    apply: |text, rng| {
        let address = address_of(text).expect("applies");
        let [a, b, c, d] = address.octets();
        let bits = address.to_bits();
        let part = |n: u32, rng: &mut Rng| match rng.below(4) {
            0 => format!("{n:#x}"),
            1 => format!("0{n:o}"),
            2 => format!("0x0000{n:X}"),
            _ => n.to_string(),
        };
        let spelt = match rng.below(8) {
            0 => part(bits, rng),
            1 => format!("{}.{}", part(a.into(), rng), part(bits & 0xff_ffff, rng)),
            2 => format!("{}.{}.{}", part(a.into(), rng), part(b.into(), rng), part(bits & 0xffff, rng)),
            3 => [a, b, c, d].map(|n| part(n.into(), rng)).join("."),
            4 => format!("[::ffff:{address}]"),
            5 => format!("[::ffff:{:x}:{:x}]", bits >> 16, bits & 0xffff),
            6 => format!("[64:ff9b::{address}]"),
            _ => format!("[2002:{:x}:{:x}::]", bits >> 16, bits & 0xffff),
        };
        text.replacen(&address.to_string(), &spelt, 1)
    },
};

/// An account before the host.
const USER: Transformation = Transformation {
    name: "user",
    applies: |text| text.starts_with("http") && text.contains("://") && !text.contains('@'),
    apply: |text, rng| {
        text.replacen("://", &format!("://{}@", rng.pick(&["ann", "a:b", "example.com", "example.com:80"])), 1)
    },
};

/// The root of all names, written out.
const DOT: Transformation = Transformation {
    name: "dot",
    applies: |text| {
        host_of(text).is_some_and(|host| host.ends_with(|c: char| c.is_ascii_alphanumeric()) && !host.contains(':'))
    },
    apply: |text, _| {
        let host = host_of(text).expect("applies");
        text.replacen(host, &format!("{host}."), 1)
    },
};

/// `http:\\host`, `http:/host`, `http:host`.
const BACKSLASHES: Transformation = Transformation {
    name: "backslashes",
    applies: |text| text.starts_with("http://"),
    apply: |text, rng| text.replacen("://", rng.pick(&[":\\\\", ":/", ":", ":/\\", "://///"]), 1),
};

/// Tabs and line feeds, which the URL standard drops.
const TABS: Transformation = Transformation {
    name: "tabs",
    applies: |text| text.contains("://"),
    apply: |text, rng| rng.some_chars(text, 10, |c, rng| format!("{c}{}", rng.pick(&["\t", "\n", "\r"]))),
};

/// Enclosed digits and letters.
const ENCLOSED: Transformation = Transformation {
    name: "enclosed",
    applies: |text| host_of(text).is_some(),
    apply: |text, rng| {
        let host = host_of(text).expect("applies");
        let enclosed = rng.some_chars(host, 50, |c, _| match c {
            '0' => "⓪".to_owned(),
            '1'..='9' => char::from_u32(0x2460 + u32::from(c) - u32::from('1')).expect("a digit").to_string(),
            'a'..='z' => char::from_u32(0x24d0 + u32::from(c) - u32::from('a')).expect("a letter").to_string(),
            c => c.to_string(),
        });
        text.replacen(host, &enclosed, 1)
    },
};

/// A name that resolves to the address it begins with.
const WILDCARD: Transformation = Transformation {
    name: "wildcard",
    applies: |text| address_of(text).is_some(),
    apply: |text, rng| {
        let address = address_of(text).expect("applies").to_string();
        let dashed = address.replace('.', "-");
        let name = rng.pick(&["nip.io", "sslip.io", "xip.io"]);
        text.replacen(&address, &format!("{}.{name}", if rng.chance(50) { address.clone() } else { dashed }), 1)
    },
};

/// Whether a path wears no encoding yet, under which its separators would be others.
fn is_path(text: &str) -> bool {
    let begins = text.starts_with(['/', '~', '.']) || is_drive(text) || text.contains('.');
    let bare = text.is_ascii() && !text.contains([';', '&', '%']) && !text.contains("\\x") && !text.contains("\\u");
    begins && bare && text.char_indices().any(|(at, c)| at > 1 && matches!(c, '/' | '\\'))
}

fn is_drive(text: &str) -> bool {
    text.get(1..3) == Some(":\\") && text.is_ascii()
}

fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let authority = rest.split('/').next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?;
    (!host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))).then_some(host)
}

fn address_of(url: &str) -> Option<Ipv4Addr> {
    host_of(url)?.parse().ok()
}
