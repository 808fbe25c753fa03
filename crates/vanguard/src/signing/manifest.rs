//! The canonical list of a rule set's files: what a signature covers.
//!
//! ```text
//! vanguard-rules 1
//! version 42
//! commands.yaml 9f86d0…(64 hex digits) 1234
//! ```
//! One spelling only: names sorted, single spaces, LF after each line. Anything else is refused, so the bytes that are
//! signed and the list that is used cannot differ.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The first line; it also keeps a signature from being taken for one of something else.
const HEADER: &str = "vanguard-rules 1";
/// The most files in a rule set.
const MAX_FILES: usize = 256;
/// The longest pack.
pub(crate) const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// The longest manifest.
pub(crate) const MAX_BYTES: u64 = 64 * 1024;

/// A list of files with a version that only grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Grows with each release of the rule set; an older one is not installed over a newer.
    pub(crate) version: u64,
    /// Digest and length by file name.
    pub(crate) files: BTreeMap<String, Entry>,
}

/// What one file must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// SHA-256 in lower-case hex.
    pub(crate) digest: String,
    /// Length in bytes.
    pub(crate) length: u64,
}

impl Entry {
    /// The entry of a file with this content.
    pub(crate) fn of(content: &[u8]) -> Self {
        let mut digest = String::with_capacity(64);
        for byte in Sha256::digest(content) {
            let _ = write!(digest, "{byte:02x}");
        }
        Self { digest, length: content.len() as u64 }
    }
}

impl Manifest {
    /// The canonical text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{HEADER}\nversion {}\n", self.version);
        for (name, entry) in &self.files {
            let _ = writeln!(text, "{name} {} {}", entry.digest, entry.length);
        }
        text
    }

    /// Reads the canonical text and nothing but it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            return Err(format!("does not begin with `{HEADER}`"));
        }
        let version = lines.next().and_then(|line| line.strip_prefix("version ")?.parse().ok());
        let version = version.ok_or("its second line is not `version` and a number")?;
        let mut files = BTreeMap::new();
        for line in lines {
            let mut words = line.split(' ');
            let (Some(name), Some(digest), Some(length), None) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                return Err(format!("`{line}` is not a name, a digest and a length"));
            };
            if !is_pack_name(name) {
                return Err(format!("`{}` is not the name of a pack", name.escape_debug()));
            }
            let length = length.parse().ok().filter(|length| *length <= MAX_FILE_BYTES);
            let length = length.ok_or_else(|| format!("{name}: its length is not a number up to {MAX_FILE_BYTES}"))?;
            files.insert(name.to_owned(), Entry { digest: digest.to_owned(), length });
            if files.len() > MAX_FILES {
                return Err(format!("lists more than {MAX_FILES} files"));
            }
        }
        let manifest = Self { version, files };
        if manifest.text() == text { Ok(manifest) } else { Err("is not in its canonical form".to_owned()) }
    }
}

/// Whether `name` is a plain file name of a pack: no separator, no way up, no device, nothing hidden.
pub(crate) fn is_pack_name(name: &str) -> bool {
    let stem = name.strip_suffix(".yaml").unwrap_or_default();
    !stem.is_empty()
        && name.len() <= 100
        && stem.starts_with(|c: char| c.is_ascii_alphanumeric())
        && stem.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let files = [("b.yaml", "two"), ("a.yaml", "one")].map(|(n, c)| (n.to_owned(), Entry::of(c.as_bytes())));
        Manifest { version: 7, files: files.into() }
    }

    #[test]
    fn it_reads_what_it_writes() {
        assert_eq!(Manifest::parse(&manifest().text()), Ok(manifest()));
    }

    #[test]
    fn any_other_spelling_is_refused() {
        let text = manifest().text();
        for other in [
            text.replace('\n', "\r\n"),
            text.trim_end().to_owned(),
            format!("{text}\n"),
            text.replace("version 7", "version 07"),
            text.replace("version 7", "version +7"),
            text.replace(" 3\n", " 03\n"),
            text.replace("a.yaml", "c.yaml"),
            text.replace("vanguard-rules 1", "vanguard-rules 2"),
            format!("{text}{}\n", text.lines().nth(2).expect("a file")),
        ] {
            assert!(Manifest::parse(&other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_name_that_leaves_the_directory_is_refused() {
        for name in [
            "../a.yaml",
            "/a.yaml",
            "a/b.yaml",
            "a\\b.yaml",
            "..yaml",
            ".yaml",
            "con:.yaml",
            "a.yml",
            "A\0.yaml",
            "rules.sig",
        ] {
            assert!(!is_pack_name(name), "{name}");
            assert!(Manifest::parse(&manifest().text().replace("a.yaml", name)).is_err(), "{name}");
        }
    }
}
