//! The ground on Windows: letters first ([`super::windows`]), then the final path that the system gives of a handle.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use smallvec::SmallVec;
use vanguard_engine::zone::{Ground as Asked, Standing, Trouble, What, Within};

use super::windows::Plain;
use super::{Site, Step, StepKind};

/// The file system as one server sees it.
#[derive(Debug)]
pub struct Ground {
    zones: Vec<Option<Plain>>,
    directory: PathBuf,
    variables: Vec<(String, String)>,
}

impl Ground {
    /// That of a server that runs in `directory`. It knows no zones and no variables yet.
    pub fn new(directory: &Path) -> io::Result<Self> {
        Ok(Self { zones: Vec::new(), directory: directory.canonicalize()?, variables: Vec::new() })
    }

    /// Takes note of the next zone. Where that fails it is a zone that nothing lies in, and the error says why.
    pub fn hold(&mut self, path: &Path) -> io::Result<Site> {
        let found = self.directory.join(path).canonicalize().and_then(|real| {
            let plain = final_path(&real).ok_or(io::ErrorKind::Unsupported)?;
            let is_file = fs::metadata(&real)?.is_file();
            Ok((plain, Site { path: real, is_file }))
        });
        let (zone, outcome) = match found {
            Ok((plain, site)) => (Some(plain), Ok(site)),
            Err(error) => (None, Err(error)),
        };
        self.zones.push(zone);
        outcome
    }

    /// The same, with the variables of the server's environment.
    #[must_use]
    pub fn seeing(self, variables: Vec<(String, String)>) -> Self {
        Self { variables, ..self }
    }

    /// The same: there is no other way here.
    #[must_use]
    pub fn walking(self) -> Self {
        self
    }

    /// Where `path` leads; of the way only its end is known.
    pub fn trace(&self, path: &str, tell: &mut dyn FnMut(Step)) -> Standing {
        let standing = self.resolve(path);
        let what = match standing.what {
            What::Missing | What::Nowhere => StepKind::Missing,
            What::File(_) => StepKind::File,
            What::Directory => StepKind::Directory,
            What::Special => StepKind::Special,
        };
        let zones = standing.within.iter().filter(|within| within.depth == 0).map(|within| within.zone).collect();
        tell(Step { place: standing.place.clone(), what, zones });
        standing
    }

    fn follow(&self, path: &str) -> Result<Standing, Trouble> {
        let directory = final_path(&self.directory).ok_or(Trouble::System)?;
        let asked = Plain::read(path, Some(&directory))?;
        // What is there is followed by its handle, what is not is added to that.
        let mut existing = asked.clone();
        let mut missing = Vec::new();
        let (real, metadata) = loop {
            let path = PathBuf::from(format!("{}:\\{}", existing.drive, existing.names.join("\\")));
            match path.canonicalize().and_then(|real| Ok((fs::metadata(&real)?, real))) {
                Ok((metadata, real)) => break (real, metadata),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    missing.push(existing.names.pop().ok_or(Trouble::System)?);
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(Trouble::Denied),
                Err(_) => return Err(Trouble::System),
            }
        };
        let mut place = final_path(&real).ok_or(Trouble::Share)?;
        place.names.extend(missing.iter().rev().cloned());
        let linked = final_path(&real).is_none_or(|real| existing.depth_of(&real) != Some(0));
        let what = match missing.len() {
            // How many names a file has Windows tells only to calls that std does not make.
            0 if metadata.is_file() => What::File(1),
            0 if metadata.is_dir() => What::Directory,
            0 => What::Special,
            _ if metadata.is_file() => return Err(Trouble::NotDirectory),
            1 => What::Missing,
            _ => What::Nowhere,
        };
        let lies = |(zone, held): (usize, &Option<Plain>)| {
            let depth = held.as_ref()?.depth_of(&place)?;
            let hidden = place.names.iter().rev().take(depth).any(|name| name.starts_with('.'));
            Some(Within { zone, depth, hidden, link: linked, mount: false })
        };
        let within: SmallVec<[Within; 2]> = self.zones.iter().enumerate().filter_map(lies).collect();
        let was_in = |(zone, held): (usize, &Option<Plain>)| held.as_ref()?.depth_of(&asked).map(|_| zone);
        let left = self.zones.iter().enumerate().filter_map(was_in);
        let left = left.filter(|zone| within.iter().all(|within| within.zone != *zone)).collect();
        let place = format!("{}:\\{}", place.drive, place.names.join("\\"));
        Ok(Standing { place, what, within, left, trouble: None })
    }
}

/// A canonical path without `\\?\`, by which the system spells it; `None` where that is no drive's.
fn final_path(real: &Path) -> Option<Plain> {
    let text = real.to_str()?;
    let names = text.strip_prefix("\\\\?\\").unwrap_or(text);
    let (drive, rest) = names.split_once(":\\")?;
    let drive = drive.chars().next().filter(char::is_ascii_alphabetic)?.to_ascii_uppercase();
    Some(Plain { drive, names: rest.split('\\').filter(|name| !name.is_empty()).map(str::to_owned).collect() })
}

impl Asked for Ground {
    fn resolve(&self, path: &str) -> Standing {
        self.follow(path).unwrap_or_else(|trouble| Standing::lost(path, trouble))
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
