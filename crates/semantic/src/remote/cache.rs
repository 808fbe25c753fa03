//! Scores that were given a while ago: bounded, and each for a while only.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use vanguard_engine::meaning::Scored;

/// What tells questions apart.
pub(super) type Digest = [u8; 32];

#[derive(Debug)]
pub(super) struct Cache {
    most: usize,
    keep: Duration,
    known: HashMap<Digest, (Instant, Scored)>,
    /// The oldest first.
    order: VecDeque<Digest>,
}

impl Cache {
    pub(super) fn new(most: usize, keep: Duration) -> Self {
        Self { most, keep, known: HashMap::new(), order: VecDeque::new() }
    }

    pub(super) fn get(&self, digest: &Digest, now: Instant) -> Option<&Scored> {
        self.known.get(digest).filter(|(since, _)| now.duration_since(*since) < self.keep).map(|(_, scored)| scored)
    }

    pub(super) fn put(&mut self, digest: Digest, scored: Scored, now: Instant) {
        if self.most == 0 {
            return;
        }
        if self.known.insert(digest, (now, scored)).is_none() {
            self.order.push_back(digest);
        }
        while self.known.len() > self.most {
            let Some(oldest) = self.order.pop_front() else { return };
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(score: f32) -> Scored {
        Scored { score, reason: "x".into(), by: "y".into(), took: Duration::ZERO }
    }

    #[test]
    fn it_is_bounded_and_forgets() {
        let (mut cache, now) = (Cache::new(2, Duration::from_secs(10)), Instant::now());
        for n in 0..3 {
            cache.put([n; 32], scored(f32::from(n)), now);
        }
        assert_eq!(cache.get(&[0; 32], now), None);
        assert_eq!(cache.get(&[2; 32], now).map(|scored| scored.score), Some(2.0));
        assert_eq!(cache.get(&[2; 32], now + Duration::from_secs(10)), None);
        cache.put([2; 32], scored(0.5), now + Duration::from_secs(10));
        assert_eq!(cache.get(&[2; 32], now + Duration::from_secs(11)).map(|scored| scored.score), Some(0.5));
        assert_eq!((cache.known.len(), cache.order.len()), (2, 2));
        let mut none = Cache::new(0, Duration::from_secs(10));
        none.put([1; 32], scored(0.1), now);
        assert_eq!(none.get(&[1; 32], now), None);
    }
}
