//! The strict JSON reader: RFC 8259 and nothing else, in one pass and without recursion.

use crate::fault::FaultKind;
use crate::keys;
use crate::limits::Limits;
use crate::scan::{escape_end, next_special};
use crate::tape::{Kind, NONE, Node, Tape};

/// What is wrong, at which byte, and at which node of the tape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flaw {
    pub(crate) kind: FaultKind,
    pub(crate) offset: usize,
    pub(crate) node: u32,
}

/// What the grammar allows next.
#[derive(Clone, Copy)]
enum Expect {
    Value,
    /// After `[`.
    ValueOrEnd,
    /// After a comma of an object.
    Key,
    /// After `{`.
    KeyOrEnd,
    /// After a complete value.
    CommaOrEnd,
}

/// Fills the tape with the one JSON value that `source` is; its node is 0.
pub(crate) fn tokenize(source: &str, limits: &Limits, tape: &mut Tape) -> Result<(), Flaw> {
    let mut reader = Reader { source, bytes: source.as_bytes(), at: 0, limits, tape, open: NONE, depth: 0, values: 0 };
    reader.run()
}

struct Reader<'r> {
    source: &'r str,
    bytes: &'r [u8],
    at: usize,
    limits: &'r Limits,
    tape: &'r mut Tape,
    /// The innermost array or object that is not closed yet.
    open: u32,
    depth: usize,
    values: usize,
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), Flaw> {
        let mut expect = Expect::Value;
        loop {
            let byte = self.skip_blanks()?;
            expect = match (expect, byte) {
                (Expect::ValueOrEnd, b']') | (Expect::KeyOrEnd, b'}') => self.close()?,
                (Expect::Value | Expect::ValueOrEnd, byte) => self.value(byte)?,
                (Expect::KeyOrEnd | Expect::Key, b'"') => self.key()?,
                (Expect::CommaOrEnd, byte) => match (self.open_kind(), byte) {
                    (Kind::Array, b',') => self.step(Expect::Value),
                    (Kind::Object, b',') => self.step(Expect::Key),
                    (Kind::Array, b']') | (Kind::Object, b'}') => self.close()?,
                    _ => return Err(self.unexpected(byte)),
                },
                (Expect::Key | Expect::KeyOrEnd, byte) => return Err(self.unexpected(byte)),
            };
            if self.open == NONE {
                return self.only_blanks_left();
            }
        }
    }

    fn step(&mut self, expect: Expect) -> Expect {
        self.at = self.at.saturating_add(1);
        expect
    }

    fn open_kind(&self) -> Kind {
        self.tape.node(self.open).map_or(Kind::Null, |node| node.kind)
    }

    /// The first byte that is no blank. Line breaks are no blanks here: what reads the line behind us may split at them.
    fn skip_blanks(&mut self) -> Result<u8, Flaw> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\t') => self.at = self.at.saturating_add(1),
                Some(byte) => return Ok(*byte),
                None => return Err(self.flaw(FaultKind::Truncated)),
            }
        }
    }

    fn only_blanks_left(&mut self) -> Result<(), Flaw> {
        match self.skip_blanks() {
            Ok(b'\r' | b'\n') => Err(self.flaw(FaultKind::LineBreak)),
            Ok(_) => Err(self.flaw(FaultKind::TrailingData)),
            Err(_) => Ok(()),
        }
    }

    /// A flaw in the open array or object itself.
    fn flaw(&self, kind: FaultKind) -> Flaw {
        Flaw { kind, offset: self.at, node: if self.open == NONE { 0 } else { self.open } }
    }

    fn unexpected(&self, byte: u8) -> Flaw {
        self.flaw(match byte {
            b'\r' | b'\n' => FaultKind::LineBreak,
            0..=0x1F => FaultKind::ControlCharacter,
            _ => FaultKind::Syntax,
        })
    }

    /// Starts a node; its end comes later.
    fn push(&mut self, kind: Kind, key: bool) -> Result<u32, Flaw> {
        if !key {
            self.values = self.values.saturating_add(1);
            if self.values > self.limits.nodes {
                return Err(self.flaw(FaultKind::TooManyValues));
            }
        }
        let index = self.tape.len();
        let start = offset(self.at);
        let next = index.saturating_add(1);
        self.tape.nodes.push(Node { start, end: start, next, parent: self.open, kind, escaped: false, key });
        Ok(index)
    }

    fn value(&mut self, byte: u8) -> Result<Expect, Flaw> {
        match byte {
            b'"' => self.string(false)?,
            b'{' => return self.enter(Kind::Object, Expect::KeyOrEnd),
            b'[' => return self.enter(Kind::Array, Expect::ValueOrEnd),
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word(Kind::Bool, b"true")?,
            b'f' => self.word(Kind::Bool, b"false")?,
            b'n' => self.word(Kind::Null, b"null")?,
            b'N' if self.starts_with(b"NaN") => return Err(self.flaw(FaultKind::NotANumber)),
            b'I' if self.starts_with(b"Infinity") => return Err(self.flaw(FaultKind::NotANumber)),
            b'+' | b'.' => return Err(self.flaw(FaultKind::BadNumber)),
            byte => return Err(self.unexpected(byte)),
        }
        Ok(Expect::CommaOrEnd)
    }

    fn key(&mut self) -> Result<Expect, Flaw> {
        self.string(true)?;
        match self.skip_blanks()? {
            b':' => Ok(self.step(Expect::Value)),
            byte => Err(self.unexpected(byte)),
        }
    }

    fn enter(&mut self, kind: Kind, expect: Expect) -> Result<Expect, Flaw> {
        if self.depth >= self.limits.depth {
            return Err(self.flaw(FaultKind::TooDeep));
        }
        self.open = self.push(kind, false)?;
        self.depth = self.depth.saturating_add(1);
        Ok(self.step(expect))
    }

    fn close(&mut self) -> Result<Expect, Flaw> {
        let expect = self.step(Expect::CommaOrEnd);
        let closed = self.open;
        let next = self.tape.len();
        let end = offset(self.at);
        if let Some(node) = self.tape.nodes.get_mut(closed as usize) {
            node.next = next;
            node.end = end;
            self.open = node.parent;
            self.depth = self.depth.saturating_sub(1);
            if node.kind == Kind::Object
                && let Some(key) = keys::duplicate(self.tape, self.source, closed)
            {
                let offset = self.tape.node(key).map_or(0, |node| node.start as usize);
                return Err(Flaw { kind: FaultKind::DuplicateKey, offset, node: key });
            }
        }
        Ok(expect)
    }

    fn string(&mut self, key: bool) -> Result<(), Flaw> {
        let index = self.push(Kind::String, key)?;
        let flaw = |kind, offset| Flaw { kind, offset, node: index };
        let start = self.at.saturating_add(1);
        let mut at = start;
        let mut escaped = false;
        loop {
            at = next_special(self.bytes, at);
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at = escape_end(self.bytes, at).map_err(|kind| flaw(kind, at))?;
                }
                Some(b'\r' | b'\n') => return Err(flaw(FaultKind::LineBreak, at)),
                Some(_) => return Err(flaw(FaultKind::ControlCharacter, at)),
                None => return Err(flaw(FaultKind::Truncated, at)),
            }
        }
        if at.saturating_sub(start) > self.limits.string_bytes {
            return Err(flaw(FaultKind::StringTooLong, self.at));
        }
        self.at = at.saturating_add(1);
        self.end_scalar(index, escaped);
        Ok(())
    }

    fn end_scalar(&mut self, index: u32, escaped: bool) {
        let end = offset(self.at);
        if let Some(node) = self.tape.nodes.get_mut(index as usize) {
            node.end = end;
            node.escaped = escaped;
        }
    }

    fn starts_with(&self, word: &[u8]) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word))
    }

    fn word(&mut self, kind: Kind, word: &[u8]) -> Result<(), Flaw> {
        let index = self.push(kind, false)?;
        if !self.starts_with(word) {
            return Err(Flaw { kind: FaultKind::Syntax, offset: self.at, node: index });
        }
        self.at = self.at.saturating_add(word.len());
        self.end_scalar(index, false);
        Ok(())
    }

    fn number(&mut self) -> Result<(), Flaw> {
        let index = self.push(Kind::Number, false)?;
        let bad = |kind, offset| Flaw { kind, offset, node: index };
        if self.starts_with(b"-Infinity") {
            return Err(bad(FaultKind::NotANumber, self.at));
        }
        let start = self.at;
        self.at = usize::from(self.bytes.get(start) == Some(&b'-')).saturating_add(start);
        let integer = self.digits();
        let leading_zero = integer > 1 && self.bytes.get(self.at.saturating_sub(integer)) == Some(&b'0');
        if integer == 0 || leading_zero {
            return Err(bad(FaultKind::BadNumber, start));
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at = self.at.saturating_add(1);
            if self.digits() == 0 {
                return Err(bad(FaultKind::BadNumber, start));
            }
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at = self.at.saturating_add(1);
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at = self.at.saturating_add(1);
            }
            if self.digits() == 0 {
                return Err(bad(FaultKind::BadNumber, start));
            }
        }
        let lexeme = self.source.get(start..self.at).unwrap_or_default();
        if is_infinite(lexeme) {
            return Err(bad(FaultKind::NumberRange, start));
        }
        self.end_scalar(index, false);
        Ok(())
    }

    /// Passes digits; tells how many.
    fn digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at = self.at.saturating_add(count);
        count
    }
}

/// Whether a double cannot hold the number: Python and JavaScript read infinity, others refuse.
pub(crate) fn is_infinite(lexeme: &str) -> bool {
    let may_be = lexeme.len() > f64::MAX_10_EXP as usize || memchr::memchr2(b'e', b'E', lexeme.as_bytes()).is_some();
    may_be && lexeme.parse().is_ok_and(f64::is_infinite)
}

/// The reader takes no message of 4 GiB or more.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}
