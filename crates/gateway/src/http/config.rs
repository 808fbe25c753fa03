//! What to serve, to whom, and how much of it.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use hyper::Uri;
use vanguard_engine::Session;
use vanguard_engine::zone::Zone;

use super::terms::Terms;
use crate::config::StdioConfig;

/// The gateway over HTTP.
#[derive(Debug)]
pub struct HttpConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where figures are told, if anywhere: to whoever reaches that.
    pub metrics: Option<SocketAddr>,
    /// A directory for a socket that tells which sessions are open.
    pub control: Option<PathBuf>,
    /// What may change while it runs.
    pub terms: Terms,
    /// What stands behind it.
    pub upstreams: Vec<Upstream>,
    /// How fast, and how much at once.
    pub paces: Paces,
    /// Names that it is reached by, beside loopback and addresses. Where keys or tokens are asked for and none is named, any.
    pub hosts: Vec<String>,
    /// What clients may reach that have it for their HTTP proxy.
    pub forward: ForwardProxy,
    /// Origins of web pages that may speak to it, beside those of loopback.
    pub origins: Vec<String>,
    /// How much of everything.
    pub limits: HttpLimits,
    /// How long requests may take to end when the gateway is told to.
    pub drain: Duration,
}

/// One MCP server behind the gateway.
#[derive(Debug)]
pub struct Upstream {
    /// Its path is `/mcp/NAME`; the only one without a name is at `/mcp`.
    pub name: Option<String>,
    /// What it is.
    pub target: Target,
    /// What it keeps to, where that is its own.
    pub bounds: Option<Bounds>,
}

/// What one of several servers keeps to.
#[derive(Debug)]
pub struct Bounds {
    /// Its zones.
    pub zones: Vec<Zone>,
    /// A session on its ground, on which nothing has been said: its sessions are made after it.
    pub model: Session,
}

/// What an upstream is.
#[derive(Debug, Clone)]
pub enum Target {
    /// A command: one process a session.
    Command(Box<StdioConfig>),
    /// A server over Streamable HTTP.
    Url(Uri),
}

/// What clients may reach that have the gateway for their HTTP proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardProxy {
    /// Nothing: it is the server itself, whatever address it is asked by.
    #[default]
    Off,
    /// The upstreams at URLs, each by its own.
    Upstreams,
    /// These, and what one needs to sign in to them.
    SignIn,
}

/// How fast somebody may ask, and how much may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paces {
    /// Requests a second of each principal.
    pub principal: Option<NonZeroU32>,
    /// Requests a second from each address.
    pub address: Option<NonZeroU32>,
    /// Requests and streams of each principal that are open at once.
    pub open: usize,
}

impl Paces {
    /// What a principal may have open, unless it is said.
    pub const OPEN: usize = 1024;
}

impl Default for Paces {
    fn default() -> Self {
        Self { principal: None, address: None, open: Self::OPEN }
    }
}

/// Bounds of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Bytes of one message.
    pub message: usize,
    /// Connections at once.
    pub connections: usize,
    /// Sessions at once with a URL.
    pub sessions: usize,
    /// Sessions at once with a command: each is a process.
    pub processes: usize,
    /// Requests of one session that wait for an answer.
    pub pending: usize,
    /// How long the head of a request may take.
    pub head: Duration,
    /// How long its body may take.
    pub body: Duration,
    /// How long a connection to an upstream may take.
    pub connect: Duration,
    /// How long an upstream may say nothing to a request that waits for it.
    pub answer: Duration,
    /// How long a session may lie idle.
    pub idle: Duration,
    /// How long a client may leave a full stream unread.
    pub stall: Duration,
    /// How often a quiet stream gives a sign of life.
    pub heartbeat: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            message: vanguard_wire::Limits::default().message_bytes,
            connections: 16_384,
            sessions: 10_000,
            processes: 64,
            pending: 128,
            head: Duration::from_secs(10),
            body: Duration::from_mins(1),
            connect: Duration::from_secs(10),
            answer: Duration::from_mins(5),
            idle: Duration::from_mins(30),
            stall: Duration::from_mins(1),
            heartbeat: Duration::from_secs(15),
        }
    }
}
