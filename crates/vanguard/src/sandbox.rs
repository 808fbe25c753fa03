//! From settings to walls: what is open to one server, and what it finds in its environment.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vanguard_engine::policy::Profile;
use vanguard_gateway::StdioConfig;
use vanguard_sandbox::runtime::{self, Command};
use vanguard_sandbox::{Ability, Limits, Opening, Ports, Rights, Walls, Watch, ability};

use crate::config::written::{PortList, SandboxMode};
use crate::config::{Layer, Origin, Settings, Written};
use crate::exit::Failure;
use crate::zones::{Laid, ZoneFlag};

/// Variables that programs need and that hold no secrets.
const PASSED: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TERM",
    "TZ",
    "NO_COLOR",
    "NODE_PATH",
    "NODE_OPTIONS",
    "NODE_ENV",
    "NODE_EXTRA_CA_CERTS",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONUNBUFFERED",
    "VIRTUAL_ENV",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "DISPLAY",
    "XDG_RUNTIME_DIR",
];
/// Likewise, by how they begin. Proxies may hold a password, and without them nothing is reached.
const PASSED_LIKE: [&str; 7] =
    ["LC_", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];
/// Words in the name of a variable that looks like a key.
const KEYS: [&str; 8] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "APIKEY", "CREDENTIAL", "PRIVATE_KEY"];

/// Flags that say how far a server is walled in.
#[derive(Debug, clap::Args)]
pub(crate) struct WallFlags {
    /// Wall the server in: off, zones (only its zones and what it needs to run) or strict (also no TCP, and no start
    /// where the kernel cannot keep all of it) [default: zones where there are zones]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "MODE", num_args = 0..=1, require_equals = true, default_missing_value = "zones")]
    sandbox: Option<SandboxMode>,
    #[command(flatten)]
    zone: ZoneFlag,
    /// Variable of this environment to pass on behind the walls, by name; may be repeated
    #[arg(long, value_name = "NAME")]
    pass_env: Vec<String>,
}

impl WallFlags {
    /// A layer for each flag that was given.
    pub(crate) fn layers(&self) -> Vec<Layer> {
        let mut layers = Vec::new();
        let mut add = |flag: &'static str, write: &dyn Fn(&mut Written)| {
            let mut written = Written::default();
            write(&mut written);
            layers.push(Layer { origin: Origin::Flag(flag), written });
        };
        if self.sandbox.is_some() {
            add("--sandbox", &|w| w.sandbox.mode = self.sandbox);
        }
        if !self.pass_env.is_empty() {
            add("--pass-env", &|w| w.sandbox.env = Some(self.pass_env.clone()));
        }
        layers.extend(self.zone.layer());
        layers
    }
}

/// Walls that are ready to be raised.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) walls: Walls,
    pub(crate) env: Vec<(OsString, OsString)>,
    /// What a person should know before the server starts.
    pub(crate) warnings: Vec<String>,
    /// Why the kernel keeps less of the walls than was meant, where it does.
    unkept: Option<String>,
    /// A directory of the server's own for temporary files, removed with this.
    _scratch: TempDir,
}

impl Plan {
    /// Has `server` start behind the walls.
    pub(crate) fn apply(&self, server: &mut StdioConfig) {
        let set = self.env.iter().cloned().map(|(name, value)| (name, Some(value)));
        // What the user set for this server comes last and wins.
        server.env = set.chain(std::mem::take(&mut server.env)).collect();
        server.inherits = false;
        server.walls = Some(self.walls.clone());
        server.unkept.clone_from(&self.unkept);
    }
}

/// How far the server is walled in, all settings considered. Zones of single tools raise no walls by themselves: what
/// other tools touch is open.
pub(crate) fn mode(settings: &Settings, laid: &Laid) -> SandboxMode {
    settings.sandbox.mode.value.unwrap_or(
        match (laid.confines_all() && cfg!(target_os = "linux"), settings.profile.value) {
            (false, _) | (_, Profile::Monitor) => SandboxMode::Off,
            (true, Profile::Balanced) => SandboxMode::Zones,
            (true, Profile::Strict) => SandboxMode::Strict,
        },
    )
}

/// The walls for `server`, which may touch what is `laid` out; `None` where it has none. `caches` is a directory of ours for what servers fetch.
pub(crate) fn plan(
    settings: &Settings,
    server: &StdioConfig,
    laid: &Laid,
    environment: impl Iterator<Item = (OsString, OsString)>,
    caches: Option<&Path>,
) -> Result<Option<Plan>, Failure> {
    let mode = mode(settings, laid);
    if mode == SandboxMode::Off {
        return Ok(None);
    }
    let unkept = unkept(ability(), mode, settings)?;
    let mut warnings: Vec<String> =
        unkept.iter().map(|lacks| format!("the sandbox is weaker than it should be on this kernel: {lacks}")).collect();
    let scratch = tempfile::Builder::new().prefix("vanguard-").tempdir();
    let scratch =
        scratch.map_err(|error| Failure::Configuration(format!("no directory for temporary files: {error}")))?;
    let mut env = passed_on(settings, environment, &mut warnings);
    for name in ["TMPDIR", "TMP", "TEMP"] {
        env.push((name.into(), scratch.path().into()));
    }

    let cwd = server.cwd.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_else(|| "/".into());
    let path = env.iter().find(|(name, _)| name == "PATH").map_or(OsStr::new("/usr/bin:/bin"), |(_, value)| value);
    let command = Command { program: &server.program, args: &server.args, cwd: &cwd, path };
    let mut openings = runtime::needs(&command);
    for opening in &laid.openings {
        warnings.extend(widened(opening, &openings));
        openings.push(opening.clone());
    }
    let all = Rights::READ | Rights::WRITE | Rights::EXECUTE;
    openings.push(Opening { path: real(scratch.path())?, rights: all, why: "temporary files of its own".to_owned() });
    if let Some(cache) = caches.filter(|_| runtime::fetches(&server.program)) {
        let cache = cache.join(&server.name);
        std::fs::create_dir_all(&cache)
            .map_err(|error| Failure::Configuration(format!("{}: {error}", cache.display())))?;
        let cache = real(&cache)?;
        for (name, below) in
            [("npm_config_cache", "npm"), ("XDG_CACHE_HOME", "cache"), ("npm_config_userconfig", "npmrc")]
        {
            env.push((name.into(), cache.join(below).into()));
        }
        openings.push(Opening {
            path: cache,
            rights: all,
            why: "packages that it fetches, apart from all others".to_owned(),
        });
    }

    let walled = &settings.sandbox;
    let strict = mode == SandboxMode::Strict;
    let ports = |list: Option<&PortList>, default: Ports| match list {
        None => default,
        Some(PortList::Any(_)) => Ports::Any,
        Some(PortList::Only(ports)) => Ports::Only(ports.clone()),
    };
    let walls = Walls {
        openings,
        connect: ports(walled.connect.value.as_ref(), if strict { Ports::Only(Vec::new()) } else { Ports::Any }),
        bind: ports(walled.bind.value.as_ref(), Ports::Only(Vec::new())),
        unix_sockets: walled.unix_sockets.value,
        namespaces: walled.namespaces.value,
        limits: Limits {
            processes: walled.processes.value,
            files: walled.files.value,
            address_space: walled.address_space.value,
        },
        degrade: !strict,
        watch: if walled.record_outside.value.unwrap_or(strict) { Watch::Outside } else { Watch::Calls },
    };
    Ok(Some(Plan { walls, env, warnings, unkept, _scratch: scratch }))
}

/// What the kernel lacks to keep the walls: in `strict` it must lack nothing, in `zones` that is said and recorded.
fn unkept(ability: Ability, mode: SandboxMode, settings: &Settings) -> Result<Option<String>, Failure> {
    if ability.is_full() {
        return Ok(None);
    }
    let lacks = match (ability.landlock, ability.seccomp) {
        (0, _) => "it has no Landlock".to_owned(),
        (abi, true) => format!("its Landlock has ABI {abi}, and {} is needed", Ability::FULL_LANDLOCK),
        (_, false) => "it tells nobody of forbidden system calls".to_owned(),
    };
    if mode == SandboxMode::Strict || ability.landlock == 0 && settings.sandbox.mode.value.is_some() {
        return Err(Failure::Configuration(format!(
            "the sandbox cannot be kept by this kernel: {lacks}. Use a newer one, or --sandbox=off"
        )));
    }
    Ok(Some(lacks))
}

/// What to say of a zone in something that is open wider.
fn widened(zone: &Opening, others: &[Opening]) -> Option<String> {
    let wider = |other: &&Opening| zone.path.starts_with(&other.path) && !zone.rights.contains(other.rights);
    let other = others.iter().find(wider)?;
    let (shown, above, more) = (zone.path.display(), other.path.display(), other.rights);
    Some(format!("the zone {shown} lies in {above}, which is open for {more} ({}): that holds too", other.why))
}

fn real(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize().map_err(|error| Failure::Configuration(format!("{}: {error}", path.display())))
}

/// Our own variables that the server may see. Others are left out, and said where they look like something it needs.
fn passed_on(
    settings: &Settings,
    environment: impl Iterator<Item = (OsString, OsString)>,
    warnings: &mut Vec<String>,
) -> Vec<(OsString, OsString)> {
    let mut passed = Vec::new();
    let mut kept_back = Vec::new();
    for (name, value) in environment {
        let text = name.to_string_lossy().into_owned();
        let named = settings.sandbox.env.iter().any(|known| known.value == text);
        if named || PASSED.contains(&&*text) || PASSED_LIKE.iter().any(|start| text.starts_with(start)) {
            passed.push((name, value));
        } else if looks_like_key(&text) && !settings.server.env.value.contains_key(&text) {
            kept_back.push(text);
        }
    }
    if !kept_back.is_empty() {
        kept_back.sort();
        warnings.push(format!(
            "kept from the server, as they look like keys: {}. Name those that it needs in sandbox.env or by --pass-env",
            kept_back.join(", ")
        ));
    }
    passed
}

fn looks_like_key(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    KEYS.iter().any(|word| name.contains(word))
}
