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
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut times, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    while Instant::now() < until {
        let number = times.len();
        let request = post(&format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"read_file","arguments":{{"path":"src/module_{client}_{number}.rs","head":20,"reason":"look at how the parser reports line {number} before the change, so that the new message can say the same"}}}}}}"#
        ));
        let begun = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        answered(&mut stream, &mut buffer, ANSWER).await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Opens so many streams, each of a session of its own, that only listen.
pub(crate) async fn listen(proxy: &Process, count: usize) -> io::Result<Vec<TcpStream>> {
    let mut streams = Vec::with_capacity(count);
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..count {
        let mut stream = TcpStream::connect(&proxy.address).await?;
        let request =
            post(r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#);
        stream.write_all(request.as_bytes()).await?;
        let response = answered(&mut stream, &mut buffer, ANSWER).await?;
        let session = response.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        let session = session.ok_or_else(|| io::Error::other(response.clone()))?;
        let get = format!(
            "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nMcp-Session-Id: {session}\r\n\r\n"
        );
        stream.write_all(get.as_bytes()).await?;
        answered(&mut stream, &mut buffer, "\r\n\r\n").await?;
        streams.push(stream);
    }
    Ok(streams)
}

fn post(body: &str) -> String {
    format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads a response that ends with `end`.
async fn answered(stream: &mut TcpStream, buffer: &mut [u8], end: &str) -> io::Result<String> {
    let mut length = 0;
    loop {
        let read = stream.read(&mut buffer[length..]).await?;
        length += read;
        let response = &buffer[..length];
        if response.ends_with(end.as_bytes()) && response.starts_with(b"HTTP/1.1 200") {
            return Ok(String::from_utf8_lossy(response).into_owned());
        }
        if read == 0 {
            return Err(io::Error::other(String::from_utf8_lossy(response).into_owned()));
        }
    }
}
