//! `start`: a server behind the proxy, on stdin and stdout.

mod report;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use vanguard_audit::{AuditConfig, Log};
use vanguard_gateway::{StdioConfig, Waits};

use crate::config::sources::Surroundings;
use crate::config::written::Stderr;
use crate::config::{Layer, Origin, Settings, Sources, Written};
use crate::exit::{Failure, Outcome};
use crate::sandbox::WallFlags;
use crate::zones::{self, Laid};
use crate::{engine, sandbox};

/// Flags of `start`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vanguard start -- npx -y @modelcontextprotocol/server-filesystem .
  vanguard start --profile strict --log-file audit.jsonl -- python server.py --port 0
  vanguard start --server \"npx -y @modelcontextprotocol/server-filesystem .\"

In a client's configuration, put `vanguard start --` in front of the server's own command.
stdout belongs to MCP; stderr says one line for each refusal. The record is kept in
$XDG_STATE_HOME/vanguard/audit.jsonl unless another file is named.

Exit code: the server's own; 2 usage, 3 configuration or rules, 4 the server could not start.")]
#[expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]
pub(crate) struct Args {
    /// The server's command line as one string, split as a shell splits
    #[arg(long, short = 's', value_name = "COMMAND", conflicts_with = "command")]
    server: Option<String>,
    /// The server's program and arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// Name in the record and on stderr [default: the program's]
    #[arg(long)]
    name: Option<String>,
    /// Variable for the server's environment; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// The server's working directory
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    #[command(flatten)]
    walls: WallFlags,
    /// File of the record, or none [env: VANGUARD_LOG_FILE]
    #[arg(long, short = 'l', value_name = "FILE")]
    log_file: Option<String>,
    /// Also say on stderr what passed with a warning, and when the session starts and ends
    #[arg(long, short = 'v')]
    verbose: bool,
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    later: Later,
}

/// Flags of 1.5.0 for layers that are not in this release.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Accepted for compatibility, not in this release")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the program this one replaces")]
struct Later {
    /// Score calls by a language model (layer 2)
    #[arg(long, overrides_with = "no_semantic")]
    semantic: bool,
    /// The opposite
    #[arg(long, overrides_with = "semantic")]
    no_semantic: bool,
    /// Limit behaviour over time (layer 3)
    #[arg(long, overrides_with = "no_behavioral")]
    behavioral: bool,
    /// The opposite
    #[arg(long, overrides_with = "behavioral")]
    no_behavioral: bool,
    /// Where Ollama answers
    #[arg(long, value_name = "URL")]
    ollama_url: Option<String>,
    /// Which model to ask
    #[arg(long, short = 'm', value_name = "MODEL")]
    ollama_model: Option<String>,
}

fn variable(text: &str) -> Result<(String, String), &'static str> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or("write NAME=VALUE")
}

/// Where the record lies unless a file is named.
pub(crate) fn default_record(around: &Surroundings) -> Option<PathBuf> {
    Some(around.state_home()?.join("audit.jsonl"))
}

pub(crate) fn run(args: &Args) -> Outcome {
    // Where there is no thread to be had for it, it is done when it is needed.
    let _ = std::thread::Builder::new().name("prepare".to_owned()).spawn(vanguard_engine::prepare);
    let around = Surroundings::of_process();
    let resolved = args.sources.resolve(flags(args), &around)?;
    let settings = &resolved.settings;
    let mut server = server(args, settings)?;
    let caches = around.state_home().map(|state| state.join("servers"));
    let laid = zones::lay(settings, Some(&server.name), &directory(&server), &around)?;
    let walled = sandbox::plan(settings, &server, &laid, std::env::vars_os(), caches.as_deref())?;
    if let Some(plan) = &walled {
        plan.apply(&mut server);
        super::warn_all(&plan.warnings);
    }
    let Laid { zones, ground, warnings: of_zones, .. } = laid;
    let (engine, warnings) = engine::build_in_zones(settings, &around, zones)?;
    super::warn_all(args.later.warnings().iter().chain(&resolved.warnings).chain(&of_zones).chain(&warnings));
    let session = engine::session(settings, ground.seeing(zones::variables(&server)));
    let log = record(settings, &around)?;
    let verbose =
        args.verbose || around.variable("VANGUARD_LOG_LEVEL").is_some_and(|v| v.eq_ignore_ascii_case("debug"));
    if verbose {
        let rules = engine.rules().rules().len();
        super::warn(&format!("{} starts behind {rules} rules, {:?} profile", server.name, settings.profile.value));
    }
    let show_stderr = settings.server.stderr.value == Stderr::Prefix;
    let reporter = report::ToStderr { server: server.name.clone(), verbose, show_stderr };
    let outcome = vanguard_gateway::run(&server, engine, session, &log, Arc::new(reporter))
        .map_err(|error| Failure::Server(error.to_string()))?;
    if verbose {
        super::warn(&format!("session ended ({:?}), exit code {}", outcome.cause, outcome.code));
    }
    Ok(ExitCode::from(outcome.code))
}

/// A layer for each flag beyond the common ones.
fn flags(args: &Args) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut add = |flag: &'static str, write: &dyn Fn(&mut Written)| {
        let mut written = Written::default();
        write(&mut written);
        layers.push(Layer { origin: Origin::Flag(flag), written });
    };
    if args.log_file.is_some() {
        add("--log-file", &|w| w.audit.path.clone_from(&args.log_file));
    }
    if args.name.is_some() {
        add("--name", &|w| w.server.name.clone_from(&args.name));
    }
    if !args.env.is_empty() {
        let env: BTreeMap<_, _> = args.env.iter().cloned().collect();
        add("--env", &|w| w.server.env = Some(env.clone()));
    }
    if args.cwd.is_some() {
        add("--cwd", &|w| w.server.cwd.clone_from(&args.cwd));
    }
    layers.extend(args.walls.layers());
    layers
}

/// The server to wrap: from `--`, from `--server`, or from the configuration.
fn server(args: &Args, settings: &Settings) -> Result<StdioConfig, Failure> {
    let words: Vec<OsString> = match &args.server {
        Some(line) => shlex::split(line)
            .ok_or_else(|| {
                Failure::Usage("--server: a quote is not closed; or write the command behind `--`".to_owned())
            })?
            .into_iter()
            .map(Into::into)
            .collect(),
        None if !args.command.is_empty() => args.command.clone(),
        None => settings.server.command.value.iter().map(Into::into).collect(),
    };
    let mut words = words.into_iter();
    let program = words.next().filter(|program| !program.is_empty()).ok_or_else(|| {
        Failure::Usage(
            "there is no server to start; write its command behind `--`, e.g. `vanguard start -- npx …`".to_owned(),
        )
    })?;
    let mut config = StdioConfig::new(program, words);
    if let Some(name) = &settings.server.name.value {
        config.name.clone_from(name);
    }
    config.cwd.clone_from(&settings.server.cwd.value);
    config.env = settings.server.env.value.iter().map(|(name, value)| (name.into(), Some(value.into()))).collect();
    config.max_message = settings.limits.message_bytes.value;
    config.waits = Waits {
        drain: Duration::from_secs(settings.drain_seconds.value.into()),
        grace: Duration::from_secs(settings.grace_seconds.value.into()),
        ..Waits::default()
    };
    Ok(config)
}

/// Where the server runs.
pub(crate) fn directory(server: &StdioConfig) -> PathBuf {
    server.cwd.clone().unwrap_or_else(|| PathBuf::from("."))
}

/// Opens the record.
fn record(settings: &Settings, around: &Surroundings) -> Result<Log, Failure> {
    let path = match &settings.audit.path.value {
        Some(path) if path == "none" => return Ok(Log::disabled()),
        Some(path) => PathBuf::from(path),
        None => default_record(around).ok_or_else(|| {
            let what = "there is no home directory to keep the record in; name a file with --log-file, or `none`";
            Failure::Configuration(what.to_owned())
        })?,
    };
    let audit = &settings.audit;
    let config = AuditConfig {
        path,
        max_bytes: audit.max_bytes.value,
        keep: audit.keep.value,
        on_failure: audit.on_failure.value,
        sync: audit.fsync.value,
    };
    Log::open(&config).map_err(|error| Failure::Configuration(error.to_string()))
}

impl Later {
    /// A line for each protection that was asked for by flag and is not there.
    fn warnings(&self) -> Vec<String> {
        let asked = [
            (self.semantic, "--semantic asks for semantic scoring (layer 2)"),
            (self.behavioral, "--behavioral asks for behavioural limits (layer 3)"),
            (
                !self.semantic && (self.ollama_url.is_some() || self.ollama_model.is_some()),
                "--ollama-… is for semantic scoring (layer 2)",
            ),
        ];
        let asked = asked.into_iter().filter(|(asked, _)| *asked);
        asked.map(|(_, what)| format!("{what}, which is not in this release: layer 1 alone judges")).collect()
    }
}
