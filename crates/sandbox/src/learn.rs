//! Zones from what a server was seen to ask for: the narrowest that let it go on so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use vanguard_engine::zone::Rights;

use crate::walls::{Ask, Opening};

/// So many files read in one directory stand for all of it: a list that long says no more, and nobody reviews it.
const MANY: usize = 4;

/// What a server needs beyond what is open anyway.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// Files and directories, none within another that is open for as much.
    pub zones: BTreeMap<PathBuf, Rights>,
    /// TCP ports it connected to.
    pub connect: BTreeSet<u16>,
    /// TCP ports it listened on.
    pub bind: BTreeSet<u16>,
    /// Whether it used Unix sockets.
    pub unix_sockets: bool,
}

/// Folds what was asked for. `is_dir` tells directories from files; what `open` covers is left out.
pub fn learn<'a>(asks: impl IntoIterator<Item = &'a Ask>, open: &[Opening], is_dir: &dyn Fn(&Path) -> bool) -> Learned {
    let mut learned = Learned::default();
    let mut files: BTreeMap<&Path, BTreeMap<&Path, Rights>> = BTreeMap::new();
    for ask in asks {
        match ask {
            Ask::Connect(port) => drop(learned.connect.insert(*port)),
            Ask::Listen(port) => drop(learned.bind.insert(*port)),
            Ask::UnixSocket => learned.unix_sockets = true,
            // No setting opens that.
            Ask::Process(_) => {}
            Ask::File { path, rights, entry } => {
                let directory = path.parent().unwrap_or(path);
                let path = if *entry { directory } else { path };
                if covered(path, *rights, open.iter().map(|opening| (opening.path.as_path(), opening.rights))) {
                    continue;
                }
                // To list a directory is to have all of it: the walls know nothing narrower.
                if *entry || is_dir(path) {
                    *learned.zones.entry(path.to_owned()).or_default() |= *rights | Rights::READ;
                } else {
                    *files.entry(directory).or_default().entry(path).or_default() |= *rights;
                }
            }
        }
    }
    for (directory, files) in files {
        if files.len() >= MANY {
            let all = files.values().fold(Rights::READ, |all, rights| all | *rights);
            *learned.zones.entry(directory.to_owned()).or_default() |= all;
        } else {
            learned.zones.extend(files.into_iter().map(|(path, rights)| (path.to_owned(), rights | Rights::READ)));
        }
    }
    let zones = learned.zones.clone();
    learned.zones.retain(|path, rights| {
        let others = zones.iter().filter(|(other, _)| *other != path);
        !covered(path, *rights, others.map(|(other, rights)| (other.as_path(), *rights)))
    });
    learned
}

/// Whether what is open above `path` allows `rights` there.
fn covered<'a>(path: &Path, rights: Rights, open: impl Iterator<Item = (&'a Path, Rights)>) -> bool {
    let above = open.filter(|(opening, _)| path.starts_with(opening));
    above.fold(Rights::empty(), |all, (_, rights)| all | rights).contains(rights)
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Rights = Rights::READ;
    const WRITE: Rights = Rights::WRITE;

    fn file(path: &str, rights: Rights) -> Ask {
        Ask::File { path: path.into(), rights, entry: false }
    }

    fn entry(path: &str) -> Ask {
        Ask::File { path: path.into(), rights: WRITE, entry: true }
    }

    fn zones(asks: &[Ask]) -> Vec<(String, Rights)> {
        let open = [Opening { path: "/usr".into(), rights: READ | Rights::EXECUTE, why: "the system".to_owned() }];
        let directories = |path: &Path| ["/data", "/data/in", "/home/anna"].map(Path::new).contains(&path);
        let learned = learn(asks, &open, &directories);
        learned.zones.into_iter().map(|(path, rights)| (path.display().to_string(), rights)).collect()
    }

    #[test]
    fn what_is_open_anyway_is_left_out() {
        assert_eq!(zones(&[file("/usr/lib/x.so", READ)]), []);
        assert_eq!(zones(&[file("/usr/lib/x.so", READ | WRITE)]), [("/usr/lib/x.so".to_owned(), READ | WRITE)]);
    }

    #[test]
    fn one_file_read_is_one_file_and_many_are_their_directory() {
        assert_eq!(zones(&[file("/home/anna/.gitconfig", READ)]), [("/home/anna/.gitconfig".to_owned(), READ)]);
        let many: Vec<_> = (0..MANY).map(|n| file(&format!("/etc/app/{n}"), READ)).collect();
        assert_eq!(zones(&many), [("/etc/app".to_owned(), READ)]);
    }

    #[test]
    fn what_is_made_needs_its_directory() {
        assert_eq!(zones(&[entry("/data/in/new.txt")]), [("/data/in".to_owned(), READ | WRITE)]);
    }

    #[test]
    fn a_zone_within_another_is_left_out_unless_it_is_wider() {
        let asks = [file("/data", READ), file("/data/in/a", READ)];
        assert_eq!(zones(&asks), [("/data".to_owned(), READ)]);
        let asks = [file("/data", READ), entry("/data/in/a")];
        assert_eq!(zones(&asks), [("/data".to_owned(), READ), ("/data/in".to_owned(), READ | WRITE)]);
    }

    #[test]
    fn ports_and_sockets_are_kept_apart() {
        let learned =
            learn(&[Ask::Connect(443), Ask::Connect(443), Ask::Listen(8080), Ask::UnixSocket], &[], &|_| false);
        assert_eq!(learned.connect, BTreeSet::from([443]));
        assert_eq!((learned.bind, learned.unix_sockets), (BTreeSet::from([8080]), true));
        assert!(learned.zones.is_empty());
    }
}
