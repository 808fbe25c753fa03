//! Requests that are being answered: what the end of the gateway waits for.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tokio::sync::Notify;

use super::reply::{Body, Cut};

/// How many there are, and whether more may come.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    /// Requests; with [`CLOSING`], no more come.
    requests: AtomicUsize,
    /// Told when the last is answered while the gateway closes.
    none: Notify,
}

/// More than there are requests.
const CLOSING: usize = 1 << (usize::BITS - 1);

/// One of them. It counts until it is dropped.
#[derive(Debug)]
pub(super) struct Entered(InFlight);

impl InFlight {
    /// Counts one more, unless the gateway is closing.
    pub(super) fn enter(&self) -> Option<Entered> {
        let more = |count| (count & CLOSING == 0).then_some(count + 1);
        let entered = self.0.requests.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
        entered.is_ok().then(|| Entered(self.clone()))
    }

    pub(super) fn is_closing(&self) -> bool {
        self.0.requests.load(Ordering::SeqCst) & CLOSING != 0
    }

    /// Lets no more in, and waits for those that are, but no longer than `patience`.
    pub(super) async fn close(&self, patience: Duration) {
        if self.0.requests.fetch_or(CLOSING, Ordering::SeqCst) & !CLOSING > 0 {
            // However it ends: what follows is the same.
            let _ = tokio::time::timeout(patience, self.0.none.notified()).await;
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if self.0.0.requests.fetch_sub(1, Ordering::SeqCst) == CLOSING | 1 {
            self.0.0.none.notify_one();
        }
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
