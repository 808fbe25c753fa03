//! Several servers by name, as they are written: in the form that clients of MCP have for them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The longest name, so that a tool's name has room behind it.
const MAX_NAME: usize = 32;

/// In the order in which they are written: who comes first keeps a name that another imitates.
#[derive(Debug, Clone, Default)]
pub(crate) struct Servers(pub(crate) Vec<(ServerName, Served)>);

/// A name that stands in a path, and before the names of tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct ServerName(pub(crate) String);

/// A command or a URL.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "Parts")]
#[schemars(inline, with = "Parts")]
pub(crate) enum Served {
    /// To be started.
    Command(Started),
    /// To be reached.
    Url(String),
    /// To be reached over the transport of 2024-11-05.
    OldUrl(String),
}

/// What is to be started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Started {
    /// Program and arguments.
    pub(crate) words: Vec<String>,
    /// Variables beside those of `server.env`.
    pub(crate) env: BTreeMap<String, String>,
    /// Where it runs, unless where `server.cwd` says.
    pub(crate) cwd: Option<PathBuf>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct Parts {
    /// Program, or program and arguments.
    command: Option<Words>,
    /// Further arguments.
    #[serde(default)]
    args: Vec<String>,
    /// Variables added to its environment. Shown masked.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Its working directory.
    cwd: Option<PathBuf>,
    /// Where it is reached over HTTP, in the place of a command.
    url: Option<String>,
    /// By which transport: `http` (Streamable HTTP, the default for a `url`), `sse` (that of 2024-11-05) or `stdio` (of a `command`).
    #[serde(rename = "type")]
    transport: Option<Transport>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Transport {
    #[serde(alias = "streamable-http", alias = "streamableHttp")]
    Http,
    Sse,
    Stdio,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Words {
    Program(String),
    Line(Vec<String>),
}

impl TryFrom<Parts> for Served {
    type Error = &'static str;

    fn try_from(Parts { command, args, env, cwd, url, transport }: Parts) -> Result<Self, Self::Error> {
        let of_a_command = !args.is_empty() || !env.is_empty() || cwd.is_some();
        match (command, url) {
            (Some(_), None) if transport.is_some_and(|transport| transport != Transport::Stdio) => {
                Err("the `type` of a `command` is `stdio`")
            }
            (None, Some(_)) if transport == Some(Transport::Stdio) => Err("the `type` of a `url` is `http` or `sse`"),
            (Some(command), None) => {
                let mut words = match command {
                    Words::Program(program) => vec![program],
                    Words::Line(words) => words,
                };
                words.extend(args);
                if words.first().is_none_or(String::is_empty) {
                    return Err("its `command` is empty");
                }
                Ok(Self::Command(Started { words, env, cwd }))
            }
            (None, Some(url)) if !of_a_command && transport == Some(Transport::Sse) => Ok(Self::OldUrl(url)),
            (None, Some(url)) if !of_a_command => Ok(Self::Url(url)),
            (None, Some(_)) => Err("`args`, `env` and `cwd` are of a `command`"),
            _ => Err("write either a `command` or a `url`"),
        }
    }
}

impl FromStr for ServerName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        // `NAME__tool` must part in one way only.
        if name.is_empty() || name.len() > MAX_NAME || !plain || name.contains("__") || name.ends_with('_') {
            return Err(format!(
                "`{name}` cannot be the name of a server: up to {MAX_NAME} letters, digits, `-` and single `_`, which is not the last"
            ));
        }
        Ok(Self(name.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Servers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Servers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("servers by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Servers, A::Error> {
                let mut servers = Vec::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    servers.push((name.parse().map_err(de::Error::custom)?, map.next_value()?));
                }
                Ok(Servers(servers))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl JsonSchema for Servers {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Servers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, Served>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::parse;

    #[test]
    fn servers_are_written_as_clients_write_them_and_keep_their_order() {
        let text = "servers:\n  notes: {command: npx, args: [-y, notes], env: {A: b}, cwd: dir}\n  git: {url: 'https://git.example/mcp'}\n  a: {command: [uvx, a], type: stdio}\n  old: {url: 'http://old/sse', type: sse}\n";
        let servers = parse(text, "x").expect("valid").servers.expect("some").0;
        let names: Vec<&str> = servers.iter().map(|(name, _)| &*name.0).collect();
        assert_eq!(names, ["notes", "git", "a", "old"]);
        let Served::Command(notes) = &servers[0].1 else { panic!("a command") };
        assert_eq!((notes.words.join(" "), &*notes.env["A"], notes.cwd.is_some()), ("npx -y notes".into(), "b", true));
        assert_eq!(servers[1].1, Served::Url("https://git.example/mcp".into()));
        assert_eq!(servers[3].1, Served::OldUrl("http://old/sse".into()));
    }

    #[test]
    fn what_cannot_be_meant_is_said_with_its_place() {
        for (text, expected) in [
            ("servers:\n  a: {}\n", "either a `command` or a `url`"),
            ("servers:\n  a: {command: x, url: 'http://a/'}\n", "either a `command` or a `url`"),
            ("servers:\n  a: {url: 'http://a/', args: [x]}\n", "are of a `command`"),
            ("servers:\n  a: {command: []}\n", "is empty"),
            ("servers:\n  a: {command: x, type: sse}\n", "of a `command` is `stdio`"),
            ("servers:\n  a: {url: 'http://a/', type: stdio}\n", "is `http` or `sse`"),
            ("servers:\n  a__b: {command: x}\n", "cannot be the name"),
            ("servers:\n  'a/b': {command: x}\n", "cannot be the name"),
            ("servers:\n  a: {commands: x}\n", "did you mean `command`?"),
        ] {
            let fault = parse(text, "x").expect_err("refused").to_string();
            assert!(fault.starts_with("x:2:") && fault.contains(expected), "{text}: {fault}");
        }
    }

    #[test]
    fn a_name_parts_from_a_tool_s_in_one_way() {
        for good in ["a", "_a", "git-2", "a_b", &"n".repeat(MAX_NAME)] {
            assert!(good.parse::<ServerName>().is_ok(), "{good}");
        }
        for bad in ["", "a_", "a__b", "__a", "a.b", "a b", "ä", &"n".repeat(MAX_NAME + 1)] {
            assert!(bad.parse::<ServerName>().is_err(), "{bad}");
        }
    }
}
