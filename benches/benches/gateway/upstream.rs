//! An MCP server that gives every call the same answer and streams that never say anything.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, server::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// The answer.
pub(crate) const ANSWER: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"the file holds a list of colours: red, green and blue, one a line"}]}}"#;

static SESSIONS: AtomicU64 = AtomicU64::new(0);

pub(crate) async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

/// The same on stdio.
pub(crate) fn echo() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lines() {
        if line?.contains("\"id\":") {
            writeln!(out, "{ANSWER}")?;
        }
    }
    Ok(())
}

async fn answer(request: Request<Incoming>) -> Result<Response<BoxBody<Bytes, Infallible>>, hyper::Error> {
    if request.method() == Method::GET {
        let mut response = Response::new(Silence.boxed());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        return Ok(response);
    }
    if request.method() == Method::DELETE {
        return Ok(Response::new(Full::default().boxed()));
    }
    let body = request.into_body().collect().await?.to_bytes();
    let mut response = Response::new(Full::from(ANSWER).boxed());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if memchr::memmem::find(&body, b"\"initialize\"").is_some() {
        let session = SESSIONS.fetch_add(1, Ordering::Relaxed).into();
        response.headers_mut().insert("mcp-session-id", session);
    }
    Ok(response)
}

/// A stream that says nothing and does not end.
struct Silence;

impl Body for Silence {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}
