//! Reads a configuration file, and says precisely what is wrong with one.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_saphyr::Error;

use super::Written;
use crate::exit::Failure;
use crate::reading::require_regular;
use crate::suggest::closest;

/// A longer file is a mistake, or an attempt to make the start slow.
const MAX_BYTES: u64 = 1024 * 1024;

/// The file's content; `None` where there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<Written>, Failure> {
    text(path)?.map_or(Ok(None), |text| parse(&text, &path.display().to_string()).map(Some))
}

/// The file as a list of entries; none where there is no such file.
pub(crate) fn read_list<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Failure> {
    text(path)?.map_or(Ok(Vec::new()), |text| parse_or_default(&text, &path.display().to_string()))
}

/// The file as one value of another kind; `None` where there is no such file.
pub(crate) fn read_one<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    text(path)?.map(|text| parse_as(&text, &path.display().to_string())).transpose()
}

fn text(path: &Path) -> Result<Option<String>, Failure> {
    let failed = |what: String| Failure::Configuration(format!("{}: {what}", path.display()));
    let file = match require_regular(path).and_then(|()| File::open(path)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(format!("cannot be read: {error}"))),
    };
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| failed(format!("cannot be read: {error}")))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(failed(format!("is longer than {MAX_BYTES} bytes")));
    }
    Ok(Some(text))
}

/// Parses `text`; `name` is what errors call it.
pub(crate) fn parse(text: &str, name: &str) -> Result<Written, Failure> {
    parse_or_default(text, name)
}

fn parse_or_default<T: DeserializeOwned + Default>(text: &str, name: &str) -> Result<T, Failure> {
    if text.lines().all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(T::default());
    }
    parse_as(text, name)
}

/// Parses `text` as a value that has no default.
pub(crate) fn parse_as<T: DeserializeOwned>(text: &str, name: &str) -> Result<T, Failure> {
    serde_saphyr::from_str(text).map_err(|error| Failure::Configuration(describe(&error, name)))
}

/// One line: where, what, and the way to mend it.
fn describe(error: &Error, name: &str) -> String {
    let error = error.without_snippet();
    let place = match error.location() {
        Some(at) if at.line() > 0 => format!("{name}:{}:{}", at.line(), at.column()),
        _ => name.to_owned(),
    };
    let (what, known) = match error {
        Error::SerdeUnknownField { field, expected, .. } => (format!("unknown key `{field}`"), expected.as_slice()),
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            (format!("`{variant}` is not a value of this key"), expected.as_slice())
        }
        other => {
            let text = other.to_string();
            // The location is already in front.
            let first = text.lines().next().unwrap_or_default();
            return format!("{place}: {}", first.split(" at line ").next().unwrap_or(first));
        }
    };
    let written = match error {
        Error::SerdeUnknownField { field, .. } => field,
        Error::SerdeUnknownVariant { variant, .. } => variant,
        _ => "",
    };
    match closest(written, known.iter().copied()) {
        Some(near) => format!("{place}: {what}; did you mean `{near}`?"),
        None => format!("{place}: {what}; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        parse(text, "vanguard.yaml").expect_err("must be refused").to_string()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_a_suggestion() {
        assert_eq!(
            fault("profile: strict\nlimits:\n  message_byte: 4\n"),
            "vanguard.yaml:3:3: unknown key `message_byte`; did you mean `message_bytes`?"
        );
    }

    #[test]
    fn an_unknown_value_lists_the_known_ones() {
        assert_eq!(
            fault("profile: relaxed\n"),
            "vanguard.yaml:1:10: `relaxed` is not a value of this key; known are monitor, balanced, strict"
        );
    }

    #[test]
    fn a_duplicate_key_and_a_wrong_type_are_refused_with_their_place() {
        assert!(fault("profile: strict\nprofile: monitor\n").starts_with("vanguard.yaml:2:1: "));
        assert!(fault("limits:\n  depth: deep\n").starts_with("vanguard.yaml:2:10: "));
    }

    #[test]
    fn a_pipe_in_the_place_of_the_file_does_not_hold_up_the_start() {
        let failure = read(Path::new("/dev/null")).expect_err("refused").to_string();
        assert!(failure.contains("not a regular file"), "{failure}");
    }

    #[test]
    fn an_empty_or_commented_file_says_nothing() {
        assert!(parse("# nothing\n\n", "x").expect("valid").profile.is_none());
    }

    #[test]
    fn every_part_of_a_full_file_is_read() {
        let written = parse(
            "profile: strict\nrules:\n  dirs: [a]\n  overrides: {FS-001: warn}\n  exceptions:\n    - {rule: FS-002, reason: known}\n\
             limits: {depth: 3}\naudit: {path: none, on_failure: warn}\ndeny_as: tool_result\ncompat: \"1.5\"\n\
             server: {command: [a, b], stderr: discard}\nshutdown: {drain_seconds: 1}\n",
            "x",
        )
        .expect("valid");
        assert_eq!(written.limits.depth, Some(3));
        assert_eq!(written.rules.exceptions.expect("some")[0].reason, "known");
        assert_eq!(written.server.command.expect("some"), ["a", "b"]);
    }
}
