//! A checkpoint on its way into Bitcoin: given to calendars, and asked for until one of them knows the block.

use std::path::Path;

use super::round::Outcome;
use super::{AnchorConfig, Calendar, Endpoint, Http, Job, now};
use crate::anchor::Anchor;
use crate::ots::{Detached, Op, Timestamp};

/// After so long without a block there will be none, in seconds.
const GIVE_UP: u64 = 30 * 24 * 3600;
/// So long other calendars are asked when one knows a block already, in seconds.
const WAIT_FOR_OTHERS: u64 = 7 * 24 * 3600;
/// The first time between two questions for a block, and the longest, in seconds.
const ASK_AGAIN: (u64, u64) = (600, 3600);
/// Random bytes that keep one calendar from knowing what another was given, as the reference client has it.
const NONCE: usize = 16;

/// Takes one a step further. `log` is the directory of its log.
pub(super) fn step(http: &Http, config: &AnchorConfig, log: &Path, job: &Job) -> Outcome {
    let proof = Anchor::read(log, job.size).ok().and_then(|anchor| anchor.proof.ok());
    match proof {
        Some(proof) if proof.digest == Detached::new(job.checkpoint.as_bytes()).digest => {
            upgrade(http, config, log, job, proof)
        }
        _ => stamp(http, config, log, job),
    }
}

/// Gives it to all calendars.
fn stamp(http: &Http, config: &AnchorConfig, log: &Path, job: &Job) -> Outcome {
    let mut proof = Detached::new(job.checkpoint.as_bytes());
    let mut nonce = vec![0; NONCE];
    if let Err(error) = getrandom::fill(&mut nonce) {
        return Outcome::failed(error.to_string());
    }
    let append = Op::Append(nonce);
    let given = append.apply(&proof.digest).and_then(|salted| Op::Sha256.apply(&salted));
    let Ok(given) = given else { return Outcome::Dead("its digest cannot be salted".to_owned()) };
    let (mut promised, mut taken, mut errors) = (Timestamp::default(), 0, Vec::new());
    for url in &config.calendars {
        match (Calendar { http, url }).submit(&given) {
            Ok(promise) => {
                promised.merge(promise);
                taken += 1;
            }
            Err(error) => errors.push(format!("{url} {error}")),
        }
    }
    if taken < config.least.max(1) {
        let wanted = config.least;
        return Outcome::failed(format!("{taken} of {wanted} calendars took it: {}", errors.join("; ")));
    }
    proof.timestamp = Timestamp::after(append, Timestamp::after(Op::Sha256, promised));
    match Anchor::write(log, job.size, &job.checkpoint, &proof) {
        Ok(()) => Outcome::Later { seconds: ASK_AGAIN.0, error: None },
        Err(error) => Outcome::failed(error.to_string()),
    }
}

/// Asks for the block.
fn upgrade(http: &Http, config: &AnchorConfig, log: &Path, job: &Job, mut proof: Detached) -> Outcome {
    let (before, mut errors) = (proof.clone(), Vec::new());
    for (commitment, address) in proof.pending() {
        for url in asked(&config.calendars, &address) {
            match (Calendar { http, url }).upgrade(&commitment) {
                Ok(Some(found)) => {
                    let digest = proof.digest;
                    proof.timestamp.graft(&digest, &commitment, &found);
                }
                Ok(None) => {}
                Err(error) => errors.push(format!("{url} {error}")),
            }
        }
    }
    if proof != before
        && let Err(error) = Anchor::write(log, job.size, &job.checkpoint, &proof)
    {
        return Outcome::failed(error.to_string());
    }
    let (blocks, waited) = (proof.timestamp.kept(), now().saturating_sub(job.since));
    if blocks >= config.least.max(1) || (blocks > 0 && waited > WAIT_FOR_OTHERS) {
        return Outcome::Sent;
    }
    if blocks == 0 && waited > GIVE_UP {
        return Outcome::Dead("no calendar knows a block for it after 30 days".to_owned());
    }
    let seconds = (ASK_AGAIN.0 * (u64::from(job.attempts) + 1)).min(ASK_AGAIN.1);
    Outcome::Later { seconds, error: (!errors.is_empty()).then(|| errors.join("; ")) }
}

/// Who is asked for what a calendar promised: the one that was configured by the address that the promise has, else all that were, for a
/// calendar may go by several names. An address that only the proof has is never asked.
fn asked<'a>(calendars: &'a [Endpoint], address: &str) -> Vec<&'a Endpoint> {
    let own: Vec<_> = calendars.iter().filter(|url| url.as_str() == address.trim_end_matches('/')).collect();
    if own.is_empty() { calendars.iter().collect() } else { own }
}
