//! Labelled messages, one JSON object a line.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::exit::Failure;
use crate::reading;

/// The longest corpus file.
const MAX_BYTES: u64 = 1 << 30;

/// What a case really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Label {
    /// It should be stopped.
    Malicious,
    /// It should pass.
    Benign,
    /// Nobody is sure: not counted.
    #[serde(other)]
    Ambiguous,
}

/// Where a case stands in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    /// Sent by the client.
    Request,
    /// The answer to a `tools/call`.
    Response,
    /// The answer to a `tools/list`.
    ToolsList,
}

/// One labelled message.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) family: String,
    pub(super) label: Label,
    pub(super) direction: Direction,
    /// The message's own bytes, exactly as the corpus has them.
    pub(super) message: String,
}

/// A line without its message, whose text must stay as it is: no JSON reader gives that back.
#[derive(Deserialize)]
struct Head {
    id: String,
    family: String,
    label: Label,
    direction: Direction,
}

/// The text of one file.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(reading::bounded(path, MAX_BYTES)?)
        .map_err(|_| Failure::Usage(format!("{}: is not UTF-8 text", path.display())))
}

/// The cases in the text of one file.
pub(super) fn cases(path: &Path, text: &str) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let case = parse(line).map_err(|what| Failure::Usage(format!("{}:{}: {what}", path.display(), number + 1)))?;
        if case.label != Label::Ambiguous {
            cases.push(case);
        }
    }
    Ok(cases)
}

fn parse(line: &str) -> Result<Case, String> {
    let head: Head = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let span = member(line, "message").ok_or("there is no `message`")?;
    let message = line.get(span).unwrap_or_default().to_owned();
    Ok(Case { id: head.id, family: head.family, label: head.label, direction: head.direction, message })
}

/// The span of a top-level member's value in a valid JSON object.
pub(super) fn member(object: &str, key: &str) -> Option<Range<usize>> {
    let quoted = format!("\"{key}\"");
    let (mut depth, mut begun, mut at) = (0_u32, None, 0);
    let bytes = object.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let end = string_end(bytes, at)?;
                let rest = object[end..].trim_start();
                if depth == 1 && begun.is_none() && object[at..end] == quoted && rest.starts_with(':') {
                    let value = rest[1..].trim_start();
                    begun = Some(object.len() - value.len());
                    at = object.len() - rest.len();
                } else {
                    at = end - 1;
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return begun.map(|start| start..start + object[start..at].trim_end().len());
                }
            }
            b',' if depth == 1 => {
                if let Some(start) = begun {
                    return Some(start..start + object[start..at].trim_end().len());
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The offset behind the string that opens at `open`.
fn string_end(bytes: &[u8], open: usize) -> Option<usize> {
    let mut at = open + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_keeps_its_own_spelling() {
        let line =
            r#"{"message_id": 1, "x": {"message": 2}, "message" : {"id":1.50, "s":"\"},{\u002e", "l":[{}]} , "z": 1}"#;
        assert_eq!(&line[member(line, "message").expect("found")], r#"{"id":1.50, "s":"\"},{\u002e", "l":[{}]}"#);
        let last = r#"{"a": "message", "message": {"b": 1} }"#;
        assert_eq!(&last[member(last, "message").expect("found")], r#"{"b": 1}"#);
        assert_eq!(member(r#"{"a": {"message": 1}}"#, "message"), None);
    }

    #[test]
    fn a_line_that_is_no_case_says_what_is_missing() {
        let line = r#"{"id":"a","family":"f","label":"benign","direction":"request"}"#;
        assert_eq!(parse(line).expect_err("refused"), "there is no `message`");
        assert!(parse(r#"{"id":"a","label":"benign","direction":"request"}"#).expect_err("refused").contains("family"));
    }
}
