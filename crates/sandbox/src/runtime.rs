//! What a command needs to run at all, found by looking at it: its interpreter, libraries and packages, to read and
//! execute only; and the names that it goes by.

mod names;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use vanguard_engine::zone::Rights;

use crate::walls::Opening;

pub use names::names;

/// A command line as it would be run.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// The program, looked up in `path` where it has no slash.
    pub program: &'a OsStr,
    /// Its arguments.
    pub args: &'a [OsString],
    /// Where it runs.
    pub cwd: &'a Path,
    /// The value of `PATH`.
    pub path: &'a OsStr,
}

/// How many interpreters of interpreters are followed.
const HOPS: usize = 4;

/// Openings, none within another that is open for as much. What is not there is left out.
#[derive(Debug, Default)]
pub struct Needs {
    openings: Vec<Opening>,
}

impl Needs {
    /// Adds one.
    pub fn add(&mut self, path: &Path, rights: Rights, why: &str) {
        let Ok(path) = path.canonicalize() else { return };
        // A whole file system is never what a program needs.
        let open = |o: &Opening| o.rights.contains(rights) && path.starts_with(&o.path);
        if path.parent().is_some() && !self.openings.iter().any(open) {
            self.openings.push(Opening { path, rights, why: why.to_owned() });
        }
    }

    /// Adds what `command` is found to need.
    pub fn look(&mut self, command: &Command<'_>) {
        if let Some(program) = look_up(command.program, command.path, command.cwd) {
            self.program(&program, command.path, HOPS);
        }
        // `node dist/index.js`, `node node_modules/.bin/server`: what the interpreter is told to run.
        for arg in command.args {
            let path = command.cwd.join(arg);
            if path.is_file() && (is_code(&path) || shebang(&path).is_some()) {
                self.code(&path);
            }
        }
    }

    /// All of them.
    pub fn into_openings(self) -> Vec<Opening> {
        self.openings
    }

    /// The program itself, its installation, and what its first line names.
    fn program(&mut self, program: &Path, path: &OsStr, hops: usize) {
        self.link_chain(program);
        let Ok(real) = program.canonicalize() else { return };
        self.add(&real, Rights::READ | Rights::EXECUTE, "the program");
        self.installation(&real);
        self.versions(program);
        self.environment(program);
        if is_code(&real) || shebang(&real).is_some() {
            self.code(&real);
        }
        if let (Some(interpreter), Some(hops)) = (shebang(&real), hops.checked_sub(1))
            && let Some(interpreter) = look_up(&interpreter, path, Path::new("/"))
        {
            self.program(&interpreter, path, hops);
        }
    }

    /// The directories that symbolic links on the way to a program lie in need no opening: the kernel walks them freely.
    /// A relative link's target does, when a runtime finds its home by its own name.
    fn link_chain(&mut self, program: &Path) {
        if let (Ok(target), Some(parent)) = (fs::read_link(program), program.parent()) {
            self.add(&parent.join(target), Rights::READ | Rights::EXECUTE, "the program");
        }
    }

    /// `prefix/bin/program`: what was installed beside it.
    fn installation(&mut self, real: &Path) {
        let Some(prefix) = real.parent().filter(|dir| dir.ends_with("bin")).and_then(Path::parent) else { return };
        for part in ["lib", "lib64", "libexec", "include", "share"] {
            self.add(&prefix.join(part), Rights::READ | Rights::EXECUTE, "what is installed beside the program");
        }
        self.add(&prefix.join("bin"), Rights::READ | Rights::EXECUTE, "what is installed beside the program");
    }

    /// `root/shims/program` of a manager of versions (pyenv, rbenv, asdf, mise): the program proper lies somewhere below.
    fn versions(&mut self, program: &Path) {
        if let Some(root) = program.parent().filter(|dir| dir.ends_with("shims")).and_then(Path::parent) {
            self.add(root, Rights::READ | Rights::EXECUTE, "the versions that a shim chooses from");
        }
    }

    /// A Python virtual environment round the program, and the Python that it was made from.
    fn environment(&mut self, program: &Path) {
        for root in program.ancestors().skip(1).take(3) {
            let Ok(config) = fs::read_to_string(root.join("pyvenv.cfg")) else { continue };
            self.add(root, Rights::READ | Rights::EXECUTE, "the Python environment");
            for line in config.lines() {
                if let Some((key, value)) = line.split_once('=')
                    && key.trim() == "home"
                    && let Some(prefix) = Path::new(value.trim()).parent()
                {
                    self.add(prefix, Rights::READ | Rights::EXECUTE, "the Python that the environment was made from");
                }
            }
            return;
        }
    }

    /// A script: its package, and the packages that it may load.
    fn code(&mut self, script: &Path) {
        let Ok(script) = script.canonicalize() else { return };
        self.environment(&script);
        if let Some(package) = script.ancestors().skip(1).find(|dir| is_package(dir)) {
            self.add(package, Rights::READ | Rights::EXECUTE, "the server's package");
        } else {
            self.add(&script, Rights::READ | Rights::EXECUTE, "the server's script");
        }
        for dir in script.ancestors().skip(1) {
            let modules = if dir.ends_with("node_modules") { dir.to_owned() } else { dir.join("node_modules") };
            if modules.is_dir() {
                self.add(&modules, Rights::READ | Rights::EXECUTE, "packages that the server may load");
            }
        }
    }
}

/// The root of a package, by the files that make one.
fn is_package(dir: &Path) -> bool {
    ["package.json", "pyproject.toml", "setup.py", "Cargo.toml", "go.mod"].iter().any(|file| dir.join(file).is_file())
}

fn is_code(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    matches!(extension, "js" | "mjs" | "cjs" | "ts" | "mts" | "py" | "pyz" | "rb" | "php" | "pl" | "lua" | "sh" | "jar")
}

/// The interpreter that a script's first line names; of `env` the program that it looks for.
fn shebang(path: &Path) -> Option<OsString> {
    let mut head = [0; 256];
    let read = File::open(path).ok()?.read(&mut head).ok()?;
    let line = head.get(..read)?.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.split_ascii_whitespace().filter(|word| *word != "-S");
    let first = words.next()?;
    let name = if first.ends_with("/env") { words.find(|word| !word.contains('='))? } else { first };
    Some(name.into())
}

/// Where a program lies, as `execvp` would look for it.
fn look_up(program: &OsStr, path: &OsStr, cwd: &Path) -> Option<PathBuf> {
    if program.as_encoded_bytes().contains(&b'/') {
        return Some(cwd.join(program));
    }
    std::env::split_paths(path).map(|dir| cwd.join(dir).join(program)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs_of(program: &Path, args: &[OsString], cwd: &Path) -> Vec<Opening> {
        let mut needs = Needs::default();
        needs.look(&Command { program: program.as_os_str(), args, cwd, path: OsStr::new("/usr/bin:/bin") });
        needs.into_openings()
    }

    fn covers(openings: &[Opening], path: &Path, rights: Rights) -> bool {
        let path = path.canonicalize().unwrap();
        openings.iter().any(|opening| path.starts_with(&opening.path) && opening.rights.contains(rights))
    }

    #[test]
    fn a_node_package_opens_itself_and_what_it_loads_and_nothing_beside() {
        let home = tempfile::tempdir().unwrap();
        let package = home.path().join("app/node_modules/@scope/server");
        fs::create_dir_all(package.join("dist")).unwrap();
        fs::create_dir_all(home.path().join("app/node_modules/zod")).unwrap();
        fs::write(package.join("package.json"), "{}").unwrap();
        fs::write(package.join("dist/index.js"), "#!/usr/bin/env node\n").unwrap();
        fs::write(home.path().join("secret"), "").unwrap();
        fs::create_dir(home.path().join("app/node_modules/.bin")).unwrap();
        std::os::unix::fs::symlink("../@scope/server/dist/index.js", home.path().join("app/node_modules/.bin/server"))
            .unwrap();
        let linked = needs_of(Path::new("/bin/sh"), &["node_modules/.bin/server".into()], &home.path().join("app"));
        let args = ["node_modules/@scope/server/dist/index.js".into()];
        let openings = needs_of(Path::new("/bin/sh"), &args, &home.path().join("app"));
        assert_eq!(openings, linked);
        assert!(covers(&openings, &package.join("dist/index.js"), Rights::READ));
        assert!(covers(&openings, &home.path().join("app/node_modules/zod"), Rights::READ));
        assert!(!covers(&openings, &home.path().join("secret"), Rights::READ));
        assert!(openings.iter().all(|opening| !opening.rights.contains(Rights::WRITE)));
    }

    #[test]
    fn a_script_leads_to_its_interpreter_and_its_environment() {
        let home = tempfile::tempdir().unwrap();
        let base = home.path().join("python/bin");
        let venv = home.path().join("venv");
        fs::create_dir_all(&base).unwrap();
        fs::create_dir_all(home.path().join("python/lib")).unwrap();
        fs::create_dir_all(venv.join("bin")).unwrap();
        fs::copy("/bin/sh", base.join("python3")).unwrap();
        std::os::unix::fs::symlink(base.join("python3"), venv.join("bin/python")).unwrap();
        fs::write(venv.join("pyvenv.cfg"), format!("home = {}\n", base.display())).unwrap();
        let script = venv.join("bin/mcp-server");
        fs::write(&script, format!("#!{}\n", venv.join("bin/python").display())).unwrap();
        let openings = needs_of(&script, &[], home.path());
        for path in [base.join("python3"), home.path().join("python/lib"), venv.join("pyvenv.cfg"), script] {
            assert!(covers(&openings, &path, Rights::READ | Rights::EXECUTE), "{}", path.display());
        }
    }
}
