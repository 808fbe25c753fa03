//! SQL tokens: one pass, every dialect at once, total on any text.
//!
//! Where dialects disagree the reading is the one that attacks use: `#` and `--` begin comments, `/*!50000 x */` is x,
//! a backslash may or may not escape a quote ([`Reading::backslash`]).

use super::word::{self, Key};

/// The most tokens that are read of one text.
pub(super) const MAX_TOKENS: usize = 16_384;

/// The longest template that is looked for the end of.
const TEMPLATE: usize = 400;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    /// A quoted text.
    Text,
    /// A quoted text that does not end.
    OpenText,
    /// A name that is no keyword, with the names before its dots.
    Name,
    Key(Key),
    /// `@x`, `@@x`.
    Variable,
    /// `||`, `&&`.
    Logic,
    /// `=`, `<>`, `<=`…
    Compare,
    /// `+`, `-`: signs of a number, too.
    Sign,
    /// `*`: all columns, too.
    Star,
    /// `/`, `%`, `&`, `|`, `^`, `<<`…
    Arithmetic,
    /// `!`, `~`.
    Not,
    Open,
    Close,
    Comma,
    Semicolon,
    /// A comment that the rest of the text is in.
    Cut,
    /// What no SQL has here.
    Other,
}

/// What stands between a token and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    Nothing,
    Space,
    /// A comment.
    Comment,
    /// `/*!`, whose content is run.
    Version,
}

/// One token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) gap: Gap,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Token {
    pub(super) fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    pub(super) fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.range()).unwrap_or_default()
    }
}

/// How a text is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    /// A backslash escapes the quote after it.
    pub(super) backslash: bool,
    /// `+` is a space, as in the query of a URL.
    pub(super) plus: bool,
    /// `{{ x }}` and `{% x %}` are filled in before a database sees them, as models of a warehouse have them.
    pub(super) templates: bool,
}

/// Reads `text` from byte `from` into `tokens`. Whether all of it was read.
pub(super) fn tokens(text: &str, from: usize, reading: Reading, tokens: &mut Vec<Token>) -> bool {
    tokens.clear();
    let mut lexer = Lexer { bytes: text.as_bytes(), at: from, reading };
    while tokens.len() < MAX_TOKENS {
        match lexer.next() {
            Some(token) => tokens.push(token),
            None => return true,
        }
    }
    false
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    reading: Reading,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at.saturating_add(ahead)).copied().unwrap_or(0)
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.bytes.len());
    }

    fn skip_while(&mut self, is: impl Fn(u8) -> bool) {
        let count = self.rest().iter().take_while(|&&b| is(b)).count();
        self.skip(count);
    }

    fn skip_name(&mut self) {
        self.skip(name_length(self.rest()));
    }

    fn next(&mut self) -> Option<Token> {
        let (gap, cut) = self.gap();
        let start = self.at;
        let kind = match cut {
            Some(begins) => {
                return Some(Token { kind: Kind::Cut, gap, start: as_u32(begins), end: as_u32(self.bytes.len()) });
            }
            None if start >= self.bytes.len() => return None,
            None => self.token(),
        };
        // INVARIANT: every token takes at least one byte, so that reading ends.
        self.at = self.at.max(start.saturating_add(1));
        Some(Token { kind, gap, start: as_u32(start), end: as_u32(self.at) })
    }

    /// Skips what ends in `mark` bytes at `end`, or all that is left. Whether there is an end.
    fn skip_past(&mut self, end: Option<usize>, mark: usize) -> bool {
        self.skip(end.map_or(usize::MAX, |end| end.saturating_add(mark)));
        end.is_some()
    }

    /// Skips spaces and comments. Gives where a comment begins that never ends.
    fn gap(&mut self) -> (Gap, Option<usize>) {
        let mut gap = Gap::Nothing;
        loop {
            let begins = self.at;
            match (self.peek(0), self.peek(1)) {
                (b'#', _) if self.json_path() > 0 => return (gap, None),
                (b'-', b'-') | (b'#', _) => {
                    if !self.skip_past(memchr::memchr2(b'\n', b'\r', self.rest()), 1) {
                        return (gap, Some(begins));
                    }
                    gap = Gap::Comment;
                }
                (b'/', b'*') if self.peek(2) == b'!' || (self.peek(2) == b'M' && self.peek(3) == b'!') => {
                    self.skip(3);
                    self.skip_while(|b| b.is_ascii_digit() || b == b'!');
                    gap = Gap::Version;
                }
                (b'/', b'*') => {
                    self.skip(2);
                    if !self.skip_past(memchr::memmem::find(self.rest(), b"*/"), 2) {
                        return (gap, Some(begins));
                    }
                    if gap != Gap::Version {
                        gap = Gap::Comment;
                    }
                }
                // The end of what `/*!` began, or of a comment that the text was put into.
                (b'*', b'/') => self.skip(2),
                (b'{', b'%' | b'#') if self.template() > 0 => self.skip(self.template()),
                (b'{', b) if b.is_ascii_alphabetic() => {
                    // `{x 1}` is 1 to MySQL; JSON and templates have other things behind a brace.
                    self.skip(1);
                    self.skip_while(|b| b.is_ascii_alphabetic());
                }
                (b'+', _) if self.reading.plus => self.skip(1),
                (b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | b'}', _) => self.skip(1),
                (0, _) if self.at < self.bytes.len() => self.skip(1),
                (0xc2 | 0xe2 | 0xe3, _) if wide_space(self.rest()) > 0 => self.skip(wide_space(self.rest())),
                _ => return (gap, None),
            }
            if gap == Gap::Nothing {
                gap = Gap::Space;
            }
        }
    }

    /// The length of `#>` or `#>>` where a path in braces follows; elsewhere `#` begins a comment.
    fn json_path(&self) -> usize {
        let arrows = self.rest().iter().skip(1).take(2).take_while(|&&byte| byte == b'>').count();
        let length = arrows.saturating_add(1);
        let path = self.rest().get(length..).unwrap_or_default().trim_ascii_start().starts_with(b"'{");
        if arrows > 0 && path { length } else { 0 }
    }

    /// The length of what a template engine fills in here.
    fn template(&self) -> usize {
        let close: &[u8] = match self.rest() {
            _ if !self.reading.templates => return 0,
            [b'{', b'{', ..] => b"}}",
            [b'{', b'%', ..] => b"%}",
            [b'{', b'#', ..] => b"#}",
            _ => return 0,
        };
        let inside = self.rest().get(2..).unwrap_or_default();
        let inside = inside.get(..TEMPLATE.min(inside.len())).unwrap_or_default();
        memchr::memmem::find(inside, close).map_or(0, |end| end.saturating_add(4))
    }

    /// Whether a key, or an array of them, follows the question mark.
    fn asks_for_key(&self) -> bool {
        let rest = self.rest().get(1..).unwrap_or_default();
        let rest = rest.strip_prefix(b"|").or_else(|| rest.strip_prefix(b"&")).unwrap_or(rest).trim_ascii_start();
        rest.starts_with(b"'") || rest.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"array["))
    }

    fn token(&mut self) -> Kind {
        let byte = self.peek(0);
        match byte {
            b'\'' | b'"' => self.quoted(byte),
            b'`' => self.name(),
            b'[' if self.bracketed() => self.name(),
            b'$' if self.dollar_quoted() => Kind::Text,
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() => self.number(),
            b'@' => self.variable(),
            b'\\' if matches!(self.peek(1), b'N' | b'n') && !is_name(self.peek(2)) => {
                self.skip(2);
                Kind::Key(Key::Constant)
            }
            b'{' if self.template() > 0 => {
                self.skip(self.template());
                Kind::Name
            }
            b'#' => {
                self.skip(self.json_path());
                Kind::Arithmetic
            }
            // `data ? 'key'`, `data ?| array['a']`: what JSON holds. Else it stands for a value.
            b'?' if self.asks_for_key() => self.one(Kind::Arithmetic),
            b'(' => self.one(Kind::Open),
            b')' => self.one(Kind::Close),
            b',' => self.one(Kind::Comma),
            b';' => self.one(Kind::Semicolon),
            b'*' => self.one(Kind::Star),
            b'+' | b'-' => self.sign(),
            b'|' | b'&' if self.peek(1) == byte => self.two(Kind::Logic),
            b'<' | b'>' if self.peek(1) == byte => self.two(Kind::Arithmetic),
            b'=' | b'<' | b'>' | b'!' => {
                let count = self.rest().iter().take(3).take_while(|b| matches!(b, b'=' | b'<' | b'>' | b'!')).count();
                let alone = byte == b'!' && count == 1;
                // `=!1` is `=` and `!`.
                let negated = count > 1 && self.peek(count.saturating_sub(1)) == b'!';
                self.skip(if negated { count.saturating_sub(1) } else { count });
                if alone || (negated && byte == b'!') { Kind::Not } else { Kind::Compare }
            }
            b':' if self.peek(1) == b'=' => self.two(Kind::Compare),
            b':' if self.peek(1) == b':' => self.two(Kind::Arithmetic),
            b'~' => self.one(Kind::Not),
            b'/' | b'%' | b'&' | b'|' | b'^' => self.one(Kind::Arithmetic),
            b if is_name(b) => self.name(),
            _ => {
                // One character, not one byte.
                self.skip(1);
                self.skip_while(|b| b & 0xc0 == 0x80);
                Kind::Other
            }
        }
    }

    fn one(&mut self, kind: Kind) -> Kind {
        self.skip(1);
        kind
    }

    fn two(&mut self, kind: Kind) -> Kind {
        self.skip(2);
        kind
    }

    fn sign(&mut self) -> Kind {
        if self.peek(0) == b'-' && self.peek(1) == b'>' {
            self.skip(if self.peek(2) == b'>' { 3 } else { 2 });
            return Kind::Arithmetic;
        }
        self.one(Kind::Sign)
    }

    /// A text in quotes; the quote twice is the quote itself.
    fn quoted(&mut self, quote: u8) -> Kind {
        self.skip(1);
        loop {
            let rest = self.rest();
            let found =
                if self.reading.backslash { memchr::memchr2(quote, b'\\', rest) } else { memchr::memchr(quote, rest) };
            let Some(found) = found else {
                self.at = self.bytes.len();
                return Kind::OpenText;
            };
            let (byte, after) = (rest.get(found), rest.get(found.saturating_add(1)));
            if byte == Some(&b'\\') || after == Some(&quote) {
                self.skip(found.saturating_add(2));
            } else {
                self.skip(found.saturating_add(1));
                return Kind::Text;
            }
        }
    }

    fn bracketed(&self) -> bool {
        let body = self.rest().iter().skip(1).take(66).take_while(|&&b| is_name(b) || b == b' ').count();
        (1..=64).contains(&body) && !self.peek(1).is_ascii_digit() && self.peek(body.saturating_add(1)) == b']'
    }

    fn dollar_quoted(&mut self) -> bool {
        let tag = self.rest().iter().skip(1).take(32).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let length = tag.saturating_add(2);
        if self.peek(tag.saturating_add(1)) != b'$' {
            return false;
        }
        let Some((mark, body)) = self.rest().split_at_checked(length) else { return false };
        // INVARIANT: looked for among few bytes only, lest many openings without an end be quadratic.
        let body = body.get(..body.len().min(MAX_DOLLAR)).unwrap_or_default();
        let Some(end) = memchr::memmem::find(body, mark) else { return false };
        self.skip(end.saturating_add(length).saturating_add(length));
        true
    }

    fn number(&mut self) -> Kind {
        let start = self.at;
        if self.peek(0) == b'0' && matches!(self.peek(1) | 0x20, b'x' | b'b') && self.peek(2).is_ascii_hexdigit() {
            self.skip(2);
            self.skip_while(|b| b.is_ascii_hexdigit());
        } else {
            self.skip_while(|b| b.is_ascii_digit());
            if self.peek(0) == b'.' {
                self.skip(1);
                self.skip_while(|b| b.is_ascii_digit());
            }
            if self.peek(0) == b'.' && self.peek(1).is_ascii_digit() {
                // An address, a version.
                self.skip_while(|b| is_name(b) || b == b'.');
                return Kind::Name;
            }
            let signed = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(0) | 0x20 == b'e' && self.peek(1_usize.saturating_add(signed)).is_ascii_digit() {
                self.skip(1_usize.saturating_add(signed));
                self.skip_while(|b| b.is_ascii_digit());
            }
        }
        if !is_name(self.peek(0)) {
            return Kind::Number;
        }
        // `1or`, `1e0union`: the number ends where a keyword begins. Else `2nd`, `3com` are names.
        let word = name_length(self.rest());
        if self.rest().get(..word).map(word::key).is_some_and(Key::continues) {
            return Kind::Number;
        }
        self.at = start;
        self.skip_name();
        Kind::Name
    }

    fn variable(&mut self) -> Kind {
        self.skip_while(|b| b == b'@');
        match self.peek(0) {
            quote @ (b'\'' | b'"' | b'`') => {
                self.quoted(quote);
            }
            _ => self.skip_name(),
        }
        Kind::Variable
    }

    /// A name with what its dots join, or a keyword.
    fn name(&mut self) -> Kind {
        let start = self.at;
        let mut plain = true;
        loop {
            match self.peek(0) {
                b'`' => {
                    plain = false;
                    if self.quoted(b'`') == Kind::OpenText {
                        return Kind::OpenText;
                    }
                }
                b'[' => {
                    plain = false;
                    let body = self.rest().iter().take_while(|&&b| b != b']').count();
                    self.skip(body.saturating_add(1));
                }
                _ => self.skip_name(),
            }
            let next = self.peek(1);
            let joins = is_name(next) || next == b'`' || next == b'*' || (next == b'[' && self.bracket_follows_dot());
            if self.peek(0) == b'.' && next == b'.' && is_name(self.peek(2)) {
                self.skip(2);
            } else if self.peek(0) == b'.' && joins {
                self.skip(1);
                if next == b'*' {
                    self.skip(1);
                    return Kind::Name;
                }
            } else {
                break;
            }
            plain = false;
        }
        let name = self.bytes.get(start..self.at).unwrap_or_default();
        // `'x'n'y'` is no `N'y'`.
        let apart = start.checked_sub(1).and_then(|at| self.bytes.get(at)).is_none_or(|b| !matches!(b, b'\'' | b'"'));
        if plain && apart && self.peek(0) == b'\'' && word::is_prefix_of_text(name) {
            return self.quoted(b'\'');
        }
        if !plain {
            return Kind::Name;
        }
        match word::key(name) {
            Key::None => Kind::Name,
            key => Kind::Key(key),
        }
    }

    fn bracket_follows_dot(&self) -> bool {
        let ahead = Lexer { bytes: self.bytes, at: self.at.saturating_add(1), reading: self.reading };
        ahead.bracketed()
    }
}

/// The longest text between `$$` and `$$` that is seen as one.
const MAX_DOLLAR: usize = 4096;

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// How many bytes of `rest` are a name: up to a space, of whatever width.
fn name_length(rest: &[u8]) -> usize {
    let mut length = 0_usize;
    while let Some(&byte) = rest.get(length) {
        let wide = matches!(byte, 0xc2 | 0xe2 | 0xe3) && wide_space(rest.get(length..).unwrap_or_default()) > 0;
        if !is_name(byte) || wide {
            break;
        }
        length = length.saturating_add(1);
    }
    length
}

/// How many bytes the space beyond ASCII takes that `rest` begins with.
fn wide_space(rest: &[u8]) -> usize {
    match rest {
        [0xc2, 0xa0 | 0x85, ..] => 2,
        [0xe2, 0x80, 0x80..=0x8f, ..] | [0xe3, 0x80, 0x80, ..] => 3,
        _ => 0,
    }
}

/// Texts are no longer than a message, and a message never is 4 GiB.
fn as_u32(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
