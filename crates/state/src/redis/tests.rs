//! Against a real server, started for each test. Where there is none, as on a machine without Redis, they say so and fail.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use vanguard_engine::behaviour::{Memory, Of};

use super::*;

mod kinds;

/// A server of our own.
struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        Self::at(free_port(), tempfile::tempdir().unwrap())
    }

    fn at(port: u16, folder: tempfile::TempDir) -> Self {
        Self::with(port, folder, &["--port", &port.to_string()])
    }

    /// With these settings, the first of which may be a file.
    fn with(port: u16, folder: tempfile::TempDir, settings: &[&str]) -> Self {
        let child = Command::new("redis-server")
            .args(settings)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed (Debian: redis-server)");
        let server = Self { child, port, folder };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    fn windows(&self, strict: bool) -> Arc<Redis> {
        // Generous, since the clock also counts while other tests run.
        self.within(Duration::from_secs(2), strict)
    }

    fn within(&self, deadline: Duration, strict: bool) -> Arc<Redis> {
        let url = format!("redis://127.0.0.1:{}/", self.port);
        Redis::new(RedisConfig { url, roots: None, deadline, strict }).unwrap()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn count(of: Of<'_>, window_ms: u64, amount: u64) -> Count<'_> {
    Count { limit: "BEH-001", of, window_ms, amount }
}

#[test]
fn one_history_means_the_same_in_redis_and_here() {
    let server = Server::start();
    let (redis, here) = (server.windows(true), Here::default());
    let history = AtomicU64::new(0);
    let steps = proptest::collection::vec((0_u64..4_000, 0_u64..9, 0_usize..3, 0_usize..2), 1..60);
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    runner
        .run(&steps, |steps| {
            let history = history.fetch_add(1, Ordering::Relaxed);
            let names = [format!("a{history}"), format!("b}}{history}"), format!("{{c{history}")];
            let both = format!("both{history}");
            let mut now = 1_000_000;
            for (wait, amount, name, kind) in steps {
                now += wait;
                let of = if kind == 0 { Of::Principal(&names[name]) } else { Of::Tool(&names[name]) };
                let counts = [count(of, 8_000, amount), count(Of::Tool(&both), 10_000, amount)];
                let local: Vec<u64> = here.add(now, &counts).unwrap().0;
                prop_assert_eq!(redis.totals(&counts, Some(now)).unwrap(), local);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn several_proxies_enforce_one_limit_to_the_number() {
    let server = Server::start();
    let proxies = [server.windows(true), server.windows(true)];
    let all: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let redis = &proxies[n % 2];
                scope.spawn(move || {
                    (0..250)
                        .map(|_| redis.add(0, &[count(Of::Principal("eve"), 3_600_000, 1)]).unwrap().0[0])
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut all = all;
    all.sort_unstable();
    assert_eq!(all, (1..=2_000).collect::<Vec<_>>(), "each call has a number of its own");
}

#[test]
fn an_answer_goes_by_what_its_call_heard_and_waits_for_nobody() {
    let server = Server::start();
    let [one, two] = [(); 2].map(|()| Local::beside(&server.windows(true), &Arc::default()).under("anna"));
    let counts = |of, calls, results| {
        let results = Count { limit: "BEH-007", ..count(of, 3_600_000, results) };
        if calls > 0 { vec![count(of, 3_600_000, calls), results] } else { vec![results] }
    };
    let ask = |memory: &dyn Memory, of| {
        let (mut call, mut answer) = (Vec::new(), Vec::new());
        memory.pass(0, &counts(of, 1, 0), &mut |totals, _| call = totals.to_vec()).unwrap();
        memory.pass_answer(0, &counts(of, 0, 3), &mut |totals, _| answer = totals.to_vec()).unwrap();
        (call, answer)
    };
    for of in [Of::Session, Of::Tool("read"), Of::Principal("anna")] {
        assert_eq!(ask(&*one, of), (vec![1, 0], vec![3]), "{of:?}");
        // What the answer adds is on its way.
        let begun = Instant::now();
        let mut heard = Vec::new();
        while heard != [1, 3] {
            assert!(begun.elapsed() < Duration::from_secs(20), "{heard:?}");
            two.pass(0, &counts(of, 0, 0), &mut |totals, _| heard = [vec![1], totals.to_vec()].concat()).unwrap();
        }
        assert_eq!(ask(&*two, of), (vec![2, 3], vec![6]), "{of:?}");
    }
    server.signal("-STOP");
    let begun = Instant::now();
    let more = two.pass_answer(0, &counts(Of::Tool("read"), 0, 1), &mut |totals, _| assert_eq!(totals, [7]));
    assert_eq!(more, Ok(Passed::Exactly));
    assert!(begun.elapsed() < Duration::from_secs(1), "it waits for nobody");
    let remembers = two.pass_answer(0, &[], &mut |_, trail| trail.salt += 1);
    assert!(matches!(remembers, Err(Lost::Unreachable(_))), "what is worth remembering must be there: {remembers:?}");
    server.signal("-CONT");
}

#[test]
fn what_is_worth_remembering_is_sent_and_strictly_waited_for() {
    let server = Server::start();
    let [lax, other] = [(); 2].map(|()| Local::beside(&server.windows(false), &Arc::default()).under("anna"));
    let learn = |memory: &dyn Memory| memory.pass(0, &[], &mut |_, trail| trail.salt = trail.salt.wrapping_add(1));
    assert_eq!(learn(&*lax), Ok(Passed::Exactly), "the first waits");
    server.signal("-STOP");
    let begun = Instant::now();
    let passed = lax.pass_answer(0, &[], &mut |_, trail| trail.salt = 7);
    assert_eq!(passed, Ok(Passed::Exactly));
    assert!(begun.elapsed() < Duration::from_secs(1), "it waits for nobody");
    server.signal("-CONT");
    let begun = Instant::now();
    let mut salt = 0;
    while salt != 7 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came");
        other.pass(0, &[], &mut |_, trail| salt = trail.salt).unwrap();
    }
}

#[test]
fn without_redis_it_refuses_or_counts_alone_and_comes_back_by_itself() {
    let server = Server::start();
    let (strict, lax) =
        (server.within(Duration::from_millis(100), true), server.within(Duration::from_millis(100), false));
    let ask = |redis: &Arc<Redis>| redis.add(0, &[count(Of::Principal("a"), 60_000, 1)]);
    let begun = Instant::now();
    while ask(&strict).is_err() || ask(&lax).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never answered");
        std::thread::sleep(Duration::from_millis(50));
    }
    server.signal("-STOP");
    let begun = Instant::now();
    assert!(matches!(ask(&strict), Err(Lost::Unreachable(_))), "no answer, no leave");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(matches!(ask(&lax), Ok((_, Passed::Alone(_)))), "said once");
    let begun = Instant::now();
    for n in 2..50 {
        assert_eq!(ask(&lax).unwrap(), (vec![n], Passed::Exactly));
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "it does not wait each time: {:?}", begun.elapsed());
    server.signal("-CONT");
    recovers(&strict);

    let (port, folder) = (server.port, tempfile::tempdir().unwrap());
    let _ = &server.folder;
    drop(server);
    assert!(ask(&strict).is_err());
    let _server = Server::at(port, folder);
    recovers(&strict);
    recovers(&lax);
}

/// Redis answers again, within a while.
fn recovers(redis: &Arc<Redis>) {
    let begun = Instant::now();
    while redis.totals(&[count(Of::Principal("back"), 60_000, 1)], None).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came back");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn no_error_tells_the_password() {
    let config = RedisConfig {
        url: "redis://u:hunter2@127.0.0.1:1/".into(),
        roots: None,
        deadline: Duration::from_millis(300),
        strict: true,
    };
    let redis = Redis::new(config).unwrap();
    let lost = redis.add(0, &[count(Of::Tool("t"), 1_000, 1)]).unwrap_err().to_string();
    assert!(!lost.contains("hunter2") && !format!("{redis:?}").contains("hunter2"), "{lost}");
    let config =
        RedisConfig { url: "http://u:hunter2@h".into(), roots: None, deadline: Duration::from_millis(1), strict: true };
    assert!(!Redis::new(config).unwrap_err().to_string().contains("hunter2"));
}
