//! Requests that stand each by itself (2026-07-28), before a process: one for each principal.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body as HttpBody, Bytes, Frame};
use hyper::{Response, StatusCode};
use tokio::task::block_in_place;
use tokio::time::timeout;
use vanguard_engine::verdict::{Answer, Flow};
use vanguard_wire::{Line, reply as message};

use super::exchanges::Exchanges;
use super::rename::{Original, outward};
use super::sessions::{NotBegun, Open};
use super::{Local, over};
use crate::http::caller::{Caller, label};
use crate::http::event::{HEARTBEAT, bare};
use crate::http::hearing::{Ruling, hear_from};
use crate::http::heartbeat::Heartbeat;
use crate::http::letter::{Letter, Sort};
use crate::http::parcel::Parcel;
use crate::http::pass::listening;
use crate::http::reply::{self, Body, Cut, Fault, HEADER_MISMATCH, METHOD_NOT_FOUND};
use crate::http::taken::Taken;

/// Errors that stand for a bad request: of the headers, of a capability, of the revision, of the parameters.
const BAD_REQUEST: [i64; 3] = [-32020, -32021, -32022];

impl Local {
    /// A message of the stateless era.
    pub(super) async fn post_alone(&self, caller: &Caller, taken: Taken) -> Result<Response<Body>, Fault> {
        let open = self.shared(caller, taken.letter.id()).await?;
        match &taken.letter.sort {
            Sort::Request { .. } => self.ask(open, caller, taken).await,
            // Over HTTP a request is cancelled by leaving it. Here a number would name somebody else's.
            Sort::Notification { method } if method == "notifications/cancelled" => {
                Ok(reply::empty(StatusCode::ACCEPTED))
            }
            _ => self.tell(&open, caller, taken).await,
        }
    }

    /// The process that serves the caller, started if it does not run.
    async fn shared(&self, caller: &Caller, id: Option<&str>) -> Result<Arc<Open<Exchanges>>, Fault> {
        let name = label(caller.identity());
        // One starts it, the others find it.
        let _turn = self.starting.lock().await;
        if let Some(open) = self.shared.find(&name, caller.identity()) {
            return Ok(open);
        }
        let client = Exchanges::new(self.office.limits);
        let begun =
            block_in_place(|| self.shared.begin(|| self.office.begin_alone(caller), &self.command, name, client));
        begun.map_err(|why: NotBegun| self.not_begun(why, id))
    }

    async fn ask(
        &self,
        open: Arc<Open<Exchanges>>,
        caller: &Caller,
        mut taken: Taken,
    ) -> Result<Response<Body>, Fault> {
        let id = taken.letter.id().map(str::to_owned);
        let limits = &self.office.limits;
        let Line::Message(bytes) = taken.gathered.line() else { return Err(over(id.as_deref())) };
        open.client.mirrors.verify(bytes, &caller.headers, limits).map_err(|header| {
            let text = format!("Header mismatch: {header} differs from the arguments");
            Fault::new(StatusCode::BAD_REQUEST, text).code(HEADER_MISMATCH).to(id.as_deref())
        })?;
        let number = open.client.number(self.limits.pending).ok_or_else(|| {
            Fault::new(StatusCode::TOO_MANY_REQUESTS, "too many requests wait for an answer").to(id.as_deref())
        })?;
        let Some((line, original)) = outward(bytes, limits, number) else {
            open.client.leave(number);
            return Err(over(id.as_deref()));
        };
        open.client.name(number, original.clone(), taken.letter.method());
        // From here on it is left when this is dropped, however that comes.
        let mut asked = Asked { open, number, heartbeat: Heartbeat::new(self.limits.heartbeat), first: None };
        let turn = asked.open.turn().await;
        let ruling = block_in_place(|| {
            hear_from(caller, &asked.open.link.talk, &Line::Message(&line), |permit| asked.open.link.send(permit))
        });
        drop(turn);
        match ruling {
            Ruling::Passed(sent) => sent.map_err(|_| over(id.as_deref()))?,
            Ruling::Refused(mut refusal) => {
                asked.answered();
                refusal.back = refusal.back.map(|answer| renamed(answer, &original, self));
                return Ok(reply::refused(refusal, taken.unread));
            }
        }
        // An error has a status of its own, so the first message is waited for; a slow one is streamed.
        let first = timeout(self.limits.heartbeat, poll_fn(|cx| asked.open.client.poll(number, cx))).await;
        match first {
            Ok(Some(parcel)) => {
                let letter = Letter::read(parcel.line(), &self.office.limits);
                if matches!(letter.sort, Sort::Response(_)) {
                    return Ok(reply::message(status(&letter), &parcel));
                }
                asked.first = Some(parcel);
            }
            Ok(None) => return Err(over(id.as_deref())),
            Err(_) => {}
        }
        Ok(listening(&taken.letter, reply::events(asked)))
    }

    /// Hands on what waits for no answer.
    async fn tell(&self, open: &Open<Exchanges>, caller: &Caller, mut taken: Taken) -> Result<Response<Body>, Fault> {
        let unread = taken.unread;
        let turn = open.turn().await;
        let ruling = block_in_place(|| {
            hear_from(caller, &open.link.talk, &taken.gathered.line(), |permit| open.link.send(permit))
        });
        drop(turn);
        match ruling {
            Ruling::Passed(sent) => sent.map(|()| reply::empty(StatusCode::ACCEPTED)).map_err(|_| over(None)),
            Ruling::Refused(refusal) => Ok(reply::refused(refusal, unread)),
        }
    }
}

/// Our own answer under the client's name for its request.
fn renamed(answer: Answer, original: &Original, local: &Local) -> Answer {
    let addressed = super::rename::Addressed::read(&answer.line, &local.office.limits);
    let line = match addressed {
        Some(addressed) => addressed.homeward(&answer.line, original),
        None => answer.line,
    };
    Answer { flow: answer.flow, line }
}

/// The status of an answer.
fn status(letter: &Letter) -> StatusCode {
    match letter.code {
        Some(METHOD_NOT_FOUND) => StatusCode::NOT_FOUND,
        Some(code) if BAD_REQUEST.contains(&code) => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

/// A request that the process is answering, as the body of a response. To drop it is to cancel it.
struct Asked {
    open: Arc<Open<Exchanges>>,
    number: u64,
    heartbeat: Heartbeat,
    first: Option<Parcel>,
}

impl Asked {
    /// It was answered without the process.
    fn answered(&self) {
        self.open.client.leave(self.number);
    }
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = self.get_mut();
        let next = match this.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => this.open.client.poll(this.number, cx),
        };
        match next {
            Poll::Ready(Some(parcel)) => {
                this.heartbeat.put_off();
                Poll::Ready(Some(Ok(Frame::data(bare(&parcel)))))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => this.heartbeat.poll(cx).map(|()| Some(Ok(Frame::data(HEARTBEAT)))),
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if self.open.client.leave(self.number) {
            let line = message::cancelled(&self.number.to_string());
            // A process that reads no more is about to be ended, or is stuck in any case.
            let _ = self.open.link.replies.push(Answer { flow: Flow::ToServer, line });
        }
    }
}
