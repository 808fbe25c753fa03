//! A policy decision point that is asked whether a call may be made: OPA, Cerbos, or whoever speaks `AuthZEN`.
//!
//! It gets what a record holds, in the shape of a [`manifest`](crate::manifest): who, what, of which server, and what was found. No argument
//! leaves, and no secret. Where there is no answer in time, or none that decides, that is said; what it means is a setting.
//! Policies in [`rego`] are evaluated here, and a [`Panel`] asks both.

mod panel;
pub mod rego;
#[cfg(test)]
mod tests;

pub use panel::Panel;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use vanguard_engine::Principal;
use vanguard_engine::authority::{Authority, Ruling};
use vanguard_engine::verdict::{Decision, Timing};

use crate::manifest::{Manifest, cerbos, opa};
use crate::record::{Entry, Record, session_part, write_line, write_rest};
use crate::send::{Answer, Endpoint, Http, Secret};
use crate::stamp::Stamp;

/// The most bytes of an answer.
const MAX_ANSWER: u64 = 64 * 1024;
/// The most rules that an answer may except.
const MAX_EXCEPTED: usize = 64;
/// The most bytes of a reason that are kept.
const MAX_REASON: usize = 200;
/// After so many failures in a row nobody is asked for a while…
const FAILURES: u32 = 5;
/// …this long. Then one call asks again.
const PAUSE: Duration = Duration::from_secs(2);

/// Who is asked, and how.
#[derive(Debug, Clone)]
pub struct PdpConfig {
    /// The interface that it has.
    pub kind: PdpKind,
    /// For OPA the address of the decision (`http://localhost:8181/v1/data/mcp/allow`), for the others that of the server.
    pub url: Endpoint,
    /// What it lets one in by, as a bearer token.
    pub token: Option<Secret>,
    /// How long it may take.
    pub deadline: Duration,
    /// Whether calls pass about which it says nothing.
    pub lenient: bool,
}

/// The interface of a policy decision point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PdpKind {
    /// The Open Policy Agent's data API: `result` is a boolean, or an object with `allow` and, if it likes, `reason`.
    Opa,
    /// `POST /api/check/resources` of Cerbos.
    Cerbos,
    /// `POST /access/v1/evaluation` (`AuthZEN` Authorization API 1.0).
    AuthZen,
}

/// A policy decision point for the calls to one server.
#[derive(Debug)]
pub struct Pdp {
    config: PdpConfig,
    server: String,
    address: String,
    http: Http,
    breaker: Mutex<Breaker>,
}

/// Keeps from asking whom nobody reaches: each call would wait for the deadline.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

/// What is said of an answer in which there is no decision.
const UNDECIDED: &str = "its answer decides nothing";
/// What is said where a policy in Rego has no result: by convention that is "no".
const UNDEFINED: &str = "the policy defines no result for it";

#[derive(Deserialize)]
struct OfOpa {
    /// What is `null` is a result, and none that decides.
    #[serde(default, deserialize_with = "some")]
    result: Option<OpaResult>,
}

fn some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<OpaResult>, D::Error> {
    OpaResult::deserialize(from).map(Some)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OpaResult {
    Bare(bool),
    Object { allow: Option<bool>, reason: Option<String>, except: Option<Vec<String>> },
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct OfCerbos {
    results: Vec<CerbosResult>,
}

#[derive(Deserialize)]
struct CerbosResult {
    actions: BTreeMap<String, String>,
    #[serde(default)]
    outputs: Vec<CerbosOutput>,
}

#[derive(Deserialize)]
struct CerbosOutput {
    val: Option<CerbosValue>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CerbosValue {
    Excepts { except: Vec<String> },
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct OfAuthZen {
    decision: Option<bool>,
    context: Option<AuthZenContext>,
}

#[derive(Deserialize)]
struct AuthZenContext {
    reason: Option<String>,
    except: Option<Vec<String>>,
}

/// Reads an answer; what has another shape decides nothing.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| {
        let why = if error.is_data() { UNDECIDED } else { "its answer is no JSON" };
        why.to_owned()
    })
}

impl PdpConfig {
    /// How long it may take, unless somebody says otherwise.
    pub const DEADLINE: Duration = Duration::from_millis(250);
}

impl Pdp {
    /// Asked about calls to `server`.
    pub fn new(config: PdpConfig, server: &str) -> Self {
        let address = match config.kind {
            PdpKind::Opa => config.url.as_str().to_owned(),
            PdpKind::Cerbos => format!("{}/api/check/resources", config.url),
            PdpKind::AuthZen => format!("{}/access/v1/evaluation", config.url),
        };
        let http = Http::within(config.deadline);
        Self { config, server: server.to_owned(), address, http, breaker: Mutex::default() }
    }

    /// The question, as its interface has it.
    fn question(&self, decision: &Decision, who: Option<&Principal>) -> Option<Vec<u8>> {
        let manifest = asked_about(&self.server, decision, who)?;
        match self.config.kind {
            PdpKind::Opa => serde_json::to_vec(&opa(&manifest)),
            PdpKind::Cerbos => serde_json::to_vec(&cerbos(&manifest, "mcp-vanguard")),
            PdpKind::AuthZen => serde_json::to_vec(&manifest),
        }
        .ok()
    }

    /// What an answer decides, or why it decides nothing.
    fn decided(&self, decision: &Decision, answer: &Answer) -> Result<Ruling, String> {
        if answer.status != 200 {
            return Err(format!("it answered with status {}", answer.status));
        }
        let (decided, reason, except) = match self.config.kind {
            PdpKind::Opa => match read::<OfOpa>(&answer.body)?.result {
                Some(OpaResult::Bare(allow)) => (Some(allow), None, None),
                Some(OpaResult::Object { allow, reason, except }) => (allow, reason, except),
                Some(OpaResult::Other(_)) => (None, None, None),
                None => return Ok(Ruling::Denies(UNDEFINED.to_owned())),
            },
            PdpKind::Cerbos => {
                let mut answer: OfCerbos = read(&answer.body)?;
                let of_method = decision.method.as_deref().unwrap_or_default();
                let result = answer.results.first_mut();
                let (effect, outputs) = result.map_or((None, Vec::new()), |result| {
                    (result.actions.remove(of_method), std::mem::take(&mut result.outputs))
                });
                let except = outputs.into_iter().filter_map(|output| match output.val {
                    Some(CerbosValue::Excepts { except }) => Some(except),
                    Some(CerbosValue::Other(_)) | None => None,
                });
                let allows = match effect.as_deref() {
                    Some("EFFECT_ALLOW") => Some(true),
                    Some("EFFECT_DENY") => Some(false),
                    _ => None,
                };
                (allows, None, Some(except.flatten().collect()))
            }
            PdpKind::AuthZen => {
                let OfAuthZen { decision, context } = read(&answer.body)?;
                let (reason, except) = context.map_or((None, None), |context| (context.reason, context.except));
                (decision, reason, except)
            }
        };
        match decided {
            Some(true) => {
                let by = format!("the policy decision point at {}", self.config.url);
                allowed(&except.unwrap_or_default(), &by, reason.as_deref())
            }
            Some(false) => Ok(Ruling::Denies(short(&reason.unwrap_or_default()))),
            None => Err(UNDECIDED.to_owned()),
        }
    }

    fn ask(&self, decision: &Decision, who: Option<&Principal>) -> Result<Ruling, String> {
        let body = self.question(decision, who).ok_or("the question could not be put")?;
        let bearer = self.config.token.as_ref().map(|token| format!("Bearer {}", token.reveal()));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let answer = self.http.post(&self.address, &headers, &body, MAX_ANSWER)?;
        self.decided(decision, &answer)
    }

    fn lock(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Authority for Pdp {
    fn rule(&self, decision: &Decision, who: Option<&Principal>) -> Ruling {
        let silent = |why: &str| Ruling::Silent { why: short(why), passes: self.config.lenient };
        if let Some(failures) = self.lock().refuses(Instant::now()) {
            return silent(&format!("it failed {failures} times in a row, and is not asked for {} s", PAUSE.as_secs()));
        }
        let ruling = self.ask(decision, who);
        self.lock().saw(ruling.is_ok(), Instant::now());
        ruling.unwrap_or_else(|why| silent(&why))
    }
}

impl Breaker {
    /// After how many failures nobody is asked now, if so. Whom it lets ask when the pause is over asks alone.
    fn refuses(&mut self, now: Instant) -> Option<u32> {
        match self.open_until {
            Some(until) if now < until => Some(self.failures),
            Some(_) => {
                self.open_until = Some(now + PAUSE);
                None
            }
            None => None,
        }
    }

    fn saw(&mut self, answered: bool, now: Instant) {
        if answered {
            *self = Self::default();
        } else {
            self.failures = self.failures.saturating_add(1);
            if self.failures >= FAILURES {
                self.open_until = Some(now + PAUSE);
            }
        }
    }
}

/// What a decision is, as it is asked about: a manifest of what would be recorded of it, with what else is known of `who`.
fn asked_about(server: &str, decision: &Decision, who: Option<&Principal>) -> Option<Manifest> {
    let mut line = Vec::new();
    let session = session_part("agent", server, who.map(|who| &who.identity));
    let entry = Entry { decision, timing: Timing::default(), digest: None, bytes: 0, material: None };
    let mut rest = Vec::new();
    write_rest(&mut rest, session.len(), &entry);
    write_line(&mut line, Stamp::default().now(), &session, 0, &rest);
    let mut manifest = Manifest::of(Record::read(&line)?)?;
    // It asks about a call; which session that is in is nobody's matter there.
    manifest.subject.properties.session = None;
    let names = |names: &BTreeSet<Box<str>>| Some(names.iter().map(ToString::to_string).collect());
    if let Some(who) = who {
        (manifest.subject.properties.roles, manifest.subject.properties.scopes) =
            (names(&who.roles), names(&who.scopes));
    }
    Some(manifest)
}

/// A call that may be made, and the rules whose findings do not stand in its way.
fn allowed(except: &[String], by: &str, reason: Option<&str>) -> Result<Ruling, String> {
    if except.is_empty() {
        return Ok(Ruling::Allows);
    }
    if except.len() > MAX_EXCEPTED {
        return Err(format!("its answer excepts more than {MAX_EXCEPTED} rules"));
    }
    let by = short(&reason.map_or_else(|| format!("lifted by {by}"), |reason| format!("lifted by {by}: {reason}")));
    Ok(Ruling::Excepts { rules: except.to_vec(), by })
}

/// The beginning of a text, without what is not to be shown.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect()
}
