//! What is negated, as OPA has it: calls within it, and what a call is given, are evaluated before it, outside of the negation.
//!
//! `not startswith(input.path, "/srv")` does not hold where there is no path, as if there stood `x := input.path; not startswith(x, "/srv")`.
//! The interpreter takes it to hold then, so that is what it is given to read.

use std::ops::Range;

use regorus::unstable::{AssignOp, BoolOp, Expr, LiteralStmt, Ref};

use super::{Edit, Reading, edited, on_its_lines, operator, place, range};

/// Statements that come first.
type Before = Vec<String>;

impl Reading<'_> {
    /// Has a negation read as OPA reads it. A statement `is_bare` where no braces are round it.
    pub(super) fn negation(&mut self, statement: &LiteralStmt, negated: &Expr, is_bare: bool) {
        let mut before = Before::new();
        let negated = self.negated(negated, &mut before);
        if before.is_empty() {
            return;
        }
        let at = range(&statement.span);
        let with = statement.with_mods.first().map_or(String::new(), |first| {
            format!(" {}", edited(self.text, range(&first.span).start..at.end, &self.edits))
        });
        let mut all: Vec<String> = before.into_iter().map(|statement| format!("{statement}{with}")).collect();
        all.push(format!("not {negated}{with}"));
        let all = on_its_lines(all.join("; "), self.text.get(at.clone()).unwrap_or_default());
        let with = if is_bare { format!("{{ {all} }}") } else { all };
        self.edits.push(Edit { at, with });
    }

    /// The expression itself, which stays in the negation.
    fn negated(&mut self, expr: &Expr, before: &mut Before) -> String {
        match expr {
            Expr::BoolExpr { op: BoolOp::Eq, lhs, rhs, .. } => {
                format!("{} == {}", self.side(lhs, before), self.side(rhs, before))
            }
            Expr::AssignExpr { op: AssignOp::Eq, lhs, rhs, .. } => {
                format!("{} = {}", self.side(lhs, before), self.side(rhs, before))
            }
            Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expr, before),
            expr => self.call_of(expr, before).unwrap_or_else(|| self.written(expr)),
        }
    }

    /// A side of an equality. A reference stays where it is.
    fn side(&mut self, expr: &Expr, before: &mut Before) -> String {
        match expr {
            Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expr, before),
            Expr::Var { .. } => self.written(expr),
            expr => self.given(expr, before),
        }
    }

    /// A call, or an operator that is one, with what it is given.
    fn call_of(&mut self, expr: &Expr, before: &mut Before) -> Option<String> {
        match expr {
            Expr::Call { params, .. } => Some(self.with_given(expr, params, before)),
            Expr::Membership { key, value, collection, .. } => {
                let all: Vec<_> = key.iter().chain([value, collection]).cloned().collect();
                Some(self.with_given(expr, &all, before))
            }
            Expr::BinExpr { lhs, rhs, .. } | Expr::ArithExpr { lhs, rhs, .. } | Expr::BoolExpr { lhs, rhs, .. } => {
                let (lhs, rhs) = (self.given(lhs, before), self.given(rhs, before));
                Some(match (operator(expr), expr) {
                    (Some(name), _) => format!("vanguard.{name}({lhs}, {rhs})"),
                    (None, Expr::BoolExpr { op: BoolOp::Eq, .. }) => format!("{lhs} == {rhs}"),
                    (None, _) => format!("{lhs} != {rhs}"),
                })
            }
            _ => None,
        }
    }

    /// What a call is given: what may be undefined has a name by then.
    fn given(&mut self, expr: &Expr, before: &mut Before) -> String {
        if let Some(call) = self.call_of(expr, before) {
            return self.named(&call, before);
        }
        match expr {
            Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                let reference = self.reference(expr, before);
                self.named(&reference, before)
            }
            Expr::Var { span, .. } if self.is_reference(span.text()) => self.named(span.text(), before),
            Expr::Array { items, .. } | Expr::Set { items, .. } => self.with_given(expr, items, before),
            Expr::Object { fields, .. } => {
                let all: Vec<_> = fields.iter().flat_map(|(_, key, value)| [key.clone(), value.clone()]).collect();
                self.with_given(expr, &all, before)
            }
            expr => self.written(expr),
        }
    }

    /// A reference, of which the parts in brackets are evaluated before.
    fn reference(&mut self, expr: &Expr, before: &mut Before) -> String {
        let (of, index) = match expr {
            Expr::RefDot { refr, .. } => (refr, None),
            Expr::RefBrack { refr, index, .. } => (refr, Some(index)),
            expr => return self.given(expr, before),
        };
        let mut parts = vec![(
            place(of),
            match of.as_ref() {
                Expr::Var { .. } => self.written(of),
                of => self.reference(of, before),
            },
        )];
        parts.extend(index.map(|index| (place(index), self.given(index, before))));
        self.spliced(expr, parts)
    }

    /// Whether a name is that of a rule or an import, which may be undefined.
    fn is_reference(&self, name: &str) -> bool {
        matches!(name, "input" | "data")
            || self.imported.contains(name)
            || self.rules.is_some_and(|rules| rules.contains(name))
    }

    fn with_given(&mut self, expr: &Expr, parts: &[Ref<Expr>], before: &mut Before) -> String {
        let parts = parts.iter().map(|part| (place(part), self.given(part, before))).collect();
        self.spliced(expr, parts)
    }

    fn spliced(&self, expr: &Expr, parts: Vec<(Range<usize>, String)>) -> String {
        let edits: Vec<Edit> = parts.into_iter().map(|(at, with)| Edit { at, with }).collect();
        edited(self.text, place(expr), &edits)
    }

    fn named(&mut self, what: &str, before: &mut Before) -> String {
        self.lifted += 1;
        let name = format!("vanguard_{}", self.lifted);
        before.push(format!("{name} := {what}"));
        name
    }
}
