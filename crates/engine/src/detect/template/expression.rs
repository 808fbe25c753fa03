//! An expression of no engine in particular: names, strings, numbers and signs.

/// The most tokens that are read of one.
const TOKENS: usize = 400;
/// The longest name or string that is kept.
const LONGEST: usize = 128;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A name; whether a sign of membership stands before it.
    Name { text: &'t str, is_member: bool },
    /// A string, its escapes resolved.
    Text(String),
    /// A number.
    Number,
    /// What stands between back-ticks.
    Command,
    /// Any other sign.
    Sign(char),
}

/// An expression.
#[derive(Debug, Default)]
pub(super) struct Expression<'t> {
    pub(super) tokens: Vec<Token<'t>>,
    /// All its strings, one behind the other: `'__cla'~'ss__'`, `['__', 'class__']|join`.
    pub(super) glued: String,
}

impl<'t> Expression<'t> {
    /// Reads the tokens of a body.
    pub(super) fn read(body: &'t str) -> Self {
        let mut expression = Self::default();
        let mut rest = body.trim_start_matches(['-', '~', '=', '!', ' ']);
        while let Some(first) = rest.chars().next() {
            if expression.tokens.len() >= TOKENS {
                break;
            }
            rest = match first {
                _ if first.is_whitespace() => rest.trim_start(),
                '"' | '\'' => {
                    let (text, after) = string(rest, first);
                    expression.glued.push_str(&text);
                    expression.tokens.push(Token::Text(text));
                    after
                }
                '`' => {
                    expression.tokens.push(Token::Command);
                    rest.get(1..).and_then(|inner| inner.split_once('`')).map_or("", |(_, after)| after)
                }
                _ if first.is_ascii_digit() => {
                    expression.tokens.push(Token::Number);
                    rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.')
                }
                _ if first.is_alphabetic() || first == '_' => {
                    let after = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
                    let length = rest.len().saturating_sub(after.len()).min(LONGEST);
                    let text = rest.get(..rest.floor_char_boundary(length)).unwrap_or("");
                    let is_member =
                        matches!(expression.tokens.last(), Some(Token::Sign('.' | '|' | '?' | '@' | ':' | '#' | '$')));
                    expression.tokens.push(Token::Name { text, is_member });
                    after
                }
                other => {
                    expression.tokens.push(Token::Sign(other));
                    rest.get(other.len_utf8()..).unwrap_or("")
                }
            };
        }
        expression
    }

    /// The names, and the strings that name a member: `x['__class__']`, `x|attr('__class__')`.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().filter_map(|token| match token {
            Token::Name { text, .. } => Some(*text),
            Token::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The names that are called: an opening bracket, or a string as in Go, stands behind them.
    pub(super) fn calls(&self) -> impl Iterator<Item = &str> {
        self.tokens.windows(2).filter_map(|pair| match pair {
            [Token::Name { text, .. }, Token::Sign('(')] | [Token::Name { text, is_member: true }, Token::Text(_)] => {
                Some(*text)
            }
            _ => None,
        })
    }

    /// Whether these names stand behind each other, signs and calls between them aside.
    pub(super) fn has_path(&self, first: &str, second: &str) -> bool {
        let mut previous = "";
        self.names().any(|name| std::mem::replace(&mut previous, name) == first && name == second)
    }

    /// The first name and how many tokens there are.
    pub(super) fn head(&self) -> Option<(&str, usize)> {
        match self.tokens.first() {
            Some(Token::Name { text, .. }) => Some((text, self.tokens.len())),
            _ => None,
        }
    }

    /// Whether it computes constants: what nobody writes who knows the result.
    pub(super) fn is_arithmetic(&self) -> bool {
        let constants = self.tokens.iter().filter(|token| matches!(token, Token::Number | Token::Text(_))).count();
        let mut computes = false;
        let plain = self.tokens.iter().all(|token| match token {
            Token::Text(text) => text.bytes().all(|byte| byte.is_ascii_digit()),
            Token::Sign('*' | '+' | '-' | '/' | '%') => {
                computes = true;
                true
            }
            Token::Number | Token::Sign('(' | ')' | '[' | ']' | '$' | '{' | '}' | '@' | '#') => true,
            _ => false,
        });
        plain && computes && constants >= 2 && self.tokens.contains(&Token::Number)
    }
}

/// A string and what follows it.
fn string(text: &str, quote: char) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => return (value, text.get(at.saturating_add(1)..).unwrap_or("")),
            '\\' => {
                let Some((at, kind)) = chars.next() else { break };
                let digits = match kind {
                    'x' => 2,
                    'u' => 4,
                    _ => 0,
                };
                let start = at.saturating_add(1);
                let code = text.get(start..start.saturating_add(digits)).filter(|code| !code.is_empty());
                if let Some(sign) = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
                    value.push(sign);
                    for _ in 0..digits {
                        chars.next();
                    }
                } else {
                    value.push(kind);
                }
            }
            _ if value.len() < LONGEST => value.push(c),
            _ => {}
        }
    }
    (value, "")
}
