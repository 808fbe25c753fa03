//! One client's connection: what is in flight, what the server offers, which revision they speak.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use vanguard_wire::{Body, Id, IdKey, Message, Value, reply};

use crate::authority::Authority;
use crate::behaviour::{Deed, Memory};
use crate::company::Company;
use crate::hosts::Directory;
use crate::meaning::Risk;
use crate::pins::{Identity, Pins};
use crate::principal::Principal;
use crate::role::schema::ToolRoles;
use crate::trace::Trace;
use crate::verdict::{Answer, Flow};
use crate::views::path::strip_file_scheme;
use crate::views::percent;
use crate::zone::Ground;

/// The most requests in flight one way. A peer that leaves more unanswered is refused further ones.
pub const MAX_PENDING: usize = 10_000;
/// The most roots of a client that are remembered.
pub const MAX_ROOTS: usize = 64;
/// The most tools whose schemas are remembered; further ones have roles by name and value.
pub const MAX_TOOLS: usize = 4_096;

/// What a message belongs to: for a request itself, for a response the request it answers.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// JSON-RPC method.
    pub method: Option<Arc<str>>,
    /// Tool or prompt name.
    pub tool: Option<Arc<str>>,
    /// What the tool's schema says of its arguments.
    pub tool_roles: Option<Arc<ToolRoles>>,
    /// For a response: what the call that it answers did, where that is remembered.
    pub deed: Option<Deed>,
    /// Whose trace it belongs to; of a response, that of its request.
    pub trace: Option<Trace>,
    /// For a response: source text of the id of the request it answers.
    pub request_id: Option<Box<str>>,
    /// For a list of tools: the names of those that the client has been told of before.
    pub listed: Arc<[Box<str>]>,
    /// For a list of tools: those of other servers that the client is told of beside it.
    pub company: Option<Arc<Company>>,
    /// What is wrong with the message's place in the session.
    pub fault: Option<SessionFault>,
}

/// A message that its session has no place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionFault {
    /// A response to no request in flight.
    Unsolicited,
    /// A request whose id is in flight already: its answer could be taken for the other's.
    IdInUse,
    /// More than [`MAX_PENDING`] requests in flight.
    TooManyPending,
    /// A batch, in a revision that has none.
    BatchNotSpoken,
    /// The state was lost to a crash of another thread.
    Poisoned,
}

#[derive(Debug, Clone)]
struct Pending {
    lexeme: Box<str>,
    method: Arc<str>,
    tool: Option<Arc<str>>,
    deed: Option<Deed>,
    trace: Option<Trace>,
    /// The sender wants no answer any more, but one may still come.
    cancelled: bool,
}

/// The tools that the client was told of. Shared by the exchanges of a client that has no connection; locked for look-ups only.
#[derive(Debug, Clone, Default)]
struct Catalogue(Arc<Mutex<HashMap<String, Arc<ToolRoles>>>>);

impl Catalogue {
    fn get(&self, name: &str) -> Option<Arc<ToolRoles>> {
        self.0.lock().ok()?.get(name).cloned()
    }

    fn names(&self) -> Arc<[Box<str>]> {
        self.0.lock().map_or_else(|_| Arc::default(), |tools| tools.keys().map(|name| name.as_str().into()).collect())
    }

    fn add(&self, more: Vec<ToolRoles>) {
        let Ok(mut tools) = self.0.lock() else { return };
        for tool in more {
            if tools.len() < MAX_TOOLS || tools.contains_key(&tool.name) {
                tools.insert(tool.name.clone(), Arc::new(tool));
            }
        }
    }
}

#[derive(Debug, Default)]
struct State {
    /// Requests of the client that the server has not answered.
    to_server: HashMap<IdKey, Pending>,
    /// Requests of the server that the client has not answered.
    to_client: HashMap<IdKey, Pending>,
    tools: Catalogue,
    /// The method names seen, so that one allocation serves all of a kind.
    methods: HashMap<String, Arc<str>>,
    revision: Option<String>,
    /// The version that the server says it has.
    version: Option<String>,
    /// The directories that the client works in, which a server may take relative paths from.
    roots: Arc<[Box<str>]>,
}

impl State {
    fn pending(&mut self, flow: Flow) -> &mut HashMap<IdKey, Pending> {
        match flow {
            Flow::ToServer => &mut self.to_server,
            Flow::ToClient => &mut self.to_client,
        }
    }

    fn method(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.methods.get(name) {
            return known.clone();
        }
        let method: Arc<str> = name.into();
        if self.methods.len() < MAX_METHODS {
            self.methods.insert(name.to_owned(), method.clone());
        }
        method
    }
}

/// The most method names that are shared; others are copied.
const MAX_METHODS: usize = 128;

/// One client's connection. Both directions are judged at once, each on its thread: the lock is held for look-ups only,
/// never while a message is inspected.
#[derive(Debug, Default)]
pub struct Session {
    state: Arc<Mutex<State>>,
    who: Option<Arc<Principal>>,
    ground: Option<Arc<dyn Ground>>,
    directory: Option<Arc<dyn Directory>>,
    company: Option<Arc<Company>>,
    memory: Option<Arc<dyn Memory>>,
    pins: Option<Arc<dyn Pins>>,
    authority: Option<Arc<dyn Authority>>,
    risk: Arc<Risk>,
}

/// What the sessions of one client with several servers have in common: what they do is remembered together, and by what one of them
/// has met all are judged.
#[derive(Debug, Clone)]
pub struct Common {
    memory: Option<Arc<dyn Memory>>,
    risk: Arc<Risk>,
}

impl Session {
    /// A connection on which nothing has been said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, to a server that stands on `ground`: the one who says where paths lead, where there are zones.
    pub fn on(ground: Box<dyn Ground>) -> Self {
        Self { ground: Some(ground.into()), ..Self::default() }
    }

    /// The same, where host names are judged by what `directory` says that they resolve to.
    #[must_use]
    pub fn asking(self, directory: Box<dyn Directory>) -> Self {
        Self { directory: Some(directory.into()), ..self }
    }

    /// The same, where `authority` has a say in what may be called.
    #[must_use]
    pub fn under(self, authority: Arc<dyn Authority>) -> Self {
        Self { authority: Some(authority), ..self }
    }

    /// The same, where the client is told of the tools of other servers beside those of this one.
    #[must_use]
    pub fn among(self, company: Company) -> Self {
        Self { company: Some(Arc::new(company)), ..self }
    }

    /// The same, where what it does is remembered.
    #[must_use]
    pub fn remembering(self, memory: Arc<dyn Memory>) -> Self {
        Self { memory: Some(memory), ..self }
    }

    /// What further sessions of this client are to have in common, which have done nothing yet: each is [with it](Self::sharing).
    #[must_use]
    pub fn common(&self) -> Common {
        Common { memory: self.memory.as_ref().map(|memory| memory.another()), risk: Arc::default() }
    }

    /// What the requests of somebody have in common that belong to no session, by the name under which a memory that proxies share has it.
    #[must_use]
    pub fn common_under(&self, name: &str) -> Common {
        Common { memory: self.memory.as_ref().map(|memory| memory.under(name)), risk: Arc::default() }
    }

    /// The same session as one of several that have something in common.
    #[must_use]
    pub fn sharing(self, common: &Common) -> Self {
        let memory = common.memory.clone().or(self.memory);
        Self { memory, risk: Arc::clone(&common.risk), ..self }
    }

    /// The same, where what the server is and has is held against what `pins` know of it.
    #[must_use]
    pub fn pinned(self, pins: Arc<dyn Pins>) -> Self {
        Self { pins: Some(pins), ..self }
    }

    /// The same, where `change` stands before its pins, if it has any.
    #[must_use]
    pub fn with_pins(self, change: impl FnOnce(Arc<dyn Pins>) -> Arc<dyn Pins>) -> Self {
        Self { pins: self.pins.map(change), ..self }
    }

    /// Another connection to the same server, on which nothing has been said or done yet.
    #[must_use]
    pub fn another(&self) -> Self {
        let memory = self.memory.as_ref().map(|memory| memory.another());
        Self { state: Arc::default(), memory, risk: Arc::default(), ..self.by(self.who.clone()) }
    }

    /// The same connection, where its requests come from `who`: what is in flight and what is known is shared.
    #[must_use]
    pub fn by(&self, who: Option<Arc<Principal>>) -> Self {
        let (state, ground, directory) = (Arc::clone(&self.state), self.ground.clone(), self.directory.clone());
        let (company, memory, pins) = (self.company.clone(), self.memory.clone(), self.pins.clone());
        let (authority, risk) = (self.authority.clone(), Arc::clone(&self.risk));
        Self { state, who, ground, directory, company, memory, pins, authority, risk }
    }

    /// Who sends its requests, where that is known.
    pub fn principal(&self) -> Option<&Arc<Principal>> {
        self.who.as_ref()
    }

    /// A further exchange of the same client, where requests come each by itself: it knows the tools that the others were told of, and what
    /// is in flight is its own.
    #[must_use]
    pub fn beside(&self) -> Self {
        let tools = self.state.lock().map_or_else(|_| Catalogue::default(), |state| state.tools.clone());
        Self { state: Arc::new(Mutex::new(State { tools, ..State::default() })), ..self.by(self.who.clone()) }
    }

    /// The same, as it is asked for a message.
    pub(crate) fn who(&self) -> Option<&Principal> {
        self.who.as_deref()
    }

    /// Whether judging its messages may wait for somebody: who says where host names lead, or what may be called, or remembers elsewhere.
    pub fn asks(&self) -> bool {
        self.directory.is_some()
            || self.authority.is_some()
            || self.memory.as_ref().is_some_and(|memory| memory.waits())
    }

    /// Who remembers what it does.
    pub fn memory(&self) -> Option<&Arc<dyn Memory>> {
        self.memory.as_ref()
    }

    /// What it is suspected of.
    pub(crate) fn risk(&self) -> &Risk {
        &self.risk
    }

    /// Whether the sender of a request in flight wants no answer to it any more.
    pub(crate) fn is_cancelled(&self, lexeme: &str, flow: Flow) -> bool {
        let key = Id::read(lexeme).map(Id::key);
        self.state.lock().is_ok_and(|mut state| {
            key.and_then(|key| state.pending(flow).get(&key)).is_some_and(|request| request.cancelled)
        })
    }

    /// Whom to ask where a host name leads.
    pub(crate) fn directory(&self) -> Option<&dyn Directory> {
        self.directory.as_deref()
    }

    /// Whom to ask whether a call may be made.
    pub(crate) fn authority(&self) -> Option<&dyn Authority> {
        self.authority.as_deref()
    }

    /// Whom to ask where a path leads.
    pub(crate) fn ground(&self) -> Option<&dyn Ground> {
        self.ground.as_deref()
    }

    /// Whom to ask what the server was.
    pub(crate) fn pins(&self) -> Option<&dyn Pins> {
        self.pins.as_deref()
    }

    /// The version that the server has said it has, in this session.
    pub(crate) fn version(&self) -> Option<String> {
        self.state.lock().ok()?.version.clone()
    }

    /// The directories that the client has named as its own.
    pub(crate) fn roots(&self) -> Arc<[Box<str>]> {
        self.state.lock().map_or_else(|_| Arc::default(), |state| state.roots.clone())
    }

    /// Requests of the client that it waits for: in flight and not cancelled.
    pub fn pending_requests(&self) -> usize {
        self.state.lock().map_or(0, |state| state.to_server.values().filter(|request| !request.cancelled).count())
    }

    /// Error answers for every request of the client in flight: the server is gone, for `reason`.
    pub fn abandon(&self, reason: &str) -> Vec<Answer> {
        let Ok(mut state) = self.state.lock() else { return Vec::new() };
        let mut lost: Vec<Pending> = state.to_server.drain().map(|(_, pending)| pending).collect();
        lost.sort_by(|a, b| (a.lexeme.len(), &a.lexeme).cmp(&(b.lexeme.len(), &b.lexeme)));
        lost.iter()
            .map(|p| Answer { flow: Flow::ToClient, line: reply::error(Some(&p.lexeme), SERVER_GONE, reason, None) })
            .collect()
    }

    /// An error answer for the client's request with this id (as source text), if it is in flight: it will not be answered, for `reason`.
    pub fn abandon_one(&self, lexeme: &str, reason: &str) -> Option<Answer> {
        let lexeme = self.take(lexeme, Flow::ToClient)?;
        Some(Answer { flow: Flow::ToClient, line: reply::error(Some(&lexeme), SERVER_GONE, reason, None) })
    }

    /// For the client an error answer to each of its requests with these ids that is in flight, for `reason`; for the server the word that
    /// nobody waits for it any more.
    pub fn give_up(&self, ids: &[IdKey], reason: &str) -> Vec<Answer> {
        let Ok(mut state) = self.state.lock() else { return Vec::new() };
        let mut said = Vec::new();
        for pending in ids.iter().filter_map(|id| state.to_server.remove(id)) {
            let error = reply::error(Some(&pending.lexeme), SERVER_GONE, reason, None);
            said.push(Answer { flow: Flow::ToClient, line: error });
            // The protocol has it that this one is never cancelled.
            if &*pending.method != "initialize" {
                said.push(Answer { flow: Flow::ToServer, line: reply::cancelled(&pending.lexeme) });
            }
        }
        said
    }

    /// Whether the server waits for an answer of the client.
    pub fn is_asked(&self) -> bool {
        self.state.lock().is_ok_and(|state| state.to_client.values().any(|request| !request.cancelled))
    }

    /// Finds the place of `message`. A response takes its request out of flight, whatever becomes of it.
    pub(crate) fn open(&self, message: &Message<'_, '_>, flow: Flow) -> Exchange {
        let Ok(mut state) = self.state.lock() else {
            return Exchange { fault: Some(SessionFault::Poisoned), ..Exchange::default() };
        };
        match &message.body {
            Body::Request { id, method, params } => {
                let tool = tool_name(method, params.as_ref());
                let tool_roles = tool.as_deref().and_then(|name| state.tools.get(name));
                let pending = state.pending(flow);
                if pending.len() >= MAX_PENDING {
                    pending.retain(|_, request| !request.cancelled);
                }
                let fault = if pending.get(&id.key()).is_some_and(|request| !request.cancelled) {
                    Some(SessionFault::IdInUse)
                } else if pending.len() >= MAX_PENDING {
                    Some(SessionFault::TooManyPending)
                } else {
                    None
                };
                let method = Some(state.method(method));
                let trace = Trace::of(params.as_ref());
                Exchange { method, tool, tool_roles, trace, fault, ..Exchange::default() }
            }
            // A tool that is called without a wish for an answer is called all the same.
            Body::Notification { method, params } => {
                let tool = tool_name(method, params.as_ref());
                let tool_roles = tool.as_deref().and_then(|name| state.tools.get(name));
                let (method, trace) = (Some(state.method(method)), Trace::of(params.as_ref()));
                Exchange { method, tool, tool_roles, trace, ..Exchange::default() }
            }
            Body::Response { id, .. } => {
                let company = self.company.clone();
                Exchange { company, ..state.answer(Some(id), flow) }
            }
            Body::Error { id, .. } => state.answer(id.as_ref(), flow),
        }
    }

    /// Puts a request in flight. Done before its bytes leave: the answer may be quicker than this thread.
    pub(crate) fn register(&self, message: &Message<'_, '_>, flow: Flow, exchange: &Exchange, deed: Option<Deed>) {
        let (Body::Request { id, .. }, Some(method), None) = (&message.body, &exchange.method, exchange.fault) else {
            return;
        };
        let pending = Pending {
            lexeme: id.lexeme().into(),
            method: method.clone(),
            tool: exchange.tool.clone(),
            deed,
            trace: exchange.trace,
            cancelled: false,
        };
        if let Ok(mut state) = self.state.lock() {
            state.pending(flow).insert(id.key(), pending);
        }
    }

    /// Takes a request that was registered and then refused out of flight.
    pub(crate) fn withdraw(&self, message: &Message<'_, '_>, flow: Flow, exchange: &Exchange) {
        if let (Body::Request { id, .. }, None) = (&message.body, exchange.fault)
            && let Ok(mut state) = self.state.lock()
        {
            state.pending(flow).remove(&id.key());
        }
    }

    /// Learns from what was permitted: the tools listed, the revision agreed on, what nobody waits for any more.
    pub(crate) fn learn(&self, message: &Message<'_, '_>, flow: Flow, exchange: &Exchange) {
        match (&message.body, flow) {
            (Body::Response { result, .. }, Flow::ToClient) => match exchange.method.as_deref() {
                Some("initialize") => {
                    let revision = result.get("protocolVersion").and_then(|v| v.string()).map(Cow::into_owned);
                    let version = version_of(*result);
                    if let Ok(mut state) = self.state.lock() {
                        (state.revision, state.version) = (revision, version);
                    }
                }
                Some("server/discover") => {
                    let version = version_of(*result);
                    if let Ok(mut state) = self.state.lock() {
                        state.version = version;
                    }
                }
                Some("tools/list") => {
                    let tools = read_tools(*result);
                    let Ok(state) = self.state.lock() else { return };
                    state.tools.add(tools);
                }
                _ => {}
            },
            (Body::Response { result, .. }, Flow::ToServer) if exchange.method.as_deref() == Some("roots/list") => {
                let roots = read_roots(*result);
                if let Ok(mut state) = self.state.lock() {
                    state.roots = roots;
                }
            }
            (Body::Notification { method, params: Some(params) }, _) if method == "notifications/cancelled" => {
                let Some(id) = params.get("requestId").and_then(|id| Id::read(id.lexeme())) else { return };
                let Ok(mut state) = self.state.lock() else { return };
                if let Some(request) = state.pending(flow).get_mut(&id.key()) {
                    request.cancelled = true;
                }
            }
            _ => {}
        }
    }

    /// Whether the revision agreed on has batches. Before any agreement it may.
    pub(crate) fn speaks_batches(&self) -> bool {
        self.state.lock().is_ok_and(|state| {
            state.revision.as_deref().is_none_or(|r| matches!(r, "2025-03-26" | "2024-11-05" | "2024-10-07"))
        })
    }

    /// Takes the request with this id (as source text) out of flight, for a response that cannot be read.
    pub(crate) fn take(&self, lexeme: &str, answered_by: Flow) -> Option<Box<str>> {
        let key = Id::read(lexeme)?.key();
        let mut state = self.state.lock().ok()?;
        state.pending(answered_by.reversed()).remove(&key).map(|p| p.lexeme)
    }
}

impl State {
    fn answer(&mut self, id: Option<&Id<'_>>, flow: Flow) -> Exchange {
        // An error without an id answers a message that could not be read: it belongs to no request.
        let Some(id) = id else { return Exchange::default() };
        match self.pending(flow.reversed()).remove(&id.key()) {
            Some(request) => {
                let tool_roles = request.tool.as_deref().and_then(|name| self.tools.get(name));
                let listed = match &*request.method {
                    "tools/list" => self.tools.names(),
                    _ => Arc::default(),
                };
                Exchange {
                    method: Some(request.method),
                    tool: request.tool,
                    deed: request.deed,
                    trace: request.trace,
                    tool_roles,
                    request_id: Some(request.lexeme),
                    listed,
                    ..Exchange::default()
                }
            }
            None => Exchange { fault: Some(SessionFault::Unsolicited), ..Exchange::default() },
        }
    }
}

/// JSON-RPC code for requests whose server ended: of the range left to implementations by no MCP revision, like
/// [`crate::policy::BLOCKED`].
const SERVER_GONE: i64 = -31002;

fn tool_name(method: &str, params: Option<&Value<'_, '_>>) -> Option<Arc<str>> {
    let named = matches!(method, "tools/call" | "prompts/get");
    named.then(|| params?.get("name")?.string().map(|name| Arc::from(&*name))).flatten()
}

/// The version of the server that a result is from, where it says so.
pub(crate) fn version_of(result: Value<'_, '_>) -> Option<String> {
    Identity::of(result).map(|server| server.version).filter(|version| !version.is_empty())
}

fn read_tools(result: Value<'_, '_>) -> Vec<ToolRoles> {
    let Some(tools) = result.get("tools") else { return Vec::new() };
    tools.elements().take(MAX_TOOLS).filter_map(|tool| ToolRoles::read(&tool)).collect()
}

/// The directories of an answer to `roots/list`.
fn read_roots(result: Value<'_, '_>) -> Arc<[Box<str>]> {
    let Some(roots) = result.get("roots") else { return Arc::default() };
    let uris = roots.elements().filter_map(|root| root.get("uri")?.string());
    let paths = uris.filter_map(|uri| {
        let path = strip_file_scheme(&uri);
        let decoded = percent::decode(path, false);
        (path.len() < uri.len()).then(|| decoded.unwrap_or_else(|| path.to_owned()).into_boxed_str())
    });
    paths.take(MAX_ROOTS).collect()
}
