//! What a person reads on stderr while a session runs.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use vanguard_engine::verdict::Decision;
use vanguard_gateway::{Event, Reporter};

/// One line an event; colour on a terminal only.
#[derive(Debug)]
pub(crate) struct ToStderr {
    /// The server's name.
    pub(crate) server: String,
    /// Whether warnings are told too.
    pub(crate) verbose: bool,
    /// Whether the server's own stderr is passed on.
    pub(crate) show_stderr: bool,
}

impl Reporter for ToStderr {
    fn report(&self, event: &Event) {
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        let yellow = Style::new().fg_color(Some(AnsiColor::Yellow.into()));
        let line = match event {
            Event::Refused(decision) => format!("vanguard: {red}blocked{red:#} {}", told(decision)),
            Event::Redacted(decision) => format!("vanguard: {yellow}redacted{yellow:#} {}", told(decision)),
            Event::Flagged(decision) if self.verbose => {
                format!("vanguard: {yellow}warned{yellow:#} {}", told(decision))
            }
            Event::Flagged(_) => return,
            Event::Stderr(_) | Event::StderrLeftOut(_) if !self.show_stderr => return,
            // It names its server.
            Event::Stderr(line) => line.clone(),
            Event::StderrLeftOut(_) => format!("[{}] {event}", self.server),
            other => format!("vanguard: {other}"),
        };
        // Nobody reads stderr: then nobody is told, and the record has it all.
        let _ = writeln!(anstream::stderr().lock(), "{line}");
    }
}

/// What was judged, by which rule, where, and on what evidence.
fn told(decision: &Decision) -> String {
    let mut text = decision.method.clone().unwrap_or_else(|| "a line that is no message".to_owned());
    if let Some(tool) = &decision.tool {
        text = format!("{text} {}", printable(tool));
    }
    if let Some(finding) = decision.findings.first() {
        text = format!("{text} — {} {}", finding.rule.id, finding.rule.title);
        if !finding.pointer.is_empty() {
            text = format!("{text} at {}", printable(&finding.pointer));
        }
        if !finding.evidence.as_str().is_empty() {
            text = format!("{text}: \"{}\"", finding.evidence);
        }
    }
    text
}

/// A name that came from the peer, bounded and without control characters: nothing of it may steer a terminal.
fn printable(text: &str) -> String {
    let hidden = |c: char| c.is_control() || vanguard_engine::views::is_invisible(c);
    text.chars().take(120).map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(printable("read\u{1b}[2J\nfile\u{202e}"), "read\u{fffd}[2J\u{fffd}file\u{fffd}");
        assert_eq!(printable(&"x".repeat(1000)).len(), 120);
    }
}
