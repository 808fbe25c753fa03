//! Commands, judged by which program does what on which operands, from where to where.
//!
//! Reads the `shell` view (one simple command a line, program first) and, for values that are no commands, the text
//! itself: a separator with a command behind it is an injection whatever the value is for.

mod appended;
mod breakout;
mod fetched;
mod function;
mod names;

use std::ops::Range;

use super::{Family, Found, Look};
use crate::views::ViewKind;

/// See [`FAMILY`].
const BREAKOUT: usize = 0;
const FETCHED: usize = 1;
const APPENDED: usize = 2;
const SENTENCE: usize = 3;
const FUNCTION: usize = 4;

/// The longest value that is looked at for a command behind it: longer ones are documents.
const VALUE: usize = 2_000;

/// `breakout`: a program is given a shell to start. `fetched`: a file is fetched and run. `appended`: a command behind a
/// value. `sentence`: the same where prose belongs, of which the value must be nearly nothing. `function`: a value that an old
/// bash takes for a function, and what follows it.
pub(super) const FAMILY: Family =
    Family { name: "command", kinds: &["breakout", "fetched", "appended", "sentence", "function"], look };

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    if look.chain.kind() == ViewKind::Shell {
        if let Some(range) = breakout::find(look.view) {
            found(BREAKOUT, range);
        }
        if let Some(range) = fetched::find(look.view) {
            found(FETCHED, range);
        }
    } else if look.view.len() <= VALUE {
        if (look.wants(APPENDED) || look.wants(SENTENCE))
            && appended::may_be_in(look.signs)
            && let Some(range) = appended::find(look.view)
        {
            found(APPENDED, range.clone());
            if look.wants(SENTENCE) && appended::is_whole(look.view, &range) {
                found(SENTENCE, range);
            }
        }
        if look.signs.has(b'(')
            && let Some(range) = function::find(look.view)
        {
            found(FUNCTION, range);
        }
    }
}

/// A line of the `shell` view.
struct Line<'v> {
    /// Its bytes in the view.
    range: Range<usize>,
    /// Whether it reads what the line above writes.
    piped: bool,
    program: &'v str,
    /// The program without its directory.
    name: &'v str,
    arguments: &'v str,
}

/// The lines of a `shell` view.
fn lines(view: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0_usize;
    let mut rest = Some(view);
    std::iter::from_fn(move || {
        let text = rest?;
        let (line, after) = match memchr::memchr(b'\n', text.as_bytes()).and_then(|end| text.split_at_checked(end)) {
            Some((line, after)) => (line, after.get(1..)),
            None => (text, None),
        };
        rest = after;
        let range = start..start.saturating_add(line.len());
        start = range.end.saturating_add(1);
        let (text, piped) = line.strip_prefix("| ").map_or((line, false), |line| (line, true));
        // Names of programs are short: a search would take longer to begin than to end.
        let (mut end, mut name) = (0_usize, 0_usize);
        for byte in text.bytes().take_while(|byte| *byte != b' ') {
            end = end.saturating_add(1);
            name = if matches!(byte, b'/' | b'\\') { end } else { name };
        }
        let (program, name) = (text.get(..end).unwrap_or(text), text.get(name..end).unwrap_or(text));
        let arguments = text.get(end.saturating_add(1)..).unwrap_or("");
        Some(Line { range, piped, program, name, arguments })
    })
}

/// A path's last segment.
fn base(path: &str) -> &str {
    let end = path.bytes().rposition(|byte| matches!(byte, b'/' | b'\\'));
    end.and_then(|end| path.get(end.saturating_add(1)..)).unwrap_or(path)
}
