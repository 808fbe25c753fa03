//! One message that is given on the command line, and the session that it belongs to.

use std::path::PathBuf;

use vanguard_engine::engine::Scratch;
use vanguard_engine::verdict::{Flow, Judged};
use vanguard_engine::{Engine, Session};
use vanguard_gateway::SystemClock;

use crate::exit::Failure;
use crate::reading;

/// Flags that give a message.
#[derive(Debug, clap::Args)]
pub(crate) struct Given {
    /// File with one JSON-RPC message; stdin when absent or -
    file: Option<PathBuf>,
    /// What the message is
    #[arg(long, value_enum, default_value_t = Direction::Request)]
    direction: Direction,
    /// Judge a call of this tool instead of a message from a file
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    tool: Option<String>,
    /// Argument of the tool; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "tool", value_parser = argument)]
    arg: Vec<(String, String)>,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Direction {
    /// From the client to the server
    Request,
    /// The answer to a tools/call
    Response,
    /// The answer to a tools/list
    ToolsList,
    /// From the server to the client, answering nothing (a request or notification of the server's)
    FromServer,
}

fn argument(text: &str) -> Result<(String, String), &'static str> {
    text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or("write NAME=VALUE")
}

impl Given {
    /// The bytes to judge, without the line break a file ends with.
    pub(crate) fn message(&self, most: usize) -> Result<Vec<u8>, Failure> {
        let Some(tool) = &self.tool else {
            let path = self.file.clone().unwrap_or_else(|| PathBuf::from("-"));
            let mut bytes = reading::bounded(&path, most.saturating_add(2) as u64)?;
            bytes.truncate(bytes.trim_ascii_end().len());
            return Ok(bytes);
        };
        let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
        let arguments: Vec<_> =
            self.arg.iter().map(|(name, value)| format!("{}:{}", quoted(name), quoted(value))).collect();
        let (name, arguments) = (quoted(tool), arguments.join(","));
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":{name},"arguments":{{{arguments}}}}}}}"#
        );
        Ok(call.into_bytes())
    }

    /// What `engine` says of the message, in `session`.
    pub(crate) fn judge<'m>(&self, engine: &Engine, session: &Session, message: &'m [u8]) -> Judged<'m> {
        let (mut scratch, clock) = (Scratch::default(), SystemClock);
        if let Some(opening) = self.opening(message) {
            engine.judge(session, Flow::ToServer, opening.as_bytes(), &mut scratch, &clock);
        }
        let flow = if self.direction == Direction::Request { Flow::ToServer } else { Flow::ToClient };
        engine.judge(session, flow, message, &mut scratch, &clock)
    }

    /// The request that a response answers, so that it is judged knowing what was asked.
    fn opening(&self, message: &[u8]) -> Option<String> {
        let id = vanguard_wire::salvage_id(message)?;
        match self.direction {
            Direction::Response => Some(format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"unknown","arguments":{{}}}}}}"#
            )),
            Direction::ToolsList => {
                Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list","params":{{}}}}"#))
            }
            Direction::Request | Direction::FromServer => None,
        }
    }
}
