//! A server that speaks only the transport of 2024-11-05 (HTTP+SSE), as one that speaks stdio.
//!
//! For each session a process of this program stands between: what it reads on its stdin it posts, what the server's stream says it writes to
//! its stdout. So all that holds for a command holds for such a server, too: judging both ways, bounds, clients of every transport, and that
//! nothing is left unanswered. It knows nothing of what it carries, and has nothing that could be lost with it.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;
use url::Url;
use vanguard_wire::{Event, EventFramer, Line, LineFramer, Piece};

use crate::config::StdioConfig;
use crate::http::SERVER_GONE;
use crate::watchdog::this_program;

/// The hidden first argument that makes this program one; the longest message follows.
const ROLE: &str = "__older";
/// The variables with the URL, and with what the client shows to the server (`Authorization`): arguments are for everybody on the machine to
/// read.
const AT: &str = "VANGUARD_OLDER_URL";
const SHOWN: &str = "VANGUARD_OLDER_AUTHORIZATION";
/// How long a connection, the first event and the taking of a message may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Messages that wait to be posted.
const WAITING: usize = 16;

type Http = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

impl StdioConfig {
    /// The process that stands between us and the server whose stream is at `url`, under this name. It inherits nothing.
    pub fn older(name: String, url: &Uri, max_message: usize) -> io::Result<Self> {
        let program = this_program()?.get_program().to_owned();
        let env = vec![(AT.into(), Some(url.to_string().into()))];
        let shows = Some(SHOWN.into());
        let plain = Self::new(program, [ROLE.to_owned(), max_message.to_string()]);
        Ok(Self { name, env, inherits: false, max_message, shows, ..plain })
    }
}

/// Stands between, where this process was started for that: call it first thing in `main`.
///
/// `None`: it was not, go on.
pub fn bridge() -> Option<ExitCode> {
    let mut args = std::env::args().skip(1);
    if args.next()? != ROLE {
        return None;
    }
    let url = std::env::var(AT).ok().and_then(|url| url.parse().ok());
    let (Some(url), Some(most)) = (url, args.next().and_then(|most| most.parse().ok())) else {
        return Some(ExitCode::from(2));
    };
    // One thread for each way: whoever does not read holds up the other by nothing.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let ended = runtime.map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(between(url, most)));
    Some(match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "{why}");
            ExitCode::FAILURE
        }
    })
}

/// Carries messages both ways until either end is there no more.
async fn between(url: Url, most: usize) -> Result<(), String> {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(PATIENCE));
    tcp.enforce_http(false);
    let connector = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(tcp);
    let http: Http = Client::builder(TokioExecutor::new()).build(connector);
    let shown = std::env::var(SHOWN).ok().and_then(|shown| HeaderValue::try_from(shown).ok());
    let request = asking(Method::GET, &url, shown.as_ref(), Bytes::new())?;
    let late = |_| "the server does not answer".to_owned();
    let response = timeout(PATIENCE, http.request(request)).await.map_err(late)?;
    let mut stream = events(response.map_err(|_| "the server cannot be reached".to_owned())?)?;
    let (mut framer, mut at, mut pieces) = (EventFramer::new(most), None, Vec::new());
    while at.is_none() {
        let frame = timeout(PATIENCE, stream.frame()).await.map_err(late)?;
        take(frame, &mut framer, &mut pieces)?;
        if pieces.len() > WAITING {
            return Err("the server names no address for messages".to_owned());
        }
        at = pieces.iter().find_map(|said| if let Said::Endpoint(at) = said { Some(at.clone()) } else { None });
    }
    let at = own(&url, &at.unwrap_or_default())?;
    let (sender, lines) = channel(WAITING);
    std::thread::spawn(move || read(&sender, most));
    let mut posting = tokio::spawn(post_all(http, at, shown, lines));
    loop {
        for said in pieces.drain(..) {
            if let Said::Message(line) = said {
                write(&line).map_err(|error| error.to_string())?;
            }
        }
        tokio::select! {
            frame = stream.frame() => take(frame, &mut framer, &mut pieces)?,
            // Our stdin has ended: nobody wants anything any more.
            _ = &mut posting => return Ok(()),
        }
    }
}

/// What an event says.
enum Said {
    /// Where messages are posted.
    Endpoint(String),
    Message(Vec<u8>),
}

/// Takes the next bytes of the stream.
fn take(
    frame: Option<Result<hyper::body::Frame<Bytes>, hyper::Error>>,
    framer: &mut EventFramer,
    pieces: &mut Vec<Said>,
) -> Result<(), String> {
    let frame = frame.ok_or("the server has ended the stream")?.map_err(|_| "the server broke off")?;
    let mut too_long = false;
    framer.feed(frame.data_ref().map_or(&[], |bytes| bytes), &mut |piece| match piece {
        Piece::Event(Event { name: Some("endpoint"), data: Some(Line::Message(at)), .. }) => {
            pieces.push(Said::Endpoint(String::from_utf8_lossy(at).into_owned()));
        }
        Piece::Event(Event { name: None | Some("message"), data: Some(Line::Message(line @ [_, ..])), .. }) => {
            // Between tokens they mean nothing, and within one they are not JSON; in a line they would begin another.
            let one = line.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte });
            pieces.push(Said::Message(one.collect()));
        }
        Piece::Event(Event { data: Some(Line::Oversize { .. }), .. }) => too_long = true,
        Piece::Event(_) | Piece::Comment => {}
    });
    // Whoever waits for it is answered when the session ends.
    if too_long { Err("the server said more at once than may be".to_owned()) } else { Ok(()) }
}

fn events(response: Response<Incoming>) -> Result<Incoming, String> {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match response.status() {
        StatusCode::OK if kind == "text/event-stream" => Ok(response.into_body()),
        StatusCode::OK => {
            Err("the server's answer is no stream of events; does its URL lead to one (/sse)?".to_owned())
        }
        status => Err(format!("the server answers with {status}")),
    }
}

/// The address that the server names for messages. It is its own: another would have them sent to somebody else.
fn own(url: &Url, at: &str) -> Result<Url, String> {
    let at = url.join(at.trim()).map_err(|_| "the server names no address for messages".to_owned())?;
    if at.origin() == url.origin() { Ok(at) } else { Err("the server has messages sent to another server".to_owned()) }
}

fn asking(method: Method, url: &Url, shown: Option<&HeaderValue>, body: Bytes) -> Result<Request<Full<Bytes>>, String> {
    let kind = if method == Method::GET { (ACCEPT, "text/event-stream") } else { (CONTENT_TYPE, "application/json") };
    let mut bare = url.clone();
    bare.set_fragment(None);
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = bare.as_str().parse::<Uri>().map_err(|_| "the server's address cannot be used")?;
    let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let headers = request.headers_mut();
    headers.extend(host.map(|host| (HOST, host)));
    headers.insert(kind.0, HeaderValue::from_static(kind.1));
    headers.insert(USER_AGENT, HeaderValue::from_static("vanguard"));
    headers.extend(shown.map(|shown| (AUTHORIZATION, shown.clone())));
    Ok(request)
}

/// Posts one message after the other, as they come.
async fn post_all(http: Http, at: Url, shown: Option<HeaderValue>, mut lines: Receiver<Bytes>) {
    while let Some(line) = lines.recv().await {
        let Err(why) = post(&http, &at, shown.as_ref(), line.clone()).await else { continue };
        // Who asks is told; the rest of the session goes on.
        if let Some(answer) = refusal(&line, &why)
            && write(&answer).is_err()
        {
            return;
        }
    }
}

async fn post(http: &Http, at: &Url, shown: Option<&HeaderValue>, line: Bytes) -> Result<(), String> {
    let request = asking(Method::POST, at, shown, line)?;
    let posted = async {
        let response = http.request(request).await.map_err(|_| "the server cannot be reached".to_owned())?;
        let status = response.status();
        // What it says there is for nobody. Read to its end the connection can be used again.
        let mut body = response.into_body();
        let mut left = 64 * 1024_usize;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                break;
            }
        }
        if status.is_success() { Ok(()) } else { Err(format!("the server answers with {status}")) }
    };
    timeout(PATIENCE, posted).await.unwrap_or_else(|_| Err("the server does not take it".to_owned()))
}

/// What is answered to a request that the server has not taken.
fn refusal(line: &[u8], why: &str) -> Option<Vec<u8>> {
    let mut tape = vanguard_wire::Tape::default();
    let Ok(vanguard_wire::Packet::Single(message)) =
        vanguard_wire::read(line, &vanguard_wire::Limits::default(), &mut tape)
    else {
        return None;
    };
    let vanguard_wire::Body::Request { id, .. } = message.body else { return None };
    Some(vanguard_wire::reply::error(Some(id.lexeme()), SERVER_GONE, why, None))
}

/// Reads our stdin to its end.
fn read(lines: &Sender<Bytes>, most: usize) {
    let (mut stdin, mut framer) = (io::stdin().lock(), LineFramer::new(most));
    while let Ok(read @ 1..) = stdin.read(framer.space()) {
        framer.filled(read);
        while let Some(line) = framer.next() {
            if let Line::Message(line) = line
                && lines.blocking_send(Bytes::copy_from_slice(line)).is_err()
            {
                return;
            }
        }
    }
}

fn write(line: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line)?;
    out.write_all(b"\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_to_the_server_that_names_where_and_to_no_other() {
        let url: Url = "https://up.example/a/sse".parse().unwrap();
        for (at, expected) in [
            ("/messages/?session_id=1", "https://up.example/messages/?session_id=1"),
            ("messages?sessionId=1", "https://up.example/a/messages?sessionId=1"),
            ("https://UP.example:443/m", "https://up.example/m"),
        ] {
            assert_eq!(own(&url, at).unwrap().as_str(), expected);
        }
        for other in [
            "http://up.example/m",
            "//evil.example/m",
            "https://evil.example",
            "https://up.example:8443/",
            "\\\\evil.example\\m",
            "file:///etc/passwd",
        ] {
            assert!(own(&url, other).is_err(), "{other}");
        }
    }

    #[test]
    fn an_event_is_one_line_whatever_its_data_is() {
        let mut pieces = Vec::new();
        let stream = "event: endpoint\ndata: /m\n\nevent: message\ndata: {\"a\":\ndata: 1}\n\nevent: other\ndata: {}\n\ndata: {}\n\n";
        let frame = Some(Ok(hyper::body::Frame::data(Bytes::from(stream))));
        take(frame, &mut EventFramer::new(100), &mut pieces).unwrap();
        let said: Vec<_> = pieces
            .iter()
            .map(|said| match said {
                Said::Endpoint(at) => at.clone(),
                Said::Message(line) => String::from_utf8(line.clone()).unwrap(),
            })
            .collect();
        assert_eq!(said, ["/m", "{\"a\": 1}", "{}"]);
        let long = Some(Ok(hyper::body::Frame::data(Bytes::from(format!("data: {}\n\n", "x".repeat(101))))));
        assert!(take(long, &mut EventFramer::new(100), &mut pieces).is_err());
        assert!(take(None, &mut EventFramer::new(100), &mut pieces).is_err());
    }

    #[test]
    fn who_asks_is_told_and_who_only_tells_is_not() {
        let said = refusal(br#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#, "no").unwrap();
        assert!(String::from_utf8(said).unwrap().contains(r#""id":"a""#));
        assert_eq!(refusal(br#"{"jsonrpc":"2.0","method":"ping"}"#, "no"), None);
    }
}
