//! Formats that prove themselves: check digits, checksums, structure.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const BASE64_URL: GeneralPurpose = lenient(&base64::alphabet::URL_SAFE);
const BASE64: GeneralPurpose = lenient(&base64::alphabet::STANDARD);

const fn lenient(alphabet: &base64::alphabet::Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

/// Whether the digits of `text` are a card number by its check digit.
pub(crate) fn luhn(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    if !(13..=19).contains(&digits.len()) {
        return false;
    }
    let sum = digits.iter().rev().enumerate().fold(0_u32, |sum, (n, digit)| {
        let doubled = if n % 2 == 1 { digit.saturating_mul(2) } else { *digit };
        sum.saturating_add(if doubled > 9 { doubled.saturating_sub(9) } else { doubled })
    });
    sum % 10 == 0
}

/// Whether `token` ends with the checksum of what stands before it, as GitHub and npm write it: `prefix_`, random
/// characters, and their CRC-32 in six digits of base 62.
pub(crate) fn crc(token: &str) -> bool {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((_, body)) = token.rsplit_once('_') else { return false };
    let Some((random, check)) = body.len().checked_sub(6).and_then(|at| body.split_at_checked(at)) else {
        return false;
    };
    let value = check.bytes().try_fold(0_u64, |value, byte| {
        let digit = DIGITS.iter().position(|known| *known == byte)?;
        Some(value.saturating_mul(62).saturating_add(u64::try_from(digit).ok()?))
    });
    !random.is_empty() && value == Some(u64::from(crc32(random.as_bytes())))
}

/// CRC-32 as in IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

/// Whether `token` begins with the header of a JSON web token.
pub(crate) fn is_jwt(token: &str) -> bool {
    let header = token.split('.').next().unwrap_or_default();
    json(header)
        .is_some_and(|header| header.contains("\"alg\"") || header.contains("\"enc\"") || header.contains("\"typ\""))
}

/// Whether `text` is base64 of what begins as a JSON object does.
pub(crate) fn is_base64_json(text: &str) -> bool {
    json(text).is_some()
}

/// The beginning of the JSON object that `text` is base64 of.
fn json(text: &str) -> Option<String> {
    // Whole groups of four decode whatever follows them.
    let length = text.len().min(400);
    let head = text.get(..length.saturating_sub(length % 4)).filter(|head| !head.is_empty())?;
    let decoded = BASE64_URL.decode(head).or_else(|_| BASE64.decode(head)).ok()?;
    let decoded = String::from_utf8_lossy(&decoded).into_owned();
    decoded.trim_start().strip_prefix('{')?.trim_start().starts_with('"').then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_ends_with_its_check_digit() {
        assert!(luhn("4539 1488 0343 6467"));
        assert!(!luhn("4539 1488 0343 6468"));
        assert!(!luhn("0"));
    }

    #[test]
    fn a_token_ends_with_its_checksum() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        // Made for this test: 30 characters and their checksum.
        let random = "a8Kd93LmQp27VxZr51TbYw64NsHc0e";
        let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let (mut value, mut check) = (crc32(random.as_bytes()), [0_u8; 6]);
        for place in check.iter_mut().rev() {
            *place = digits[(value % 62) as usize];
            value /= 62;
        }
        let check = std::str::from_utf8(&check).unwrap();
        assert!(crc(&format!("ghp_{random}{check}")));
        assert!(!crc(&format!("ghp_{random}{}", check.replace(&check[..1], "!"))));
        assert!(!crc("ghp_") && !crc("none") && !crc("ghp_é€é€é€"));
    }

    #[test]
    fn a_web_token_says_how_it_is_signed() {
        assert!(is_jwt("eyJhbGciOiJIUzI1NiJ9.eyJ1aWQiOjd9.x"));
        assert!(!is_jwt("eyA1ZXWmv5R8rysmZi54NagJwFwd7y5Dcmda.eyA.x"));
        assert!(is_base64_json("eyJ1aWQiOjd9"));
        assert!(!is_base64_json("aGVsbG8gd29ybGQ") && !is_base64_json("") && !is_base64_json("é"));
    }
}
