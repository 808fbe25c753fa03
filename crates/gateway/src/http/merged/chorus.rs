//! What servers say, in one stream to the client.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::Response;
use hyper::body::{Body as HttpBody, Bytes, Frame};
use vanguard_engine::verdict::{Answer, Flow};
use vanguard_wire::Event;

use super::Merged;
use super::listening::{After, Listening, Opened, Opening};
use super::session::{Begun, Open};
use super::translate::homeward;
use crate::http::event::{Data, HEARTBEAT, bare, numbered, passed_on};
use crate::http::heartbeat::Heartbeat;
use crate::http::letter::Letter;
use crate::http::parcel::Parcel;
use crate::http::reply::{Body, Cut};
use crate::http::voice::{Heard, Voice};

/// What one of several streams that say the same is acknowledged by.
const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";

/// What a client is told when a server has come late: that there may be more now.
const CHANGED: [&str; 3] = ["tools", "prompts", "resources"];

/// What the id of an event begins with that belongs to no request. No name of a server does.
const STAYS: &str = "*";

/// Where a client is that asks for the rest by the id of an event: whether it belongs to no request, the server, and the id there.
pub(super) fn place(id: &str) -> Option<(bool, &str, &str)> {
    let bare = id.strip_prefix(STAYS);
    let (server, inner) = bare.unwrap_or(id).split_once('/')?;
    Some((bare.is_some(), server, inner))
}

/// Voices that sound together. It ends with the last of them, unless it stays.
pub(super) struct Chorus {
    merged: Arc<Merged>,
    parts: Vec<(usize, Part)>,
    /// Who listens to whatever servers say by themselves.
    stays: Option<Listening>,
    /// All voices answer one request: it is acknowledged and answered once.
    as_one: bool,
    acknowledged: bool,
    ready: VecDeque<Bytes>,
    heartbeat: Heartbeat,
    /// Its session lives as long as somebody listens.
    _open: Option<Arc<Open>>,
}

/// One of the voices.
enum Part {
    /// It is about to be heard.
    Opening(Opening),
    /// It is heard; with the session that it is of, where it may be opened again.
    Heard(Box<Voice>, Option<Arc<Begun>>),
}

impl Chorus {
    /// The answer of one server.
    pub(super) fn of(merged: &Arc<Merged>, at: usize, voice: Voice, open: Option<Arc<Open>>) -> Self {
        Self::new(merged, vec![(at, Part::Heard(Box::new(voice), None))], open)
    }

    /// What all servers of a session say by themselves, whenever they begin to; one of them may go on where it was.
    pub(super) fn staying(
        merged: &Arc<Merged>,
        listening: Listening,
        resumed: Option<(usize, Response<Body>, Arc<Begun>)>,
    ) -> Self {
        let opening = |at| (at, Part::Opening(listening.open(merged, at, After::Nothing)));
        let mut parts: Vec<_> = (0..merged.members.len()).map(opening).collect();
        if let Some((at, response, begun)) = resumed {
            parts[at].1 = Part::Heard(Box::new(Voice::of(response, merged.limits.message)), Some(begun));
        }
        let open = Arc::clone(&listening.session);
        Self { stays: Some(listening), ..Self::new(merged, parts, Some(open)) }
    }

    /// The answers of several servers to one request.
    pub(super) fn as_one(merged: &Arc<Merged>, voices: Vec<(usize, Voice)>) -> Self {
        let parts = voices.into_iter().map(|(at, voice)| (at, Part::Heard(Box::new(voice), None))).collect();
        Self { as_one: true, ..Self::new(merged, parts, None) }
    }

    fn new(merged: &Arc<Merged>, parts: Vec<(usize, Part)>, open: Option<Arc<Open>>) -> Self {
        Self {
            merged: Arc::clone(merged),
            parts,
            stays: None,
            as_one: false,
            acknowledged: false,
            ready: VecDeque::new(),
            heartbeat: Heartbeat::new(merged.limits.heartbeat),
            _open: open,
        }
    }

    /// A server's stream is open, or it has none.
    fn opened(&mut self, at: usize, Opened { response, begun, late }: Opened) -> Option<Part> {
        if late {
            let changed = |what| format!(r#"{{"jsonrpc":"2.0","method":"notifications/{what}/list_changed"}}"#);
            let told = |what| Parcel::from(Answer { flow: Flow::ToClient, line: changed(what).into_bytes() });
            self.ready.extend(CHANGED.map(|what| bare(&told(what))));
        }
        match (response, &self.stays) {
            (Some(response), _) => {
                Some(Part::Heard(Box::new(Voice::of(response, self.merged.limits.message)), Some(begun)))
            }
            (None, Some(listening)) => Some(Part::Opening(listening.open(&self.merged, at, After::Silence(begun)))),
            (None, None) => None,
        }
    }

    /// What comes after a voice that has ended.
    fn next(&self, at: usize, begun: Option<Arc<Begun>>) -> Option<Part> {
        let listening = self.stays.as_ref()?;
        Some(Part::Opening(listening.open(&self.merged, at, After::End(begun?))))
    }

    /// What the client gets of what a server said.
    fn translated(&mut self, at: usize, heard: Heard) -> Option<Bytes> {
        if let Heard::Message(parcel, _) = &heard
            && self.as_one
            && self.is_said_by_others(parcel)
        {
            return None;
        }
        let server = &self.merged.members[at].name;
        let stays = if self.stays.is_some() { STAYS } else { "" };
        let marked = |id: String| format!("{stays}{server}/{id}");
        match heard {
            Heard::Beat => Some(HEARTBEAT),
            Heard::Mark { id, retry } => {
                let id = id.map(marked);
                let event = Event { name: None, id: id.as_deref(), retry: retry.as_deref(), data: None };
                passed_on(&event, Data::Empty)
            }
            Heard::Message(parcel, id) => {
                let parcel = parcel.under(|line| homeward(line, server, &self.merged.office.limits));
                Some(match id.filter(|id| !id.is_empty()).map(marked) {
                    Some(id) => numbered(&id, &parcel),
                    None => bare(&parcel),
                })
            }
        }
    }

    fn is_said_by_others(&mut self, parcel: &Parcel) -> bool {
        let letter = Letter::read(parcel.line(), &self.merged.office.limits);
        match letter.method() {
            Some(ACKNOWLEDGED) => std::mem::replace(&mut self.acknowledged, true),
            Some(_) => false,
            None => self.parts.len() > 1,
        }
    }
}

impl HttpBody for Chorus {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = self.get_mut();
        if this.stays.as_ref().is_some_and(Listening::is_over) {
            return Poll::Ready(None);
        }
        let mut turn = 0;
        while turn < this.parts.len() {
            let (at, part) = &mut this.parts[turn];
            let at = *at;
            let next = match part {
                Part::Opening(opening) => match opening.as_mut().poll(cx) {
                    Poll::Ready(opened) => this.opened(at, opened),
                    Poll::Pending => {
                        turn += 1;
                        continue;
                    }
                },
                Part::Heard(voice, begun) => match voice.poll(cx) {
                    Poll::Ready(Some(heard)) => {
                        if let Some(event) = this.translated(at, heard) {
                            this.ready.push_back(event);
                            // The next speaks first next time.
                            this.parts.rotate_left(turn + 1);
                            break;
                        }
                        continue;
                    }
                    Poll::Ready(None) => {
                        let begun = begun.take();
                        this.next(at, begun)
                    }
                    Poll::Pending => {
                        turn += 1;
                        continue;
                    }
                },
            };
            match next {
                Some(next) => this.parts[turn].1 = next,
                None => drop(this.parts.remove(turn)),
            }
        }
        if let Some(event) = this.ready.pop_front() {
            this.heartbeat.put_off();
            return Poll::Ready(Some(Ok(Frame::data(event))));
        }
        if this.parts.is_empty() && this.stays.is_none() {
            return Poll::Ready(None);
        }
        this.heartbeat.poll(cx).map(|()| Some(Ok(Frame::data(HEARTBEAT))))
    }
}
