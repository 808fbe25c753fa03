//! A proof that stands by itself: a checkpoint, a number, and the hashes between (`tlog-proof`).

use std::fmt::Write as _;

use super::hash::Hash;

/// The first line.
const MAGIC: &str = "c2sp.org/tlog-proof@v1";
/// The most hashes: a tree of 2⁶⁴ entries needs no more.
const MAX_HASHES: usize = 64;

/// That an entry is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The entry's number, from 0.
    pub index: u64,
    /// From its sibling up.
    pub hashes: Vec<Hash>,
    /// The checkpoint, signed, as it was written.
    pub checkpoint: String,
}

impl Proof {
    /// As C2SP writes it.
    pub fn text(&self) -> String {
        let mut text = format!("{MAGIC}\nindex {}\n", self.index);
        for hash in &self.hashes {
            // Writing to a String can't fail.
            let _ = writeln!(text, "{hash}");
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    /// Reads one; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix(MAGIC)?.strip_prefix('\n')?;
        if rest.starts_with("extra ") {
            rest = rest.split_once('\n')?.1;
        }
        let (number, mut rest) = rest.strip_prefix("index ")?.split_once('\n')?;
        let index: u64 = number.parse().ok()?;
        if index.to_string() != number {
            return None;
        }
        let mut hashes = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n')?;
            rest = after;
            if line.is_empty() {
                break;
            }
            if hashes.len() == MAX_HASHES {
                return None;
            }
            hashes.push(Hash::parse(line)?);
        }
        Some(Self { index, hashes, checkpoint: rest.to_owned() })
    }
}
