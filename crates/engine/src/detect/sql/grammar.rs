//! What a run of tokens would be to a database: walked as an expression or a query, for as long as it is one.
//!
//! Prose breaks off after a word or two (`cats and dogs' toys`: a name, then a name), a query does not. What a run shows
//! on its way ([`Traits`]) counts only as far as it is well-formed.

use smallvec::SmallVec;

use super::token::{Gap, Kind, Token};

mod operand;
mod operator;

bitflags::bitflags! {
    /// What a run of tokens shows.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub(super) struct Traits: u32 {
        /// A logical operator stands between operands.
        const LOGIC = 1;
        /// Such an operator, and a constant after it.
        const LOGIC_CONSTANT = 1 << 1;
        /// Such an operator, and a function of SQL or a query after it.
        const LOGIC_CALL = 1 << 2;
        /// Two things are compared.
        const COMPARE = 1 << 3;
        /// Two constants are compared, or a thing with itself.
        const SAME = 1 << 4;
        /// Such a comparison after `or`, `xor`, `||`.
        const SAME_OR = 1 << 5;
        /// Such a comparison after `and`, `&&`.
        const SAME_AND = 1 << 6;
        /// Arithmetic between operands.
        const ARITHMETIC = 1 << 7;
        /// A function of SQL is called.
        const CALL = 1 << 8;
        /// And gets a query, a function, a variable, a hexadecimal number.
        const NESTED_CALL = 1 << 9;
        /// `select`.
        const SELECT = 1 << 10;
        /// `select … from name`.
        const SELECT_FROM = 1 << 11;
        /// `select` of a function, a variable, several constants.
        const SELECT_PROBE = 1 << 12;
        /// `(select`.
        const SUBQUERY = 1 << 13;
        /// `union select`.
        const UNION = 1 << 14;
        /// `order by 3`, `having`, `limit 1`…
        const CLAUSE = 1 << 15;
        /// The rest is in a comment.
        const CUT = 1 << 16;
        /// Ends in a text whose quote is the reader's own.
        const OPEN = 1 << 17;
        /// A name is compared, or stands alone beside an operator.
        const NAMES = 1 << 18;
        /// `where`, `having`: a condition begins.
        const WHERE = 1 << 19;
        /// Several operands in a row.
        const COMMA = 1 << 20;
        /// A comment or `/*!` stands between tokens.
        const COMMENTED = 1 << 21;
        /// `case when`.
        const CASE = 1 << 22;
        /// Something other than numbers.
        const WORDS = 1 << 23;
        /// A condition of constants before `--`.
        const VARIABLE = 1 << 24;
        /// An operator that no prose has: `||`, `&&`, `=`, `<>`…
        const SIGNS = 1 << 25;
        /// `union select null,null` or `1,2`: columns are counted.
        const UNION_PROBE = 1 << 26;
        /// A text is joined to another constant, or to a query: `'a'||'b'`, `''+(select …)`.
        const JOINED = 1 << 27;
        /// A function looks at a part of what a query in its brackets gives.
        const PEEK = 1 << 28;
        /// Two constants of one kind are compared: `1=1`, `'a'='b'`, not `2008='x'`.
        const ALIKE = 1 << 29;
    }
}

/// A well-formed run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// The first token after it.
    pub(super) end: usize,
    pub(super) traits: Traits,
    /// Whether it goes to the end of the text, or to a comment that hides the rest, and could end there.
    pub(super) whole: bool,
    /// The token that shows the most of what was found.
    pub(super) at: usize,
}

/// What an operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operand {
    Constant,
    /// The token that is the name.
    Name(usize),
    /// A function of SQL, or a query.
    Call,
    /// Something that was compared.
    Truth,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    Nothing,
    Compare,
    /// How many brackets were open where it stood.
    Logic {
        or: bool,
        depth: usize,
    },
    Arithmetic,
    Comma,
    Clause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Group,
    /// Of a function of SQL, and of one that looks at a part of a text.
    Call {
        known: bool,
        peeks: bool,
    },
    /// Whether names outside may have aliases, to be restored behind it.
    Query {
        selecting: bool,
    },
}

/// Walks `tokens` from `from` for as long as they are well-formed. `after`: an operand stands before them, such as
/// the text that a quote has ended.
pub(super) fn walk(text: &str, tokens: &[Token], from: usize, after: bool) -> Run {
    let mut walk = Walk {
        text,
        tokens,
        at: from,
        from,
        after,
        traits: Traits::empty(),
        best: from,
        last: Operand::Constant,
        left: Operand::Constant,
        pending: Pending::Nothing,
        joined: None,
        brackets: SmallVec::new(),
        between: 0,
        cases: 0,
        selecting: false,
        listed: 0,
        union: false,
        left_is_text: false,
    };
    let whole = walk.run();
    Run { end: walk.at, traits: walk.traits, whole, at: walk.best }
}

#[expect(clippy::struct_excessive_bools, reason = "a state, not options")]
struct Walk<'t> {
    text: &'t str,
    tokens: &'t [Token],
    at: usize,
    from: usize,
    /// Whether an operand is complete, so that an operator may follow.
    after: bool,
    traits: Traits,
    best: usize,
    last: Operand,
    left: Operand,
    pending: Pending,
    /// The logical operator before the comparison that is being read; whether it is an `or`.
    joined: Option<bool>,
    brackets: SmallVec<[Bracket; 16]>,
    between: u32,
    cases: u32,
    /// Between `select` and its end: operands may have aliases.
    selecting: bool,
    /// Constants in the list of a `select`.
    listed: u32,
    union: bool,
    /// Whether the operand before the pending operator is a text.
    left_is_text: bool,
}

impl Walk<'_> {
    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at.saturating_add(ahead))
    }

    fn kind(&self, ahead: usize) -> Option<Kind> {
        self.token(ahead).map(|token| token.kind)
    }

    fn text_of(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text(self.text))
    }

    fn step(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    fn show(&mut self, traits: Traits) {
        if !self.traits.contains(traits) {
            self.traits |= traits;
            self.best = self.at.min(self.tokens.len().saturating_sub(1));
        }
    }

    fn run(&mut self) -> bool {
        while let Some(&token) = self.tokens.get(self.at) {
            if matches!(token.gap, Gap::Comment | Gap::Version) && self.at > self.from {
                self.show(Traits::COMMENTED);
            }
            if token.kind == Kind::Cut {
                self.show(Traits::CUT);
                return self.after;
            }
            let goes_on = if self.after { self.operator(token) } else { self.operand(token) };
            if !goes_on {
                return false;
            }
        }
        self.after
    }
}
