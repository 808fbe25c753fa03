//! The names that a command goes by, by which profiles are found: its program, its interpreters, the package it runs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use super::{Command, HOPS, look_up, shebang};

/// Programs that are told what to run.
const RUNNERS: [&str; 14] =
    ["node", "nodejs", "bun", "deno", "npx", "npm", "pnpm", "yarn", "bunx", "uvx", "uv", "pipx", "python", "python3"];
/// Words between a runner and what it runs.
const SUBCOMMANDS: [&str; 6] = ["run", "exec", "x", "dlx", "tool", "--"];
/// Options whose value is what is run, or the package that it comes from.
const NAMING: [&str; 4] = ["-m", "-p", "--package", "--from"];

/// All names of `command`. Whoever wrote the command chose them: nothing that a package says of itself is one.
pub fn names(command: &Command<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let program = Path::new(command.program);
    names.extend(base(program));
    if let Some(found) = look_up(command.program, command.path, command.cwd) {
        of_program(&found, command.path, HOPS, &mut names);
    }
    let runs = base(program).is_some_and(|name| RUNNERS.contains(&&*name) || name.starts_with("python3."));
    if runs {
        of_arguments(command, &mut names);
    }
    names
}

/// The package that a program lies in, and what its first line names.
fn of_program(program: &Path, path: &OsStr, hops: usize, names: &mut BTreeSet<String>) {
    let Ok(real) = program.canonicalize() else { return };
    names.extend(package(&real));
    if let (Some(interpreter), Some(hops)) = (shebang(&real), hops.checked_sub(1)) {
        names.extend(base(Path::new(&interpreter)));
        if let Some(interpreter) = look_up(&interpreter, path, Path::new("/")) {
            of_program(&interpreter, path, hops, names);
        }
    }
}

/// What a runner is told to run: the first word that is no option, and packages that options name.
fn of_arguments(command: &Command<'_>, names: &mut BTreeSet<String>) {
    let mut args = command.args.iter().filter_map(|arg| arg.to_str());
    while let Some(arg) = args.next() {
        if NAMING.contains(&arg) {
            names.extend(args.next().and_then(named));
            if arg == "-m" {
                return;
            }
        } else if let Some((option, value)) = arg.split_once('=').filter(|_| arg.starts_with("--")) {
            names.extend(Some(value).filter(|_| NAMING.contains(&option)).and_then(named));
        } else if !arg.starts_with('-') && !SUBCOMMANDS.contains(&arg) {
            let path = command.cwd.join(arg);
            return names.extend(if path.is_file() { package(&path) } else { named(arg) });
        }
    }
}

fn base(path: &Path) -> Option<String> {
    path.file_name().and_then(OsStr::to_str).map(str::to_owned)
}

/// `app/node_modules/@scope/name/dist/index.js`: `@scope/name`.
fn package(path: &Path) -> Option<String> {
    let parts: Vec<&str> = path.iter().filter_map(OsStr::to_str).collect();
    let at = parts.iter().rposition(|part| *part == "node_modules")?;
    let name = parts.get(at + 1)?;
    match parts.get(at + 2) {
        Some(rest) if name.starts_with('@') => Some(format!("{name}/{rest}")),
        _ => Some((*name).to_owned()),
    }
}

/// `@scope/name@1.2`, `name==1.2`, `name[extra]`, `module_name`: the package without its version.
fn named(text: &str) -> Option<String> {
    let start = usize::from(text.starts_with('@'));
    let end = text.get(start..)?.find(['@', '=', '<', '>', '[', '~', '!', ' ']).map_or(text.len(), |at| at + start);
    let name = text.get(..end)?;
    // A module is spelt with underscores, its distribution with hyphens.
    (!name.is_empty() && !text.contains("://")).then(|| name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn of(line: &str, cwd: &Path) -> Vec<String> {
        let mut words = line.split(' ').map(OsString::from);
        let program = words.next().unwrap();
        let args: Vec<OsString> = words.collect();
        let command = Command { program: &program, args: &args, cwd, path: OsStr::new("/nowhere") };
        names(&command).into_iter().collect()
    }

    #[test]
    fn a_runner_is_told_what_to_run() {
        for (line, expected) in [
            ("npx -y @playwright/mcp@latest --headless", "@playwright/mcp"),
            ("npx --package=@playwright/mcp playwright-mcp", "@playwright/mcp"),
            ("npm exec -- @scope/name", "@scope/name"),
            ("uvx mcp-server-git==2026.1 --repository x", "mcp-server-git"),
            ("uvx --from mcp_server_git[all] run-it", "mcp-server-git"),
            ("uv tool run mcp-server-time", "mcp-server-time"),
            ("python3.11 -m mcp_server_fetch --x", "mcp-server-fetch"),
            ("/usr/bin/node --inspect node_modules/@scope/name/x.js", "node"),
        ] {
            assert!(of(line, Path::new("/")).contains(&expected.to_owned()), "{line}");
        }
    }

    /// Data of a server is no name of it, and neither is where it comes from.
    #[test]
    fn what_a_server_works_on_is_no_name() {
        for line in
            ["mcp-server-git --repository @playwright/mcp", "npx y @playwright/mcp", "uvx --from git+https://a.b/c x"]
        {
            let names = of(line, Path::new("/"));
            assert!(
                names.iter().all(|name| ["mcp-server-git", "npx", "uvx", "y", "x"].contains(&&**name)),
                "{line}: {names:?}"
            );
        }
    }

    #[test]
    fn a_script_is_known_by_its_package() {
        let home = tempfile::tempdir().unwrap();
        let package = home.path().join("node_modules/@scope/name");
        std::fs::create_dir_all(&package).unwrap();
        std::fs::write(package.join("cli.js"), "#!/usr/bin/env node\n").unwrap();
        let script = package.join("cli.js").display().to_string();
        assert_eq!(of(&script, home.path()), ["@scope/name", "cli.js", "node"]);
        assert_eq!(of("node node_modules/@scope/name/cli.js", home.path()), ["@scope/name", "node"]);
    }
}
