//! Many sessions at once, each a proxy of its own as clients start them.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{Client, Proxy, Puppet};
use serde_json::json;

use crate::blocked;

/// What one proxy may take, as issue and README promise.
const MEMORY_KIB: u64 = 20 * 1024;

#[test]
fn two_hundred_sessions_side_by_side() {
    let started = Instant::now();
    let mut sessions: Vec<Client> = (0..200).map(|_| Proxy::of(Puppet::echo()).start()).collect();
    thread::scope(|scope| {
        for part in sessions.chunks_mut(25) {
            scope.spawn(move || {
                for client in &mut *part {
                    client.initialize();
                }
                for n in 0..10 {
                    for client in &mut *part {
                        let text = format!("note {n}: all is well");
                        assert_eq!(blocked::text(&client.call("write_note", &json!({"text": text}))), "ok");
                    }
                }
                for client in &mut *part {
                    blocked::rule(&client.call("read_file", &json!({"path": "../../../etc/passwd"})));
                }
            });
        }
    });
    let most = sessions.iter().map(|client| peak_memory(client.process_id())).max().unwrap();
    assert!(most <= MEMORY_KIB, "a session took {most} KiB");
    for client in sessions {
        let (status, stderr) = client.finish();
        assert!(status.success(), "{status}: {stderr}");
    }
    assert!(started.elapsed() < Duration::from_mins(2), "{:?}", started.elapsed());
}

/// The most memory that a process ever held, in KiB.
fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
