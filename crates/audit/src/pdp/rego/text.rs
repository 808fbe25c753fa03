//! `sprintf` as OPA has it, for the verbs that policies use.
//!
//! The interpreter's own leaves `%q` undefined, and a rule such as `deny contains sprintf("%q …", …)` would then lose its reason to deny without
//! a word. Here what is not known is an error, which decides nothing.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regorus::{Engine, Value};

/// The widest that something is padded to.
const MAX_WIDTH: usize = 1000;

/// Gives an engine the function, in place of its own.
pub(super) fn add_to(engine: &mut Engine) {
    let function = |arguments: Vec<Value>| {
        let written = match arguments.as_slice() {
            [format, values] => match (format.as_string(), values.as_array()) {
                (Ok(format), Ok(values)) => write(format, values),
                // As whatever is given what it does not take.
                _ => return Ok(Value::Undefined),
            },
            _ => Err("sprintf takes a format and an array".to_owned()),
        };
        // The interpreter's errors are of another library, which is made from any.
        Ok(written.map_err(std::io::Error::other)?.into())
    };
    // An engine that is new has no function of that name.
    let _ = engine.add_extension("sprintf".to_owned(), 2, Box::new(function));
}

/// How one value is written: `%-05.2f`.
#[derive(Debug, Default)]
struct Verb {
    left: bool,
    zeros: bool,
    width: usize,
    precision: Option<usize>,
}

fn write(format: &str, values: &[Value]) -> Result<String, String> {
    let (mut text, mut rest, mut values) = (String::new(), format.chars().peekable(), values.iter());
    while let Some(c) = rest.next() {
        if c != '%' {
            text.push(c);
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
        let name = rest.next().ok_or("sprintf: the format ends within a verb")?;
        if name == '%' {
            text.push('%');
            continue;
        }
        let value = values.next().ok_or("sprintf: there are more verbs than values")?;
        let written =
            verb.write(name, value).ok_or_else(|| format!("sprintf: %{name} does not take such a value here"))?;
        verb.pad(&written, &mut text);
    }
    if values.next().is_some() {
        return Err("sprintf: there are more values than verbs".to_owned());
    }
    Ok(text)
}

fn number(rest: &mut Peekable<Chars<'_>>) -> usize {
    let mut number = 0;
    while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
        number = (number * 10 + digit as usize).min(MAX_WIDTH);
        rest.next();
    }
    number
}

impl Verb {
    /// A value; `None` where the verb is not known, or takes no such value.
    fn write(&self, name: char, value: &Value) -> Option<String> {
        let cut = |text: &str| self.precision.map_or_else(|| text.to_owned(), |most| text.chars().take(most).collect());
        match (name, value) {
            ('s' | 'v', Value::String(text)) => Some(cut(text)),
            ('s', Value::Number(_)) => None,
            ('s' | 'v', value) if self.precision.is_none() => Some(written(value)),
            ('q', Value::String(text)) if self.precision.is_none() => Some(quoted(text)),
            ('d', Value::Number(_)) if self.precision.is_none() => value.as_i64().ok().map(|whole| whole.to_string()),
            ('x', Value::Number(_)) if self.precision.is_none() => {
                value.as_i64().ok().filter(|whole| *whole >= 0).map(|whole| format!("{whole:x}"))
            }
            // A whole number is none to OPA here, and is told as that.
            ('f', Value::Number(_)) if value.as_i64().is_err() => {
                Some(format!("{:.*}", self.precision.unwrap_or(6), value.as_f64().ok()?))
            }
            _ => None,
        }
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

/// A value as Rego writes it.
fn written(value: &Value) -> String {
    let all = |values: &mut dyn Iterator<Item = String>| values.collect::<Vec<_>>().join(", ");
    match value {
        Value::Array(items) => format!("[{}]", all(&mut items.iter().map(written))),
        Value::Set(items) if items.is_empty() => "set()".to_owned(),
        Value::Set(items) => format!("{{{}}}", all(&mut items.iter().map(written))),
        Value::Object(members) => {
            let member = |(name, value): (&Value, &Value)| format!("{}: {}", written(name), written(value));
            format!("{{{}}}", all(&mut members.iter().map(member)))
        }
        other => other.to_string(),
    }
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
            '\0'..' ' | '\x7f' => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
