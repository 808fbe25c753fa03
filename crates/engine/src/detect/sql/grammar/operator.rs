//! What may follow an operand: operators, the clauses of a query, the end of a bracket.

use super::super::token::{Gap, Kind, Token};
use super::super::word::{self, Key};
use super::{Bracket, Operand, Pending, Traits, Walk};

impl Walk<'_> {
    /// Reads what may follow an operand. Whether it does.
    pub(super) fn operator(&mut self, token: Token) -> bool {
        match token.kind {
            Kind::Close => {
                match self.brackets.pop() {
                    Some(Bracket::Call { known: true, .. }) => self.last = Operand::Call,
                    Some(Bracket::Query { selecting }) => {
                        self.selecting = selecting;
                        self.last = Operand::Call;
                    }
                    Some(Bracket::Call { known: false, .. }) => self.last = Operand::Other,
                    Some(Bracket::Group) | None => {}
                }
                self.step(1);
            }
            Kind::Logic => {
                let or = token.text(self.text) == "||";
                self.show(Traits::SIGNS);
                self.logic(or);
            }
            Kind::Key(Key::And) if self.between > 0 => {
                self.between = self.between.saturating_sub(1);
                self.infix(Pending::Arithmetic, 1);
            }
            Kind::Key(Key::Or | Key::Xor) => self.logic(true),
            Kind::Key(Key::And) => self.logic(false),
            Kind::Compare => {
                self.show(Traits::SIGNS);
                self.infix(Pending::Compare, 1);
            }
            Kind::Key(Key::Like) => {
                // `sounds like`, `similar to`.
                let two = matches!(self.kind(1), Some(Kind::Key(Key::Like)))
                    || self.token(1).is_some_and(|next| next.text(self.text).eq_ignore_ascii_case("to"));
                self.infix(Pending::Compare, if two { 2 } else { 1 });
            }
            Kind::Key(Key::Not) => match self.kind(1) {
                Some(Kind::Key(Key::Like | Key::In | Key::Between)) => self.step(1),
                _ => return false,
            },
            Kind::Key(Key::Between) => {
                self.between = self.between.saturating_add(1);
                self.infix(Pending::Compare, 1);
            }
            Kind::Key(Key::In) if self.kind(1) == Some(Kind::Open) => self.infix(Pending::Compare, 1),
            Kind::Key(Key::Is) => return self.is(token),
            Kind::Sign | Kind::Star | Kind::Arithmetic | Kind::Not | Kind::Key(Key::Infix) => {
                self.show(Traits::ARITHMETIC);
                self.infix(Pending::Arithmetic, 1);
            }
            Kind::Comma => {
                self.show(Traits::COMMA);
                self.infix(Pending::Comma, 1);
            }
            Kind::Text if self.tokens.get(self.at.wrapping_sub(1)).is_some_and(|t| t.kind == Kind::Text) => {
                self.step(1);
            }
            Kind::Key(Key::Union) => return self.union(),
            Kind::Key(key) => return self.clause(key),
            Kind::Name if self.selecting => {
                // An alias.
                let article = word::is_article(self.text_of(self.at.wrapping_sub(1)));
                if article || matches!(self.last, Operand::Truth) {
                    return false;
                }
                self.step(1);
            }
            _ => return false,
        }
        true
    }

    /// Whether the operand just read is a condition by itself.
    pub(super) fn is_alone(&self) -> bool {
        matches!(
            self.kind(0),
            None | Some(
                Kind::Cut
                    | Kind::Close
                    | Kind::Semicolon
                    | Kind::Logic
                    | Kind::Key(
                        Key::Or | Key::And | Key::Xor | Key::Limit | Key::Order | Key::Group | Key::Union | Key::Having
                    )
            )
        )
    }

    /// Whether what was just read is joined by `||`, a text to a name, a variable or a call: to most databases that makes
    /// one text of two, and only one dialect would read an `or`.
    pub(super) fn concatenates(&self) -> bool {
        let back = |count: usize| self.tokens.get(self.at.wrapping_sub(count)).map(|token| token.kind);
        let own = |count: usize| !self.text_of(self.at.wrapping_sub(count)).starts_with("@@");
        self.text_of(self.at.wrapping_sub(2)) == "||"
            && match (back(3), back(1)) {
                (Some(Kind::Name | Kind::Variable), Some(Kind::Text)) => own(3),
                (Some(Kind::Text | Kind::Name), Some(Kind::Variable)) => own(1),
                (Some(Kind::Close), Some(Kind::Text | Kind::Variable)) => {
                    matches!(self.left, Operand::Call | Operand::Other) && own(1)
                }
                _ => false,
            }
    }

    /// Whether the pending operator makes one text of two.
    pub(super) fn joins(&self) -> bool {
        let operator = self.tokens.get(self.at.wrapping_sub(1)).map_or("", |token| token.text(self.text));
        matches!(operator, "||" | "+" | "-" | "*" | "^" | "&" | "|")
    }

    pub(super) fn infix(&mut self, pending: Pending, tokens: usize) {
        self.left_is_text = self.tokens.get(self.at.wrapping_sub(1)).is_some_and(|token| token.kind == Kind::Text);
        self.left = self.last;
        self.pending = pending;
        self.after = false;
        self.step(tokens);
    }

    pub(super) fn logic(&mut self, or: bool) {
        self.show(Traits::LOGIC);
        self.joined = Some(or);
        self.infix(Pending::Logic { or, depth: self.brackets.len() }, 1);
    }

    /// `is [not] null`; in prose something else follows.
    pub(super) fn is(&mut self, token: Token) -> bool {
        if token.text(self.text).len() > 2 {
            self.show(Traits::COMPARE);
            self.last = Operand::Truth;
            self.step(1);
            return true;
        }
        let negated = usize::from(self.kind(1) == Some(Kind::Key(Key::Not)));
        let what = negated.saturating_add(1);
        if !matches!(self.kind(what), Some(Kind::Key(Key::Constant))) {
            return false;
        }
        self.pending = Pending::Compare;
        self.left = self.last;
        self.step(what.saturating_add(1));
        self.complete(Operand::Constant);
        true
    }

    /// `union [all] select …`, where what is selected is no prose.
    pub(super) fn union(&mut self) -> bool {
        let mut ahead = 1_usize;
        let next = |walk: &Self, ahead: usize| walk.kind(ahead);
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map(|token| token.kind);
        let hard = !matches!(before, Some(Kind::Name | Kind::Key(_) | Kind::Other));
        let mut sure = hard;
        if matches!(next(self, ahead), Some(Kind::Key(Key::All | Key::Prefix))) {
            ahead = ahead.saturating_add(1);
            sure = true;
        }
        while next(self, ahead) == Some(Kind::Open) {
            self.brackets.push(Bracket::Query { selecting: self.selecting });
            ahead = ahead.saturating_add(1);
        }
        let gap = self.token(ahead).map(|token| token.gap);
        match next(self, ahead) {
            Some(Kind::Key(Key::Select | Key::Values)) => {}
            // `1/**/union#`: nothing else begins so.
            Some(Kind::Cut) | None if self.token(0).is_some_and(|token| token.gap == Gap::Comment) && hard => {
                self.show(Traits::UNION);
                self.step(1);
                return true;
            }
            _ => return false,
        }
        if gap == Some(Gap::Comment) {
            sure = true;
        }
        ahead = ahead.saturating_add(1);
        while matches!(next(self, ahead), Some(Kind::Key(Key::All | Key::Prefix))) {
            ahead = ahead.saturating_add(1);
        }
        if next(self, ahead.saturating_add(1)) == Some(Kind::Number)
            && self.text_of(self.at.saturating_add(ahead)).eq_ignore_ascii_case("top")
        {
            ahead = ahead.saturating_add(2);
        }
        let mut first = ahead;
        while matches!(next(self, first), Some(Kind::Open | Kind::Sign | Kind::Not)) {
            first = first.saturating_add(1);
        }
        let query = match next(self, first) {
            Some(
                Kind::Number
                | Kind::Text
                | Kind::OpenText
                | Kind::Variable
                | Kind::Star
                | Kind::Cut
                | Kind::Key(Key::Constant | Key::Select | Key::Case),
            ) => true,
            Some(Kind::Name | Kind::Key(_)) => {
                let after = first.saturating_add(1);
                match next(self, after) {
                    Some(Kind::Name | Kind::Other | Kind::Number) => false,
                    Some(_) => true,
                    None => sure,
                }
            }
            None => sure,
            _ => false,
        };
        if !query {
            return false;
        }
        self.show(Traits::UNION);
        self.union = true;
        self.listed = 0;
        self.selecting = true;
        self.step(ahead);
        self.after = self.at >= self.tokens.len() || self.kind(0) == Some(Kind::Cut);
        self.pending = Pending::Clause;
        self.last = Operand::Other;
        true
    }

    /// What else may follow an operand. Whether it does.
    pub(super) fn clause(&mut self, key: Key) -> bool {
        match key {
            Key::Order | Key::Group if self.kind(1) == Some(Kind::Key(Key::By)) => {
                let hard = matches!(
                    self.kind(2),
                    Some(Kind::Number | Kind::Open | Kind::Variable | Kind::Text | Kind::OpenText)
                ) || self.traits.intersects(Traits::SELECT | Traits::UNION)
                    || matches!(self.kind(3), Some(Kind::Open | Kind::Key(Key::Having)));
                if hard {
                    self.show(Traits::CLAUSE);
                }
                self.selecting = false;
                self.begin_clause(2);
            }
            Key::Having | Key::Where => {
                self.show(Traits::WHERE);
                self.selecting = false;
                self.joined = None;
                self.begin_clause(1);
            }
            Key::Limit => {
                if !matches!(self.kind(1), Some(Kind::Number | Kind::Open | Kind::Variable)) {
                    return false;
                }
                self.show(Traits::CLAUSE);
                self.begin_clause(1);
            }
            Key::From if self.selecting || !self.brackets.is_empty() => {
                if self.listed > 1 {
                    self.show(Traits::SELECT_PROBE);
                }
                let table = self.token(1).copied();
                let named = matches!(table.map(|t| t.kind), Some(Kind::Name | Kind::Text | Kind::Key(_)))
                    && !word::is_article(self.text_of(self.at.saturating_add(1)));
                if self.selecting && (named || self.kind(1) == Some(Kind::Open)) {
                    self.show(Traits::SELECT_FROM);
                }
                self.begin_clause(1);
            }
            Key::Into | Key::Using | Key::On => self.begin_clause(1),
            Key::Join if self.selecting => {
                while matches!(self.kind(0), Some(Kind::Key(Key::Join))) {
                    self.step(1);
                }
                self.begin_clause(0);
            }
            Key::As => {
                if !matches!(self.kind(1), Some(Kind::Name | Kind::Text | Kind::Key(_))) {
                    return false;
                }
                self.step(2);
                return true;
            }
            Key::Direction => self.step(1),
            Key::End if self.cases > 0 => {
                self.cases = self.cases.saturating_sub(1);
                self.last = Operand::Call;
                self.step(1);
            }
            Key::When | Key::Then | Key::Else if self.cases > 0 => {
                if key == Key::Then {
                    self.show(Traits::CASE);
                }
                self.begin_clause(1);
            }
            Key::Procedure => {
                self.show(Traits::CLAUSE);
                self.begin_clause(1);
            }
            _ => return false,
        }
        true
    }

    pub(super) fn begin_clause(&mut self, tokens: usize) {
        self.pending = Pending::Clause;
        self.after = false;
        self.step(tokens);
    }
}
