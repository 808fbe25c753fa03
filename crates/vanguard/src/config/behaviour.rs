//! What is made of what a session has done, as it is written and as it is meant.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use globset::GlobBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vanguard_engine::behaviour::{Counted, Effects, Limit, MAX_SEQUENCES, Per, Sequence, ToolEffects};
use vanguard_engine::finding::Action;
use vanguard_engine::policy::Profile;
use vanguard_state::{Local, RedisConfig};

use super::origin::pick;
use super::resolve::gather;
use super::{Layer, Set};
use crate::exit::Failure;

/// What only shows over time: limits, sequences of calls, flows of data.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Behaviour {
    /// Whether it is judged.
    pub(crate) enabled: Option<bool>,
    /// How much of what may be in how long, by the rule's id (`BEH-001`): `most`, `seconds`, `per` (`session`, `principal` or `tool`) and
    /// `action`. A `most` without an action refuses what is beyond it; with `throttle: true` it holds up calls beyond it instead. Another id is a limit of your own, which `counts` `calls`, `reads`,
    /// `lists`, `writes`, `sends`, `runs` (of tools), `results`, `brought` or `sent` (bytes), `refusals`, or `suspected` (calls in which something is found). For each part the strongest source speaks.
    pub(crate) limits: Option<BTreeMap<String, LimitChange>>,
    /// What tools do, where their names mislead, by glob over tool names: a list of `reads`, `lists`, `writes`, `sends`, `runs`, `private`
    /// (what they bring is somebody's own) and `untrusted` (anybody may have written it), in the place of what is found.
    pub(crate) tools: Option<BTreeMap<String, Vec<EffectName>>>,
    /// Parts of paths that lead to places for credentials, beside those that are known (`/srv/keys/`), without regard to case. Those of all
    /// sources add up.
    pub(crate) sensitive: Option<Vec<String>>,
    /// YAML files with sequences of your own: what calls mean one after the other. Those of all sources add up.
    pub(crate) sequences: Option<Vec<PathBuf>>,
    /// Whether it is told what is unlike the calls that a session made before, in size, effect or haste. It refuses nothing.
    pub(crate) unusual: Option<bool>,
    /// Where limits by principal and tool are counted for several proxies together.
    pub(crate) redis: Redis,
}

/// Where several proxies count together.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Redis {
    /// Address of Redis or Valkey: `redis://user:password@host:6379/0`, `rediss://…` for TLS, `redis+unix:///path`;
    /// `redis+cluster://host,host:7000` for nodes of a cluster; `redis+sentinel://host,host:26379/master/0` where sentinels name the master.
    /// Shown masked.
    pub(crate) url: Option<String>,
    /// PEM file of who may vouch for it over TLS, in the place of the public authorities.
    pub(crate) ca_file: Option<PathBuf>,
    /// Whether calls are refused that cannot be counted there; else this proxy counts alone for as long. In `strict` by default.
    pub(crate) strict: Option<bool>,
    /// Milliseconds that its answer may take: 1 to 10,000.
    pub(crate) deadline_ms: Option<u32>,
}

/// Parts of a limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct LimitChange {
    /// What is counted, of a limit of your own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counts: Option<String>,
    /// What may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) most: Option<u64>,
    /// How far back it is counted: 1 to 86,400.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<u32>,
    /// For whom it is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<PerName>")]
    pub(crate) per: Option<Per>,
    /// What more asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<super::written::ActionName>")]
    pub(crate) action: Option<Action>,
    /// Whether calls beyond it are held up, at most for two seconds each, instead of refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) throttle: Option<bool>,
    /// Whether `most` changes nothing about what more asks for, as one limit of 1.5.0 has it.
    #[serde(skip)]
    pub(crate) gently: bool,
}

/// What a tool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum EffectName {
    Reads,
    Lists,
    Writes,
    Sends,
    Runs,
    Private,
    Untrusted,
}

/// The names of [`Per`], for the schema.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
#[expect(dead_code, reason = "stands for an engine type in the schema only")]
enum PerName {
    Session,
    Principal,
    Tool,
}

/// What holds.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) enabled: Set<bool>,
    /// By the rule's id.
    pub(crate) limits: BTreeMap<String, Set<LimitChange>>,
    /// By tool glob.
    pub(crate) tools: BTreeMap<String, Set<Vec<EffectName>>>,
    pub(crate) sensitive: Vec<Set<String>>,
    pub(crate) sequences: Vec<Set<PathBuf>>,
    pub(crate) unusual: Set<bool>,
    pub(crate) redis_url: Set<Option<String>>,
    pub(crate) redis_ca_file: Set<Option<PathBuf>>,
    /// `None` where nobody said: then it depends on the profile.
    pub(crate) redis_strict: Set<Option<bool>>,
    pub(crate) redis_deadline_ms: Set<u32>,
}

/// The longest window, in seconds.
const LONGEST: u32 = 86_400;

impl Watched {
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        let mut limits: BTreeMap<String, Set<LimitChange>> = BTreeMap::new();
        let mut tools = BTreeMap::new();
        for layer in layers {
            for (id, change) in layer.written.behaviour.limits.iter().flatten() {
                let known = limits
                    .entry(id.clone())
                    .or_insert_with(|| Set { value: LimitChange::default(), origin: layer.origin.clone() });
                let known = &mut known.value;
                if known.most.is_none() {
                    (known.most, known.gently) = (change.most, change.gently);
                }
                known.action = known.action.or(change.action);
                known.throttle = known.throttle.or(change.throttle);
                known.counts = known.counts.clone().or_else(|| change.counts.clone());
                known.seconds = known.seconds.or(change.seconds);
                known.per = known.per.or(change.per);
            }
            for (glob, effects) in layer.written.behaviour.tools.iter().flatten() {
                tools
                    .entry(glob.clone())
                    .or_insert_with(|| Set { value: effects.clone(), origin: layer.origin.clone() });
            }
        }
        let sensitive = gather(layers, |w| w.behaviour.sensitive.clone());
        Self {
            enabled: pick(layers, true, |w| w.behaviour.enabled),
            limits,
            tools,
            sensitive,
            sequences: gather(layers, |w| w.behaviour.sequences.clone()),
            unusual: pick(layers, false, |w| w.behaviour.unusual),
            redis_ca_file: pick(layers, None, |w| w.behaviour.redis.ca_file.clone().map(Some)),
            redis_url: pick(layers, None, |w| w.behaviour.redis.url.clone().map(Some)),
            redis_strict: pick(layers, None, |w| w.behaviour.redis.strict.map(Some)),
            redis_deadline_ms: pick(layers, 5, |w| w.behaviour.redis.deadline_ms),
        }
    }

    /// What remembers, if anything is to be.
    pub(crate) fn memory(&self, profile: Profile) -> Result<Option<Local>, Failure> {
        if !self.enabled.value {
            return Ok(None);
        }
        let Some(url) = self.redis_url.value.as_ref().filter(|url| !url.is_empty()) else {
            return Ok(Some(Local::new()));
        };
        let deadline = self.redis_deadline_ms.value;
        if !(1..=10_000).contains(&deadline) {
            let origin = &self.redis_deadline_ms.origin;
            return Err(Failure::Configuration(format!(
                "behaviour.redis.deadline_ms is {deadline} ({origin}); it must lie between 1 and 10000"
            )));
        }
        let roots = self.redis_ca_file.value.as_ref().map(|file| {
            let origin = &self.redis_ca_file.origin;
            std::fs::read(file).map_err(|error| {
                Failure::Configuration(format!("behaviour.redis.ca_file ({origin}): {}: {error}", file.display()))
            })
        });
        let config = RedisConfig {
            url: url.clone(),
            roots: roots.transpose()?,
            deadline: Duration::from_millis(deadline.into()),
            strict: self.redis_strict.value.unwrap_or(profile == Profile::Strict),
        };
        let origin = &self.redis_url.origin;
        Local::in_redis(config)
            .map(Some)
            .map_err(|error| Failure::Configuration(format!("behaviour.redis.url ({origin}): {error}")))
    }

    /// What the engine judges by, if it is to.
    pub(crate) fn meant(&self, profile: Profile) -> Result<Option<vanguard_engine::Behaviour>, Failure> {
        if !self.enabled.value {
            return Ok(None);
        }
        let mut behaviour = vanguard_engine::Behaviour::of(profile);
        for (id, set) in &self.limits {
            let failed =
                |what: String| Failure::Configuration(format!("behaviour.limits.{id} ({}): {what}", set.origin));
            if let Some(counts) = &set.value.counts {
                behaviour.limits.push(set.value.own(id, counts).map_err(failed)?);
            }
            let known: Vec<String> = behaviour.limits.iter().map(|limit| limit.info.id.to_string()).collect();
            let Some(limit) = behaviour.limits.iter_mut().rfind(|limit| limit.info.id == **id) else {
                let known = known.join(", ");
                return Err(failed(format!("known are {known}; one of your own says what it `counts`")));
            };
            set.value.apply(limit).map_err(failed)?;
        }
        for (glob, set) in &self.tools {
            let failed =
                |error| Failure::Configuration(format!("behaviour.tools.{glob} ({}): is no glob: {error}", set.origin));
            let tools = GlobBuilder::new(glob).case_insensitive(true).build().map_err(failed)?.compile_matcher();
            let effects = set.value.iter().fold(Effects::empty(), |all, name| all | name.effect());
            behaviour.effects.push(ToolEffects { tools, effects });
        }
        for Set { value: file, origin } in &self.sequences {
            let failed = |what: &dyn std::fmt::Display| {
                Failure::Configuration(format!("behaviour.sequences ({origin}): {}: {what}", file.display()))
            };
            let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
            for own in Sequence::read(&text, profile).map_err(|error| failed(&error))? {
                if behaviour.infos().any(|info| info.id == own.info.id) {
                    return Err(failed(&format!("{} is the id of another check", own.info.id)));
                }
                behaviour.sequences.push(own);
            }
        }
        if behaviour.sequences.len() > MAX_SEQUENCES {
            let what = format!(
                "behaviour.sequences: {} in all; at most {MAX_SEQUENCES} are followed",
                behaviour.sequences.len()
            );
            return Err(Failure::Configuration(what));
        }
        behaviour.unusual = self.unusual.value;
        // An empty part would be part of every path.
        let parts =
            self.sensitive.iter().map(|set| set.value.trim().to_ascii_lowercase()).filter(|part| !part.is_empty());
        behaviour.sensitive.extend(parts.map(Into::into));
        Ok(Some(behaviour))
    }
}

impl LimitChange {
    /// A limit of the user's own.
    fn own(&self, id: &str, counts: &str) -> Result<Limit, String> {
        let counted = Counted::named(counts).ok_or_else(|| format!("`{counts}` is nothing that is counted"))?;
        let (Some(most), Some(seconds)) = (self.most, self.seconds) else {
            return Err("say `most` and `seconds`".to_owned());
        };
        Ok(Limit::own(id.to_owned(), counted, Duration::from_secs(seconds.into()), most))
    }

    fn apply(&self, limit: &mut Limit) -> Result<(), String> {
        if let Some(seconds) = self.seconds {
            if !(1..=LONGEST).contains(&seconds) {
                return Err(format!("seconds is {seconds}; it must lie between 1 and {LONGEST}"));
            }
            limit.window = Duration::from_secs(seconds.into());
        }
        if let Some(most) = self.most {
            limit.most = most;
        }
        limit.throttles = self.throttle.unwrap_or(limit.throttles);
        if limit.throttles {
            limit.action = limit.action.min(Action::Warn);
        } else if (self.most.is_some() && !self.gently) || self.throttle == Some(false) {
            limit.action = Action::Block;
        }
        limit.action = self.action.unwrap_or(limit.action);
        limit.per = self.per.unwrap_or(limit.per);
        Ok(())
    }
}

impl EffectName {
    fn effect(self) -> Effects {
        match self {
            Self::Reads => Effects::READS,
            Self::Lists => Effects::LISTS,
            Self::Writes => Effects::WRITES,
            Self::Sends => Effects::SENDS,
            Self::Runs => Effects::RUNS,
            Self::Private => Effects::PRIVATE,
            Self::Untrusted => Effects::UNTRUSTED,
        }
    }
}

impl Behaviour {
    /// Has a limit let `most` pass, or refuse what is beyond those that hold anyway.
    pub(crate) fn limit(&mut self, id: &str, change: LimitChange) {
        self.limits.get_or_insert_default().insert(id.to_owned(), change);
    }

    /// The keys that a file which nobody vouches for must not set.
    pub(crate) fn redirects(&self) -> Vec<&'static str> {
        let keys = [
            ("behaviour.enabled", self.enabled == Some(false)),
            ("behaviour.limits", self.limits.is_some()),
            ("behaviour.tools", self.tools.is_some()),
            ("behaviour.redis.url", self.redis.url.is_some()),
            ("behaviour.redis.ca_file", self.redis.ca_file.is_some()),
            ("behaviour.redis.strict", self.redis.strict == Some(false)),
            ("behaviour.redis.deadline_ms", self.redis.deadline_ms.is_some()),
        ];
        keys.into_iter().filter(|(_, refused)| *refused).map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Origin, file::parse};

    fn watched(texts: &[&str]) -> Watched {
        let layer = |text: &&str| Layer { origin: Origin::Flag("x"), written: parse(text, "x").expect("valid") };
        Watched::from_layers(&texts.iter().map(layer).collect::<Vec<_>>())
    }

    fn reads(texts: &[&str]) -> (u64, u64, Action) {
        let behaviour = watched(texts).meant(Profile::Balanced).expect("valid").expect("on");
        let limit = &behaviour.limits[0];
        (limit.most, limit.window.as_secs(), limit.action)
    }

    #[test]
    fn a_limit_that_somebody_sets_refuses_unless_told_otherwise() {
        assert_eq!(reads(&[]), (50, 10, Action::Warn));
        assert_eq!(reads(&["behaviour: {limits: {BEH-001: {most: 9}}}"]), (9, 10, Action::Block));
        assert_eq!(reads(&["behaviour: {limits: {BEH-001: {most: 9, action: warn}}}"]), (9, 10, Action::Warn));
        assert_eq!(reads(&["behaviour: {limits: {BEH-001: {most: 9, throttle: true}}}"]), (9, 10, Action::Warn));
        let layers = ["behaviour: {limits: {BEH-001: {seconds: 3}}}", "behaviour: {limits: {BEH-001: {most: 9}}}"];
        assert_eq!(reads(&layers), (9, 3, Action::Block));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("behaviour: {limits: {BEH-1: {most: 9}}}", "behaviour.limits.BEH-1 (flag x): known are BEH-001"),
            ("behaviour: {limits: {BEH-001: {seconds: 0}}}", "seconds is 0; it must lie between 1 and 86400"),
            ("behaviour: {limits: {MINE: {counts: hopes, most: 1, seconds: 1}}}", "`hopes` is nothing that is counted"),
            ("behaviour: {limits: {MINE: {counts: reads, most: 1}}}", "say `most` and `seconds`"),
            ("behaviour: {tools: {'[': [reads]}}", "behaviour.tools.[ (flag x): is no glob"),
        ] {
            let failure = watched(&[text]).meant(Profile::Balanced).expect_err("refused").to_string();
            assert!(failure.contains(expected), "{failure}");
        }
    }
}
