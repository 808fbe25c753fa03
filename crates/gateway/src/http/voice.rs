//! What an endpoint of ours answers, message by message: it was judged there.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::Response;
use hyper::body::{Body as HttpBody, Bytes};
use vanguard_wire::{EventFramer, Gather, Line, Piece};

use crate::http::headers::media_type;
use crate::http::parcel::Parcel;
use crate::http::reply::Body;

/// One thing that is said.
#[derive(Debug)]
pub(super) enum Heard {
    /// A message, under the id that its event has.
    Message(Parcel, Option<String>),
    /// An event without a message: its id, and the time after which to ask again.
    Mark { id: Option<String>, retry: Option<String> },
    /// A sign of life.
    Beat,
}

/// One response, as it comes.
pub(super) struct Voice {
    body: Body,
    form: Form,
    ready: VecDeque<Heard>,
    ended: bool,
}

enum Form {
    /// All of it is one message.
    Whole(Gather),
    Events(EventFramer),
}

impl Voice {
    pub(super) fn of(response: Response<Body>, most: usize) -> Self {
        let events = media_type(response.headers()).as_deref() == Some("text/event-stream");
        let form = if events { Form::Events(EventFramer::new(most)) } else { Form::Whole(Gather::new(most)) };
        Self { body: response.into_body(), form, ready: VecDeque::new(), ended: false }
    }

    /// The next thing; `None` at the end. One that breaks off has ended.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Heard>> {
        loop {
            if let Some(heard) = self.ready.pop_front() {
                return Poll::Ready(Some(heard));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.take(&bytes);
                    }
                }
                Poll::Ready(end) => {
                    self.ended = true;
                    if let (Form::Whole(gather), None) = (&mut self.form, end)
                        && let Line::Message(line @ [_, ..]) = gather.line()
                    {
                        self.ready.push_back(Heard::Message(Parcel::judged(Bytes::copy_from_slice(line)), None));
                    }
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let Self { form, ready, .. } = self;
        match form {
            Form::Whole(gather) => gather.take(bytes),
            Form::Events(framer) => framer.feed(bytes, &mut |piece| {
                ready.push_back(match piece {
                    Piece::Comment => Heard::Beat,
                    Piece::Event(event) => {
                        let id = event.id.map(str::to_owned);
                        match event.data {
                            Some(Line::Message(line @ [_, ..])) => {
                                Heard::Message(Parcel::judged(Bytes::copy_from_slice(line)), id)
                            }
                            _ => Heard::Mark { id, retry: event.retry.map(str::to_owned) },
                        }
                    }
                });
            }),
        }
    }
}
