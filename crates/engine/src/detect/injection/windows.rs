//! What sentences that stand together say: a few at a time, as they are read.

use std::collections::VecDeque;
use std::ops::Range;

use super::features::{Feature, Features};
use super::together::together;

/// Sentences that are judged together.
const WINDOW: usize = 3;
/// How far an article about attacks is looked for, in sentences.
const ARTICLE: usize = 8;
/// How many sentences that speak of attacks make an article of it.
const SPOKEN: usize = 2;

/// A sentence.
struct Seen {
    features: Features,
    /// What it and the next say together.
    together: Features,
    place: Range<usize>,
    /// How many sentences before it speak of attacks.
    spoken: usize,
}

/// Windows over the sentences of a text. Keeps those that some window yet to come looks at.
pub(super) struct Windows<'e> {
    each: &'e mut dyn FnMut(Features, Range<usize>),
    seen: VecDeque<Seen>,
    /// Where among them the next window begins.
    next: usize,
    spoken: usize,
}

impl<'e> Windows<'e> {
    /// Windows that `each` is called with where they have features.
    pub(super) fn over(each: &'e mut dyn FnMut(Features, Range<usize>)) -> Self {
        Self { each, seen: VecDeque::new(), next: 0, spoken: 0 }
    }

    /// Takes the next sentence.
    pub(super) fn add(&mut self, features: Features, place: Range<usize>) {
        if let Some(last) = self.seen.back_mut() {
            last.together = together(last.features | features);
        }
        self.seen.push_back(Seen { features, together: 0, place, spoken: self.spoken });
        self.spoken = self.spoken.saturating_add(usize::from(features & Feature::AttackWord.bit() != 0));
        if self.seen.len() > self.next.saturating_add(WINDOW).saturating_add(ARTICLE) {
            self.look();
        }
    }

    /// Looks at the windows that waited for what comes after them.
    pub(super) fn finish(mut self) {
        if let Some(last) = self.seen.back_mut() {
            last.together = together(last.features);
        }
        while self.next < self.seen.len() {
            self.look();
        }
    }

    fn look(&mut self) {
        let window = || self.seen.iter().skip(self.next).take(WINDOW);
        let mut all = window().fold(0, |all, sentence| all | sentence.features);
        if all != 0
            && let (Some(first), Some(last)) = (window().next(), window().next_back())
        {
            // What the last says with one beyond the window is not the window's.
            let pairs = window().count().saturating_sub(1).max(1);
            all |= window().take(pairs).fold(0, |all, sentence| all | sentence.together);
            let spoken = |at: usize| self.seen.get(at).map_or(self.spoken, |sentence| sentence.spoken);
            let after = self.next.saturating_add(WINDOW).saturating_add(ARTICLE);
            if spoken(after).saturating_sub(spoken(self.next.saturating_sub(ARTICLE))) > SPOKEN {
                all |= Feature::AttackArticle.bit();
            }
            (self.each)(all, first.place.start..last.place.end);
        }
        if self.next < ARTICLE {
            self.next = self.next.saturating_add(1);
        } else {
            self.seen.pop_front();
        }
    }
}
