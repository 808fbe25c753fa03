//! Puts a verified rule set in the place of the installed one: all of it, or nothing.

use std::fs;
use std::path::{Path, PathBuf};

use super::bundle::Bundle;
use super::manifest::Manifest;
use super::{MANIFEST, SIGNATURE};

/// Where rule sets are installed: a directory for each, and a `current` file that names the one in use.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    root: PathBuf,
}

/// The file that names the rule set in use.
const CURRENT: &str = "current";

impl Store {
    /// The store below the user's data directory.
    pub(crate) fn below(data_home: &Path) -> Self {
        Self { root: data_home.join("rules") }
    }

    /// The directory of the rule set in use, if one is installed.
    pub(crate) fn current(&self) -> Option<PathBuf> {
        let name = fs::read_to_string(self.root.join(CURRENT)).ok()?;
        let name = name.trim();
        // Written by us; checked all the same, since a name like `../x` would leave the store.
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        plain.then(|| self.root.join(name)).filter(|dir| dir.is_dir())
    }

    /// The version of the rule set in use.
    pub(crate) fn version(&self) -> Option<u64> {
        let text = fs::read_to_string(self.current()?.join(MANIFEST)).ok()?;
        Manifest::parse(&text).ok().map(|manifest| manifest.version)
    }

    /// Refuses to go back to an older rule set: a replayed one would bring back what was mended since.
    pub(crate) fn accepts(&self, version: u64) -> Result<(), String> {
        match self.version() {
            Some(installed) if version < installed => Err(format!(
                "rule set version {version} is older than the installed {installed}: nothing was installed"
            )),
            _ => Ok(()),
        }
    }

    /// Writes the rule set into a new directory and makes it the current one in a single rename.
    pub(crate) fn install(&self, bundle: &Bundle) -> Result<PathBuf, String> {
        self.accepts(bundle.manifest.version)?;
        let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(&self.root).map_err(|error| failed(&self.root, error))?;
        let staging = tempfile::Builder::new().prefix("v").rand_bytes(12).tempdir_in(&self.root);
        let staging = staging.map_err(|error| failed(&self.root, error))?;
        let manifest = bundle.manifest.text();
        let ours = [(MANIFEST, manifest.as_str()), (SIGNATURE, bundle.signature.as_str())];
        let packs = bundle.files.iter().map(|(name, content)| (name.as_str(), content.as_str()));
        for (name, content) in ours.into_iter().chain(packs) {
            let path = staging.path().join(name);
            write_durably(&path, content).map_err(|error| failed(&path, error))?;
        }
        let before = self.current();
        let name = staging.path().file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let marker = self.root.join(format!("{CURRENT}.{name}"));
        write_durably(&marker, &name).map_err(|error| failed(&marker, error))?;
        fs::rename(&marker, self.root.join(CURRENT)).map_err(|error| failed(&marker, error))?;
        let dir = staging.keep();
        if let Some(before) = before {
            // A leftover costs a few kilobytes and harms nobody.
            let _ = fs::remove_dir_all(before);
        }
        Ok(dir)
    }
}

/// Writes a new file and waits until it is on the disk, so that `current` never names an incomplete set after a crash.
fn write_durably(path: &Path, content: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = fs::File::create_new(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::bundle;
    use vanguard_audit::key as keys;

    fn set(version: u64, content: &str) -> Bundle {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("a.yaml"), content).expect("written");
        let key = keys::generate().expect("random");
        bundle::sign(dir.path(), &key, version).expect("signed");
        bundle::open(dir.path(), &key.verifying_key()).expect("valid")
    }

    #[test]
    fn a_newer_set_replaces_the_installed_one_and_leaves_nothing_behind() {
        let home = tempfile::tempdir().expect("a directory");
        let store = Store::below(home.path());
        assert_eq!(store.current(), None);
        store.install(&set(1, "one")).expect("installed");
        store.install(&set(2, "two")).expect("installed");
        let dir = store.current().expect("installed");
        assert_eq!(fs::read_to_string(dir.join("a.yaml")).expect("there"), "two");
        assert_eq!(fs::read_dir(home.path().join("rules")).expect("there").count(), 2);
    }

    #[test]
    fn an_older_set_is_never_installed_over_a_newer() {
        let home = tempfile::tempdir().expect("a directory");
        let store = Store::below(home.path());
        store.install(&set(5, "new")).expect("installed");
        assert!(store.install(&set(4, "old")).expect_err("refused").contains("older than the installed 5"));
        assert_eq!(store.version(), Some(5));
    }

    #[test]
    fn a_marker_that_leaves_the_store_is_ignored() {
        let home = tempfile::tempdir().expect("a directory");
        fs::create_dir_all(home.path().join("rules")).expect("made");
        fs::write(home.path().join("rules/current"), "..").expect("written");
        assert_eq!(Store::below(home.path()).current(), None);
    }
}
