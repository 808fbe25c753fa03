//! A whole log: every record, every tile, the checkpoint, and the records that are not signed yet.

use std::fs;
use std::path::Path;

use ed25519_dalek::VerifyingKey;
use serde::Deserialize;

use super::{Anchored, Asked, Faults, Layer, LogReport, Receipted, anchors, receipts, witnesses};
use crate::evidence::{CHECKPOINT, Unsealed, unsealed};
use crate::tlog::{Checkpoint, FULL, Growing, Hash, Note, Tile, TileError, Tiles, check_consistency, consistency};

/// Verifies the log in a directory by `key`, also while it is written to. Reads all of it.
pub fn log(dir: &Path, key: &VerifyingKey, asked: &mut Asked) -> LogReport {
    // The checkpoint first: what is read after it is newer, and a log only grows.
    let note = fs::read(dir.join(CHECKPOINT));
    let mut faults = Faults::default();
    let text = note.as_ref().map(Vec::clone).unwrap_or_default();
    let checkpoint = signed(note, key, &mut faults);
    let witnessed = match &checkpoint {
        Some(checkpoint) => witnesses::of_log(dir, &text, (key, checkpoint), asked, &mut faults),
        None => witnesses::of_checkpoint(&text, asked, &mut faults),
    };
    let unsealed = match unsealed(dir) {
        Ok(Some(unsealed)) => Some(unsealed),
        Ok(None) => {
            faults.add(Layer::Consistent, "wal", "its first line was changed");
            None
        }
        Err(error) => {
            faults.add(Layer::Consistent, "wal", error.to_string());
            None
        }
    };
    let mut report = LogReport {
        log: dir.to_owned(),
        origin: checkpoint.as_ref().map(|checkpoint| checkpoint.origin.to_string()).unwrap_or_default(),
        size: checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size),
        root: checkpoint.as_ref().map(|checkpoint| checkpoint.root.to_string()).unwrap_or_default(),
        dropped: unsealed.as_ref().map_or(0, |unsealed| unsealed.kept_from),
        checked: 0,
        unsigned: 0,
        signed: false,
        included: false,
        consistent: false,
        witnessed,
        anchored: Anchored::NONE,
        receipted: Receipted::NONE,
        faults: Vec::new(),
    };
    if let Some(checkpoint) = &checkpoint {
        let mut walk = Walk { dir, checkpoint, faults: &mut faults, checked: 0, said_dropped: 0 };
        walk.run(report.dropped);
        let said = walk.said_dropped;
        report.checked = walk.checked;
        if report.dropped > said {
            let what = format!("records before {} are gone, and no record says that they were dropped", report.dropped);
            faults.add(Layer::Included, "tile/entries", what);
        }
        if let Some(earlier) = &asked.earlier {
            goes_on(dir, earlier, checkpoint, &mut faults);
        }
        report.anchored = anchors::of_log(dir, key, checkpoint, &mut asked.headers, &mut faults);
        report.receipted = receipts::of_log(dir, key, checkpoint, asked.gate.as_ref(), &mut faults);
        asked.require(&report.anchored, &report.receipted, &mut faults);
    }
    if let Some(unsealed) = &unsealed {
        report.unsigned = hold_unsealed(dir, unsealed, checkpoint.as_ref(), &mut faults);
    }
    [report.signed, report.included, report.consistent] =
        [Layer::Signed, Layer::Included, Layer::Consistent].map(|layer| checkpoint.is_some() && faults.hold(layer));
    report.faults = faults.0;
    report
}

/// The checkpoint. One whose signature is not by the key is still held against the records.
fn signed(note: std::io::Result<Vec<u8>>, key: &VerifyingKey, faults: &mut Faults) -> Option<Checkpoint> {
    let bytes = match note {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            faults.add(
                Layer::Signed,
                CHECKPOINT,
                "is not there: nothing of this log was signed yet, or it was removed",
            );
            return None;
        }
        Err(error) => {
            faults.add(Layer::Signed, CHECKPOINT, error.to_string());
            return None;
        }
    };
    match Checkpoint::verify(&bytes, key) {
        Ok(checkpoint) => Some(checkpoint),
        Err(error) => {
            faults.add(Layer::Signed, CHECKPOINT, error.to_string());
            Checkpoint::parse(Note::parse(&bytes).ok()?.unverified())
        }
    }
}

/// Whether the log begins with what an earlier checkpoint signed.
pub(super) fn goes_on(dir: &Path, earlier: &Checkpoint, now: &Checkpoint, faults: &mut Faults) {
    let place = format!("checkpoint of {} records", earlier.size);
    if earlier.origin != now.origin {
        faults.add(Layer::Consistent, place, format!("is of another log, {}", earlier.origin));
        return;
    }
    if earlier.size > now.size {
        faults.add(Layer::Consistent, place, format!("the log has {} now: it was cut off or put back", now.size));
        return;
    }
    match consistency(earlier.size, now.size, &mut Tiles::new(dir, now.size)) {
        Ok(proof) if check_consistency(earlier.size, earlier.root, now.size, now.root, &proof) => {}
        Ok(_) => faults.add(Layer::Consistent, place, "the log does not begin with what it signed then"),
        Err(error) => faults.add(Layer::Consistent, place, told(dir, &error)),
    }
}

/// Holds the records of the write-ahead file against the tree, as far as they are signed, and counts the others.
fn hold_unsealed(dir: &Path, unsealed: &Unsealed, checkpoint: Option<&Checkpoint>, faults: &mut Faults) -> u64 {
    let count = unsealed.base + unsealed.entries.len() as u64;
    let Some(checkpoint) = checkpoint else { return unsealed.entries.len() as u64 };
    let mut tiles = Tiles::new(dir, checkpoint.size);
    for (index, entry) in (unsealed.base..checkpoint.size).zip(&unsealed.entries) {
        let at = usize::try_from(index % FULL).unwrap_or(0);
        // A tile that can't be read was told of already.
        let Ok(hashes) = tiles.tile(0, index / FULL) else { continue };
        if hashes.get(at).is_some_and(|hash| *hash != Hash::leaf(entry)) {
            faults.add(Layer::Consistent, format!("record {index}"), "is another in the file `wal`");
        }
    }
    if count < checkpoint.size {
        let what = format!("{} records are signed, and it ends before record {count}", checkpoint.size);
        faults.add(Layer::Consistent, "wal", what);
    }
    count.saturating_sub(checkpoint.size)
}

/// The way through a log, bundle by bundle.
struct Walk<'a> {
    dir: &'a Path,
    checkpoint: &'a Checkpoint,
    faults: &'a mut Faults,
    checked: u64,
    said_dropped: u64,
}

impl Walk<'_> {
    /// Reads every record that is kept, grows the tree by it again, and holds each tile and the root against that.
    fn run(&mut self, dropped: u64) {
        let size = self.checkpoint.size;
        let dropped = dropped.min(size) / FULL * FULL;
        let Some(mut tree) = self.start(dropped) else { return };
        for index in dropped / FULL..size.div_ceil(FULL) {
            let before = tree.clone();
            let leaves = self.leaves(index);
            self.grow(&mut tree, &leaves.chosen);
            // Only the last tile has no hash above it that says which side was changed: the root does.
            if let Some(other) = leaves.other.filter(|_| tree.size() == size && tree.root() != self.checkpoint.root) {
                let mut again = before;
                let Ok(()) = other
                    .iter()
                    .try_for_each(|leaf| again.push(*leaf, |_, _, _| Ok::<_, std::convert::Infallible>(())));
                if again.root() == self.checkpoint.root {
                    tree = again;
                    self.blame(index, &leaves.differ, true);
                    continue;
                }
            }
            self.blame(index, &leaves.differ, leaves.entries_differ);
        }
        for level in 0..tree.levels() {
            let Ok(level) = u8::try_from(level) else { return };
            let index = (size >> (8 * u32::from(level))) / FULL;
            self.compare(level, index, tree.last_tile(usize::from(level)));
        }
        if tree.root() != self.checkpoint.root {
            let what = "the tree of the records is not the one that was signed";
            self.faults.add(Layer::Included, "checkpoint", what);
        }
    }

    /// The tree of the records that were dropped, from the tiles above them.
    fn start(&mut self, dropped: u64) -> Option<Growing> {
        let mut above = Vec::new();
        let mut tiles = Tiles::new(self.dir, self.checkpoint.size);
        let mut count = dropped / FULL;
        let mut level = 1;
        while count > 0 {
            let width = usize::try_from(count % FULL).unwrap_or(0);
            let hashes = match tiles.tile(level, count / FULL) {
                _ if width == 0 => Vec::new(),
                Ok(hashes) => hashes.get(..width).unwrap_or_default().to_vec(),
                Err(error) => {
                    self.faults.add(Layer::Consistent, "tile", told(self.dir, &error));
                    return None;
                }
            };
            above.push(hashes);
            (count, level) = (count / FULL, level + 1);
        }
        let tree = Growing::resumed(dropped, above);
        if tree.is_none() {
            self.faults.add(Layer::Consistent, "tile", "the tiles above the dropped records do not fit");
        }
        tree
    }

    /// The hashes of a bundle's records: as the records say, or as the tile above them says, by which of both the rest of the tree stands.
    fn leaves(&mut self, index: u64) -> Leaves {
        let size = self.checkpoint.size;
        let bundle = Tile::of_tree(None, index, size).map(|tile| tile.entries(self.dir));
        let tile = Tile::of_tree(Some(0), index, size).map(|tile| tile.hashes(self.dir));
        let of_records: Option<Vec<Hash>> = match bundle {
            Some(Ok(entries)) => {
                entries.iter().for_each(|entry| self.note(entry));
                self.checked += entries.iter().count() as u64;
                Some(entries.iter().map(Hash::leaf).collect())
            }
            Some(Err(error)) => {
                let last = ((index + 1) * FULL).min(size) - 1;
                self.faults.add(Layer::Included, format!("records {} to {last}", index * FULL), told(self.dir, &error));
                None
            }
            None => None,
        };
        let of_tile = match tile {
            Some(Ok(hashes)) => Some(hashes),
            Some(Err(error)) => {
                self.faults.add(Layer::Consistent, "tile/0", told(self.dir, &error));
                None
            }
            None => None,
        };
        let (Some(of_records), Some(of_tile)) = (&of_records, &of_tile) else {
            let chosen = of_records.or(of_tile).unwrap_or_default();
            return Leaves { chosen, other: None, differ: Vec::new(), entries_differ: false };
        };
        let differ: Vec<usize> = (0..of_tile.len()).filter(|&at| of_records.get(at) != of_tile.get(at)).collect();
        let above = Tiles::new(self.dir, size)
            .tile(1, index / FULL)
            .ok()
            .and_then(|hashes| hashes.get(usize::try_from(index % FULL).ok()?).copied());
        let entries_differ = !differ.is_empty() && above.is_some_and(|above| above == crate::tlog::whole(of_tile));
        let (chosen, other) = if entries_differ { (of_tile, of_records) } else { (of_records, of_tile) };
        Leaves { chosen: chosen.clone(), other: (!differ.is_empty()).then(|| other.clone()), differ, entries_differ }
    }

    /// Says what was changed: records, or the tile above them.
    fn blame(&mut self, index: u64, differ: &[usize], entries: bool) {
        for &at in differ {
            let record = format!("record {}", index * FULL + at as u64);
            if entries {
                let file = Tile { level: None, index, width: FULL }.full_path();
                self.faults.add(
                    Layer::Included,
                    record,
                    format!("is not the one that was signed ({})", file.display()),
                );
            } else {
                let file = Tile { level: Some(0), index, width: FULL }.full_path();
                self.faults.add(Layer::Consistent, record, format!("its hash in {} was changed", file.display()));
            }
        }
    }

    /// Grows the tree by leaves, and holds each tile above the lowest that becomes full against its file.
    fn grow(&mut self, tree: &mut Growing, leaves: &[Hash]) {
        for leaf in leaves {
            let mut full = Vec::new();
            let Ok(()) = tree.push(*leaf, |level, index, hashes| {
                if level > 0 {
                    full.push((level, index, hashes.to_vec()));
                }
                Ok::<_, std::convert::Infallible>(())
            });
            for (level, index, hashes) in full {
                self.compare(level, index, &hashes);
            }
        }
    }

    /// Holds a tile above the lowest level against what the records come to.
    fn compare(&mut self, level: u8, index: u64, hashes: &[Hash]) {
        if level == 0 || hashes.is_empty() {
            return;
        }
        let tile = Tile { level: Some(level), index, width: hashes.len() as u64 };
        match tile.hashes(self.dir) {
            Ok(of_file) if of_file == hashes => {}
            Ok(of_file) => {
                let at = (0..hashes.len()).find(|&at| of_file.get(at) != hashes.get(at)).unwrap_or(0);
                let place = tile.path().display().to_string();
                self.faults.add(
                    Layer::Consistent,
                    place,
                    format!("hash {at} is not what the records below it come to"),
                );
            }
            Err(error) => self.faults.add(Layer::Consistent, format!("tile/{level}"), told(self.dir, &error)),
        }
    }

    /// Heeds a record that says that others were dropped.
    fn note(&mut self, entry: &[u8]) {
        #[derive(Deserialize)]
        struct Dropped {
            event: String,
            before: u64,
        }
        // Short ones alone can be it, and nearly all records are longer.
        let event = (entry.len() < 128).then(|| serde_json::from_slice::<Dropped>(entry).ok()).flatten();
        if let Some(Dropped { before, .. }) = event.filter(|event| event.event == "dropped") {
            self.said_dropped = self.said_dropped.max(before);
        }
    }
}

/// The hashes of one bundle's records.
struct Leaves {
    /// Those that the tree is grown by.
    chosen: Vec<Hash>,
    /// Those of the other side, where they differ.
    other: Option<Vec<Hash>>,
    /// Where.
    differ: Vec<usize>,
    /// It is the records that were changed.
    entries_differ: bool,
}

/// What is wrong with a tile, told by its place in the log.
fn told(dir: &Path, error: &TileError) -> String {
    error.to_string().replace(&format!("{}/", dir.display()), "")
}

#[cfg(test)]
mod tests;
