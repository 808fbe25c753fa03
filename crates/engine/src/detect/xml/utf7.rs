//! UTF-7 (RFC 2152): what an XML reader makes of `+ADw-` when the document declares that encoding.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const CODEC: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest text that is decoded.
const LONGEST: usize = 64 * 1024;

/// The text decoded, where it holds encoded signs.
pub(super) fn decode(text: &str) -> Option<String> {
    let text = text.get(..text.floor_char_boundary(LONGEST))?;
    let mut decoded = String::with_capacity(text.len());
    let mut changed = false;
    let mut pieces = text.split('+');
    decoded.push_str(pieces.next()?);
    for piece in pieces {
        let length = piece.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'/').count();
        let (run, rest) = piece.split_at(length);
        match characters(run) {
            Some(signs) if !run.is_empty() => {
                changed = true;
                decoded.push_str(&signs);
                decoded.push_str(rest.strip_prefix('-').unwrap_or(rest));
            }
            _ => {
                decoded.push('+');
                decoded.push_str(piece);
            }
        }
    }
    changed.then_some(decoded)
}

fn characters(run: &str) -> Option<String> {
    let bytes = CODEC.decode(run).ok()?;
    let units: Vec<u16> =
        bytes.chunks_exact(2).filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?))).collect();
    (!units.is_empty()).then(|| String::from_utf16(&units).ok()).flatten()
}
