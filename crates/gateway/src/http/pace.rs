//! How fast somebody may ask: so many requests a second, for each by itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::clock::{Clock as _, DefaultClock};
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};
use hyper::StatusCode;

use super::reply::Fault;

/// The most who are told apart. Beyond them newcomers share one pace.
const MOST: usize = 65_536;

/// A pace for each of many.
#[derive(Debug)]
pub(super) struct Pace<K: Hash + Eq + Clone>(RateLimiter<K, Paces<K>, DefaultClock>);

impl<K: Hash + Eq + Clone> Pace<K> {
    /// So many requests a second, of which all may come at once.
    pub(super) fn new(requests: NonZeroU32) -> Self {
        Self(RateLimiter::new(Quota::per_second(requests), Paces::new(MOST), DefaultClock::default()))
    }

    /// One more request of `who`, unless it is too early.
    pub(super) fn step(&self, who: &K) -> Result<(), Fault> {
        self.0.check_key(who).map_err(|early| {
            let wait = early.wait_time_from(DefaultClock::default().now());
            Fault::new(StatusCode::TOO_MANY_REQUESTS, "too many requests a second").after(wait)
        })
    }

    /// Forgets those who have not asked lately.
    pub(super) fn sweep(&self) {
        self.0.retain_recent();
    }
}

/// Whom an address stands for: of the newer protocol everybody has a network full of them.
pub(super) fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

/// When each may ask again.
#[derive(Debug)]
struct Paces<K> {
    known: Mutex<HashMap<K, Nanos>>,
    /// Those beyond the bound, together.
    others: Mutex<Option<Nanos>>,
    most: usize,
}

impl<K: Hash + Eq + Clone> Paces<K> {
    fn new(most: usize) -> Self {
        Self { known: Mutex::default(), others: Mutex::default(), most }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<K, Nanos>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone> StateStore for Paces<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut known = self.known();
        let last = known.get(key).copied();
        if last.is_none() && known.len() >= self.most {
            drop(known);
            let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
            let (outcome, next) = measure(*others)?;
            *others = Some(next);
            return Ok(outcome);
        }
        let (outcome, next) = measure(last)?;
        known.insert(key.clone(), next);
        Ok(outcome)
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Paces<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.known().retain(|_, next| *next > drop_below);
    }

    fn len(&self) -> usize {
        self.known().len()
    }

    fn is_empty(&self) -> bool {
        self.known().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_pace_of_its_own() {
        let pace = Pace::new(NonZeroU32::new(3).unwrap());
        for who in ["a", "b"] {
            assert_eq!([(); 4].map(|()| pace.step(&who).is_ok()), [true, true, true, false], "{who}");
        }
    }

    #[test]
    fn beyond_the_bound_newcomers_share_one_and_those_who_are_known_keep_theirs() {
        let two = Quota::per_second(NonZeroU32::new(2).unwrap());
        let pace = Pace(RateLimiter::new(two, Paces::new(2), DefaultClock::default()));
        let asks = |who: u32| pace.step(&who).is_ok();
        assert_eq!([asks(1), asks(2), asks(3), asks(4), asks(5)], [true, true, true, true, false]);
        assert_eq!([asks(1), asks(1)], [true, false]);
        assert_eq!(pace.0.len(), 2);
    }

    #[test]
    fn who_has_not_asked_lately_is_forgotten() {
        let paces = Paces::new(9);
        let at = |nanos: u64| move |_: Option<Nanos>| Ok::<_, ()>(((), Nanos::new(nanos)));
        paces.measure_and_replace(&'a', at(10)).unwrap();
        paces.measure_and_replace(&'b', at(30)).unwrap();
        paces.retain_recent(Nanos::new(20));
        assert_eq!(paces.len(), 1);
    }

    #[test]
    fn a_network_of_one_household_is_one() {
        let of = |text: &str| household(text.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
    }
}
