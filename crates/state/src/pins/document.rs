//! What a file of pins holds.

use serde::{Deserialize, Serialize};
use vanguard_engine::pins::{Book, digest};

/// The form that is written, and the only one that is read.
const FORMAT: u32 = 1;
/// The longest beginning of a file's name that tells people whose it is.
const MAX_SLUG: usize = 24;

/// All that is pinned of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The form that it is written in.
    pub(super) format: u32,
    /// Whose it is.
    pub server: Server,
    /// How often it was written: an older one was put in its place from outside.
    pub(super) edition: u64,
    /// The pins.
    pub book: Book,
}

/// A server, as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// What it goes by in records. It does not tell servers apart: another time it may be called otherwise.
    pub name: String,
    /// How it is reached. This does.
    pub by: By,
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Its program and arguments, without secrets.
    Command(Vec<String>),
    /// Its address.
    Url(String),
}

impl Document {
    pub(super) fn new(server: Server) -> Self {
        Self { format: FORMAT, server, edition: 0, book: Book::default() }
    }

    pub(super) fn is_known(&self) -> bool {
        self.format == FORMAT
    }
}

impl Server {
    /// What its file is called: a word for people, and a digest that no other server has.
    pub fn key(&self) -> String {
        let (whole, telling) = match &self.by {
            By::Command(words) => {
                let program = words.first().map_or("", String::as_str);
                (words.join("\0"), program.rsplit(['/', '\\']).next().unwrap_or(program))
            }
            By::Url(url) => {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                (url.clone(), rest.split(['/', '?', '#']).next().unwrap_or(rest))
            }
        };
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let slug: String = telling.chars().take(MAX_SLUG).map(plain).collect();
        let slug = slug.trim_matches('-');
        let slug = if slug.is_empty() { "server" } else { slug };
        format!("{slug}-{}", &digest(whole.as_bytes())[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_servers_apart_by_how_they_are_reached_and_is_a_plain_file_name() {
        let key = |by: By| Server { name: "x".into(), by }.key();
        let command = |words: &[&str]| key(By::Command(words.iter().map(|&word| word.into()).collect()));
        assert_ne!(command(&["npx", "a"]), command(&["npx", "b"]));
        assert_ne!(command(&["npx", "a", "b"]), command(&["npx", "a b"]));
        for (key, start) in [
            (command(&["/usr/bin/NPX", "-y"]), "npx-"),
            (command(&["../../.."]), "server-"),
            (command(&[]), "server-"),
            (command(&["ä\u{202e}\0/../"]), "server-"),
            (key(By::Url("https://mcp.example:8443/mcp?x=../..".into())), "mcp-example-8443-"),
        ] {
            assert!(key.starts_with(start) && key.len() == start.len() + 16, "{key}");
            assert!(key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{key}");
        }
        let (one, other) = (Server { name: "a".into(), by: By::Url("u".into()) }, "b");
        assert_eq!(one.key(), Server { name: other.into(), ..one.clone() }.key());
    }
}
