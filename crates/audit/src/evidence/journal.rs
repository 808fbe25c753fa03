//! One log as its writer has it: appended to, forced to disk, sealed.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ed25519_dalek::SigningKey;

use super::files::{force_directory, private, remove};
use super::home::{Home, HomeError, LogDir};
use super::sealer::{CHECKPOINT, Sealer};
use super::wal::{self, Begun, Frames, Header, NAME, Step, Wal};
use crate::key;
use crate::tlog::{Checkpoint, Growing, Hash};

/// Bytes of the write-ahead file at which it is begun anew. A start reads it from its beginning.
const RENEW_BYTES: u64 = 2 * 1024 * 1024;
/// Bytes of it that may be in no tile before they are put into some without delay.
const MUCH_BYTES: u64 = 32 * 1024 * 1024;
/// Bytes of it that may be in no tile at all: who records more waits.
const MOST_BYTES: u64 = 128 * 1024 * 1024;

/// One log, of which this process is the writer.
#[derive(Debug)]
pub struct Journal {
    dir: LogDir,
    key: SigningKey,
    max_bytes: u64,
    /// Held while a record is written.
    wal: Mutex<Wal>,
    /// Held while tiles are written; taken before `wal`. `None` where that broke off in the middle: it begins again where the file does.
    sealer: Mutex<Option<Sealer>>,
    /// Bytes of what was appended that are on disk. Held while forcing: who waits for it finds its own bytes forced as well.
    forced: Mutex<u64>,
    /// Bytes of the write-ahead file that are in no tile.
    unsealed: AtomicU64,
}

/// A log that was opened, and what was found on the way.
#[derive(Debug)]
pub struct OpenedJournal {
    /// The log.
    pub journal: Journal,
    /// The end of the write-ahead file was no whole record.
    pub recovered: Option<Recovered>,
    /// The log that was there is signed by another key: it was set aside here, and this one is new.
    pub set_aside: Option<PathBuf>,
}

/// What a crash, or somebody, left at the end of the write-ahead file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The number of the first record that is not whole, which the next record has now.
    pub at: u64,
    /// Bytes from there to the file's end.
    pub bytes: u64,
}

/// A log does not hold what it signed.
#[derive(Debug, thiserror::Error)]
#[error(
    "the audit log {} does not hold what it signed: {what}. Keep it as evidence: `vanguard audit verify {}` says more; move it away, and a new one is begun",
    log.display(),
    log.display()
)]
pub struct Tampered {
    /// Its directory.
    pub log: PathBuf,
    /// What is wrong.
    pub what: String,
}

/// A log can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The directory of evidence can't be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The log does not hold what it signed.
    #[error(transparent)]
    Tampered(#[from] Tampered),
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    Io {
        /// The log's directory.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl Journal {
    /// Opens the log of `name` in `home`, or makes it. What a crash left is made whole; what is behind its own signature is refused.
    pub fn open(home: &Home, name: &str, max_bytes: u64) -> Result<OpenedJournal, JournalError> {
        Self::open_in(home, home.log(name)?, max_bytes)
    }

    /// The log in a directory that nobody else writes to.
    fn open_in(home: &Home, dir: LogDir, max_bytes: u64) -> Result<OpenedJournal, JournalError> {
        let failed = |source| JournalError::Io { path: dir.path.clone(), source };
        let public = key::public_text(&home.key().verifying_key());
        let path = dir.path.join(NAME);
        let mut set_aside = None;
        if !path.exists() {
            if dir.path.join(CHECKPOINT).exists() || dir.path.join("tile").exists() {
                let what = format!("its file `{NAME}` is gone");
                return Err(Tampered { log: dir.path, what }.into());
            }
            create(&path, &dir.name, &public).map_err(failed)?;
        }
        let no_head = || Tampered { log: dir.path.clone(), what: format!("the first line of `{NAME}` was changed") };
        let (mut header, mut frames) = wal::read(&path).map_err(failed)?.ok_or_else(no_head)?;
        if header.key != public {
            set_aside = Some(put_aside(&dir.path, &header.origin).map_err(failed)?);
            create(&path, &dir.name, &public).map_err(failed)?;
            (header, frames) = wal::read(&path).map_err(failed)?.ok_or_else(no_head)?;
        }
        let (length, begins) = (frames.at() + frames.left(), frames.at());
        let mut sealer = Sealer::begin(&dir.path, home.key().clone(), &header, frames).ok_or_else(no_head)?;
        let Whole { bytes: good, count } = check(&dir.path, home.key(), &header, &mut sealer)?.map_err(failed)?;
        let mut recovered = None;
        if good < length {
            recovered = Some(Recovered { at: count, bytes: length - good });
            keep_damaged(&path, good, count).map_err(failed)?;
        }
        let wal = Wal::resume(&path, good, count).map_err(failed)?;
        let (wal, sealer) = (Mutex::new(wal), Mutex::new(Some(sealer)));
        let (key, forced, unsealed) = (home.key().clone(), Mutex::new(0), AtomicU64::new(good - begins));
        Ok(OpenedJournal { journal: Self { dir, key, max_bytes, wal, sealer, forced, unsealed }, recovered, set_aside })
    }

    /// Signs what proxies that were killed have left behind in the other logs of the directory, so that it does not wait for the next proxy
    /// before the same server. A log that cannot be opened is left as it is: who starts it, or verifies it, is told.
    /// `signed` is told of each, with its name and the checkpoint.
    pub fn tend_others(&self, mut signed: impl FnMut(&str, &str)) -> io::Result<()> {
        let Some(home) = self.dir.path.parent() else { return Ok(()) };
        let Ok(home) = Home::existing(home) else { return Ok(()) };
        for dir in home.idle_logs()? {
            if let Ok(OpenedJournal { journal, .. }) = Self::open_in(&home, dir, self.max_bytes) {
                journal.finish()?;
                journal.checkpoint()?.iter().for_each(|checkpoint| signed(journal.name(), checkpoint));
            }
        }
        Ok(())
    }

    /// What signs it.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The log's name.
    pub fn name(&self) -> &str {
        &self.dir.name
    }

    /// The newest checkpoint as it was signed, if there is one.
    pub fn checkpoint(&self) -> io::Result<Option<String>> {
        match fs::read_to_string(self.dir.path.join(CHECKPOINT)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    /// The log's directory.
    pub fn path(&self) -> &Path {
        &self.dir.path
    }

    /// Appends each of `lines` as a record, without its LF: all of them or none. Not on disk before [`Self::force`].
    pub fn append(&self, lines: &[u8]) -> io::Result<()> {
        let mut wal = self.wal();
        let before = wal.appended();
        wal.append(lines)?;
        self.unsealed.fetch_add(wal.appended() - before, Ordering::Relaxed);
        Ok(())
    }

    /// Whether so much is in no tile that it should not wait: the next start would have to read it.
    pub fn has_much_unsealed(&self) -> bool {
        self.unsealed.load(Ordering::Relaxed) >= MUCH_BYTES
    }

    /// Whether so much is in no tile that no more should come.
    pub fn has_too_much_unsealed(&self) -> bool {
        self.unsealed.load(Ordering::Relaxed) >= MOST_BYTES
    }

    /// Forces to disk what has been appended. Those who come while that is done wait for it, and one more time does for all of them.
    pub fn force(&self) -> io::Result<()> {
        let wanted = self.wal().appended();
        let mut forced = self.forced.lock().unwrap_or_else(PoisonError::into_inner);
        if *forced >= wanted {
            return Ok(());
        }
        let (file, appended) = {
            let wal = self.wal();
            (wal.file(), wal.appended())
        };
        file.sync_data()?;
        *forced = appended;
        Ok(())
    }

    /// How many records it has.
    pub fn count(&self) -> u64 {
        self.wal().count()
    }

    /// Puts what has been appended into tiles and signs it.
    pub fn seal(&self) -> io::Result<()> {
        self.seal_and_renew(RENEW_BYTES)
    }

    /// The same, for the last time: leaves little to be read at the next start.
    pub fn finish(&self) -> io::Result<()> {
        self.seal_and_renew(1)
    }

    fn seal_and_renew(&self, renew: u64) -> io::Result<()> {
        let mut kept = self.sealer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sealer = match kept.take() {
            Some(sealer) => sealer,
            None => self.begin_again()?,
        };
        // What broke off, for want of room say, has taken records whose tiles are not written: it is not gone on with.
        self.seal_with(&mut sealer, renew)?;
        *kept = Some(sealer);
        Ok(())
    }

    /// Takes the write-ahead file from its beginning, and holds it against the checkpoint, as at the start.
    fn begin_again(&self) -> io::Result<Sealer> {
        let path = self.dir.path.join(NAME);
        let changed = || {
            let what = format!("the first line of `{NAME}` was changed");
            io::Error::other(Tampered { log: self.dir.path.clone(), what })
        };
        let (header, frames) = wal::read(&path)?.ok_or_else(changed)?;
        let begins = frames.at();
        let mut sealer = Sealer::begin(&self.dir.path, self.key.clone(), &header, frames).ok_or_else(changed)?;
        check(&self.dir.path, &self.key, &header, &mut sealer).map_err(io::Error::other)??;
        let wal = self.wal();
        self.unsealed.store(wal.length() - begins, Ordering::Relaxed);
        Ok(sealer)
    }

    fn seal_with(&self, sealer: &mut Sealer, renew: u64) -> io::Result<()> {
        self.take_and_sign(sealer)?;
        if sealer.spent() < renew {
            return Ok(());
        }
        let spare = sealer.kept_bytes().saturating_sub(self.max_bytes);
        let (from, (mut upto, mut dropped)) = (sealer.kept_from(), (sealer.kept_from(), 0));
        if spare > 0 {
            // An eighth more, so that this is not done each time.
            (upto, dropped) = sealer.to_drop(spare + self.max_bytes / 8);
            let mut line = Vec::new();
            crate::record::write_dropped(&mut line, crate::stamp::Stamp::default().now(), upto);
            self.append(&line)?;
            self.take_and_sign(sealer)?;
        }
        let (header, at) = sealer.header(key::public_text(&self.key.verifying_key()), upto, dropped)?;
        let start = self.renew(&header, at)?;
        sealer.moved(&self.dir.path.join(NAME), start)?;
        sealer.drop_bundles(from, upto)
    }

    /// Begins the write-ahead file anew with `header` and the records from byte `at` on, and tells at which byte these now begin. The old one
    /// stays until the new one is on disk; who appends waits for what has come meanwhile alone, and who forces until the new name is there.
    fn renew(&self, header: &Header, at: u64) -> io::Result<u64> {
        let (length, appended) = {
            let wal = self.wal();
            (wal.length(), wal.appended())
        };
        let (begun, start) = Begun::after(&self.dir.path.join(NAME), header, at, length)?;
        let forced = self.forced.lock().unwrap_or_else(PoisonError::into_inner);
        self.wal().move_to(begun, *forced > appended)?;
        force_directory(&self.dir.path)?;
        Ok(start)
    }

    fn take_and_sign(&self, sealer: &mut Sealer) -> io::Result<()> {
        let (end, count) = {
            let wal = self.wal();
            (wal.length(), wal.count())
        };
        if sealer.signed() == Some(count) {
            return Ok(());
        }
        self.force()?;
        let from = sealer.taken();
        sealer.take(end, count)?;
        self.unsealed.fetch_sub(sealer.taken() - from, Ordering::Relaxed);
        if sealer.tree().size() < count {
            let what = format!("record {} was changed before it was signed", sealer.tree().size());
            return Err(io::Error::other(Tampered { log: self.dir.path.clone(), what }));
        }
        sealer.sign()
    }

    fn wal(&self) -> MutexGuard<'_, Wal> {
        // A panic while it was held leaves at worst a torn record, as a crash does.
        self.wal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the first file of a log of this name.
fn create(path: &Path, name: &str, public: &str) -> io::Result<()> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    // Tildes and the like are not for the names of keys in other programs.
    let name: String = name.chars().map(|c| if c == '~' { '.' } else { c }).collect();
    let origin = format!("mcp-vanguard/{name}/{:016x}", u64::from_be_bytes(random));
    let key = public.to_owned();
    wal::create(path, &Header { origin, key, base: 0, kept_from: 0, kept_bytes: 0, above: Vec::new() })
}

/// What of a write-ahead file is whole records.
struct Whole {
    /// Its bytes up to there.
    bytes: u64,
    /// The log's records up to there.
    count: u64,
}

/// Holds the write-ahead file against the newest checkpoint, and tells how much of it is whole. What is not signed is put into tiles with what
/// comes: a start need not wait for that.
fn check(log: &Path, key: &SigningKey, header: &Header, sealer: &mut Sealer) -> Result<io::Result<Whole>, Tampered> {
    let tampered = |what: String| Err(Tampered { log: log.to_owned(), what });
    let signed = match fs::read(log.join(CHECKPOINT)) {
        Ok(note) => match Checkpoint::verify(&note, &key.verifying_key()) {
            Ok(signed) if signed.origin == *sealer.origin() => Some(signed),
            Ok(_) => return tampered("its checkpoint is of another log".to_owned()),
            Err(error) => return tampered(format!("its checkpoint: {error}")),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Ok(Err(error)),
    };
    let size = signed.as_ref().map_or(0, |signed| signed.size);
    if size < header.base {
        let what = format!("it signed {size} records, and its file `{NAME}` begins after {}", header.base);
        return tampered(what);
    }
    // Looked at before anything is written, so that what somebody changed here does not get into the tiles.
    let (tree, rest, frames) = match replay(&log.join(NAME), header, size) {
        Ok(Some(replayed)) => replayed,
        Ok(None) => return tampered(format!("the first line of `{NAME}` was changed")),
        Err(error) => return Ok(Err(error)),
    };
    if tree.size() < size {
        let whole = if frames.left() == 0 { "and holds" } else { "and what follows is no record, after" };
        return tampered(format!("it signed {size} records {whole} {}", tree.size()));
    }
    if let Some(signed) = signed {
        if signed.root != tree.root() {
            return tampered(format!("its {size} records are not those that it signed"));
        }
        sealer.was_signed(size, signed.root);
    }
    Ok(Ok(Whole { bytes: frames.at(), count: size + rest }))
}

/// The tree up to `size` records, as far as the write-ahead file has them, how many whole records come after, and where these end.
fn replay(path: &Path, header: &Header, size: u64) -> io::Result<Option<(Growing, u64, Frames)>> {
    let Some((now, mut frames)) = wal::read(path)? else { return Ok(None) };
    let Some(mut tree) = now.tree().filter(|_| now == *header) else { return Ok(None) };
    let mut rest = 0;
    while let Step::Entry(entry) = frames.next()? {
        if tree.size() < size {
            let Ok(()) = tree.push(Hash::leaf(entry), |_, _, _| Ok::<_, Infallible>(()));
        } else {
            rest += 1;
        }
    }
    Ok(Some((tree, rest, frames)))
}

/// Moves the files of a log that another key signed into a directory of their own beside it.
fn put_aside(log: &Path, origin: &str) -> io::Result<PathBuf> {
    let id = origin.rsplit('/').next().unwrap_or_default();
    let mut aside = log.as_os_str().to_owned();
    aside.push("@");
    aside.push(id);
    let aside = PathBuf::from(aside);
    super::files::make_directory(&aside)?;
    let of_others = [crate::anchor::DIRECTORY, crate::receipt::DIRECTORY, crate::send::Cursor::NAME];
    for name in of_others.into_iter().chain(["tile", CHECKPOINT, NAME]) {
        match fs::rename(log.join(name), aside.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}

/// Copies the end of the write-ahead file that is no whole record to a file beside it, before it is cut off: where it is not a crash that
/// left it, it may be asked for.
fn keep_damaged(wal: &Path, from: u64, at: u64) -> io::Result<()> {
    use io::{Read as _, Seek as _, SeekFrom};
    let mut file = fs::File::open(wal)?;
    file.seek(SeekFrom::Start(from))?;
    let kept = wal.with_file_name(format!("damaged-{at}"));
    remove(&kept)?;
    io::copy(&mut file.take(RENEW_BYTES * 2), &mut private().write(true).create_new(true).open(kept)?).map(drop)
}
