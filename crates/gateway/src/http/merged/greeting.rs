//! What the servers say of themselves, as one server would say it.

use std::borrow::Cow;
use std::fmt::Write as _;

use vanguard_wire::{Body, Limits, Packet, Tape, Value, read};

use super::names::text;
use crate::http::revision::STATELESS;

/// The longest instructions of all servers together; what is beyond is cut off.
const INSTRUCTIONS_BYTES: usize = 64 * 1024;
/// For how long a client may take what was said for what holds, where no server says.
const TTL_MS: u64 = 0;

/// What one server says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Greeting {
    /// The revision that it agrees to; empty in the stateless era, which agrees on none.
    pub(super) revision: String,
    pub(super) offers: Offers,
    instructions: Option<String>,
    ttl_ms: Option<u64>,
}

/// What it offers, of what can be passed on: where it says so, `Some` with whether it tells of changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Offers {
    pub(super) tools: Option<bool>,
    pub(super) prompts: Option<bool>,
    pub(super) resources: Option<bool>,
    subscribe: bool,
    pub(super) logging: bool,
    completions: bool,
}

impl Greeting {
    /// Reads the answer to `initialize` or `server/discover`; an error is what to say of it.
    pub(super) fn read(line: &[u8], limits: &Limits) -> Result<Self, String> {
        let mut tape = Tape::default();
        let result = match read(line, limits, &mut tape) {
            Ok(Packet::Single(message)) => match message.body {
                Body::Response { result, .. } => result,
                Body::Error { error, .. } => {
                    let said = error.get("message").and_then(|message| message.string()).unwrap_or_default();
                    return Err(format!("it answers with an error: {}", said.chars().take(200).collect::<String>()));
                }
                _ => return Err("it does not answer".to_owned()),
            },
            _ => return Err("it does not answer".to_owned()),
        };
        let string = |key: &str| result.get(key).and_then(|value| value.string());
        Ok(Self {
            revision: string("protocolVersion").unwrap_or_default().into_owned(),
            offers: result.get("capabilities").map(Offers::read).unwrap_or_default(),
            instructions: string("instructions").filter(|text| !text.is_empty()).map(Cow::into_owned),
            ttl_ms: result.get("ttlMs").and_then(|ttl| ttl.lexeme().parse().ok()),
        })
    }
}

impl Offers {
    fn read(capabilities: Value<'_, '_>) -> Self {
        let says = |key: &str, what: &str| {
            let part = capabilities.get(key)?;
            Some(part.get(what).is_some_and(|value| value.lexeme() == "true"))
        };
        Self {
            tools: says("tools", "listChanged"),
            prompts: says("prompts", "listChanged"),
            resources: says("resources", "listChanged"),
            subscribe: says("resources", "subscribe").unwrap_or(false),
            logging: capabilities.get("logging").is_some(),
            completions: capabilities.get("completions").is_some(),
        }
    }

    /// What either offers.
    fn and(self, other: Self) -> Self {
        let either = |one: Option<bool>, two: Option<bool>| match (one, two) {
            (Some(one), Some(two)) => Some(one || two),
            (one, two) => one.or(two),
        };
        Self {
            tools: either(self.tools, other.tools),
            prompts: either(self.prompts, other.prompts),
            resources: either(self.resources, other.resources),
            subscribe: self.subscribe || other.subscribe,
            logging: self.logging || other.logging,
            completions: self.completions || other.completions,
        }
    }

    /// The same, told of changes: a server may come late.
    fn changing(self) -> Self {
        let [tools, prompts, resources] = [self.tools, self.prompts, self.resources].map(|part| part.map(|_| true));
        Self { tools, prompts, resources, ..self }
    }

    fn json(self) -> String {
        let mut parts = Vec::new();
        for (name, part) in [("tools", self.tools), ("prompts", self.prompts)] {
            parts.extend(part.map(|changes| format!(r#""{name}":{{"listChanged":{changes}}}"#)));
        }
        let subscribe = self.subscribe;
        parts.extend(
            self.resources.map(|changes| format!(r#""resources":{{"subscribe":{subscribe},"listChanged":{changes}}}"#)),
        );
        parts.extend(self.logging.then(|| r#""logging":{}"#.to_owned()));
        parts.extend(self.completions.then(|| r#""completions":{}"#.to_owned()));
        format!("{{{}}}", parts.join(","))
    }
}

/// The result of `initialize`, or of `server/discover` where no revision was agreed on: JSON.
pub(super) fn together(servers: &[(&str, &Greeting)]) -> String {
    let offers = servers.iter().fold(Offers::default(), |all, (_, greeting)| all.and(greeting.offers));
    let me = format!(
        r#"{{"name":"McpVanguard","title":"McpVanguard before {} servers","version":"{}"}}"#,
        servers.len(),
        env!("CARGO_PKG_VERSION")
    );
    let mut instructions = String::new();
    for (name, said) in servers.iter().filter_map(|(name, greeting)| Some((name, greeting.instructions.as_ref()?))) {
        let _ = write!(instructions, "# {name}, whose tools and prompts are called {name}__NAME\n\n{said}\n\n");
    }
    let end = instructions.floor_char_boundary(INSTRUCTIONS_BYTES.min(instructions.len()));
    let instructions = match instructions[..end].trim_end() {
        "" => String::new(),
        said => format!(r#","instructions":{}"#, text(said)),
    };
    // The oldest is the one that all of them speak.
    let revision = servers.iter().map(|(_, greeting)| &*greeting.revision).min().unwrap_or_default();
    if revision.is_empty() {
        let (offers, ttl) = (offers.json(), servers.iter().filter_map(|(_, greeting)| greeting.ttl_ms).min());
        let ttl = ttl.unwrap_or(TTL_MS);
        return format!(
            r#"{{"resultType":"complete","supportedVersions":["{STATELESS}"],"capabilities":{offers}{instructions},"ttlMs":{ttl},"cacheScope":"private","_meta":{{"io.modelcontextprotocol/serverInfo":{me}}}}}"#
        );
    }
    let offers = offers.changing().json();
    format!(r#"{{"protocolVersion":"{revision}","capabilities":{offers},"serverInfo":{me}{instructions}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(result: &str) -> Greeting {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#);
        Greeting::read(line.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn all_that_is_offered_is_offered_in_the_oldest_revision() {
        let one = greeting(
            r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{},"tasks":{}},"instructions":"Be \"kind\"."}"#,
        );
        let two = greeting(
            r#"{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"logging":{}}}"#,
        );
        let said = together(&[("a", &one), ("b", &two)]);
        assert!(said.starts_with(
            r#"{"protocolVersion":"2025-06-18","capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"logging":{}},"serverInfo":"#
        ), "{said}");
        assert!(
            said.contains(r##""instructions":"# a, whose tools and prompts are called a__NAME\n\nBe \"kind\"."}"##),
            "{said}"
        );
    }

    #[test]
    fn where_nothing_was_agreed_on_it_is_a_discovery() {
        let one = greeting(r#"{"supportedVersions":["2026-07-28"],"capabilities":{"prompts":{}},"ttlMs":500}"#);
        let two = greeting(r#"{"supportedVersions":["2026-07-28"],"capabilities":{},"ttlMs":70}"#);
        let said = together(&[("a", &one), ("b", &two)]);
        assert!(
            said.contains(r#""capabilities":{"prompts":{"listChanged":false}},"ttlMs":70,"cacheScope":"private""#),
            "{said}"
        );
    }

    #[test]
    fn an_error_says_what_it_said() {
        let line = br#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no such method"}}"#;
        assert!(Greeting::read(line, &Limits::default()).unwrap_err().contains("no such method"));
    }
}
