//! Encodings that servers undo whatever the field is, for any family to wear.
#![allow(dead_code, reason = "a family wears what its consumers undo")]

use base64::Engine as _;

use super::harness::{Rng, Transformation};

/// Some characters as `%XX`; in a text that is percent-encoded already, one layer more.
pub(crate) const PERCENT: Transformation = Transformation {
    name: "percent",
    applies: short,
    apply: |text, rng| {
        let share = rng.pick(&[20, 50, 100]);
        let upper = rng.chance(50);
        let byte = |b: &u8| if upper { format!("%{b:02X}") } else { format!("%{b:02x}") };
        let encoded = |c: char| c.to_string().as_bytes().iter().map(byte).collect();
        // An unencoded `%` beside digits would be another text.
        text.chars().map(|c| if c == '%' || rng.chance(share) { encoded(c) } else { c.to_string() }).collect()
    },
};

/// Some characters as HTML character references.
pub(crate) const HTML: Transformation = Transformation {
    name: "html",
    applies: short,
    apply: |text, rng| {
        let share = rng.pick(&[20, 50, 100]);
        let encode = |c: char, rng: &mut Rng| match rng.below(3) {
            0 => format!("&#{};", u32::from(c)),
            1 => format!("&#x{:x};", u32::from(c)),
            _ => format!("&#X{:04X};", u32::from(c)),
        };
        // An `&` of the text would begin a reference; those that stand for it are whole.
        text.chars()
            .map(|c| match c {
                _ if rng.chance(share) => encode(c, rng),
                '&' => "&amp;".to_owned(),
                c => c.to_string(),
            })
            .collect()
    },
};

/// All of it as `\xNN` or `\uNNNN`.
pub(crate) const ESCAPE: Transformation = Transformation {
    name: "escape",
    applies: |text| short(text) && text.is_ascii(),
    apply: |text, rng| {
        let unicode = rng.chance(50);
        text.bytes().map(|b| if unicode { format!("\\u{b:04x}") } else { format!("\\x{b:02x}") }).collect()
    },
};

/// All of it in base64 or base64url.
pub(crate) const BASE64: Transformation = Transformation {
    name: "base64",
    applies: |text| text.len() >= 12 && short(text),
    apply: |text, rng| {
        use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
        rng.pick(&[&STANDARD, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD]).encode(text)
    },
};

/// All of it in hexadecimal digits.
pub(crate) const HEX: Transformation = Transformation {
    name: "hex",
    applies: |text| text.len() >= 8 && short(text),
    apply: |text, rng| {
        let upper = rng.chance(50);
        text.bytes().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") }).collect()
    },
};

/// Some ASCII characters in their full-width form.
pub(crate) const FULL_WIDTH: Transformation = Transformation {
    name: "full-width",
    applies: |text| text.bytes().any(|b| b.is_ascii_graphic()),
    apply: |text, rng| {
        let share = rng.pick(&[20, 50, 100]);
        rng.some_chars(text, share, |c, _| {
            let wide = u32::from(c).checked_add(0xfee0).and_then(char::from_u32);
            wide.filter(|_| c.is_ascii_graphic()).unwrap_or(c).to_string()
        })
    },
};

/// Invisible characters between some characters.
pub(crate) const INVISIBLE: Transformation = Transformation {
    name: "invisible",
    applies: short,
    apply: |text, rng| {
        rng.some_chars(text, 20, |c, rng| {
            format!("{c}{}", rng.pick(&['\u{200b}', '\u{200d}', '\u{2060}', '\u{ad}', '\u{feff}']))
        })
    },
};

/// Letters in any case.
pub(crate) const CASE: Transformation = Transformation {
    name: "case",
    applies: |text| text.bytes().any(|b| b.is_ascii_alphabetic()),
    apply: |text, rng| {
        rng.some_chars(text, 50, |c, _| {
            if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }.to_string()
        })
    },
};

/// Each layer stretches a text; what is longer than any path or command is no disguise of one.
fn short(text: &str) -> bool {
    text.len() < 8_000
}
