//! What conversations need that begin: a judge, a ground, a log, and whom to tell.

use std::sync::Arc;

use uuid::Uuid;
use vanguard_audit::Log;
use vanguard_engine::Session;
use vanguard_wire::Limits;

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
    /// A conversation over `session`, under an id of its own in the record: that of the protocol is a secret between client and server.
    pub(super) fn converse(&self, session: Session) -> Conversation {
        let who = session.principal().map(|principal| &principal.identity);
        let log = self.audit.session(&Uuid::now_v7().to_string(), &self.server, who);
        Conversation::new(self.seat.clone(), session, log, Arc::clone(&self.reports))
    }
}
