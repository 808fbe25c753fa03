//! Values as texts: JSON, and base64 as Go reads it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regorus::Value;
use serde::de::IgnoredAny;

use super::number::is_plain;
use super::order::in_order;
use super::{Given, text};

/// Padded as it should be; what the last character holds too much is not looked at.
const PADDED: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::RequireCanonical);
const BARE: GeneralPurposeConfig = PADDED.with_decode_padding_mode(DecodePaddingMode::RequireNone);

/// The longest text that is taken apart.
const MAX_TEXT: usize = 1024 * 1024;

/// Ends of lines may stand anywhere.
fn base64(written: &str, engine: &GeneralPurpose) -> Option<Vec<u8>> {
    engine.decode(written.replace(['\r', '\n'], "")).ok()
}

fn as_text(bytes: Option<Vec<u8>>) -> Given {
    let Some(bytes) = bytes else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| "what was encoded is no text")?;
    Ok(Some(text.into()))
}

pub(super) fn base64_decode(arguments: &[Value]) -> Given {
    let Some(written) = text(arguments.first()) else { return Ok(None) };
    as_text(base64(written, &GeneralPurpose::new(&STANDARD, PADDED)))
}

pub(super) fn base64_is_valid(arguments: &[Value]) -> Given {
    let engine = GeneralPurpose::new(&STANDARD, PADDED);
    Ok(Some(text(arguments.first()).is_some_and(|written| base64(written, &engine).is_some()).into()))
}

pub(super) fn base64url_decode(arguments: &[Value]) -> Given {
    let Some(written) = text(arguments.first()) else { return Ok(None) };
    if written.contains(['\r', '\n']) {
        return Err("the end of a line in it is not held to OPA".to_owned());
    }
    let padded = base64(written, &GeneralPurpose::new(&URL_SAFE, PADDED));
    as_text(padded.or_else(|| base64(written, &GeneralPurpose::new(&URL_SAFE, BARE))))
}

/// What a text says in JSON, where it is JSON. An error where both do not take it for the same.
fn read(written: &str) -> Result<Option<Value>, String> {
    if written.len() > MAX_TEXT {
        return Err("this is more than 1 MiB".to_owned());
    }
    if let Some(why) = not_held(written) {
        return Err(why);
    }
    Ok(Value::from_json_str(written).ok())
}

/// What in a text of JSON, if it is one, is not taken by both for the same: numbers that would be written otherwise, halves of characters.
pub(in super::super) fn not_held(json: &str) -> Option<String> {
    let mut rest = json;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        rest = &rest[at..];
        if let Some(inside) = rest.strip_prefix('"') {
            let (string, after) = inside.split_at(end_of_string(inside));
            let escape = string
                .as_bytes()
                .windows(3)
                .find(|three| three[0] == b'\\' && three[1] == b'u' && matches!(three[2], b'd' | b'D'));
            if escape.is_some() && serde_json::from_str::<String>(&format!("\"{string}\"")).is_err() {
                return Some("a text with half a character is not held to OPA".to_owned());
            }
            rest = after.strip_prefix('"').unwrap_or_default();
            continue;
        }
        let length =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-'))).unwrap_or(rest.len());
        let (number, after) = rest.split_at(length);
        if !is_plain(number) && serde_json::from_str::<IgnoredAny>(number).is_ok() || is_huge(number) {
            return Some(format!(
                "the number {} would be written in another way by OPA: write a plain decimal",
                short(number)
            ));
        }
        rest = after;
    }
    None
}

/// JSON to OPA, and none to the interpreter.
fn is_huge(number: &str) -> bool {
    number.contains(['e', 'E']) && number.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

fn short(number: &str) -> String {
    number.chars().take(40).collect()
}

fn end_of_string(inside: &str) -> usize {
    let mut escaped = false;
    let end = inside.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(inside.len())
}

pub(super) fn json_unmarshal(arguments: &[Value]) -> Given {
    let Some(written) = text(arguments.first()) else { return Ok(None) };
    read(written)
}

pub(super) fn json_is_valid(arguments: &[Value]) -> Given {
    let is_json = |written| serde_json::from_str::<IgnoredAny>(written).is_ok();
    Ok(Some(text(arguments.first()).is_some_and(is_json).into()))
}

pub(super) fn json_marshal(arguments: &[Value]) -> Given {
    let Some(value) = arguments.first() else { return Ok(None) };
    let mut written = String::new();
    write(value, &mut written)?;
    Ok(Some(written.into()))
}

fn write(value: &Value, to: &mut String) -> Result<(), String> {
    match value {
        Value::Undefined | Value::Null => to.push_str("null"),
        Value::Bool(is) => to.push_str(if *is { "true" } else { "false" }),
        Value::Number(_) => to.push_str(&plain(value)?),
        Value::String(text) => string(text, to),
        Value::Array(items) => list(items.iter(), to)?,
        Value::Set(items) => list(in_order(items.iter()).into_iter(), to)?,
        Value::Object(members) => {
            to.push('{');
            for (n, (key, value)) in members.iter().enumerate() {
                let key = key.as_string().map_err(|_| "a key that is no text is not held to OPA")?;
                if n > 0 {
                    to.push(',');
                }
                string(key, to);
                to.push(':');
                write(value, to)?;
            }
            to.push('}');
        }
    }
    Ok(())
}

fn list<'v>(items: impl Iterator<Item = &'v Value>, to: &mut String) -> Result<(), String> {
    to.push('[');
    for (n, item) in items.enumerate() {
        if n > 0 {
            to.push(',');
        }
        write(item, to)?;
    }
    to.push(']');
    Ok(())
}

/// A number as both write it.
pub(in super::super) fn plain(number: &Value) -> Result<String, String> {
    let written = match number.as_i64() {
        Ok(whole) => whole.to_string(),
        Err(_) => number.as_f64().map_err(|_| "this is no number")?.to_string(),
    };
    if is_plain(&written) {
        Ok(written)
    } else {
        Err(format!("the number {} would be written in another way by OPA", short(&written)))
    }
}

/// A text as Go writes it in JSON.
fn string(text: &str, to: &mut String) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => to.extend(['\\', c]),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            '\t' => to.push_str("\\t"),
            '\u{8}' => to.push_str("\\b"),
            '\u{c}' => to.push_str("\\f"),
            '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(to, "\\u{:04x}", u32::from(c));
            }
            c => to.push(c),
        }
    }
    to.push('"');
}
