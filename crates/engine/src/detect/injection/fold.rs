//! Words as the lexicon knows them: lower case, without marks, without what cannot be seen.

use icu_normalizer::properties::{CanonicalDecompositionBorrowed, Decomposed};

use crate::views::is_invisible;

/// Adds the folded form of `c` to `out`, which is nothing for marks and what is invisible.
pub(super) fn push(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
    } else if !is_dropped(c) {
        let base = base(c);
        match base {
            'ß' => out.push_str("ss"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            'đ' | 'Đ' => out.push('d'),
            'ı' | 'İ' => out.push('i'),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ς' => out.push('σ'),
            _ => out.extend(base.to_lowercase()),
        }
    }
}

/// The folded form of a whole word.
pub(super) fn word(word: &str) -> String {
    word.chars().fold(String::with_capacity(word.len()), |mut out, c| {
        push(c, &mut out);
        out
    })
}

/// Letters with marks lose them in scripts where the marks are pronunciation or could be forgotten.
fn base(c: char) -> char {
    if !matches!(c, '\u{c0}'..='\u{6ff}' | '\u{1e00}'..='\u{1fff}') {
        return c;
    }
    let decomposition = CanonicalDecompositionBorrowed::new();
    let mut base = c;
    // Vietnamese stacks two marks on one letter.
    for _ in 0..3 {
        match decomposition.decompose(base) {
            Decomposed::Expansion(first, _) | Decomposed::Singleton(first) => base = first,
            Decomposed::Default => break,
        }
    }
    base
}

/// Combining marks of scripts that are read without them.
fn is_dropped(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{93c}'
            | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
    ) || is_invisible(c)
}

/// Whether a character beyond ASCII is part of a word.
pub(super) fn is_word(c: char) -> bool {
    match c {
        '\u{80}'..='\u{bf}' | '\u{d7}' | '\u{f7}' => matches!(c, '\u{aa}' | '\u{b5}' | '\u{ba}' | '\u{ad}'),
        '\u{2000}'..='\u{206f}' => is_invisible(c),
        '\u{20a0}'..='\u{20cf}'
        | '\u{2190}'..='\u{2bff}'
        | '\u{2e00}'..='\u{2e7f}'
        | '\u{3000}'..='\u{3020}'
        | '\u{ff00}'..='\u{ff0f}'
        | '\u{ff1a}'..='\u{ff20}'
        | '\u{fe30}'..='\u{fe4f}'
        | '\u{60c}'
        | '\u{61b}'
        | '\u{61f}'
        | '\u{6d4}'
        | '\u{964}'
        | '\u{965}'
        | '\u{1f000}'..='\u{1faff}'
        | '\u{e000}'..='\u{f8ff}' => false,
        _ => !c.is_whitespace(),
    }
}

/// Whether words of this script are not parted by blanks.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// Whether it ends a sentence beyond ASCII.
pub(super) fn ends_sentence(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '؟' | '۔' | '।' | '॥' | '…')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_case_marks_and_the_invisible() {
        for (written, folded) in [
            ("Ignoré", "ignore"),
            ("bỏ", "bo"),
            ("görmezden", "gormezden"),
            ("contraseña", "contrasena"),
            ("Großen", "grossen"),
            ("ИГНОРИРУЙ", "игнорируи"),
            ("ig\u{200b}nore", "ignore"),
            ("أوامر", "اوامر"),
            ("नज़र", "नजर"),
            ("무시", "무시"),
        ] {
            assert_eq!(word(written), word(folded), "{written}");
            assert!(!word(written).is_empty());
        }
    }
}
