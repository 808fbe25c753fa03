//! A checkpoint on its way to witnesses (C2SP `tlog-witness`): each is shown that the log goes on from what it signed the last time, and signs.

use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;

use super::round::Outcome;
use super::{Endpoint, Http, Job, WitnessConfig};
use crate::cosigned;
use crate::evidence::CHECKPOINT;
use crate::tlog::{Checkpoint, Note, Tiles, Witness, consistency, read_bounded};

/// The most bytes of an answer: some signatures.
const MAX_ANSWER: u64 = 16 * 1024;
/// The most bytes of a checkpoint.
const MAX_CHECKPOINT: u64 = 128 * 1024;

/// A witness that is asked, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whose signature it is.
    pub witness: Witness,
    /// The address below which it takes checkpoints.
    pub url: Endpoint,
}

impl FromStr for Asked {
    type Err = &'static str;

    /// Reads the key as witnesses publish it, and the address after a space.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, url) = text.trim().split_once(' ').ok_or("give a witness's key and its address: NAME+ID+KEY URL")?;
        Ok(Self { witness: key.parse()?, url: url.parse()? })
    }
}

/// What one witness said.
enum Said {
    /// It signed: this is the line.
    Signed(String),
    /// It knows the log with another size.
    Knows(u64),
    /// It will never sign this checkpoint.
    Refuses(String),
    /// It does not now.
    Fails { seconds: Option<u64>, error: String },
}

/// Asks all witnesses that have not signed the checkpoint, or a later one.
pub(super) fn step(http: &Http, config: &WitnessConfig, log: &Path, job: &Job) -> Outcome {
    let known = cosigned::read(log, job.size).ok().filter(|known| cosigned::is_of(known, job.size));
    let mut note = known.filter(|known| same(known, &job.checkpoint)).unwrap_or_else(|| job.checkpoint.clone());
    let (mut wait, mut failures, mut refusals) = (None, Vec::new(), Vec::new());
    for asked in &config.witnesses {
        let before = match cosigned::newest(log, &asked.witness, |time| time.is_ok()) {
            Ok(Some((size, _))) if size >= job.size => continue,
            Ok(before) => before.map_or(0, |(size, _)| size),
            Err(error) => return Outcome::failed(error.to_string()),
        };
        match (Asking { http, asked, log, job }).run(before) {
            Said::Signed(line) => {
                note.push_str(&line);
                if let Err(error) = cosigned::write(log, job.size, &note) {
                    return Outcome::failed(error.to_string());
                }
            }
            Said::Knows(size) => refusals.push(format!(
                "{}: it has seen {size} records of the log, and the checkpoint signs {}: the log was put back",
                asked.witness.name, job.size
            )),
            Said::Refuses(error) => refusals.push(format!("{}: {error}", asked.witness.name)),
            Said::Fails { seconds, error } => {
                wait = wait.max(seconds);
                failures.push(format!("{}: {error}", asked.witness.name));
            }
        }
    }
    match (failures.is_empty(), refusals.is_empty()) {
        (true, true) => Outcome::Sent,
        // Whoever fails is asked again, and whoever refuses refuses again.
        (false, _) => Outcome::Failed {
            seconds: wait,
            error: failures.into_iter().chain(refusals).collect::<Vec<_>>().join("; "),
        },
        (true, false) => Outcome::Dead(refusals.join("; ")),
    }
}

/// Whether two notes say the same, whoever signed them.
fn same(one: &str, other: &str) -> bool {
    match (Note::parse(one.as_bytes()), Note::parse(other.as_bytes())) {
        (Ok(one), Ok(other)) => one.unverified() == other.unverified(),
        _ => false,
    }
}

/// One witness and one checkpoint.
struct Asking<'a> {
    http: &'a Http,
    asked: &'a Asked,
    log: &'a Path,
    job: &'a Job,
}

impl Asking<'_> {
    /// Shows that the log goes on from `before` records, or from as many as the witness says that it knows.
    fn run(&self, before: u64) -> Said {
        match self.ask(before) {
            // It knows better what it signed: an answer of it may have been lost, or its memory.
            Said::Knows(size) if size != before && size <= self.job.size => match self.ask(size) {
                Said::Knows(_) => {
                    Said::Fails { seconds: None, error: "it changes its mind about what it knows".to_owned() }
                }
                said => said,
            },
            said => said,
        }
    }

    fn ask(&self, before: u64) -> Said {
        let body = match self.body(before) {
            Ok(body) => body,
            Err(error) => return Said::Refuses(error),
        };
        let url = self.asked.url.below("add-checkpoint");
        let answer =
            match self.http.post(&url, &[("content-type", "text/plain; charset=utf-8")], body.as_bytes(), MAX_ANSWER) {
                Ok(answer) => answer,
                Err(error) => return Said::Fails { seconds: None, error },
            };
        let text = String::from_utf8(answer.body).unwrap_or_default();
        let fails = |error: String| Said::Fails { seconds: answer.retry_after, error };
        match answer.status {
            200 => match self.line(&text) {
                Some(line) => Said::Signed(line),
                None => fails("it answers with no signature of its own that holds".to_owned()),
            },
            409 => match text.trim().parse() {
                Ok(size) => Said::Knows(size),
                Err(_) => fails("it knows another size of the log, and does not say which".to_owned()),
            },
            403 => fails("it does not take the log's key (403)".to_owned()),
            404 => {
                fails("it does not know the log (404): have its operator add `vanguard audit key --json`".to_owned())
            }
            400 | 422 => {
                Said::Refuses(format!("it does not take the proof that the log only grew ({})", answer.status))
            }
            status => fails(format!("it answers with status {status}")),
        }
    }

    /// The request: what the witness signed the last time, that the log goes on from it, and the checkpoint.
    fn body(&self, before: u64) -> Result<String, String> {
        let newest = read_bounded(&self.log.join(CHECKPOINT), MAX_CHECKPOINT).map_err(|error| error.to_string())?;
        let newest = Note::parse(&newest).ok().and_then(|note| Checkpoint::parse(note.unverified()));
        let size = newest.ok_or("the log's checkpoint cannot be read")?.size;
        let proof = consistency(before, self.job.size, &mut Tiles::new(self.log, size));
        let mut body = format!("old {before}\n");
        for hash in proof.map_err(|error| error.to_string())? {
            // Writing to a String can't fail.
            let _ = writeln!(body, "{hash}");
        }
        body.push('\n');
        body.push_str(&self.job.checkpoint);
        Ok(body)
    }

    /// The line of an answer that the witness's key has signed, alone.
    fn line(&self, answer: &str) -> Option<String> {
        let begins = format!("— {} ", self.asked.witness.name);
        answer.lines().filter(|line| line.starts_with(&begins)).map(|line| format!("{line}\n")).find(|line| {
            let note = format!("{}{line}", self.job.checkpoint);
            Note::parse(note.as_bytes()).is_ok_and(|note| matches!(note.cosigned(&self.asked.witness), Ok(Some(_))))
        })
    }
}

#[cfg(test)]
mod tests;
