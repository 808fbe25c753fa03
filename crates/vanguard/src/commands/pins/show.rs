//! Pins as a person or a program reads them.

use std::fmt::Write as _;

use serde::Serialize;
use vanguard_engine::pins::{Change, Identity, Part, Pin, changes};
use vanguard_state::pins::{By, Document, Known};

use crate::commands::plain;
use crate::table;

/// One server of a list.
#[derive(Serialize)]
pub(super) struct Listed<'s> {
    key: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'s By>,
    tools: usize,
    /// How much waits to be accepted: tools, and the server itself.
    waiting: usize,
    /// Why nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

/// What waits of one server.
#[derive(Serialize)]
pub(super) struct Waiting<'s> {
    key: &'s str,
    name: &'s str,
    pub(super) waits: Vec<Waits<'s>>,
}

/// One thing that waits.
#[derive(Serialize)]
pub(super) struct Waits<'s> {
    /// The tool; absent where it is the server itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<&'s str>,
    /// The day on which what is pinned was.
    pinned: String,
    /// The version that it was pinned of, and the one that waits.
    versions: [&'s str; 2],
    changes: Vec<Differs>,
}

/// One difference.
#[derive(Serialize)]
struct Differs {
    part: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<String>,
}

pub(super) fn listed(servers: &[Known]) -> Vec<Listed<'_>> {
    let mut all = Vec::with_capacity(servers.len());
    for (key, document) in servers {
        let unknown = Listed { key, name: None, by: None, tools: 0, waiting: 0, trouble: None };
        all.push(match document {
            Ok(document) => Listed {
                name: Some(&document.server.name),
                by: Some(&document.server.by),
                tools: document.book.tools.len(),
                waiting: waiting(key, document, &[]).waits.len(),
                ..unknown
            },
            Err(trouble) => Listed { trouble: Some(trouble.to_string()), ..unknown },
        });
    }
    all
}

pub(super) fn table(servers: &[Known]) -> String {
    let mut rows = table::plain(&["server", "name", "reached by", "tools", "waiting"], 3);
    let listed = listed(servers);
    for Listed { key, name, by, tools, waiting, trouble } in &listed {
        let by = match by {
            Some(By::Command(words)) => words.join(" "),
            Some(By::Url(url)) => url.clone(),
            None => trouble.clone().unwrap_or_default(),
        };
        rows.add_row([*key, &plain(name.unwrap_or_default()), &plain(&by), &tools.to_string(), &waiting.to_string()]);
    }
    table::text(&rows)
}

/// What waits of a server; of `tools` alone where there are any.
pub(super) fn waiting<'s>(key: &'s str, document: &'s Document, tools: &[String]) -> Waiting<'s> {
    let at = |since| jiff::Timestamp::from_second(since).unwrap_or_default();
    let day = |since| at(since).strftime("%Y-%m-%d").to_string();
    let mut waits = Vec::new();
    let server = document.book.server.as_ref().filter(|_| tools.is_empty());
    if let Some((held, now)) = server.and_then(|held| Some((held, held.waiting.as_ref()?))) {
        let (was, texts) = (parts(&held.pinned), parts(now));
        let changes = changes(&was, &texts).iter().map(Differs::of).collect();
        let versions = [&*held.pinned.version, &*now.version];
        waits.push(Waits { tool: None, pinned: day(held.since), versions, changes });
    }
    for (tool, held) in document.book.tools.iter().filter(|(tool, _)| tools.is_empty() || tools.contains(tool)) {
        let Some(now) = &held.waiting else { continue };
        let changes = changes(&held.pinned, now).iter().map(Differs::of).collect();
        let versions = [&*held.pinned.version, &*now.version];
        waits.push(Waits { tool: Some(tool), pinned: day(held.since), versions, changes });
    }
    Waiting { key, name: &document.server.name, waits }
}

/// Who a server says it is, as the parts of a definition.
fn parts(identity: &Identity) -> Pin {
    let name = ("name".to_owned(), Part::Whole(identity.name.clone()));
    let instructions = identity.instructions.iter().map(|text| ("instructions".to_owned(), text.clone()));
    Pin { digest: String::new(), version: String::new(), parts: instructions.chain([name]).collect() }
}

impl Differs {
    fn of(Change { part, was, now }: &Change<'_>) -> Self {
        let text = |part: &Part| match part {
            Part::Whole(text) => text.clone(),
            Part::Cut { start, digest } => format!("{start}… (sha256:{digest})"),
        };
        Self { part: (*part).to_owned(), was: was.map(text), now: now.map(text) }
    }
}

/// All that waits, for people.
pub(super) fn told(servers: &[Waiting<'_>]) -> String {
    let mut text = String::new();
    for Waiting { key, name, waits } in servers.iter().filter(|server| !server.waits.is_empty()) {
        let _ = writeln!(text, "{key} ({})", plain(name));
        for Waits { tool, pinned, versions: [was, now], changes } in waits {
            let what = tool.map_or_else(|| "the server itself".to_owned(), |tool| format!("tool {}", plain(tool)));
            let of = if was == now { format!("version {was}") } else { format!("version {was}, now {now}") };
            let _ = writeln!(text, "  {what}, pinned {pinned} of {}", plain(&of));
            for Differs { part, was, now } in changes {
                let how = match (was, now) {
                    (None, _) => "added",
                    (_, None) => "removed",
                    _ => "changed",
                };
                let _ = writeln!(text, "    {} {how}", plain(part));
                lines(&mut text, was.as_deref(), now.as_deref());
            }
            if changes.is_empty() {
                text.push_str("    it differs in what is not kept of it\n");
            }
        }
        let _ = writeln!(text, "  to have it pass: vanguard pins accept {key}\n");
    }
    if text.is_empty() {
        text.push_str("nothing waits to be accepted\n");
    }
    text
}

/// Two texts line by line, without the lines that they begin and end with alike.
fn lines(text: &mut String, was: Option<&str>, now: Option<&str>) {
    let lines = |text: Option<&str>| text.unwrap_or_default().lines().map(plain).collect::<Vec<_>>();
    let (was, now) = (lines(was), lines(now));
    let start = was.iter().zip(&now).take_while(|(a, b)| a == b).count();
    let (was, now) = (&was[start..], &now[start..]);
    let end = was.iter().rev().zip(now.iter().rev()).take_while(|(a, b)| a == b).count();
    for (sign, lines) in [('-', &was[..was.len() - end]), ('+', &now[..now.len() - end])] {
        for line in lines {
            let _ = writeln!(text, "      {sign} {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shown_by_the_lines_that_differ_and_move_no_cursor() {
        let mut text = String::new();
        lines(&mut text, Some("a\nb\nc"), Some("a\nB\u{1b}[2J\u{200b}\nc"));
        assert_eq!(text, "      - b\n      + B\\u{1b}[2J\\u{200b}\n");
        let mut text = String::new();
        lines(&mut text, None, Some("x"));
        lines(&mut text, Some("y"), None);
        assert_eq!(text, "      + x\n      - y\n");
    }
}
