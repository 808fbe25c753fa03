//! Fingerprints of text: hashes of its runs of letters and digits, thinned so that a copy of part of it shares some.
//!
//! Winnowing (Schleimer, Wilkerson, Aiken: *Winnowing: Local Algorithms for Document Fingerprinting*, SIGMOD 2003): of each window of
//! hashes the least is kept, so texts that share 21 letters in a row share a print, wherever they begin.

/// Letters of one hash.
pub(crate) const GRAM: usize = 12;
/// Hashes of one window.
const WINDOW: usize = 10;
/// Letters in a row that two texts must share to be sure of a common print.
#[cfg(test)]
const GUARANTEE: usize = GRAM + WINDOW - 1;

/// A base of the rolling hash; odd, so that no letter is lost.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
/// `BASE` to the power of `GRAM`: what the letter that leaves has been multiplied with.
const LEAVES: u64 = {
    let (mut power, mut n) = (1_u64, 0);
    while n < GRAM {
        power = power.wrapping_mul(BASE);
        n += 1;
    }
    power
};

/// What a byte counts as: letters without regard to case, digits, everything beyond ASCII; 0 is left out.
#[inline]
fn letter(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() || byte >= 0x80 { byte.to_ascii_lowercase() } else { 0 }
}

/// Reads text letter by letter. What it has read last stays, so that text in pieces is read as one.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    salt: u64,
    hash: u64,
    ring: [u8; GRAM],
    read: usize,
}

impl Reader {
    pub(crate) fn new(salt: u64) -> Self {
        Self { salt, hash: 0, ring: [0; GRAM], read: 0 }
    }

    /// The hash of the last letters, once there are enough.
    #[inline]
    fn push(&mut self, letter: u8) -> Option<u32> {
        let slot = self.ring.get_mut(self.read % GRAM)?;
        let left = std::mem::replace(slot, letter);
        self.hash = self
            .hash
            .wrapping_mul(BASE)
            .wrapping_add(u64::from(letter))
            .wrapping_sub(u64::from(left).wrapping_mul(LEAVES));
        self.read = self.read.wrapping_add(1);
        (self.read >= GRAM).then(|| mixed(self.hash ^ self.salt))
    }

    /// Calls `sink` with the hash of every run of `text`.
    pub(crate) fn each(&mut self, text: &str, sink: &mut dyn FnMut(u32)) {
        for letter in letters(text) {
            if let Some(hash) = self.push(letter) {
                sink(hash);
            }
        }
    }

    /// The last letters, which what comes next goes on from.
    pub(crate) fn tail(&self) -> Vec<u8> {
        let kept = self.read.min(GRAM.saturating_sub(1));
        let first = self.read.saturating_sub(kept);
        (first..self.read).filter_map(|n| self.ring.get(n % GRAM).copied()).collect()
    }

    /// A reader that goes on behind `tail`.
    pub(crate) fn behind(salt: u64, tail: &[u8]) -> Self {
        let mut reader = Self::new(salt);
        for letter in tail {
            reader.push(*letter);
        }
        reader
    }
}

/// The letters of a text as they count.
fn letters(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.bytes().map(letter).filter(|letter| *letter != 0)
}

/// Spreads a hash: a rolling one is ordered like its text, and the least of a window would be the same letters again and again.
#[inline]
fn mixed(hash: u64) -> u32 {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed >> 32) as u32
}

/// Calls `sink` with the thinned prints of `text`, in their order; one may come twice. A text shorter than a window has one print,
/// one shorter than [`GRAM`] letters none.
pub(crate) fn winnow(text: &str, salt: u64, sink: &mut dyn FnMut(u32)) {
    let mut reader = Reader::new(salt);
    let mut window = [u32::MAX; WINDOW];
    let (mut count, mut least, mut age) = (0_usize, u32::MAX, 0_usize);
    for letter in letters(text) {
        let Some(hash) = reader.push(letter) else { continue };
        if let Some(slot) = window.get_mut(count % WINDOW) {
            *slot = hash;
        }
        count = count.wrapping_add(1);
        age = age.wrapping_add(1);
        let told = if hash <= least {
            (least, age) = (hash, 0);
            true
        } else if age >= WINDOW {
            // The least has left the window: the next one is the last of the least, as far back as it goes.
            (least, age) = (u32::MAX, 0);
            for back in 0..WINDOW {
                let at = window.get(count.wrapping_sub(1).wrapping_sub(back) % WINDOW).copied().unwrap_or(u32::MAX);
                if at < least {
                    (least, age) = (at, back);
                }
            }
            true
        } else {
            false
        };
        if (told && count > WINDOW) || count == WINDOW {
            sink(least);
        }
    }
    if count > 0 && count < WINDOW {
        sink(least);
    }
}

/// How many letters a text has, up to `most`.
pub(crate) fn length(text: &str, most: usize) -> usize {
    letters(text).take(most).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn prints(text: &str) -> BTreeSet<u32> {
        let mut all = BTreeSet::new();
        winnow(text, 7, &mut |print| {
            all.insert(print);
        });
        all
    }

    proptest! {
        #[test]
        fn a_copy_shares_a_print_wherever_it_stands(
            before in "[a-z ,.]{0,80}", copied in "[A-Za-z0-9]{21,80}", after in "[a-z ,.]{0,80}", other in "[a-z]{0,60}",
        ) {
            prop_assume!(copied.len() >= GUARANTEE);
            let source = format!("{before}{copied}{after}");
            let copy = format!("{other}-{}", copied.to_uppercase());
            prop_assert!(prints(&source).intersection(&prints(&copy)).next().is_some());
        }

        #[test]
        fn every_print_is_the_hash_of_a_run(text in "\\PC{0,200}") {
            let mut all = BTreeSet::new();
            Reader::new(7).each(&text, &mut |hash| { all.insert(hash); });
            prop_assert!(prints(&text).is_subset(&all));
        }

        #[test]
        fn text_in_pieces_is_read_as_one(pieces in proptest::collection::vec("[a-z0-9 ]{0,9}", 1..12)) {
            let mut whole = Vec::new();
            Reader::new(7).each(&pieces.concat(), &mut |hash| whole.push(hash));
            let (mut parts, mut tail) = (Vec::new(), Vec::new());
            for piece in &pieces {
                let mut reader = Reader::behind(7, &tail);
                reader.each(piece, &mut |hash| parts.push(hash));
                tail = reader.tail();
            }
            prop_assert_eq!(whole, parts);
        }
    }

    #[test]
    fn unlike_texts_share_nothing() {
        let one = "The quick brown fox jumps over the lazy dog while the band plays on.";
        let two = "Pack my box with five dozen liquor jugs before the ship leaves port.";
        assert!(prints(one).is_disjoint(&prints(two)));
    }
}
