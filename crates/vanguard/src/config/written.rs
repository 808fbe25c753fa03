//! The configuration as it is written: every key once, with the text that the schema and the reference show.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vanguard_audit::OnFailure;
use vanguard_engine::finding::Action;
use vanguard_engine::policy::{DenyAs, Profile};

use super::access::Access;
use super::behaviour::Behaviour;
use super::decision_point::DecisionPoint;
use super::entry::Entry;
use super::exporting::Exporting;
use super::gateway::Gateway;
use super::pins::Pins;
use super::roles::Corrections;
use super::semantic::Semantic;
use super::sending::{Anchoring, Reporting, Witnessing};
use super::servers::Servers;
use super::zone::Zone;

/// Configuration of `McpVanguard` (`vanguard.yaml`).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "vanguard.yaml")]
pub(crate) struct Written {
    /// Starting point of the policy: `monitor` records and forwards, `balanced` refuses what is surely harmful, `strict`
    /// also refuses what deserves a look.
    #[schemars(with = "Option<ProfileName>")]
    pub(crate) profile: Option<Profile>,
    /// Detection rules.
    pub(crate) rules: Rules,
    /// What arguments are, where schema, name and value mislead: by glob over tool names and by argument (its property path
    /// or JSON pointer, or a glob over these) a list of roles to add, or `{add: […], remove: […], only: […]}`.
    pub(crate) roles: Option<Corrections>,
    /// What calling a tool takes, by glob over tool names: `require_scope` (a scope, or several of which each is needed) and `require_role`
    /// (a role, or several of which one is needed). All entries that a tool fits hold, and those of all sources add up. Nobody has scopes or
    /// roles but by a key or token of the gateway over HTTP.
    pub(crate) tools: Option<Access>,
    /// Bounds of a message; one beyond them is refused.
    pub(crate) limits: Limits,
    /// Resolve the host names of a request before it is judged, and judge them by the addresses that they lead to as well.
    /// Off by default, since it asks the system's resolver and waits for it, half a second at most.
    pub(crate) resolve_hosts: Option<bool>,
    /// What only shows over time: limits, sequences of calls, flows of data.
    pub(crate) behaviour: Behaviour,
    /// Layer 2: what texts mean.
    pub(crate) semantic: Semantic,
    /// A policy decision point that has a say in what may be called.
    pub(crate) policy: DecisionPoint,
    /// What servers said first of themselves and their tools, and are held to.
    pub(crate) pins: Pins,
    /// The record of every verdict.
    pub(crate) audit: Audit,
    /// How a refused `tools/call` is answered: `error` (a JSON-RPC error) or `tool_result` (a result with `isError: true`,
    /// which models recover from better).
    #[schemars(with = "Option<DenyAsName>")]
    pub(crate) deny_as: Option<DenyAs>,
    /// Tell the agent what was found and where, not only which rule refused.
    pub(crate) expose_block_reason: Option<bool>,
    /// `"1.5"` answers refusals with the error code of mcp-vanguard 1.5.0 (-32600).
    pub(crate) compat: Option<Compat>,
    /// The MCP server to run when the command line names none.
    pub(crate) server: Server,
    /// The MCP servers of `serve` when the command line names none, by name: each a `command`, with `args`, `env` and `cwd`, or a
    /// `url`, with `type: sse` where it speaks only the transport of 2024-11-05. A name of several sources is as the strongest says.
    pub(crate) servers: Option<Servers>,
    /// Programs that may be started as servers, as a command names them or by their file's name; any when absent. Where several sources
    /// name some, each must name the program.
    pub(crate) allowed_commands: Option<Vec<String>>,
    /// Directories that the server or a tool of it may touch, and how: every path of a call must lead into one. With a
    /// sandbox the kernel keeps the server to them as well. Those of all sources add up.
    pub(crate) zones: Option<Vec<Zone>>,
    /// Walls round the server's process (Linux).
    pub(crate) sandbox: Sandbox,
    /// Who may enter the gateway over HTTP.
    pub(crate) entry: Entry,
    /// The gateway over HTTP.
    pub(crate) gateway: Gateway,
    /// How a session ends.
    pub(crate) shutdown: Shutdown,
    /// Where `vanguard update` takes signed rules from.
    pub(crate) update: Update,
    /// Honour every key of a `vanguard.yaml` in the working directory, also those that weaken protection. Read from the
    /// user's own file only.
    pub(crate) trust_project: Option<bool>,
}

/// Detection rules.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Rules {
    /// Directories of rule packs (`*.yaml`), added to the built-in ones. Those of all sources add up.
    pub(crate) dirs: Option<Vec<PathBuf>>,
    /// Actions by rule id in place of the rule's own: `off`, `warn`, `redact`, `review` or `block`.
    #[schemars(with = "Option<BTreeMap<String, ActionName>>")]
    pub(crate) overrides: Option<BTreeMap<String, Action>>,
    /// Findings known to be harmless. Those of all sources add up.
    pub(crate) exceptions: Option<Vec<Exception>>,
}

/// One finding known to be harmless.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct Exception {
    /// Rule id, or a glob over ids.
    pub(crate) rule: String,
    /// Glob over tool names; any tool when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tool: Option<String>,
    /// Glob over JSON pointers below the arguments, e.g. `/path`; any argument when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) argument: Option<String>,
    /// Glob over the whole value of the argument; any value when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    /// Role of who sends or gets the message; anybody's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    /// Why it is harmless; kept in the record.
    pub(crate) reason: String,
    /// Last day it holds, `YYYY-MM-DD` (UTC); for ever when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<String>,
}

/// Bounds of a message.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Limits {
    /// Bytes of one message.
    pub(crate) message_bytes: Option<usize>,
    /// Bytes of one string in a message.
    pub(crate) string_bytes: Option<usize>,
    /// Levels of nesting in a message.
    pub(crate) depth: Option<usize>,
    /// Messages in a batch.
    pub(crate) batch: Option<usize>,
    /// JSON values in a message.
    pub(crate) nodes: Option<usize>,
    /// Milliseconds that inspecting a message may take for each megabyte that it begins; what takes longer is refused.
    pub(crate) inspection_ms: Option<usize>,
}

/// The record of every verdict.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Audit {
    /// JSON Lines file, or `none` for no record.
    pub(crate) path: Option<String>,
    /// Size at which the file is rotated.
    pub(crate) max_bytes: Option<u64>,
    /// Rotated files to keep.
    pub(crate) keep: Option<u32>,
    /// What happens while records cannot be written: `block` refuses messages until they can, `warn` goes on without.
    #[schemars(with = "Option<OnFailureName>")]
    pub(crate) on_failure: Option<OnFailure>,
    /// Force a refusal's record to the disk before it is answered, so that it survives a crash of the machine.
    pub(crate) fsync: Option<bool>,
    /// Directory of the logs that prove what was recorded, of which each server has one, and of the key that signs them; `none` for none.
    /// `audit` in the user's state directory when absent, unless `audit.path` is `none`.
    pub(crate) dir: Option<String>,
    /// Bytes of records after which the oldest of such a log are dropped.
    pub(crate) dir_max_bytes: Option<u64>,
    /// Checkpoints of the logs in Bitcoin, by calendars of OpenTimestamps. Only their digests are sent.
    pub(crate) anchor: Anchoring,
    /// Reports of checkpoints to a VEX server. Only their digests are sent, by the key in `VANGUARD_VEX_KEY`.
    pub(crate) vex: Reporting,
    /// Witnesses that are asked to sign checkpoints, eight at most, once a minute: each as its key and its address (`NAME+ID+KEY URL`), https, or http on this machine.
    pub(crate) witnesses: Option<Vec<Witnessing>>,
    /// Records for who watches over many programs, as they are made.
    pub(crate) export: Exporting,
}

/// The MCP server.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Server {
    /// Program and arguments.
    pub(crate) command: Option<Vec<String>>,
    /// Name in the record and on stderr; the program's name when absent.
    pub(crate) name: Option<String>,
    /// Variables added to the server's environment. Shown masked.
    pub(crate) env: Option<BTreeMap<String, String>>,
    /// The server's working directory.
    pub(crate) cwd: Option<PathBuf>,
    /// What becomes of the server's stderr: `prefix` passes it on line by line behind its name, `discard` drops it.
    pub(crate) stderr: Option<Stderr>,
}

/// Walls round the server's process.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Sandbox {
    /// `off`; `zones`: the server reaches its zones and what it needs to run, and nothing else; `strict`: so, without
    /// TCP unless named, and no start where the kernel cannot keep all of it. By default `zones` where zones are
    /// configured, `strict` where the profile is, and otherwise `off`.
    pub(crate) mode: Option<SandboxMode>,
    /// Profile for the server, beside those that its command finds by itself: the name of one that is shipped, or a file
    /// (with a slash, or `.yaml` at its end); `none` for none.
    pub(crate) profile: Option<String>,
    /// TCP ports it may connect to: `any`, or a list. By default what its profile says; else in `zones` any, in `strict` none.
    pub(crate) connect: Option<PortList>,
    /// TCP ports it may listen on: `any`, or a list. None by default.
    pub(crate) bind: Option<PortList>,
    /// Variables of our own environment to pass on by name, beside those that every program, or its profile, needs.
    pub(crate) env: Option<Vec<String>>,
    /// Whether it may make Unix sockets: by them it could reach a container engine or a key agent. By default what its profile
    /// says; else not.
    pub(crate) unix_sockets: Option<bool>,
    /// Whether it may make namespaces, as browsers do for a sandbox of their own. By default what its profile says; else not.
    pub(crate) namespaces: Option<bool>,
    /// Whether it may use `io_uring`, whose calls no filter sees. Zones hold there, too.
    pub(crate) io_uring: Option<bool>,
    /// Whether files and ports outside that it asks for are recorded, each once. It costs the server some microseconds for
    /// each file that it opens. In `strict` by default.
    pub(crate) record_outside: Option<bool>,
    /// Processes and threads that it may start.
    pub(crate) processes: Option<u64>,
    /// Files that each of its processes may hold open.
    pub(crate) files: Option<u64>,
    /// Bytes of address space of each of its processes; no limit when absent.
    pub(crate) address_space: Option<u64>,
}

/// How far the server is walled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum SandboxMode {
    /// Not at all.
    Off,
    /// It reaches its zones and what it needs to run.
    Zones,
    /// So, without network unless named, and only where the kernel keeps all of it.
    Strict,
}

/// TCP ports.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(crate) enum PortList {
    /// Every port.
    Any(AnyPort),
    /// These.
    Only(Vec<u16>),
}

/// The word for every port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum AnyPort {
    /// Every port.
    Any,
}

/// How a session ends.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Shutdown {
    /// Seconds the server may go on answering after the client closed its side.
    pub(crate) drain_seconds: Option<u32>,
    /// Seconds between asking the server to end and killing it.
    pub(crate) grace_seconds: Option<u32>,
}

/// Where signed rules come from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Update {
    /// Directory or https URL of a signed rule set.
    pub(crate) source: Option<String>,
    /// The only public key whose signature is accepted, `ed25519:…`.
    pub(crate) key: Option<String>,
}

/// A release to answer like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum Compat {
    /// mcp-vanguard 1.5.0.
    #[serde(rename = "1.5")]
    V1_5,
    /// This release.
    #[serde(rename = "none")]
    None,
}

/// What becomes of the server's stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Stderr {
    /// Passed on line by line behind the server's name.
    Prefix,
    /// Dropped.
    Discard,
}

/// The names of [`Profile`], for the schema.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
#[expect(dead_code, reason = "stands for an engine type in the schema only")]
enum ProfileName {
    Monitor,
    Balanced,
    Strict,
}

/// The names of [`Action`], for the schema.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
#[expect(dead_code, reason = "stands for an engine type in the schema only")]
pub(crate) enum ActionName {
    Off,
    Warn,
    Redact,
    Review,
    Block,
}

/// The names of [`OnFailure`], for the schema.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "lowercase")]
#[expect(dead_code, reason = "stands for a type of the audit in the schema only")]
enum OnFailureName {
    Block,
    Warn,
}

/// The names of [`DenyAs`], for the schema.
#[derive(JsonSchema)]
#[schemars(inline, rename_all = "snake_case")]
#[expect(dead_code, reason = "stands for an engine type in the schema only")]
enum DenyAsName {
    Error,
    ToolResult,
}
