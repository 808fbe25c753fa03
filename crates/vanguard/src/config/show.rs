//! `config show`: every key, its value and where it came from, secrets masked.

use std::path::Path;

use serde::Serialize;
use vanguard_gateway::http::Paces;

use super::behaviour::Watched;
use super::decision_point::Asked;
use super::resolve::Record;
use super::semantic::Scored;
use super::servers::Served;
use super::{Origin, Set, Settings};

/// One key as it holds.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// Dotted key.
    pub(crate) key: String,
    /// The value as JSON text.
    pub(crate) value: String,
    /// Where it came from.
    pub(crate) origin: String,
}

/// What stands in the place of a secret.
const MASK: &str = "***";

/// Every key in the order of the configuration file.
pub(crate) fn rows(settings: &Settings, default_record: Option<&Path>) -> Vec<Row> {
    let mut rows = Rows(Vec::new());
    rows.add("profile", &settings.profile, Clone::clone);
    for dir in &settings.rule_dirs {
        rows.add("rules.dirs[]", dir, Clone::clone);
    }
    for (rule, action) in &settings.overrides {
        rows.add(&format!("rules.overrides.{rule}"), action, |action| *action);
    }
    for exception in &settings.exceptions {
        rows.add("rules.exceptions[]", exception, Clone::clone);
    }
    for ((tool, argument), change) in &settings.roles {
        rows.add(&format!("roles.{tool}.{argument}"), change, Clone::clone);
    }
    for tools in &settings.tools {
        rows.add(&format!("tools.{}", tools.value.0), tools, |(_, takes)| takes.clone());
    }
    let limits = &settings.limits;
    rows.add("limits.message_bytes", &limits.message_bytes, |n| *n);
    rows.add("limits.string_bytes", &limits.string_bytes, |n| *n);
    rows.add("limits.depth", &limits.depth, |n| *n);
    rows.add("limits.batch", &limits.batch, |n| *n);
    rows.add("limits.nodes", &limits.nodes, |n| *n);
    rows.add("limits.inspection_ms", &limits.inspection_ms, |n| *n);
    rows.add("resolve_hosts", &settings.resolve_hosts, |yes| *yes);
    rows.behaviour(&settings.behaviour);
    rows.semantic(&settings.semantic);
    rows.policy(&settings.policy);
    rows.add("pins.mode", &settings.pins.mode, |mode| *mode);
    // They lie beside the record unless a directory is named.
    let beside = || default_record.map(|record| record.with_file_name("pins"));
    rows.add("pins.path", &settings.pins.path, |path| path.clone().or_else(beside));
    rows.audit(&settings.audit, default_record);
    rows.add("deny_as", &settings.deny_as, |how| *how);
    rows.add("expose_block_reason", &settings.expose_block_reason, |yes| *yes);
    rows.add("compat", &settings.compat, |release| *release);
    let server = &settings.server;
    rows.add("server.command", &server.command, |words| masked_command(words));
    rows.add("server.name", &server.name, Clone::clone);
    rows.add("server.env", &server.env, |env| {
        env.keys().map(|name| (name.clone(), MASK)).collect::<std::collections::BTreeMap<_, _>>()
    });
    rows.add("server.cwd", &server.cwd, Clone::clone);
    rows.add("server.stderr", &server.stderr, |what| *what);
    for served in &settings.servers {
        rows.add(&format!("servers.{}", served.value.0.0), served, |(_, served)| shown(served));
    }
    for list in &settings.allowed_commands {
        rows.add("allowed_commands", list, Clone::clone);
    }
    for zone in &settings.zones {
        rows.add("zones[]", zone, Clone::clone);
    }
    let walls = &settings.sandbox;
    rows.add("sandbox.mode", &walls.mode, |mode| *mode);
    rows.add("sandbox.profile", &walls.profile, Clone::clone);
    rows.add("sandbox.connect", &walls.connect, Clone::clone);
    rows.add("sandbox.bind", &walls.bind, Clone::clone);
    for name in &walls.env {
        rows.add("sandbox.env[]", name, Clone::clone);
    }
    rows.add("sandbox.unix_sockets", &walls.unix_sockets, |yes| *yes);
    rows.add("sandbox.namespaces", &walls.namespaces, |yes| *yes);
    rows.add("sandbox.io_uring", &walls.io_uring, |yes| *yes);
    rows.add("sandbox.record_outside", &walls.record_outside, |yes| *yes);
    rows.add("sandbox.processes", &walls.processes, |n| *n);
    rows.add("sandbox.files", &walls.files, |n| *n);
    rows.add("sandbox.address_space", &walls.address_space, |n| *n);
    let entry = &settings.entry;
    rows.add("entry.keys", &entry.keys, Clone::clone);
    rows.add("entry.public_url", &entry.public_url, Clone::clone);
    rows.add("entry.tls.certificate", &entry.certificate, Clone::clone);
    rows.add("entry.tls.key", &entry.private_key, Clone::clone);
    rows.add("entry.tls.client_ca", &entry.client_ca, Clone::clone);
    rows.add("entry.tls.client_crl", &entry.client_crl, Clone::clone);
    rows.add("entry.jwt.issuer", &entry.issuer, Clone::clone);
    rows.add("entry.jwt.audience", &entry.audience, Clone::clone);
    rows.add("entry.jwt.jwks_url", &entry.jwks_url, |url| url.as_deref().map(masked_url));
    rows.add("entry.jwt.jwks_file", &entry.jwks_file, Clone::clone);
    rows.add("entry.jwt.algorithms", &entry.algorithms, Clone::clone);
    rows.add("entry.allow_from", &entry.allow_from, Clone::clone);
    rows.add("entry.trusted_proxies", &entry.trusted_proxies, Clone::clone);
    rows.add("entry.rate", &entry.rate, |n| *n);
    rows.add("entry.address_rate", &entry.address_rate, |n| *n);
    rows.add("entry.open", &entry.open, |n| n.map_or(Paces::OPEN, |n| n.get() as usize));
    let serving = &settings.serving;
    rows.add("gateway.forward_proxy", &serving.forward_proxy, |what| *what);
    rows.add("gateway.metrics_listen", &serving.metrics_listen, |address| *address);
    rows.add("gateway.access_log", &serving.access_log, Clone::clone);
    for limit in &settings.gateway {
        rows.add(limit.key, &limit.set, |n| *n);
    }
    rows.add("shutdown.drain_seconds", &settings.drain_seconds, |n| *n);
    rows.add("shutdown.grace_seconds", &settings.grace_seconds, |n| *n);
    rows.add("update.source", &settings.update_source, |source| source.as_deref().map(masked_url));
    rows.add("update.key", &settings.update_key, Clone::clone);
    rows.0
}

struct Rows(Vec<Row>);

impl Rows {
    /// `default_record` is where the record lies unless a file is named; the logs that prove it lie beside.
    fn audit(&mut self, audit: &Record, default_record: Option<&Path>) {
        let unnamed = || default_record.map(|path| path.display().to_string());
        self.add("audit.path", &audit.path, |path| path.clone().or_else(unnamed));
        self.add("audit.max_bytes", &audit.max_bytes, |n| *n);
        self.add("audit.keep", &audit.keep, |n| *n);
        self.add("audit.on_failure", &audit.on_failure, |what| *what);
        self.add("audit.fsync", &audit.fsync, |yes| *yes);
        let beside = || default_record.map(|record| record.with_file_name("audit").display().to_string());
        let none = audit.path.value.as_deref() == Some("none");
        self.add("audit.dir", &audit.dir, |dir| {
            dir.clone().or_else(|| if none { Some("none".to_owned()) } else { beside() })
        });
        self.add("audit.dir_max_bytes", &audit.dir_max_bytes, |n| *n);
        let sending = &audit.sending;
        self.add("audit.anchor.calendars", &sending.calendars, Clone::clone);
        self.add("audit.anchor.least", &sending.least, |n| *n);
        self.add("audit.anchor.interval_seconds", &sending.anchor_seconds, |n| *n);
        self.add("audit.vex.url", &sending.vex, Clone::clone);
        self.add("audit.vex.agent", &sending.vex_agent, Clone::clone);
        self.add("audit.vex.interval_seconds", &sending.vex_seconds, |n| *n);
        self.add("audit.witnesses", &sending.witnesses, Clone::clone);
        self.add("audit.export.to", &sending.export.to, Clone::clone);
        self.add("audit.export.format", &sending.export.format, |format| *format);
        self.add("audit.export.findings", &sending.export.findings, |yes| *yes);
    }

    fn behaviour(&mut self, watched: &Watched) {
        self.add("behaviour.enabled", &watched.enabled, |yes| *yes);
        for (id, limit) in &watched.limits {
            self.add(&format!("behaviour.limits.{id}"), limit, Clone::clone);
        }
        for (tools, effects) in &watched.tools {
            self.add(&format!("behaviour.tools.{tools}"), effects, Clone::clone);
        }
        for part in &watched.sensitive {
            self.add("behaviour.sensitive[]", part, Clone::clone);
        }
        for file in &watched.sequences {
            self.add("behaviour.sequences[]", file, Clone::clone);
        }
        self.add("behaviour.unusual", &watched.unusual, |yes| *yes);
        self.add("behaviour.redis.ca_file", &watched.redis_ca_file, Clone::clone);
        self.add("behaviour.redis.url", &watched.redis_url, |url| url.as_deref().map(masked_url));
        self.add("behaviour.redis.strict", &watched.redis_strict, |yes| *yes);
        self.add("behaviour.redis.deadline_ms", &watched.redis_deadline_ms, |n| *n);
    }

    fn policy(&mut self, policy: &Asked) {
        self.add("policy.url", &policy.url, Clone::clone);
        self.add("policy.kind", &policy.kind, |kind| *kind);
        self.add("policy.bundle", &policy.bundle, Clone::clone);
        self.add("policy.rule", &policy.rule, Clone::clone);
        self.add("policy.may_lift", &policy.may_lift, Clone::clone);
        self.add("policy.deadline_ms", &policy.deadline_ms, |n| *n);
        self.add("policy.on_failure", &policy.on_failure, |silence| *silence);
    }

    fn semantic(&mut self, semantic: &Scored) {
        self.add("semantic.enabled", &semantic.enabled, |yes| *yes);
        self.add("semantic.warn", &semantic.warn, ToString::to_string);
        self.add("semantic.block", &semantic.block, ToString::to_string);
        let asked = &semantic.asked;
        self.add("semantic.backend", &asked.backend, |who| *who);
        self.add("semantic.mode", &asked.mode, |mode| *mode);
        self.add("semantic.ask", &asked.about, Clone::clone);
        self.add("semantic.on_failure", &asked.on_failure, |what| *what);
        for number in &asked.numbers {
            self.add(number.key, &number.set, |n| *n);
        }
        let key = |key: &Option<String>| key.as_ref().map(|_| MASK);
        self.add("semantic.ca_file", &asked.ca_file, Clone::clone);
        self.add("semantic.ollama.url", &asked.ollama_url, |url| url.as_deref().map(masked_url));
        self.add("semantic.ollama.model", &asked.ollama_model, Clone::clone);
        self.add("semantic.openai.url", &asked.openai_url, |url| url.as_deref().map(masked_url));
        self.add("semantic.openai.model", &asked.openai_model, Clone::clone);
        self.add("semantic.openai.key", &asked.openai_key, key);
        self.add("semantic.openai.format", &asked.openai_format, |format| *format);
        self.add("semantic.anthropic.url", &asked.anthropic_url, |url| url.as_deref().map(masked_url));
        self.add("semantic.anthropic.model", &asked.anthropic_model, Clone::clone);
        self.add("semantic.anthropic.key", &asked.anthropic_key, key);
        self.add("semantic.onnx.model", &asked.onnx_model, Clone::clone);
        self.add("semantic.onnx.tokenizer", &asked.onnx_tokenizer, Clone::clone);
        self.add("semantic.onnx.attack", &asked.onnx_attack, Clone::clone);
        self.add("semantic.onnx.max_tokens", &asked.onnx_max_tokens, |tokens| *tokens);
        self.add("semantic.onnx.threads", &asked.onnx_threads, |threads| *threads);
    }

    fn add<T, S: Serialize>(&mut self, key: &str, set: &Set<T>, shown: impl Fn(&T) -> S) {
        let value = serde_json::to_string(&shown(&set.value)).unwrap_or_default();
        let origin = match &set.origin {
            Origin::Default => String::from("default"),
            other => other.to_string(),
        };
        self.0.push(Row { key: key.to_owned(), value, origin });
    }
}

/// A server in one line, without its secrets.
fn shown(served: &Served) -> String {
    match served {
        Served::Command(started) => {
            let set = started.env.keys().map(|name| format!("{name}={MASK}"));
            set.chain(masked_command(&started.words)).collect::<Vec<_>>().join(" ")
        }
        Served::Url(url) => masked_url(url),
        Served::OldUrl(url) => format!("sse+{}", masked_url(url)),
    }
}

/// A command line whose options look like they carry secrets, without these.
pub(crate) fn masked_command(words: &[String]) -> Vec<String> {
    let telling = |word: &str| {
        let word = word.to_ascii_lowercase();
        ["token", "secret", "password", "passwd", "api-key", "api_key", "apikey", "credential"]
            .iter()
            .any(|w| word.contains(w))
    };
    let mut mask_next = false;
    words
        .iter()
        .map(|word| {
            let masked = std::mem::take(&mut mask_next);
            if masked && !word.starts_with('-') {
                return MASK.to_owned();
            }
            match word.split_once('=') {
                Some((name, _)) if telling(name) => format!("{name}={MASK}"),
                _ => {
                    mask_next = word.starts_with('-') && telling(word);
                    masked_url(word)
                }
            }
        })
        .collect()
}

/// A URL without its user and password.
fn masked_url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{MASK}{}", &rest[at..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_on_a_command_line_are_masked() {
        let words =
            ["server", "--token", "hunter2", "--api-key=abc", "postgres://me:pw@db/x", "--verbose"].map(String::from);
        assert_eq!(
            masked_command(&words),
            ["server", "--token", "***", "--api-key=***", "postgres://***@db/x", "--verbose"]
        );
    }

    #[test]
    fn every_key_of_the_file_is_shown() {
        let written = crate::config::file::parse(
            "rules: {dirs: [a], overrides: {A: warn}, exceptions: [{rule: A, reason: b}]}\nroles: {t: {a: path}}\ntools: {a: {require_role: b}}\nserver: {env: {KEY: hunter2}}\nservers: {a: {command: b, env: {KEY: hunter2}}}\nallowed_commands: [b]\nzones: [{path: a}]\nbehaviour: {limits: {BEH-001: {most: 1}}, tools: {a: [reads]}, sensitive: [a], sequences: [a]}\nsemantic: {openai: {key: hunter2}, anthropic: {key: hunter2}}\nsandbox: {env: [B]}\n",
            "x",
        )
        .expect("valid");
        let layers = vec![crate::config::Layer { origin: Origin::Flag("x"), written }];
        let rows = rows(&Settings::from_layers(layers).expect("valid"), None);
        for (key, _) in crate::config::schema::keys() {
            // Trust is about the files themselves.
            let shown = key == "trust_project" || rows.iter().any(|row| row.key.starts_with(&key));
            assert!(shown, "{key}");
        }
        assert!(rows.iter().all(|row| !row.value.contains("hunter2")));
    }
}
