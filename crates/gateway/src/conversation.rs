//! What one client and one server say to each other, as it is judged and recorded, over whichever transport.

use std::sync::Arc;

use uuid::Uuid;
use vanguard_audit::{Log, SessionLog};
use vanguard_engine::verdict::{Decision, Timing, Verdict};
use vanguard_engine::{Principal, Session};
use vanguard_wire::Line;

use crate::arguments;
use crate::clock::SystemClock;
use crate::record::Fingerprint;
use crate::report::{Event, Reports};
use crate::roster::Entry;
use crate::seat::Seat;

/// Both directions of one session share it.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) seat: Seat,
    pub(crate) session: Session,
    pub(crate) clock: SystemClock,
    pub(crate) log: SessionLog,
    pub(crate) reports: Arc<Reports>,
    /// Its place among the sessions that are open.
    entry: Arc<Entry>,
}

impl Conversation {
    /// Over `session`, with `server`, under an id of its own in the record: that of the protocol is a secret between client and server.
    pub(crate) fn new(seat: Seat, session: Session, audit: &Log, server: &str, reports: Arc<Reports>) -> Self {
        let id = Uuid::now_v7().to_string();
        let who = session.principal().map(|principal| &principal.identity);
        let log = audit.session(&id, server, who);
        let entry = reports.roster.enter(id, server, &session, &seat);
        Self { seat, session, clock: SystemClock, log, reports, entry }
    }

    /// The same conversation, where what is judged comes from `who`: the same person with other rights. `None` where the rights are those that
    /// it began with.
    pub(crate) fn by(&self, who: Option<&Arc<Principal>>) -> Option<Self> {
        if self.session.principal() == who {
            return None;
        }
        let session = self.session.by(who.cloned());
        Some(self.over(session))
    }

    /// A further exchange of the same client, which stands by itself: what is in flight is its own, what is known and the record are shared.
    pub(crate) fn beside(&self, who: Option<Arc<Principal>>) -> Self {
        let session = self.session.beside().by(who);
        self.over(session)
    }

    /// The same once more, for what is heard of it later.
    pub(crate) fn again(&self) -> Self {
        self.over(self.session.by(self.session.principal().cloned()))
    }

    fn over(&self, session: Session) -> Self {
        let (seat, log, reports) = (self.seat.clone(), self.log.clone(), Arc::clone(&self.reports));
        Self { seat, session, clock: self.clock, log, reports, entry: Arc::clone(&self.entry) }
    }

    /// Records what passed, and tells of what is worth telling.
    pub(crate) fn passed(&self, print: Fingerprint, decisions: Vec<Decision>, timing: Timing) {
        for decision in decisions {
            self.reports.count(&decision, timing);
            self.log.record_allowed(&print.entry(&decision, timing));
            if decision.verdict == Verdict::Redact {
                self.reports.tell(Event::Redacted(decision));
            } else if !decision.findings.is_empty() {
                self.reports.tell(Event::Flagged(decision));
            }
        }
    }

    /// Records a refusal before it is answered, so that none is known to the outside and not to the record. `noise` is what nobody waits
    /// for: each such record would cost a disk flush.
    pub(crate) fn refused(&self, line: &Line<'_>, decisions: &[Decision], timing: Timing, noise: bool) {
        let print = Fingerprint::of(line);
        let policy = self.seat.engine();
        for decision in decisions {
            self.reports.count(decision, timing);
            let entry = print.entry(decision, timing);
            if noise {
                self.log.record_allowed(&entry);
            } else {
                let material = arguments::of(line, decision, |arguments| {
                    let arguments = arguments.iter().map(|(pointer, text)| (pointer.clone(), *text));
                    self.log.material(policy.mark(), arguments)
                });
                let entry = vanguard_audit::Entry { material: material.as_ref(), ..entry };
                // A failure shows in the log's state: told below, and the next message is refused for it.
                let _ = self.log.record_blocked(&entry);
            }
        }
        self.watch_audit();
    }

    /// Says once that records can't be written, and once that they can again.
    pub(crate) fn watch_audit(&self) {
        self.reports.watch_audit(&self.log);
    }
}
