//! What servers say by themselves: streams that are opened when there is a session, and again after they have ended.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use tokio::time::sleep;

use super::session::{Begun, Open};
use super::visit::Visit;
use super::{Merged, is_stream};
use crate::http::reply::Body;

/// How long to wait before a stream that has ended is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// Who listens.
pub(super) struct Listening {
    pub(super) session: Arc<Open>,
    visit: Visit,
    /// Whoever listens later is heard in its place, so that no two draw the servers' streams from each other.
    number: u64,
}

/// A stream that will be open.
pub(super) type Opening = Pin<Box<dyn Future<Output = Opened> + Send>>;

/// One that is.
pub(super) struct Opened {
    /// None where the server has no such stream.
    pub(super) response: Option<Response<Body>>,
    pub(super) begun: Arc<Begun>,
    /// The session began while somebody listened already.
    pub(super) late: bool,
}

/// What came before.
pub(super) enum After {
    Nothing,
    /// A stream of this session, which has ended.
    End(Arc<Begun>),
    /// This session, which has no such stream.
    Silence(Arc<Begun>),
}

impl Listening {
    pub(super) fn new(session: Arc<Open>, visit: Visit) -> Self {
        Self { number: session.listens(), session, visit }
    }

    /// Whether somebody listens in its place.
    pub(super) fn is_over(&self) -> bool {
        self.session.listener() != self.number
    }

    /// Opens the stream of a server once there is one.
    pub(super) fn open(&self, merged: &Arc<Merged>, at: usize, after: After) -> Opening {
        let (merged, session, visit) = (Arc::clone(merged), Arc::clone(&self.session), self.visit.clone());
        Box::pin(async move {
            let mut seated = session.seated();
            let (known, mut again, mut late) = match after {
                After::Nothing => (None, false, false),
                After::End(begun) => (Some(begun), true, true),
                After::Silence(begun) => (Some(begun), false, true),
            };
            loop {
                if let Some(begun) = session.begun(at) {
                    let same = known.as_ref().is_some_and(|known| Arc::ptr_eq(known, &begun));
                    if !same || std::mem::take(&mut again) {
                        if same {
                            sleep(PAUSE).await;
                        }
                        let response = merged.listen_to(&visit, at, &begun, None).await.ok();
                        let response = response.filter(|response| is_stream(response.headers()));
                        return Opened { response, begun, late: late && !same };
                    }
                }
                late = true;
                if seated.changed().await.is_err() {
                    return pending().await;
                }
            }
        })
    }
}
