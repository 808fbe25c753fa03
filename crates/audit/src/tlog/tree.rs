//! The tree of RFC 6962: as it grows, its proofs, and how they are checked.

use super::hash::Hash;
use super::tile::FULL;

/// Where the hashes of whole subtrees come from.
pub trait Nodes {
    /// Why one can't be had.
    type Error;
    /// The hash of the entries from `index << level`, `1 << level` in number.
    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// A tree that grows entry by entry. It remembers what its incomplete tiles hold, and nothing else.
#[derive(Debug, Clone, Default)]
pub struct Growing {
    size: u64,
    /// Of each level of tiles, the hashes of its last one.
    levels: Vec<Vec<Hash>>,
}

impl Growing {
    /// A tree of `size` entries, all of them in full tiles of the lowest level; of the levels above, the hashes of the last tiles.
    pub fn resumed(size: u64, above: Vec<Vec<Hash>>) -> Option<Self> {
        let mut levels = vec![Vec::new()];
        levels.extend(above);
        let fits = |(level, hashes): (usize, &Vec<Hash>)| {
            let width = u32::try_from(8 * level).ok().and_then(|shift| size.checked_shr(shift)).unwrap_or(0) % FULL;
            hashes.len() as u64 == width
        };
        let above_all = u32::try_from(8 * levels.len()).ok().and_then(|shift| size.checked_shr(shift)).unwrap_or(0);
        (above_all == 0 && levels.iter().enumerate().all(fits)).then_some(Self { size, levels })
    }

    /// How many entries it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the last tile of a level; none where the tile before it is full.
    pub fn last_tile(&self, level: usize) -> &[Hash] {
        self.levels.get(level).map_or(&[], Vec::as_slice)
    }

    /// How many levels of tiles it has.
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// Adds an entry by its hash. `full` gets each tile that becomes full by it: its level, its number in the level, its hashes.
    pub fn push<E>(&mut self, leaf: Hash, mut full: impl FnMut(u8, u64, &[Hash]) -> Result<(), E>) -> Result<(), E> {
        self.size += 1;
        let mut carried = Some(leaf);
        let mut level: u8 = 0;
        while let Some(hash) = carried.take() {
            if self.levels.len() == usize::from(level) {
                self.levels.push(Vec::new());
            }
            let tile = &mut self.levels[usize::from(level)];
            tile.push(hash);
            if tile.len() as u64 == FULL {
                full(level, (self.size >> (8 * u32::from(level) + 8)) - 1, tile)?;
                carried = Some(whole(tile));
                tile.clear();
                level += 1;
            }
        }
        Ok(())
    }

    /// The hash of the whole tree.
    pub fn root(&self) -> Hash {
        let mut right = None;
        for tile in &self.levels {
            let mut hashes = tile.clone();
            hashes.extend(right);
            right = (!hashes.is_empty()).then(|| of_parts(&hashes));
        }
        right.unwrap_or_else(Hash::empty)
    }
}

/// The hash of subtrees side by side, of which all but the last are whole and of one size.
fn of_parts(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Hash::empty(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(more.len().next_power_of_two() / 2);
            Hash::node(of_parts(left), of_parts(right))
        }
    }
}

/// The hash of as many subtrees as are a power of two.
pub(crate) fn whole(hashes: &[Hash]) -> Hash {
    of_parts(hashes)
}

/// The largest power of two below `n`, which is at least two.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The hash of the entries from `low` up to `high`, where a subtree of such entries begins.
fn range<N: Nodes>(low: u64, high: u64, nodes: &mut N) -> Result<Hash, N::Error> {
    let count = high - low;
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return nodes.node(level, low >> level);
    }
    let middle = low + split(count);
    Ok(Hash::node(range(low, middle, nodes)?, range(middle, high, nodes)?))
}

/// The hash of a tree of `size` entries.
pub fn root<N: Nodes>(size: u64, nodes: &mut N) -> Result<Hash, N::Error> {
    if size == 0 { Ok(Hash::empty()) } else { range(0, size, nodes) }
}

/// The proof that the entry `index` is in the tree of `size` entries, from its sibling up. Empty for an entry that is not.
pub fn inclusion<N: Nodes>(index: u64, size: u64, nodes: &mut N) -> Result<Vec<Hash>, N::Error> {
    let mut proof = Vec::new();
    if index >= size {
        return Ok(proof);
    }
    // From the root down, then turned round.
    let (mut low, mut high) = (0, size);
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            proof.push(range(middle, high, nodes)?);
            high = middle;
        } else {
            proof.push(range(low, middle, nodes)?);
            low = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `new` entries begins with the tree of `old`. Empty where that needs none.
pub fn consistency<N: Nodes>(old: u64, new: u64, nodes: &mut N) -> Result<Vec<Hash>, N::Error> {
    let mut proof = Vec::new();
    if old == 0 || old >= new {
        return Ok(proof);
    }
    let (mut low, mut high) = (0, new);
    while old < high {
        let middle = low + split(high - low);
        if old <= middle {
            proof.push(range(middle, high, nodes)?);
            high = middle;
        } else {
            proof.push(range(low, middle, nodes)?);
            low = middle;
        }
    }
    if low > 0 {
        // The old tree's own hash is known to who checks, where it is a whole subtree.
        proof.push(range(low, high, nodes)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` shows that an entry of hash `leaf` is number `index` in the tree of `size` entries that has `root` (RFC 9162, 2.1.3.2).
pub fn check_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut number, mut last, mut hash) = (index, size - 1, leaf);
    for &sibling in proof {
        if last == 0 {
            return false;
        }
        if number & 1 == 1 || number == last {
            hash = Hash::node(sibling, hash);
            while number & 1 == 0 && number != 0 {
                number >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::node(hash, sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// Whether `proof` shows that the tree of `new` entries with `new_root` begins with that of `old` with `old_root` (RFC 9162, 2.1.4.2).
pub fn check_consistency(old: u64, old_root: Hash, new: u64, new_root: Hash, proof: &[Hash]) -> bool {
    if old == new {
        return old_root == new_root && proof.is_empty();
    }
    if old == 0 {
        return old_root == Hash::empty() && proof.is_empty();
    }
    if old > new {
        return false;
    }
    let mut hashes = proof.iter().copied();
    // A whole subtree needs not be told.
    let Some(first) = (if old.is_power_of_two() { Some(old_root) } else { hashes.next() }) else { return false };
    let (mut number, mut last) = (old - 1, new - 1);
    while number & 1 == 1 {
        number >>= 1;
        last >>= 1;
    }
    let (mut of_old, mut of_new) = (first, first);
    for sibling in hashes {
        if last == 0 {
            return false;
        }
        if number & 1 == 1 || number == last {
            of_old = Hash::node(sibling, of_old);
            of_new = Hash::node(sibling, of_new);
            while number & 1 == 0 && number != 0 {
                number >>= 1;
                last >>= 1;
            }
        } else {
            of_new = Hash::node(of_new, sibling);
        }
        number >>= 1;
        last >>= 1;
    }
    last == 0 && of_old == old_root && of_new == new_root
}
