//! Data that leaves in a URL: encoded in the labels of a host, or in whatever else of it was decoded.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Signs of what is worth stealing, in a text that was encoded in a URL.
const SIGNS: &[&str] = &[
    "root:x:0:",
    ":/bin/bash",
    ":/usr/sbin/nologin",
    "uid=0(",
    "PRIVATE KEY-----",
    "SECRET=",
    "SECRET_KEY",
    "ACCESS_KEY",
    "PASSWORD=",
    "PASSWD=",
    "API_KEY=",
    "APIKEY=",
    "TOKEN=",
    "_PASS=",
    "password=",
    "secret=",
    "api_key=",
    "token=",
    "ssh-rsa AAAA",
    "ssh-ed25519 AAAA",
    "DATABASE_URL",
    "aws_secret",
    "\"password\":",
    "\"secret\":",
    "\"api_key\":",
];

/// Where a decoded text holds one of the signs.
pub(super) fn secret_in(text: &str) -> Option<Range<usize>> {
    SIGNS.iter().find_map(|sign| {
        let at = memchr::memmem::find(text.as_bytes(), sign.as_bytes())?;
        Some(at..at.saturating_add(sign.len()))
    })
}

/// The fewest bytes that count as a message, by how easily an ordinary name becomes one.
const LEAST_HEX: usize = 8;
const LEAST_BASE32: usize = 10;
const LEAST_BASE64: usize = 15;

/// Whether labels of a host spell a text in hexadecimal, base32 or base64: names of machines become no text.
pub(super) fn in_labels(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').take(64).collect();
    let Some(own) = labels.len().checked_sub(2).and_then(|end| labels.get(..end)) else { return false };
    if own.iter().map(|label| label.len()).sum::<usize>() < 2 * LEAST_HEX {
        return false;
    }
    let mut joined = String::new();
    for label in own {
        if is_text(label) {
            return true;
        }
        // A counter or an id between the pieces is no part of them.
        if label.len() >= 6 {
            joined.push_str(label);
        }
    }
    own.len() > 1 && is_text(&joined)
}

fn is_text(label: &str) -> bool {
    let printable = |bytes: &[u8], least: usize| {
        bytes.len() >= least && bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
    };
    if label.len() < 2 * LEAST_HEX {
        return false;
    }
    if label.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        // Digits alone are a number: `3031…` would be digits again.
        return label.bytes().any(|byte| !byte.is_ascii_digit()) && printable(&from_hex(label), LEAST_HEX);
    }
    if from_base32(label).is_some_and(|bytes| printable(&bytes, LEAST_BASE32)) {
        return true;
    }
    let mixed = label.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    mixed && BASE64.decode(label).is_ok_and(|bytes| printable(&bytes, LEAST_BASE64))
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn from_hex(digits: &str) -> Vec<u8> {
    let value = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
    digits.as_bytes().as_chunks::<2>().0.iter().map(|[high, low]| value(*high).wrapping_shl(4) | value(*low)).collect()
}

fn from_base32(label: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0_u32, Vec::with_capacity(label.len()));
    for byte in label.trim_end_matches('=').bytes() {
        let value = match byte {
            b'a'..=b'z' => byte.wrapping_sub(b'a'),
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'2'..=b'7' => byte.wrapping_sub(b'2').wrapping_add(26),
            _ => return None,
        };
        bits = bits.wrapping_shl(5) | u32::from(value);
        count = count.wrapping_add(5);
        if count >= 8 {
            count = count.wrapping_sub(8);
            bytes.push(u8::try_from(bits.wrapping_shr(count) & 0xff).unwrap_or(0));
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_labels_are_told_from_names() {
        for host in [
            "7365637265745f6170695f6b6579.x.example.org",
            "4a6f686e446f65.53656372657431.x.example.org",
            "nbswy3dpeb3w64tmmqwca5dinfzsa2ltebqsa3dpnztq.d.example.org",
            "c2VjcmV0LXRva2VuLXZhbHVlLTEyMzQ1Njc4OTA.leak.example.org",
        ] {
            assert!(in_labels(host), "{host}");
        }
        for host in [
            "0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com",
            "d111111abcdef8.cloudfront.net",
            "abcdefghijklmnopqrstuvwxyz123456.lambda-url.us-east-1.on.aws",
            "internationalization-guidelines.example.com",
            "my-app-git-feature-branch-team-name.vercel.app",
            "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi.ipfs.dweb.link",
            "example.com",
            "",
        ] {
            assert!(!in_labels(host), "{host}");
        }
    }
}
