//! Every `VANGUARD_*` variable, ours and those of mcp-vanguard 1.5.0, with what it does in this release.

use std::str::FromStr;

use vanguard_audit::OnFailure;
use vanguard_engine::finding::Action;
use vanguard_engine::policy::{DenyAs, Profile};

use super::behaviour::LimitChange;
use super::entry::Network;
use super::semantic::OnFailureName;
use super::sending::Address;
use super::written::{Compat, Written};
use super::{Layer, Origin};
use crate::exit::Failure;
use crate::suggest::closest;

/// One variable.
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) effect: Effect,
}

/// What a variable does in this release.
pub(crate) enum Effect {
    /// Sets a key of the configuration.
    Sets(&'static str, fn(&str, &mut Written) -> Result<(), &'static str>),
    /// Says something outside the configuration file.
    Steers(&'static str),
    /// Known from 1.5.0, tunes something that this release has no need of or does not give yet; without it nothing is weaker
    /// than this release says.
    Idle(&'static str),
}

use Effect::{Idle, Sets, Steers};

const THROTTLE: &str = "how fast results may come: see BEH-007 and `throttle` in `behaviour.limits`";
const THRESHOLD: &str = "a threshold beside those of `VANGUARD_SEMANTIC_THRESHOLD_…`";
const HTTP: &str = "limits on streams by client address for `serve`";

/// All of them, by name.
pub(crate) const VARIABLES: &[Variable] = &[
    v("VANGUARD_ALLOWED_IPS", Sets("entry.allow_from", |text, w| set(&mut w.entry.allow_from, networks(text)))),
    v(
        "VANGUARD_ALLOWED_SERVER_COMMANDS",
        Sets("allowed_commands", |text, w| set(&mut w.allowed_commands, commands(text))),
    ),
    v(
        "VANGUARD_ANCHOR_CALENDARS",
        Sets("audit.anchor.calendars", |text, w| set(&mut w.audit.anchor.calendars, addresses(text))),
    ),
    v(
        "VANGUARD_ANTHROPIC_API_KEY",
        Sets("semantic.anthropic.key", |text, w| {
            w.semantic.anthropic.key = not_empty(text).then(|| text.trim().to_owned());
            Ok(())
        }),
    ),
    v("VANGUARD_API_KEY", Steers("a key that opens `serve`, beside those of `--keys`")),
    v(
        "VANGUARD_AUDIT_DIR",
        Sets("audit.dir", |text, w| set(&mut w.audit.dir, given(text, "give a directory, or `none`"))),
    ),
    v("VANGUARD_AUDIT_ON_FAILURE", Sets("audit.on_failure", |text, w| set(&mut w.audit.on_failure, on_failure(text)))),
    v("VANGUARD_BEHAVIORAL_ENABLED", Sets("behaviour.enabled", |text, w| set(&mut w.behaviour.enabled, boolean(text)))),
    v("VANGUARD_BEH_FLOOD_LIMIT", Sets("behaviour.limits.BEH-005.most", |text, w| most("BEH-005", text, w))),
    v("VANGUARD_BEH_LIST_LIMIT", Sets("behaviour.limits.BEH-002.most", |text, w| most("BEH-002", text, w))),
    v("VANGUARD_BEH_PAYLOAD_LIMIT", Sets("behaviour.limits.BEH-004.most", |text, w| most("BEH-004", text, w))),
    v("VANGUARD_BEH_READ_LIMIT", Sets("behaviour.limits.BEH-001.most", |text, w| most("BEH-001", text, w))),
    v(
        "VANGUARD_BLOCK_ENUMERATION",
        Sets("behaviour.limits.BEH-002.action", |text, w| {
            let action = Some(if boolean(text)? { Action::Block } else { Action::Warn });
            w.behaviour.limit("BEH-002", LimitChange { action, ..LimitChange::default() });
            Ok(())
        }),
    ),
    v("VANGUARD_BLOCK_THRESHOLD", Idle(THRESHOLD)),
    v("VANGUARD_COMPAT", Sets("compat", |text, w| set(&mut w.compat, compat(text)))),
    v("VANGUARD_CONFIG", Steers("file to read in the place of the working directory's `vanguard.yaml`")),
    v("VANGUARD_DENY_AS", Sets("deny_as", |text, w| set(&mut w.deny_as, deny_as(text)))),
    v("VANGUARD_DISABLE_UVLOOP", Idle("an event loop of Python's")),
    v(
        "VANGUARD_ENTROPY_BLOCK",
        Sets("rules.overrides.BEH-006", |text, w| {
            text.trim().parse::<f64>().map_err(|_| "give bits a byte, such as 7.5")?;
            w.rules.overrides.get_or_insert_default().insert("BEH-006".to_owned(), Action::Block);
            Ok(())
        }),
    ),
    v("VANGUARD_ENTROPY_HIGH", Idle(THROTTLE)),
    v("VANGUARD_ENTROPY_PENALTY", Idle(THROTTLE)),
    v("VANGUARD_EXPORT_TO", Sets("audit.export.to", |text, w| set(&mut w.audit.export.to, text.parse()))),
    v("VANGUARD_EXPORT_TOKEN", Steers("what the receiver of records at `audit.export.to` lets one in by")),
    v(
        "VANGUARD_EXPOSE_BLOCK_REASON",
        Sets("expose_block_reason", |text, w| set(&mut w.expose_block_reason, boolean(text))),
    ),
    v("VANGUARD_LOG_FILE", Sets("audit.path", |text, w| set(&mut w.audit.path, given(text, "give a file, or `none`")))),
    v("VANGUARD_LOG_LEVEL", Steers("`DEBUG` is `start --verbose`")),
    v("VANGUARD_MAX_CONCURRENT_SSE", Idle(HTTP)),
    v(
        "VANGUARD_MAX_STRING_LEN",
        Idle("cutting strings before inspection: they are inspected whole, see limits.string_bytes"),
    ),
    v(
        "VANGUARD_OLLAMA_MODEL",
        Sets("semantic.ollama.model", |text, w| set(&mut w.semantic.ollama.model, given(text, "give a model"))),
    ),
    v(
        "VANGUARD_OLLAMA_URL",
        Sets("semantic.ollama.url", |text, w| set(&mut w.semantic.ollama.url, given(text, "give an address"))),
    ),
    v(
        "VANGUARD_OPENAI_API_KEY",
        // Empty is none, as an environment that passes all variables on has it.
        Sets("semantic.openai.key", |text, w| {
            w.semantic.openai.key = not_empty(text).then(|| text.trim().to_owned());
            Ok(())
        }),
    ),
    v(
        "VANGUARD_OPENAI_MODEL",
        Sets("semantic.openai.model", |text, w| set(&mut w.semantic.openai.model, given(text, "give a model"))),
    ),
    v(
        "VANGUARD_POLICY_BUNDLE",
        Sets("policy.bundle", |text, w| {
            set(&mut w.policy.bundle, given(text, "give a file or directory").map(Into::into))
        }),
    ),
    v("VANGUARD_POLICY_TOKEN", Steers("what the policy decision point at `policy.url` lets one in by")),
    v("VANGUARD_POLICY_URL", Sets("policy.url", |text, w| set(&mut w.policy.url, text.parse()))),
    v("VANGUARD_PROFILE", Sets("profile", |text, w| set(&mut w.profile, profile(text)))),
    v(
        "VANGUARD_REDIS_URL",
        Sets("behaviour.redis.url", |text, w| set(&mut w.behaviour.redis.url, given(text, "give an address"))),
    ),
    v(
        "VANGUARD_RULES_DIR",
        Sets("rules.dirs", |text, w| {
            set(&mut w.rules.dirs, given(text, "give a directory").map(|dir| vec![dir.into()]))
        }),
    ),
    v("VANGUARD_SEMANTIC_ENABLED", Sets("semantic.enabled", |text, w| set(&mut w.semantic.enabled, boolean(text)))),
    v(
        "VANGUARD_SEMANTIC_FAIL_CLOSED",
        Sets("semantic.on_failure", |text, w| {
            let closed = boolean(text)?;
            w.semantic.on_failure = Some(if closed { OnFailureName::Closed } else { OnFailureName::Open });
            Ok(())
        }),
    ),
    v("VANGUARD_SEMANTIC_THRESHOLD_BLOCK", Sets("semantic.block", |text, w| set(&mut w.semantic.block, score(text)))),
    v("VANGUARD_SEMANTIC_THRESHOLD_WARN", Sets("semantic.warn", |text, w| set(&mut w.semantic.warn, score(text)))),
    v(
        "VANGUARD_SEMANTIC_TIMEOUT_SECS",
        Sets("semantic.timeout_ms", |text, w| set(&mut w.semantic.timeout_ms, seconds(text))),
    ),
    v(
        "VANGUARD_SENSITIVE_PATHS",
        Sets("behaviour.sensitive", |text, w| {
            let parts = text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty());
            w.behaviour.sensitive = Some(parts.collect());
            Ok(())
        }),
    ),
    v(
        "VANGUARD_SESSION_TTL",
        Idle("state of sessions in Redis: what several proxies count is kept as long as its window"),
    ),
    v("VANGUARD_SSE_RATE_LIMIT", Idle(HTTP)),
    v(
        "VANGUARD_STRICT_REDIS",
        Sets("behaviour.redis.strict", |text, w| set(&mut w.behaviour.redis.strict, boolean(text))),
    ),
    v("VANGUARD_TRUST_PROJECT", Steers("`true` is `--trust-project`")),
    v(
        "VANGUARD_VEX_AGENT_ID",
        Sets("audit.vex.agent", |text, w| set(&mut w.audit.vex.agent, given(text, "give the id of an agent"))),
    ),
    v("VANGUARD_VEX_API_URL", Sets("audit.vex.url", |text, w| set(&mut w.audit.vex.url, text.parse()))),
    v("VANGUARD_VEX_JWT", Steers("the older name of `VANGUARD_VEX_KEY`")),
    v("VANGUARD_VEX_KEY", Steers("the key that VEX lets one in by, where `audit.vex.url` names one")),
    v("VANGUARD_VEX_URL", Sets("audit.vex.url", |text, w| set(&mut w.audit.vex.url, text.parse()))),
    v("VANGUARD_WARN_THRESHOLD", Idle(THRESHOLD)),
    v("VANGUARD_WITNESSES", Sets("audit.witnesses", |text, w| set(&mut w.audit.witnesses, listed(text)))),
];

const fn v(name: &'static str, effect: Effect) -> Variable {
    Variable { name, effect }
}

/// The layers that the environment makes, and a warning for each variable that does not do what its author may hope.
pub(crate) fn layers(environment: &[(String, String)]) -> Result<(Vec<Layer>, Vec<String>), Failure> {
    let (mut layers, mut warnings) = (Vec::new(), Vec::new());
    for (name, value) in environment.iter().filter(|(name, _)| name.starts_with("VANGUARD_")) {
        let Some(variable) = VARIABLES.iter().find(|variable| variable.name == name) else {
            let near = closest(name, VARIABLES.iter().map(|variable| variable.name));
            let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            warnings.push(format!("{name} is not a variable of this program and has no effect{hint}"));
            continue;
        };
        match &variable.effect {
            // An empty variable is how a shell or a container says "not set".
            Sets(_, _) if value.is_empty() => {}
            Sets(_, read) => {
                let mut written = Written::default();
                read(value, &mut written).map_err(|expected| {
                    Failure::Configuration(format!("{name}: `{value}` does not fit: {expected}"))
                })?;
                layers.push(Layer { origin: Origin::Variable(variable.name), written });
            }
            Steers(_) | Idle(_) => {}
        }
    }
    Ok((layers, warnings))
}

/// Addresses and networks with commas between them.
fn networks(text: &str) -> Result<Vec<Network>, &'static str> {
    let all = text.split(',').filter(|text| !text.trim().is_empty()).map(str::parse).collect::<Result<_, String>>();
    all.map_err(|_| "give addresses or networks (192.0.2.0/24) with commas between them")
}

/// Addresses of services with commas between them.
fn addresses(text: &str) -> Result<Vec<Address>, &'static str> {
    listed(text)
}

/// What can be read, with commas between.
fn listed<T: FromStr<Err = &'static str>>(text: &str) -> Result<Vec<T>, &'static str> {
    text.split(',').filter(|text| !text.trim().is_empty()).map(str::parse).collect()
}

/// Names of programs with commas between them; a variable that is set and names none is a mistake.
fn commands(text: &str) -> Result<Vec<String>, &'static str> {
    let all: Vec<String> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if all.is_empty() { Err("give names of programs with commas between them") } else { Ok(all) }
}

/// Reads `true`, `1`, `yes`, `on` and their opposites, in any case.
pub(crate) fn boolean(text: &str) -> Result<bool, &'static str> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("give true or false"),
    }
}

/// Reads a profile's name.
pub(crate) fn profile(text: &str) -> Result<Profile, &'static str> {
    match text.trim().to_ascii_lowercase().as_str() {
        "monitor" => Ok(Profile::Monitor),
        "balanced" => Ok(Profile::Balanced),
        "strict" => Ok(Profile::Strict),
        _ => Err("give monitor, balanced or strict"),
    }
}

fn deny_as(text: &str) -> Result<DenyAs, &'static str> {
    match text.trim() {
        "error" => Ok(DenyAs::Error),
        "tool_result" => Ok(DenyAs::ToolResult),
        _ => Err("give error or tool_result"),
    }
}

fn compat(text: &str) -> Result<Compat, &'static str> {
    match text.trim() {
        "1.5" | "1.5.0" => Ok(Compat::V1_5),
        "none" => Ok(Compat::None),
        _ => Err("give 1.5 or none"),
    }
}

fn on_failure(text: &str) -> Result<OnFailure, &'static str> {
    match text.trim() {
        "block" => Ok(OnFailure::Block),
        "warn" => Ok(OnFailure::Warn),
        _ => Err("give block or warn"),
    }
}

/// A limit of 1.5.0, which refuses what is beyond it.
fn most(id: &str, text: &str, written: &mut Written) -> Result<(), &'static str> {
    let most = Some(text.trim().parse().map_err(|_| "give a whole number")?);
    // That of listings only warns, unless `VANGUARD_BLOCK_ENUMERATION` says otherwise.
    written.behaviour.limit(id, LimitChange { most, gently: id == "BEH-002", ..LimitChange::default() });
    Ok(())
}

fn given(text: &str, expected: &'static str) -> Result<String, &'static str> {
    if not_empty(text) { Ok(text.to_owned()) } else { Err(expected) }
}

fn set<T>(slot: &mut Option<T>, value: Result<T, &'static str>) -> Result<(), &'static str> {
    *slot = Some(value?);
    Ok(())
}

fn not_empty(text: &str) -> bool {
    !text.trim().is_empty()
}

/// Seconds, of which there may be parts, in milliseconds.
fn seconds(text: &str) -> Result<u32, &'static str> {
    let seconds = text.trim().parse().ok().and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
    seconds.and_then(|seconds| u32::try_from(seconds.as_millis()).ok()).ok_or("give seconds, such as 5.0")
}

fn score(text: &str) -> Result<f32, &'static str> {
    text.trim().parse().map_err(|_| "give a score from 0 to 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<(Vec<Layer>, Vec<String>), Failure> {
        layers(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn the_table_is_sorted_and_names_each_variable_once() {
        assert!(VARIABLES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn every_variable_of_1_5_0_is_known() {
        let old = "ALLOWED_IPS API_KEY BEHAVIORAL_ENABLED BEH_FLOOD_LIMIT BEH_LIST_LIMIT BEH_PAYLOAD_LIMIT BEH_READ_LIMIT \
            BLOCK_ENUMERATION BLOCK_THRESHOLD DISABLE_UVLOOP ENTROPY_BLOCK ENTROPY_HIGH ENTROPY_PENALTY EXPOSE_BLOCK_REASON \
            LOG_FILE LOG_LEVEL MAX_CONCURRENT_SSE MAX_STRING_LEN OLLAMA_MODEL OLLAMA_URL OPENAI_API_KEY OPENAI_MODEL REDIS_URL \
            RULES_DIR SEMANTIC_ENABLED SEMANTIC_FAIL_CLOSED SEMANTIC_THRESHOLD_BLOCK SEMANTIC_THRESHOLD_WARN \
            SEMANTIC_TIMEOUT_SECS SENSITIVE_PATHS SESSION_TTL SSE_RATE_LIMIT STRICT_REDIS VEX_AGENT_ID VEX_KEY VEX_JWT VEX_URL \
            VEX_API_URL WARN_THRESHOLD";
        for name in old.split_whitespace() {
            let name = format!("VANGUARD_{name}");
            assert!(VARIABLES.iter().any(|variable| variable.name == name), "{name}");
        }
    }

    #[test]
    fn a_wrong_value_is_refused_with_what_fits() {
        let failure = read(&[("VANGUARD_PROFILE", "lax")]).expect_err("must fail");
        assert_eq!(failure.to_string(), "VANGUARD_PROFILE: `lax` does not fit: give monitor, balanced or strict");
    }

    #[test]
    fn a_misspelt_variable_is_named_with_a_suggestion_and_others_programs_are_left_alone() {
        let (_, warnings) = read(&[("VANGUARD_PROFIL", "strict"), ("PATH", "/bin")]).expect("valid");
        assert_eq!(
            warnings,
            ["VANGUARD_PROFIL is not a variable of this program and has no effect; did you mean VANGUARD_PROFILE?"]
        );
    }

    #[test]
    fn a_secret_never_shows_in_a_warning() {
        let (_, warnings) = read(&[("VANGUARD_OPENAI_KEY", "sk-very-secret")]).expect("valid");
        assert!(!warnings[0].contains("sk-very-secret"));
    }
}
