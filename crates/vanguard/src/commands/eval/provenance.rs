//! Of what, with what and when a record was made, so that anyone can make it again.

use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

/// What a record was made of.
#[derive(Debug, Serialize)]
pub(super) struct Provenance {
    /// Release of this program.
    pub(super) version: &'static str,
    /// Day, UTC.
    pub(super) date: String,
    pub(super) profile: String,
    /// The command, with files by their last two names.
    pub(super) command: String,
    pub(super) corpus: Corpus,
}

/// The labelled messages.
#[derive(Debug, Serialize)]
pub(super) struct Corpus {
    pub(super) files: usize,
    pub(super) bytes: usize,
    /// SHA-256 of what `sha256sum` prints of the files, by name and sorted so: `sha256sum *.jsonl | sha256sum`.
    pub(super) sha256: String,
}

impl Corpus {
    /// The digest of files, given by name and content.
    pub(super) fn new(files: &[(PathBuf, String)]) -> Self {
        let mut lines: Vec<(String, String)> = files
            .iter()
            .map(|(path, text)| {
                let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
                (name.into_owned(), hex(&Sha256::digest(text)))
            })
            .collect();
        lines.sort();
        let list = lines.iter().fold(String::new(), |list, (name, digest)| list + digest + "  " + name + "\n");
        Self {
            files: files.len(),
            bytes: files.iter().map(|(_, text)| text.len()).sum(),
            sha256: hex(&Sha256::digest(list)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Today, UTC.
pub(super) fn today() -> String {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

/// The words of a command line without the directories of one machine: files by their last two names, those of one
/// directory and kind together.
pub(super) fn command(words: impl IntoIterator<Item = String>) -> String {
    let mut shown: Vec<String> = Vec::new();
    for word in words {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => (format!("{flag}="), value.to_owned()),
            _ => (String::new(), word),
        };
        let path = Path::new(&value);
        let short = match (path.file_name(), path.parent().and_then(Path::file_name)) {
            (Some(name), Some(parent)) => {
                format!("{}/{}", parent.to_string_lossy(), name.to_string_lossy())
            }
            _ => value.clone(),
        };
        let word = flag + &short;
        let kind = |word: &str| {
            let (folder, name) = word.rsplit_once('/')?;
            Some(format!("{folder}/*.{}", name.rsplit_once('.')?.1))
        };
        match (shown.last_mut(), kind(&word)) {
            (Some(last), Some(group)) if kind(last).as_ref() == Some(&group) => *last = group,
            _ => shown.push(word),
        }
    }
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_what_sha256sum_prints() {
        let files = [("x/b.jsonl".into(), String::from("b\n")), ("y/a.jsonl".into(), String::from("a\n"))];
        // printf 'a\n' > a.jsonl; printf 'b\n' > b.jsonl; sha256sum *.jsonl | sha256sum
        assert_eq!(Corpus::new(&files).sha256, "4effa42067ea8889a74dac37c737de4ccd2a5d142b3a66e89701200a379f615d");
    }

    #[test]
    fn a_command_is_shown_without_the_directories_of_one_machine() {
        let words = "vanguard eval /a/b/dev/x.jsonl /a/b/dev/y.jsonl /a/b/dev/z.jsonl --tiers /q/tiers.json --markdown=/r/docs/d.md --top 3";
        assert_eq!(
            command(words.split(' ').map(str::to_owned)),
            "vanguard eval dev/*.jsonl --tiers q/tiers.json --markdown=docs/d.md --top 3"
        );
    }
}
