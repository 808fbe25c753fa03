//! What sentences that stand together say: a few at a time, as they are read.

use std::collections::VecDeque;
use std::ops::Range;

use super::features::{Feature, Features};
use super::together::together;
use super::weights::score;
use crate::meaning::{Scorer, Weight};
use crate::rules::Direction;

/// Sentences that are judged together.
const WINDOW: usize = 3;
/// The longest text of which every sentence is weighed. Of a longer one, those to which L1 gives so many hundredths of a logit: an order
/// without a word of the lexicon is rare, and weighing all takes as long as all else together.
const LONG: usize = 8 << 10;
const NOTABLE: i32 = 20;
/// How many bytes of a long text are weighed: what is made of nothing but orders is found in its first pages.
const MOST_WEIGHED: usize = 64 << 10;
/// How far an article about attacks is looked for, in sentences.
const ARTICLE: usize = 8;
/// How many sentences that speak of attacks make an article of it.
const SPOKEN: usize = 2;

/// Sentences that stand together.
pub(super) struct Window {
    pub(super) features: Features,
    /// What they weigh, where somebody weighs them.
    pub(super) weight: Weight,
    pub(super) place: Range<usize>,
    /// Where each of them is; nowhere for one that there is not.
    pub(super) sentences: [Range<usize>; WINDOW],
    /// Whether it is one sentence by itself, which only a scorer looks at: among harmless ones an order weighs less.
    pub(super) alone: bool,
}

/// A sentence.
struct Seen {
    features: Features,
    weight: Weight,
    /// Whether it is weighed, where somebody weighs.
    worth: bool,
    /// What it and the next say together.
    together: Features,
    place: Range<usize>,
    /// How many sentences before it speak of attacks.
    spoken: usize,
}

/// Windows over the sentences of a text. Keeps those that some window yet to come looks at.
pub(super) struct Windows<'e> {
    text: &'e str,
    scorer: Option<&'e dyn Scorer>,
    each: &'e mut dyn FnMut(&Window),
    seen: VecDeque<Seen>,
    /// Where among them the next window begins.
    next: usize,
    spoken: usize,
    /// Bytes that were weighed.
    weighed: usize,
}

impl<'e> Windows<'e> {
    /// Windows over `text` that `each` is called with: where `scorer` weighs them all, else those that have features.
    pub(super) fn over(text: &'e str, scorer: Option<&'e dyn Scorer>, each: &'e mut dyn FnMut(&Window)) -> Self {
        Self { text, scorer, each, seen: VecDeque::new(), next: 0, spoken: 0, weighed: 0 }
    }

    /// Takes the next sentence.
    pub(super) fn add(&mut self, features: Features, place: Range<usize>) {
        if let Some(last) = self.seen.back_mut() {
            last.together = together(last.features | features);
        }
        let worth =
            self.text.len() <= LONG || self.weighed < MOST_WEIGHED && score(features, Direction::RESPONSE) >= NOTABLE;
        let weight = self.scorer.filter(|_| worth).map_or(Weight::default(), |scorer| {
            self.weighed = self.weighed.saturating_add(place.len());
            scorer.weigh(self.text.get(place.clone()).unwrap_or_default())
        });
        self.seen.push_back(Seen { features, weight, worth, together: 0, place, spoken: self.spoken });
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
        let weight = window().fold(Weight::default(), |all, sentence| all.and(sentence.weight));
        if (all != 0 || self.scorer.is_some() && self.text.len() <= LONG)
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
            let place = first.place.start..last.place.end;
            let article = all & Feature::AttackArticle.bit();
            let mut places = window().map(|sentence| sentence.place.clone());
            let sentences = std::array::from_fn(|_| places.next().unwrap_or_default());
            (self.each)(&Window { features: all, weight, place, sentences, alone: false });
            if self.scorer.is_some() && first.worth {
                let features = first.features | together(first.features) | article;
                let (weight, place) = (first.weight, first.place.clone());
                let sentences = [place.clone(), 0..0, 0..0];
                (self.each)(&Window { features, weight, place, sentences, alone: true });
            }
        }
        if self.next < ARTICLE {
            self.next = self.next.saturating_add(1);
        } else {
            self.seen.pop_front();
        }
    }
}
