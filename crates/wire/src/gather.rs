//! One message that comes in pieces, with bounded memory: the body of an HTTP message, the data of an event.

use crate::excess::Excess;
use crate::line::Line;

/// The pieces so far.
#[derive(Debug)]
pub struct Gather {
    max: usize,
    bytes: Vec<u8>,
    excess: Option<Excess>,
}

impl Gather {
    /// For a message of up to `max` bytes.
    pub fn new(max: usize) -> Self {
        Self { max, bytes: Vec::new(), excess: None }
    }

    /// Takes the next piece. Of a message that is too long only samples are kept.
    pub fn take(&mut self, piece: &[u8]) {
        if self.excess.is_none() && piece.len() > self.max.saturating_sub(self.bytes.len()) {
            let mut excess = Excess::default();
            excess.take(&std::mem::take(&mut self.bytes));
            self.excess = Some(excess);
        }
        match &mut self.excess {
            Some(excess) => excess.take(piece),
            None => self.bytes.extend_from_slice(piece),
        }
    }

    /// Whether it is longer than it may be.
    pub fn is_oversize(&self) -> bool {
        self.excess.is_some()
    }

    /// The whole of it, or its samples.
    pub fn line(&mut self) -> Line<'_> {
        match &mut self.excess {
            Some(excess) => {
                excess.end();
                excess.line()
            }
            None => Line::Message(&self.bytes),
        }
    }

    /// Forgets it, for the next.
    pub fn clear(&mut self) {
        self.excess = None;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
    }
}

/// The buffer of ordinary traffic; what a larger message took is given back.
const KEPT_BYTES: usize = 128 << 10;
