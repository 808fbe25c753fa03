//! One round through the outbox: what is due is tried, and written down.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::{Http, Job, Kind, Outbox, SendConfig, anchoring, now, vex, witness};
use crate::anchor::Anchor;
use crate::cosigned;
use crate::evidence::CHECKPOINT;
use crate::receipt::Receipt;
use crate::tlog::{Checkpoint, Note};

/// How long after a failure the same is tried again at first, and at most, in seconds.
const BACK_OFF: (u64, u64) = (5, 900);
/// When to look again where nothing is due, in seconds.
const LOOK_AGAIN: u64 = 60;

/// With fewer than this many waiting there is time to hear what becomes of a report.
const FEW: usize = 10;

/// What became of one that was tried.
#[derive(Debug)]
pub(super) enum Outcome {
    /// All is done.
    Sent,
    /// There is more to do later.
    Later {
        /// In how many seconds.
        seconds: u64,
        /// What did not go well.
        error: Option<String>,
    },
    /// The other side is not there or does not want any now: all of the kind waits.
    Failed {
        /// How many seconds, as it says; longer each time where it does not.
        seconds: Option<u64>,
        /// What it said.
        error: String,
    },
    /// It can never be done as it is.
    Dead(String),
}

impl Outcome {
    /// It failed for the machine's or the other side's sake.
    pub(super) fn failed(error: String) -> Self {
        Self::Failed { seconds: None, error }
    }
}

/// What a round came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Sent, with all that belongs to it.
    pub sent: u64,
    /// Tried, and to be tried or asked for again.
    pub later: u64,
    /// Laid with the dead letters.
    pub dead: u64,
    /// Why the last that failed did.
    pub failure: Option<String>,
    /// When to come again, in seconds since 1970.
    pub next: u64,
}

/// Goes through an outbox, and remembers from round to round which other side does not answer.
#[derive(Debug)]
pub struct Round {
    home: PathBuf,
    config: SendConfig,
    http: Http,
    lanes: BTreeMap<Kind, Lane>,
}

/// One other side.
#[derive(Debug, Default, Clone, Copy)]
struct Lane {
    failures: u32,
    closed_until: u64,
}

impl Round {
    /// For the logs and the outbox of a directory.
    pub fn new(home: &Path, config: SendConfig) -> Self {
        Self { home: home.to_owned(), config, http: Http::new(), lanes: BTreeMap::new() }
    }

    /// Tries what is due; with `all` also what is put off. Ends early when `stop` says so, which it is asked before each.
    pub fn run(&mut self, outbox: &Outbox, all: bool, stop: &dyn Fn() -> bool) -> io::Result<Done> {
        let mut done = Done { next: now() + LOOK_AGAIN, ..Done::default() };
        let (waiting, mut touched) = (outbox.waiting()?, BTreeSet::new());
        for id in &waiting {
            if stop() {
                break;
            }
            // Its kind stands first in its name, so that nothing is read of what cannot be sent now.
            let Some(kind) = Kind::ALL.into_iter().find(|kind| id.starts_with(kind.name())) else { continue };
            let lane = self.lanes.get(&kind).copied().unwrap_or_default();
            if self.config.interval(kind).is_none() {
                continue;
            }
            if lane.closed_until > now() {
                done.next = done.next.min(lane.closed_until);
                continue;
            }
            let Some(job) = outbox.waiting_job(id) else {
                // Somebody else took it out, or it is damaged.
                outbox.bury_unread(id)?;
                continue;
            };
            if all || job.due(now()) {
                let Some(log) = self.log(&job) else {
                    self.note(outbox, job, Outcome::Dead("its log is gone".to_owned()), &mut done)?;
                    continue;
                };
                let outcome = self.step(outbox, &log, &job, waiting.len() < FEW);
                touched.insert(log);
                self.note(outbox, job, outcome, &mut done)?;
            } else {
                done.next = done.next.min(job.not_before);
            }
        }
        for log in touched {
            Anchor::prune(&log)?;
            Receipt::prune(&log)?;
            cosigned::prune(&log)?;
        }
        Ok(done)
    }

    fn step(&self, outbox: &Outbox, log: &Path, job: &Job, idle: bool) -> Outcome {
        let SendConfig { anchor, vex, witness, .. } = &self.config;
        let step = match job.kind {
            Kind::Anchor => anchor.as_ref().map(|anchor| anchoring::step(&self.http, anchor, log, job)),
            Kind::Report => vex.as_ref().map(|vex| vex::step(&self.http, vex, outbox, log, job, idle)),
            Kind::Witness => witness.as_ref().map(|witness| witness::step(&self.http, witness, log, job)),
        };
        step.unwrap_or(Outcome::Later { seconds: LOOK_AGAIN, error: None })
    }

    /// Writes down what became of one.
    fn note(&mut self, outbox: &Outbox, mut job: Job, outcome: Outcome, done: &mut Done) -> io::Result<()> {
        let lane = self.lanes.entry(job.kind).or_default();
        let failed = matches!(outcome, Outcome::Failed { .. });
        *lane = Lane { failures: if failed { lane.failures.saturating_add(1) } else { 0 }, closed_until: 0 };
        match outcome {
            Outcome::Sent => {
                done.sent += 1;
                return outbox.done(&job.id());
            }
            Outcome::Dead(error) => {
                done.dead += 1;
                done.failure = Some(error.clone());
                job.error = Some(error);
                return outbox.bury(&job);
            }
            Outcome::Later { seconds, error } => {
                job.not_before = now() + seconds;
                job.error = error;
            }
            Outcome::Failed { seconds, error } => {
                let longer = BACK_OFF.0 << (lane.failures - 1).min(16);
                lane.closed_until = now() + seconds.unwrap_or_else(|| longer.min(BACK_OFF.1)).max(1);
                done.next = done.next.min(lane.closed_until);
                done.failure = Some(error.clone());
                job.error = Some(error);
            }
        }
        done.later += 1;
        done.next = done.next.min(job.not_before.max(now() + 1));
        job.attempts = job.attempts.saturating_add(1);
        outbox.put_off(&job)
    }

    /// The directory of a checkpoint's log, which may have been set aside since.
    fn log(&self, job: &Job) -> Option<PathBuf> {
        let origin = |note: &[u8]| Some(Checkpoint::parse(Note::parse(note).ok()?.unverified())?.origin);
        let own = origin(job.checkpoint.as_bytes())?;
        let id = own.as_str().rsplit('/').next().unwrap_or_default();
        [job.log.clone(), format!("{}@{id}", job.log)].into_iter().map(|name| self.home.join(name)).find(|log| {
            let newest = std::fs::read(log.join(CHECKPOINT));
            newest.is_ok_and(|note| origin(&note).is_some_and(|origin| origin == own))
        })
    }
}
