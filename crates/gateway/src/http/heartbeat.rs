//! Signs of life on a quiet stream, so that nothing on the way takes it for dead, and a client that is gone is noticed.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Duration, Instant, Sleep, sleep};

/// Beats after each time of silence.
#[derive(Debug)]
pub(super) struct Heartbeat {
    every: Duration,
    next: Pin<Box<Sleep>>,
}

impl Heartbeat {
    pub(super) fn new(every: Duration) -> Self {
        Self { every, next: Box::pin(sleep(every)) }
    }

    /// Something was sent: the silence begins anew.
    pub(super) fn put_off(&mut self) {
        self.next.as_mut().reset(Instant::now() + self.every);
    }

    /// Ready after a time of silence.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let beat = self.next.as_mut().poll(cx);
        if beat.is_ready() {
            self.put_off();
        }
        beat
    }
}
