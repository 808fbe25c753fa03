//! VEX as a client: an agent of our own, a report for each checkpoint, and what becomes of it.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::round::Outcome;
use super::{Answer, Http, Job, Outbox, VexConfig};
use crate::receipt::{self, MAX_ANSWER, Receipt};

/// The most bytes of a job's stream that are read.
const MAX_STREAM: u64 = 256 * 1024;

/// Sends one report. `idle`: nothing else waits, so that there is time to hear what becomes of it.
pub(super) fn step(http: &Http, config: &VexConfig, outbox: &Outbox, log: &Path, job: &Job, idle: bool) -> Outcome {
    if Receipt::read(log, job.size).is_ok_and(|known| known.checkpoint == job.checkpoint) {
        // It was answered, and the process ended before it was taken out.
        return Outcome::Sent;
    }
    let vex = Vex { http, config };
    let agent = match &config.agent {
        Some(agent) => agent.clone(),
        None => match vex.agent(outbox) {
            Ok(agent) => agent,
            Err(outcome) => return outcome,
        },
    };
    let request = Receipt::report(&job.checkpoint);
    let answer = match vex.post(&format!("agents/{agent}/execute"), request.as_bytes()) {
        Ok(answer) => answer,
        Err(outcome) => return outcome,
    };
    match answer.status {
        200 => {}
        404 if config.agent.is_none() => {
            // The server began anew and knows the agent no longer: the next time there is a new one.
            let forgotten = outbox.forget_agent();
            let error =
                forgotten.err().map_or_else(|| "VEX does not know the agent".to_owned(), |error| error.to_string());
            return Outcome::Failed { seconds: Some(1), error };
        }
        // It will say the same of the same report.
        400 | 403 | 404 | 413 | 422 => return Outcome::Dead(told(&answer)),
        _ => return failed(&answer),
    }
    let (status, body) = (answer.status, String::from_utf8(answer.body).unwrap_or_default());
    let Ok(read) = serde_json::from_str::<receipt::Answer>(&body) else {
        return Outcome::Dead(format!("VEX answers {status}, and nothing that is understood"));
    };
    let id = job_id(&read.response);
    let halted = read.context_hash.as_deref() == Some("halted");
    let state = if halted { "halted" } else { "queued" };
    let mut receipt = Receipt::new(&job.checkpoint, request, body, state);
    if let Err(error) = receipt.write(log, job.size, true) {
        return Outcome::failed(error.to_string());
    }
    if let Some(state) = id.filter(|_| idle).and_then(|id| vex.end_of(id)) {
        receipt.job = state;
        // The receipt is there without it.
        let _ = receipt.write(log, job.size, false);
    }
    Outcome::Sent
}

/// One server.
struct Vex<'a> {
    http: &'a Http,
    config: &'a VexConfig,
}

impl Vex<'_> {
    /// The agent that reports for us: the one that was made at the first use, or a new one.
    fn agent(&self, outbox: &Outbox) -> Result<String, Outcome> {
        #[derive(Serialize)]
        struct Wanted {
            name: &'static str,
            role: &'static str,
            max_depth: u32,
            spawn_shadow: bool,
        }
        #[derive(Deserialize)]
        struct Made {
            id: String,
        }
        let url = self.config.url.as_str();
        if let Some(known) = outbox.agent(url).filter(|known| is_id(known)) {
            return Ok(known);
        }
        let wanted =
            Wanted { name: "vanguard", role: "Reports checkpoints of audit logs", max_depth: 1, spawn_shadow: false };
        let answer = self.post("agents", &serde_json::to_vec(&wanted).unwrap_or_default())?;
        if answer.status != 200 {
            return Err(failed(&answer));
        }
        let made = serde_json::from_slice::<Made>(&answer.body).ok().map(|made| made.id).filter(|id| is_id(id));
        let id = made.ok_or_else(|| Outcome::failed("VEX makes an agent without a usable id".to_owned()))?;
        outbox.remember_agent(url, &id).map_err(|error| Outcome::failed(error.to_string()))?;
        Ok(id)
    }

    /// How a job ended, where it does while we listen.
    fn end_of(&self, job: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Event {
            status: String,
        }
        let url = self.config.url.below(&format!("jobs/{job}/stream"));
        let authorization = self.authorization();
        let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        let answer = self.http.get(&url, &headers, MAX_STREAM).ok().filter(|answer| answer.status == 200)?;
        let text = String::from_utf8(answer.body).ok()?;
        let mut events =
            text.lines().filter_map(|line| serde_json::from_str::<Event>(line.strip_prefix("data:")?).ok());
        let word =
            |state: &String| state.len() < 32 && state.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        events.next_back().map(|event| event.status).filter(word)
    }

    fn post(&self, path: &str, body: &[u8]) -> Result<Answer, Outcome> {
        let authorization = self.authorization();
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(authorization.iter().map(|value| ("authorization", value.as_str())));
        let answer = self.http.post(&self.config.url.below(path), &headers, body, MAX_ANSWER);
        answer.map_err(|error| Outcome::failed(format!("VEX: {error}")))
    }

    fn authorization(&self) -> Option<String> {
        self.config.key.as_ref().map(|key| format!("Bearer {}", key.reveal()))
    }
}

/// What does not hold for ever.
fn failed(answer: &Answer) -> Outcome {
    let error = match answer.status {
        401 | 403 => format!("{}: it does not take the key (VANGUARD_VEX_KEY)", told(answer)),
        _ => told(answer),
    };
    Outcome::Failed { seconds: answer.retry_after, error }
}

/// An answer that is none, by its status and the server's word for it. What else it says is not ours to keep.
fn told(answer: &Answer) -> String {
    #[derive(Deserialize)]
    struct Body {
        error: Trouble,
    }
    #[derive(Deserialize)]
    struct Trouble {
        code: String,
    }
    let code = serde_json::from_slice::<Body>(&answer.body).ok().map(|body| body.error.code);
    let word =
        code.filter(|code| code.len() < 64 && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
    format!("VEX answers {} {}", answer.status, word.unwrap_or_default()).trim_end().to_owned()
}

/// The job's id, which stands in the answer's words only.
fn job_id(response: &str) -> Option<&str> {
    let id = response.strip_prefix("Job queued: ")?.trim();
    is_id(id).then_some(id)
}

/// Whether a server's id may stand in an address.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
