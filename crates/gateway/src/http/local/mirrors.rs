//! Headers that mirror arguments, as a process's own list of tools names them (`x-mcp-header`).
//!
//! Over stdio nobody behind us sees the headers; but somebody before us may have gone by them, so they must say what the arguments say.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use hyper::HeaderMap;
use hyper::header::HeaderName;
use vanguard_wire::{Body, Kind, Limits, Packet, Tape, Value, read};

use crate::http::envelope::decoded;
use crate::http::headers::one;

/// The most tools whose headers are remembered.
const MAX_TOOLS: usize = 4096;
/// The most mirrored arguments of one tool.
const MAX_MIRRORS: usize = 64;
/// How deep arguments are looked for in each other.
const MAX_DEPTH: usize = 8;

/// Those of one process.
#[derive(Debug, Default)]
pub(super) struct Mirrors(Mutex<HashMap<String, Vec<Mirror>>>);

#[derive(Debug)]
struct Mirror {
    header: HeaderName,
    /// The names that lead to the argument.
    path: Vec<String>,
}

impl Mirrors {
    /// Takes note of a list of tools.
    pub(super) fn learn(&self, line: &[u8], limits: &Limits) {
        let mut tape = Tape::default();
        let Ok(Packet::Single(message)) = read(line, limits, &mut tape) else { return };
        let Body::Response { result, .. } = &message.body else { return };
        let Some(tools) = result.get("tools") else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for tool in tools.elements() {
            let Some(name) = tool.get("name").and_then(|name| name.string()) else { continue };
            let mut mirrors = Vec::new();
            if let Some(schema) = tool.get("inputSchema") {
                find(schema, &mut Vec::new(), &mut mirrors);
            }
            if known.len() < MAX_TOOLS || known.contains_key(&*name) {
                known.insert(name.into_owned(), mirrors);
            }
        }
    }

    /// Holds the headers of a call against its arguments; an error names the header that differs.
    pub(super) fn verify(&self, line: &[u8], headers: &HeaderMap, limits: &Limits) -> Result<(), HeaderName> {
        let mut tape = Tape::default();
        let Ok(Packet::Single(message)) = read(line, limits, &mut tape) else { return Ok(()) };
        let Body::Request { params: Some(params), .. } = &message.body else { return Ok(()) };
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = params.get("name").and_then(|name| name.string());
        for mirror in name.and_then(|name| known.get(&*name)).into_iter().flatten() {
            let mut argument = params.get("arguments");
            for step in &mirror.path {
                argument = argument.and_then(|argument| argument.get(step));
            }
            let said = argument.filter(|argument| argument.kind() != Kind::Null);
            let agrees = match (one(headers, &mirror.header), said) {
                (Ok(None), None) => true,
                (Ok(Some(given)), Some(said)) => decoded(given).is_some_and(|given| is(said, &given)),
                _ => false,
            };
            if !agrees {
                return Err(mirror.header.clone());
            }
        }
        Ok(())
    }
}

fn find(schema: Value<'_, '_>, path: &mut Vec<String>, mirrors: &mut Vec<Mirror>) {
    let Some(properties) = schema.get("properties").filter(|_| path.len() < MAX_DEPTH) else { return };
    for (name, property) in properties.members() {
        let Some(name) = name.string() else { continue };
        path.push(name.into_owned());
        let header = property.get("x-mcp-header").and_then(|header| header.string());
        let header = header.and_then(|header| format!("mcp-param-{header}").parse().ok());
        if let Some(header) = header.filter(|_| mirrors.len() < MAX_MIRRORS) {
            mirrors.push(Mirror { header, path: path.clone() });
        }
        find(property, path, mirrors);
        path.pop();
    }
}

/// Whether a header's value is the argument's: texts to the letter, numbers by what they are.
fn is(said: Value<'_, '_>, given: &str) -> bool {
    match said.kind() {
        Kind::String => said.is_string(given),
        Kind::Number => {
            let whole = |text: &str| text.parse::<i128>().ok();
            let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
            match (whole(said.lexeme()), whole(given)) {
                (Some(said), Some(given)) => said == given,
                // An integer that is written as a fraction, or the other way round.
                _ => number(said.lexeme()).is_some_and(|said| number(given) == Some(said)),
            }
        }
        _ => said.lexeme() == given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirrors() -> Mirrors {
        let mirrors = Mirrors::default();
        let list = r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"t","inputSchema":{"properties":{
            "region":{"type":"string","x-mcp-header":"Region"},
            "n":{"type":"integer","x-mcp-header":"N"},
            "deep":{"properties":{"flag":{"type":"boolean","x-mcp-header":"Flag"}}},
            "bad":{"x-mcp-header":"not a header"}}}}]}}"#;
        mirrors.learn(list.replace('\n', "").as_bytes(), &Limits::default());
        mirrors
    }

    fn agrees(tool: &str, arguments: &str, headers: &[(&str, &str)]) -> bool {
        let line = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
        );
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        mirrors().verify(line.as_bytes(), &headers, &Limits::default()).is_ok()
    }

    #[test]
    fn a_header_says_what_its_argument_says() {
        for (arguments, headers) in [
            ("{}", &[][..]),
            (r#"{"region":null}"#, &[]),
            (r#"{"region":"eu"}"#, &[("mcp-param-region", "eu")]),
            (r#"{"region":"gr\u00fc\u00df"}"#, &[("mcp-param-region", "=?base64?Z3LDvMOf?=")]),
            (r#"{"n":42}"#, &[("mcp-param-n", "42.0")]),
            (r#"{"deep":{"flag":true}}"#, &[("mcp-param-flag", "true")]),
            ("{}", &[("mcp-param-other", "x")]),
        ] {
            assert!(agrees("t", arguments, headers), "{arguments} {headers:?}");
        }
        for (arguments, headers) in [
            ("{}", &[("mcp-param-region", "eu")][..]),
            (r#"{"region":"eu"}"#, &[]),
            (r#"{"region":"eu"}"#, &[("mcp-param-region", "EU")]),
            (r#"{"region":"Hello"}"#, &[("mcp-param-region", "=?base64?SGVsbG8?=")]),
            (r#"{"n":9007199254740993}"#, &[("mcp-param-n", "9007199254740992")]),
            (r#"{"deep":{"flag":true}}"#, &[("mcp-param-flag", "false")]),
        ] {
            assert!(!agrees("t", arguments, headers), "{arguments} {headers:?}");
            assert!(agrees("unknown", arguments, headers));
        }
    }
}
