//! What every command that puts the proxy before a server is told, and what it makes of it.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use vanguard_audit::evidence::EvidenceConfig;
use vanguard_audit::{AuditConfig, Log};
use vanguard_engine::{Engine, Session};
use vanguard_gateway::http::Bounds;
use vanguard_gateway::{StdioConfig, Waits};

use super::report;
use super::scoring::Scoring;
use crate::config::decision_point::TOKEN;
use crate::config::exporting;
use crate::config::sending::VEX_KEYS;
use crate::config::sources::{Resolved, Surroundings};
use crate::config::written::Stderr;
use crate::config::{Layer, Origin, Set, Settings, Sources, Written};
use crate::exit::Failure;
use crate::sandbox::{Plan, WallFlags};
use crate::zones::{self, Laid};
use crate::{engine, pins, sandbox};

/// Flags that say what to wrap, and how.
#[derive(Debug, clap::Args)]
#[expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]
pub(crate) struct Wrap {
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
    /// Directory of the logs that prove the record, or none [env: VANGUARD_AUDIT_DIR]
    #[arg(long, value_name = "DIR")]
    audit_dir: Option<String>,
    /// Also say on stderr what passed with a warning, and when the session starts and ends
    #[arg(long, short = 'v')]
    verbose: bool,
    /// Judge what only shows over time: limits, sequences, flows of data [env: VANGUARD_BEHAVIORAL_ENABLED] [default: on]
    #[arg(long, overrides_with = "no_behavioral")]
    behavioral: bool,
    /// The opposite
    #[arg(long, overrides_with = "behavioral")]
    no_behavioral: bool,
    #[command(flatten)]
    scoring: Scoring,
    #[command(flatten)]
    sources: Sources,
}

/// Everything that stands before a server.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) engine: Engine,
    pub(crate) session: Session,
    pub(crate) log: Log,
    pub(crate) reporter: report::ToStderr,
    pub(crate) settings: Settings,
    pub(crate) verbose: bool,
    /// What the servers' walls stand on, as long as they run.
    pub(crate) plans: Vec<Plan>,
}

/// A server that is ready to be started, and what it keeps to.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) server: StdioConfig,
    pub(crate) bounds: Bounds,
    pub(crate) plan: Option<Plan>,
}

impl Prepared {
    /// For the server that the flags or the configuration name; `more` are flags beyond those of every such command.
    pub(crate) fn with_server(wrap: &Wrap, more: Vec<Layer>) -> Result<(Self, StdioConfig), Failure> {
        let around = Surroundings::of_process();
        let resolved = wrap.resolve(more, &around)?;
        let server = wrap.server(&resolved.settings)?;
        let (Ready { server, bounds, plan }, of_server) = ready(&resolved.settings, &around, server)?;
        let Bounds { zones, model } = bounds;
        let model = engine::remembered(model, &resolved.settings)?;
        let (engine, warnings) = engine::build_in_zones(&resolved.settings, &around, zones)?;
        super::warn_all(resolved.warnings.iter().chain(&of_server).chain(&warnings));
        let plans = plan.into_iter().collect();
        let prepared =
            Self::new(wrap, &around, resolved.settings, (engine, model), (&server.name, &server.name), plans)?;
        Ok((prepared, server))
    }

    /// With what people are told behind `label`, and recorded in the log of `server`.
    pub(crate) fn new(
        wrap: &Wrap,
        around: &Surroundings,
        settings: Settings,
        (engine, session): (Engine, Session),
        (label, server): (&str, &str),
        plans: Vec<Plan>,
    ) -> Result<Self, Failure> {
        // Before more of it is needed: the most that is held at once counts, too.
        vanguard_sandbox::let_go_of_program();
        let log = record(&settings, around, server)?;
        super::warn_all(log.warnings());
        let verbose =
            wrap.verbose || around.variable("VANGUARD_LOG_LEVEL").is_some_and(|v| v.eq_ignore_ascii_case("debug"));
        let show_stderr = settings.server.stderr.value == Stderr::Prefix;
        let reporter = report::ToStderr { server: label.to_owned(), verbose, show_stderr };
        Ok(Self { engine, session, log, reporter, settings, verbose, plans })
    }
}

fn variable(text: &str) -> Result<(String, String), &'static str> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or("write NAME=VALUE")
}

/// Says that what `tools` take nobody has by `way`, which asks nobody who they are.
pub(crate) fn warn_of_tools(settings: &Settings, way: &str) {
    if let Some(set) = settings.tools.first() {
        let (tools, origin) = (&set.value.0, &set.origin);
        super::warn(&format!(
            "tools.{tools} ({origin}): nobody has scopes or roles by `{way}`, so these calls are refused"
        ));
    }
}

/// Where the record lies unless a file is named.
pub(crate) fn default_record(around: &Surroundings) -> Option<PathBuf> {
    Some(around.state_home()?.join("audit.jsonl"))
}

impl Wrap {
    /// What all sources say; `more` are the layers of flags beyond those of every such command.
    pub(crate) fn resolve(&self, more: Vec<Layer>, around: &Surroundings) -> Result<Resolved, Failure> {
        self.sources.resolve(self.layers(more), around)
    }

    /// These layers, and one for each flag beyond the common ones.
    fn layers(&self, mut layers: Vec<Layer>) -> Vec<Layer> {
        let mut add = |flag: &'static str, write: &dyn Fn(&mut Written)| {
            let mut written = Written::default();
            write(&mut written);
            layers.push(Layer { origin: Origin::Flag(flag), written });
        };
        if self.log_file.is_some() {
            add("--log-file", &|w| w.audit.path.clone_from(&self.log_file));
        }
        if self.audit_dir.is_some() {
            add("--audit-dir", &|w| w.audit.dir.clone_from(&self.audit_dir));
        }
        if self.behavioral || self.no_behavioral {
            let flag = if self.behavioral { "--behavioral" } else { "--no-behavioral" };
            add(flag, &|w| w.behaviour.enabled = Some(self.behavioral));
        }
        if self.name.is_some() {
            add("--name", &|w| w.server.name.clone_from(&self.name));
        }
        if !self.env.is_empty() {
            let env: BTreeMap<_, _> = self.env.iter().cloned().collect();
            add("--env", &|w| w.server.env = Some(env.clone()));
        }
        if self.cwd.is_some() {
            add("--cwd", &|w| w.server.cwd.clone_from(&self.cwd));
        }
        layers.extend(self.scoring.layers());
        layers.extend(self.walls.layers());
        layers
    }

    /// Whether the command line names a server to start.
    pub(crate) fn names_server(&self) -> bool {
        self.server.is_some() || !self.command.is_empty()
    }

    /// The server to wrap: from `--`, from `--server`, or from the configuration.
    fn server(&self, settings: &Settings) -> Result<StdioConfig, Failure> {
        let words: Vec<OsString> = match &self.server {
            Some(line) => words("--server", line)?.into_iter().map(Into::into).collect(),
            None if !self.command.is_empty() => self.command.clone(),
            None => settings.server.command.value.iter().map(Into::into).collect(),
        };
        let mut server = to_start(settings, words)?;
        if let Some(name) = &settings.server.name.value {
            server.name.clone_from(name);
        }
        Ok(server)
    }
}

/// The words of a command line, as a shell splits it.
pub(crate) fn words(flag: &str, line: &str) -> Result<Vec<String>, Failure> {
    shlex::split(line)
        .ok_or_else(|| Failure::Usage(format!("{flag}: a quote is not closed; or write the command behind `--`")))
}

/// A server that may be started, by its command line.
pub(crate) fn to_start(settings: &Settings, words: Vec<OsString>) -> Result<StdioConfig, Failure> {
    let mut words = words.into_iter();
    let program = words.next().filter(|program| !program.is_empty()).ok_or_else(|| {
        Failure::Usage(
            "there is no server to start; write its command behind `--`, e.g. `vanguard start -- npx …`".to_owned(),
        )
    })?;
    allowed(settings, &program)?;
    let mut config = StdioConfig::new(program, words);
    config.cwd.clone_from(&settings.server.cwd.value);
    // What opens VEX, a policy decision point or a receiver of records is nothing for a server to see.
    config.env = VEX_KEYS.iter().chain([&TOKEN, &exporting::TOKEN]).map(|name| (name.into(), None)).collect();
    config.env.extend(settings.server.env.value.iter().map(|(name, value)| (name.into(), Some(value.into()))));
    config.max_message = settings.limits.message_bytes.value;
    config.waits = Waits {
        drain: Duration::from_secs(settings.drain_seconds.value.into()),
        grace: Duration::from_secs(settings.grace_seconds.value.into()),
        ..Waits::default()
    };
    Ok(config)
}

/// Refuses a program that a list of those that may be started does not name: as the command does, or by its file's name.
fn allowed(settings: &Settings, program: &OsStr) -> Result<(), Failure> {
    let base = Path::new(program).file_name().unwrap_or(program);
    for Set { value, origin } in &settings.allowed_commands {
        if !value.iter().any(|named| [program, base].iter().any(|word| word.eq_ignore_ascii_case(named))) {
            return Err(Failure::Configuration(format!(
                "{} may not be started as a server: allowed_commands ({origin}) names {}",
                base.display(),
                if value.is_empty() { "nothing".to_owned() } else { value.join(", ") },
            )));
        }
    }
    Ok(())
}

/// Lays out the zones of `server` and has it start behind its walls. Beside it what deserves a warning.
pub(crate) fn ready(
    settings: &Settings,
    around: &Surroundings,
    mut server: StdioConfig,
) -> Result<(Ready, Vec<String>), Failure> {
    let caches = around.state_home().map(|state| state.join("servers"));
    // As it is configured: walls start it by another program.
    let known = pins::started(&server, &directory(&server));
    let laid = zones::lay(settings, Some(&server.name), &directory(&server), around)?;
    let plan = sandbox::plan(settings, &server, &laid, std::env::vars_os(), caches.as_deref())?;
    let mut warnings = Vec::new();
    if let Some(plan) = &plan {
        plan.apply(&mut server);
        warnings.clone_from(&plan.warnings);
    }
    let Laid { zones, ground, warnings: of_zones, .. } = laid;
    warnings.extend(of_zones);
    let model = engine::session(settings, Some(ground.seeing(zones::variables(&server))));
    let model = engine::governed(model, settings, around, &server.name)?;
    let model = pins::pinned(model, settings, around, known);
    Ok((Ready { server, bounds: Bounds { zones, model }, plan }, warnings))
}

/// Where the server runs.
pub(crate) fn directory(server: &StdioConfig) -> PathBuf {
    server.cwd.clone().unwrap_or_else(|| PathBuf::from("."))
}

/// Where evidence lies as `settings` say; `None` where none is kept.
pub(crate) fn evidence_dir(settings: &Settings, around: &Surroundings) -> Option<PathBuf> {
    let no_record = settings.audit.path.value.as_deref() == Some("none");
    match settings.audit.dir.value.as_deref() {
        Some("none") => None,
        Some(dir) => Some(dir.into()),
        None if no_record => None,
        None => Some(around.state_home()?.join("audit")),
    }
}

/// Opens the record: the log of `server` in the directory of evidence, and the file that people read.
fn record(settings: &Settings, around: &Surroundings, server: &str) -> Result<Log, Failure> {
    let path = match &settings.audit.path.value {
        Some(path) if path == "none" => None,
        Some(path) => Some(PathBuf::from(path)),
        None => Some(default_record(around).ok_or_else(|| {
            let what = "there is no home directory to keep the record in; name a file with --log-file, or `none`";
            Failure::Configuration(what.to_owned())
        })?),
    };
    let audit = &settings.audit;
    let max_bytes = audit.dir_max_bytes.value;
    let send = audit.sending.meant(|name| around.variable(name).map(str::to_owned))?;
    let evidence =
        evidence_dir(settings, around).map(|dir| EvidenceConfig { dir, name: server.to_owned(), max_bytes, send });
    if let (Some(to), None) = (&audit.sending.export.to.value, &evidence) {
        let what =
            format!("records for {} come out of the log that proves them; name a directory for it (audit.dir)", to.0);
        return Err(Failure::Configuration(what));
    }
    if path.is_none() && evidence.is_none() {
        return Ok(Log::disabled());
    }
    let config = AuditConfig {
        path,
        evidence,
        max_bytes: audit.max_bytes.value,
        keep: audit.keep.value,
        on_failure: audit.on_failure.value,
        sync: audit.fsync.value,
    };
    Log::open(&config).map_err(|error| Failure::Configuration(error.to_string()))
}
