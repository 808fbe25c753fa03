//! Brings the real MCP servers and clients that the end-to-end tests drive, under target/fixtures.
//!
//! Versions are pinned by tests/fixtures/node/package-lock.json and tests/fixtures/python/requirements.txt. A copy of
//! the pins beside what was installed says that it is complete, so that a second run needs no network. What cannot be
//! brought is an error: no test is ever skipped for want of it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::{Outcome, command, root, run};

/// The Python proxy whose rule files must load unchanged.
const LEGACY_WHEEL: &str = "mcp-vanguard==1.5.0";

pub(crate) fn bring() -> Outcome {
    let pins = root().join("tests/fixtures");
    let into = root().join("target/fixtures");
    node(&pins.join("node"), &into.join("node"))?;
    python(&pins.join("python/requirements.txt"), &into.join("python"))?;
    legacy_rules(&into)
}

/// Servers and clients written in TypeScript, by `npm ci`. Install scripts do not run.
fn node(pins: &Path, into: &Path) -> Outcome {
    once(into, &pins.join("package-lock.json"), || {
        for name in ["package.json", "package-lock.json", ".npmrc"] {
            copy(&pins.join(name), &into.join(name))?;
        }
        run(command("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(into))
            .map_err(|e| format!("{e}\nThe end-to-end tests need Node 20 or newer with npm."))
    })
}

/// Servers and clients written in Python, in a virtual environment of their own, and a newer Node.
fn python(pins: &Path, into: &Path) -> Outcome {
    once(into, pins, || {
        run(&mut command("python3", ["-m".as_ref(), "venv".as_ref(), into.as_os_str()]))
            .map_err(|e| format!("{e}\nThe end-to-end tests need Python 3.10 or newer with its venv module."))?;
        let python = into.join("bin/python");
        run(command(&python, ["-m", "pip", "install", "--quiet", "--requirement"]).arg(pins))?;
        everything_server(&python, pins, into)
    })
}

/// The server that the conformance suite is written against. It stands in the source of the client's release, and the pins name what builds it.
fn everything_server(python: &Path, pins: &Path, into: &Path) -> Outcome {
    let pinned = fs::read_to_string(pins).map_err(|e| format!("{}: {e}", pins.display()))?;
    let release = pinned.lines().find_map(|line| line.strip_prefix("mcp==")).ok_or("no release of `mcp` is pinned")?;
    let source = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation", "--no-binary", "mcp"];
    run(command(python, source).arg(format!("mcp=={release}")).arg("--dest").arg(into))?;
    let archive = into.join(format!("mcp-{release}.tar.gz"));
    run(command(python, ["-m", "tarfile", "-e"]).arg(archive).arg(into))?;
    let server = into.join(format!("mcp-{release}/examples/servers/everything-server"));
    run(command(python, ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]).arg(server))
}

/// The rule files of the Python release, out of its wheel; the package itself is not installed.
fn legacy_rules(into: &Path) -> Outcome {
    let python = into.join("python/bin/python");
    let into = into.join("legacy");
    if into.join("rules/commands.yaml").is_file() {
        return Ok(());
    }
    renew(&into)?;
    run(command(&python, ["-m", "pip", "download", "--quiet", "--no-deps", "--dest"]).arg(&into).arg(LEGACY_WHEEL))?;
    let wheel = fs::read_dir(&into)
        .map_err(|e| format!("{}: {e}", into.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .ok_or_else(|| format!("no wheel of {LEGACY_WHEEL} came to {}", into.display()))?;
    run(command(&python, ["-m", "zipfile", "-e"]).arg(wheel).arg(&into))
}

/// Runs `install` unless its pins are those of the last complete run.
fn once(into: &Path, pins: &Path, install: impl FnOnce() -> Outcome) -> Outcome {
    let wanted = fs::read(pins).map_err(|e| format!("{}: {e}", pins.display()))?;
    let stamp: PathBuf = into.join("installed-from");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    renew(into)?;
    install()?;
    fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))
}

fn renew(folder: &Path) -> Outcome {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to).map(drop).map_err(|e| format!("{} to {}: {e}", from.display(), to.display()))
}
