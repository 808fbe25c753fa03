//! Pathname patterns that mean one well-known file: `/b?n/c[a]t`, `/e??/p*d`.

/// Programs and files that hide behind patterns.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "/etc/passwd", "/etc/shadow", "/etc/sudoers", "/etc/gshadow", "/etc/group", "/etc/hosts", "/etc/crontab", "/etc/issue",
    "/proc/self/environ", "/root/.ssh/id_rsa", "/dev/tcp",
    "/bin/cat", "/bin/sh", "/bin/bash", "/bin/nc", "/bin/rm", "/bin/ls", "/bin/id", "/bin/dd", "/bin/su", "/bin/ps", "/bin/cp",
    "/bin/mv", "/bin/ip", "/bin/ln", "/bin/dash", "/bin/zsh", "/bin/ncat", "/bin/netcat", "/bin/curl", "/bin/wget", "/bin/chmod",
    "/bin/chown", "/bin/echo", "/bin/base64", "/bin/head", "/bin/tail", "/bin/more", "/bin/less", "/bin/tac", "/bin/nl",
    "/bin/uname", "/bin/which", "/bin/ping", "/bin/kill", "/bin/touch", "/bin/mkdir", "/bin/busybox", "/bin/whoami", "/bin/env",
    "/bin/find", "/bin/grep", "/bin/sudo", "/bin/xxd", "/bin/perl", "/bin/ruby", "/bin/php", "/bin/python", "/bin/python3",
    "/bin/node", "/bin/socat", "/bin/telnet", "/bin/openssl", "/sbin/ifconfig", "/sbin/mkfs", "/sbin/iptables",
];

/// The one file that `pattern` is taken to mean. A program is spelt with a pattern only to hide it; in an argument the
/// pattern must leave little open, so that `/etc/*.d` stays what it is.
pub(super) fn resolve(pattern: &str, is_program: bool) -> Option<&'static str> {
    if !pattern.starts_with('/') || pattern.len() > 64 {
        return None;
    }
    let pattern = pattern.strip_prefix("/usr").filter(|rest| rest.starts_with('/')).unwrap_or(pattern);
    let last = pattern.rsplit('/').next().unwrap_or("");
    let stars = last.bytes().filter(|&byte| byte == b'*').count();
    let letters = last.bytes().filter(u8::is_ascii_alphabetic).count();
    let needed = if is_program { 1 } else { 2 };
    if stars > 0 && letters < needed || stars > 2 {
        return None;
    }
    KNOWN.iter().find(|known| matches(pattern.as_bytes(), known.as_bytes())).copied()
}

/// Whether `?`, `*` and `[…]` of `pattern` make it `name`. Goes back to the last `*` only: linear in their product.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut of) = (0_usize, 0_usize);
    let mut star: Option<(usize, usize)> = None;
    while of < name.len() {
        let step = match (pattern.get(at), name.get(of)) {
            (Some(b'*'), _) => {
                star = Some((at, of));
                at = at.saturating_add(1);
                continue;
            }
            (Some(b'?'), Some(&byte)) if byte != b'/' => Some(1),
            (Some(b'['), Some(&byte)) => in_class(pattern.get(at..).unwrap_or_default(), byte),
            (Some(sign), Some(byte)) if sign == byte => Some(1),
            _ => None,
        };
        match (step, star) {
            (Some(step), _) => {
                at = at.saturating_add(step);
                of = of.saturating_add(1);
            }
            (None, Some((after, from))) if name.get(from) != Some(&b'/') => {
                at = after.saturating_add(1);
                of = from.saturating_add(1);
                star = Some((after, of));
            }
            _ => return false,
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|&byte| byte == b'*'))
}

/// The length of the `[…]` that `pattern` begins with, if `byte` is in it.
fn in_class(pattern: &[u8], byte: u8) -> Option<usize> {
    let end = pattern.iter().skip(2).take(16).position(|&byte| byte == b']')?.saturating_add(2);
    let class = pattern.get(1..end)?;
    let (class, negated) = match class.split_first() {
        Some((b'!' | b'^', rest)) => (rest, true),
        _ => (class, false),
    };
    let plain = class.contains(&byte);
    let range = class.windows(3).any(|range| matches!(range, [low, b'-', high] if (*low..=*high).contains(&byte)));
    ((plain || range) != negated).then(|| end.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_hide_a_file_are_resolved() {
        for (pattern, is_program, file) in [
            ("/b?n/c?t", true, "/bin/cat"),
            ("/bin/c[a]t", true, "/bin/cat"),
            ("/usr/b*/w?oam?", true, "/bin/whoami"),
            ("/???/n?", true, "/bin/nc"),
            ("/e??/p*d", false, "/etc/passwd"),
            ("/etc/pass??", false, "/etc/passwd"),
            ("/etc/sh[!x]dow", false, "/etc/shadow"),
            ("/???/sha*w", false, "/etc/shadow"),
        ] {
            assert_eq!(resolve(pattern, is_program), Some(file), "{pattern}");
        }
    }

    #[test]
    fn ordinary_patterns_stay() {
        for pattern in ["/etc/*", "/etc/*.conf", "/var/log/*.log", "/etc/p*", "/bin/*", "src/*.rs", "/tmp/?", "/e*/x"] {
            assert_eq!(resolve(pattern, false), None, "{pattern}");
        }
    }
}
