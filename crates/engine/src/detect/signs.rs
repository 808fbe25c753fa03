//! Which bytes a text holds.

use crate::byteset::ByteSet;

/// The longest text that is looked at: a longer one holds about everything, and searching it is worth the beginning.
const LONGEST: usize = 4 << 10;

/// The bytes of a text, told by one look at it: most detectors then see that it does not concern them.
#[derive(Debug, Clone, Copy)]
pub struct Signs(ByteSet);

impl Signs {
    /// Those of `text`; every byte, for a long one.
    pub fn of(text: &str) -> Self {
        let mut held = ByteSet::filled(text.len() > LONGEST);
        let (blocks, rest) = text.as_bytes().get(..LONGEST).unwrap_or(text.as_bytes()).as_chunks::<8>();
        // Without a look at the end between them.
        for block in blocks {
            for byte in block {
                held.add(*byte);
            }
        }
        for byte in rest {
            held.add(*byte);
        }
        Self(held)
    }

    /// Whether the text may hold `byte`: no is certain.
    pub fn has(&self, byte: u8) -> bool {
        self.0.has(byte)
    }

    /// Whether it may hold any of these.
    pub fn any<const N: usize>(&self, bytes: &[u8; N]) -> bool {
        bytes.iter().any(|byte| self.has(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_holds_its_bytes_and_a_long_one_may_hold_any() {
        let signs = Signs::of("a<é");
        assert!(signs.has(b'a') && signs.any(b"x<") && signs.has(0xc3) && signs.has(0xa9));
        assert!(!signs.has(b'b') && !signs.any(b">!") && !Signs::of("").has(0));
        let long = "a".repeat(LONGEST + 1);
        assert!(Signs::of(&long).has(b'<') && !Signs::of(&long[1..]).has(b'<'));
    }
}
