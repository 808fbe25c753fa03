//! How random what is to be written is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A shorter text has too few bytes to say.
pub(super) const SHORTEST: usize = 256;

/// Bits a byte of the content that `text` stands for: text that is base64 as a whole is judged as what it encodes.
pub(super) fn entropy(text: &str) -> f64 {
    let packed = text.trim_ascii();
    if is_base64(packed)
        && let Ok(bytes) = STANDARD.decode(packed)
    {
        return bits_a_byte(bytes.into_iter());
    }
    // Bytes that were passed off as Latin-1 stand for themselves; other text is measured as it is written.
    if !text.is_ascii() && text.chars().all(|c| u8::try_from(c).is_ok()) {
        return bits_a_byte(text.chars().filter_map(|c| u8::try_from(c).ok()));
    }
    bits_a_byte(text.bytes())
}

fn is_base64(text: &str) -> bool {
    text.len().is_multiple_of(4)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        // A long word is no base64.
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn bits_a_byte(bytes: impl Iterator<Item = u8>) -> f64 {
    let mut counts = [0_u32; 256];
    let mut all = 0_u32;
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count = count.saturating_add(1);
        }
        all = all.saturating_add(1);
    }
    let share = |count: u32| f64::from(count) / f64::from(all.max(1));
    counts.iter().filter(|count| **count > 0).map(|count| -share(*count) * share(*count).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_plain_and_noise_is_not() {
        let prose = "The relay reads a chunk, cuts it into lines and judges each. ".repeat(20);
        assert!(entropy(&prose) < 5.0);
        // A small generator of noise.
        let noise: Vec<u8> = (0_u32..4096).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
        assert!(entropy(&STANDARD.encode(&noise)) > 7.5, "what base64 stands for counts");
        let latin: String = noise.iter().map(|&byte| char::from(byte)).collect();
        assert!(entropy(&latin) > 7.5);
        assert!(entropy(&STANDARD.encode(prose)) < 5.0);
    }
}
