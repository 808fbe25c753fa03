//! Pins that last as long as the proxy runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use vanguard_engine::pins::{Book, Known, Pins, Seen, Trouble};

/// In memory.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Arc<Book>>);

impl Pins for Memory {
    fn known(&self) -> Known {
        // A book is whole whoever fell over beside it: it is put in place in one step.
        Known { book: Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner)), trouble: None }
    }

    fn keep(&self, seen: Seen) -> Result<(), Trouble> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut book = Book::clone(&held);
        let taken = book.take(seen, now());
        if taken.changed {
            *held = Arc::new(book);
        }
        if taken.full { Err(Trouble::Full) } else { Ok(()) }
    }
}

/// Unix time in seconds; a clock before 1970 is wrong, and shows as 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use vanguard_engine::pins::{Pin, Sighting};

    use super::*;

    #[test]
    fn what_is_kept_is_known() {
        let memory = Memory::default();
        assert!(memory.known().book.tools.is_empty());
        let now = Pin { digest: "a".into(), version: String::new(), parts: [].into() };
        let tools = vec![("t".to_owned(), Sighting { now, over: None, passed: true })];
        assert_eq!(memory.keep(Seen { tools, whole: true, server: None }), Ok(()));
        assert_eq!(memory.known().book.tools["t"].pinned.digest, "a");
    }
}
