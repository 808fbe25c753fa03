//! What was said of a session's texts after they had passed: the next call that acts is judged by it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::finding::Action;

/// What one session is suspected of. Nobody asks for its lock until something was said.
#[derive(Debug, Default)]
pub(crate) struct Risk {
    is_there: AtomicBool,
    suspicions: Mutex<[Option<Suspicion>; 2]>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suspicion {
    /// What it asks for.
    pub(crate) action: Action,
    /// Milliseconds of the clock until which it holds.
    pub(crate) until: u64,
    /// Of what, and how.
    pub(crate) evidence: String,
}

/// What a suspicion rests on. The worse of two of a kind holds, the later of two that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    /// A score.
    Scored,
    /// That there is none.
    Unscored,
}

impl Risk {
    /// Takes note of something.
    pub(crate) fn raise(&self, ground: Ground, now: u64, suspicion: Suspicion) {
        let mut suspicions = self.suspicions.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = suspicions.get_mut(ground as usize) else { return };
        if known.as_ref().is_none_or(|known| known.until <= now || known.action <= suspicion.action) {
            *known = Some(suspicion);
        }
        self.is_there.store(true, Ordering::Release);
    }

    /// Calls `told` with what holds.
    pub(crate) fn each(&self, now: u64, told: &mut dyn FnMut(Ground, &Suspicion)) {
        if !self.is_there.load(Ordering::Acquire) {
            return;
        }
        let suspicions = self.suspicions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (ground, suspicion) in [Ground::Scored, Ground::Unscored].into_iter().zip(suspicions) {
            if let Some(suspicion) = suspicion.filter(|suspicion| now < suspicion.until) {
                told(ground, &suspicion);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspicion(action: Action, until: u64) -> Suspicion {
        Suspicion { action, until, evidence: until.to_string() }
    }

    fn held(risk: &Risk, now: u64) -> Vec<(Ground, String)> {
        let mut held = Vec::new();
        risk.each(now, &mut |ground, suspicion| held.push((ground, suspicion.evidence.clone())));
        held
    }

    #[test]
    fn the_worst_holds_until_its_end() {
        let risk = Risk::default();
        assert!(held(&risk, 0).is_empty());
        risk.raise(Ground::Scored, 0, suspicion(Action::Block, 10));
        risk.raise(Ground::Scored, 1, suspicion(Action::Warn, 99));
        risk.raise(Ground::Unscored, 1, suspicion(Action::Block, 5));
        assert_eq!(held(&risk, 4), [(Ground::Scored, "10".to_owned()), (Ground::Unscored, "5".to_owned())]);
        assert_eq!(held(&risk, 5), [(Ground::Scored, "10".to_owned())]);
        assert!(held(&risk, 10).is_empty());
        risk.raise(Ground::Scored, 10, suspicion(Action::Warn, 99));
        assert_eq!(held(&risk, 11), [(Ground::Scored, "99".to_owned())]);
    }
}
