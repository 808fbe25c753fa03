//! Where headers come from when a proof is verified: given one by one, from a file of all, or from a node of one's own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::{BlockHash, Chain, Header, Node};

/// The most headers of a file: the main chain has this many in the year 2085.
const MAX_HEADERS: u64 = 4_000_000;

/// Where headers come from.
#[derive(Debug)]
pub enum Headers {
    /// From who verifies, by height.
    Given(BTreeMap<u64, Header>),
    /// A file of all headers from the first block on, 80 bytes each.
    File {
        /// The file.
        file: File,
        /// How many it holds.
        count: u64,
        /// The chain that they are of.
        chain: Chain,
    },
    /// A node of one's own.
    Node(Box<Node>),
}

/// A header can't be had, or headers are no chain.
#[derive(Debug, thiserror::Error)]
pub enum HeadersError {
    /// The file can't be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is no chain.
    #[error("{what}, at block {height}")]
    NoChain {
        /// The first block that does not fit.
        height: u64,
        /// Why.
        what: &'static str,
    },
    /// The node does not say.
    #[error("{0}")]
    Node(String),
}

impl Headers {
    /// Opens a file of headers and reads all of it: each must follow on the one before and show the work that it claims. By which rules that
    /// work rises and falls is not looked at, so the file must come from a node that one trusts.
    pub fn file(path: &Path) -> Result<Self, HeadersError> {
        let file = File::open(path)?;
        let mut reader = BufReader::with_capacity(1 << 20, &file);
        let length = file.metadata()?.len();
        let no_chain = |height, what| Err(HeadersError::NoChain { height, what });
        let (len, mut before, mut chain) = (Header::LEN as u64, BlockHash::NONE, None);
        let count = length / len;
        if length % len != 0 || count > MAX_HEADERS {
            return no_chain(count, "it is not as long as headers of 80 bytes are");
        }
        for height in 0..count {
            let mut bytes = [0; Header::LEN];
            reader.read_exact(&mut bytes)?;
            let header = Header::new(bytes);
            if header.previous() != before {
                return no_chain(height, "it does not follow on the block before");
            }
            if !header.has_work() {
                return no_chain(height, "its hash does not show the work that it claims");
            }
            before = header.hash();
            if height == 0 {
                chain = Chain::of(&before.to_string());
            }
        }
        match chain {
            Some(chain) => Ok(Self::File { file, count, chain }),
            None => no_chain(0, "it is the first of no chain that is known"),
        }
    }

    /// The header of a height, and the chain that it is of; `None` where there is none of that height.
    pub fn header(&mut self, height: u64) -> Result<Option<(Header, Chain)>, HeadersError> {
        match self {
            Self::Given(headers) => Ok(headers.get(&height).map(|header| (*header, Chain::Given))),
            Self::File { count, .. } if height >= *count => Ok(None),
            Self::File { file, chain, .. } => {
                let mut bytes = [0; Header::LEN];
                file.seek(SeekFrom::Start(height * Header::LEN as u64))?;
                file.read_exact(&mut bytes)?;
                Ok(Some((Header::new(bytes), *chain)))
            }
            Self::Node(node) => node.header(height).map_err(HeadersError::Node),
        }
    }
}
