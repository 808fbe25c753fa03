//! From settings to walls: what is open to one server, and what it finds in its environment.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vanguard_engine::policy::Profile;
use vanguard_gateway::StdioConfig;
use vanguard_sandbox::runtime::{self, Command};
use vanguard_sandbox::{Ability, Limits, Opening, Ports, Rights, Walls, Watch, ability};

use crate::config::written::{PortList, Right, SandboxMode, Zone};
use crate::config::{Layer, Origin, Settings, Written};
use crate::exit::Failure;

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
    /// A directory that the server may touch; may be repeated. PATH:ro to read only, PATH:rwx also to run what is there
    #[arg(long, value_name = "PATH[:ro|:rw|:rwx]", value_parser = zone)]
    zone: Vec<Zone>,
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
        if !self.zone.is_empty() {
            add("--zone", &|w| w.zones = Some(self.zone.clone()));
        }
        if !self.pass_env.is_empty() {
            add("--pass-env", &|w| w.sandbox.env = Some(self.pass_env.clone()));
        }
        layers
    }
}

fn zone(text: &str) -> Result<Zone, &'static str> {
    use Right::{Execute, Read, Write};
    let (path, rights) = match text.rsplit_once(':') {
        Some((path, "ro")) => (path, vec![Read]),
        Some((path, "rw")) => (path, vec![Read, Write]),
        Some((path, "rwx")) => (path, vec![Read, Write, Execute]),
        _ => (text, vec![Read, Write]),
    };
    if path.is_empty() {
        return Err("write PATH, PATH:ro, PATH:rw or PATH:rwx");
    }
    Ok(Zone { path: path.into(), rights: Some(rights) })
}

/// Walls that are ready to be raised.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) walls: Walls,
    pub(crate) env: Vec<(OsString, OsString)>,
    /// What a person should know before the server starts.
    pub(crate) warnings: Vec<String>,
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
    }
}

/// How far the server is walled in, all settings considered.
pub(crate) fn mode(settings: &Settings) -> SandboxMode {
    settings.sandbox.mode.value.unwrap_or(match (settings.zones.is_empty(), settings.profile.value) {
        (true, _) | (_, Profile::Monitor) => SandboxMode::Off,
        (false, Profile::Balanced) => SandboxMode::Zones,
        (false, Profile::Strict) => SandboxMode::Strict,
    })
}

/// The walls for `server`; `None` where it has none. `caches` is a directory of ours for what servers fetch.
pub(crate) fn plan(
    settings: &Settings,
    server: &StdioConfig,
    environment: impl Iterator<Item = (OsString, OsString)>,
    caches: Option<&Path>,
) -> Result<Option<Plan>, Failure> {
    let mode = mode(settings);
    if mode == SandboxMode::Off {
        return Ok(None);
    }
    let mut warnings = Vec::new();
    able(ability(), mode, settings, &mut warnings)?;
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
    for zone in &settings.zones {
        openings.push(opening(&zone.value, &cwd, &openings, &mut warnings)?);
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
    Ok(Some(Plan { walls, env, warnings, _scratch: scratch }))
}

/// Whether the kernel can keep the walls: in `strict` it must, in `zones` what it lacks is said.
fn able(ability: Ability, mode: SandboxMode, settings: &Settings, warnings: &mut Vec<String>) -> Result<(), Failure> {
    if ability.is_full() {
        return Ok(());
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
    warnings.push(format!("the sandbox is weaker than it should be on this kernel: {lacks}"));
    Ok(())
}

/// A zone as an opening, with what is odd about it.
fn opening(zone: &Zone, cwd: &Path, others: &[Opening], warnings: &mut Vec<String>) -> Result<Opening, Failure> {
    let asked = cwd.join(&zone.path);
    let path = real(&asked)
        .map_err(|error| Failure::Configuration(format!("the zone {error}. Make the directory, or mend the path")))?;
    let shown = path.display();
    if path.parent().is_none() {
        warnings.push("the zone / opens every file: the sandbox keeps nothing in".to_owned());
    }
    if path != asked.components().collect::<PathBuf>() {
        warnings.push(format!("the zone {} is a link or holds one: it stands for {shown}", zone.path.display()));
    }
    if path.is_file() {
        warnings.push(format!("the zone {shown} is one file: what replaces it is outside"));
    }
    let rights = match &zone.rights {
        None => Rights::READ | Rights::WRITE,
        Some(rights) => rights.iter().fold(Rights::empty(), |all, right| {
            all | match right {
                Right::Read => Rights::READ,
                Right::Write => Rights::WRITE,
                Right::Execute => Rights::EXECUTE,
            }
        }),
    };
    let wider = others.iter().find(|other| path.starts_with(&other.path) && !rights.contains(other.rights));
    if let Some(other) = wider {
        let (above, more) = (other.path.display(), other.rights);
        warnings.push(format!(
            "the zone {shown} lies in {above}, which is open for {more} ({}): that holds too",
            other.why
        ));
    }
    Ok(Opening { path, rights, why: "a zone".to_owned() })
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
