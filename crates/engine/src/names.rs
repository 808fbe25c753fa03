//! Tables of short names, each looked up in a few comparisons of numbers.

/// How many bytes of a name its number holds; the last byte is the name's length.
const HELD: usize = 15;

/// How many letters are told apart.
const LETTERS: usize = 32;

/// A table of names in their order.
#[derive(Debug)]
pub(crate) struct Names<const N: usize> {
    all: [&'static str; N],
    keys: [u128; N],
    /// By the letter that a name begins with, in any case, how long such names are: a bit for each length, the last for all
    /// that are longer. Most words are told to be none of the names by this.
    lengths: [u16; LETTERS],
}

impl<const N: usize> Names<N> {
    /// A table of these names. They must stand in their order, and no two may begin with the same fifteen bytes and be as
    /// long: the build fails where they do not.
    pub(crate) const fn new(names: [&'static str; N]) -> Self {
        let (mut keys, mut lengths) = ([0; N], [0; LETTERS]);
        let mut at = 0;
        #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated at compile time")]
        while at < N {
            keys[at] = key(names[at].as_bytes(), false);
            assert!(at == 0 || keys[at - 1] < keys[at], "the names stand in their order");
            lengths[letter(names[at])] |= length(names[at]);
            at += 1;
        }
        Self { all: names, keys, lengths }
    }

    /// A table of the names that begin these rows.
    pub(crate) const fn of_rows<T>(rows: &[(&'static str, T)]) -> Self {
        let mut names = [""; N];
        let mut at = 0;
        #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated at compile time")]
        while at < N {
            names[at] = rows[at].0;
            at += 1;
        }
        Self::new(names)
    }

    /// Whether the table holds `name`.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Where `name` stands in the table.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        if !self.may_hold(name) {
            return None;
        }
        let at = self.keys.binary_search(&key(name.as_bytes(), false)).ok()?;
        (name.len() <= HELD || self.all.get(at) == Some(&name)).then_some(at)
    }

    /// Where `name`, in any case, stands in a table of names in lower case.
    pub(crate) fn position_in_any_case(&self, name: &str) -> Option<usize> {
        if !self.may_hold(name) {
            return None;
        }
        let at = self.keys.binary_search(&key(name.as_bytes(), true)).ok()?;
        (name.len() <= HELD || self.all.get(at).is_some_and(|known| known.eq_ignore_ascii_case(name))).then_some(at)
    }
}

impl<const N: usize> Names<N> {
    #[inline]
    fn may_hold(&self, name: &str) -> bool {
        self.lengths.get(letter(name)).is_some_and(|lengths| lengths & length(name) != 0)
    }
}

/// The letter that a name begins with, by number.
#[inline]
const fn letter(name: &str) -> usize {
    match name.as_bytes().first() {
        Some(byte) => *byte as usize % LETTERS,
        None => 0,
    }
}

/// The bit of a name's length.
#[inline]
const fn length(name: &str) -> u16 {
    1 << if name.len() < HELD { name.len() } else { HELD }
}

/// A name as a number that sorts as the name does.
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "never beyond either slice; a name of which the length does not fit is compared whole"
)]
const fn key(name: &[u8], lower: bool) -> u128 {
    let mut bytes = [0_u8; HELD + 1];
    let held = if name.len() < HELD { name.len() } else { HELD };
    bytes.split_at_mut(held).0.copy_from_slice(name.split_at(held).0);
    if lower {
        bytes.make_ascii_lowercase();
    }
    bytes[HELD] = if name.len() < 0xff { name.len() as u8 } else { 0xff };
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    static NAMES: Names<6> =
        Names::new(["a", "a-name-of-25-bytes-long-aa", "a-name-of-25-bytes-long-bbb", "ab", "b", "sh"]);

    #[test]
    fn names_are_found_and_others_are_not() {
        for (at, name) in NAMES.all.iter().enumerate() {
            assert_eq!(NAMES.position(name), Some(at));
            assert_eq!(NAMES.position_in_any_case(&name.to_uppercase()), Some(at));
        }
        for name in ["", "A", "a\0", "abc", "a-name-of-25-bytes-long-cc", "a-name-of-25-b", "s", "sh "] {
            assert_eq!(NAMES.position(name), None, "{name}");
        }
        assert!(!NAMES.contains(&"sh".repeat(200)));
    }
}
