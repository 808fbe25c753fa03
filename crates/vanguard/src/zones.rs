//! From settings to zones: what the policy judges by, the ground that it asks, and what the walls leave open.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobMatcher};
use vanguard_engine::zone::{HardLinks, MAX_ZONES, Rights, Zone};
use vanguard_gateway::StdioConfig;
use vanguard_sandbox::Opening;
use vanguard_sandbox::ground::{Ground, Site};

use crate::config::sources::Surroundings;
use crate::config::zone::{self as written, Right, SafeZone};
use crate::config::{Layer, Origin, Set, Settings, Written, file};
use crate::engine::SAFE_ZONES;
use crate::exit::Failure;

/// The flag that names zones.
#[derive(Debug, clap::Args)]
pub(crate) struct ZoneFlag {
    /// A directory that the server may touch; may be repeated. PATH:ro to read only, PATH:rwx also to run what is there
    #[arg(long, value_name = "PATH[:ro|:rw|:rwx]", value_parser = parse)]
    zone: Vec<written::Zone>,
}

impl ZoneFlag {
    /// Its layer, if it was given.
    pub(crate) fn layer(&self) -> Option<Layer> {
        let written = Written { zones: Some(self.zone.clone()), ..Written::default() };
        (!self.zone.is_empty()).then_some(Layer { origin: Origin::Flag("--zone"), written })
    }
}

fn parse(text: &str) -> Result<written::Zone, &'static str> {
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
    Ok(written::Zone::new(path.into(), Some(rights)))
}

/// The zones of one server.
#[derive(Debug)]
pub(crate) struct Laid {
    /// In the order in which the ground knows them.
    pub(crate) zones: Vec<Zone>,
    /// Where they lie.
    pub(crate) ground: Ground,
    /// What the walls leave open for them.
    pub(crate) openings: Vec<Opening>,
    /// What a person should know of them.
    pub(crate) warnings: Vec<String>,
}

impl Laid {
    /// Whether the configuration confines every tool.
    pub(crate) fn confines_all(&self) -> bool {
        self.zones.iter().any(|zone| zone.tool.is_none())
    }
}

/// Lays out the zones that `settings` name for `server`, which runs in `directory`.
///
/// A zone of the configuration must be there; one of a `safe_zones.yaml` need not, and then nothing lies in it.
pub(crate) fn lay(
    settings: &Settings,
    server: Option<&str>,
    directory: &Path,
    around: &Surroundings,
) -> Result<Laid, Failure> {
    let ground = Ground::new(directory)
        .map_err(|error| Failure::Configuration(format!("the server's directory {}: {error}", directory.display())))?;
    let mut laying = Laying {
        laid: Laid { zones: Vec::new(), ground, openings: Vec::new(), warnings: Vec::new() },
        home: around.variable("HOME").or_else(|| around.variable("USERPROFILE")).map(PathBuf::from),
    };
    for set in &settings.zones {
        laying.configured(set, server)?;
    }
    for (list, dir) in (1_u8..).zip(&settings.rule_dirs) {
        laying.safe_zones(dir, list)?;
    }
    laying.overlaps();
    if cfg!(not(target_os = "linux")) && laying.laid.confines_all() {
        let what = "this system has no walls for a server: zones are kept by judging paths alone";
        laying.laid.warnings.push(what.to_owned());
    }
    let Laying { laid, .. } = laying;
    if laid.zones.len() > MAX_ZONES {
        let count = laid.zones.len();
        return Err(Failure::Configuration(format!("there are {count} zones; at most {MAX_ZONES} can be held")));
    }
    Ok(laid)
}

struct Laying {
    laid: Laid,
    home: Option<PathBuf>,
}

impl Laying {
    fn configured(&mut self, set: &Set<written::Zone>, server: Option<&str>) -> Result<(), Failure> {
        let written = &set.value;
        let glob = |key: &str, text: &Option<String>| -> Result<Option<GlobMatcher>, Failure> {
            let fault = |error| Failure::Configuration(format!("zones ({}): {key}: `{error}`", set.origin));
            text.as_deref().map(|text| Glob::new(text).map(|glob| glob.compile_matcher())).transpose().map_err(fault)
        };
        let (tool, of_server) = (glob("tool", &written.tool)?, glob("server", &written.server)?);
        // Where no server is named, as in `check`, every zone counts.
        if of_server.is_some_and(|glob| server.is_some_and(|name| !glob.is_match(name))) {
            return Ok(());
        }
        if written.max_entropy.is_some_and(|bits| !(0.0..=8.0).contains(&bits)) {
            let what = format!("zones ({}): max_entropy must lie between 0 and 8 bits a byte", set.origin);
            return Err(Failure::Configuration(what));
        }
        for path in written.path.each() {
            let site = self.laid.ground.hold(&self.homed(path)).map_err(|error| {
                let (path, origin) = (path.display(), &set.origin);
                Failure::Configuration(format!(
                    "the zone {path} ({origin}): {error}. Make the directory, or mend the path"
                ))
            })?;
            self.odd(path, &site);
            let zone = zone(written, tool.clone(), &site);
            self.open(&zone, site);
            self.laid.zones.push(zone);
        }
        Ok(())
    }

    /// The zones of a rule directory's `safe_zones.yaml`, if it has one: a list of its own.
    fn safe_zones(&mut self, dir: &Set<PathBuf>, list: u8) -> Result<(), Failure> {
        let path = dir.value.join(SAFE_ZONES);
        let mut missing = Vec::new();
        for entry in file::read_list::<SafeZone>(&path)? {
            if entry.allowed_prefixes.is_empty() {
                self.laid.warnings.push(format!(
                    "{}: {} has no allowed_prefixes, and so is not confined",
                    path.display(),
                    entry.tool
                ));
            }
            let tool = Glob::new(&globset::escape(&entry.tool)).map(|glob| glob.compile_matcher());
            let tool = tool.map_err(|error| Failure::Configuration(format!("{}: {error}", path.display())))?;
            for prefix in &entry.allowed_prefixes {
                // A path of Windows is none of another system's.
                let foreign = cfg!(unix) && prefix.contains('\\');
                let asked = if foreign { PathBuf::from("/nonexistent") } else { self.homed(Path::new(prefix)) };
                let site = self.laid.ground.hold(&asked).ok();
                if site.is_none() {
                    missing.push(prefix.clone());
                }
                let zone = Zone {
                    tool: Some(tool.clone()),
                    rights: Rights::all(),
                    recursive: entry.recursive,
                    max_entropy: entry.max_entropy,
                    list,
                    ..Zone::new(site.as_ref().map_or(prefix.clone(), |site| site.path.display().to_string()))
                };
                // A stranger's directory may confine the server, never open a wall.
                if let Some(site) = site.filter(|_| !matches!(dir.origin, Origin::Project(_))) {
                    self.open(&zone, site);
                }
                self.laid.zones.push(zone);
            }
        }
        if !missing.is_empty() {
            missing.sort();
            missing.dedup();
            self.laid.warnings.push(format!(
                "{}: nothing lies in these zones, as they are not there: {}",
                path.display(),
                missing.join(", ")
            ));
        }
        Ok(())
    }

    fn homed(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path.to_owned(),
        }
    }

    /// Says what may not be meant.
    fn odd(&mut self, written: &Path, site: &Site) {
        let shown = site.path.display();
        if site.path.parent().is_none() {
            self.laid.warnings.push("the zone / holds every file: it keeps nothing out".to_owned());
        }
        let plain: PathBuf = self.homed(written).components().collect();
        if plain.is_absolute() && plain != site.path {
            self.laid
                .warnings
                .push(format!("the zone {} is a link or holds one: it stands for {shown}", written.display()));
        }
        if site.is_file {
            self.laid.warnings.push(format!("the zone {shown} is one file: what replaces it is outside"));
        }
    }

    fn open(&mut self, zone: &Zone, site: Site) {
        self.laid.openings.push(Opening { path: site.path, rights: zone.rights, why: "a zone".to_owned() });
    }

    /// Zones of one list that lie in one another: the rights of both hold, which may not be meant.
    fn overlaps(&mut self) {
        let mut warnings = Vec::new();
        for (n, inner) in self.laid.zones.iter().enumerate().filter(|(_, zone)| zone.list == 0) {
            let outer = self.laid.zones.iter().enumerate().find(|(m, outer)| {
                let same = outer.path == inner.path;
                let round = Path::new(&*inner.path).starts_with(&*outer.path) && (!same || *m < n);
                let alike = outer.tool.as_ref().map(GlobMatcher::glob) == inner.tool.as_ref().map(GlobMatcher::glob);
                *m != n && outer.list == 0 && alike && round && !inner.rights.contains(outer.rights)
            });
            if let Some((_, outer)) = outer {
                warnings.push(format!(
                    "the zone {} ({}) lies in the zone {} ({}), whose rights hold there too",
                    inner.path, inner.rights, outer.path, outer.rights
                ));
            }
        }
        self.laid.warnings.extend(warnings);
    }
}

fn zone(written: &written::Zone, tool: Option<GlobMatcher>, site: &Site) -> Zone {
    let base = Zone::new(site.path.display().to_string());
    let rights =
        written.rights.as_ref().map(|rights| rights.iter().fold(Rights::empty(), |all, right| all | right.meant()));
    let hard_links = written.hard_links.map(|what| match what {
        written::HardLinks::Allow => HardLinks::Allow,
        written::HardLinks::Warn => HardLinks::Warn,
        written::HardLinks::Deny => HardLinks::Deny,
    });
    Zone {
        tool,
        rights: rights.unwrap_or(base.rights),
        recursive: written.recursive.unwrap_or(base.recursive),
        hidden: written.hidden.unwrap_or(base.hidden),
        links: written.follow_links.unwrap_or(base.links),
        mounts: written.cross_mounts.unwrap_or(base.mounts),
        hard_links: hard_links.unwrap_or(base.hard_links),
        max_entropy: written.max_entropy,
        ..base
    }
}

/// The variables that `server` starts with.
pub(crate) fn variables(server: &StdioConfig) -> Vec<(String, String)> {
    let text = |value: &std::ffi::OsStr| value.to_string_lossy().into_owned();
    let mut all = Vec::new();
    // The last word on a variable comes first.
    for (name, value) in server.env.iter().rev().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        all.push((text(name), text(value)));
    }
    if server.inherits {
        all.extend(std::env::vars_os().map(|(name, value)| (text(&name), text(&value))));
    }
    all
}
