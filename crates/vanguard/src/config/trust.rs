//! What a `vanguard.yaml` in the working directory may say without being trusted.
//!
//! Whoever wrote the directory wrote that file, and an agent's working directory may be a stranger's repository. Such a file
//! may ask for more protection, never for less, and may name neither a program to run nor a file to write.

use std::path::Path;

use vanguard_engine::finding::Action;

use super::written::SandboxMode;
use super::{Settings, Written};
use crate::exit::Failure;

/// Refuses `written` where it would weaken what `others` (all other sources) resolve to.
pub(crate) fn check(written: &Written, others: &Settings, path: &Path) -> Result<(), Failure> {
    let keys = loosening(written, others);
    if keys.is_empty() {
        return Ok(());
    }
    Err(Failure::Configuration(format!(
        "{}: {} would weaken or redirect the protection, and a file in the working directory may be anyone's. Move {} to your \
         own configuration, or pass --trust-project (or set trust_project: true in your own file) if you trust this directory",
        path.display(),
        keys.join(", "),
        if keys.len() == 1 { "it" } else { "them" },
    )))
}

/// The keys that an untrusted file must not set as it does.
fn loosening(written: &Written, others: &Settings) -> Vec<String> {
    let mut keys = Vec::new();
    let mut refuse = |yes: bool, key: &str| {
        if yes {
            keys.push(key.to_owned());
        }
    };
    refuse(written.profile.is_some_and(|profile| (profile as u8) < others.profile.value as u8), "profile");
    if let Some(overrides) = &written.rules.overrides {
        for (rule, _) in overrides.iter().filter(|(_, action)| **action < Action::Block) {
            refuse(true, &format!("rules.overrides.{rule}"));
        }
    }
    refuse(written.rules.exceptions.as_ref().is_some_and(|list| !list.is_empty()), "rules.exceptions");
    for (tool, arguments) in written.roles.iter().flatten() {
        for (argument, _) in arguments.iter().filter(|(_, change)| change.loosens()) {
            refuse(true, &format!("roles.{tool}.{argument}"));
        }
    }
    let limits = &others.limits;
    for (key, asked, held) in [
        ("message_bytes", written.limits.message_bytes, limits.message_bytes.value),
        ("string_bytes", written.limits.string_bytes, limits.string_bytes.value),
        ("depth", written.limits.depth, limits.depth.value),
        ("batch", written.limits.batch, limits.batch.value),
        ("nodes", written.limits.nodes, limits.nodes.value),
        ("inspection_ms", written.limits.inspection_ms, limits.inspection_ms.value),
    ] {
        refuse(asked.is_some_and(|asked| asked > held), &format!("limits.{key}"));
    }
    refuse(written.resolve_hosts == Some(false) && others.resolve_hosts.value, "resolve_hosts");
    let semantic = &others.semantic;
    // Who decides, and what is told to whom, is the user's to say.
    let given = written.semantic.loosens(semantic).into_iter().chain(written.policy.given());
    let given = given.chain(written.audit.export.given());
    for key in given.chain(written.behaviour.redirects()) {
        refuse(true, key);
    }
    refuse(written.pins.mode.is_some_and(|mode| mode < others.pins.mode.value), "pins.mode");
    refuse(written.pins.path.is_some(), "pins.path");
    let audit = &written.audit;
    refuse(audit.path.is_some(), "audit.path");
    refuse(audit.max_bytes.is_some(), "audit.max_bytes");
    refuse(audit.keep.is_some(), "audit.keep");
    refuse(audit.on_failure.is_some(), "audit.on_failure");
    refuse(audit.fsync == Some(false), "audit.fsync");
    refuse(audit.dir.is_some(), "audit.dir");
    refuse(audit.dir_max_bytes.is_some(), "audit.dir_max_bytes");
    // Where something is sent is the user's to say, and how often.
    refuse(audit.anchor.calendars.is_some(), "audit.anchor.calendars");
    refuse(audit.anchor.least.is_some(), "audit.anchor.least");
    refuse(audit.anchor.interval_seconds.is_some(), "audit.anchor.interval_seconds");
    refuse(audit.vex.url.is_some(), "audit.vex.url");
    refuse(audit.vex.agent.is_some(), "audit.vex.agent");
    refuse(audit.vex.interval_seconds.is_some(), "audit.vex.interval_seconds");
    refuse(audit.witnesses.is_some(), "audit.witnesses");
    refuse(written.expose_block_reason == Some(true), "expose_block_reason");
    let server = &written.server;
    refuse(server.command.is_some(), "server.command");
    refuse(server.name.is_some(), "server.name");
    refuse(server.env.is_some(), "server.env");
    refuse(server.cwd.is_some(), "server.cwd");
    refuse(server.stderr.is_some(), "server.stderr");
    refuse(written.servers.is_some(), "servers");
    // Which directories a server may touch is the user's to say: to add a zone is to open a wall, to name the first is to
    // close all others.
    refuse(written.zones.is_some(), "zones");
    let walls = &written.sandbox;
    let weaker = |mode: SandboxMode| mode < others.sandbox.mode.value.unwrap_or(SandboxMode::Off);
    refuse(walls.mode.is_some_and(weaker), "sandbox.mode");
    refuse(walls.profile.is_some(), "sandbox.profile");
    refuse(walls.connect.is_some(), "sandbox.connect");
    refuse(walls.bind.is_some(), "sandbox.bind");
    refuse(walls.env.is_some(), "sandbox.env");
    refuse(walls.unix_sockets == Some(true), "sandbox.unix_sockets");
    refuse(walls.namespaces == Some(true), "sandbox.namespaces");
    refuse(walls.io_uring == Some(true), "sandbox.io_uring");
    refuse(walls.record_outside == Some(false), "sandbox.record_outside");
    refuse(walls.processes.is_some_and(|n| n > others.sandbox.processes.value), "sandbox.processes");
    refuse(walls.files.is_some_and(|n| n > others.sandbox.files.value), "sandbox.files");
    refuse(walls.address_space.is_some(), "sandbox.address_space");
    // Who may enter is for those to say who run the gateway.
    let entry = &written.entry;
    refuse(entry.keys.is_some(), "entry.keys");
    refuse(entry.public_url.is_some(), "entry.public_url");
    refuse(entry.tls.certificate.is_some(), "entry.tls.certificate");
    refuse(entry.tls.key.is_some(), "entry.tls.key");
    refuse(entry.tls.client_ca.is_some(), "entry.tls.client_ca");
    refuse(entry.tls.client_crl.is_some(), "entry.tls.client_crl");
    refuse(entry.jwt.issuer.is_some(), "entry.jwt.issuer");
    refuse(entry.jwt.audience.is_some(), "entry.jwt.audience");
    refuse(entry.jwt.jwks_url.is_some(), "entry.jwt.jwks_url");
    refuse(entry.jwt.jwks_file.is_some(), "entry.jwt.jwks_file");
    refuse(entry.jwt.algorithms.is_some(), "entry.jwt.algorithms");
    refuse(entry.allow_from.is_some(), "entry.allow_from");
    refuse(entry.trusted_proxies.is_some(), "entry.trusted_proxies");
    refuse(entry.rate.is_some(), "entry.rate");
    refuse(entry.address_rate.is_some(), "entry.address_rate");
    refuse(entry.open.is_some(), "entry.open");
    for key in written.gateway.keys() {
        refuse(true, key);
    }
    refuse(written.update.source.is_some(), "update.source");
    refuse(written.update.key.is_some(), "update.key");
    refuse(written.trust_project.is_some(), "trust_project");
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::parse;

    fn asked(text: &str) -> Vec<String> {
        loosening(&parse(text, "x").expect("valid"), &Settings::from_layers(Vec::new()).expect("defaults"))
    }

    #[test]
    fn a_strangers_file_may_tighten() {
        let text = "profile: strict\nrules: {dirs: [rules], overrides: {FS-001: block}}\nlimits: {depth: 8}\ndeny_as: tool_result\nresolve_hosts: true\ntools: {a: {require_role: b}}\nallowed_commands: [npx]\nroles: {t: {x: [path, command]}}\n";
        assert!(asked(text).is_empty());
    }

    #[test]
    fn a_strangers_file_may_not_loosen() {
        for (text, key) in [
            ("profile: monitor", "profile"),
            ("rules: {overrides: {FS-001: off}}", "rules.overrides.FS-001"),
            ("rules: {overrides: {FS-001: warn}}", "rules.overrides.FS-001"),
            ("rules: {exceptions: [{rule: '*', reason: x}]}", "rules.exceptions"),
            ("roles: {'*': {path: {remove: path}}}", "roles.*.path"),
            ("roles: {'*': {path: {only: [id]}}}", "roles.*.path"),
            ("roles: {'*': {path: opaque}}", "roles.*.path"),
            ("limits: {depth: 100000}", "limits.depth"),
            ("behaviour: {enabled: false}", "behaviour.enabled"),
            ("behaviour: {limits: {BEH-001: {most: 1000000}}}", "behaviour.limits"),
            ("behaviour: {tools: {'*': []}}", "behaviour.tools"),
            ("behaviour: {redis: {url: 'redis://evil'}}", "behaviour.redis.url"),
            ("behaviour: {redis: {ca_file: x}}", "behaviour.redis.ca_file"),
            ("policy: {url: 'https://evil.example'}", "policy.url"),
            ("policy: {kind: opa}", "policy.kind"),
            ("policy: {bundle: policies}", "policy.bundle"),
            ("policy: {rule: data.x}", "policy.rule"),
            ("policy: {may_lift: [FS-003]}", "policy.may_lift"),
            ("policy: {deadline_ms: 1}", "policy.deadline_ms"),
            ("policy: {on_failure: warn}", "policy.on_failure"),
            ("semantic: {enabled: false}", "semantic.enabled"),
            ("semantic: {warn: 0.9}", "semantic.warn"),
            ("semantic: {block: 0.9}", "semantic.block"),
            ("semantic: {backend: ollama}", "semantic.backend"),
            ("semantic: {mode: async}", "semantic.mode"),
            ("semantic: {ask: [acts]}", "semantic.ask"),
            ("semantic: {on_failure: open}", "semantic.on_failure"),
            ("semantic: {ca_file: x}", "semantic.ca_file"),
            ("semantic: {ollama: {url: 'http://elsewhere'}}", "semantic.ollama"),
            ("semantic: {openai: {url: 'https://elsewhere'}}", "semantic.openai"),
            ("semantic: {anthropic: {key: k}}", "semantic.anthropic"),
            ("pins: {mode: memory}", "pins.mode"),
            ("pins: {path: x}", "pins.path"),
            ("audit: {path: none}", "audit.path"),
            ("audit: {on_failure: warn}", "audit.on_failure"),
            ("audit: {dir: none}", "audit.dir"),
            ("audit: {anchor: {calendars: ['https://evil.example']}}", "audit.anchor.calendars"),
            ("audit: {export: {to: 'https://evil.example'}}", "audit.export.to"),
            ("audit: {vex: {url: 'https://evil.example'}}", "audit.vex.url"),
            ("expose_block_reason: true", "expose_block_reason"),
            ("server: {command: [evil]}", "server.command"),
            ("server: {env: {LD_PRELOAD: x}}", "server.env"),
            ("servers: {a: {command: evil}}", "servers"),
            ("zones: [{path: /}]", "zones"),
            ("sandbox: {connect: any}", "sandbox.connect"),
            ("sandbox: {profile: playwright}", "sandbox.profile"),
            ("sandbox: {env: [SSH_AUTH_SOCK]}", "sandbox.env"),
            ("sandbox: {unix_sockets: true}", "sandbox.unix_sockets"),
            ("entry: {keys: x}", "entry.keys"),
            ("entry: {tls: {certificate: x}}", "entry.tls.certificate"),
            ("entry: {tls: {key: x}}", "entry.tls.key"),
            ("entry: {tls: {client_ca: x}}", "entry.tls.client_ca"),
            ("entry: {tls: {client_crl: x}}", "entry.tls.client_crl"),
            ("entry: {jwt: {issuer: x}}", "entry.jwt.issuer"),
            ("entry: {trusted_proxies: [0.0.0.0/0]}", "entry.trusted_proxies"),
            ("gateway: {forward_proxy: sign-in}", "gateway.forward_proxy"),
            ("gateway: {metrics_listen: '0.0.0.0:9090'}", "gateway.metrics_listen"),
            ("gateway: {access_log: /etc/passwd}", "gateway.access_log"),
            ("update: {key: x}", "update.key"),
            ("trust_project: true", "trust_project"),
        ] {
            assert_eq!(asked(text), [key], "{text}");
        }
    }
}
