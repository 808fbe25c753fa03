//! The server's stderr: always drained, shown line by line, bounded and made harmless.

use std::fs::File;
use std::time::{Duration, Instant};

use memchr::memchr2;
use vanguard_engine::views::is_invisible;

use crate::fd;
use crate::report::{Event, Reports};

/// The most bytes of one line that are shown.
const MAX_LINE: usize = 8 * 1024;
/// The most lines that are shown in a second.
const LINES_A_SECOND: u32 = 2_000;
/// How long a line waits for a reporter that is behind, before the server is let run on without being shown.
const PATIENCE: Duration = Duration::from_millis(100);

/// Shows what comes from `from` until its end. Never lets the server wait for whoever reads our stderr for long.
pub(crate) fn relay(from: &File, server: &str, reports: &Reports) {
    let mut lines =
        Lines { server, reports, line: Vec::new(), cut: false, rate: Rate::new(), left_out: 0, patience: PATIENCE };
    let mut chunk = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = fd::read(from, &mut chunk) {
        lines.take(&chunk[..read]);
    }
    lines.end_line();
    lines.tell_left_out();
}

struct Lines<'a> {
    server: &'a str,
    reports: &'a Reports,
    line: Vec<u8>,
    cut: bool,
    rate: Rate,
    left_out: u64,
    patience: Duration,
}

impl Lines<'_> {
    fn take(&mut self, mut bytes: &[u8]) {
        // A lone CR redraws a line on a terminal: progress bars. Each state becomes a line.
        while let Some(at) = memchr2(b'\n', b'\r', bytes) {
            self.extend(&bytes[..at]);
            self.end_line();
            bytes = &bytes[at + 1..];
        }
        self.extend(bytes);
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = MAX_LINE - self.line.len();
        self.cut |= bytes.len() > room;
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self) {
        if self.line.is_empty() {
            return;
        }
        let mut text = format!("[{}] ", self.server);
        sanitise(&String::from_utf8_lossy(&self.line), &mut text);
        if self.cut {
            text.push('…');
        }
        self.line.clear();
        self.cut = false;
        if !self.rate.admits(Instant::now()) {
            self.left_out += 1;
            return;
        }
        if self.left_out > 0 {
            self.tell_left_out();
        }
        if self.reports.tell_within(Event::Stderr(text), self.patience) {
            self.patience = PATIENCE;
        } else {
            // Once it has proved stuck, no more waiting until it moves again.
            self.patience = Duration::ZERO;
            self.left_out += 1;
        }
    }

    fn tell_left_out(&mut self) {
        if self.left_out > 0 && self.reports.tell_within(Event::StderrLeftOut(self.left_out), self.patience) {
            self.left_out = 0;
        }
    }
}

/// So many lines in each second, counted from its first.
struct Rate {
    second: Instant,
    count: u32,
}

impl Rate {
    fn new() -> Self {
        Self { second: Instant::now(), count: 0 }
    }

    fn admits(&mut self, now: Instant) -> bool {
        if now.duration_since(self.second) >= Duration::from_secs(1) {
            (self.second, self.count) = (now, 0);
        }
        self.count += 1;
        self.count <= LINES_A_SECOND
    }
}

/// Appends `text` without what would act on a terminal or deceive its reader: colour sequences vanish, other controls and invisible
/// characters show as escapes.
fn sanitise(text: &str, out: &mut String) {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\t' => out.push(c),
            '\u{1b}' if rest.as_str().starts_with('[') => skip_colour(&mut rest, out),
            c if c.is_control() || is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}') => {
                out.extend(c.escape_unicode());
            }
            c => out.push(c),
        }
    }
}

/// After ESC: drops `[…m`, the sequence that sets colours. Anything else keeps its visible remains.
fn skip_colour(rest: &mut std::str::Chars<'_>, out: &mut String) {
    let parameters = rest.as_str()[1..].trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
    if let Some(after) = parameters.strip_prefix('m') {
        *rest = after.chars();
    } else {
        out.extend('\u{1b}'.escape_unicode());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str) -> String {
        let mut out = String::new();
        sanitise(text, &mut out);
        out
    }

    #[test]
    fn terminals_are_safe_from_servers() {
        assert_eq!(clean("\u{1b}[1;31mred\u{1b}[0m and\ttab"), "red and\ttab");
        assert_eq!(clean("\u{1b}[2J\u{1b}]0;title\u{7}"), "\\u{1b}[2J\\u{1b}]0;title\\u{7}");
        assert_eq!(clean("a\u{202e}b\u{9b}c"), "a\\u{202e}b\\u{9b}c");
        assert_eq!(clean("\u{1b}["), "\\u{1b}[");
    }

    #[test]
    fn a_second_has_only_so_many_lines() {
        let mut rate = Rate::new();
        let now = Instant::now();
        let admitted = (0..5_000).filter(|_| rate.admits(now)).count();
        assert_eq!(admitted, LINES_A_SECOND as usize);
        assert!(rate.admits(now + Duration::from_secs(1)));
    }
}
