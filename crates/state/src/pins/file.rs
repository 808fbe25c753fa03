//! Pins of one server that outlive the proxy.

use std::sync::{Arc, Mutex, PoisonError};

use vanguard_engine::pins::{Book, Known, Pins, Seen, Trouble};

use super::document::{Document, Server};
use super::memory::now;
use super::store::{Stamp, Standing, Store};

/// In a file, and in memory as it was last read: other proxies write it too.
#[derive(Debug)]
pub struct File {
    store: Store,
    server: Server,
    key: String,
    held: Mutex<Held>,
}

/// What was read or written last.
#[derive(Debug, Default)]
struct Held {
    book: Arc<Book>,
    /// 0 where nothing was ever read or written.
    edition: u64,
    stamp: Option<Stamp>,
    /// Whether there is more in memory than could be written.
    owes: bool,
}

impl File {
    /// The pins of `server`. Nothing is read before somebody asks.
    pub fn new(store: Store, server: Server) -> Self {
        let key = server.key();
        Self { store, server, key, held: Mutex::default() }
    }

    /// Reads the file again where it is another, and writes what could not be written before.
    fn refresh(&self, held: &mut Held) -> Result<(), Trouble> {
        if held.owes {
            let standing = self.store.exchange(&self.key, |found| {
                let mut document = found?.unwrap_or_else(|| Document::new(self.server.clone()));
                Ok(document.book.join(&held.book).then_some(document))
            })?;
            held.adopt(standing);
        }
        let stamp = Stamp::of(&self.store.path(&self.key));
        if stamp.is_some() && stamp == held.stamp {
            return Ok(());
        }
        match self.store.read(&self.key) {
            Ok(Some(document)) if document.edition >= held.edition => {
                held.adopt((Some(document), stamp));
                Ok(())
            }
            Ok(None) if held.edition == 0 => Ok(()),
            Ok(found) => {
                let what = if found.is_some() { "an older one was put in its place" } else { "it is gone" };
                self.restore(held)?;
                let path = self.store.path(&self.key);
                Err(Trouble::Damaged(format!("{}: {what}; it was written anew", path.display())))
            }
            Err(trouble) => {
                if matches!(trouble, Trouble::Damaged(_)) && held.edition > 0 {
                    self.restore(held)?;
                }
                Err(trouble)
            }
        }
    }

    /// Writes what is in memory, unless another proxy has done so meanwhile.
    fn restore(&self, held: &mut Held) -> Result<(), Trouble> {
        let standing = self.store.exchange(&self.key, |found| match found {
            Ok(Some(document)) if document.edition >= held.edition => Ok(None),
            found => {
                if found.is_err() {
                    self.store.set_aside(&self.key);
                }
                let mut document = Document::new(self.server.clone());
                document.edition = held.edition;
                document.book = Book::clone(&held.book);
                Ok(Some(document))
            }
        })?;
        held.adopt(standing);
        Ok(())
    }
}

impl Held {
    fn adopt(&mut self, (document, stamp): Standing) {
        if let Some(document) = document {
            *self = Self { book: Arc::new(document.book), edition: document.edition, stamp, owes: false };
        }
    }
}

impl Pins for File {
    fn known(&self) -> Known {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let trouble = self.refresh(&mut held).err();
        Known { book: Arc::clone(&held.book), trouble }
    }

    fn keep(&self, seen: Seen) -> Result<(), Trouble> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        let mut book = Book::clone(&held.book);
        let taken = book.take(seen.clone(), now);
        if taken.changed {
            // Whatever becomes of the file, what was seen is known as long as the proxy runs.
            (held.book, held.owes) = (Arc::new(book), true);
            let standing = self.store.exchange(&self.key, |found| {
                let mut document = found?.unwrap_or_else(|| Document::new(self.server.clone()));
                document.server.clone_from(&self.server);
                Ok(document.book.take(seen, now).changed.then_some(document))
            })?;
            held.adopt(standing);
        }
        if taken.full { Err(Trouble::Full) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
