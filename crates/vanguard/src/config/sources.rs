//! Gathers what flags, variables and files say.

use std::path::{Path, PathBuf};

use vanguard_engine::policy::Profile;

use super::behaviour::Behaviour;
use super::entry::Entry;
use super::semantic::Semantic;
use super::servers::Served;
use super::{Layer, Origin, Settings, Written, file, trust, variables};
use crate::exit::Failure;
use crate::sandbox::profile;

/// The name of a configuration file.
const FILE: &str = "vanguard.yaml";

/// Flags that every command which judges or shows settings takes.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Configuration")]
#[expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]
pub(crate) struct Sources {
    /// Starting point of the policy: monitor (record, never refuse), balanced, strict [env: VANGUARD_PROFILE] [default:
    /// balanced]
    #[arg(long, value_name = "PROFILE", value_parser = |text: &str| variables::profile(text))]
    pub(crate) profile: Option<Profile>,
    /// Configuration file, in the place of ./vanguard.yaml [env: VANGUARD_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Directory of rule packs, added to the built-in ones; may be repeated [env: VANGUARD_RULES_DIR]
    #[arg(long, short = 'r', value_name = "DIR")]
    pub(crate) rules_dir: Vec<PathBuf>,
    /// Honour ./vanguard.yaml also where it weakens protection [env: VANGUARD_TRUST_PROJECT]
    #[arg(long)]
    pub(crate) trust_project: bool,
}

/// The surroundings of the process, as an argument so that tests can choose them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// Environment variables that are valid text.
    pub(crate) variables: Vec<(String, String)>,
    /// Working directory.
    pub(crate) directory: PathBuf,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        };
        let mut variables: Vec<_> = std::env::vars_os().filter_map(text).collect();
        variables.sort();
        Self { variables, directory: std::env::current_dir().unwrap_or_default() }
    }

    /// A variable's value; an empty one counts as absent.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A directory of the XDG convention below which this program keeps its files.
    fn xdg(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        // The convention: a relative path is invalid and ignored.
        let named = self.variable(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || {
            self.variable("HOME").or_else(|| self.variable("USERPROFILE")).map(|home| Path::new(home).join(below_home))
        };
        named.or_else(home).map(|path| path.join("vanguard"))
    }

    /// Where proxies that run can be found: of what does not outlive the login, where there is such a place.
    pub(crate) fn run_home(&self) -> Option<PathBuf> {
        let runtime = self.variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        runtime.map(|path| path.join("vanguard")).or_else(|| Some(self.state_home()?.join("run")))
    }

    /// Where the user's configuration lies.
    pub(crate) fn config_home(&self) -> Option<PathBuf> {
        self.xdg("XDG_CONFIG_HOME", ".config")
    }

    /// Where installed rules lie.
    pub(crate) fn data_home(&self) -> Option<PathBuf> {
        self.xdg("XDG_DATA_HOME", ".local/share")
    }

    /// Where the record lies unless a file is named.
    pub(crate) fn state_home(&self) -> Option<PathBuf> {
        self.xdg("XDG_STATE_HOME", ".local/state")
    }
}

/// Settings, and what deserves a warning about where they came from.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// What holds.
    pub(crate) settings: Settings,
    /// One line each.
    pub(crate) warnings: Vec<String>,
}

impl Sources {
    /// Resolves everything; `flags` are those of one command beyond the common ones.
    pub(crate) fn resolve(&self, mut flags: Vec<Layer>, around: &Surroundings) -> Result<Resolved, Failure> {
        self.own_layers(&mut flags);
        let (variables, warnings) = variables::layers(&around.variables)?;
        let user_path = around.config_home().map(|home| home.join(FILE));
        let user = match &user_path {
            Some(path) => file::read(path)?
                .map(|written| Layer { origin: Origin::User(path.clone()), written: rebase(written, path) }),
            None => None,
        };
        let trusted = self.trust_project
            || match around.variable("VANGUARD_TRUST_PROJECT") {
                Some(text) => variables::boolean(text)
                    .map_err(|expected| Failure::Configuration(format!("VANGUARD_TRUST_PROJECT: {expected}")))?,
                None => user.as_ref().and_then(|layer| layer.written.trust_project).unwrap_or(false),
            };
        let strong: Vec<Layer> = flags.into_iter().chain(variables).collect();
        let others = || strong.iter().chain(&user).cloned().collect::<Vec<_>>();
        let middle = match self.config.clone().or_else(|| around.variable("VANGUARD_CONFIG").map(PathBuf::from)) {
            Some(path) => Some(named(&around.directory.join(path))?),
            None => project(&around.directory, user_path.as_deref(), trusted, &others)?,
        };
        let layers = strong.iter().cloned().chain(middle).chain(user.clone()).collect();
        Ok(Resolved { settings: Settings::from_layers(layers)?, warnings })
    }

    /// A layer for each flag, so that each value remembers its own.
    fn own_layers(&self, layers: &mut Vec<Layer>) {
        if self.profile.is_some() {
            let written = Written { profile: self.profile, ..Written::default() };
            layers.push(Layer { origin: Origin::Flag("--profile"), written });
        }
        if !self.rules_dir.is_empty() {
            let mut written = Written::default();
            written.rules.dirs = Some(self.rules_dir.clone());
            layers.push(Layer { origin: Origin::Flag("--rules-dir"), written });
        }
    }
}

/// The file somebody named: it must be there, and it is trusted because it was named.
fn named(path: &Path) -> Result<Layer, Failure> {
    let missing = || Failure::Configuration(format!("{}: there is no such file", path.display()));
    let written = rebase(file::read(path)?.ok_or_else(missing)?, path);
    Ok(Layer { origin: Origin::Named(path.to_owned()), written })
}

/// The file in the working directory, if any; refused where it loosens and is not trusted.
fn project(
    directory: &Path,
    user: Option<&Path>,
    trusted: bool,
    others: &dyn Fn() -> Vec<Layer>,
) -> Result<Option<Layer>, Failure> {
    let path = directory.join(FILE);
    if user == Some(path.as_path()) {
        return Ok(None);
    }
    let Some(written) = file::read(&path)? else { return Ok(None) };
    if !trusted {
        trust::check(&written, &Settings::from_layers(others())?, &path)?;
    }
    let written = rebase(written, &path);
    Ok(Some(Layer { origin: Origin::Project(path), written }))
}

/// Relative paths in a file are meant from the file's own directory.
fn rebase(mut written: Written, file: &Path) -> Written {
    let Some(base) = file.parent() else { return written };
    for dir in written.rules.dirs.iter_mut().flatten() {
        *dir = base.join(&dir);
    }
    for path in [&mut written.pins.path, &mut written.policy.bundle].into_iter().flatten() {
        *path = base.join(&path);
    }
    let of_audit = [&mut written.audit.path, &mut written.audit.dir];
    for path in of_audit.into_iter().flatten().filter(|path| *path != "none") {
        *path = base.join(&path).to_string_lossy().into_owned();
    }
    let Entry { keys, jwt, tls, .. } = &mut written.entry;
    let of_entry =
        [keys, &mut jwt.jwks_file, &mut tls.certificate, &mut tls.key, &mut tls.client_ca, &mut tls.client_crl];
    let Behaviour { sequences, redis, .. } = &mut written.behaviour;
    let of_behaviour = sequences.iter_mut().flatten().chain(&mut redis.ca_file);
    let Semantic { ca_file, onnx, .. } = &mut written.semantic;
    let of_semantic = [ca_file, &mut onnx.model, &mut onnx.tokenizer].into_iter().flatten();
    for file in of_entry.into_iter().flatten().chain(of_behaviour).chain(of_semantic) {
        *file = base.join(&file);
    }
    for zone in written.zones.iter_mut().flatten() {
        zone.rebase(base);
    }
    if let Some(profile) = written.sandbox.profile.as_mut().filter(|named| profile::is_file(named)) {
        *profile = base.join(&profile).to_string_lossy().into_owned();
    }
    let servers = written.servers.iter_mut().flat_map(|servers| &mut servers.0);
    let of_servers = servers.filter_map(|(_, served)| match served {
        Served::Command(started) => started.cwd.as_mut(),
        Served::Url(_) | Served::OldUrl(_) => None,
    });
    for cwd in of_servers.chain(&mut written.server.cwd) {
        *cwd = base.join(&cwd);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        root: tempfile::TempDir,
        around: Surroundings,
    }

    fn place() -> Place {
        let root = tempfile::tempdir().expect("a directory");
        for dir in ["project", "config/vanguard"] {
            std::fs::create_dir_all(root.path().join(dir)).expect("a directory");
        }
        let variables = vec![("XDG_CONFIG_HOME".to_owned(), root.path().join("config").display().to_string())];
        let around = Surroundings { variables, directory: root.path().join("project") };
        Place { root, around }
    }

    impl Place {
        fn write(&self, name: &str, text: &str) {
            std::fs::write(self.root.path().join(name), text).expect("written");
        }
    }

    #[test]
    fn flag_beats_variable_beats_project_beats_user() {
        let mut place = place();
        place.write("config/vanguard/vanguard.yaml", "profile: balanced\nlimits: {depth: 50}\n");
        place.write("project/vanguard.yaml", "profile: strict\n");
        let resolve =
            |sources: &Sources, place: &Place| sources.resolve(Vec::new(), &place.around).expect("valid").settings;
        let settings = resolve(&Sources::default(), &place);
        assert_eq!(settings.profile.value, Profile::Strict);
        assert!(matches!(settings.profile.origin, Origin::Project(_)));
        assert!(matches!(settings.limits.depth.origin, Origin::User(_)));
        place.around.variables.push(("VANGUARD_PROFILE".into(), "monitor".into()));
        assert_eq!(resolve(&Sources::default(), &place).profile.value, Profile::Monitor);
        let flag = Sources { profile: Some(Profile::Balanced), ..Sources::default() };
        assert_eq!(resolve(&flag, &place).profile.origin, Origin::Flag("--profile"));
    }

    #[test]
    fn a_project_that_loosens_stops_the_start_until_trusted() {
        let place = place();
        place.write("project/vanguard.yaml", "profile: monitor\naudit: {path: none}\n");
        let failure = Sources::default().resolve(Vec::new(), &place.around).expect_err("refused").to_string();
        assert!(
            failure.contains("profile, audit.path would weaken") && failure.contains("--trust-project"),
            "{failure}"
        );
        let trusting = Sources { trust_project: true, ..Sources::default() };
        assert_eq!(
            trusting.resolve(Vec::new(), &place.around).expect("trusted").settings.profile.value,
            Profile::Monitor
        );
        place.write("config/vanguard/vanguard.yaml", "trust_project: true\n");
        assert!(Sources::default().resolve(Vec::new(), &place.around).is_ok());
    }

    #[test]
    fn a_named_file_is_trusted_replaces_the_projects_and_must_exist() {
        let place = place();
        place.write("project/vanguard.yaml", "profile: strict\n");
        place.write("mine.yaml", "profile: monitor\nrules: {dirs: [packs]}\n");
        let sources = Sources { config: Some(place.root.path().join("mine.yaml")), ..Sources::default() };
        let settings = sources.resolve(Vec::new(), &place.around).expect("valid").settings;
        assert_eq!(settings.profile.value, Profile::Monitor);
        assert_eq!(settings.rule_dirs[0].value, place.root.path().join("packs"));
        let sources = Sources { config: Some("absent.yaml".into()), ..Sources::default() };
        assert!(sources.resolve(Vec::new(), &place.around).is_err());
    }

    #[test]
    fn a_relative_xdg_directory_is_ignored() {
        let around = Surroundings {
            variables: vec![("XDG_CONFIG_HOME".into(), "here".into()), ("HOME".into(), "/home/u".into())],
            directory: PathBuf::from("/"),
        };
        assert_eq!(around.config_home(), Some(PathBuf::from("/home/u/.config/vanguard")));
    }
}
