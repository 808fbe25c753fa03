//! What is usual for principals, in this process.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use vanguard_engine::behaviour::Usual;

/// The most principals that are known. Beyond it a quarter goes, whichever, so that this is not done for each newcomer.
pub const MAX_PEOPLE: usize = 4_096;

/// What is usual for each, over all sessions.
#[derive(Debug, Default)]
pub(crate) struct People(Mutex<FxHashMap<Box<str>, Usual>>);

impl People {
    /// Has `meet` look at what is usual for `who`, and change it.
    pub(crate) fn meet(&self, who: &str, meet: &mut dyn FnMut(&mut Usual)) {
        // Figures that a panic left half changed are figures still.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(usual) = known.get_mut(who) {
            return meet(usual);
        }
        if known.len() >= MAX_PEOPLE {
            let mut kept = 0_usize;
            known.retain(|_, _| {
                kept += 1;
                !kept.is_multiple_of(4)
            });
        }
        meet(known.entry(who.into()).or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_known_are_bounded() {
        let people = People::default();
        for n in 0..MAX_PEOPLE + 2_000 {
            people.meet(&n.to_string(), &mut |_| ());
        }
        assert!(people.0.lock().unwrap().len() <= MAX_PEOPLE);
    }
}
