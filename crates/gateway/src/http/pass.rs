//! By what somebody entered: a request is answered by it to its end, a stream that only listens while it holds.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use hyper::header::CONTENT_TYPE;
use hyper::{Response, header::HeaderValue};

use super::letter::Letter;
use super::reply::{Body, Cut};
use super::terms::{InForce, Standing};
use super::token::Tokens;

/// What was shown.
#[derive(Debug, Clone)]
pub(super) enum Pass {
    /// A key, by its digest.
    Key([u8; 32]),
    /// A token, which these have checked and which expires then.
    Token(Arc<Tokens>, SystemTime),
}

impl Pass {
    /// Whether it would open now, too.
    fn holds(&self, terms: &InForce) -> bool {
        match self {
            Self::Key(digest) => terms.door.keys.as_ref().is_some_and(|keys| keys.has(digest)),
            Self::Token(by, until) => {
                let same = terms.door.tokens.as_ref().is_some_and(|tokens| Arc::ptr_eq(tokens, by));
                same && *until > SystemTime::now()
            }
        }
    }

    /// How long it does at the most.
    fn longest(&self) -> Option<Duration> {
        match self {
            Self::Key(_) => None,
            Self::Token(_, until) => Some(until.duration_since(SystemTime::now()).unwrap_or_default()),
        }
    }
}

/// With a response: its stream answers no request, but listens as long as it may.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listens;

/// Marks the response to a request that listens.
pub(super) fn listening(letter: &Letter, mut response: Response<Body>) -> Response<Body> {
    if letter.method() == Some("subscriptions/listen") {
        response.extensions_mut().insert(Listens);
    }
    response
}

/// Has a stream that only listens end when `pass` holds no more, or the certificates of `authorities` open no more.
pub(super) fn while_it_holds(
    standing: &Arc<Standing>,
    (pass, authorities): (Option<Pass>, Option<[u8; 32]>),
    response: Response<Body>,
) -> Response<Body> {
    if response.headers().get(CONTENT_TYPE) != Some(&HeaderValue::from_static("text/event-stream")) {
        return response;
    }
    let lapse = Box::pin(lapse(Arc::clone(standing), pass, authorities));
    response.map(|body| Passing { body: Some(body), lapse }.boxed_unsync())
}

/// Waits until it holds no more.
async fn lapse(standing: Arc<Standing>, pass: Option<Pass>, authorities: Option<[u8; 32]>) {
    let mut changes = standing.changes();
    let expired = async {
        match pass.as_ref().and_then(Pass::longest) {
            Some(longest) => tokio::time::sleep(longest).await,
            None => std::future::pending().await,
        }
    };
    let withdrawn = async {
        loop {
            let terms = standing.now();
            if terms.authorities() != authorities || pass.as_ref().is_some_and(|pass| !pass.holds(&terms)) {
                return;
            }
            drop(terms);
            // It lives as long as the terms do, which this task holds.
            let _ = changes.changed().await;
        }
    };
    tokio::select! {
        () = expired => {}
        () = withdrawn => {}
    }
}

/// The body of such a stream; without one it has ended.
struct Passing<L> {
    body: Option<Body>,
    lapse: Pin<Box<L>>,
}

impl<L: Future<Output = ()>> HttpBody for Passing<L> {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        if this.lapse.as_mut().poll(cx).is_ready() {
            this.body = None;
            return Poll::Ready(None);
        }
        Pin::new(body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
