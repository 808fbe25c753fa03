//! How sessions end, and that nothing outlives them.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::{assert_ends, eventually, python, request, runs, shell};

/// Writes its own process id and that of a child, then does nothing about EOF.
const DEAF: &str = "echo $$ > server; sleep 1000 & echo $! > child; wait";
/// The same, and nothing about SIGTERM either.
const STUBBORN: &str =
    "trap '' TERM; echo $$ > server; (trap '' TERM; sleep 1000) & echo $! > child; while true; do sleep 1; done";

#[test]
fn a_dead_servers_pending_requests_are_answered() {
    let mut proxy = python("read(); read(); read(); sys.exit(3)").start();
    for id in 1..=3 {
        proxy.send(&request(id));
    }
    let rest = proxy.rest();
    assert_eq!(rest.len(), 3);
    for (line, id) in rest.iter().zip(1..) {
        assert!(line.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{id},"error":"#)), "{line}");
    }
    let (code, stderr) = proxy.end();
    assert_eq!(code, 3);
    assert!(stderr.contains("exit code 3; 3 pending requests"), "{stderr}");
}

#[test]
fn the_last_words_of_a_server_arrive() {
    let proxy = python(
        "for n in range(2000): out(json.dumps({'jsonrpc': '2.0', 'method': 'notifications/n', 'params': {'n': n}}))",
    )
    .start();
    assert_eq!(proxy.rest().len(), 2000);
    assert_eq!(proxy.end().0, 0);
}

#[test]
fn a_killed_server_gives_the_shells_code() {
    assert_eq!(shell("kill -9 $$").start().end().0, 128 + 9);
}

#[test]
fn a_server_that_ignores_the_end_is_told_and_then_killed() {
    for script in [DEAF, STUBBORN] {
        let mut proxy = shell(script).waits([100, 100, 300, 100]).start();
        let (server, child) = (proxy.pid("server"), proxy.pid("child"));
        proxy.close();
        assert_eq!(proxy.wait().code(), Some(0), "the client wished it");
        assert!(!runs(server), "{script}");
        assert!(!runs(child), "{script}");
    }
}

#[test]
fn signals_are_passed_on() {
    for (signal, name) in [(Signal::TERM, "TERM"), (Signal::INT, "INT"), (Signal::HUP, "HUP")] {
        let script = format!("trap 'exit 9' {name}; echo $$ > server; while true; do sleep 0.05; done");
        let proxy = shell(&script).start();
        proxy.pid("server");
        proxy.signal(signal);
        assert_eq!(proxy.end().0, 9, "SIG{name}");
    }
}

#[test]
fn a_second_signal_ends_all_patience() {
    let mut proxy = shell(STUBBORN).waits([60_000, 60_000, 60_000, 1000]).start();
    let (server, child) = (proxy.pid("server"), proxy.pid("child"));
    proxy.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    proxy.signal(Signal::TERM);
    assert_eq!(proxy.wait().code(), Some(128 + 9));
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_ends(server);
    assert_ends(child);
}

#[test]
fn a_killed_proxy_leaves_no_process() {
    for script in [DEAF, STUBBORN] {
        let mut proxy = shell(script).start();
        let (server, child) = (proxy.pid("server"), proxy.pid("child"));
        // The watchdog starts after the server; without it there is nobody to ask.
        std::thread::sleep(Duration::from_millis(300));
        proxy.signal(Signal::KILL);
        proxy.wait();
        assert_ends(server);
        assert_ends(child);
    }
}

#[test]
fn a_session_leaves_no_watchdog() {
    let mut proxy = shell("echo $$ > server; cat").start();
    let watchdog = format!("__watchdog\0--group\0{}\0", proxy.pid("server").as_raw_nonzero());
    let on_watch = || {
        let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        processes
            .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
            .any(|line| line.windows(watchdog.len()).any(|window| window == watchdog.as_bytes()))
    };
    if cfg!(target_os = "linux") {
        eventually("the watchdog runs", || on_watch().then_some(()));
        proxy.close();
        assert_eq!(proxy.wait().code(), Some(0));
        assert!(!on_watch());
    }
}

/// A descendant that holds the server's stdout open must hold neither the session nor itself.
#[test]
fn what_a_dead_server_leaves_running_is_ended() {
    let proxy = shell("sleep 1000 & echo $! > child; exit 5").start();
    let child = proxy.pid("child");
    assert_eq!(proxy.end().0, 5);
    assert!(!runs(child));
}

#[test]
fn a_client_that_is_gone_ends_the_session() {
    let script = "
m = read()
while True: out(json.dumps({'jsonrpc': '2.0', 'method': 'notifications/n', 'params': {'data': 'x' * 1000}}))";
    let mut proxy = python(script).waits([60_000, 200, 200, 200]).start_unread();
    proxy.send(&request(1));
    drop(proxy.take_stdout());
    assert_eq!(proxy.wait().code(), Some(0));
}

#[test]
fn a_server_that_closes_its_stdout_is_ended_and_its_requests_answered() {
    let mut proxy = shell("echo $$ > server; read line; exec >&-; sleep 1000").waits([60_000, 200, 200, 200]).start();
    let server = proxy.pid("server");
    proxy.send(&request(1));
    assert!(proxy.line().contains(r#""id":1,"error""#));
    proxy.wait();
    assert!(!runs(server));
}
