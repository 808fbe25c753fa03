//! The reference servers written in Python: git, fetch and time.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use e2e::{Proxy, python};
use serde_json::json;

use crate::blocked;

#[test]
fn git_works_as_without_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path();
    git(repository, &["init", "--quiet", "--initial-branch=main"]);
    fs::write(repository.join("a.txt"), "one\n").unwrap();
    git(repository, &["add", "a.txt"]);
    git(repository, &["commit", "--quiet", "--message", "Begin; see $HOME/notes && more"]);
    fs::write(repository.join("a.txt"), "one\ntwo\n").unwrap();

    let mut client =
        Proxy::of([python("mcp-server-git"), "--repository".into(), repository.display().to_string()]).start();
    client.initialize();
    let tools = client.request("tools/list", &json!({}));
    assert!(tools["result"]["tools"].as_array().is_some_and(|tools| tools.len() >= 10), "{tools}");
    let status = blocked::text(&client.call("git_status", &json!({"repo_path": repository})));
    assert!(status.contains("a.txt"), "{status}");
    let difference = blocked::text(&client.call("git_diff_unstaged", &json!({"repo_path": repository})));
    assert!(difference.contains("+two"), "{difference}");
    blocked::text(&client.call("git_add", &json!({"repo_path": repository, "files": ["a.txt"]})));
    let message = "Fix #12: escape `$(…)` in docs; drop ../ from paths";
    blocked::text(&client.call("git_commit", &json!({"repo_path": repository, "message": message})));
    let log = blocked::text(&client.call("git_log", &json!({"repo_path": repository, "max_count": 5})));
    assert!(log.contains("Fix #12"), "{log}");
    blocked::text(&client.call("git_create_branch", &json!({"repo_path": repository, "branch_name": "feature/x-1"})));

    blocked::rule(&client.call("git_status", &json!({"repo_path": "../../../../etc"})));
}

#[test]
fn fetch_never_reaches_the_machine_itself() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut client = Proxy::of([python("mcp-server-fetch"), "--ignore-robots-txt".into()]).start();
    client.initialize();
    let tools = client.request("tools/list", &json!({}));
    assert_eq!(tools["result"]["tools"][0]["name"], "fetch", "{tools}");
    for host in
        ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "127.1", "169.254.169.254"]
    {
        let answer = client.call("fetch", &json!({"url": format!("http://{host}:{port}/latest/meta-data/")}));
        assert!(!blocked::rule(&answer).is_empty(), "{host}: {answer}");
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "the server connected to a loopback port");
}

#[test]
fn time_tells_the_time() {
    let mut client = Proxy::of([python("mcp-server-time")]).start();
    client.initialize();
    let converted = client.call(
        "convert_time",
        &json!({"source_timezone": "Asia/Tokyo", "time": "16:30", "target_timezone": "Asia/Kolkata"}),
    );
    assert!(blocked::text(&converted).contains("T13:00:00+05:30"), "{converted}");
    // What the server itself refuses is its own answer, not ours.
    let unknown = client.call("get_current_time", &json!({"timezone": "Mars/Olympus"}));
    assert!(unknown["error"]["data"]["blocked_by"].is_null(), "{unknown}");
}

fn git(repository: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=e2e", "-c", "user.email=e2e@example.org", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").args(identity).args(arguments).current_dir(repository).status();
    assert!(done.is_ok_and(|status| status.success()), "git {arguments:?} failed");
}
