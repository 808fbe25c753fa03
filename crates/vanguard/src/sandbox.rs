//! From settings to walls: what is open to one server, and what it finds in its environment.

mod environment;
pub(crate) mod profile;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vanguard_engine::policy::Profile;
use vanguard_gateway::StdioConfig;
use vanguard_sandbox::runtime::Command;
use vanguard_sandbox::{Ability, Limits, Opening, Ports, Rights, Walls, Watch, ability};

use crate::config::written::{AnyPort, PortList, SandboxMode};
use crate::config::{Layer, Origin, Settings, Written};
use crate::exit::Failure;
use crate::zones::{Laid, ZoneFlag};
use profile::Profiles;

/// Flags that say how far a server is walled in.
#[derive(Debug, clap::Args)]
pub(crate) struct WallFlags {
    /// Wall the server in: off, zones (only its zones and what it needs to run) or strict (also no TCP, and no start
    /// where the kernel cannot keep all of it) [default: zones where there are zones]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "MODE", num_args = 0..=1, require_equals = true, default_missing_value = "zones")]
    sandbox: Option<SandboxMode>,
    #[command(flatten)]
    zone: ZoneFlag,
    /// Profile of what the server needs, beside those that its command finds: a shipped one (`sandbox profiles`), a file, or
    /// none
    #[arg(long, value_name = "NAME")]
    sandbox_profile: Option<String>,
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
        if self.sandbox_profile.is_some() {
            add("--sandbox-profile", &|w| w.sandbox.profile.clone_from(&self.sandbox_profile));
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
    /// What says what the server needs.
    pub(crate) profiles: Profiles,
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
    let environment: Vec<(OsString, OsString)> = environment.collect();
    let variable = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let cwd = server.cwd.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_else(|| "/".into());
    let path = variable("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    let command = Command { program: &server.program, args: &server.args, cwd: &cwd, path: &path };
    let profiles = Profiles::of(&command, settings.sandbox.profile.value.as_deref())?;
    let mut env = environment::passed_on(settings, &profiles, &environment, &mut warnings);
    for name in ["TMPDIR", "TMP", "TEMP"] {
        env.push((name.into(), scratch.path().into()));
    }
    let mut openings = profiles.needs(&command, &variable, &mut env).into_openings();
    for opening in &laid.openings {
        warnings.extend(widened(opening, &openings));
        openings.push(opening.clone());
    }
    let all = Rights::READ | Rights::WRITE | Rights::EXECUTE;
    openings.push(Opening { path: real(scratch.path())?, rights: all, why: "temporary files of its own".to_owned() });
    if let Some(caches) = caches.filter(|_| profiles.caches().next().is_some()) {
        let cache = caches.join(profiles.directory(&server.name));
        std::fs::create_dir_all(&cache)
            .map_err(|error| Failure::Configuration(format!("{}: {error}", cache.display())))?;
        let cache = real(&cache)?;
        env.extend(profiles.caches().map(|(name, below)| (name.into(), cache.join(below).into())));
        openings.push(Opening {
            path: cache,
            rights: all,
            why: "a cache of its own, apart from all others".to_owned(),
        });
    }

    let walled = &settings.sandbox;
    let strict = mode == SandboxMode::Strict;
    let ports = |set: Option<&PortList>, of_profile: Option<PortList>, default: Ports| match set.cloned().or(of_profile)
    {
        None => default,
        Some(PortList::Any(_)) => Ports::Any,
        Some(PortList::Only(ports)) => Ports::Only(ports),
    };
    // In strict no port is open that nobody named.
    let named = |list: &PortList| !strict || *list != PortList::Any(AnyPort::Any);
    let anywhere = if strict { Ports::Only(Vec::new()) } else { Ports::Any };
    let walls = Walls {
        openings,
        connect: ports(walled.connect.value.as_ref(), profiles.connect().filter(named), anywhere),
        bind: ports(walled.bind.value.as_ref(), profiles.bind().filter(named), Ports::Only(Vec::new())),
        unix_sockets: walled.unix_sockets.value.unwrap_or_else(|| profiles.unix_sockets()),
        namespaces: walled.namespaces.value.unwrap_or_else(|| profiles.namespaces()),
        io_uring: walled.io_uring.value,
        limits: Limits {
            processes: walled.processes.value,
            files: walled.files.value,
            address_space: walled.address_space.value,
        },
        degrade: !strict,
        watch: if walled.record_outside.value.unwrap_or(strict) { Watch::Outside } else { Watch::Calls },
    };
    Ok(Some(Plan { walls, env, profiles, warnings, unkept, _scratch: scratch }))
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
