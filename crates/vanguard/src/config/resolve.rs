//! From what was written to what is meant.

use std::collections::BTreeMap;
use std::path::PathBuf;

use vanguard_audit::evidence::EvidenceConfig;
use vanguard_audit::{AuditConfig, OnFailure};
use vanguard_engine::engine::INSPECTION;
use vanguard_engine::finding::Action;
use vanguard_engine::policy::{DenyAs, Profile};

use super::access::{Takes, Tools};
use super::behaviour::Watched;
use super::decision_point::Asked;
use super::entry::Entrance;
use super::gateway::{self, Bounded};
use super::origin::pick;
use super::pins::Pinning;
use super::roles::RoleChange;
use super::semantic::Scored;
use super::sending::Sending;
use super::servers::{Served, ServerName};
use super::serving::Serving;
use super::written::{Audit, Compat, Exception, PortList, SandboxMode, Stderr};
use super::zone::Zone;
use super::{Layer, Origin, Set, Written};
use crate::exit::Failure;

/// What holds, each value with its origin.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) profile: Set<Profile>,
    pub(crate) rule_dirs: Vec<Set<PathBuf>>,
    pub(crate) overrides: BTreeMap<String, Set<Action>>,
    pub(crate) exceptions: Vec<Set<Exception>>,
    /// By tool glob and argument.
    pub(crate) roles: BTreeMap<(String, String), Set<RoleChange>>,
    /// By tool glob.
    pub(crate) tools: Vec<Set<(Tools, Takes)>>,
    pub(crate) limits: Bounds,
    pub(crate) resolve_hosts: Set<bool>,
    pub(crate) behaviour: Watched,
    pub(crate) semantic: Scored,
    pub(crate) policy: Asked,
    pub(crate) pins: Pinning,
    pub(crate) audit: Record,
    pub(crate) deny_as: Set<DenyAs>,
    pub(crate) expose_block_reason: Set<bool>,
    pub(crate) compat: Set<Compat>,
    pub(crate) server: Child,
    /// By name.
    pub(crate) servers: Vec<Set<(ServerName, Served)>>,
    /// Each list must name what is started.
    pub(crate) allowed_commands: Vec<Set<Vec<String>>>,
    pub(crate) zones: Vec<Set<Zone>>,
    pub(crate) sandbox: Walled,
    pub(crate) entry: Entrance,
    pub(crate) serving: Serving,
    pub(crate) gateway: Vec<Bounded>,
    pub(crate) drain_seconds: Set<u32>,
    pub(crate) grace_seconds: Set<u32>,
    pub(crate) update_source: Set<Option<String>>,
    pub(crate) update_key: Set<Option<String>>,
}

/// The limits of a message.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub(crate) message_bytes: Set<usize>,
    pub(crate) string_bytes: Set<usize>,
    pub(crate) depth: Set<usize>,
    pub(crate) batch: Set<usize>,
    pub(crate) nodes: Set<usize>,
    pub(crate) inspection_ms: Set<usize>,
}

/// Where and how the record is kept.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// `none` for no record; `None` where nobody named a file: then the user's state directory is meant.
    pub(crate) path: Set<Option<String>>,
    pub(crate) max_bytes: Set<u64>,
    pub(crate) keep: Set<u32>,
    pub(crate) on_failure: Set<OnFailure>,
    pub(crate) fsync: Set<bool>,
    /// `none` for no evidence; `None` where nobody named a directory: then it is kept where the record is.
    pub(crate) dir: Set<Option<String>>,
    pub(crate) dir_max_bytes: Set<u64>,
    pub(crate) sending: Sending,
}

/// The server to run.
#[derive(Debug, Clone)]
pub(crate) struct Child {
    pub(crate) command: Set<Vec<String>>,
    pub(crate) name: Set<Option<String>>,
    pub(crate) env: Set<BTreeMap<String, String>>,
    pub(crate) cwd: Set<Option<PathBuf>>,
    pub(crate) stderr: Set<Stderr>,
}

/// How far the server is walled in.
#[derive(Debug, Clone)]
pub(crate) struct Walled {
    /// `None` where nobody said: then it depends on zones and profile.
    pub(crate) mode: Set<Option<SandboxMode>>,
    pub(crate) profile: Set<Option<String>>,
    pub(crate) connect: Set<Option<PortList>>,
    pub(crate) bind: Set<Option<PortList>>,
    pub(crate) env: Vec<Set<String>>,
    /// `None` where nobody said: then it depends on the server's profile.
    pub(crate) unix_sockets: Set<Option<bool>>,
    pub(crate) namespaces: Set<Option<bool>>,
    pub(crate) io_uring: Set<bool>,
    /// `None` where nobody said: then it depends on the mode.
    pub(crate) record_outside: Set<Option<bool>>,
    pub(crate) processes: Set<u64>,
    pub(crate) files: Set<u64>,
    pub(crate) address_space: Set<Option<u64>>,
}

impl Walled {
    fn from_layers(layers: &[Layer]) -> Self {
        let limits = vanguard_sandbox::Limits::default();
        Self {
            mode: pick(layers, None, |w| w.sandbox.mode.map(Some)),
            profile: pick(layers, None, |w| w.sandbox.profile.clone().map(Some)),
            connect: pick(layers, None, |w| w.sandbox.connect.clone().map(Some)),
            bind: pick(layers, None, |w| w.sandbox.bind.clone().map(Some)),
            env: gather(layers, |w| w.sandbox.env.clone()),
            unix_sockets: pick(layers, None, |w| w.sandbox.unix_sockets.map(Some)),
            namespaces: pick(layers, None, |w| w.sandbox.namespaces.map(Some)),
            io_uring: pick(layers, false, |w| w.sandbox.io_uring),
            record_outside: pick(layers, None, |w| w.sandbox.record_outside.map(Some)),
            processes: pick(layers, limits.processes, |w| w.sandbox.processes),
            files: pick(layers, limits.files, |w| w.sandbox.files),
            address_space: pick(layers, limits.address_space, |w| w.sandbox.address_space.map(Some)),
        }
    }
}

impl Settings {
    /// Resolves `layers`, strongest first.
    pub(crate) fn from_layers(mut layers: Vec<Layer>) -> Result<Self, Failure> {
        let profile = pick(&layers, Profile::default(), |w| w.profile);
        layers.push(Layer { origin: Origin::Profile(profile.value), written: implied(profile.value) });
        let layers = layers.as_slice();
        let bounds = vanguard_wire::Limits::default();
        let inspection = usize::try_from(INSPECTION.as_millis()).unwrap_or(usize::MAX);
        let settings = Self {
            rule_dirs: gather(layers, |w| w.rules.dirs.clone()),
            overrides: overrides(layers),
            exceptions: gather(layers, |w| w.rules.exceptions.clone()),
            roles: roles(layers),
            tools: gather(layers, |w| w.tools.clone().map(|tools| tools.into_iter().collect())),
            limits: Bounds {
                message_bytes: pick(layers, bounds.message_bytes, |w| w.limits.message_bytes),
                string_bytes: pick(layers, bounds.string_bytes, |w| w.limits.string_bytes),
                depth: pick(layers, bounds.depth, |w| w.limits.depth),
                batch: pick(layers, bounds.batch, |w| w.limits.batch),
                nodes: pick(layers, bounds.nodes, |w| w.limits.nodes),
                inspection_ms: pick(layers, inspection, |w| w.limits.inspection_ms),
            },
            resolve_hosts: pick(layers, false, |w| w.resolve_hosts),
            behaviour: Watched::from_layers(layers),
            semantic: Scored::from_layers(layers),
            policy: Asked::from_layers(layers),
            pins: Pinning::from_layers(layers),
            audit: Record {
                path: pick(layers, None, |w| w.audit.path.clone().map(Some)),
                max_bytes: pick(layers, AuditConfig::MAX_BYTES, |w| w.audit.max_bytes),
                keep: pick(layers, AuditConfig::KEEP, |w| w.audit.keep),
                on_failure: pick(layers, OnFailure::default(), |w| w.audit.on_failure),
                fsync: pick(layers, true, |w| w.audit.fsync),
                dir: pick(layers, None, |w| w.audit.dir.clone().map(Some)),
                dir_max_bytes: pick(layers, EvidenceConfig::MAX_BYTES, |w| w.audit.dir_max_bytes),
                sending: Sending::from_layers(layers),
            },
            deny_as: pick(layers, DenyAs::default(), |w| w.deny_as),
            expose_block_reason: pick(layers, false, |w| w.expose_block_reason),
            compat: pick(layers, Compat::None, |w| w.compat),
            server: Child {
                command: pick(layers, Vec::new(), |w| w.server.command.clone()),
                name: pick(layers, None, |w| w.server.name.clone().map(Some)),
                env: pick(layers, BTreeMap::new(), |w| w.server.env.clone()),
                cwd: pick(layers, None, |w| w.server.cwd.clone().map(Some)),
                stderr: pick(layers, Stderr::Prefix, |w| w.server.stderr),
            },
            servers: servers(layers),
            allowed_commands: gather(layers, |w| w.allowed_commands.clone().map(|list| vec![list])),
            zones: gather(layers, |w| w.zones.clone()),
            sandbox: Walled::from_layers(layers),
            entry: Entrance::from_layers(layers),
            serving: Serving::from_layers(layers),
            gateway: gateway::from_layers(layers),
            drain_seconds: pick(layers, 30, |w| w.shutdown.drain_seconds),
            grace_seconds: pick(layers, 2, |w| w.shutdown.grace_seconds),
            update_source: pick(layers, None, |w| w.update.source.clone().map(Some)),
            update_key: pick(layers, None, |w| w.update.key.clone().map(Some)),
            profile,
        };
        settings.within_reason()?;
        settings.semantic.within_reason()?;
        settings.policy.within_reason()?;
        settings.audit.sending.within_reason()?;
        Ok(settings)
    }

    /// Refuses values that cannot work, whoever gave them.
    fn within_reason(&self) -> Result<(), Failure> {
        let limits = &self.limits;
        for (key, set, least, most) in [
            ("limits.message_bytes", &limits.message_bytes, 1024, 1 << 30),
            ("limits.string_bytes", &limits.string_bytes, 256, 1 << 30),
            // The reader of messages is not recursive, but those of many servers are.
            ("limits.depth", &limits.depth, 4, 512),
            ("limits.batch", &limits.batch, 1, 10_000),
            ("limits.nodes", &limits.nodes, 64, 50_000_000),
            ("limits.inspection_ms", &limits.inspection_ms, 10, 60_000),
        ] {
            if set.value < least || set.value > most {
                return Err(out_of_range(key, set.value as u64, (least as u64, most as u64), &set.origin));
            }
        }
        for (key, set, least) in [
            ("audit.max_bytes", &self.audit.max_bytes, 4096),
            ("audit.dir_max_bytes", &self.audit.dir_max_bytes, 16 << 20),
        ] {
            if set.value < least {
                return Err(out_of_range(key, set.value, (least, u64::MAX), &set.origin));
            }
        }
        for (key, set) in
            [("shutdown.drain_seconds", &self.drain_seconds), ("shutdown.grace_seconds", &self.grace_seconds)]
        {
            if set.value > 3600 {
                return Err(out_of_range(key, u64::from(set.value), (0, 3600), &set.origin));
            }
        }
        for Bounded { key, set, least, most } in &self.gateway {
            if !(*least..=*most).contains(&set.value) {
                return Err(out_of_range(key, set.value.into(), ((*least).into(), (*most).into()), &set.origin));
            }
        }
        Ok(())
    }
}

fn out_of_range(key: &str, value: u64, (least, most): (u64, u64), origin: &Origin) -> Failure {
    Failure::Configuration(format!("{key} is {value} ({origin}); it must lie between {least} and {most}"))
}

/// What a profile says beyond the actions of rules.
fn implied(profile: Profile) -> Written {
    // Monitoring promises not to interfere, so a full disk must not.
    let on_failure = (profile == Profile::Monitor).then_some(OnFailure::Warn);
    Written { audit: Audit { on_failure, ..Audit::default() }, ..Written::default() }
}

/// The entries of a list key from all layers, strongest first.
pub(super) fn gather<T>(layers: &[Layer], get: impl Fn(&Written) -> Option<Vec<T>>) -> Vec<Set<T>> {
    layers
        .iter()
        .flat_map(|layer| {
            let origin = layer.origin.clone();
            get(&layer.written).unwrap_or_default().into_iter().map(move |value| Set { value, origin: origin.clone() })
        })
        .collect()
}

/// Servers of all layers; for one name the strongest layer speaks.
fn servers(layers: &[Layer]) -> Vec<Set<(ServerName, Served)>> {
    let mut all: Vec<Set<(ServerName, Served)>> = Vec::new();
    for set in gather(layers, |w| w.servers.clone().map(|servers| servers.0)) {
        if !all.iter().any(|known| known.value.0 == set.value.0) {
            all.push(set);
        }
    }
    all
}

/// Overrides of all layers; for one rule the strongest layer speaks.
fn overrides(layers: &[Layer]) -> BTreeMap<String, Set<Action>> {
    let mut all = BTreeMap::new();
    for layer in layers {
        for (rule, action) in layer.written.rules.overrides.iter().flatten() {
            all.entry(rule.clone()).or_insert_with(|| Set { value: *action, origin: layer.origin.clone() });
        }
    }
    all
}

/// Corrections of all layers; for one argument of one tool the strongest layer speaks.
fn roles(layers: &[Layer]) -> BTreeMap<(String, String), Set<RoleChange>> {
    let mut all = BTreeMap::new();
    for layer in layers {
        for (tool, arguments) in layer.written.roles.iter().flatten() {
            for (argument, change) in arguments {
                all.entry((tool.clone(), argument.clone()))
                    .or_insert_with(|| Set { value: change.clone(), origin: layer.origin.clone() });
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::parse;

    fn layer(origin: Origin, text: &str) -> Layer {
        Layer { origin, written: parse(text, "x").expect("valid") }
    }

    #[test]
    fn the_strongest_source_speaks_and_is_remembered() {
        let settings = Settings::from_layers(vec![
            layer(Origin::Flag("--profile"), "profile: strict"),
            layer(Origin::User("u.yaml".into()), "profile: monitor\nlimits: {depth: 32}"),
        ])
        .expect("valid");
        assert_eq!((settings.profile.value, settings.profile.origin), (Profile::Strict, Origin::Flag("--profile")));
        assert_eq!(settings.limits.depth.value, 32);
        assert_eq!(settings.limits.batch.origin, Origin::Default);
    }

    #[test]
    fn lists_add_up_and_overrides_merge_by_rule() {
        let settings = Settings::from_layers(vec![
            layer(Origin::Flag("--rules-dir"), "rules: {dirs: [a], overrides: {A: block}}"),
            layer(Origin::User("u".into()), "rules: {dirs: [b], overrides: {A: off, B: warn}}"),
        ])
        .expect("valid");
        assert_eq!(settings.rule_dirs.iter().map(|d| d.value.to_str().expect("utf-8")).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(settings.overrides["A"].value, Action::Block);
        assert_eq!(settings.overrides["B"].value, Action::Warn);
    }

    #[test]
    fn monitoring_never_interferes_for_want_of_a_disk() {
        let settings =
            Settings::from_layers(vec![layer(Origin::Flag("--profile"), "profile: monitor")]).expect("valid");
        assert_eq!(settings.audit.on_failure.value, OnFailure::Warn);
        assert_eq!(settings.audit.on_failure.origin, Origin::Profile(Profile::Monitor));
    }

    #[test]
    fn a_limit_at_its_edge_holds_and_one_beyond_is_refused() {
        for (text, fits) in
            [("limits: {depth: 512}", true), ("limits: {depth: 513}", false), ("limits: {depth: 3}", false)]
        {
            assert_eq!(Settings::from_layers(vec![layer(Origin::Flag("x"), text)]).is_ok(), fits, "{text}");
        }
    }
}
