//! Files as they are read: whole, and no larger than they may be.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::OnnxError;

/// The largest model. Nothing in this format can be larger.
pub const MAX_MODEL: u64 = 2 << 30;
/// The largest tokenizer. Those of 250,000 tokens take 17 MB.
pub const MAX_TOKENIZER: u64 = 128 << 20;
/// The largest `config.json`.
pub(super) const MAX_CONFIG: u64 = 1 << 20;

/// All of a file that holds at most `most` bytes.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, OnnxError> {
    let of = |error| OnnxError::Read { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(of)?;
    let metadata = file.metadata().map_err(of)?;
    let large = || OnnxError::Large { path: path.to_owned(), most };
    if metadata.len() > most {
        return Err(large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default());
    // A file may grow meanwhile, and a pipe has no length.
    file.by_ref().take(most + 1).read_to_end(&mut bytes).map_err(of)?;
    if bytes.len() as u64 > most { Err(large()) } else { Ok(bytes) }
}

/// What tells a model apart from others: the beginning of its SHA-256.
pub(super) fn print(model: &[u8]) -> String {
    Sha256::digest(model).iter().take(6).fold(String::new(), |mut print, byte| {
        // Writing to a String can't fail.
        let _ = write!(print, "{byte:02x}");
        print
    })
}
