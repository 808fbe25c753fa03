//! The way to an upstream over HTTP: connections that are kept and used again.
//!
//! A connection is driven by whoever waits for its answer, in the same task: one that had a task of its own would cost four changes from
//! one task to the other for each request.

use std::collections::VecDeque;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper::header::{HOST, HeaderValue};
use hyper::{Method, Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tower_service::Service as _;

/// How long a connection that nobody uses is kept.
const KEPT_IDLE: Duration = Duration::from_mins(1);
/// Connections that are kept.
const MOST_IDLE: usize = 1024;

/// Connections to one upstream. It follows no redirects: they would lead past what was configured.
#[derive(Debug)]
pub(super) struct Client {
    connector: HttpsConnector<HttpConnector>,
    target: Uri,
    /// The target as the first line of a request names it, and its `Host`.
    path: Uri,
    host: HeaderValue,
    connect: Duration,
    answer: Duration,
    idle: Arc<Idle>,
}

/// Those that nobody uses, the last that was used last.
#[derive(Debug, Default)]
struct Idle(Mutex<VecDeque<(Instant, Held)>>);

/// One connection.
#[derive(Debug)]
struct Held {
    sender: Sender,
    wire: Wire,
}

type Sender = SendRequest<Full<Bytes>>;
type Plain = TokioIo<TcpStream>;
type Driver<S> = Pin<Box<Connection<S, Full<Bytes>>>>;

/// What drives a connection. Each kind by itself: what TLS keeps of one is many times as much as all the rest.
#[derive(Debug)]
enum Wire {
    Plain(Driver<Plain>),
    Secure(Driver<TokioIo<TlsStream<TokioIo<Plain>>>>),
}

impl Wire {
    async fn over(stream: MaybeHttpsStream<Plain>) -> Option<(Sender, Self)> {
        Some(match stream {
            MaybeHttpsStream::Http(stream) => {
                let (sender, wire) = http1::handshake(stream).await.ok()?;
                (sender, Self::Plain(Box::pin(wire)))
            }
            MaybeHttpsStream::Https(stream) => {
                let (sender, wire) = http1::handshake(stream).await.ok()?;
                (sender, Self::Secure(Box::pin(wire)))
            }
        })
    }

    /// Whether it has ended. How is told to who waits for an answer.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Plain(wire) => wire.as_mut().poll(cx).map(drop),
            Self::Secure(wire) => wire.as_mut().poll(cx).map(drop),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// No connection.
    Unreachable,
    /// It ended before the answer came.
    BrokeOff,
    /// There was none within the time that there is.
    Silent,
}

impl Client {
    pub(super) fn new(target: Uri, connect: Duration, answer: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEPT_IDLE));
        tcp.enforce_http(false);
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(tcp);
        // A URL has a path, and what is in one may stand in a header.
        let path = target.path_and_query().map(|path| Uri::from(path.clone())).unwrap_or_default();
        let host = target.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        let host = host.unwrap_or(HeaderValue::from_static(""));
        Self { connector, target, path, host, connect, answer, idle: Arc::default() }
    }

    /// Sends a request, whose `Host` and first line are made to fit. Who only listens may wait as long as he likes.
    pub(super) async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Answer>, Failed> {
        *request.uri_mut() = self.path.clone();
        let patience = if request.method() == Method::GET { Duration::MAX } else { self.answer };
        request.headers_mut().insert(HOST, self.host.clone());
        loop {
            let kept = self.idle.take();
            let was_kept = kept.is_some();
            let mut held = match kept {
                Some(held) => held,
                // Apart, for it takes five kilobytes that every request would carry.
                None => Box::pin(self.connect()).await.ok_or(Failed::Unreachable)?,
            };
            let answered = timeout(patience, held.answer(request)).await;
            match answered.map_err(|_| Failed::Silent)? {
                Ok(response) => {
                    let idle = Arc::clone(&self.idle);
                    return Ok(response.map(|body| Answer { body, held: Some(held), idle }));
                }
                // The server had ended it already, and has seen nothing of the request.
                Err(Some(again)) if was_kept => request = again,
                Err(_) => return Err(Failed::BrokeOff),
            }
        }
    }

    /// Lets go what nobody has used for long.
    pub(super) fn sweep(&self) {
        self.idle.lock().retain_mut(|(since, held)| since.elapsed() < KEPT_IDLE && held.is_alive());
    }

    async fn connect(&self) -> Option<Held> {
        let connected = async {
            let mut connector = self.connector.clone();
            poll_fn(|cx| connector.poll_ready(cx)).await.ok()?;
            let stream = connector.call(self.target.clone()).await.ok()?;
            let (sender, wire) = Wire::over(stream).await?;
            Some(Held { sender, wire })
        };
        timeout(self.connect, connected).await.ok()?
    }
}

impl Idle {
    fn take(&self) -> Option<Held> {
        loop {
            let (since, mut held) = self.lock().pop_back()?;
            if since.elapsed() < KEPT_IDLE && held.is_alive() {
                return Some(held);
            }
        }
    }

    fn give_back(&self, held: Held) {
        let mut idle = self.lock();
        if idle.len() >= MOST_IDLE {
            idle.pop_front();
        }
        idle.push_back((Instant::now(), held));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Instant, Held)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The answer to `request`, or the request where nothing of it was sent.
    async fn answer(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Option<Request<Full<Bytes>>>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let mut ended = false;
        let answered = poll_fn(|cx| {
            ended = ended || self.wire.poll(cx).is_ready();
            answer.as_mut().poll(cx)
        });
        answered.await.map_err(|mut error| error.take_message())
    }

    /// Whether the other side keeps it open.
    fn is_alive(&mut self) -> bool {
        self.wire.poll(&mut Context::from_waker(Waker::noop())).is_pending() && self.sender.is_ready()
    }
}

/// The body of an answer. Its connection goes back to the others at its end, and ends where it is dropped before that.
#[derive(Debug)]
pub(super) struct Answer {
    body: Incoming,
    held: Option<Held>,
    idle: Arc<Idle>,
}

impl Answer {
    /// Nothing more comes of it.
    fn give_back(&mut self, cx: &mut Context<'_>) {
        if let Some(mut held) = self.held.take()
            && held.wire.poll(cx).is_pending()
            && held.sender.is_ready()
        {
            self.idle.give_back(held);
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = self.get_mut();
        let mut frame = Pin::new(&mut this.body).poll_frame(cx);
        if frame.is_pending()
            && let Some(held) = &mut this.held
        {
            if held.wire.poll(cx).is_ready() {
                this.held = None;
            }
            frame = Pin::new(&mut this.body).poll_frame(cx);
        }
        if let Poll::Ready(None) = frame {
            this.give_back(cx);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
