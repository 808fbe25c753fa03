//! Many sessions at once, each a proxy of its own as clients start them.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{Client, Proxy, Puppet, vanguard};
use serde_json::{Value, json};

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

#[test]
fn who_asks_which_sessions_are_open_is_told_what_they_have_done() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().display().to_string();
    let sessions = || -> Vec<Value> {
        let output = vanguard().args(["sessions", "--json"]).env("XDG_STATE_HOME", home.path()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert!(sessions().is_empty());
    let start = |name: &str| {
        let mut client =
            Proxy::of(Puppet::echo()).option("--name").option(name).variable("XDG_STATE_HOME", &state).start();
        client.initialize();
        client
    };
    let (mut mail, files) = (start("mail"), start("files"));
    mail.call("read_inbox", &json!({"folder": "all of the letters that came since Monday"}));
    let open = sessions();
    assert_eq!(open.len(), 2, "{open:?}");
    let mail_s = open.iter().find(|open| open["server"] == "mail").unwrap();
    assert_eq!((&mail_s["calls"], &mail_s["windows"]["BEH-005"]["now"]), (&json!(1), &json!(1)), "{mail_s}");
    assert!(files.finish().0.success());
    assert_eq!(sessions().len(), 1);
    assert!(mail.finish().0.success());
    assert!(sessions().is_empty());
    let left = fs::read_dir(home.path().join("vanguard/run")).unwrap().count();
    assert_eq!(left, 0, "no socket is left behind");
}

/// The most memory that a process ever held, in KiB.
fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
