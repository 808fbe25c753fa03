//! What sort of message a body holds, as far as its way depends on it. What it means is the engine's to say.

use std::cell::RefCell;

use vanguard_wire::{Body, IdKey, Limits, Message, Packet, Tape, Value, read};

/// A message seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) sort: Sort,
    /// `params.name`, `params.uri` or `params.taskId`: what the header `Mcp-Name` mirrors for this method.
    pub(super) name: Option<String>,
    /// The revision that the request itself names, as it does in the stateless era.
    pub(super) revision: Option<String>,
    /// Whether it names its client's capabilities, as it must in that era.
    pub(super) capabilities: bool,
    /// The code of an error.
    pub(super) code: Option<i64>,
    /// The token of the progress that it asks for, or tells of.
    pub(super) progress: Option<String>,
}

/// The sorts of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sort {
    Request {
        key: IdKey,
        /// The id as it is written.
        id: String,
        method: String,
    },
    Notification {
        method: String,
    },
    /// A result or an error, of the request with this id.
    Response(Option<IdKey>),
    Batch {
        /// Its requests.
        requests: Vec<IdKey>,
        /// What its responses answer.
        answered: Vec<IdKey>,
    },
    /// Nothing that may pass.
    Unreadable,
}

thread_local! {
    static TAPE: RefCell<Tape> = RefCell::default();
}

impl Letter {
    /// Looks at `bytes`. What is unreadable here is refused by the engine as well, which reads by the same rules.
    pub(super) fn read(bytes: &[u8], limits: &Limits) -> Self {
        TAPE.with_borrow_mut(|tape| match read(bytes, limits, tape) {
            Ok(Packet::Single(message)) => Self::single(&message),
            Ok(Packet::Batch(messages)) => Self::batch(&messages),
            Err(_) => Self::unreadable(),
        })
    }

    /// Of bytes that are no message.
    pub(super) fn unreadable() -> Self {
        Self::of(Sort::Unreadable)
    }

    /// The method, where it has one.
    pub(super) fn method(&self) -> Option<&str> {
        match &self.sort {
            Sort::Request { method, .. } | Sort::Notification { method } => Some(method),
            _ => None,
        }
    }

    /// The id that an answer is due to, as it is written.
    pub(super) fn id(&self) -> Option<&str> {
        match &self.sort {
            Sort::Request { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The requests in it: each waits for a response.
    pub(super) fn requests(&self) -> &[IdKey] {
        match &self.sort {
            Sort::Request { key, .. } => std::slice::from_ref(key),
            Sort::Batch { requests, .. } => requests,
            _ => &[],
        }
    }

    fn of(sort: Sort) -> Self {
        Self { sort, name: None, revision: None, capabilities: false, code: None, progress: None }
    }

    fn single(message: &Message<'_, '_>) -> Self {
        let (sort, params) = match &message.body {
            Body::Request { id, method, params } => {
                let sort =
                    Sort::Request { key: id.key(), id: id.lexeme().to_owned(), method: method.clone().into_owned() };
                (sort, *params)
            }
            Body::Notification { method, params } => {
                (Sort::Notification { method: method.clone().into_owned() }, *params)
            }
            Body::Response { id, .. } => (Sort::Response(Some(id.key())), None),
            Body::Error { id, .. } => (Sort::Response(id.map(vanguard_wire::Id::key)), None),
        };
        let mut letter = Self::of(sort);
        if let Body::Error { error, .. } = &message.body {
            letter.code = error.get("code").and_then(|code| code.lexeme().parse().ok());
        }
        let Some(params) = params else { return letter };
        let text = |value: Option<Value<'_, '_>>| value?.string().map(std::borrow::Cow::into_owned);
        letter.name = letter.method().and_then(mirrored).and_then(|key| text(params.get(key)));
        let meta = params.get("_meta");
        letter.revision = text(meta.and_then(|meta| meta.get("io.modelcontextprotocol/protocolVersion")));
        letter.capabilities = meta.and_then(|meta| meta.get("io.modelcontextprotocol/clientCapabilities")).is_some();
        let token = match letter.method() {
            Some("notifications/progress") => params.get("progressToken"),
            _ => meta.and_then(|meta| meta.get("progressToken")),
        };
        letter.progress = token.map(|token| token.lexeme().to_owned());
        letter
    }

    fn batch(messages: &[Message<'_, '_>]) -> Self {
        let (mut requests, mut answered) = (Vec::new(), Vec::new());
        for message in messages {
            match &message.body {
                Body::Request { id, .. } => requests.push(id.key()),
                Body::Response { id, .. } | Body::Error { id: Some(id), .. } => answered.push(id.key()),
                Body::Error { id: None, .. } | Body::Notification { .. } => {}
            }
        }
        Self::of(Sort::Batch { requests, answered })
    }
}

/// Which member of the params the header `Mcp-Name` mirrors.
fn mirrored(method: &str) -> Option<&'static str> {
    match method {
        "tools/call" | "prompts/get" => Some("name"),
        "resources/read" => Some("uri"),
        "tasks/get" | "tasks/update" | "tasks/cancel" => Some("taskId"),
        _ => None,
    }
}
