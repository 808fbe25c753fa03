//! What conversations need that begin: a judge, a ground, a log, and whom to tell.

use std::sync::Arc;

use vanguard_audit::Log;
use vanguard_engine::session::Common;
use vanguard_engine::{Identity, Session};
use vanguard_wire::Limits;

use super::caller::{Caller, label};
use crate::conversation::Conversation;
use crate::report::Reports;
use crate::seat::Seat;

/// One upstream's.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) seat: Seat,
    /// What is read of a message, as long as the gateway runs.
    pub(super) limits: Limits,
    /// A session on which nothing is ever said: others are made after it.
    pub(super) model: Session,
    pub(super) audit: Arc<Log>,
    pub(super) reports: Arc<Reports>,
    /// The upstream's name in records and reports.
    pub(super) server: String,
}

impl Office {
    /// A conversation that `caller` begins.
    pub(super) fn begin(&self, caller: &Caller) -> Conversation {
        let session = self.model.another().by(caller.principal.clone());
        self.converse(match &caller.memory {
            Some(common) => session.sharing(common),
            None => session,
        })
    }

    /// A conversation of all requests of `caller` that belong to no session.
    pub(super) fn begin_alone(&self, caller: &Caller) -> Conversation {
        let session = self.model.another().by(caller.principal.clone());
        let own = || self.common_of(caller.identity());
        self.converse(session.sharing(&caller.memory.clone().unwrap_or_else(own)))
    }

    /// What requests of somebody have in common that belong to no session: another gateway may have had the last of them.
    pub(super) fn common_of(&self, who: Option<&Identity>) -> Common {
        self.model.common_under(&format!("{}@{}", label(who), self.server))
    }

    /// A conversation over `session`.
    pub(super) fn converse(&self, session: Session) -> Conversation {
        Conversation::new(self.seat.clone(), session, &self.audit, &self.server, Arc::clone(&self.reports))
    }
}
