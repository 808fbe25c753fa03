//! Lines out of a stream of bytes, without reading the stream: the caller brings the bytes.

use std::ops::Range;

use crate::excess::Excess;

/// What the caller may read at once, at least.
const READ_BYTES: usize = 16 << 10;
/// The buffer of ordinary traffic; a larger one is given back once its line is done.
const KEPT_BYTES: usize = 128 << 10;

/// One line of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line within the limit, without its LF and without one CR before that.
    Message(&'a [u8]),
    /// A line over the limit, of which only samples were kept.
    Oversize {
        /// How it starts.
        head: &'a [u8],
        /// How it ends; does not overlap the head.
        tail: &'a [u8],
        /// Its bytes, without the line end.
        length: u64,
    },
}

/// Splits a stream into lines at LF, with bounded memory and in time linear to the bytes.
///
/// The caller reads into [`space`](Self::space), says how much with [`filled`](Self::filled), and takes lines by
/// [`next`](Self::next) until there is none. Blank lines are skipped.
#[derive(Debug)]
pub struct LineFramer {
    max: usize,
    buffer: Vec<u8>,
    /// The line in progress is `buffer[start..end]`; up to `searched` it has no LF.
    start: usize,
    searched: usize,
    end: usize,
    excess: Option<Excess>,
    /// The samples of the last oversize line, alive as long as the caller looks at it.
    done: Excess,
}

impl LineFramer {
    /// A framer for lines of up to `max` bytes.
    pub fn new(max: usize) -> Self {
        let (buffer, done) = (Vec::new(), Excess::default());
        Self { max, buffer, start: 0, searched: 0, end: 0, excess: None, done }
    }

    /// Where to read the next bytes of the stream into; never empty.
    pub fn space(&mut self) -> &mut [u8] {
        self.make_room();
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// Says that the first `count` bytes of [`space`](Self::space) hold bytes of the stream now.
    pub fn filled(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.buffer.len());
    }

    /// The next complete line, or `None` until more bytes have come.
    #[expect(clippy::should_implement_trait, reason = "lines borrow the framer, which an Iterator cannot say")]
    pub fn next(&mut self) -> Option<Line<'_>> {
        loop {
            let unsearched = self.buffer.get(self.searched..self.end).unwrap_or_default();
            let Some(offset) = memchr::memchr(b'\n', unsearched) else {
                self.searched = self.end;
                self.drop_excess();
                return None;
            };
            let line = self.start..self.searched.saturating_add(offset);
            self.start = line.end.saturating_add(1);
            self.searched = self.start;
            if !self.is_blank(line.clone()) {
                return Some(self.line(line));
            }
        }
    }

    /// The last line of a stream that ended without an LF.
    pub fn finish(&mut self) -> Option<Line<'_>> {
        let line = self.start..self.end;
        self.start = self.end;
        self.searched = self.end;
        (!self.is_blank(line.clone())).then(|| self.line(line))
    }

    fn is_blank(&self, range: Range<usize>) -> bool {
        let line = without_cr(self.buffer.get(range).unwrap_or_default());
        self.excess.is_none() && line.len() <= self.max && line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
    }

    fn line(&mut self, range: Range<usize>) -> Line<'_> {
        let bytes = self.buffer.get(range).unwrap_or_default();
        let mut excess = match self.excess.take() {
            Some(excess) => excess,
            None if without_cr(bytes).len() <= self.max => return Line::Message(without_cr(bytes)),
            None => Excess::default(),
        };
        excess.take(bytes);
        excess.end_line();
        self.done = excess;
        self.done.line()
    }

    /// Keeps only samples of the line in progress once it is too long; one byte more may still be its CR.
    fn drop_excess(&mut self) {
        let pending = self.buffer.get(self.start..self.end).unwrap_or_default();
        if self.excess.is_some() || pending.len() > self.max.saturating_add(1) {
            self.excess.get_or_insert_default().take(pending);
            self.start = self.end;
        }
    }

    fn make_room(&mut self) {
        self.done = Excess::default();
        let pending = self.end.saturating_sub(self.start);
        if pending < KEPT_BYTES / 2 && self.buffer.len() > KEPT_BYTES {
            // A large line is done.
            let mut smaller = self.buffer.get(self.start..self.end).unwrap_or_default().to_vec();
            smaller.resize(KEPT_BYTES, 0);
            self.buffer = smaller;
            self.moved(pending);
        } else if pending == 0 {
            self.moved(0);
        }
        if self.buffer.len().saturating_sub(self.end) >= READ_BYTES {
            return;
        }
        // What is pending is no longer than the longest line, so a buffer of `most` has room once it starts with that.
        let most = self.max.saturating_add(4 * READ_BYTES);
        if pending <= self.start || self.buffer.len() >= most {
            // Moves no more bytes than have been consumed since the last move; or once, at the full size.
            self.buffer.copy_within(self.start..self.end, 0);
            self.moved(pending);
        }
        if self.buffer.len().saturating_sub(self.end) < READ_BYTES {
            // By doubling, so that a line is copied only as often as its length has bits.
            let size = self.buffer.len().saturating_mul(2).clamp(4 * READ_BYTES, most);
            self.buffer.resize(size, 0);
        }
    }

    fn moved(&mut self, pending: usize) {
        self.searched = self.searched.saturating_sub(self.start);
        self.start = 0;
        self.end = pending;
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
