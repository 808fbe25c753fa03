//! The transport of 2024-11-05 (HTTP+SSE), before a process: one stream that is the session, and messages posted beside it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::Response;
use hyper::StatusCode;
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming};
use tokio::task::block_in_place;

use super::listener::Listener;
use super::sessions::{Open, Sessions};
use super::streams::Streams;
use super::{Local, accepts, over};
use crate::http::caller::Caller;
use crate::http::event::endpoint;
use crate::http::hearing::{Ruling, hear_from};
use crate::http::legacy::{named, place};
use crate::http::reply::{self, Body, Cut, Fault};
use crate::http::taken::Taken;
use crate::outlet::{Closed, Outlet as _};

impl Local {
    /// A client begins a session and listens to it.
    pub(in crate::http) fn listen(&self, caller: &Caller) -> Result<Response<Body>, Fault> {
        accepts(caller, &["text/event-stream"])?;
        let open = self.begin_in(&self.legacy, caller, None)?;
        open.client.announce(endpoint(&place(&open.id)));
        let reader = open.client.listen();
        let listener = Listener::new(Arc::clone(&open.client), reader, self.limits.heartbeat);
        Ok(reply::events(Only { listener, open, sessions: Arc::clone(&self.legacy) }))
    }

    /// A message of a session whose stream is open. What answers it comes by that.
    pub(in crate::http) async fn post_beside(
        &self,
        caller: &Caller,
        query: Option<&str>,
        body: Incoming,
    ) -> Result<Response<Body>, Fault> {
        let open = named(query).and_then(|id| self.legacy.find(id, caller.identity()));
        let open = open.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "there is no such session"))?;
        let mut taken = Taken::read(caller, body, &self.limits, &self.office.limits).await?;
        let link = &open.link;
        let _turn = open.turn().await;
        let ruling = block_in_place(|| {
            hear_from(caller, &link.talk, &taken.gathered.line(), |permit| {
                open.client.expect_here(&taken.letter, self.limits.pending)?;
                let sent = link.send(permit);
                sent.map_err(|Closed| over(taken.letter.id()))
            })
        });
        let sent = match ruling {
            Ruling::Passed(sent) => return sent.map(|()| reply::empty(StatusCode::ACCEPTED)),
            Ruling::Refused(refusal) if taken.unread.is_some() => return Ok(reply::refused(refusal, taken.unread)),
            Ruling::Refused(refusal) => block_in_place(|| {
                let back = refusal.back.map_or(Ok(()), |answer| link.client.answer(&answer));
                back.and(refusal.onward.map_or(Ok(()), |answer| link.server.answer(&answer)))
            }),
        };
        sent.map(|()| reply::empty(StatusCode::ACCEPTED)).map_err(|_| over(None))
    }
}

/// The stream that is the session: they end together.
struct Only {
    listener: Listener,
    open: Arc<Open<Streams>>,
    sessions: Arc<Sessions<Streams>>,
}

impl HttpBody for Only {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        Pin::new(&mut self.get_mut().listener).poll_frame(cx)
    }
}

impl Drop for Only {
    fn drop(&mut self) {
        self.sessions.end(&self.open);
    }
}
