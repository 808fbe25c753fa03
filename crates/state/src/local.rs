//! What is remembered of a session, in this process.

use std::sync::{Arc, Mutex};

use vanguard_engine::behaviour::{Count, Lost, Memory, Of, Passed, Step, Trail, Usual};

use crate::here::Here;
use crate::people::People;
use crate::redis::Redis;
use crate::shared::Shared;
use crate::window::Window;

/// The windows that sessions have in common: those of principals and tools.
pub(crate) trait Common: std::fmt::Debug + Send + Sync {
    /// Adds the counts, and says what their windows hold then, in their order.
    fn add(&self, now_ms: u64, counts: &[Count<'_>]) -> Result<(Vec<u64>, Passed), Lost>;

    /// The same for an answer, whose windows its call has asked for.
    fn add_of_answer(&self, now_ms: u64, counts: &[Count<'_>]) -> Result<(Vec<u64>, Passed), Lost> {
        self.add(now_ms, counts)
    }

    /// Whether that may take longer than a lock does.
    fn waits(&self) -> bool;
}

/// What is remembered of one session, in this process.
#[derive(Debug)]
pub struct Local {
    own: Mutex<Own>,
    home: Home,
    people: Arc<People>,
}

/// Where that is remembered which sessions have in common.
#[derive(Debug, Clone)]
enum Home {
    Here(Arc<Here>),
    Redis(Arc<Redis>),
}

impl Home {
    fn common(&self) -> &dyn Common {
        match self {
            Self::Here(here) => &**here,
            Self::Redis(redis) => redis,
        }
    }
}

/// The trail and the windows of one session.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) trail: Trail,
    windows: Vec<(Box<str>, Window)>,
}

impl Own {
    /// Of a session that has done nothing yet.
    pub(crate) fn new() -> Self {
        Self { trail: Trail::new(salt()), windows: Vec::new() }
    }

    /// Adds to a window, and says what it holds then.
    pub(crate) fn count(&mut self, now_ms: u64, count: &Count<'_>) -> u64 {
        window(&mut self.windows, count.limit).add(now_ms, count.window_ms, count.amount)
    }
}

impl Local {
    /// Of a session that has done nothing yet. Those that come of it by [`Memory::another`] have limits by principal and tool in common.
    pub fn new() -> Self {
        Self::over(Home::Here(Arc::default()), Arc::default())
    }

    /// The same, where these are counted in `redis`.
    pub(crate) fn beside(redis: &Arc<Redis>, people: &Arc<People>) -> Self {
        Self::over(Home::Redis(Arc::clone(redis)), Arc::clone(people))
    }

    fn over(home: Home, people: Arc<People>) -> Self {
        Self { own: Mutex::new(Own::new()), home, people }
    }
}

impl Default for Local {
    fn default() -> Self {
        Self::new()
    }
}

impl Local {
    /// Adds with `add` to what sessions have in common, then to the session's own.
    fn step(
        &self,
        now_ms: u64,
        counts: &[Count<'_>],
        step: &mut Step<'_>,
        add: impl FnOnce(&dyn Common, &[Count<'_>]) -> Result<(Vec<u64>, Passed), Lost>,
    ) -> Result<Passed, Lost> {
        let shared: Vec<Count<'_>> = counts.iter().filter(|count| count.of != Of::Session).copied().collect();
        // Before the session is locked: it may take a while.
        let (common, passed) =
            if shared.is_empty() { (Vec::new(), Passed::Exactly) } else { add(self.home.common(), &shared)? };
        let mut common = common.into_iter();
        let mut own = self.own.lock().map_err(|_| Lost::Poisoned)?;
        let totals: Vec<u64> = counts
            .iter()
            .map(|count| match count.of {
                Of::Session => own.count(now_ms, count),
                Of::Principal(_) | Of::Tool(_) => common.next().unwrap_or_default(),
            })
            .collect();
        step(&totals, &mut own.trail);
        Ok(passed)
    }
}

impl Memory for Local {
    fn pass(&self, now_ms: u64, counts: &[Count<'_>], step: &mut Step<'_>) -> Result<Passed, Lost> {
        self.step(now_ms, counts, step, |common, counts| common.add(now_ms, counts))
    }

    fn pass_answer(&self, now_ms: u64, counts: &[Count<'_>], step: &mut Step<'_>) -> Result<Passed, Lost> {
        self.step(now_ms, counts, step, |common, counts| common.add_of_answer(now_ms, counts))
    }

    fn another(&self) -> Arc<dyn Memory> {
        Arc::new(Self::over(self.home.clone(), Arc::clone(&self.people)))
    }

    fn under(&self, name: &str) -> Arc<dyn Memory> {
        match &self.home {
            Home::Here(_) => self.another(),
            Home::Redis(redis) => Arc::new(Shared::new(name, Arc::clone(redis), Arc::clone(&self.people))),
        }
    }

    fn habits(&self, who: &str, meet: &mut dyn FnMut(&mut Usual)) {
        self.people.meet(who, meet);
    }

    fn waits(&self) -> bool {
        self.home.common().waits()
    }
}

/// The session's own window of a limit.
fn window<'w>(windows: &'w mut Vec<(Box<str>, Window)>, limit: &str) -> &'w mut Window {
    let known = windows.iter().position(|(known, _)| **known == *limit).unwrap_or_else(|| {
        windows.push((limit.into(), Window::default()));
        windows.len() - 1
    });
    &mut windows[known].1
}

/// Random, so that nobody can make texts that share prints.
fn salt() -> u64 {
    // Without the system's randomness prints are still right, only foreseeable.
    getrandom::u64().unwrap_or(0x5eed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(of: Of<'_>, amount: u64) -> Count<'_> {
        Count { limit: "BEH-001", of, window_ms: 8_000, amount }
    }

    fn totals(memory: &dyn Memory, now_ms: u64, counts: &[Count<'_>]) -> Vec<u64> {
        let mut all = Vec::new();
        memory.pass(now_ms, counts, &mut |totals, _| all = totals.to_vec()).unwrap();
        all
    }

    #[test]
    fn a_session_counts_for_itself_and_principals_and_tools_for_all() {
        let one = Local::new();
        let two = one.another();
        let counts = [count(Of::Session, 1), count(Of::Principal("a"), 1), count(Of::Tool("a"), 1)];
        assert_eq!(totals(&one, 10_000, &counts), [1, 1, 1]);
        assert_eq!(totals(&*two, 10_000, &counts), [1, 2, 2]);
        assert_eq!(totals(&*two, 10_000, &[count(Of::Principal("b"), 1)]), [1]);
        assert_eq!(totals(&*two, 30_000, &counts), [1, 1, 1]);
    }

    #[test]
    fn a_trail_goes_on_from_message_to_message() {
        let memory = Local::new();
        for n in 1..=3 {
            let mut calls = 0;
            memory
                .pass(0, &[], &mut |_, trail| {
                    trail.calls += 1;
                    calls = trail.calls;
                })
                .unwrap();
            assert_eq!(calls, n);
        }
    }
}
