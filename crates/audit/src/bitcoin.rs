//! As much of Bitcoin as it takes to hold a proof against its blocks: their headers, and where these come from.

mod headers;
mod node;

use std::fmt;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub use headers::{Headers, HeadersError};
pub use node::Node;

/// The header of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header([u8; Self::LEN]);

impl Header {
    /// Bytes of one.
    pub const LEN: usize = 80;

    /// From its bytes.
    pub fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Reads the 160 hexadecimal digits that `bitcoin-cli getblockheader HASH false` prints.
    pub fn parse(hex: &str) -> Option<Self> {
        let digits = hex.trim().as_bytes();
        let mut bytes = [0; Self::LEN];
        if digits.len() != 2 * Self::LEN {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            *byte = u8::try_from(16 * high? + low?).ok()?;
        }
        Some(Self(bytes))
    }

    /// The root of the tree of its transactions, as it stands in it.
    pub fn merkle_root(&self) -> &[u8] {
        &self.0[36..68]
    }

    /// When its miner says that it was made, in seconds since 1970. Others hold that to within about two hours.
    pub fn time(&self) -> u32 {
        self.number(68)
    }

    /// The hash of the block before.
    pub fn previous(&self) -> BlockHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(&self.0[4..36]);
        BlockHash(hash)
    }

    /// Its hash.
    pub fn hash(&self) -> BlockHash {
        BlockHash(Sha256::digest(Sha256::digest(self.0)).into())
    }

    /// Whether its hash shows the work that it claims.
    pub fn has_work(&self) -> bool {
        let mut hash = self.hash().0;
        hash.reverse();
        target(self.number(72)).is_some_and(|target| hash <= target)
    }

    /// Whether it claims no less work than the main chain asks for at the very least. One of a chain for tests takes none to make.
    pub fn is_hard(&self) -> bool {
        target(self.number(72)).zip(target(EASIEST)).is_some_and(|(target, easiest)| target <= easiest)
    }

    fn number(&self, at: usize) -> u32 {
        self.0[at..at + 4].iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }
}

/// The target of the main chain's first block.
const EASIEST: u32 = 0x1d00_ffff;

/// What a block's hash must not be above, from its compact form: highest byte first. `None` where it is no target.
fn target(bits: u32) -> Option<[u8; 32]> {
    let (exponent, mantissa) = (usize::try_from(bits >> 24).ok()?, bits & 0x007f_ffff);
    if bits & 0x0080_0000 != 0 || mantissa == 0 {
        return None;
    }
    let mut target = [0; 32];
    for (place, byte) in mantissa.to_le_bytes().into_iter().enumerate().take(3) {
        // A byte of number `place` in the mantissa stands for 256^(exponent - 3 + place).
        match (exponent + place).checked_sub(3) {
            Some(at) if at < 32 => target[31 - at] = byte,
            Some(_) if byte != 0 => return None,
            _ => {}
        }
    }
    Some(target)
}

/// The hash of a block. Shown as everybody shows it: its last byte first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockHash([u8; 32]);

impl BlockHash {
    /// Of what a chain's first block comes after.
    pub const NONE: Self = Self([0; 32]);
}

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().rev().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Which chain a block is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Chain {
    /// The one whose blocks take work to make.
    Main,
    /// One for tests (testnet, signet): it proves little.
    Test,
    /// One that anybody makes on a machine of their own: it proves the mechanism, and nothing else.
    Regtest,
    /// Nobody knows: the header was given by who verifies.
    Given,
}

impl Chain {
    /// The chain that begins with this block.
    pub fn of(first: &str) -> Option<Self> {
        match first {
            "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f" => Some(Self::Main),
            // The third and the fourth test net, and signet.
            "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"
            | "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"
            | "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6" => Some(Self::Test),
            "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206" => Some(Self::Regtest),
            _ => None,
        }
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Main => "Bitcoin",
            Self::Test => "a test net of Bitcoin",
            Self::Regtest => "a regtest chain, which proves the mechanism only",
            Self::Given => "the header that was given",
        })
    }
}

#[cfg(test)]
mod tests;
