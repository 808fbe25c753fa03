//! Templates where data belongs: an expression between the delimiters of some engine that reaches for more than data.
//!
//! `{{ user.name }}` is a day's work, in a page, a chart, a workflow or a playbook; `{{ x.__class__.__mro__ }}` is nobody's. The
//! expression is read into tokens, with strings put together, and judged by what it names, calls and computes. What
//! programs name as well (`exec(…)` in a file of JavaScript) counts only in short values.

mod delimiter;
mod expression;
mod names;

use super::{Family, Found, Look};
use crate::role::Roles;
use crate::views::ViewKind;

use delimiter::Piece;
use expression::Expression;

const CLIMB: usize = 0;
const RUN: usize = 1;
const REVEAL: usize = 2;
const PROBE: usize = 3;

/// `climb`: reaches the interpreter behind the engine. `run`: calls a program, an evaluator, a file. `reveal`: asks for
/// the engine's own objects. `probe`: arithmetic, to see whether somebody computes it.
pub(super) const FAMILY: Family = Family { name: "template", kinds: &["climb", "run", "reveal", "probe"], look };

/// A longer value is a document or a program.
const VALUE: usize = 2_000;
/// So are more lines.
const LINES: usize = 5;

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    if matches!(look.chain.kind(), ViewKind::Shell | ViewKind::Path | ViewKind::Url)
        || !delimiter::may_be_in(look.signs)
    {
        return;
    }
    let view = look.view;
    let is_value = view.len() <= VALUE && memchr::memchr_iter(b'\n', view.as_bytes()).take(LINES).count() < LINES;
    for piece in delimiter::pieces(view) {
        if !is_value && !names::may_climb(piece.body) {
            continue;
        }
        let expression = Expression::read(piece.body);
        if names::climbs(&expression) {
            return found(CLIMB, piece.range);
        }
        if !is_value || is_quoted(view, &piece, look.roles) {
            continue;
        }
        if names::runs(&expression, &piece, look.roles.contains(Roles::CODE)) {
            return found(RUN, piece.range);
        }
        if names::reveals(&expression, &piece) {
            return found(REVEAL, piece.range);
        }
        if piece.is_output && expression.is_arithmetic() {
            return found(PROBE, piece.range);
        }
    }
}

/// Whether prose quotes the expression: in back-ticks, with a sentence round it.
fn is_quoted(view: &str, piece: &Piece<'_>, roles: Roles) -> bool {
    let before = view.get(..piece.range.start).unwrap_or("");
    let after = view.get(piece.range.end..).unwrap_or("");
    roles.contains(Roles::TEXT)
        && before.ends_with('`')
        && after.starts_with('`')
        && before.split_ascii_whitespace().count().saturating_add(after.split_ascii_whitespace().count()) >= 5
}

#[cfg(test)]
mod tests;
