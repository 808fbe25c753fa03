//! One stream of events to a client: what it holds, and how far it was read.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Instant;

use hyper::body::Bytes;

/// Events in their order, those that were read among them, as long as they are kept.
#[derive(Debug, Default)]
pub(super) struct Stream {
    events: VecDeque<Bytes>,
    /// The number of the first that is kept.
    first: u64,
    /// The number of the next to be read.
    next: u64,
    /// Requests that it is to answer.
    pub(super) open: usize,
    /// Who reads it.
    pub(super) reader: Option<u64>,
    waker: Option<Waker>,
    /// When the process last said something to it.
    pub(super) heard: Option<Instant>,
    /// Bytes that are not read.
    pub(super) unread: usize,
    /// Bytes that are read and kept.
    pub(super) read: usize,
}

impl Stream {
    /// The number that the next event gets.
    pub(super) fn number(&self) -> u64 {
        self.first + self.events.len() as u64
    }

    pub(super) fn push(&mut self, event: Bytes) {
        self.unread += event.len();
        self.events.push_back(event);
        self.heard = Some(Instant::now());
        self.wake();
    }

    /// The next event that is not read.
    pub(super) fn pull(&mut self) -> Option<Bytes> {
        self.next = self.next.max(self.first);
        let event = self.events.get(usize::try_from(self.next - self.first).ok()?)?.clone();
        self.next += 1;
        self.unread -= event.len();
        self.read += event.len();
        Some(event)
    }

    /// Reads on after the event with this number. `None` where what comes after it is not kept any more.
    pub(super) fn rewind(&mut self, after: u64) -> Option<()> {
        let next = after.checked_add(1).filter(|next| (self.first..=self.number()).contains(next))?;
        while self.next > next {
            self.next -= 1;
            let event = self.events.get(usize::try_from(self.next - self.first).ok()?)?;
            self.unread += event.len();
            self.read -= event.len();
        }
        while self.next < next {
            self.pull()?;
        }
        Some(())
    }

    /// Drops the first event that is kept, if it was read, or else if `unread` ones may go as well.
    pub(super) fn drop_first(&mut self, unread: bool) -> bool {
        let was_read = self.next > self.first;
        if !(was_read || unread) {
            return false;
        }
        let Some(event) = self.events.pop_front() else { return false };
        self.first += 1;
        if was_read {
            self.read -= event.len();
        } else {
            self.unread -= event.len();
        }
        true
    }

    /// Somebody else reads it from now on, or nobody.
    pub(super) fn hand_to(&mut self, reader: Option<u64>) {
        self.reader = reader;
        self.wake();
    }

    /// Whom to call when there is more.
    pub(super) fn wait(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    pub(super) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Whether nothing is left to be read.
    pub(super) fn is_read(&self) -> bool {
        self.unread == 0
    }

    /// Whether it keeps nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(events: &[&'static str]) -> Stream {
        let mut stream = Stream::default();
        for event in events {
            stream.push(Bytes::from_static(event.as_bytes()));
        }
        stream
    }

    #[test]
    fn what_was_read_can_be_read_again_as_long_as_it_is_kept() {
        let mut stream = stream(&["a", "bb", "ccc"]);
        assert_eq!((stream.pull().unwrap(), stream.pull().unwrap()), ("a".into(), "bb".into()));
        assert_eq!((stream.read, stream.unread), (3, 3));
        stream.rewind(0).unwrap();
        assert_eq!((stream.read, stream.unread), (1, 5));
        assert_eq!(stream.pull().unwrap(), "bb");
        assert!(stream.drop_first(false) && stream.drop_first(false) && !stream.drop_first(false));
        assert_eq!(stream.rewind(0), None, "the second event is gone");
        stream.rewind(1).unwrap();
        assert_eq!(stream.pull().unwrap(), "ccc");
        assert_eq!(stream.rewind(3), None, "there is no such event yet");
        assert_eq!(stream.rewind(u64::MAX), None);
        assert_eq!((stream.read, stream.unread), (3, 0));
    }

    #[test]
    fn what_was_never_read_goes_only_where_it_may() {
        let mut stream = stream(&["a", "bb"]);
        assert!(!stream.drop_first(false));
        assert!(stream.drop_first(true));
        assert_eq!((stream.pull().unwrap(), stream.number()), ("bb".into(), 2));
        assert_eq!((stream.read, stream.unread), (2, 0));
    }
}
