//! A value that should be data, read in each place where a query may put it.

use smallvec::SmallVec;

use super::grammar::{Run, Traits, walk};
use super::token::{Gap, Kind as T, Reading, Token, tokens};
use super::word::Key;
use super::{Findings, Kind, danger, statement};

/// Longer values are judged by their beginning; nobody's name or number is so long.
const MAX_VALUE: usize = 64 << 10;

/// Finds SQL that `text` would add to a query.
pub(super) fn judge(text: &str, findings: &mut Findings<'_, '_>) {
    let text = text.get(..text.floor_char_boundary(MAX_VALUE)).unwrap_or(text);
    let mut read = Vec::new();
    let plus = memchr::memchr(b'+', text.as_bytes()).is_some() && memchr::memchr(b' ', text.as_bytes()).is_none();
    for plus in [false, true].iter().take(if plus { 2 } else { 1 }) {
        let reading = Reading { plus: *plus, ..Reading::default() };
        if !tokens(text, 0, reading, &mut read) {
            findings.add(Kind::Overlong, 0..text.len());
        }
        danger::judge(text, &read, findings);
        bare(text, &read, 0, findings);
        for quote in [b'\'', b'"', b'`'] {
            if quote == b'"' && is_json(text) {
                continue;
            }
            for end in ends(text, quote) {
                for backslash in [false, true] {
                    if backslash && memchr::memchr(b'\\', text.as_bytes()).is_none() {
                        continue;
                    }
                    let reading = Reading { backslash, plus: *plus, ..Reading::default() };
                    tokens(text, end.saturating_add(1), reading, &mut read);
                    spliced(text, end, &read, findings);
                }
            }
        }
    }
}

/// Whether the double quotes in a text are those of JSON.
fn is_json(text: &str) -> bool {
    let text = text.trim_ascii();
    (text.starts_with('[') && text.ends_with(']')) || (text.starts_with("{\"") && text.ends_with('}'))
}

/// Where a text in this quote would end: at its first, and at its first that is not doubled.
fn ends(text: &str, quote: u8) -> SmallVec<[usize; 2]> {
    let mut ends = SmallVec::new();
    let bytes = text.as_bytes();
    let Some(first) = memchr::memchr(quote, bytes) else { return ends };
    ends.push(first);
    let mut at = first;
    while bytes.get(at.saturating_add(1)) == Some(&quote) {
        let behind = at.saturating_add(2);
        match bytes.get(behind..).and_then(|rest| memchr::memchr(quote, rest)) {
            Some(next) => at = behind.saturating_add(next),
            None => return ends,
        }
    }
    if at != first {
        ends.push(at);
    }
    ends
}

/// The value as it stands: every run in it.
fn bare(text: &str, read: &[Token], start: usize, findings: &mut Findings<'_, '_>) {
    let mut from = start;
    while from < read.len() {
        let first = read.get(from).map(|token| token.kind);
        let after = first.is_some_and(follows_operand);
        let begins = from
            .checked_sub(1)
            .and_then(|before| read.get(before))
            .is_none_or(|before| matches!(before.kind, T::Open | T::Text | T::Number | T::Semicolon));
        if !after && begins {
            statement::whole(text, read, from, findings);
        }
        let run = walk(text, read, from, after);
        let range = range(text, read, run.at);
        let end = read.get(run.end);
        let cut = run.traits.contains(Traits::CUT) && run.whole;
        let is = |traits: Traits| run.traits.contains(traits);
        if is(Traits::UNION) {
            findings.add(Kind::Union, range.clone());
        }
        if (is(Traits::SAME) && run.traits.intersects(Traits::LOGIC | Traits::WHERE))
            || is(Traits::LOGIC_CALL)
            || (is(Traits::LOGIC_CONSTANT) && (cut || is(Traits::WHERE)))
            || (after && is(Traits::LOGIC | Traits::COMPARE | Traits::CALL))
            || (cut && after && run.traits.intersects(Traits::COMPARE | Traits::LOGIC_CONSTANT))
        {
            findings.add(Kind::Condition, range.clone());
        }
        if is(Traits::NESTED_CALL) || (is(Traits::CALL) && cut) {
            findings.add(Kind::Call, range.clone());
        }
        if run.traits.intersects(Traits::SUBQUERY | Traits::SELECT_FROM | Traits::SELECT_PROBE | Traits::CASE) {
            findings.add(Kind::Query, range.clone());
        }
        if is(Traits::CLAUSE)
            && (run.whole || run.traits.intersects(Traits::COMMENTED | Traits::CUT))
            && is_ordered(read, from)
        {
            findings.add(Kind::Clause, range.clone());
        }
        if cut && from == 0 && is_cut_off(text, read, &run) {
            findings.add(Kind::Comment, range.clone());
        }
        if end.is_some_and(|token| token.kind == T::Semicolon) && !statement::stacked(text, read, run.end, findings) {
            let behind = Run { end: run.end.saturating_add(1), ..run };
            if from == 0 && is_cut_off(text, read, &behind) {
                findings.add(Kind::Comment, range.clone());
            }
        }
        // INVARIANT: goes on behind what was read, so that all runs together are linear.
        from = run.end.max(from.saturating_add(1));
    }
    for (at, token) in read.iter().enumerate() {
        let next = read.get(at.saturating_add(1));
        if token.gap == Gap::Version && matches!(token.kind, T::Key(_) | T::Name | T::Number | T::Logic) {
            findings.add(Kind::Comment, token.range());
        }
        // `or/**/1`, `un/**/ion`: a comment where a space would do.
        if token.gap == Gap::Comment
            && at > 0
            && matches!(
                token.kind,
                T::Key(Key::Or | Key::And | Key::Xor | Key::Union | Key::Select | Key::From | Key::Where | Key::Like)
            )
            && !next.is_some_and(|next| next.kind == T::Other)
        {
            findings.add(Kind::Comment, token.range());
        }
    }
}

/// Whether a token of this kind stands behind an operand: a value that begins with it is put behind one.
fn follows_operand(kind: T) -> bool {
    match kind {
        T::Logic | T::Compare | T::Close | T::Comma | T::Semicolon | T::Cut => true,
        T::Key(key) => matches!(
            key,
            Key::Or
                | Key::And
                | Key::Xor
                | Key::Union
                | Key::Order
                | Key::Group
                | Key::Having
                | Key::Where
                | Key::Limit
                | Key::Procedure
                | Key::Like
                | Key::Between
                | Key::Infix
        ),
        _ => false,
    }
}

/// Whether sorting or limiting stands where a value ends, not in a sentence.
fn is_ordered(read: &[Token], from: usize) -> bool {
    from == 0 || read.get(from).is_some_and(|token| !matches!(token.kind, T::Name))
}

/// A comment behind something complete that is no word, with nothing to say of its own.
fn is_cut_off(text: &str, read: &[Token], run: &Run) -> bool {
    let Some(cut) = read.get(run.end) else { return false };
    let before = read.get(..run.end).unwrap_or_default().iter().rev().find(|token| token.kind != T::Semicolon);
    let before = before.map(|token| token.kind);
    let operand = matches!(before, Some(T::Number | T::Text | T::Variable | T::Close | T::Key(Key::Constant)));
    operand && is_silent(cut.text(text), 4)
}

/// Whether a comment says nothing, or one word of a machine.
fn is_silent(comment: &str, longest: usize) -> bool {
    let Some(body) =
        comment.strip_prefix("--").or_else(|| comment.strip_prefix('#')).or_else(|| comment.strip_prefix("/*"))
    else {
        return false;
    };
    let body = body.trim_matches(|c: char| {
        c.is_ascii_whitespace() || matches!(c, '-' | '+' | '*' | '/' | '#' | '\0' | ';' | ')' | '(')
    });
    body.is_empty()
        || (body.len() <= longest && comment.starts_with("-- ") && body.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The value behind a quote that it ends at byte `end`.
fn spliced(text: &str, end: usize, read: &[Token], findings: &mut Findings<'_, '_>) {
    let Some(first) = read.first() else { return };
    danger::judge(text, read, findings);
    let run = walk(text, read, 0, true);
    let is = |traits: Traits| run.traits.contains(traits);
    let range = end..range(text, read, run.at).end;
    let cut = is(Traits::CUT) && run.whole;
    if is(Traits::UNION) {
        findings.add(Kind::Union, range.clone());
    }
    let operators = run.traits.intersects(Traits::LOGIC | Traits::COMPARE | Traits::ARITHMETIC);
    let whole = run.whole && operators && is_condition(text, end, read, &run);
    if whole
        || (is(Traits::SAME) && run.traits.intersects(Traits::LOGIC | Traits::WHERE | Traits::SIGNS))
        || run.traits.intersects(Traits::LOGIC_CALL)
    {
        findings.add(Kind::Condition, range.clone());
    }
    if run.traits.intersects(Traits::SUBQUERY | Traits::SELECT_FROM | Traits::SELECT_PROBE | Traits::CASE) {
        findings.add(Kind::Query, range.clone());
    }
    if run.traits.intersects(Traits::CALL) && (run.whole || is(Traits::NESTED_CALL)) {
        findings.add(Kind::Call, range.clone());
    }
    if run.traits.intersects(Traits::CLAUSE | Traits::WHERE) && (run.whole || is(Traits::CUT)) {
        findings.add(Kind::Clause, range.clone());
    }
    if cut && !operators && read.get(run.end).is_some_and(|comment| is_silent(comment.text(text), 8)) {
        findings.add(Kind::Comment, range.clone());
    }
    if read.get(run.end).is_some_and(|token| token.kind == T::Semicolon) {
        let behind = run.end.saturating_add(1);
        if !statement::stacked(text, read, run.end, findings)
            && read.get(behind).is_none_or(|token| token.kind == T::Cut && is_silent(token.text(text), 8))
        {
            findings.add(Kind::Comment, range.clone());
        }
    }
    if first.kind == T::Key(Key::Select) || matches!(first.kind, T::Key(Key::Verb)) {
        statement::whole(text, read, 0, findings);
    }
    // Behind brackets, or where the run broke off, other statements may follow.
    bare(text, read, run.end.max(1), findings);
}

/// Whether a well-formed run behind a quote is more than a measure (`5' or 6'`), a word beside another, or a quoted word
/// (`"like"`).
fn is_condition(text: &str, end: usize, read: &[Token], run: &Run) -> bool {
    let is = |traits: Traits| run.traits.contains(traits);
    let ends = run.traits.intersects(Traits::CUT | Traits::OPEN);
    if is(Traits::CALL) || is(Traits::VARIABLE) || (is(Traits::COMPARE) && is(Traits::LOGIC)) {
        return true;
    }
    let tail = text.get(..end).unwrap_or_default().trim();
    // One operator, and the quote that ends what the first began.
    if let [operator, open] = read
        && open.kind == T::OpenText
        && matches!(operator.kind, T::Key(_))
    {
        let inside = open.text(text).get(1..).unwrap_or_default();
        if tail.is_empty() {
            return (1..=12).contains(&inside.len()) && inside.bytes().all(|b| b.is_ascii_alphanumeric());
        }
        return inside.bytes().next().is_some_and(|b| !b.is_ascii_whitespace());
    }
    if is(Traits::COMPARE) {
        return ends;
    }
    let measure = tail.ends_with(|c: char| c.is_ascii_digit()) && !is(Traits::WORDS);
    if is(Traits::LOGIC) {
        let constant = (is(Traits::LOGIC_CONSTANT) && !measure) || (is(Traits::ARITHMETIC) && ends);
        return constant || (is(Traits::NAMES) && ends);
    }
    // Arithmetic alone: `'-'`, `'+'x`, `1'*1--`.
    is(Traits::ARITHMETIC) && !is(Traits::NAMES) && ends
}

fn range(text: &str, read: &[Token], at: usize) -> std::ops::Range<usize> {
    read.get(at).map_or(0..text.len(), Token::range)
}
