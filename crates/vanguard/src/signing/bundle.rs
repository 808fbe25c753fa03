//! A rule set in memory: made from a directory, signed, verified.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::manifest::{Entry, MAX_BYTES, MAX_FILE_BYTES, Manifest, is_pack_name};
use super::{MANIFEST, SIGNATURE};

/// A rule set whose signature was verified; nothing else can be installed.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// What was signed.
    pub(crate) manifest: Manifest,
    /// The signature as it came.
    pub(crate) signature: String,
    /// Content by file name.
    pub(crate) files: BTreeMap<String, String>,
}

impl Bundle {
    /// Verifies the signature first, then fetches and checks each listed file.
    pub(crate) fn verify(
        manifest: &str,
        signature: &str,
        key: &VerifyingKey,
        mut fetch: impl FnMut(&str, u64) -> Result<Vec<u8>, String>,
    ) -> Result<Self, String> {
        let bytes = STANDARD.decode(signature.trim()).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        let bytes = bytes.ok_or_else(|| format!("{SIGNATURE}: is not a signature"))?;
        key.verify_strict(manifest.as_bytes(), &bytes)
            .map_err(|_| format!("{SIGNATURE}: does not fit {MANIFEST} and the pinned key: nothing was installed"))?;
        let parsed = Manifest::parse(manifest).map_err(|what| format!("{MANIFEST}: {what}"))?;
        let mut files = BTreeMap::new();
        for (name, entry) in &parsed.files {
            let content = fetch(name, entry.length)?;
            if Entry::of(&content) != *entry {
                return Err(format!("{name}: is not the file that was signed"));
            }
            let content = String::from_utf8(content).map_err(|_| format!("{name}: is not UTF-8 text"))?;
            files.insert(name.clone(), content);
        }
        Ok(Self { manifest: parsed, signature: signature.trim().to_owned(), files })
    }
}

/// Signs the packs in `dir`, writing the manifest and the signature beside them.
pub(crate) fn sign(dir: &Path, key: &SigningKey, version: u64) -> Result<Manifest, String> {
    let mut files = BTreeMap::new();
    for name in names(dir)? {
        files.insert(name.clone(), Entry::of(&read(dir, &name, MAX_FILE_BYTES)?));
    }
    if files.is_empty() {
        return Err(format!("{}: holds no pack (*.yaml)", dir.display()));
    }
    let manifest = Manifest { version, files };
    let text = manifest.text();
    let signature = STANDARD.encode(key.sign(text.as_bytes()).to_bytes());
    for (name, content) in [(MANIFEST, text), (SIGNATURE, signature + "\n")] {
        fs::write(dir.join(name), content).map_err(|error| format!("{}: {error}", dir.join(name).display()))?;
    }
    Ok(manifest)
}

/// Reads and verifies the rule set in `dir`, which must hold exactly the files it lists.
pub(crate) fn open(dir: &Path, key: &VerifyingKey) -> Result<Bundle, String> {
    let text = |name| String::from_utf8(read(dir, name, MAX_BYTES)?).map_err(|_| format!("{name}: is not UTF-8 text"));
    let bundle = Bundle::verify(&text(MANIFEST)?, &text(SIGNATURE)?, key, |name, length| read(dir, name, length))?;
    match names(dir)?.into_iter().find(|name| !bundle.files.contains_key(name)) {
        Some(name) => Err(format!("{name}: lies in the directory but was not signed")),
        None => Ok(bundle),
    }
}

/// The packs in `dir`; anything that is neither a pack nor one of our two files is refused, so nothing slips by unsigned.
fn names(dir: &Path) -> Result<Vec<String>, String> {
    let failed = |error| format!("{}: {error}", dir.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        match name.to_str() {
            Some(MANIFEST | SIGNATURE) => {}
            Some(name) if is_pack_name(name) => names.push(name.to_owned()),
            _ => {
                return Err(format!(
                    "{}: is not the name of a pack (a-z, 0-9, - and _, then .yaml)",
                    dir.join(name).display()
                ));
            }
        }
    }
    names.sort();
    Ok(names)
}

/// A regular file's content, bounded. A symbolic link is refused: it could be changed after it was checked.
fn read(dir: &Path, name: &str, most: u64) -> Result<Vec<u8>, String> {
    let path = dir.join(name);
    let failed = |what: String| format!("{}: {what}", path.display());
    let kind = fs::symlink_metadata(&path).map_err(|error| failed(error.to_string()))?;
    if !kind.is_file() {
        return Err(failed("is not a regular file".to_owned()));
    }
    let mut content = Vec::new();
    let file = fs::File::open(&path).map_err(|error| failed(error.to_string()))?;
    file.take(most + 1).read_to_end(&mut content).map_err(|error| failed(error.to_string()))?;
    if content.len() as u64 > most { Err(failed(format!("is longer than {most} bytes"))) } else { Ok(content) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vanguard_audit::key as keys;

    struct Signed {
        dir: tempfile::TempDir,
        key: SigningKey,
    }

    fn signed() -> Signed {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("a.yaml"), "one").expect("written");
        fs::write(dir.path().join("b.yaml"), "two").expect("written");
        let key = keys::generate().expect("random");
        sign(dir.path(), &key, 3).expect("signed");
        Signed { dir, key }
    }

    impl Signed {
        fn open(&self) -> Result<Bundle, String> {
            open(self.dir.path(), &self.key.verifying_key())
        }
        fn write(&self, name: &str, text: &str) {
            fs::write(self.dir.path().join(name), text).expect("written");
        }
    }

    #[test]
    fn what_was_signed_opens() {
        let bundle = signed().open().expect("valid");
        assert_eq!(bundle.manifest.version, 3);
        assert_eq!(bundle.files["b.yaml"], "two");
    }

    #[test]
    fn a_changed_file_is_refused() {
        let set = signed();
        set.write("a.yaml", "0ne");
        assert!(set.open().expect_err("refused").contains("a.yaml: is not the file that was signed"));
    }

    #[test]
    fn a_missing_file_is_refused() {
        let set = signed();
        fs::remove_file(set.dir.path().join("b.yaml")).expect("removed");
        assert!(set.open().is_err());
    }

    #[test]
    fn an_unsigned_extra_file_is_refused() {
        let set = signed();
        set.write("c.yaml", "three");
        assert!(set.open().expect_err("refused").contains("was not signed"));
    }

    #[test]
    fn another_key_is_refused() {
        let set = signed();
        let other = keys::generate().expect("random");
        assert!(open(set.dir.path(), &other.verifying_key()).expect_err("refused").contains("pinned key"));
    }

    #[test]
    fn a_changed_manifest_is_refused() {
        let set = signed();
        let text = fs::read_to_string(set.dir.path().join(MANIFEST)).expect("there");
        set.write(MANIFEST, &text.replace("version 3", "version 4"));
        assert!(set.open().expect_err("refused").contains("does not fit"));
        set.write(SIGNATURE, "AAAA");
        assert!(set.open().expect_err("refused").contains("is not a signature"));
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_is_refused_even_to_the_same_content() {
        let set = signed();
        let outside = tempfile::NamedTempFile::new().expect("a file");
        fs::write(outside.path(), "one").expect("written");
        fs::remove_file(set.dir.path().join("a.yaml")).expect("removed");
        std::os::unix::fs::symlink(outside.path(), set.dir.path().join("a.yaml")).expect("linked");
        assert!(set.open().expect_err("refused").contains("is not a regular file"));
    }
}
