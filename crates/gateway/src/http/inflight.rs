//! Requests that are being answered: what the end of the gateway waits for.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tokio::sync::watch;

use super::reply::{Body, Cut};

/// How many there are, and whether more may come.
#[derive(Debug, Clone)]
pub(super) struct InFlight(watch::Sender<Count>);

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    requests: usize,
    closing: bool,
}

/// One of them. It counts until it is dropped.
#[derive(Debug)]
pub(super) struct Entered(InFlight);

impl Default for InFlight {
    fn default() -> Self {
        Self(watch::Sender::new(Count::default()))
    }
}

impl InFlight {
    /// Counts one more, unless the gateway is closing.
    pub(super) fn enter(&self) -> Option<Entered> {
        let entered = self.0.send_if_modified(|count| {
            count.requests += usize::from(!count.closing);
            !count.closing
        });
        entered.then(|| Entered(self.clone()))
    }

    pub(super) fn is_closing(&self) -> bool {
        self.0.borrow().closing
    }

    /// Lets no more in, and waits for those that are, but no longer than `patience`.
    pub(super) async fn close(&self, patience: Duration) {
        self.0.send_modify(|count| count.closing = true);
        let mut counts = self.0.subscribe();
        // However it ends: what follows is the same.
        let _ = tokio::time::timeout(patience, counts.wait_for(|count| count.requests == 0)).await;
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| count.requests = count.requests.saturating_sub(1));
    }
}

impl Entered {
    /// Counts until the body of the response is sent, or nobody wants it any more.
    pub(super) fn until_sent(self, response: Response<Body>) -> Response<Body> {
        until_sent(self, response)
    }
}

/// Holds what `counts` until the body of the response is sent, or nobody wants it any more.
pub(super) fn until_sent(counts: impl Send + Unpin + 'static, response: Response<Body>) -> Response<Body> {
    response.map(|body| Counted { body, _counts: counts }.boxed_unsync())
}

struct Counted<C> {
    body: Body,
    _counts: C,
}

impl<C: Unpin> HttpBody for Counted<C> {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
