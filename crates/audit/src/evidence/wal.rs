//! The write-ahead file: records as they come, each with its length and checksum, behind one line that says where the log stood.
//!
//! A record is durable once this file is forced to disk. After a crash the log is made whole from it: it begins at a full tile, and holds
//! what the incomplete tiles above held then.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::files::private;
use crate::tlog::{Growing, Hash};

/// The file's name in the log's directory.
pub(super) const NAME: &str = "wal";
/// What its first line begins with.
const MAGIC: &str = "vanguard-wal-1 ";
/// The most bytes of the first line: eight levels of tiles, 255 hashes each, in base64.
const MAX_HEADER: u64 = 128 * 1024;
/// Bytes that are read ahead.
const READ_AHEAD: usize = 64 * 1024;
/// What stands before a record: its length and its checksum.
pub(super) const FRAME: usize = 2 + 4;

/// Where a log stood when the file was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The log's own name.
    pub(super) origin: String,
    /// The public key that signs it.
    pub(super) key: String,
    /// Records before the first of this file.
    pub(super) base: u64,
    /// Records before this number were dropped.
    pub(super) kept_from: u64,
    /// Bytes of the full bundles that are kept.
    pub(super) kept_bytes: u64,
    /// The hashes of the incomplete tiles from the second level up, in base64.
    pub(super) above: Vec<Vec<String>>,
}

impl Header {
    /// The tree as it stood.
    pub(super) fn tree(&self) -> Option<Growing> {
        let level = |hashes: &Vec<String>| hashes.iter().map(|hash| Hash::parse(hash)).collect::<Option<Vec<_>>>();
        Growing::resumed(self.base, self.above.iter().map(level).collect::<Option<_>>()?)
    }

    fn line(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{MAGIC}{:08x} {json}\n", crc32fast::hash(json.as_bytes()))
    }

    fn parse(line: &str) -> Option<Self> {
        let (sum, json) = line.strip_prefix(MAGIC)?.strip_suffix('\n')?.split_once(' ')?;
        (format!("{:08x}", crc32fast::hash(json.as_bytes())) == sum).then(|| serde_json::from_str(json).ok())?
    }
}

/// The file, to be appended to.
#[derive(Debug)]
pub(super) struct Wal {
    file: Arc<File>,
    /// Bytes of it that are whole.
    length: u64,
    /// Records of the log.
    count: u64,
    /// Bytes ever appended by this process.
    appended: u64,
    /// A write failed and may have left a piece.
    torn: bool,
    frames: Vec<u8>,
}

impl Wal {
    /// Goes on in a file of which `length` bytes are whole, and hold records up to number `count`.
    pub(super) fn resume(path: &Path, length: u64, count: u64) -> io::Result<Self> {
        let file = private().append(true).open(path)?;
        if file.metadata()?.len() != length {
            file.set_len(length)?;
        }
        Ok(Self { file: Arc::new(file), length, count, appended: 0, torn: false, frames: Vec::new() })
    }

    /// Appends each of `lines` as a record, without its LF: all of them or none.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.length)?;
            self.torn = false;
        }
        self.frames.clear();
        let (mut count, mut from) = (0, 0);
        for end in memchr::memchr_iter(b'\n', lines).chain([lines.len()]) {
            let line = &lines[from..end];
            from = end + 1;
            if line.is_empty() {
                continue;
            }
            let Ok(length) = u16::try_from(line.len()) else {
                let what = format!("a record of {} bytes; at most {} fit into the log", line.len(), u16::MAX);
                return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
            };
            write_frame(&mut self.frames, length, line);
            count += 1;
        }
        if let Err(error) = (&*self.file).write_all(&self.frames) {
            self.torn = true;
            return Err(error);
        }
        self.length += self.frames.len() as u64;
        self.appended += self.frames.len() as u64;
        self.count += count;
        // One with great records was longer.
        self.frames.shrink_to(128 * 1024);
        Ok(())
    }

    /// The file, to force it to disk without holding anybody up.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Bytes of the file that are whole.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Records of the log.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Bytes that this process ever appended, whatever has become of them since.
    pub(super) fn appended(&self) -> u64 {
        self.appended
    }

    /// Goes on in `new`, which was begun in its place, after what has come meanwhile. `forced`: and that is on disk already, so it must be there too.
    pub(super) fn move_to(&mut self, new: Begun, forced: bool) -> io::Result<()> {
        let Begun { path, file, upto, length } = new;
        let late = self.length - upto;
        copy(&path, upto, late, &file)?;
        if forced {
            file.sync_data()?;
        }
        std::fs::rename(path.with_extension("new"), &path)?;
        (self.file, self.length, self.torn) = (Arc::new(file), length + late, false);
        Ok(())
    }
}

/// A file that is begun in the place of another one, and has not taken it yet.
#[derive(Debug)]
pub(super) struct Begun {
    path: PathBuf,
    file: File,
    /// The byte of the old file up to which it has the records…
    upto: u64,
    /// …and its own length with these.
    length: u64,
}

impl Begun {
    /// With `header` and the records of the file at `path` from byte `from` up to `upto`: on disk but for its name, and without that anybody
    /// who writes to the old one waits. Where the records begin in it, too.
    pub(super) fn after(path: &Path, header: &Header, from: u64, upto: u64) -> io::Result<(Self, u64)> {
        let file = draft(path)?;
        let line = header.line();
        (&file).write_all(line.as_bytes())?;
        copy(path, from, upto - from, &file)?;
        file.sync_all()?;
        let start = line.len() as u64;
        Ok((Self { path: path.to_owned(), file, upto, length: start + upto - from }, start))
    }
}

/// Copies records from one file to the other. Not by way of memory: they may be many.
fn copy(from: &Path, at: u64, bytes: u64, mut to: &File) -> io::Result<()> {
    let mut old = File::open(from)?;
    old.seek(SeekFrom::Start(at))?;
    if io::copy(&mut old.take(bytes), &mut to)? == bytes {
        return Ok(());
    }
    Err(io::Error::other(format!("`{NAME}` became shorter while it was copied")))
}

/// The file that is to take the place of the one at `path`.
fn draft(path: &Path) -> io::Result<File> {
    let new = path.with_extension("new");
    super::files::remove(&new)?;
    private().append(true).create_new(true).open(&new)
}

fn write_frame(out: &mut Vec<u8>, length: u16, line: &[u8]) {
    let length = length.to_be_bytes();
    let mut sum = crc32fast::Hasher::new();
    sum.update(&length);
    sum.update(line);
    out.extend_from_slice(&length);
    out.extend_from_slice(&sum.finalize().to_be_bytes());
    out.extend_from_slice(line);
}

/// Makes the file of a new log, on disk under its name.
pub(super) fn create(path: &Path, header: &Header) -> io::Result<()> {
    let file = draft(path)?;
    (&file).write_all(header.line().as_bytes())?;
    file.sync_all()?;
    std::fs::rename(path.with_extension("new"), path)?;
    path.parent().map_or(Ok(()), super::files::force_directory)
}

/// Reads the file from its beginning; `None` for what is no such file.
pub(super) fn read(path: &Path) -> io::Result<Option<(Header, Frames)>> {
    let file = File::open(path)?;
    let end = file.metadata()?.len();
    let mut file = BufReader::with_capacity(READ_AHEAD, file);
    let mut line = Vec::new();
    io::BufRead::read_until(&mut (&mut file).take(MAX_HEADER), b'\n', &mut line)?;
    let at = line.len() as u64;
    let header = std::str::from_utf8(&line).ok().and_then(Header::parse);
    Ok(header.map(|header| (header, Frames { file, at, end, entry: Vec::new() })))
}

/// The records of the file, one after the other.
#[derive(Debug)]
pub(super) struct Frames {
    file: BufReader<File>,
    at: u64,
    end: u64,
    entry: Vec<u8>,
}

/// What comes next in the file.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// A record.
    Entry(&'a [u8]),
    /// Nothing more.
    End,
    /// Bytes that are no whole record.
    Broken,
}

impl Frames {
    /// From byte `at` of the file on, which a record begins.
    pub(super) fn from_byte(path: &Path, at: u64) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(READ_AHEAD, File::open(path)?);
        file.seek(SeekFrom::Start(at))?;
        Ok(Self { file, at, end: at, entry: Vec::new() })
    }

    /// Where the next record begins.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Bytes that come.
    pub(super) fn left(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }

    /// Goes on up to byte `end`, as the file has grown.
    pub(super) fn up_to(&mut self, end: u64) {
        self.end = end;
    }

    pub(super) fn next(&mut self) -> io::Result<Step<'_>> {
        if self.left() == 0 {
            return Ok(Step::End);
        }
        let mut head = [0; FRAME];
        if self.left() < FRAME as u64 {
            return Ok(Step::Broken);
        }
        self.file.read_exact(&mut head)?;
        let [a, b, sum @ ..] = head;
        let length = u16::from_be_bytes([a, b]);
        let whole = FRAME as u64 + u64::from(length);
        if length == 0 || self.left() < whole {
            return Ok(Step::Broken);
        }
        self.entry.resize(usize::from(length), 0);
        self.file.read_exact(&mut self.entry)?;
        let mut meant = crc32fast::Hasher::new();
        meant.update(&[a, b]);
        meant.update(&self.entry);
        if meant.finalize() != u32::from_be_bytes(sum) {
            return Ok(Step::Broken);
        }
        self.at += whole;
        Ok(Step::Entry(&self.entry))
    }
}

/// What a log's write-ahead file holds, for who reads a log that may be written to meanwhile.
#[derive(Debug)]
pub struct Unsealed {
    /// The number of its first record.
    pub base: u64,
    /// Records before this number were dropped to keep to the log's size.
    pub kept_from: u64,
    /// The log's own name.
    pub origin: String,
    /// The public key that signs it, as it says itself.
    pub key: String,
    /// The records, in their order.
    pub entries: Vec<Vec<u8>>,
    /// Bytes at the end that are no whole record: being written right now, or cut off by a crash, or changed.
    pub broken: u64,
}

/// Reads the write-ahead file in a log's directory; `None` for what is no such file.
pub fn unsealed(log: &Path) -> io::Result<Option<Unsealed>> {
    let Some((header, mut frames)) = read(&log.join(NAME))? else { return Ok(None) };
    let mut entries = Vec::new();
    while let Step::Entry(entry) = frames.next()? {
        entries.push(entry.to_vec());
    }
    let Header { origin, key, base, kept_from, .. } = header;
    Ok(Some(Unsealed { base, kept_from, origin, key, entries, broken: frames.left() }))
}
