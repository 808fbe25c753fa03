//! What is remembered of one session, beside its counts.

use serde::{Deserialize, Serialize};

use super::flow::Flows;
use super::sequence::{self, Progress};
use super::usual::Usual;

/// What is remembered of one session. Bounded: [`super::flow`] and [`super::sequence`] say by what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// What prints are salted with: those of one session say nothing of another's.
    pub salt: u64,
    /// Calls of tools so far.
    pub calls: u32,
    /// Where data came from.
    pub flows: Flows,
    /// How far sequences have come.
    pub(crate) progress: Vec<Progress>,
    /// What is usual for it, where that is asked for. Each proxy has its own.
    #[serde(skip)]
    pub(crate) usual: Usual,
    /// Milliseconds of the memory's clock until which nothing passes.
    pub(crate) quarantined_until: u64,
}

impl Trail {
    /// The trail of a session that has done nothing yet.
    pub fn new(salt: u64) -> Self {
        Self { salt, ..Self::default() }
    }

    /// Whether it knows what `before` does not: more than that there was one more call, or what is usual.
    pub fn is_news_to(&self, before: &Self) -> bool {
        (&self.flows, &self.progress, self.quarantined_until, self.salt)
            != (&before.flows, &before.progress, before.quarantined_until, before.salt)
    }

    /// Goes on from what another proxy knows of the same session.
    pub fn go_on_from(&mut self, theirs: Self) {
        let (calls, usual) = (self.calls.max(theirs.calls), self.usual);
        *self = Self { calls, usual, ..theirs };
    }

    /// Takes over what another proxy knows of the same session, and keeps what only this one does: both went on from the same. Prints
    /// with another salt say nothing together with its own, and are given up.
    pub fn join(&mut self, theirs: Self) {
        let ours = std::mem::take(self);
        *self = Self { calls: ours.calls.max(theirs.calls), usual: ours.usual, ..theirs };
        if ours.salt == self.salt {
            self.flows.join(ours.flows);
        }
        sequence::join(&mut self.progress, &ours.progress);
        self.quarantined_until = self.quarantined_until.max(ours.quarantined_until);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::behaviour::flow::Kind;

    /// What one message did.
    #[derive(Debug, Clone)]
    enum Act {
        Brings(u8),
        Moves(u32, u8, u16),
        Quarantines(u64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (0_u8..20).prop_map(Act::Brings),
            (0_u32..4, 0_u8..3, 0_u16..3).prop_map(|(sequence, step, times)| Act::Moves(sequence, step, times)),
            (0_u64..5).prop_map(Act::Quarantines),
        ]
    }

    fn does(trail: &mut Trail, acts: &[Act]) {
        for act in acts {
            trail.calls += 1;
            match *act {
                Act::Brings(n) => {
                    let text = format!("letter number {n} says that the meeting of group {n} is moved by {n} days");
                    trail.flows.bring(Kind::Private, trail.calls, "read_mail", &text, trail.salt);
                }
                Act::Moves(sequence, step, times) => {
                    let further = Progress::at(sequence, step, times);
                    sequence::join(&mut trail.progress, &[further]);
                }
                Act::Quarantines(until) => trail.quarantined_until = trail.quarantined_until.max(until),
            }
        }
    }

    /// What a trail knows, in an order of its own.
    fn known(trail: &Trail) -> impl PartialEq + std::fmt::Debug {
        let mut progress: Vec<_> = trail.progress.iter().map(|at| format!("{at:?}")).collect();
        progress.sort();
        (trail.flows.prints(), progress, trail.quarantined_until)
    }

    proptest! {
        #[test]
        fn what_two_proxies_know_is_put_together_either_way(
            common in proptest::collection::vec(act(), 0..4),
            one in proptest::collection::vec(act(), 0..4),
            two in proptest::collection::vec(act(), 0..4),
        ) {
            let mut ours = Trail::new(7);
            does(&mut ours, &common);
            let mut theirs = ours.clone();
            does(&mut ours, &one);
            does(&mut theirs, &two);
            let (mut together, mut other_way) = (ours.clone(), theirs.clone());
            together.join(theirs.clone());
            other_way.join(ours.clone());
            // As many sources as fit.
            if together.flows.prints().len() < crate::behaviour::MAX_SOURCES {
                prop_assert_eq!(known(&together), known(&other_way));
            }
            let mut again = together.clone();
            again.join(theirs);
            prop_assert_eq!(known(&again), known(&together), "it is known already");
            let written = serde_json::to_vec(&together).unwrap();
            prop_assert!(!together.is_news_to(&serde_json::from_slice(&written).unwrap()));
        }
    }

    #[test]
    fn prints_of_another_salt_are_given_up() {
        let (mut ours, theirs) = (Trail::new(1), Trail::new(2));
        does(&mut ours, &[Act::Brings(1), Act::Quarantines(9)]);
        ours.join(theirs);
        assert_eq!((ours.salt, ours.flows.prints().len(), ours.quarantined_until), (2, 0, 9));
    }
}
