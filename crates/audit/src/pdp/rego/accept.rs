//! What of Rego is taken: what the interpreter and OPA take for the same. The rest is refused when it is read, by file and line, with what to
//! write instead.
//!
//! Operators are written as calls of functions that are ours before the interpreter reads them. Nothing moves to another line by it, so that
//! what it says of a line is said of the one that was written.

mod negation;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use regorus::unstable::{
    ArithOp, BinOp, BoolOp, Expr, Literal, LiteralStmt, Module, Query, Ref, Rule, RuleAssign, RuleHead, Span,
};

use super::{builtin, text};

/// The text of a policy as the interpreter is to read it.
pub(super) fn accepted(module: &Module, all: &Names) -> Result<String, String> {
    let source = module.package.span.source.clone();
    let (rules, imported, text) = (all.rules_of(module), imported(module), source.contents());
    let mut reading = Reading { rules, imported, text, edits: Vec::new(), lifted: 0 };
    for rule in &module.policy {
        reading.rule(rule)?;
    }
    let Reading { edits, text, .. } = reading;
    Ok(edited(text, 0..text.len(), &edits))
}

/// The rules and functions of all policies, by their package.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, BTreeSet<String>>);

impl Names {
    pub(super) fn of<'m>(modules: impl Iterator<Item = &'m Module>) -> Self {
        let mut names = Self::default();
        for module in modules {
            let rules = names.0.entry(path(&module.package.refr).unwrap_or_default()).or_default();
            for rule in &module.policy {
                let refr = head(rule);
                // A function may have a longer name; what hides a name is its first part.
                rules.extend(path(refr));
                rules.extend(root(refr).map(str::to_owned));
            }
        }
        names
    }

    fn rules_of(&self, module: &Module) -> Option<&BTreeSet<String>> {
        self.0.get(&path(&module.package.refr).unwrap_or_default())
    }
}

fn head(rule: &Rule) -> &Ref<Expr> {
    match rule {
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. } => refr,
        },
        Rule::Default { refr, .. } => refr,
    }
}

/// The names under which imports are called.
fn imported(module: &Module) -> BTreeSet<String> {
    let name = |import: &regorus::unstable::Import| match &import.r#as {
        Some(name) => Some(name.text().to_owned()),
        None => path(&import.refr)?.rsplit('.').next().map(str::to_owned),
    };
    module.imports.iter().filter_map(name).collect()
}

/// `a.b.c`, where an expression is no more than that.
fn path(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Var { span, .. } => Some(span.text().to_owned()),
        Expr::RefDot { refr, field, .. } => Some(format!("{}.{}", path(refr)?, field.0.text())),
        _ => None,
    }
}

/// The variable that a reference begins with.
fn root(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Var { span, .. } => Some(span.text()),
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => root(refr),
        _ => None,
    }
}

/// A place and what is written there instead.
struct Edit {
    at: Range<usize>,
    with: String,
}

/// A part of a text, as it is with its edits.
fn edited(text: &str, part: Range<usize>, edits: &[Edit]) -> String {
    let mut inside: Vec<&Edit> =
        edits.iter().filter(|edit| part.start <= edit.at.start && edit.at.end <= part.end).collect();
    inside.sort_by_key(|edit| (edit.at.start, std::cmp::Reverse(edit.at.end)));
    let (mut written, mut from) = (String::new(), part.start);
    for edit in inside {
        // What lies in another edit is in what that one writes.
        if edit.at.start >= from {
            written.push_str(text.get(from..edit.at.start).unwrap_or_default());
            written.push_str(&edit.with);
            from = edit.at.end;
        }
    }
    written.push_str(text.get(from..part.end).unwrap_or_default());
    written
}

/// Where something stands. What begins or ends with a text does so at its quotes, which the parser leaves out.
fn range(span: &Span) -> Range<usize> {
    let text = span.source.contents().as_bytes();
    let (start, end) = (span.start as usize, span.end as usize);
    let is_quote = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|byte| matches!(byte, b'"' | b'`'));
    start - usize::from(is_quote(start.checked_sub(1)))..end + usize::from(is_quote(Some(end)))
}

/// Where an expression stands. The parser has an object of several members begin with the last of them, and the empty set end with what follows it.
fn place(expr: &Expr) -> Range<usize> {
    let (at, text) = (range(expr.span()), expr.span().source.contents());
    match expr {
        Expr::Object { fields, .. } => {
            let first = fields.first().map_or(at.start, |(_, key, _)| place(key).start);
            let opened = text.get(..first).and_then(|before| before.rfind('{'));
            if fields.is_empty() { at } else { opened.unwrap_or(first)..at.end }
        }
        Expr::Set { items, .. } if items.is_empty() => {
            let closed = text.get(at.start..).and_then(|rest| rest.find(')')).unwrap_or_default();
            at.start..at.start + closed + 1
        }
        _ => at,
    }
}

/// A new text with the lines of the old one.
fn on_its_lines(new: String, old: &str) -> String {
    let lines = |text: &str| text.matches('\n').count();
    let gone = lines(old).saturating_sub(lines(&new));
    new + &"\n".repeat(gone)
}

fn wrong(span: &Span, what: &str) -> String {
    span.error(what).to_string().trim().to_owned()
}

struct Reading<'m> {
    /// The rules of its own package.
    rules: Option<&'m BTreeSet<String>>,
    imported: BTreeSet<String>,
    text: &'m str,
    edits: Vec<Edit>,
    /// How many expressions were lifted out of negations.
    lifted: usize,
}

type Checked = Result<(), String>;

impl Reading<'_> {
    fn rule(&mut self, rule: &Rule) -> Checked {
        let refr = head(rule);
        if let Some(name) = path(refr).filter(|name| builtin::arity(name).is_some()) {
            return Err(wrong(refr.span(), &format!("{name} is a built-in function: give the rule another name")));
        }
        self.expr(refr)?;
        match rule {
            Rule::Default { args, value, .. } => {
                self.exprs(args)?;
                self.expr(value)
            }
            Rule::Spec { head, bodies, .. } => {
                match head {
                    RuleHead::Compr { assign, .. } => self.assign(assign.as_ref())?,
                    RuleHead::Set { key, .. } => self.exprs(key)?,
                    RuleHead::Func { args, assign, .. } => {
                        self.exprs(args)?;
                        self.assign(assign.as_ref())?;
                    }
                }
                for (n, body) in bodies.iter().enumerate() {
                    if n > 0 && !body.span.text().starts_with("else") {
                        return Err(wrong(&body.span, "a second body is not taken here: write a second rule"));
                    }
                    self.assign(body.assign.as_ref())?;
                    self.body(&body.query)?;
                }
                Ok(())
            }
        }
    }

    fn assign(&mut self, assign: Option<&RuleAssign>) -> Checked {
        assign.map_or(Ok(()), |assign| self.expr(&assign.value))
    }

    fn query(&mut self, query: &Query) -> Checked {
        query.stmts.iter().try_for_each(|statement| self.statement(statement, false))
    }

    /// The body of a rule, which may be one statement without braces.
    fn body(&mut self, query: &Query) -> Checked {
        match query.stmts.as_slice() {
            [alone] if alone.span.start == query.span.start => self.statement(alone, true),
            _ => self.query(query),
        }
    }

    fn statement(&mut self, statement: &LiteralStmt, is_bare: bool) -> Checked {
        for with in &statement.with_mods {
            if !matches!(root(&with.refr), Some("input" | "data")) {
                return Err(wrong(with.refr.span(), "`with` takes `input` or `data` here, and no function"));
            }
            self.expr(&with.refr)?;
            self.expr(&with.r#as)?;
        }
        match &statement.literal {
            Literal::SomeVars { vars, .. } => vars.iter().try_for_each(|name| self.declared(name)),
            Literal::SomeIn { key, value, collection, .. } => {
                for pattern in key.iter().chain([value]) {
                    self.pattern(pattern)?;
                    self.expr(pattern)?;
                }
                self.expr(collection)?;
                let at = place(collection);
                let with = format!("vanguard.members({})", self.written(collection));
                self.edits.push(Edit { at, with });
                Ok(())
            }
            Literal::Expr { expr, .. } => self.expr(expr),
            Literal::NotExpr { expr, .. } => {
                self.expr(expr)?;
                self.negation(statement, expr, is_bare);
                Ok(())
            }
            Literal::Every { key, value, domain, query, .. } => {
                key.iter().chain([value]).try_for_each(|name| self.declared(name))?;
                self.expr(domain)?;
                self.query(query)
            }
        }
    }

    /// Variables that `some` declares in a pattern.
    fn pattern(&self, pattern: &Expr) -> Checked {
        match pattern {
            Expr::Var { span, .. } => self.declared(span),
            Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().try_for_each(|item| self.pattern(item)),
            Expr::Object { fields, .. } => fields.iter().try_for_each(|(_, _, value)| self.pattern(value)),
            _ => Ok(()),
        }
    }

    /// OPA has a variable hide the rule of its name, where the interpreter mixes them up.
    fn declared(&self, name: &Span) -> Checked {
        if self.rules.is_some_and(|rules| rules.contains(name.text())) {
            return Err(wrong(name, &format!("{} is a rule, too: give the variable another name", name.text())));
        }
        Ok(())
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Ref<Expr>>) -> Checked {
        exprs.into_iter().try_for_each(|expr| self.expr(expr))
    }

    fn expr(&mut self, expr: &Expr) -> Checked {
        match expr {
            Expr::Null { .. } | Expr::Bool { .. } | Expr::Var { .. } | Expr::RawString { .. } => Ok(()),
            Expr::String { span, .. } => {
                let halves = ["\\ud8", "\\ud9", "\\uda", "\\udb", "\\udc", "\\udd", "\\ude", "\\udf"];
                let written = span.text().to_ascii_lowercase();
                if halves.iter().any(|half| written.contains(half)) {
                    return Err(wrong(span, "write the character itself: halves of it are read differently by OPA"));
                }
                Ok(())
            }
            Expr::Number { span, .. } => {
                if builtin::is_plain(span.text()) {
                    return Ok(());
                }
                Err(wrong(span, "OPA would write this number in another way: write a plain decimal, as 1000 or 0.25"))
            }
            Expr::UnaryExpr { span, expr, .. } => match expr.as_ref() {
                Expr::Number { .. } => self.expr(expr),
                _ => Err(wrong(span, "a sign stands before a number alone: write `0 - x`")),
            },
            Expr::Array { items, .. } | Expr::Set { items, .. } => self.exprs(items),
            Expr::Object { fields, .. } => {
                fields.iter().try_for_each(|(_, key, value)| self.expr(key).and_then(|()| self.expr(value)))
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expr(term)?;
                self.query(query)
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                self.exprs([key, value])?;
                self.query(query)
            }
            Expr::RefDot { refr, .. } => self.expr(refr),
            Expr::RefBrack { refr, index, .. } => self.exprs([refr, index]),
            Expr::AssignExpr { lhs, rhs, .. } => self.exprs([lhs, rhs]),
            Expr::Membership { key, value, collection, .. } => {
                self.exprs(key)?;
                self.exprs([value, collection])
            }
            Expr::Call { span, fcn, params, .. } => {
                self.call(span, fcn, params)?;
                self.exprs(params)
            }
            Expr::BinExpr { span, lhs, rhs, .. }
            | Expr::ArithExpr { span, lhs, rhs, .. }
            | Expr::BoolExpr { span, lhs, rhs, .. } => {
                self.exprs([lhs, rhs])?;
                if let Some(name) = operator(expr) {
                    let at = range(span);
                    let with = format!("vanguard.{name}({}, {}", self.written(lhs), self.written(rhs));
                    let with = on_its_lines(with, self.text.get(at.clone()).unwrap_or_default()) + ")";
                    self.edits.push(Edit { at, with });
                }
                Ok(())
            }
        }
    }

    /// An expression as it is written by now.
    fn written(&self, expr: &Expr) -> String {
        edited(self.text, place(expr), &self.edits)
    }

    fn call(&self, span: &Span, function: &Expr, params: &[Ref<Expr>]) -> Checked {
        let Some(name) = path(function) else {
            return Err(wrong(function.span(), "a function is called by its name here"));
        };
        let begins = root(function).unwrap_or_default();
        let is_own = self.rules.is_some_and(|rules| rules.contains(&name));
        if is_own || begins == "data" || self.imported.contains(begins) {
            return Ok(());
        }
        let Some(arity) = builtin::arity(&name) else {
            return Err(wrong(
                function.span(),
                &format!("there is no function {name} here: docs/policy.md lists those that there are"),
            ));
        };
        if params.len() == arity + 1 {
            return Err(wrong(span, &format!("write `x := {name}(…)`: its result is no argument here")));
        }
        match (name.as_str(), params) {
            ("sprintf", [format, values]) => sprintf(format, values),
            (
                "regex.match" | "regex.split" | "regex.is_valid" | "regex.find_n" | "regex.find_all_string_submatch_n",
                [pattern, ..],
            )
            | ("regex.replace", [_, pattern, _]) => constant(pattern, builtin::pattern_readable),
            ("glob.match", [pattern, ..]) => constant(pattern, builtin::glob_readable),
            _ => Ok(()),
        }
    }
}

/// The function that an operator is written as, unless it is the same for both.
fn operator(expr: &Expr) -> Option<&'static str> {
    Some(match expr {
        Expr::BinExpr { op: BinOp::Intersection, .. } => "and",
        Expr::BinExpr { op: BinOp::Union, .. } => "or",
        Expr::ArithExpr { op: ArithOp::Add, .. } => "add",
        Expr::ArithExpr { op: ArithOp::Sub, .. } => "sub",
        Expr::ArithExpr { op: ArithOp::Mul, .. } => "mul",
        Expr::ArithExpr { op: ArithOp::Div, .. } => "div",
        Expr::ArithExpr { op: ArithOp::Mod, .. } => "rem",
        Expr::BoolExpr { op: BoolOp::Lt, .. } => "lt",
        Expr::BoolExpr { op: BoolOp::Le, .. } => "le",
        Expr::BoolExpr { op: BoolOp::Ge, .. } => "ge",
        Expr::BoolExpr { op: BoolOp::Gt, .. } => "gt",
        _ => return None,
    })
}

/// A text that is written out.
fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::String { value, .. } | Expr::RawString { value, .. } => value.as_string().ok().map(AsRef::as_ref),
        _ => None,
    }
}

/// What is written out must be read as OPA reads it; what is not is looked at when it is met.
fn constant(expr: &Expr, readable: fn(&str) -> Result<(), String>) -> Checked {
    literal(expr).map_or(Ok(()), readable).map_err(|why| wrong(expr.span(), &why))
}

fn sprintf(format: &Expr, values: &Expr) -> Checked {
    let Some(written) = literal(format) else {
        return Err(wrong(format.span(), "the format is written out here, as in sprintf(\"%s\", [x])"));
    };
    let verbs = text::values_of(written).map_err(|why| wrong(format.span(), &why))?;
    match values {
        Expr::Array { items, span, .. } if items.len() != verbs => {
            Err(wrong(span, &format!("the format takes {verbs} values, and these are {}", items.len())))
        }
        _ => Ok(()),
    }
}
