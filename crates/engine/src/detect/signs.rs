//! Which bytes a text holds.

/// The longest text that is looked at: a longer one holds about everything, and searching it is worth the beginning.
const LONGEST: usize = 4 << 10;

/// The bytes of a text, told by one look at it: most detectors then see that it does not concern them.
#[derive(Debug, Clone, Copy)]
pub struct Signs {
    held: [bool; 256],
}

impl Signs {
    /// Those of `text`; every byte, for a long one.
    pub fn of(text: &str) -> Self {
        let mut held = [text.len() > LONGEST; 256];
        for byte in text.bytes().take(LONGEST) {
            mark(&mut held, byte);
        }
        Self { held }
    }

    /// Whether the text may hold `byte`: no is certain.
    #[allow(clippy::indexing_slicing, reason = "a u8 cannot exceed a table of 256")]
    pub fn has(&self, byte: u8) -> bool {
        self.held[usize::from(byte)]
    }

    /// Whether it may hold any of these.
    pub fn any<const N: usize>(&self, bytes: &[u8; N]) -> bool {
        bytes.iter().any(|byte| self.has(*byte))
    }
}

#[allow(clippy::indexing_slicing, reason = "a u8 cannot exceed a table of 256")]
fn mark(held: &mut [bool; 256], byte: u8) {
    held[usize::from(byte)] = true;
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
