//! Policies in Rego that are evaluated here: a file or a directory of them, read at the start and whenever the configuration is read again.
//!
//! They get the very input that OPA would get, and what they leave undefined is denied. Nothing of the interpreter is touched where no
//! policies are given.

mod accept;
mod builtin;
mod bundle;
#[cfg(test)]
mod language;
#[cfg(test)]
mod opa;
#[cfg(test)]
mod sweep;
#[cfg(test)]
mod tests;
mod text;
mod time;

use std::fmt;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};
use vanguard_engine::Principal;
use vanguard_engine::authority::{Authority, Ruling};
use vanguard_engine::verdict::Decision;

use super::{UNDECIDED, UNDEFINED, allowed, asked_about, short};
use crate::manifest::opa;

pub use bundle::BundleError;

/// How many steps are made between two looks at the clock.
const STEPS: NonZeroU32 = NonZeroU32::new(64).expect("not zero");
/// The most evaluators that wait for the next call. More are made where more calls come at once, and dropped after them.
const MAX_IDLE: usize = 8;

/// What is said where the interpreter itself fails.
const PANICKED: &str = "the interpreter panicked, which is a bug of it";

/// Which policies decide, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegoConfig {
    /// A file, or a directory of them: `.rego`, and `.json` for the data that they look at.
    pub path: PathBuf,
    /// The rule that decides (`data.mcp.allow`).
    pub rule: String,
    /// How long it may take.
    pub deadline: Duration,
    /// Whether calls pass about which it decides nothing.
    pub lenient: bool,
}

impl RegoConfig {
    /// The rule that decides, unless another is named.
    pub const RULE: &str = "data.mcp.allow";
}

/// Policies that were read. All servers of a proxy share them.
pub struct Rego {
    config: RegoConfig,
    read: Mutex<Arc<Policies>>,
}

/// What was read at one time.
struct Policies {
    /// What evaluators are made from.
    model: Engine,
    idle: Mutex<Vec<Engine>>,
}

impl Rego {
    /// Reads them. What cannot be read, or does not have the rule, is an error that names file and line.
    pub fn read(config: RegoConfig) -> Result<Self, BundleError> {
        let policies = Policies::read(&config)?;
        Ok(Self { config, read: Mutex::new(Arc::new(policies)) })
    }

    /// Reads them again; they stay as they were where that fails.
    pub fn read_again(&self) -> Result<(), BundleError> {
        let policies = Arc::new(Policies::read(&self.config)?);
        *lock(&self.read) = policies;
        Ok(())
    }

    /// What has a say in calls to `server`.
    pub fn about(self: &Arc<Self>, server: &str) -> RegoOf {
        RegoOf { rego: Arc::clone(self), server: server.to_owned() }
    }

    /// What they say of an input, as JSON.
    pub(super) fn decide(&self, input: &str) -> Ruling {
        let policies = Arc::clone(&lock(&self.read));
        match policies.evaluate(&self.config.rule, input) {
            // OPA gives no result then, and a policy without a default means "no" by it.
            Ok(Value::Undefined) => Ruling::Denies(UNDEFINED.to_owned()),
            Ok(value) => self.ruling(&value),
            Err(error) => self.silent(&error),
        }
    }

    fn ruling(&self, value: &Value) -> Ruling {
        let (allow, reason) = match value {
            Value::Bool(allow) => (Some(*allow), None),
            Value::Object(_) => (value["allow"].as_bool().ok().copied(), value["reason"].as_string().ok()),
            _ => (None, None),
        };
        match allow {
            Some(true) => {
                let Some(except) = excepted(value) else { return self.silent(UNDECIDED) };
                let by = format!("policies in Rego ({})", self.config.rule);
                let reason = reason.map(AsRef::as_ref);
                allowed(&except, &by, reason).unwrap_or_else(|why| self.silent(&why))
            }
            Some(false) => Ruling::Denies(reason.map(|reason| short(reason)).unwrap_or_default()),
            None => self.silent(UNDECIDED),
        }
    }

    fn silent(&self, why: &str) -> Ruling {
        Ruling::Silent { why: short(why), passes: self.config.lenient }
    }
}

impl Policies {
    fn read(config: &RegoConfig) -> Result<Self, BundleError> {
        let policies = Self { model: Self::model(config)?, idle: Mutex::default() };
        // What is wrong with them as a whole shows when they are first asked, and so does a rule that is not there.
        match policies.evaluate(&config.rule, "{}") {
            Err(error) if !error.contains("time limit") => {
                Err(BundleError::Policies { path: config.path.clone(), rule: config.rule.clone(), what: error })
            }
            _ => Ok(policies),
        }
    }

    /// An evaluator that has read all that it may.
    fn model(config: &RegoConfig) -> Result<Engine, BundleError> {
        let mut model = Engine::new();
        // As OPA has it: what a built-in function cannot do is undefined, and what is undefined is denied.
        model.set_strict_builtin_errors(false);
        builtin::add_to(&mut model);
        model.set_execution_timer_config(ExecutionTimerConfig { limit: config.deadline, check_interval: STEPS });
        bundle::read_into(&mut model, &config.path)?;
        Ok(model)
    }

    fn evaluate(&self, rule: &str, input: &str) -> Result<Value, String> {
        time::begin();
        let waiting = lock(&self.idle).pop();
        let mut engine = waiting.unwrap_or_else(|| self.model.clone());
        // Some built-in functions of the interpreter panic at what they do not expect, and what they look at may be the peer's choice.
        let evaluated = catch_unwind(AssertUnwindSafe(move || {
            let value = Value::from_json_str(input).and_then(|input| {
                engine.set_input(input);
                engine.eval_rule(rule.to_owned())
            });
            (engine, value)
        }));
        let Ok((engine, value)) = evaluated else { return Err(PANICKED.to_owned()) };
        let mut idle = lock(&self.idle);
        if idle.len() < MAX_IDLE {
            idle.push(engine);
        }
        value.map_err(|error| said(&error.to_string()))
    }
}

impl fmt::Debug for Rego {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rego").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What they say of calls to one server.
#[derive(Debug)]
pub struct RegoOf {
    rego: Arc<Rego>,
    server: String,
}

impl Authority for RegoOf {
    fn rule(&self, decision: &Decision, who: Option<&Principal>) -> Ruling {
        let manifest = asked_about(&self.server, decision, who);
        match manifest.and_then(|manifest| serde_json::to_string(opa(&manifest).input()).ok()) {
            Some(input) => self.rego.decide(&input),
            None => self.rego.silent("the question could not be put"),
        }
    }
}

/// The rules that a result excepts: an array or a set of their ids. `None` where it is something else.
fn excepted(result: &Value) -> Option<Vec<String>> {
    let Value::Object(members) = result else { return Some(Vec::new()) };
    let ids: Vec<&Value> = match members.get(&Value::from("except")) {
        None => return Some(Vec::new()),
        Some(Value::Array(ids)) => ids.iter().collect(),
        Some(Value::Set(ids)) => ids.iter().collect(),
        Some(_) => return None,
    };
    ids.into_iter().map(|id| Some(id.as_string().ok()?.as_ref().to_owned())).collect()
}

/// What the interpreter says of an error, in one line: where, and what. It shows the line, too.
fn said(error: &str) -> String {
    let mut lines = error.trim().lines();
    let place = lines.next().unwrap_or_default();
    match (place.trim_start().strip_prefix("--> "), lines.next_back()) {
        (Some(place), Some(what)) => format!("{place}: {}", what.trim_start_matches("error: ")),
        _ => error.trim().to_owned(),
    }
}

/// A panic of the interpreter while one was held leaves what was there before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
