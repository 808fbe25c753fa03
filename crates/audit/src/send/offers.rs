//! Checkpoints that may be sent, until it is time to: a log's newest takes the place of the one before.

use std::collections::BTreeMap;
use std::io;

use super::{Job, Kind, Outbox, SendConfig, now};
use crate::tlog::{Checkpoint, Note};

/// By kind and log, the newest checkpoint and its size.
#[derive(Debug, Default)]
pub(super) struct Offers(BTreeMap<(Kind, String), (u64, String)>);

impl Offers {
    /// Takes a log's newest checkpoint.
    pub(super) fn add(&mut self, config: &SendConfig, log: &str, checkpoint: &str) {
        let note = Note::parse(checkpoint.as_bytes()).ok();
        let Some(signed) = note.and_then(|note| Checkpoint::parse(note.unverified())) else { return };
        for kind in Kind::ALL.into_iter().filter(|kind| config.interval(*kind).is_some()) {
            self.0.insert((kind, log.to_owned()), (signed.size, checkpoint.to_owned()));
        }
    }

    /// Takes over what another has not heard of yet.
    pub(super) fn put_back(&mut self, other: Self) {
        for (key, value) in other.0 {
            self.0.entry(key).or_insert(value);
        }
    }

    /// Puts those into the outbox for which it is time; at the end (`last`) all of them, to be sent when it is. When to come again.
    pub(super) fn settle(&mut self, outbox: &Outbox, config: &SendConfig, last: bool) -> io::Result<Option<u64>> {
        let (now, mut next) = (now(), None);
        for (key, (size, checkpoint)) in std::mem::take(&mut self.0) {
            let (kind, log) = (key.0, key.1.as_str());
            let interval = config.interval(kind).unwrap_or_default().as_secs();
            let (at, known) = outbox.offered(kind, log).unwrap_or_default();
            let due = if at > now { now } else { at + interval };
            if size <= known {
                continue;
            }
            if due > now && !last {
                next = Some(next.map_or(due, |next: u64| next.min(due)));
                self.0.insert(key, (size, checkpoint));
                continue;
            }
            let mut job = Job::new(kind, log, size, checkpoint.clone());
            job.not_before = due.max(now);
            withdraw(outbox, kind, log, now)?;
            if !outbox.put(&job)? {
                // It is full; this one, or a later one, goes in when something has left.
                self.0.insert(key, (size, checkpoint));
                continue;
            }
            if due <= now {
                outbox.note_offered(kind, log, now, size)?;
            }
        }
        Ok(next)
    }
}

/// Takes out what an earlier process left for later: what comes now says all that it said.
fn withdraw(outbox: &Outbox, kind: Kind, log: &str, now: u64) -> io::Result<()> {
    let prefix = format!("{}-{log}-", kind.name());
    for id in outbox.waiting()?.iter().filter(|id| id.starts_with(&prefix)) {
        let left =
            outbox.waiting_job(id).is_some_and(|job| job.log == log && job.attempts == 0 && job.not_before > now);
        if left {
            outbox.done(id)?;
        }
    }
    Ok(())
}
