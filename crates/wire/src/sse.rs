//! Events out of a stream of bytes (`text/event-stream`), without reading the stream: the caller brings the bytes.
//!
//! Lines end at LF, CRLF or CR, as the standard says. Fields without a meaning are left out, and so is what comments say: no client reads
//! either, so neither is a way past the judge.

use crate::gather::Gather;
use crate::line::Line;

/// Bytes of the longest name, id or retry of an event; a longer one is left out.
const MAX_FIELD_BYTES: usize = 1024;
/// What a line has before its value, at the most: `data: `.
const PREFIX_BYTES: usize = 16;

/// One thing that a stream says.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// An event.
    Event(Event<'a>),
    /// A comment: a sign of life.
    Comment,
}

/// One event. Without data no client tells of it, but its id and retry count.
#[derive(Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// `event`, where it was given.
    pub name: Option<&'a str>,
    /// `id`, where it was given; it may be empty.
    pub id: Option<&'a str>,
    /// `retry` in milliseconds, where it was given.
    pub retry: Option<&'a str>,
    /// What its lines of data make together, where there was one; it may be empty.
    pub data: Option<Line<'a>>,
}

/// Splits a stream into events, with bounded memory and in time linear to the bytes.
#[derive(Debug)]
pub struct EventFramer {
    max: usize,
    /// The line in progress: all of it, or as much as says what it is.
    line: Vec<u8>,
    /// The line in progress is data too long to be kept as a line: the rest of it goes straight to `data`.
    long: Long,
    /// The last byte was a CR: an LF right after it ends no other line.
    after_cr: bool,
    /// No line has ended yet: a byte order mark may stand before the first.
    fresh: bool,
    name: Option<String>,
    id: Option<String>,
    retry: Option<String>,
    data: Gather,
    has_data: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Long {
    /// It is kept whole so far.
    No,
    /// It is data.
    Data,
    /// It is nothing that may be so long.
    Other,
}

impl EventFramer {
    /// A framer for events with up to `max` bytes of data.
    pub fn new(max: usize) -> Self {
        Self {
            max,
            line: Vec::new(),
            long: Long::No,
            after_cr: false,
            fresh: true,
            name: None,
            id: None,
            retry: None,
            data: Gather::new(max),
            has_data: false,
        }
    }

    /// Takes the next bytes of the stream and gives `sink` what is complete by them.
    pub fn feed(&mut self, mut bytes: &[u8], sink: &mut dyn FnMut(Piece<'_>)) {
        if std::mem::take(&mut self.after_cr)
            && let Some(rest) = bytes.strip_prefix(b"\n")
        {
            bytes = rest;
        }
        while let Some(at) = memchr::memchr2(b'\n', b'\r', bytes) {
            let (line, rest) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
            self.extend(line);
            self.end_line(sink);
            bytes = match rest {
                [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
                [] => &[],
            };
            self.after_cr = matches!(rest, [b'\r']);
        }
        self.extend(bytes);
    }

    fn extend(&mut self, bytes: &[u8]) {
        match self.long {
            Long::Data => self.data.take(bytes),
            Long::Other => {}
            Long::No => {
                self.line.extend_from_slice(bytes);
                if self.line.len() > self.max.saturating_add(PREFIX_BYTES) {
                    self.go_on_long();
                }
            }
        }
    }

    fn go_on_long(&mut self) {
        let line = std::mem::take(&mut self.line);
        match field(self.without_mark(&line)) {
            (b"data", value) => {
                self.add_data(value);
                self.long = Long::Data;
            }
            _ => self.long = Long::Other,
        }
    }

    fn end_line(&mut self, sink: &mut dyn FnMut(Piece<'_>)) {
        if std::mem::replace(&mut self.long, Long::No) != Long::No {
            self.fresh = false;
            return;
        }
        let line = std::mem::take(&mut self.line);
        let meant = self.without_mark(&line);
        self.fresh = false;
        match field(meant) {
            (b"", _) if meant.is_empty() => self.dispatch(sink),
            (b"", _) => sink(Piece::Comment),
            (b"data", value) => self.add_data(value),
            (b"event", value) => self.name = short(value),
            // The standard leaves out an id with a NUL.
            (b"id", value) if !value.contains(&0) => self.id = short(value),
            (b"retry", value) if value.iter().all(u8::is_ascii_digit) => self.retry = short(value),
            _ => {}
        }
        self.line = line;
        self.line.clear();
        self.line.shrink_to(MAX_FIELD_BYTES);
    }

    /// A stream may begin with a byte order mark, which is not part of its first line.
    fn without_mark<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| self.fresh).unwrap_or(line)
    }

    fn add_data(&mut self, value: &[u8]) {
        if std::mem::replace(&mut self.has_data, true) {
            self.data.take(b"\n");
        }
        self.data.take(value);
    }

    fn dispatch(&mut self, sink: &mut dyn FnMut(Piece<'_>)) {
        if !self.has_data && self.id.is_none() && self.retry.is_none() {
            self.name = None;
            return;
        }
        sink(Piece::Event(Event {
            name: self.name.as_deref(),
            id: self.id.as_deref(),
            retry: self.retry.as_deref(),
            data: self.has_data.then(|| self.data.line()),
        }));
        (self.name, self.id, self.retry, self.has_data) = (None, None, None, false);
        self.data.clear();
    }
}

/// Name and value of a line. A comment has an empty name.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some((name, value)) = memchr::memchr(b':', line).and_then(|at| line.split_at_checked(at)) else {
        return (line, b"");
    };
    let value = value.strip_prefix(b":").unwrap_or(value);
    (name, value.strip_prefix(b" ").unwrap_or(value))
}

/// The value of a field that names something: text without controls, and no longer than a name is.
fn short(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok().filter(|_| value.len() <= MAX_FIELD_BYTES)?;
    (!text.chars().any(char::is_control)).then(|| text.to_owned())
}
