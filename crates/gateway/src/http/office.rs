//! What conversations need that begin: a judge, a ground, a log, and whom to tell.

use std::sync::Arc;

use vanguard_audit::Log;
use vanguard_engine::Session;
use vanguard_wire::Limits;

use super::caller::Caller;
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

    /// A conversation over `session`.
    pub(super) fn converse(&self, session: Session) -> Conversation {
        Conversation::new(self.seat.clone(), session, &self.audit, &self.server, Arc::clone(&self.reports))
    }
}
