//! Profiles: what known programs and servers need behind the walls, as data (`profiles/*.yaml`).

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use globset::Glob;
use serde::Deserialize;
use vanguard_sandbox::Rights;
use vanguard_sandbox::runtime::{self, Command, Needs};

use crate::config::file;
use crate::config::written::{AnyPort, PortList};
use crate::config::zone::{Paths, Right};
use crate::exit::Failure;
use crate::suggest::closest;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../profiles/", $name, ".yaml")))),*]
    };
}

/// Those of this release, by name. The first is for every program.
pub(crate) const SHIPPED: [(&str, &str); 9] =
    shipped!["program", "node", "npx", "python", "uvx", "offline", "fetch", "git", "playwright"];

/// The name by which a user asks for none but the one for every program.
const NONE: &str = "none";

/// What a program or a server needs, and whom it is for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) about: String,
    /// Globs over the names of a command.
    #[serde(rename = "for")]
    names: Vec<String>,
    #[serde(default)]
    files: Vec<Place>,
    /// Variables that name a directory of the server's own, each with what lies below that.
    #[serde(default)]
    cache: BTreeMap<String, String>,
    /// Variables of ours that pass.
    #[serde(default)]
    env: Vec<String>,
    /// Variables with their values.
    #[serde(default)]
    set: BTreeMap<String, String>,
    connect: Option<PortList>,
    bind: Option<PortList>,
    #[serde(default)]
    unix_sockets: bool,
    #[serde(default)]
    namespaces: bool,
    pub(crate) note: Option<String>,
}

/// Files that are open.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    path: Paths,
    rights: Vec<Right>,
    why: String,
    /// Names the path instead, where it is set; and is set to it, where it is not.
    variable: Option<String>,
    /// Whether it counts where we run as root.
    #[serde(default = "yes")]
    root: bool,
}

fn yes() -> bool {
    true
}

/// The profiles of one command: what they say adds up.
#[derive(Debug)]
pub(crate) struct Profiles {
    /// What the command goes by.
    names: BTreeSet<String>,
    /// By name.
    pub(crate) chosen: Vec<(String, Profile)>,
}

impl Profiles {
    /// Those for `command`, and the one that the user `wanted`: shipped, or a file.
    pub(crate) fn of(command: &Command<'_>, wanted: Option<&str>) -> Result<Self, Failure> {
        let names = runtime::names(command);
        let mut chosen = Vec::new();
        for (n, (name, text)) in SHIPPED.into_iter().enumerate() {
            let profile: Profile = file::parse_as(text, name)?;
            let found = n == 0 || wanted != Some(NONE) && profile.is_for(&names)?;
            if found || wanted == Some(name) {
                chosen.push((name.to_owned(), profile));
            }
        }
        let shipped = |wanted: &str| SHIPPED.iter().any(|(name, _)| *name == wanted);
        if let Some(wanted) = wanted.filter(|wanted| *wanted != NONE && !shipped(wanted)) {
            chosen.push((wanted.to_owned(), read(wanted)?));
        }
        Ok(Self { names, chosen })
    }

    /// What `command` finds open, and the variables that say where. `variable` is our environment.
    pub(crate) fn needs(
        &self,
        command: &Command<'_>,
        variable: &dyn Fn(&str) -> Option<OsString>,
        env: &mut Vec<(OsString, OsString)>,
    ) -> Needs {
        let home = variable("HOME").map(PathBuf::from);
        let mut needs = Needs::default();
        for (name, profile) in &self.chosen {
            env.extend(profile.set.iter().map(|(name, value)| (name.into(), value.into())));
            for place in profile.files.iter().filter(|place| place.root || !is_root()) {
                let rights = place.rights.iter().fold(Rights::empty(), |all, right| all | right.meant());
                let why = if name == SHIPPED[0].0 { place.why.clone() } else { format!("{name}: {}", place.why) };
                for path in place.path.each() {
                    let default = homed(path, home.as_deref());
                    let set = place.variable.as_deref().map(|name| (name, variable(name)));
                    let path = match &set {
                        Some((_, Some(value))) if Path::new(value).is_absolute() => PathBuf::from(value),
                        _ => default,
                    };
                    if let Some((name, value)) = set.filter(|(_, value)| value.is_some() || path.exists()) {
                        env.push((name.into(), value.unwrap_or_else(|| path.clone().into())));
                    }
                    needs.add(&path, rights, &why);
                }
            }
        }
        needs.look(command);
        needs
    }

    /// The name of a directory that is this command's alone, so that what one server fetches no other one runs.
    pub(crate) fn directory(&self, server: &str) -> String {
        let plain = |c: char| if c.is_alphanumeric() || "@._-".contains(c) { c } else { '_' };
        let names = self.names.iter().map(String::as_str).filter(|name| *name != server);
        let all: Vec<String> =
            std::iter::once(server).chain(names).map(|name| name.chars().map(plain).collect()).collect();
        all.join("+")
    }

    /// Variables, each with what it names below a directory of the server's own.
    pub(crate) fn caches(&self) -> impl Iterator<Item = (&String, &String)> {
        self.each().flat_map(|profile| &profile.cache)
    }

    /// Whether a variable of ours passes.
    pub(crate) fn passes(&self, variable: &str) -> bool {
        self.each().any(|profile| profile.env.iter().any(|name| name == variable))
    }

    /// TCP ports to connect to; `None` where no profile speaks of them.
    pub(crate) fn connect(&self) -> Option<PortList> {
        sum(self.each().filter_map(|profile| profile.connect.as_ref()))
    }

    /// TCP ports to listen on.
    pub(crate) fn bind(&self) -> Option<PortList> {
        sum(self.each().filter_map(|profile| profile.bind.as_ref()))
    }

    /// Whether it may make Unix sockets.
    pub(crate) fn unix_sockets(&self) -> bool {
        self.each().any(|profile| profile.unix_sockets)
    }

    /// Whether it may make namespaces.
    pub(crate) fn namespaces(&self) -> bool {
        self.each().any(|profile| profile.namespaces)
    }

    fn each(&self) -> impl Iterator<Item = &Profile> {
        self.chosen.iter().map(|(_, profile)| profile)
    }
}

impl Profile {
    fn is_for(&self, names: &BTreeSet<String>) -> Result<bool, Failure> {
        for pattern in &self.names {
            let found = if pattern.contains('*') {
                let glob = Glob::new(pattern).map_err(|error| Failure::Configuration(error.to_string()))?;
                let glob = glob.compile_matcher();
                names.iter().any(|name| glob.is_match(name))
            } else {
                names.contains(pattern)
            };
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a profile is named by its file.
pub(crate) fn is_file(wanted: &str) -> bool {
    wanted.contains('/') || Path::new(wanted).extension().is_some_and(|extension| extension == "yaml")
}

/// A profile of the user's own.
fn read(wanted: &str) -> Result<Profile, Failure> {
    if !is_file(wanted) {
        return Err(unknown(wanted));
    }
    let path = Path::new(wanted);
    file::read_one(path)?.ok_or_else(|| Failure::Configuration(format!("{}: there is no such file", path.display())))
}

/// That no profile is called so.
pub(crate) fn unknown(wanted: &str) -> Failure {
    let names = || SHIPPED.iter().map(|(name, _)| *name).chain([NONE]);
    let known = match closest(wanted, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}; a file is named by its path", names().collect::<Vec<_>>().join(", ")),
    };
    Failure::Configuration(format!("there is no sandbox profile `{wanted}`; {known}"))
}

/// All ports of `lists`.
fn sum<'l>(lists: impl Iterator<Item = &'l PortList>) -> Option<PortList> {
    lists.cloned().reduce(|all, list| match (all, list) {
        (PortList::Only(mut all), PortList::Only(more)) => {
            all.extend(more);
            PortList::Only(all)
        }
        _ => PortList::Any(AnyPort::Any),
    })
}

fn homed(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

fn is_root() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    false
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn of(line: &str, named: Option<&str>) -> Result<Profiles, Failure> {
        let mut words = line.split(' ').map(OsString::from);
        let program = words.next().unwrap();
        let args: Vec<OsString> = words.collect();
        let command = Command { program: &program, args: &args, cwd: Path::new("/"), path: OsStr::new("/nowhere") };
        Profiles::of(&command, named)
    }

    fn names(line: &str, named: Option<&str>) -> Vec<String> {
        of(line, named).unwrap().chosen.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn a_command_finds_its_profiles() {
        assert_eq!(names("./server", None), ["program"]);
        assert_eq!(names("node server.js", None), ["program", "node"]);
        assert_eq!(names("npx -y @playwright/mcp@latest", None), ["program", "npx", "playwright"]);
        assert_eq!(names("uvx mcp-server-git", None), ["program", "uvx", "git"]);
        assert_eq!(names("python3.12 -m mcp_server_time", None), ["program", "python", "offline"]);
        assert_eq!(names("npx @playwright/mcp", Some("none")), ["program"]);
        assert_eq!(names("./wrapper.sh", Some("playwright")), ["program", "playwright"]);
    }

    #[test]
    fn what_profiles_say_adds_up() {
        let ports = |line| of(line, None).unwrap().connect();
        assert_eq!(ports("./server"), None);
        assert_eq!(ports("mcp-server-filesystem ."), Some(PortList::Only(Vec::new())));
        // What fetches the server needs the network, and the walls hold for both.
        assert_eq!(ports("npx @modelcontextprotocol/server-filesystem ."), Some(PortList::Any(AnyPort::Any)));
        let browser = of("npx @playwright/mcp", None).unwrap();
        assert!(browser.unix_sockets() && browser.namespaces() && browser.passes("DISPLAY"));
        assert_eq!(browser.directory("npx"), "npx+@playwright_mcp");
        assert!(browser.caches().any(|(variable, _)| variable == "npm_config_cache"));
    }

    #[test]
    fn a_profile_that_is_not_there_is_said() {
        let fault = |named| of("x", Some(named)).unwrap_err().to_string();
        assert!(fault("playwrigt").contains("did you mean `playwright`?"), "{}", fault("playwrigt"));
        assert!(fault("./absent.yaml").contains("there is no such file"));
    }

    /// No file of `profiles/` is forgotten, and each says what it is.
    #[test]
    fn every_profile_is_shipped() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|path| path.extension() == Some(OsStr::new("yaml"))).collect();
        files.sort();
        let mut shipped: Vec<_> = SHIPPED.iter().map(|(name, _)| *name).collect();
        shipped.sort_unstable();
        assert_eq!(files.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect::<Vec<_>>(), shipped);
        for (name, text) in SHIPPED {
            let profile: Profile = file::parse_as(text, name).unwrap();
            assert!(!profile.about.is_empty() && !profile.names.is_empty(), "{name}");
        }
    }
}
