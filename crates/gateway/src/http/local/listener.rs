//! The body of a response that reads a stream.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};

use super::streams::{Reader, Streams};
use crate::http::event::HEARTBEAT;
use crate::http::heartbeat::Heartbeat;
use crate::http::reply::Cut;

/// Reads a stream as far as the client takes it. Dropped, it leaves the stream to whoever resumes it.
pub(super) struct Listener {
    streams: Arc<Streams>,
    reader: Reader,
    heartbeat: Heartbeat,
}

impl Listener {
    pub(super) fn new(streams: Arc<Streams>, reader: Reader, heartbeat: Duration) -> Self {
        Self { streams, reader, heartbeat: Heartbeat::new(heartbeat) }
    }
}

impl Body for Listener {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = self.get_mut();
        match this.streams.poll(this.reader, cx) {
            Poll::Ready(Some(event)) => {
                this.heartbeat.put_off();
                Poll::Ready(Some(Ok(Frame::data(event))))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => this.heartbeat.poll(cx).map(|()| Some(Ok(Frame::data(HEARTBEAT)))),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.streams.leave(self.reader);
    }
}
