//! Readings that are guesses: what a text says to a model that likes riddles.
//!
//! Any text can be read backwards or with other letters, and most of what comes out means nothing, or by chance
//! something. So a guess is made only where the text shows cheap signs of it, shows only the lines that do, is never
//! decoded further, and is read only by rules that name it (`views: [leet]`).

mod leet;
mod riddle;
mod spaced;

use smallvec::SmallVec;

use super::ViewKind;

/// What a text may say, and how it was read.
pub(super) type Guesses = SmallVec<[(SmallVec<[ViewKind; 2]>, String); 2]>;

/// All guesses that the text shows signs of.
pub(super) fn guesses(text: &str) -> Guesses {
    let mut all = Guesses::new();
    add(text, &[], &mut all);
    if let Some(joined) = spaced::decode(text) {
        add(&joined, &[ViewKind::Spaced], &mut all);
        all.push((SmallVec::from_slice(&[ViewKind::Spaced]), joined));
    }
    all
}

fn add(text: &str, chain: &[ViewKind], all: &mut Guesses) {
    let mut push = |kind: ViewKind, guess: Option<String>| {
        if let Some(guess) = guess {
            all.push((chain.iter().copied().chain([kind]).collect(), guess));
        }
    };
    push(ViewKind::Leet, leet::decode(text));
    let riddles = riddle::decode(text);
    push(ViewKind::Rot13, riddles.rot13);
    push(ViewKind::Reversed, riddles.reversed);
}

/// The line that a place is in, at most so far to either side.
fn line_round(text: &str, start: usize, end: usize) -> std::ops::Range<usize> {
    const REACH: usize = 512;
    let from = text.floor_char_boundary(start.saturating_sub(REACH));
    let to = text.ceil_char_boundary(end.saturating_add(REACH).min(text.len()));
    let before = text
        .get(from..start)
        .and_then(|head| head.rfind('\n'))
        .map_or(from, |at| from.saturating_add(at).saturating_add(1));
    let after = text.get(end..to).and_then(|tail| tail.find('\n')).map_or(to, |at| end.saturating_add(at));
    before..after
}
