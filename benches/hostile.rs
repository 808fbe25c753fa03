//! A hostile text stands in every place of a message; a hostile message is one as a whole.

mod messages;
mod texts;

use vanguard_engine::{Engine, Flow, Judged, Scratch, Session};

use crate::{Still, call};

/// How long each text is, and each message.
pub const SIZE: usize = 1 << 20;

/// A message made so that judging it takes long.
#[derive(Debug)]
pub struct Hostile {
    /// What it is.
    pub name: String,
    /// The request that it answers.
    pub asked: Option<&'static str>,
    /// Which way it travels.
    pub flow: Flow,
    /// The message.
    pub line: String,
}

impl Hostile {
    /// Judges it in a session of its own.
    pub fn judge(&self, engine: &Engine, scratch: &mut Scratch) -> Judged<'_> {
        let session = Session::new();
        if let Some(asked) = self.asked {
            engine.judge(&session, Flow::ToServer, asked.as_bytes(), scratch, &Still);
        }
        engine.judge(&session, self.flow, self.line.as_bytes(), scratch, &Still)
    }
}

/// Where a hostile text stands in a call: arguments of every kind.
const PLACES: [&str; 8] = ["command", "path", "url", "host", "sql", "code", "content", "x"];

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"acme","arguments":{}}}"#;
const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

/// Every hostile message, each text about `size` bytes long before it is written as JSON.
///
/// # Panics
///
/// When a string cannot be written as JSON, which every string can.
pub fn all(size: usize) -> impl Iterator<Item = Hostile> {
    let texts =
        texts::TEXTS.iter().flat_map(move |(name, text)| {
            let text = text(size);
            let text = text.get(..text.floor_char_boundary(size)).unwrap_or_default();
            let text = serde_json::to_string(text).expect("a string is JSON");
            let calls = PLACES.map(|place| {
                let line = call("acme", &format!(r#"{{"{place}":{text}}}"#));
                Hostile { name: format!("{name}, as {place}"), asked: None, flow: Flow::ToServer, line }
            });
            let result = answer(&format!(r#"{{"content":[{{"type":"text","text":{text}}}]}}"#));
            let tool = answer(&format!(
                r#"{{"tools":[{{"name":"a","description":{text},"inputSchema":{{"type":"object"}}}}]}}"#
            ));
            let answers = [("a result", CALL, result), ("a description", LIST, tool)].map(|(what, asked, line)| {
                Hostile { name: format!("{name}, in {what}"), asked: Some(asked), flow: Flow::ToClient, line }
            });
            calls.into_iter().chain(answers)
        });
    texts.chain(messages::MESSAGES.iter().map(move |make| make(size)))
}

fn answer(result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#)
}

/// As many units, each by its number, as `size` bytes hold.
fn numbered(size: usize, unit: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(size);
    for n in 0.. {
        let unit = unit(n);
        if text.len() + unit.len() > size {
            break;
        }
        text.push_str(&unit);
    }
    text
}
