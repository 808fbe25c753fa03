//! `sandbox learn`: run a server without walls, watch what it asks for, and write the narrowest zones that fit.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use vanguard_sandbox::learn::{Learned, learn};
use vanguard_sandbox::{Ask, Limits, Opening, Outcome, Ports, Rights, Step, Walls, Watch, ability, runtime};

use crate::exit::Failure;
use crate::sandbox::profile::Profiles;

/// The most different things asked for that are kept.
const MAX_ASKS: usize = 100_000;

/// Runs the command and writes what it needed to `out`.
pub(super) fn run(command: &[OsString], out: &Path) -> Result<ExitCode, Failure> {
    let (program, args) =
        command.split_first().ok_or_else(|| Failure::Usage("there is no command to watch".to_owned()))?;
    if !ability().seccomp {
        return Err(Failure::Configuration(
            "this kernel tells nobody of system calls, so nothing can be learnt".into(),
        ));
    }
    // Asked for before the server runs: an hour of use must not end in a file that cannot be written.
    let failed = |error: std::io::Error| Failure::Configuration(format!("{}: {error}", out.display()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(out).map_err(failed)?;
    let cwd = std::env::current_dir().map_err(failed)?;
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    let command_line = runtime::Command { program, args, cwd: &cwd, path: &path };
    let profiles = Profiles::of(&command_line, None)?;
    let mut open = profiles.needs(&command_line, &|name| std::env::var_os(name), &mut Vec::new()).into_openings();
    open.push(temporary());

    let seen = watch(program, args)?;
    let learned = learn(&seen.asks, &open, &Path::is_dir);
    file.write_all(written(&learned, &seen, command).as_bytes()).map_err(failed)?;
    anstream::eprintln!(
        "vanguard: {} zones learnt, written to {}. Review each before you use it: it is what the server did, not what it should do.",
        learned.zones.len(),
        out.display()
    );
    Ok(seen.code)
}

/// What was seen.
struct Seen {
    asks: BTreeSet<Ask>,
    /// Forbidden calls that went on.
    calls: BTreeSet<&'static str>,
    /// More was asked for than is kept.
    cut: bool,
    code: ExitCode,
}

/// Runs the server on our own stdio until it ends; signals that would end us are passed on to it.
fn watch(program: &OsString, args: &[OsString]) -> Result<Seen, Failure> {
    let failed = |error: std::io::Error| Failure::Configuration(format!("the server cannot be watched: {error}"));
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    let walls = nothing_walled();
    let step = Step::prepare(&mut command, &walls, program.clone(), args.iter().cloned()).map_err(failed)?;
    let mut child = command.spawn().map_err(failed)?;
    let (server, handle) = (Pid::from_child(&child), signals.handle());
    std::thread::spawn(move || {
        for signal in signals.forever() {
            // A client that ends us means the server; one that is gone already needs no signal.
            let signal = if signal == SIGINT { Signal::INT } else { Signal::TERM };
            let _ = kill_process(server, signal);
        }
    });
    let mut seen = Seen { asks: BTreeSet::new(), calls: BTreeSet::new(), cut: false, code: ExitCode::SUCCESS };
    let Some(witness) = step.taken().map_err(failed)? else {
        return Err(Failure::Server(format!("the server did not start ({})", ended(&mut child).map_err(failed)?)));
    };
    let watched = witness.watch(&walls, &mut |sighting| match sighting.outcome {
        Outcome::Asked(ask) if seen.asks.len() < MAX_ASKS => drop(seen.asks.insert(ask)),
        Outcome::Asked(_) => seen.cut = true,
        Outcome::Ended | Outcome::Failed | Outcome::WentOn => drop(seen.calls.insert(sighting.call)),
    });
    // Before its number can come to mean another process.
    handle.close();
    watched.map_err(failed)?;
    seen.code = ExitCode::from(ended(&mut child).map_err(failed)?);
    Ok(seen)
}

fn ended(child: &mut Child) -> std::io::Result<u8> {
    let status = child.wait()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

fn nothing_walled() -> Walls {
    Walls {
        openings: Vec::new(),
        connect: Ports::Any,
        bind: Ports::Any,
        unix_sockets: true,
        namespaces: true,
        io_uring: true,
        limits: Limits::default(),
        degrade: true,
        watch: Watch::Everything,
    }
}

/// Behind walls a server has a directory of its own for temporary files.
fn temporary() -> Opening {
    let path = std::env::temp_dir();
    let path = path.canonicalize().unwrap_or(path);
    Opening { path, rights: Rights::all(), why: "temporary files".to_owned() }
}

/// The learnt zones as a piece of `vanguard.yaml`.
fn written(learned: &Learned, seen: &Seen, command: &[OsString]) -> String {
    let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
    let mut text = format!(
        "# What this server asked for, beyond what it needs to run, while it was watched:\n#   {}\n\
         # Review each line. What it did not do while it was watched is not here; what it should not do may be.\n",
        words.join(" ").escape_debug()
    );
    if seen.cut {
        text.push_str("# More was asked for than is kept: this is not all of it.\n");
    }
    text.push_str("zones:\n");
    for (path, rights) in &learned.zones {
        let names = [(Rights::READ, "read"), (Rights::WRITE, "write"), (Rights::EXECUTE, "execute")];
        let names: Vec<_> = names.iter().filter(|(right, _)| rights.contains(*right)).map(|(_, name)| *name).collect();
        let warning = warning(path).map(|why| format!("  # {why}")).unwrap_or_default();
        let _ = writeln!(text, "  - {{path: {}, rights: [{}]}}{warning}", quoted(path), names.join(", "));
    }
    if learned.zones.is_empty() {
        text.truncate(text.len().saturating_sub(1));
        text.push_str(" []\n");
    }
    text.push_str("sandbox:\n");
    for (key, ports) in [("connect", &learned.connect), ("bind", &learned.bind)] {
        let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
        let _ = writeln!(text, "  {key}: [{}]", ports.join(", "));
    }
    let _ = writeln!(text, "  unix_sockets: {}", learned.unix_sockets);
    let namespaces = ["unshare", "clone", "chroot"].iter().any(|call| seen.calls.contains(call));
    let _ = writeln!(text, "  namespaces: {namespaces}");
    let refused: Vec<_> =
        seen.calls.iter().copied().filter(|call| !["unshare", "clone", "chroot", "socket"].contains(call)).collect();
    if !refused.is_empty() {
        let _ = writeln!(text, "# Behind walls these calls of it fail or end it: {}", refused.join(", "));
    }
    text
}

/// A path as a scalar of YAML: every JSON text is one.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    serde_json::to_string(&*text).unwrap_or_else(|_| format!("{text:?}"))
}

/// Why a zone deserves a second look.
fn warning(path: &Path) -> Option<&'static str> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if path.parent().is_none() {
        return Some("every file there is");
    }
    if home.is_some_and(|home| home.starts_with(path)) {
        return Some("all of your home directory: give it a directory of its own instead");
    }
    let hidden = path
        .components()
        .any(|part| [".ssh", ".aws", ".gnupg", ".kube", ".docker"].iter().any(|name| part.as_os_str() == *name));
    (hidden || name.starts_with(".env") || name == ".netrc").then_some("credentials: does it need these?")
}
