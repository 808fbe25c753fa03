//! The windows that sessions have in common, in this process.

use std::hash::BuildHasher;
use std::sync::Mutex;

use rustc_hash::{FxBuildHasher, FxHashMap};
use vanguard_engine::behaviour::{Count, Lost, Of, Passed};

use crate::local::Common;
use crate::window::Window;

/// The most windows of principals and tools. Beyond it those go first that hold nothing any more, then any.
pub const MAX_SHARED: usize = 65_536;

/// How many locks they are shared out over.
const SHARDS: usize = 16;

/// Windows with the milliseconds that each reaches back.
type Windows = FxHashMap<Key, (Window, u64)>;

/// The windows that sessions of one proxy have in common.
#[derive(Debug, Default)]
pub(crate) struct Here {
    shards: [Mutex<Windows>; SHARDS],
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    limit: Box<str>,
    tool: bool,
    name: Box<str>,
}

impl Here {
    /// Adds one count, and says what its window holds then.
    pub(crate) fn one(&self, now_ms: u64, count: &Count<'_>) -> Result<u64, Lost> {
        let (tool, name) = match count.of {
            Of::Session => (false, ""),
            Of::Principal(name) => (false, name),
            Of::Tool(name) => (true, name),
        };
        let key = Key { limit: count.limit.into(), tool, name: name.into() };
        let shard = usize::try_from(FxBuildHasher.hash_one(&key) % SHARDS as u64).unwrap_or_default();
        let mut windows = self.shards[shard].lock().map_err(|_| Lost::Poisoned)?;
        if windows.len() >= MAX_SHARED / SHARDS && !windows.contains_key(&key) {
            make_room(&mut windows, now_ms);
        }
        let (window, window_ms) = windows.entry(key).or_default();
        *window_ms = count.window_ms;
        Ok(window.add(now_ms, count.window_ms, count.amount))
    }
}

impl Common for Here {
    fn add(&self, now_ms: u64, counts: &[Count<'_>]) -> Result<(Vec<u64>, Passed), Lost> {
        let totals = counts.iter().map(|count| self.one(now_ms, count)).collect::<Result<_, _>>()?;
        Ok((totals, Passed::Exactly))
    }

    fn waits(&self) -> bool {
        false
    }
}

fn make_room(windows: &mut Windows, now_ms: u64) {
    windows.retain(|_, (window, window_ms)| !window.is_over(now_ms, *window_ms));
    if windows.len() >= MAX_SHARED / SHARDS {
        // All of them count: a quarter goes, whichever, so that this is not done for each newcomer.
        let mut kept = 0_usize;
        windows.retain(|_, _| {
            kept += 1;
            !kept.is_multiple_of(4)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sessions_have_in_common_is_bounded() {
        let here = Here::default();
        for n in 0..MAX_SHARED + 20_000 {
            let name = n.to_string();
            let count = Count { limit: "A", of: Of::Principal(&name), window_ms: 8_000, amount: 1 };
            assert_eq!(here.add(10_000, &[count]).unwrap().0, [1]);
        }
        let held: usize = here.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(held <= MAX_SHARED, "{held}");
    }
}
