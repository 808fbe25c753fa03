//! Clients: so many connections, each with one request after the other, no two of them alike.

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::Process;
use crate::upstream::ANSWER;

/// What clients saw of a proxy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    /// What the proxy itself worked for a request.
    pub(crate) work: Duration,
}

impl Figures {
    /// The median of each figure.
    pub(crate) fn medians(turns: &[Self]) -> Self {
        let middle = |mut all: Vec<Duration>| {
            all.sort_unstable();
            all[all.len() / 2]
        };
        let of = |figure: fn(&Self) -> Duration| middle(turns.iter().map(figure).collect());
        let each = of(|turn| Duration::from_secs_f64(1.0 / turn.rate));
        Self {
            rate: 1.0 / each.as_secs_f64(),
            p50: of(|turn| turn.p50),
            p99: of(|turn| turn.p99),
            work: of(|turn| turn.work),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rate, p50, p99, work } = self;
        write!(f, "{rate:.0} requests/s, p50 {p50:.1?}, p99 {p99:.1?}, {work:.0?} of work each")
    }
}

/// Sends requests to `proxy` for so long.
pub(crate) async fn run(proxy: &Process, connections: usize, within: Duration) -> io::Result<Figures> {
    let (worked, begun) = (proxy.worked()?, Instant::now());
    let mut clients = JoinSet::new();
    for client in 0..connections {
        clients.spawn(send(proxy.address.clone(), client, begun + within));
    }
    let mut times = Vec::new();
    while let Some(client) = clients.join_next().await {
        times.extend(client.map_err(io::Error::other)??);
    }
    let took = begun.elapsed();
    times.sort_unstable();
    let count = u32::try_from(times.len()).map_err(io::Error::other)?;
    Ok(Figures {
        rate: f64::from(count) / took.as_secs_f64(),
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
        work: proxy.worked()?.saturating_sub(worked) / count,
    })
}

async fn send(address: String, client: usize, until: Instant) -> io::Result<Vec<Duration>> {
    let mut connection = Connection::open(&address).await?;
    let mut times = Vec::new();
    while Instant::now() < until {
        let begun = Instant::now();
        connection.call(client, times.len()).await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Opens so many streams, each of a session of its own, that only listen.
pub(crate) async fn listen(proxy: &Process, count: usize) -> io::Result<Vec<Connection>> {
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let mut connection = Connection::open(&proxy.address).await?;
        let session = connection.initialize().await?;
        connection.listen(&session).await?;
        streams.push(connection);
    }
    Ok(streams)
}

/// One connection of a client, which asks for one thing after the other.
pub(crate) struct Connection {
    stream: TcpStream,
}

impl Connection {
    pub(crate) async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// A call like no other.
    pub(crate) async fn call(&mut self, client: usize, number: usize) -> io::Result<()> {
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"read_file","arguments":{{"path":"src/module_{client}_{number}.rs","head":20,"reason":"look at how the parser reports line {number} before the change, so that the new message can say the same"}}}}}}"#
        );
        self.post("", &call).await.map(drop)
    }

    /// Begins a session, and gives its id.
    pub(crate) async fn initialize(&mut self) -> io::Result<String> {
        let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#;
        let response = self.post("", initialize).await?;
        let session = response.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        session.map(str::to_owned).ok_or_else(|| io::Error::other(response.clone()))
    }

    /// Calls a tool in a session.
    pub(crate) async fn call_in(&mut self, session: &str) -> io::Result<()> {
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list","arguments":{}}}"#;
        self.post(&of(session), call).await.map(drop)
    }

    /// Listens to a session.
    pub(crate) async fn listen(&mut self, session: &str) -> io::Result<()> {
        self.ask("GET", &of(session), "", &[HEAD]).await.map(drop)
    }

    /// Ends a session.
    pub(crate) async fn delete(&mut self, session: &str) -> io::Result<()> {
        self.ask("DELETE", &of(session), "", &[HEAD]).await.map(drop)
    }

    async fn post(&mut self, headers: &str, body: &str) -> io::Result<String> {
        self.ask("POST", headers, body, &[ANSWER, LAST_CHUNK]).await
    }

    /// Sends a request, and reads a response that ends in one of these ways.
    async fn ask(&mut self, method: &str, headers: &str, body: &str, ends: &[&str]) -> io::Result<String> {
        let request = format!(
            "{method} /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        let (mut buffer, mut length) = ([0; 4 << 10], 0);
        loop {
            let read = self.stream.read(&mut buffer[length..]).await?;
            length += read;
            let response = &buffer[..length];
            if response.starts_with(b"HTTP/1.1 200") && ends.iter().any(|end| response.ends_with(end.as_bytes())) {
                return Ok(String::from_utf8_lossy(response).into_owned());
            }
            if read == 0 {
                return Err(io::Error::other(String::from_utf8_lossy(response).into_owned()));
            }
        }
    }
}

/// How the head of a response ends, and an event stream.
const HEAD: &str = "\r\n\r\n";
const LAST_CHUNK: &str = "\r\n0\r\n\r\n";

fn of(session: &str) -> String {
    format!("Mcp-Session-Id: {session}\r\n")
}
