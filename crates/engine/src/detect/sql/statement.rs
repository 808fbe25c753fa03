//! Whole statements: where they stand in data, behind a semicolon, and in fields that are SQL.

use super::grammar::{Traits, walk};
use super::token::{Gap, Kind as T, Reading, Token, tokens};
use super::verb::{Verb, changes, is_system, verb};
use super::word::Key;
use super::{Findings, Kind, danger, value};

/// Finds a statement behind the semicolon at `at`. Whether there is one.
pub(super) fn stacked(text: &str, read: &[Token], at: usize, findings: &mut Findings<'_, '_>) -> bool {
    let behind = at.saturating_add(1);
    let found = verb(text, read, behind);
    if found.is_some() {
        findings.add(Kind::Stacked, range(read, at, behind));
    }
    found.is_some()
}

/// Finds a statement that begins at `from` in data.
pub(super) fn whole(text: &str, read: &[Token], from: usize, findings: &mut Findings<'_, '_>) {
    let prose = read.get(from).is_some_and(|first| {
        ["use", "print", "if", "call", "exec", "execute"].iter().any(|word| first.text(text).eq_ignore_ascii_case(word))
            && !read.get(from.saturating_add(1)).is_some_and(|next| is_system(next.text(text)))
    });
    // `delete from cart` is a button; a statement in earnest goes on.
    let button = read.len() == from.saturating_add(3)
        && read.get(from).is_some_and(|first| first.text(text).eq_ignore_ascii_case("delete"));
    if !prose && !button && matches!(verb(text, read, from), Some(verb) if verb != Verb::Query) {
        findings.add(Kind::Query, range(read, from, from.saturating_add(1)));
    }
}

fn range(read: &[Token], from: usize, to: usize) -> std::ops::Range<usize> {
    let start = read.get(from).map_or(0, |token| token.range().start);
    let end = read.get(to).or_else(|| read.last()).map_or(start, |token| token.range().end);
    start..end.max(start)
}

/// Judges a field that is SQL: by what its statements do, and by the marks of a value that has left its place.
pub(super) fn judge(text: &str, findings: &mut Findings<'_, '_>) {
    let mut read = Vec::new();
    if !tokens(text, 0, Reading { templates: true, ..Reading::default() }, &mut read) {
        findings.add(Kind::Overlong, 0..text.len());
    }
    danger::judge(text, &read, findings);
    effects(text, &read, findings);
    let mut from = 0_usize;
    let mut torn = matches!(read.last().map(|token| token.kind), Some(T::OpenText));
    let mut constants = false;
    while from < read.len() {
        // Behind `=` nothing is complete: `where a = &&name` is a variable of a client, not a condition.
        let compares = read.get(from.wrapping_sub(1)).is_some_and(|token| token.kind == T::Compare)
            && read.get(from).is_some_and(|token| token.kind == T::Logic);
        let after = from > 0
            && !compares
            && !matches!(read.get(from).map(|t| t.kind), Some(T::Key(Key::Select | Key::Verb) | T::Open | T::Name));
        let run = walk(text, &read, from, after);
        let is = |traits: Traits| run.traits.contains(traits);
        let at = read.get(run.at).map_or(0..text.len(), Token::range);
        let same = run.traits.intersects(Traits::SAME_OR | Traits::SAME_AND);
        // `select 1 && 1` computes; there is no filter that it could turn off.
        let filters = !is(Traits::SELECT) || is(Traits::WHERE);
        let constant = (same && (is(Traits::ALIKE) || !is(Traits::SAME_AND))) || is(Traits::LOGIC_CONSTANT);
        if constant && filters {
            findings.add(Kind::Tautology, at.clone());
        }
        constants |= read.get(from.saturating_add(1)).is_some_and(|token| matches!(token.kind, T::Number | T::Text));
        if is(Traits::UNION) && !constants && run.traits.intersects(Traits::UNION_PROBE | Traits::VARIABLE) {
            findings.add(Kind::Probe, at.clone());
        }
        // A greeting is put together from texts, too; not what something is compared with.
        let joined = is(Traits::JOINED | Traits::WHERE) && is(Traits::COMPARE);
        if joined || is(Traits::PEEK) {
            findings.add(Kind::Breakout, at.clone());
        }
        let broke = read.get(run.end).is_some_and(|token| matches!(token.kind, T::Text | T::OpenText))
            || (run.end > from && read.get(run.end.wrapping_sub(1)).is_some_and(|token| token.kind == T::Text));
        let goes_on = read.get(run.end).is_some_and(|token| token.kind != T::Semicolon);
        torn |= !run.whole && broke && goes_on;
        from = run.end.max(from.saturating_add(1));
    }
    if let Some(cut) = read.last().filter(|token| token.kind == T::Cut) {
        let swallowed = is_swallowed(text, cut);
        torn |= swallowed;
        let before = read.len().checked_sub(2).and_then(|at| read.get(at)).map(|token| token.kind);
        if swallowed && matches!(before, Some(T::Text | T::Close | T::Semicolon)) {
            findings.add(Kind::Breakout, cut.range());
        }
    }
    torn |= read.windows(2).any(|two| matches!(two, [_, next] if next.gap == Gap::Comment) && swallows(text, two));
    literals(text, &read, findings);
    if torn {
        torn_value(text, &read, findings);
    }
}

/// Whether a comment begins with little, and then the quote that was to end the value.
fn is_swallowed(text: &str, cut: &Token) -> bool {
    let comment = cut.text(text).trim_start_matches(['-', '#', '/', '*', ' ', '+']);
    let word = comment.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    word <= 16 && matches!(comment.as_bytes().get(word), Some(b'\'' | b'"'))
}

fn swallows(text: &str, two: &[Token]) -> bool {
    let [before, next] = two else { return false };
    let between = text.get(before.range().end..next.range().start).unwrap_or_default().trim();
    between.matches('\'').count() % 2 == 1 && between.len() < 80
}

/// Texts that are compared, judged as the data that they should be.
fn literals(text: &str, read: &[Token], findings: &mut Findings<'_, '_>) {
    for (at, two) in read.windows(2).enumerate() {
        let [operator, literal] = two else { continue };
        if is_compared(operator, literal) && !is_option(read, at) {
            let inside = literal.text(text);
            let inside = inside
                .get(1..inside.len().saturating_sub(usize::from(literal.kind == T::Text)).max(1))
                .unwrap_or_default();
            inject(inside, literal.range(), findings);
        }
    }
}

fn is_compared(operator: &Token, literal: &Token) -> bool {
    matches!(operator.kind, T::Compare | T::Key(Key::Like)) && matches!(literal.kind, T::Text | T::OpenText)
}

/// Whether the operator at `at` sets an option by name, as `properties ("format" = "json", …)` does.
fn is_option(read: &[Token], at: usize) -> bool {
    let kind = |back: usize| at.checked_sub(back).and_then(|n| read.get(n)).map(|token| token.kind);
    kind(1) == Some(T::Text) && matches!(kind(2), Some(T::Open | T::Comma))
}

/// The value of which a piece is out of its quotes: from the first compared text to the last quote.
fn torn_value(text: &str, read: &[Token], findings: &mut Findings<'_, '_>) {
    let first = read.windows(2).enumerate().find_map(|(at, two)| match two {
        [operator, literal] if is_compared(operator, literal) && !is_option(read, at) => Some(literal.range().start),
        _ => None,
    });
    let Some(start) = first else { return };
    let inside = text.get(start.saturating_add(1)..).unwrap_or_default();
    let quote = text.as_bytes().get(start).copied().unwrap_or(b'\'');
    let end = memchr::memrchr(quote, inside.as_bytes()).unwrap_or(inside.len());
    inject(inside.get(..end).unwrap_or_default(), start..text.len(), findings);
}

fn inject(inside: &str, range: std::ops::Range<usize>, findings: &mut Findings<'_, '_>) {
    let mut hit = false;
    let mut found = |_: usize, _: std::ops::Range<usize>| hit = true;
    value::judge(inside, &mut Findings { seen: 0, found: &mut found });
    if hit {
        findings.add(Kind::Breakout, range);
    }
}

/// Whether a `drop` names nothing but tables that were made to be thrown away, as migrations do that cannot alter one.
fn is_scratch(text: &str, body: &[Token]) -> bool {
    const WORDS: &[&str] = &["drop", "table", "temporary", "if", "exists", "cascade", "restrict"];
    let temporary = |name: &str| {
        let mut parts = name.split(|c: char| !c.is_ascii_alphanumeric());
        parts.any(|part| part.eq_ignore_ascii_case("tmp") || part.eq_ignore_ascii_case("temp"))
    };
    let mut names = body
        .iter()
        .filter(|token| matches!(token.kind, T::Name | T::Key(_)))
        .map(|token| token.text(text))
        .filter(|name| !WORDS.iter().any(|word| name.eq_ignore_ascii_case(word)))
        .peekable();
    names.peek().is_some() && names.all(temporary)
}

/// What the statements do that are in the text, one after another.
fn effects(text: &str, read: &[Token], findings: &mut Findings<'_, '_>) {
    let mut from = 0_usize;
    let mut asked = false;
    while from < read.len() {
        let behind = read.get(from..).unwrap_or_default();
        let end =
            behind.iter().position(|token| token.kind == T::Semicolon).map_or(read.len(), |at| from.saturating_add(at));
        let body = read.get(from..end).unwrap_or_default();
        let does = verb(text, read, from);
        let limited = body.iter().any(|token| matches!(token.kind, T::Key(Key::Where | Key::Limit)));
        let first = body.first().map_or("", |token| token.text(text));
        let is = |words: &[&str]| words.iter().any(|word| first.eq_ignore_ascii_case(word));
        let scratch = is(&["drop"]) && is_scratch(text, body);
        match does {
            Some(Verb::Destroy) if scratch => {}
            Some(Verb::Destroy) if !limited || !is(&["delete"]) => {
                findings.add(Kind::Destructive, range(read, from, end));
            }
            Some(Verb::Write) if is(&["update"]) && !limited => findings.add(Kind::Destructive, range(read, from, end)),
            Some(Verb::Account) => findings.add(Kind::Account, range(read, from, end)),
            _ => {}
        }
        if is(&["set"])
            && body.get(1).is_some_and(|t| ["global", "password"].iter().any(|w| t.text(text).eq_ignore_ascii_case(w)))
        {
            findings.add(Kind::Account, range(read, from, end));
        }
        // `with x as (delete …)`, `explain analyze delete …`; and a write behind a query, or behind the end of a transaction.
        let inner = is(&["with", "explain"])
            && (from.saturating_add(1)..end).any(|at| {
                read.get(at).is_some_and(|t| t.kind == T::Key(Key::Verb))
                    && (is(&["explain"]) || read.get(at.wrapping_sub(1)).is_some_and(|t| t.kind == T::Open))
                    && changes(text, read, at)
            });
        if inner || (asked && !scratch && matches!(does, Some(Verb::Destroy | Verb::Account))) {
            findings.add(Kind::HiddenWrite, range(read, from, end));
        }
        asked |= is(&["select", "commit", "rollback", "end", "with", "show"]);
        from = end.saturating_add(1);
    }
}
