//! `sprintf` as OPA has it, for the verbs that policies use. Others, and formats that are not written out, are refused when a policy is read.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regorus::Value;

use super::builtin::{Given, in_order, plain};

/// The widest that something is padded to.
const MAX_WIDTH: usize = 1000;

pub(super) fn sprintf(arguments: &[Value]) -> Given {
    let [Value::String(format), Value::Array(values)] = arguments else { return Ok(None) };
    let pieces = pieces(format)?;
    let mut values = values.iter();
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(c) => text.push(c),
            Piece::Verb(verb) => verb.write(values.next().ok_or("there are more verbs than values")?, &mut text)?,
        }
    }
    if values.next().is_some() {
        return Err("there are more values than verbs".to_owned());
    }
    Ok(Some(text.into()))
}

/// How many values a format takes; an error where it is none that is held to OPA.
pub(super) fn values_of(format: &str) -> Result<usize, String> {
    Ok(pieces(format)?.iter().filter(|piece| matches!(piece, Piece::Verb(_))).count())
}

enum Piece {
    Text(char),
    Verb(Verb),
}

/// How one value is written: `%-05.2f`.
#[derive(Debug, Default)]
struct Verb {
    name: char,
    left: bool,
    zeros: bool,
    width: usize,
    precision: Option<usize>,
}

fn pieces(format: &str) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut rest) = (Vec::new(), format.chars().peekable());
    while let Some(c) = rest.next() {
        if c != '%' {
            pieces.push(Piece::Text(c));
            continue;
        }
        if rest.next_if_eq(&'%').is_some() {
            pieces.push(Piece::Text('%'));
            continue;
        }
        let mut verb = Verb::default();
        while let Some(flag) = rest.next_if(|c| matches!(c, '-' | '0')) {
            if flag == '-' { verb.left = true } else { verb.zeros = true }
        }
        verb.width = number(&mut rest);
        if rest.next_if_eq(&'.').is_some() {
            verb.precision = Some(number(&mut rest));
        }
        verb.name = rest.next().ok_or("the format ends within a verb")?;
        match (verb.name, verb.precision) {
            ('f' | 's', _) | ('v' | 'd' | 'q' | 'x', None) => pieces.push(Piece::Verb(verb)),
            (name, None) => return Err(format!("%{name} is not known here; %s %v %d %q %x %f are")),
            (name, Some(_)) => return Err(format!("%{name} takes no precision here")),
        }
    }
    Ok(pieces)
}

fn number(rest: &mut Peekable<Chars<'_>>) -> usize {
    let mut number = 0;
    while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
        number = (number * 10 + digit as usize).min(MAX_WIDTH);
        rest.next();
    }
    number
}

/// A value as Go gets it.
enum Argument {
    Whole(i64),
    Fraction(f64),
    Text(String),
}

impl Argument {
    fn of(value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => Self::Text(text.as_ref().to_owned()),
            Value::Number(_) => {
                // One that has another text to OPA is an error.
                plain(value)?;
                let fraction = |_| value.as_f64().map(Self::Fraction).map_err(|_| "this is no number");
                value.as_i64().map(Self::Whole).or_else(fraction)?
            }
            other => Self::Text(written(other)?),
        })
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Whole(_) => "int",
            Self::Fraction(_) => "float64",
            Self::Text(_) => "string",
        }
    }
}

impl Verb {
    fn write(&self, value: &Value, to: &mut String) -> Result<(), String> {
        let argument = Argument::of(value)?;
        let cut = |text: &str| self.precision.map_or_else(|| text.to_owned(), |most| text.chars().take(most).collect());
        let written = match (self.name, &argument) {
            ('s', Argument::Text(text)) => cut(text),
            ('v', Argument::Text(text)) => text.clone(),
            ('v' | 'd', Argument::Whole(whole)) => whole.to_string(),
            ('v', Argument::Fraction(fraction)) => general(*fraction),
            ('q', Argument::Text(text)) => quoted(text),
            ('q', Argument::Whole(_)) => return Err("%q of a number is not known here".to_owned()),
            ('x', Argument::Whole(whole)) => {
                let sign = if *whole < 0 { "-" } else { "" };
                format!("{sign}{:x}", whole.unsigned_abs())
            }
            ('x', Argument::Text(text)) => text.bytes().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            }),
            ('x', Argument::Fraction(_)) => return Err("%x of a fraction is not known here".to_owned()),
            ('f', Argument::Fraction(fraction)) => format!("{:.*}", self.precision.unwrap_or(6), fraction),
            // A verb that does not take such a value says so, and writes it as %v does.
            (name, argument) => {
                let _ = write!(to, "%!{name}({}=", argument.kind());
                let inner = match argument {
                    Argument::Text(text) => cut(text),
                    _ if self.precision.is_some() => {
                        return Err(format!("%{name} does not take a number here"));
                    }
                    Argument::Whole(whole) => whole.to_string(),
                    Argument::Fraction(fraction) => general(*fraction),
                };
                self.pad(&inner, to);
                to.push(')');
                return Ok(());
            }
        };
        self.pad(&written, to);
        Ok(())
    }

    fn pad(&self, written: &str, text: &mut String) {
        let missing = self.width.saturating_sub(written.chars().count());
        let padding = |with: &str| with.repeat(missing);
        let _ = match (self.left, self.zeros) {
            (true, _) => write!(text, "{written}{}", padding(" ")),
            (false, false) => write!(text, "{}{written}", padding(" ")),
            (false, true) => {
                let (sign, digits) = written.split_at(usize::from(written.starts_with('-')));
                write!(text, "{sign}{}{digits}", padding("0"))
            }
        };
    }
}

/// A fraction as `%v` writes it; those that are held to OPA are neither large nor small.
fn general(fraction: f64) -> String {
    let magnitude = fraction.abs();
    if (1e-4..1e6).contains(&magnitude) || magnitude == 0.0 {
        return fraction.to_string();
    }
    let written = format!("{fraction:e}");
    let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// A value as Rego writes it.
fn written(value: &Value) -> Result<String, String> {
    let all = |values: Vec<Result<String, String>>| -> Result<String, String> {
        Ok(values.into_iter().collect::<Result<Vec<_>, _>>()?.join(", "))
    };
    Ok(match value {
        Value::String(text) => quoted(text),
        Value::Number(_) => plain(value)?,
        Value::Array(items) => format!("[{}]", all(items.iter().map(written).collect())?),
        Value::Set(items) if items.is_empty() => "set()".to_owned(),
        Value::Set(items) => format!("{{{}}}", all(in_order(items.iter()).into_iter().map(written).collect())?),
        Value::Object(members) => {
            let keys = in_order(members.keys()).into_iter();
            let member =
                |key: &Value| Ok(format!("{}: {}", written(key)?, written(members.get(key).unwrap_or(&Value::Null))?));
            format!("{{{}}}", all(keys.map(member).collect())?)
        }
        other => other.to_string(),
    })
}

/// A text in quotes, as Go writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            '\0'..' ' | '\x7f' => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(c));
            }
            c if is_shown(c) => quoted.push(c),
            c if u32::from(c) < 0x1_0000 => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether it is a letter, a mark, a digit or a sign. A mark behind something is written as it is.
fn is_shown(c: char) -> bool {
    let behind = ['a', c].iter().collect::<String>();
    behind.escape_debug().eq(behind.chars())
}
