//! Events as they come to be known.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::mpsc::Receiver;

use crate::http::event::HEARTBEAT;
use crate::http::heartbeat::Heartbeat;
use crate::http::reply::Cut;

/// A body that ends with the last who may tell something.
pub(super) struct Told {
    events: Receiver<Bytes>,
    heartbeat: Heartbeat,
}

impl Told {
    pub(super) fn new(events: Receiver<Bytes>, heartbeat: Heartbeat) -> Self {
        Self { events, heartbeat }
    }
}

impl Body for Told {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = self.get_mut();
        match this.events.poll_recv(cx) {
            Poll::Ready(event) => {
                this.heartbeat.put_off();
                Poll::Ready(event.map(|event| Ok(Frame::data(event))))
            }
            Poll::Pending => this.heartbeat.poll(cx).map(|()| Some(Ok(Frame::data(HEARTBEAT)))),
        }
    }
}
