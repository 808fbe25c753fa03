//! Where things are, and how commands are run: each is printed first, and the first failure ends the chore.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// Why a chore failed, as one line for a person.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// Features that are off unless somebody asks for them. Tests, lints and documentation have them all; the release binary has none.
pub(crate) const FEATURES: &str = "vanguard/onnx";

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// A cargo command at the root, by the cargo that runs us.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Any other command at the root.
pub(crate) fn command<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command whose output belongs to the person who called us.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let shown = shown(command);
    eprintln!("\x1b[2m$ {shown}\x1b[0m");
    let status = command.status().map_err(|e| format!("`{shown}` could not start: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed: {status}")) }
}

/// Runs a command for what it prints.
pub(crate) fn output(command: &mut Command) -> Outcome<Vec<u8>> {
    let shown = shown(command);
    let done = command.output().map_err(|e| format!("`{shown}` could not start: {e}"))?;
    if done.status.success() {
        Ok(done.stdout)
    } else {
        Err(format!("`{shown}` failed: {}\n{}", done.status, String::from_utf8_lossy(&done.stderr)))
    }
}

/// Builds the release binary once for the tests and the demo, and tells where it is.
pub(crate) fn release_binary() -> Outcome<PathBuf> {
    run(&mut cargo(["build", "--release", "--package", "vanguard"]))?;
    let name = format!("vanguard{}", std::env::consts::EXE_SUFFIX);
    Ok(crate::supply::metadata()?.target_directory.join("release").join(name))
}

fn shown(command: &Command) -> String {
    let mut shown = command.get_program().to_string_lossy().into_owned();
    if let Some(name) = shown.rsplit('/').next().map(str::to_owned) {
        shown = name;
    }
    for argument in command.get_args() {
        let _ = write!(shown, " {}", argument.to_string_lossy());
    }
    shown
}
