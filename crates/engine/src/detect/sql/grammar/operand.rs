//! Operands, what stands before them, and what is known once one is complete.

use super::super::token::{Kind, Token};
use super::super::word::{self, Key};
use super::{Bracket, Operand, Pending, Traits, Walk};

impl Walk<'_> {
    /// Reads an operand, or what may stand before one. Whether it is there.
    pub(super) fn operand(&mut self, token: Token) -> bool {
        match token.kind {
            Kind::Sign | Kind::Not | Kind::Key(Key::Not | Key::Prefix | Key::All) => {
                self.step(1);
                return true;
            }
            Kind::Open => {
                let query = matches!(self.kind(1), Some(Kind::Key(Key::Select)));
                self.brackets.push(if query { Bracket::Query { selecting: self.selecting } } else { Bracket::Group });
                self.step(1);
                return true;
            }
            Kind::Text | Kind::OpenText if self.left_is_text && self.joins() => {
                self.show(Traits::JOINED);
                self.left_is_text = false;
                return self.operand(token);
            }
            Kind::Close if self.tokens.get(self.at.wrapping_sub(1)).is_some_and(|t| t.kind == Kind::Open) => {
                // `f()`.
                self.after = true;
                return true;
            }
            Kind::Key(Key::Select) => return self.select(),
            Kind::Key(Key::Case) => {
                self.cases = self.cases.saturating_add(1);
                self.step(1);
                if self.kind(0) == Some(Kind::Key(Key::When)) {
                    self.begin_clause(1);
                }
                return true;
            }
            Kind::Number => {
                if token.text(self.text).get(..2).is_some_and(|two| two.eq_ignore_ascii_case("0x")) {
                    self.nested();
                }
                self.step(1);
                self.complete(Operand::Constant);
            }
            Kind::Text | Kind::Key(Key::Constant) => {
                self.show(Traits::WORDS);
                self.step(1);
                self.complete(Operand::Constant);
            }
            Kind::OpenText => {
                self.show(Traits::OPEN | Traits::WORDS);
                self.step(1);
                self.complete(Operand::Constant);
            }
            Kind::Variable => {
                self.show(Traits::VARIABLE | Traits::WORDS);
                self.nested();
                self.step(1);
                self.complete(Operand::Constant);
            }
            Kind::Star => {
                self.step(1);
                self.complete(Operand::Other);
            }
            Kind::Name | Kind::Key(_) if self.kind(1) == Some(Kind::Open) => {
                if let Kind::Key(key) = token.kind
                    && matches!(
                        key,
                        Key::Or
                            | Key::And
                            | Key::Union
                            | Key::From
                            | Key::Where
                            | Key::In
                            | Key::As
                            | Key::By
                            | Key::On
                    )
                {
                    return false;
                }
                let known = word::is_function(token.text(self.text));
                self.show(Traits::WORDS);
                if known {
                    self.nested();
                    self.show(Traits::CALL);
                }
                let peeks = known && word::peeks(token.text(self.text));
                self.brackets.push(Bracket::Call { known, peeks });
                self.step(2);
                return true;
            }
            Kind::Name => {
                self.show(Traits::WORDS);
                let at = self.at;
                self.step(1);
                self.complete(Operand::Name(at));
            }
            _ => return false,
        }
        true
    }

    /// Inside the brackets of a known function stands something else that only SQL has.
    pub(super) fn nested(&mut self) {
        if self.brackets.iter().rev().take(2).any(|bracket| matches!(bracket, Bracket::Call { known: true, .. })) {
            self.show(Traits::NESTED_CALL);
        }
    }

    pub(super) fn select(&mut self) -> bool {
        let begins =
            self.at == self.from || matches!(self.pending, Pending::Nothing | Pending::Clause | Pending::Logic { .. });
        let bracketed = self.tokens.get(self.at.wrapping_sub(1)).is_some_and(|t| t.kind == Kind::Open);
        if !begins && !bracketed {
            return false;
        }
        self.step(1);
        while matches!(self.kind(0), Some(Kind::Key(Key::All | Key::Prefix))) {
            self.step(1);
        }
        if self.kind(1) == Some(Kind::Number) && self.text_of(self.at).eq_ignore_ascii_case("top") {
            self.step(2);
        }
        // An article after `select` is prose.
        if self.kind(1) == Some(Kind::Name) && word::is_article(self.text_of(self.at)) {
            return false;
        }
        self.show(Traits::SELECT);
        if bracketed {
            let hard = !matches!(self.kind(1), Some(Kind::Name | Kind::Other));
            if hard {
                self.show(Traits::SUBQUERY);
                if self
                    .brackets
                    .iter()
                    .rev()
                    .take(3)
                    .any(|bracket| matches!(bracket, Bracket::Call { known: true, .. }))
                {
                    self.show(Traits::NESTED_CALL);
                }
                if self
                    .brackets
                    .iter()
                    .rev()
                    .take(3)
                    .any(|bracket| matches!(bracket, Bracket::Call { peeks: true, .. }))
                {
                    self.show(Traits::PEEK);
                }
                let joins = matches!(self.pending, Pending::Arithmetic | Pending::Logic { or: true, .. });
                if joins && self.left_is_text {
                    self.show(Traits::JOINED);
                }
                if matches!(self.pending, Pending::Logic { .. }) {
                    self.show(Traits::LOGIC_CALL);
                }
            }
        }
        self.selecting = true;
        self.listed = 0;
        self.pending = Pending::Clause;
        if matches!(self.kind(0), Some(Kind::Variable))
            || (self.kind(1) == Some(Kind::Open) && word::is_function(self.text_of(self.at)))
        {
            self.show(Traits::SELECT_PROBE);
        }
        let alone = matches!(self.kind(1), None | Some(Kind::Semicolon | Kind::Cut));
        if alone
            && matches!(&*self.text_of(self.at).to_ascii_lowercase(), "current_user" | "session_user" | "system_user")
        {
            self.show(Traits::SELECT_PROBE);
        }
        true
    }

    /// An operand is complete.
    pub(super) fn complete(&mut self, operand: Operand) {
        self.after = true;
        let pending = std::mem::replace(&mut self.pending, Pending::Nothing);
        // An operand in the brackets of a call is an argument, not what the operator before the call is about.
        if pending == Pending::Arithmetic
            && matches!((self.left, operand), (Operand::Name(_), _) | (_, Operand::Name(_)))
        {
            self.show(Traits::NAMES);
        }
        let operand = match pending {
            Pending::Arithmetic => match (self.left, operand) {
                (Operand::Constant, Operand::Constant) => Operand::Constant,
                (Operand::Call, _) | (_, Operand::Call) => Operand::Call,
                (name @ Operand::Name(_), _) => name,
                (_, other) => other,
            },
            _ => operand,
        };
        self.last = operand;
        match pending {
            Pending::Compare => self.compared(operand),
            Pending::Logic { depth, .. } => {
                // Its brackets opened behind the operator.
                let behind = self.brackets.get(depth..).unwrap_or_default();
                let call = matches!(behind.last(), Some(Bracket::Call { known: true, .. }));
                match operand {
                    _ if call => self.show(Traits::LOGIC_CALL),
                    Operand::Constant if self.is_alone() && !self.concatenates() => self.show(Traits::LOGIC_CONSTANT),
                    Operand::Name(_) => self.show(Traits::NAMES),
                    _ => {}
                }
            }
            Pending::Clause | Pending::Comma if self.selecting && operand != Operand::Constant => self.union = false,
            Pending::Clause | Pending::Comma if self.selecting => {
                // A row of totals begins with a text, a count of columns with numbers or nothing.
                self.union &= self.tokens.get(self.at.wrapping_sub(1)).is_some_and(|token| token.kind != Kind::Text);
                self.listed = self.listed.saturating_add(1);
                if self.union && self.listed > 1 {
                    self.show(Traits::UNION_PROBE);
                }
            }
            _ => {}
        }
    }

    pub(super) fn compared(&mut self, right: Operand) {
        self.show(Traits::COMPARE);
        let anything = matches!(self.tokens.get(self.at.wrapping_sub(2)).map(|t| t.kind), Some(Kind::Key(Key::Like)))
            && matches!(self.text_of(self.at.wrapping_sub(1)), "'%'" | "\"%\"" | "'%%'" | "'%")
            && !(self.text_of(self.at) == "||" && matches!(self.kind(1), Some(Kind::Name | Kind::Variable)));
        let same = anything
            || match (self.left, right) {
                (Operand::Constant | Operand::Truth, Operand::Constant) => {
                    let kind = |back: usize| self.tokens.get(self.at.wrapping_sub(back)).map(|token| token.kind);
                    let text = |kind| matches!(kind, Some(Kind::Text | Kind::OpenText));
                    if text(kind(1)) == text(kind(3)) {
                        self.show(Traits::ALIKE);
                    }
                    true
                }
                (Operand::Name(a), Operand::Name(b)) => {
                    self.show(Traits::NAMES);
                    self.text_of(a).eq_ignore_ascii_case(self.text_of(b))
                }
                (Operand::Name(_), _) | (_, Operand::Name(_)) => {
                    self.show(Traits::NAMES);
                    false
                }
                _ => false,
            };
        if same {
            self.show(Traits::SAME);
            match self.joined {
                Some(true) => self.show(Traits::SAME_OR),
                Some(false) => self.show(Traits::SAME_AND),
                None => {}
            }
        }
        if matches!(self.left, Operand::Call) && self.joined.is_some() {
            self.show(Traits::LOGIC_CALL);
        }
        self.last = Operand::Truth;
    }
}
