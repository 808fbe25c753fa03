//! What windows held when a call asked for them, so that its answer need not ask again.

use std::sync::Mutex;

use rustc_hash::FxHashMap;
use vanguard_engine::behaviour::{Count, SLOTS};

use super::windows::key;
use crate::MAX_SHARED;

/// Windows that calls have asked for, as of then, with what answers have added since.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<FxHashMap<String, Total>>);

#[derive(Debug)]
struct Total {
    held: u64,
    /// Until when it may be gone by: no longer than the window stands still.
    until_ms: u64,
}

impl Heard {
    /// A call has asked: notes the windows to which it added nothing, which are those of its answer.
    pub(super) fn note(&self, now_ms: u64, name: &str, counts: &[Count<'_>], totals: &[u64]) {
        let Ok(mut heard) = self.0.lock() else { return };
        for (count, total) in counts.iter().zip(totals).filter(|(count, _)| count.amount == 0) {
            if heard.len() >= MAX_SHARED {
                heard.retain(|_, total| now_ms < total.until_ms);
            }
            if heard.len() >= MAX_SHARED {
                heard.clear();
            }
            let until_ms = now_ms.saturating_add(count.window_ms / SLOTS as u64);
            heard.insert(key(name, count), Total { held: *total, until_ms });
        }
    }

    /// Adds to windows, if all of them are known well enough, and says what they hold then.
    pub(super) fn add(&self, now_ms: u64, name: &str, counts: &[Count<'_>]) -> Option<Vec<u64>> {
        let mut heard = self.0.lock().ok()?;
        let keys: Vec<String> = counts.iter().map(|count| key(name, count)).collect();
        if !keys.iter().all(|key| heard.get(key).is_some_and(|total| now_ms < total.until_ms)) {
            return None;
        }
        let mut add = |(key, count): (&String, &Count<'_>)| {
            let total = heard.get_mut(key)?;
            total.held = total.held.saturating_add(count.amount);
            Some(total.held)
        };
        keys.iter().zip(counts).map(&mut add).collect()
    }

    /// Redis failed somebody: what it said is not gone by any more.
    pub(super) fn forget(&self) {
        if let Ok(mut heard) = self.0.lock() {
            heard.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use vanguard_engine::behaviour::Of;

    use super::*;

    fn adds(limit: &str, amount: u64) -> Count<'_> {
        Count { limit, of: Of::Session, window_ms: 8_000, amount }
    }

    #[test]
    fn what_a_call_heard_holds_for_as_long_as_the_window_stands_still() {
        let heard = Heard::default();
        let hear = |now_ms, counts: &[Count<'_>]| heard.add(now_ms, "anna", counts);
        heard.note(10_000, "anna", &[adds("one", 0), adds("two", 1)], &[5, 3]);
        assert_eq!(hear(10_400, &[adds("one", 2)]), Some(vec![7]));
        assert_eq!(hear(10_999, &[adds("one", 2)]), Some(vec![9]));
        assert_eq!(hear(10_999, &[adds("one", 1), adds("two", 1)]), None, "a call counted in it for itself");
        assert_eq!(heard.add(10_999, "bert", &[adds("one", 1)]), None);
        assert_eq!(hear(11_000, &[adds("one", 2)]), None);
        heard.note(11_000, "anna", &[adds("one", 0)], &[20]);
        assert_eq!(hear(11_000, &[adds("one", 1)]), Some(vec![21]));
        heard.forget();
        assert_eq!(hear(11_000, &[adds("one", 1)]), None);
    }

    #[test]
    fn what_is_heard_is_bounded() {
        let heard = Heard::default();
        for n in 0..MAX_SHARED + 10 {
            heard.note(0, &n.to_string(), &[adds("one", 0)], &[1]);
        }
        assert!(heard.0.lock().unwrap().len() <= MAX_SHARED);
    }
}
