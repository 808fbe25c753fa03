//! How much of anything a message may hold.

/// The bounds of one message; each is checked before the memory or the time is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole message.
    pub message_bytes: usize,
    /// Bytes between the quotes of one string or key, as written in the source.
    pub string_bytes: usize,
    /// Arrays and objects open at once; the outermost one counts as 1.
    pub depth: usize,
    /// Messages of one batch.
    pub batch: usize,
    /// JSON values of every kind, keys not counted.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message_bytes: 16 << 20, string_bytes: 1 << 20, depth: 64, batch: 100, nodes: 500_000 }
    }
}
