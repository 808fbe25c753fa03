//! A stream of events from an upstream: each judged when it is complete, and sent on at once.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::HeaderMap;
use hyper::body::{Body, Bytes, Frame};
use vanguard_engine::verdict::Flow;
use vanguard_wire::{Event, EventFramer, Line, Piece};

use super::Remote;
use super::client::Answer;
use crate::conversation::Conversation;
use crate::http::event::{Data, HEARTBEAT, passed_on};
use crate::http::hearing::{Ruling, hear};
use crate::http::heartbeat::Heartbeat;
use crate::http::parcel::Parcel;
use crate::http::reply::Cut;

/// What the client gets of a stream. It takes no more of it than the client reads, and ends with it either way.
pub(super) struct Judged {
    upstream: Answer,
    framer: EventFramer,
    judge: Judge,
    heartbeat: Heartbeat,
    /// How long the upstream may say nothing, where a request waits for it.
    patience: Option<Heartbeat>,
    ended: bool,
}

/// Who judges the events of one stream.
struct Judge {
    remote: Arc<Remote>,
    talk: Arc<Conversation>,
    /// What answers to the upstream go under.
    headers: HeaderMap,
    /// The request that the stream is to answer, as its id is written.
    waiting: Option<String>,
    /// It has given ids, so that the client can ask for the rest.
    resumable: bool,
    ready: VecDeque<Bytes>,
}

impl Judged {
    pub(super) fn new(
        remote: &Arc<Remote>,
        talk: Arc<Conversation>,
        headers: HeaderMap,
        waiting: Option<String>,
        upstream: Answer,
    ) -> Self {
        let remote = Arc::clone(remote);
        Self {
            upstream,
            framer: EventFramer::new(remote.limits.message),
            heartbeat: Heartbeat::new(remote.limits.heartbeat),
            patience: waiting.is_some().then(|| Heartbeat::new(remote.limits.answer)),
            judge: Judge { remote, talk, headers, waiting, resumable: false, ready: VecDeque::new() },
            ended: false,
        }
    }
}

impl Judge {
    fn take(&mut self, piece: Piece<'_>) {
        let event = match piece {
            Piece::Comment => return self.ready.push_back(HEARTBEAT),
            Piece::Event(event) => event,
        };
        self.resumable |= event.id.is_some_and(|id| !id.is_empty());
        let passed = match &event.data {
            None => passed_on(&event, Data::Withheld),
            Some(Line::Message([])) => passed_on(&event, Data::Empty),
            Some(line) => self.message(&event, line),
        };
        self.ready.extend(passed);
    }

    fn message(&self, event: &Event<'_>, line: &Line<'_>) -> Option<Bytes> {
        match hear(&self.talk, Flow::ToClient, line, Parcel::permitted) {
            Ruling::Passed(parcel) => passed_on(event, Data::Message(&parcel)),
            Ruling::Refused(refusal) => {
                if let Some(back) = refusal.back {
                    self.remote.answer(back, &self.headers);
                }
                let onward = refusal.onward.map(Parcel::from);
                passed_on(event, onward.as_ref().map_or(Data::Withheld, Data::Message))
            }
        }
    }

    /// The upstream will say no more. What it leaves unanswered, and nobody can ask it for again, is answered here.
    fn end(&mut self) {
        if !self.resumable {
            self.abandon("[McpVanguard] the MCP server broke off before it answered");
        }
    }

    /// Answers what the upstream leaves unanswered.
    fn abandon(&mut self, reason: &str) {
        let Some(waiting) = self.waiting.take() else { return };
        let Some(answer) = self.talk.session.abandon_one(&waiting, reason) else { return };
        let bare = Event { name: None, id: None, retry: None, data: None };
        self.ready.extend(passed_on(&bare, Data::Message(&answer.into())));
    }
}

impl Body for Judged {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = self.get_mut();
        loop {
            if let Some(event) = this.judge.ready.pop_front() {
                this.heartbeat.put_off();
                return Poll::Ready(Some(Ok(Frame::data(event))));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            match Pin::new(&mut this.upstream).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    let mut heard = false;
                    if let Some(bytes) = frame.data_ref() {
                        this.framer.feed(bytes, &mut |piece| {
                            heard = true;
                            this.judge.take(piece);
                        });
                    }
                    if heard && let Some(patience) = &mut this.patience {
                        patience.put_off();
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    this.ended = true;
                    this.judge.end();
                    if this.judge.ready.is_empty() {
                        // Cut off, as it is: the client may ask for the rest.
                        return Poll::Ready(Some(Err(error.into())));
                    }
                }
                Poll::Ready(None) => {
                    this.ended = true;
                    this.judge.end();
                }
                Poll::Pending => {
                    if this.patience.as_mut().is_some_and(|patience| patience.poll(cx).is_ready()) {
                        this.ended = true;
                        this.judge.abandon("[McpVanguard] the MCP server does not answer");
                        continue;
                    }
                    return this.heartbeat.poll(cx).map(|()| Some(Ok(Frame::data(HEARTBEAT))));
                }
            }
        }
    }
}
