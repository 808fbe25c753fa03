//! What host names resolve to, by the system's resolver: its hosts file, its cache, its servers.
//!
//! That resolver blocks for as long as it likes, so a few threads ask it and nobody waits for them beyond [`PATIENCE`]. What
//! comes late is remembered for the next who asks. A name may resolve to something else when the server asks: who must
//! be sure of that needs the sandbox.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use vanguard_engine::hosts::{Directory, Resolved, Unknown};

/// How long a message waits for all of its names.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long an answer holds, and how long the lack of one.
const KNOWN_FOR: Duration = Duration::from_secs(30);
/// See [`KNOWN_FOR`].
const UNKNOWN_FOR: Duration = Duration::from_secs(5);
/// The most names that are remembered.
const MAX_REMEMBERED: usize = 1024;
/// Threads that ask, and names that wait for one of them.
const WORKERS: usize = 4;
const QUEUE: usize = 64;

/// Whoever is asked for a name.
type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// The system's resolver, behind a few threads and a memory.
pub struct Resolver {
    memory: Arc<Memory>,
    jobs: SyncSender<Job>,
    patience: Duration,
}

/// A name that is to be asked for.
struct Job {
    name: String,
    done: Sender<(String, Resolved)>,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::asking(&(Arc::new(system) as Arc<Lookup>), PATIENCE)
    }
}

impl Resolver {
    /// One that asks `lookup` and waits so long.
    fn asking(lookup: &Arc<Lookup>, patience: Duration) -> Self {
        let (jobs, queue) = sync_channel(QUEUE);
        let (queue, memory) = (Arc::new(Mutex::new(queue)), Arc::new(Memory::default()));
        for _ in 0..WORKERS {
            let (queue, memory, lookup) = (Arc::clone(&queue), Arc::clone(&memory), Arc::clone(lookup));
            // Where there is no thread to be had, the names stay unknown.
            let _ = std::thread::Builder::new()
                .name("resolve".to_owned())
                .spawn(move || while answer_one(&queue, &memory, &*lookup) {});
        }
        Self { memory, jobs, patience }
    }
}

impl Directory for Resolver {
    fn look_up(&self, names: &[String]) -> Vec<Resolved> {
        let begun = Instant::now();
        let (done, answers) = channel();
        let mut known: HashMap<&str, Resolved> = HashMap::new();
        let mut waiting = 0_usize;
        for name in names {
            if let Some(resolved) = self.memory.recall(name, begun) {
                known.insert(name, resolved);
            } else if self.jobs.try_send(Job { name: name.clone(), done: done.clone() }).is_ok() {
                waiting += 1;
            } else {
                known.insert(name, Resolved::Unknown(Unknown::TooMany));
            }
        }
        drop(done);
        let mut late = HashMap::new();
        while waiting > 0 {
            match answers.recv_timeout(self.patience.saturating_sub(begun.elapsed())) {
                Ok((name, resolved)) => {
                    late.insert(name, resolved);
                    waiting -= 1;
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        let answer = |name: &String| known.get(name.as_str()).or_else(|| late.get(name)).cloned();
        names.iter().map(|name| answer(name).unwrap_or(Resolved::Unknown(Unknown::TooSlow))).collect()
    }
}

/// Takes one name from the queue and asks for it; `false` when nobody will ask again.
fn answer_one(queue: &Mutex<Receiver<Job>>, memory: &Memory, lookup: &Lookup) -> bool {
    let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
    let Ok(Job { name, done }) = job else { return false };
    let resolved = match lookup(&name) {
        Ok(addresses) if !addresses.is_empty() => Resolved::To(addresses),
        _ => Resolved::Unknown(Unknown::NotFound),
    };
    memory.keep(&name, &resolved, Instant::now());
    // Whoever asked may have gone.
    let _ = done.send((name, resolved));
    true
}

fn system(name: &str) -> io::Result<Vec<IpAddr>> {
    Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
}

/// Answers, each with the time until which it holds.
#[derive(Default)]
struct Memory(Mutex<HashMap<String, (Instant, Resolved)>>);

impl Memory {
    fn recall(&self, name: &str, now: Instant) -> Option<Resolved> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(name).filter(|(until, _)| now < *until).map(|(_, resolved)| resolved.clone())
    }

    fn keep(&self, name: &str, resolved: &Resolved, now: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MAX_REMEMBERED {
            all.retain(|_, (until, _)| now < *until);
        }
        // Full of what still holds: it is asked for anew.
        if all.len() < MAX_REMEMBERED || all.contains_key(name) {
            let holds = if matches!(resolved, Resolved::To(_)) { KNOWN_FOR } else { UNKNOWN_FOR };
            all.insert(name.to_owned(), (now + holds, resolved.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn to(last: u8) -> Resolved {
        Resolved::To(vec![IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))])
    }

    fn asking(
        lookup: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
        patience: Duration,
    ) -> Resolver {
        let lookup: Arc<Lookup> = Arc::new(lookup);
        Resolver::asking(&lookup, patience)
    }

    fn failure() -> io::Error {
        io::Error::other("no such name")
    }

    #[test]
    fn answers_come_in_the_order_of_the_names_and_are_remembered() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let lookup = move |name: &str| {
            count.fetch_add(1, Ordering::Relaxed);
            let last = name.strip_prefix('h').and_then(|n| n.parse().ok()).ok_or_else(failure)?;
            Ok(vec![IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))])
        };
        let resolver = asking(lookup, Duration::from_secs(20));
        let expected = [to(1), Resolved::Unknown(Unknown::NotFound), to(2)];
        for _ in 0..3 {
            assert_eq!(resolver.look_up(&names(&["h1", "x", "h2"])), expected);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn nobody_waits_beyond_patience_and_what_comes_late_is_remembered() {
        let (open, gate) = channel::<()>();
        let gate = Mutex::new(gate);
        let lookup = move |_: &str| {
            let _ = gate.lock().unwrap().recv();
            Ok(vec![IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9))])
        };
        let resolver = asking(lookup, Duration::from_millis(20));
        assert_eq!(resolver.look_up(&names(&["slow"])), [Resolved::Unknown(Unknown::TooSlow)]);
        drop(open);
        let begun = Instant::now();
        while resolver.look_up(&names(&["slow"])) != [to(9)] {
            assert!(begun.elapsed() < Duration::from_secs(20));
        }
    }

    #[test]
    fn a_full_queue_is_said_and_nobody_waits_for_it() {
        let (open, gate) = channel::<()>();
        let gate = Mutex::new(gate);
        let lookup = move |_: &str| {
            let _ = gate.lock().unwrap().recv();
            Err(failure())
        };
        let resolver = asking(lookup, Duration::from_millis(20));
        let many: Vec<String> = (0..QUEUE + WORKERS + 8).map(|n| format!("h{n}")).collect();
        let answers = resolver.look_up(&many);
        assert!(answers.contains(&Resolved::Unknown(Unknown::TooMany)), "{answers:?}");
        drop(open);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_ends() {
        let (memory, now) = (Memory::default(), Instant::now());
        for n in 0..2 * MAX_REMEMBERED {
            memory.keep(&n.to_string(), &to(1), now);
        }
        assert_eq!(memory.0.lock().unwrap().len(), MAX_REMEMBERED);
        assert_eq!(memory.recall("0", now), Some(to(1)));
        assert_eq!(memory.recall("0", now + KNOWN_FOR), None);
        memory.keep("new", &to(2), now + KNOWN_FOR);
        assert_eq!(memory.0.lock().unwrap().len(), 1, "what has ended makes room");
    }

    #[test]
    fn the_system_knows_this_machine() {
        let resolver = asking(system, Duration::from_secs(20));
        let answers = resolver.look_up(&names(&["localhost", "no-such-name.invalid"]));
        assert!(matches!(&answers[0], Resolved::To(all) if all.iter().all(IpAddr::is_loopback)), "{answers:?}");
        assert_eq!(answers[1], Resolved::Unknown(Unknown::NotFound));
    }
}
