//! Names of hosts that look like others.

use crate::views::looks_like_latin;

/// Whether a host mixes Latin letters with look-alikes, or is spelt in look-alikes alone below a Latin top.
pub(super) fn is_one(host: &str) -> bool {
    if host.is_ascii() && !has_punycode(host) {
        return false;
    }
    let latin_top =
        host.trim_end_matches('.').rsplit('.').next().is_some_and(|top| top.is_ascii() && !has_punycode(top));
    host.split(['.', '。']).any(|label| {
        let decoded;
        let label = match label.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("xn--") => {
                decoded = decode_punycode(label.get(4..).unwrap_or_default()).unwrap_or_default();
                decoded.as_str()
            }
            _ => label,
        };
        let (mut latin, mut twins, mut others) = (0_usize, 0_usize, 0_usize);
        for c in label.chars().filter(|c| c.is_alphabetic()) {
            let count = match looks_like_latin(c) {
                _ if c.is_ascii() => &mut latin,
                Some(true) => &mut twins,
                Some(false) if u32::from(c) < 0x590 => &mut others,
                // `ü` is Latin, and kanji stands beside anything.
                _ => continue,
            };
            *count = count.saturating_add(1);
        }
        (latin > 0 && twins > 0 && others == 0)
            || (latin > 0 && twins.saturating_add(others) > 0 && latin_top && latin >= others)
            || (latin_top && latin == 0 && twins >= 4 && others == 0)
    })
}

fn has_punycode(host: &str) -> bool {
    host.as_bytes().windows(4).any(|four| four.eq_ignore_ascii_case(b"xn--"))
}

/// RFC 3492, for labels of at most 63 bytes; `None` for what is no punycode.
fn decode_punycode(label: &str) -> Option<String> {
    const BASE: u32 = 36;
    let (basic, extended) = label.rsplit_once('-').unwrap_or(("", label));
    let mut output: Vec<char> = basic.chars().collect();
    if label.len() > 63 || !label.is_ascii() {
        return None;
    }
    let (mut code, mut index, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = extended.bytes();
    while digits.len() > 0 {
        let before = index;
        let (mut weight, mut k) = (1_u32, BASE);
        loop {
            let digit = match digits.next()? {
                byte @ b'a'..=b'z' => byte.wrapping_sub(b'a'),
                byte @ b'A'..=b'Z' => byte.wrapping_sub(b'A'),
                byte @ b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(26),
                _ => return None,
            };
            let digit = u32::from(digit);
            index = index.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(BASE.saturating_sub(threshold))?;
            k = k.saturating_add(BASE);
        }
        let length = u32::try_from(output.len()).ok()?.checked_add(1)?;
        bias = adapt(index.saturating_sub(before), length, before == 0)?;
        code = code.checked_add(index.checked_div(length)?)?;
        index = index.checked_rem(length)?;
        output.insert(usize::try_from(index).ok()?, char::from_u32(code)?);
        index = index.saturating_add(1);
    }
    Some(output.into_iter().collect())
}

fn adapt(delta: u32, length: u32, is_first: bool) -> Option<u32> {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta = delta.checked_add(delta.checked_div(length)?)?;
    let mut k = 0_u32;
    while delta > 455 {
        delta /= 35;
        k = k.saturating_add(36);
    }
    Some(k.saturating_add(delta.saturating_mul(36).checked_div(delta.saturating_add(38))?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn look_alikes_are_told_from_languages() {
        for host in [
            "аpple.com",
            "xn--pple-43d.com",
            "gооgle.com",
            "pаypal.com",
            "githυb.com",
            "аррӏе.com",
            "xn--80ak6aa92e.com",
        ] {
            assert!(is_one(host), "{host}");
        }
        for host in [
            "apple.com",
            "müller.example",
            "xn--mller-kva.example",
            "例え.jp",
            "яндекс.рф",
            "президент.рф",
            "ελλάδα.gr",
            "россия.com",
            "日本abc.jp",
            "",
        ] {
            assert!(!is_one(host), "{host}");
        }
    }

    #[test]
    fn punycode_is_decoded() {
        for (label, name) in [
            ("mller-kva", "müller"),
            ("pple-43d", "аpple"),
            ("80ak6aa92e", "аррӏе"),
            ("r8jz45g", "例え"),
            ("a", "\u{80}"),
        ] {
            assert_eq!(decode_punycode(label).as_deref(), Some(name), "{label}");
        }
        assert_eq!(decode_punycode("99999999"), None);
    }

    proptest! {
        #[test]
        fn no_label_breaks_it(label in "[a-z0-9-]{0,70}") {
            let _any = decode_punycode(&label);
            is_one(&format!("xn--{label}.com"));
        }
    }
}
