//! Leaves a scorer alone that has failed too often, and lets one question try whether it is well again.

use std::time::{Duration, Instant};

use vanguard_engine::meaning::Unscored;

/// Whether it is asked.
#[derive(Debug)]
pub(super) struct Breaker {
    most: u32,
    pause: Duration,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has failed so often, one after the other.
    Closed(u32),
    /// It is left alone until then.
    Open(Instant),
    /// One question tries it.
    HalfOpen,
}

/// Leave to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// As ever.
    Given,
    /// To try whether it is well again.
    Probe,
}

impl Breaker {
    pub(super) fn new(most: u32, pause: Duration) -> Self {
        Self { most, pause, state: State::Closed(0) }
    }

    /// Leave for one more question.
    pub(super) fn leave(&mut self, now: Instant) -> Option<Leave> {
        match self.state {
            State::Closed(_) => Some(Leave::Given),
            State::Open(until) if now >= until => {
                self.state = State::HalfOpen;
                Some(Leave::Probe)
            }
            State::Open(_) | State::HalfOpen => None,
        }
    }

    /// Whether leave that was given a while ago still is.
    pub(super) fn holds(&self, leave: Leave) -> bool {
        leave == Leave::Probe || matches!(self.state, State::Closed(_))
    }

    /// Takes note of how a question with `leave` ended.
    pub(super) fn ended(&mut self, leave: Leave, failed: Option<Unscored>, now: Instant) {
        let is_down = failed.is_some_and(is_down);
        self.state = match self.state {
            State::Closed(failures) if is_down && failures + 1 < self.most => State::Closed(failures + 1),
            State::Closed(_) if is_down => State::Open(now + self.pause),
            State::Closed(_) => State::Closed(0),
            State::HalfOpen if leave == Leave::Probe && is_down => State::Open(now + self.pause),
            State::HalfOpen if leave == Leave::Probe => State::Closed(0),
            // Asked before it was left alone.
            other => other,
        };
    }
}

/// Whether a failure is the scorer's state and not the doing of the text: who writes texts must not have it left alone.
fn is_down(failed: Unscored) -> bool {
    match failed {
        Unscored::Timeout
        | Unscored::Unreachable
        | Unscored::Key(_)
        | Unscored::TooOften
        | Unscored::Broken(_)
        | Unscored::TooLong
        | Unscored::Garbage => true,
        Unscored::Status(status) => !matches!(status, 400 | 413 | 422),
        Unscored::NoScore
        | Unscored::Endless
        | Unscored::Deadline
        | Unscored::LeftAlone
        | Unscored::Budget
        | Unscored::Busy => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    #[test]
    fn it_opens_after_failures_in_a_row_and_one_question_closes_it() {
        let (mut breaker, now) = (Breaker::new(3, PAUSE), Instant::now());
        let fail = |breaker: &mut Breaker| breaker.ended(Leave::Given, Some(Unscored::Timeout), now);
        fail(&mut breaker);
        fail(&mut breaker);
        breaker.ended(Leave::Given, None, now);
        fail(&mut breaker);
        fail(&mut breaker);
        assert_eq!(breaker.leave(now), Some(Leave::Given));
        fail(&mut breaker);
        assert_eq!(breaker.leave(now), None);
        assert!(!breaker.holds(Leave::Given));

        let later = now + PAUSE;
        assert_eq!(breaker.leave(later), Some(Leave::Probe));
        assert_eq!(breaker.leave(later), None, "one at a time");
        breaker.ended(Leave::Given, None, later);
        assert_eq!(breaker.leave(later), None, "what was asked before says nothing");
        breaker.ended(Leave::Probe, Some(Unscored::Unreachable), later);
        assert_eq!(breaker.leave(later), None);
        assert_eq!(breaker.leave(later + PAUSE), Some(Leave::Probe));
        breaker.ended(Leave::Probe, None, later + PAUSE);
        assert_eq!(breaker.leave(later + PAUSE), Some(Leave::Given));
    }

    #[test]
    fn a_text_cannot_have_the_scorer_left_alone() {
        let (mut breaker, now) = (Breaker::new(1, PAUSE), Instant::now());
        for failed in [Unscored::NoScore, Unscored::Status(400), Unscored::Status(413)] {
            breaker.ended(Leave::Given, Some(failed), now);
            assert_eq!(breaker.leave(now), Some(Leave::Given), "{failed}");
        }
        breaker.ended(Leave::Given, Some(Unscored::Status(404)), now);
        assert_eq!(breaker.leave(now), None);
    }
}
