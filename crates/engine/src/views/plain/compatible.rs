//! Characters that are ASCII but for their form, by Unicode's compatibility mappings.

use icu_normalizer::ComposingNormalizerBorrowed;

use super::foreign_chars;

/// Whether NFKC makes ASCII of `c`, or may. What it only makes other letters of (Arabic presentation forms, squared
/// kana) stays, which also bounds what a text can grow by: U+FDFA alone would become eighteen characters.
pub(super) fn is_compatible(c: char) -> bool {
    matches!(
        c,
        '\u{a0}'..='\u{be}' | '\u{132}'..='\u{133}' | '\u{13f}'..='\u{140}' | '\u{149}' | '\u{17f}' | '\u{1c4}'..='\u{1cc}'
            | '\u{1f1}'..='\u{1f3}' | '\u{2b0}'..='\u{2b8}' | '\u{2d8}'..='\u{2dd}' | '\u{2e0}'..='\u{2e3}' | '\u{37e}'
            | '\u{1d2c}'..='\u{1dbf}' | '\u{1e9a}'..='\u{1e9b}' | '\u{1fef}' | '\u{2000}'..='\u{200a}'
            | '\u{2024}'..='\u{2026}' | '\u{202f}' | '\u{2033}'..='\u{2037}' | '\u{203c}' | '\u{2047}'..='\u{2049}'
            | '\u{205f}' | '\u{2070}'..='\u{209f}' | '\u{20a8}' | '\u{2100}'..='\u{218b}' | '\u{226e}'..='\u{226f}'
            | '\u{2260}' | '\u{2460}'..='\u{24ff}' | '\u{2a74}'..='\u{2a76}' | '\u{2c7c}'..='\u{2c7d}' | '\u{3000}'
            | '\u{3250}'..='\u{325f}' | '\u{32b1}'..='\u{32bf}' | '\u{32cc}'..='\u{32cf}' | '\u{3371}'..='\u{337a}' | '\u{3380}'..='\u{33df}'
            | '\u{33ff}' | '\u{a7f1}'..='\u{a7f4}' | '\u{fb00}'..='\u{fb06}' | '\u{fb29}' | '\u{fe10}'..='\u{fe19}'
            | '\u{fe30}'..='\u{fe6b}' | '\u{ff01}'..='\u{ff5e}' | '\u{ff61}' | '\u{1d400}'..='\u{1d7ff}' | '\u{107a5}' | '\u{1ccd6}'..='\u{1ccf9}' | '\u{1f100}'..='\u{1f14f}' | '\u{1f16a}'..='\u{1f16c}' | '\u{1f190}'
            | '\u{1fbf0}'..='\u{1fbf9}'
    )
}

/// Whether it hides letters, digits, blanks or path signs, so that a rule about words could miss it in prose.
pub(super) fn is_material(c: char) -> bool {
    matches!(
        c,
        '\u{a0}' | '\u{17f}' | '\u{2b0}'..='\u{2b8}' | '\u{1d2c}'..='\u{1dbf}' | '\u{2000}'..='\u{200a}'
            | '\u{2024}' | '\u{2025}' | '\u{202f}' | '\u{205f}' | '\u{2070}'..='\u{209f}' | '\u{2102}'..='\u{2115}'
            | '\u{2118}'..='\u{211d}' | '\u{2124}'..='\u{2149}' | '\u{2460}'..='\u{24ff}' | '\u{fb00}'..='\u{fb06}'
            | '\u{ff0e}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff3c}' | '\u{ff41}'..='\u{ff5a}'
            | '\u{1ccd6}'..='\u{1ccf9}' | '\u{1d400}'..='\u{1d7ff}' | '\u{1f100}'..='\u{1f14f}' | '\u{1fbf0}'..='\u{1fbf9}'
    )
}

/// `text` with those characters normalised, and no others.
pub(super) fn normalised(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0_usize;
    for (at, c) in foreign_chars(text).filter(|&(_, c)| is_compatible(c)) {
        out.push_str(text.get(copied..at).unwrap_or(""));
        match full_width(c) {
            Some(ascii) => out.push(ascii),
            None => out.push_str(&nfkc.normalize(c.encode_utf8(&mut [0; 4]))),
        }
        copied = at.saturating_add(c.len_utf8());
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    out
}

/// What a full-width form stands for: they are ASCII, in its order, and come oftener than all others together.
fn full_width(c: char) -> Option<char> {
    let offset = u32::from(c).checked_sub(0xff01).filter(|offset| *offset <= 0x5d)?;
    char::from_u32(offset.saturating_add(0x21))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_single_character_that_becomes_ascii_is_known() {
        let nfkc = ComposingNormalizerBorrowed::new_nfkc();
        let missing: Vec<char> = ('\u{80}'..=char::MAX)
            .filter(|&c| !is_compatible(c) && nfkc.normalize(&c.to_string()).is_ascii())
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn full_width_forms_are_what_they_are_normalised_to() {
        let nfkc = ComposingNormalizerBorrowed::new_nfkc();
        for c in '\u{ff00}'..='\u{ff60}' {
            let ascii = full_width(c).map(String::from);
            assert!(ascii.is_none_or(|ascii| nfkc.normalize(&c.to_string()) == ascii), "{c:?}");
        }
        assert_eq!((full_width('！'), full_width('～')), (Some('!'), Some('~')));
    }
}
