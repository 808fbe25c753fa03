//! The Common Event Format (CEF): one line, of which every part is escaped.

use std::fmt::Write as _;

use super::{Outcome, PRODUCT, VENDOR, VERSION, message, millis, severity, uid};
use crate::record::Record;

/// A record as a line of CEF without its end; `None` for what is no record of a verdict.
pub fn cef(record: &Record) -> Option<String> {
    let outcome = Outcome::of(record)?;
    let found = record.findings.first();
    let class = found.map_or("mcp-message", |found| &found.rule);
    let name = found.map_or("MCP message", |found| &found.title);
    let grade = [0, 3, 5, 8, 10][usize::from(severity(record)).min(4)];
    let mut line = String::from("CEF:0");
    for part in [VENDOR, PRODUCT, VERSION, class, name] {
        line.push('|');
        header(&mut line, part);
    }
    // Writing to a String can't fail.
    let _ = write!(line, "|{grade}|");
    let act = if outcome == Outcome::Refused { "blocked" } else { "allowed" };
    let principal = record.principal.as_deref().or(record.session.as_deref());
    let labelled = |label, value: Option<&str>| value.map(|value| (label, value.to_owned()));
    let custom = [
        labelled("ruleId", found.map(|found| found.rule.as_str())),
        labelled("tool", record.tool.as_deref()),
        labelled("session", record.session.as_deref()),
        labelled("pointer", found.map(|found| found.pointer.as_str())),
        labelled("evidence", found.map(|found| found.evidence.as_str())),
    ];
    let mut extension = vec![
        ("rt".to_owned(), millis(record).to_string()),
        ("act".to_owned(), act.to_owned()),
        ("externalId".to_owned(), uid(record)),
    ];
    let named = [("suser", principal), ("dhost", record.server.as_deref()), ("request", record.method.as_deref())];
    extension.extend(named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))));
    for (number, (label, value)) in (1..).zip(custom).filter_map(|(number, pair)| Some((number, pair?))) {
        extension.push((format!("cs{number}Label"), label.to_owned()));
        extension.push((format!("cs{number}"), value));
    }
    extension.push(("msg".to_owned(), message(record)));
    for (at, (key, value)) in extension.iter().enumerate() {
        if at > 0 {
            line.push(' ');
        }
        line.push_str(key);
        line.push('=');
        escape(&mut line, value);
    }
    Some(line)
}

/// A part of the header: pipes and backslashes are escaped, and what would end the line is a space.
fn header(line: &mut String, part: &str) {
    for c in part.chars() {
        match c {
            '|' | '\\' => line.extend(['\\', c]),
            c if ends_line(c) => line.push(' '),
            c => line.push(c),
        }
    }
}

/// A value of the extension: `=` and backslashes are escaped, and so is what would end the line.
fn escape(line: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '=' | '\\' => line.extend(['\\', c]),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            c if ends_line(c) => line.push(' '),
            c => line.push(c),
        }
    }
}

/// What some reader takes for the end of a line, or of a text.
fn ends_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}
