//! A server that tries to get out: behind the walls no way leads out, without them every way does.
#![cfg(target_os = "linux")]

use std::fs;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::{Client, Proxy, node, python, serve, vanguard};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::blocked;

/// The ways, and how a try is told of: as a file, port or process outside; as a forbidden call that failed; or as one whose maker
/// was ended.
const WAYS: [(&str, Told); 25] = [
    ("open", Told::Outside),
    ("parent_directory", Told::Outside),
    ("symlink", Told::Outside),
    ("hard_link", Told::Outside),
    ("rename", Told::Outside),
    ("symlink_race", Told::Outside),
    ("proc_self_root", Told::Outside),
    ("the_proxys_root", Told::Outside),
    ("the_proxys_descriptors", Told::Outside),
    ("the_proxys_environment", Told::Outside),
    ("a_helper", Told::Outside),
    ("a_shell", Told::Outside),
    ("writing", Told::Outside),
    ("signal", Told::Outside),
    ("tcp", Told::Outside),
    ("listening", Told::Outside),
    ("abstract_socket", Told::Failed),
    ("path_socket", Told::Failed),
    ("io_uring", Told::Failed),
    ("user_namespace", Told::Failed),
    ("keyring", Told::Failed),
    ("ptrace", Told::Ended),
    ("bind_mount", Told::Ended),
    ("bpf", Told::Ended),
    ("file_handle", Told::Ended),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Outside,
    Failed,
    Ended,
}

/// What lies outside, and what listens there.
struct Outside {
    folder: TempDir,
    abstract_name: String,
    tcp: TcpListener,
    _path_listener: UnixListener,
    _abstract_listener: UnixListener,
}

impl Outside {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("canary"), "the canary").unwrap();
        let abstract_name = format!("vanguard-{}", folder.path().file_name().unwrap().display());
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        Self {
            _path_listener: UnixListener::bind(folder.path().join("socket")).unwrap(),
            _abstract_listener: UnixListener::bind_addr(&address).unwrap(),
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            folder,
            abstract_name,
        }
    }

    fn arguments(&self, way: &str) -> Value {
        let spare = self.folder.path().join(format!("spare-{way}"));
        fs::write(&spare, "the canary").unwrap();
        json!({"way": way, "canary": self.folder.path().join("canary"), "spare": spare,
               "socket": self.folder.path().join("socket"), "abstract": self.abstract_name,
               "port": self.tcp.local_addr().unwrap().port(), "tries": 10_000})
    }
}

/// Whether the kernel can keep all of the walls; where it can't, `strict` refuses to start, and that is what is tested.
fn walls_can_be_kept() -> bool {
    let explained = vanguard().args(["sandbox", "explain", "--sandbox=strict", "--", "sh"]).output().unwrap();
    if !explained.status.success() {
        let said = String::from_utf8_lossy(&explained.stderr);
        assert!(said.contains("the sandbox cannot be kept by this kernel"), "{said}");
        println!("not tested: {said}");
    }
    explained.status.success()
}

fn hostile(zone: &Path, options: &[&str]) -> (Client, PathBuf) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/python/hostile.py");
    let log = zone.with_extension("audit.jsonl");
    let server = [python("python"), script.display().to_string(), zone.display().to_string()];
    // The way there is the sandbox's to close: no rule may stop the call before.
    let proxy = options.iter().fold(Proxy::of(server), |proxy, option| proxy.option(*option));
    let mut client = proxy.setting("--log-file", &log).option("--profile").option("monitor").start();
    client.initialize();
    (client, log)
}

#[test]
fn no_way_leads_out_of_the_walls() {
    if !walls_can_be_kept() {
        return;
    }
    let outside = Outside::new();
    for (way, told) in WAYS {
        let zone = tempfile::tempdir().unwrap();
        let option = format!("--zone={}", zone.path().display());
        let (mut client, log) = hostile(zone.path(), &["--sandbox=strict", &option]);
        let answer = client.call("attempt", &outside.arguments(way));
        if told == Told::Ended {
            let said = answer["error"]["message"].as_str().unwrap_or_default();
            assert!(said.contains("SBX-CALL"), "{way}: {answer}");
        } else {
            let text = blocked::text(&answer);
            assert!(text.starts_with("kept: "), "{way} led out: {text}");
        }
        client.finish();
        let log_text = fs::read_to_string(&log).unwrap();
        let rule = match told {
            Told::Outside => "SBX-FILE",
            Told::Failed | Told::Ended => "SBX-CALL",
        };
        assert!(log_text.contains(rule), "{way} is not on record: {log_text}");
        fs::remove_file(log).unwrap();
    }
    outside.tcp.set_nonblocking(true).unwrap();
    assert!(outside.tcp.accept().is_err(), "somebody connected");
    assert_eq!(fs::read_to_string(outside.folder.path().join("canary")).unwrap(), "the canary");
}

#[test]
fn without_walls_the_ways_lead_out() {
    let outside = Outside::new();
    // Some need rights that whoever runs the tests may lack, walls or no walls.
    let privileged = ["ptrace", "bind_mount", "bpf", "file_handle", "user_namespace", "io_uring", "keyring"];
    for (way, _) in WAYS {
        let zone = tempfile::tempdir().unwrap();
        let (mut client, log) = hostile(zone.path(), &["--sandbox=off"]);
        let text = blocked::text(&client.call("attempt", &outside.arguments(way)));
        assert!(text.starts_with("out: ") || privileged.contains(&way), "{way}: {text}");
        client.finish();
        fs::remove_file(log).unwrap();
    }
}

/// A directory of the zone is exchanged for a link to the canary's while the server looks at the path and opens it: how
/// often of `rounds` the canary is read. (The server opens what it resolved, so a link in the last place is not enough.)
fn won_races(options: &[String], rounds: usize) -> usize {
    let outside = Outside::new();
    let zone = tempfile::tempdir().unwrap();
    let zone = zone.path();
    let (here, there) = (zone.join("here"), zone.join("there"));
    fs::create_dir(&here).unwrap();
    fs::write(here.join("canary"), "honest").unwrap();
    std::os::unix::fs::symlink(outside.folder.path(), &there).unwrap();
    let server = [node("mcp-server-filesystem"), zone.display().to_string()];
    let proxy = options.iter().fold(Proxy::of(server), Proxy::option);
    let mut client = proxy.option("--zone").option(zone.display().to_string()).start();
    client.initialize();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &here, CWD, &there, RenameFlags::EXCHANGE).unwrap();
            }
        });
        let call = json!({"name": "read_text_file", "arguments": {"path": here.join("canary")}});
        let mut won = 0;
        for _ in 0..rounds / 100 {
            let asked: Vec<_> = (0..100).map(|_| client.ask("tools/call", &call)).collect();
            let answers = asked.iter().map(|id| client.answer(id));
            won += answers.filter(|answer| answer.to_string().contains("the canary")).count();
        }
        done.store(true, Ordering::Relaxed);
        won
    })
}

#[test]
fn a_link_turned_between_check_and_use_leads_nowhere() {
    if !walls_can_be_kept() {
        return;
    }
    let without = won_races(&["--sandbox=off".into()], 10_000);
    let behind = won_races(&["--sandbox=zones".into()], 10_000);
    println!(
        "10,000 rounds against the real filesystem server: {without} reads outside without walls, {behind} behind them"
    );
    assert_eq!(behind, 0);
    assert!(without > 0, "the race was never won without walls: this test proves nothing");
}

#[test]
fn real_servers_work_behind_walls_with_only_their_directory_named() {
    if !walls_can_be_kept() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    fs::write(place.join("a.txt"), "one\n").unwrap();
    for arguments in [&["init", "--quiet"][..], &["add", "a.txt"]] {
        let git = std::process::Command::new("git").arg("-C").arg(place).args(arguments).status();
        assert!(git.unwrap().success());
    }
    let zone = |server: Vec<String>| Proxy::of(server).option("--zone").option(place.display().to_string());

    let mut client = zone(vec![node("mcp-server-filesystem"), place.display().to_string()]).start();
    client.initialize();
    blocked::text(&client.call("write_file", &json!({"path": place.join("b.txt"), "content": "two"})));
    assert_eq!(blocked::text(&client.call("read_text_file", &json!({"path": place.join("b.txt")}))), "two");
    assert!(client.finish().0.success());

    let proxy = zone(vec![python("mcp-server-git"), "--repository".into(), place.display().to_string()]);
    let who = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
    let mut client = who.iter().fold(proxy, |proxy, name| proxy.variable(name, "e2e@example.org")).start();
    client.initialize();
    let status = blocked::text(&client.call("git_status", &json!({"repo_path": place})));
    assert!(status.contains("a.txt"), "{status}");
    blocked::text(&client.call("git_add", &json!({"repo_path": place, "files": ["b.txt"]})));
    let committed = blocked::text(&client.call("git_commit", &json!({"repo_path": place, "message": "Begin"})));
    assert!(committed.contains("committed"), "{committed}");
    client.finish();

    // No rule lets the agent fetch from this machine; here the walls alone are looked at.
    let port = serve("<h1>Through the walls</h1>");
    let fetch = zone(vec![python("mcp-server-fetch"), "--allow-private-ips".into(), "--ignore-robots-txt".into()]);
    let mut client = fetch.option("--sandbox=zones").option("--profile").option("monitor").start();
    client.initialize();
    let page = blocked::text(&client.call("fetch", &json!({"url": format!("http://127.0.0.1:{port}/")})));
    assert!(page.contains("Through the walls"), "{page}");
    client.finish();

    let mut client = zone(vec![python("mcp-server-time")]).start();
    client.initialize();
    let now = blocked::text(&client.call("get_current_time", &json!({"timezone": "Europe/Zurich"})));
    assert!(now.contains("Zurich"), "{now}");
    client.finish();

    let mut client = zone(vec![node("mcp-server-everything")]).start();
    client.initialize();
    assert!(
        blocked::text(&client.call("echo", &json!({"message": "through the walls"}))).contains("through the walls")
    );
    client.finish();
}

#[test]
fn what_was_learnt_of_a_server_lets_it_go_on_and_nothing_more() {
    if !walls_can_be_kept() {
        return;
    }
    // Not below the directory for temporary files, of which every walled-in server has one of its own.
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let (data, learnt) = (folder.path().join("data"), folder.path().join("learnt.yaml"));
    fs::create_dir(&data).unwrap();
    fs::write(data.join("a.txt"), "one").unwrap();
    let server = vec![node("mcp-server-filesystem"), data.display().to_string()];
    let read = |client: &mut Client, name: &str| {
        blocked::text(&client.call("read_text_file", &json!({"path": data.join(name)})))
    };
    let write = |client: &mut Client| {
        blocked::text(&client.call("write_file", &json!({"path": data.join("b.txt"), "content": "two"})))
    };

    let binary = vanguard().get_program().to_string_lossy().into_owned();
    let words = [binary.as_str(), "sandbox", "learn", "--out", learnt.to_str().unwrap(), "--"];
    let command: Vec<String> = words.iter().map(ToString::to_string).chain(server.clone()).collect();
    let mut client = Client::direct(command);
    client.initialize();
    assert_eq!(read(&mut client, "a.txt"), "one");
    write(&mut client);
    // As a client ends a server that does not heed the end of its input.
    client.close();
    kill_process(Pid::from_raw(client.process_id().cast_signed()).unwrap(), Signal::TERM).unwrap();
    client.wait();
    let text = fs::read_to_string(&learnt).unwrap();
    assert!(text.contains(&format!("{{path: {}, rights: [read, write]}}", json!(data))), "{text}");

    let proxy = Proxy::of(server).setting("--config", &learnt).option("--sandbox=strict");
    let mut client = proxy.start();
    client.initialize();
    assert_eq!(read(&mut client, "b.txt"), "two");
    write(&mut client);
    client.finish();
}
