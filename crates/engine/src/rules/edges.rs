//! Where a word must begin or end in every match of a pattern that does not say `\b`: behind a blank, a bracket, the start
//! of the text; before a dot or the end.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// One end of what a part of a pattern matches.
#[derive(Clone, Copy)]
struct End {
    /// It is a byte of a word, in ASCII, wherever it is anything.
    word: bool,
    /// It is none, wherever it is anything, nor is what stands there outside the match.
    off: bool,
    /// It may be nothing.
    empty: bool,
}

/// Which end is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    Last,
}

const NOTHING: End = End { word: true, off: true, empty: true };

impl End {
    /// This one, or behind nothing the next.
    fn or(self, next: Self) -> Self {
        if !self.empty {
            return self;
        }
        Self { word: self.word && next.word, off: self.off && next.off, empty: next.empty }
    }

    fn of(hir: &Hir, side: Side) -> Self {
        match hir.kind() {
            HirKind::Look(look) if bounds(*look, side) => Self { word: false, off: true, empty: false },
            HirKind::Empty | HirKind::Look(_) => NOTHING,
            HirKind::Literal(literal) => {
                let byte = if side == Side::First { literal.0.first() } else { literal.0.last() };
                byte.map_or(NOTHING, |byte| Self { word: is_word(*byte), off: !is_word(*byte), empty: false })
            }
            HirKind::Class(class) => Self { word: is_of_words(class), off: is_off_words(class), empty: false },
            HirKind::Repetition(repetition) => {
                let unit = Self::of(&repetition.sub, side);
                Self { empty: unit.empty || repetition.min == 0, ..unit }
            }
            HirKind::Capture(capture) => Self::of(&capture.sub, side),
            HirKind::Concat(parts) if side == Side::First => ends(parts.iter(), side),
            HirKind::Concat(parts) => ends(parts.iter().rev(), side),
            HirKind::Alternation(parts) => {
                parts.iter().map(|part| Self::of(part, side)).fold(Self { empty: false, ..NOTHING }, |all, end| Self {
                    word: all.word && end.word,
                    off: all.off && end.off,
                    empty: all.empty || end.empty,
                })
            }
        }
    }
}

fn ends<'h>(parts: impl Iterator<Item = &'h Hir>, side: Side) -> End {
    let mut end = NOTHING;
    for part in parts {
        end = end.or(End::of(part, side));
        if !end.empty {
            break;
        }
    }
    end
}

/// Whether the text, or a line of it, begins before a match that ends so, or ends behind one that begins so.
fn bounds(look: Look, side: Side) -> bool {
    match side {
        Side::First => matches!(look, Look::End | Look::EndLF | Look::EndCRLF),
        Side::Last => matches!(look, Look::Start | Look::StartLF | Look::StartCRLF),
    }
}

/// The word whose edge it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// That of the part before it.
    Ends,
    /// That of the part behind it.
    Begins,
}

/// For each part but the first, the edge of a word between all that stands before it and all from it on.
pub(super) fn implied(parts: &[Hir]) -> Vec<Option<Edge>> {
    let between = |at: usize| {
        let (before, after) = parts.split_at_checked(at)?;
        let (last, first) = (ends(before.iter().rev(), Side::Last), ends(after.iter(), Side::First));
        let spelt = [before.last(), after.first()].into_iter().flatten().any(|part| {
            matches!(part.kind(), HirKind::Look(Look::WordAscii | Look::WordStartAscii | Look::WordEndAscii))
        });
        match (last, first) {
            _ if spelt || last.empty || first.empty => None,
            (End { off: true, .. }, End { word: true, .. }) => Some(Edge::Begins),
            (End { word: true, .. }, End { off: true, .. }) => Some(Edge::Ends),
            _ => None,
        }
    };
    (1..parts.len()).map(between).collect()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a class has bytes of words only.
fn is_of_words(class: &Class) -> bool {
    let all = |start: u8, end: u8| (start..=end).all(is_word);
    match class {
        Class::Bytes(bytes) => bytes.ranges().iter().all(|range| all(range.start(), range.end())),
        Class::Unicode(chars) => chars.ranges().iter().all(|range| {
            u8::try_from(range.start()).is_ok_and(|start| u8::try_from(range.end()).is_ok_and(|end| all(start, end)))
        }),
    }
}

/// Whether it has none of them.
fn is_off_words(class: &Class) -> bool {
    (0..=0x7f_u8).filter(|byte| is_word(*byte)).all(|byte| match class {
        Class::Bytes(bytes) => bytes.ranges().iter().all(|range| !(range.start()..=range.end()).contains(&byte)),
        Class::Unicode(chars) => {
            chars.ranges().iter().all(|range| !(range.start()..=range.end()).contains(&char::from(byte)))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::syntax::{Dialect, parse};
    use super::*;

    fn edges(pattern: &str) -> Vec<Option<Edge>> {
        let hir = parse(pattern, Dialect::New).unwrap();
        let HirKind::Concat(parts) = hir.kind() else { panic!("{pattern}: {hir:?}") };
        implied(parts)
    }

    #[test]
    fn words_begin_behind_what_is_none_and_end_before_it() {
        use Edge::{Begins, Ends};
        for (pattern, expected) in [
            (r"(?:^|[\s;])(?:te|wfc)", vec![Some(Begins)]),
            (r"(?m)^(?:te|wfc)", vec![Some(Begins)]),
            (r"(?:^|[\s;])(?:te|wfc)(?:\.exe)?(?:[\s;]|$)", vec![Some(Begins), Some(Ends), Some(Ends)]),
            (r"(?:te|wfc)(?:exe)?(?:[\s;]|$)", vec![None, Some(Ends)]),
            (r"(?:^|;)?(?:te|wfc)", vec![None]),
            (r"(?:te|wfc)[^a]", vec![None]),
            (r"(?:te|wfc)[\s_]", vec![None]),
            (r"(?:te|wfc)$", vec![Some(Ends)]),
            (r"(?:te|wfc)?$", vec![None]),
        ] {
            assert_eq!(edges(pattern), expected, "{pattern}");
        }
        assert!(edges(r"[\s;]\b(?:te|wfc)").iter().all(Option::is_none), "said already");
    }
}
