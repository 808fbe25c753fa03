//! Where the keys come from: a file that was read at the start, or an address that is asked again when they are old or one is unknown.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use hyper::Uri;
use jsonwebtoken::Algorithm;

use super::keyset::KeySet;
use super::{KeySource, Refused};
use crate::http::fetch::Fetch;

/// How long keys are used before they are asked for anew.
pub(super) const FRESH: Duration = Duration::from_mins(10);
/// How long they are used where they cannot be had anew: a key that was withdrawn must end.
const LONGEST: Duration = Duration::from_hours(1);
/// The least time between two askings: tokens with ids that nobody knows must not become a flood for the authorization server.
const GAP: Duration = Duration::from_secs(10);

/// The keys that hold now.
#[derive(Debug)]
pub(super) struct Source {
    address: Option<(Uri, Fetch)>,
    held: RwLock<Held>,
    /// Held by who asks.
    turn: tokio::sync::Mutex<()>,
    gap: Duration,
}

/// A set of keys, for now.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    pub(super) set: Arc<KeySet>,
    /// When they came; `None`: never, or for good.
    since: Option<Instant>,
    tried: Option<Instant>,
    /// Counts the sets.
    pub(super) number: u64,
}

impl Source {
    pub(super) fn new(from: KeySource) -> Self {
        let (address, set) = match from {
            KeySource::Address(uri) => (Some((uri, Fetch::new())), KeySet::default()),
            KeySource::Set(set) => (None, set),
        };
        let held = RwLock::new(Held { set: Arc::new(set), ..Held::default() });
        Self { address, held, turn: tokio::sync::Mutex::default(), gap: GAP }
    }

    /// Whether it asks for keys at the address that `from` is.
    pub(super) fn asks_at(&self, from: &KeySource) -> bool {
        matches!((&self.address, from), (Some((own, _)), KeySource::Address(other)) if own == other)
    }

    /// Which set of keys holds.
    pub(super) fn number(&self) -> u64 {
        self.held().number
    }

    /// The set that has this key, asked for where it must be.
    pub(super) async fn with(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Held, Refused> {
        let held = self.held();
        let age = held.since.map(|since| since.elapsed());
        let known = held.set.find(id, algorithm).is_some();
        let Some((uri, fetch)) = &self.address else {
            return if known { Ok(held) } else { Err(UNKNOWN) };
        };
        if known && age.is_some_and(|age| age < FRESH) {
            return Ok(held);
        }
        let in_use = known && age.is_some_and(|age| age < LONGEST);
        // Who knows the key does not wait for those who ask.
        let turn = if in_use { self.turn.try_lock().ok() } else { Some(self.turn.lock().await) };
        if turn.is_some() && self.held().tried.is_none_or(|tried| tried.elapsed() >= self.gap) {
            let answer = fetch.get(uri).await.and_then(|bytes| KeySet::read(&bytes));
            let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
            held.tried = Some(Instant::now());
            if let Ok(set) = answer {
                (held.set, held.since) = (Arc::new(set), Some(Instant::now()));
                held.number += 1;
            }
        }
        let held = self.held();
        match held.since.map(|since| since.elapsed()) {
            Some(age) if age < LONGEST => {
                if held.set.find(id, algorithm).is_some() {
                    Ok(held)
                } else {
                    Err(UNKNOWN)
                }
            }
            _ => Err(Refused::NoKeys),
        }
    }

    fn held(&self) -> Held {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// It is signed by a key that the authorization server does not name.
const UNKNOWN: Refused = Refused::Invalid("it is signed by no known key");

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A server that gives these documents one after another, the last again and again, and counts.
    fn serve(documents: Vec<String>) -> (Source, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}/keys", listener.local_addr().unwrap()).parse().unwrap();
        let (asked, count) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = Arc::clone(&count);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let number = asked.fetch_add(1, Ordering::Relaxed);
                let body = documents.get(number).or(documents.last()).unwrap();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                counts.fetch_add(1, Ordering::Relaxed);
                let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat());
            }
        });
        (Source { gap: Duration::ZERO, ..Source::new(KeySource::Address(uri)) }, count)
    }

    fn set(ids: &[&str]) -> String {
        let key = |id: &&str| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"{}"}}"#, "A".repeat(43));
        format!(r#"{{"keys":[{}]}}"#, ids.iter().map(key).collect::<Vec<_>>().join(","))
    }

    async fn find(source: &Source, id: &str) -> Result<u64, Refused> {
        source.with(Some(id), Algorithm::EdDSA).await.map(|held| held.number)
    }

    #[tokio::test]
    async fn a_key_that_is_new_is_asked_for_and_one_that_is_gone_holds_no_more() {
        let (source, asked) = serve(vec![set(&["a"]), set(&["b"])]);
        assert_eq!(find(&source, "a").await, Ok(1));
        assert_eq!(find(&source, "a").await, Ok(1));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert_eq!(find(&source, "b").await, Ok(2));
        assert_eq!(find(&source, "a").await, Err(UNKNOWN));
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn what_is_unknown_is_asked_for_once_in_a_while() {
        let (source, asked) = serve(vec![set(&["a"])]);
        let source = Source { gap: GAP, ..source };
        for number in 0..20 {
            assert_eq!(find(&source, &number.to_string()).await, Err(UNKNOWN));
        }
        assert_eq!(find(&source, "a").await, Ok(1));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn keys_hold_while_no_others_can_be_had_and_not_for_ever() {
        let garbage = ["[]".to_owned(), "x".repeat(300 * 1024)];
        let (source, _) = serve([set(&["a"])].into_iter().chain(garbage).collect());
        assert_eq!(find(&source, "a").await, Ok(1));
        for _ in 0..2 {
            assert_eq!(find(&source, "b").await, Err(UNKNOWN));
        }
        assert_eq!(find(&source, "a").await, Ok(1));
        let Some(long_ago) = Instant::now().checked_sub(LONGEST) else { return };
        source.held.write().unwrap().since = Some(long_ago);
        assert_eq!(find(&source, "a").await, Err(Refused::NoKeys));
        let (nothing, _) = serve(vec!["{}".to_owned()]);
        assert_eq!(find(&nothing, "a").await, Err(Refused::NoKeys));
    }
}
