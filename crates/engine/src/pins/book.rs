//! All that is pinned of one server, and how it grows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::pin::{Identity, Pin};
use super::{MAX_TEXT, MAX_TOOLS, Seen, Sighting};

/// What is pinned of one server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// Who it said it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Held<Identity>>,
    /// Whether its tools were listed to the end once: what comes after that is new.
    pub whole: bool,
    /// Its tools by name.
    pub tools: BTreeMap<String, Held<Pin>>,
}

/// Something pinned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held<T> {
    /// As it may be.
    pub pinned: T,
    /// Unix time in seconds at which it was pinned.
    pub since: i64,
    /// As it was when it was last refused: what a person may accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<T>,
}

/// What came of something seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Whether the book is another now.
    pub changed: bool,
    /// Whether it has no room for all of it.
    pub full: bool,
}

impl Book {
    /// Takes in what was seen at the time `now`. What was judged against something else than is pinned now is left for
    /// the next time: somebody else has pinned it meanwhile.
    pub fn take(&mut self, seen: Seen, now: i64) -> Taken {
        let mut taken = Taken { changed: seen.whole && !self.whole, full: false };
        self.whole |= seen.whole;
        if let Some(sighting) = seen.server {
            taken.changed |= match &mut self.server {
                Some(held) => held.take(sighting, now),
                None => sighting.first(now).map(|held| self.server = Some(held)).is_some(),
            };
        }
        let mut text = self.tools.values().fold(0, |sum: usize, held| sum.saturating_add(held.text()));
        for (name, mut sighting) in seen.tools {
            text = text.saturating_add(sighting.now.text());
            if text > MAX_TEXT {
                sighting.now.parts.clear();
            }
            if let Some(held) = self.tools.get_mut(&name) {
                taken.changed |= held.take(sighting, now);
            } else if self.tools.len() >= MAX_TOOLS {
                taken.full |= sighting.passed;
            } else if let Some(held) = sighting.first(now) {
                self.tools.insert(name, held);
                taken.changed = true;
            }
        }
        taken
    }

    /// Takes in what it lacks of another. Says whether it is another now.
    pub fn join(&mut self, other: &Self) -> bool {
        let before = (self.server.is_some(), self.whole, self.tools.len());
        self.server = self.server.take().or_else(|| other.server.clone());
        self.whole |= other.whole;
        for (name, held) in &other.tools {
            if self.tools.len() < MAX_TOOLS {
                self.tools.entry(name.clone()).or_insert_with(|| held.clone());
            }
        }
        before != (self.server.is_some(), self.whole, self.tools.len())
    }
}

impl Held<Pin> {
    fn text(&self) -> usize {
        let waiting = self.waiting.as_ref().map_or(0, Pin::text);
        self.pinned.text().saturating_add(waiting)
    }
}

impl<T: PartialEq> Held<T> {
    /// Whether it is another now.
    fn take(&mut self, sighting: Sighting<T>, now: i64) -> bool {
        if sighting.over.as_ref() != Some(&self.pinned) || sighting.now == self.pinned {
            return false;
        }
        if sighting.passed {
            *self = Self { pinned: sighting.now, since: now, waiting: None };
            return true;
        }
        let known = self.waiting.as_ref() == Some(&sighting.now);
        self.waiting = Some(sighting.now);
        !known
    }

    /// Pins what waits; `false` where nothing does.
    pub fn accept(&mut self, now: i64) -> bool {
        match self.waiting.take() {
            Some(waiting) => {
                *self = Self { pinned: waiting, since: now, waiting: None };
                true
            }
            None => false,
        }
    }
}

impl<T> Sighting<T> {
    fn first(self, now: i64) -> Option<Held<T>> {
        (self.passed && self.over.is_none()).then_some(Held { pinned: self.now, since: now, waiting: None })
    }
}
