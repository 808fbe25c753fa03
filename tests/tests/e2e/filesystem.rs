//! The reference filesystem server: ordinary work passes, attacks are refused before it sees them.

use std::fs;

use e2e::{Client, Proxy, node};
use serde_json::json;
use tempfile::TempDir;

use crate::blocked;

/// A project folder and a client before the server that serves it.
fn project() -> (TempDir, Client) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.md"), "# Notes\n\nBuy milk; call Anna && Bob.\n").unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/main.rs"), "fn main() {}\n").unwrap();
    let mut client = Proxy::of([node("mcp-server-filesystem"), folder.path().display().to_string()]).start();
    client.initialize();
    client.request("tools/list", &json!({}));
    (folder, client)
}

#[test]
fn a_day_of_ordinary_work_passes() {
    let (folder, mut client) = project();
    let at = |path: &str| folder.path().join(path).display().to_string();

    let read = client.call("read_text_file", &json!({"path": at("notes.md")}));
    assert!(blocked::text(&read).contains("Buy milk; call Anna && Bob."));
    let script =
        "#!/bin/sh\nset -e\ncargo build && cargo test || exit 1\nrm -rf target/tmp\necho \"$HOME\" | tr a-z A-Z\n";
    blocked::text(&client.call("write_file", &json!({"path": at("ci.sh"), "content": script})));
    assert_eq!(fs::read_to_string(folder.path().join("ci.sh")).unwrap(), script);
    let edits = json!([{"oldText": "fn main() {}", "newText": "fn main() {\n    println!(\"hi\");\n}"}]);
    blocked::text(&client.call("edit_file", &json!({"path": at("src/main.rs"), "edits": edits})));
    assert!(fs::read_to_string(folder.path().join("src/main.rs")).unwrap().contains("println!"));
    let listed = blocked::text(&client.call("list_directory", &json!({"path": at("")})));
    assert!(listed.contains("[FILE] ci.sh") && listed.contains("[DIR] src"), "{listed}");
    let found = blocked::text(&client.call("search_files", &json!({"path": at(""), "pattern": "**/*.rs"})));
    assert!(found.contains("main.rs"), "{found}");
    blocked::text(&client.call("move_file", &json!({"source": at("ci.sh"), "destination": at("src/ci.sh")})));
    assert!(folder.path().join("src/ci.sh").exists());
    let several = json!({"paths": [at("notes.md"), at("src/main.rs")]});
    assert!(blocked::text(&client.call("read_multiple_files", &several)).contains("println!"));
}

#[test]
fn paths_that_leave_the_project_are_refused() {
    let (folder, mut client) = project();
    let inside = folder.path().display();
    for path in [
        "../../../../etc/passwd".to_owned(),
        format!("{inside}/../../../etc/passwd"),
        format!("{inside}/..%2f..%2f..%2fetc%2fpasswd"),
        "/etc/shadow".to_owned(),
        "/root/.ssh/id_rsa".to_owned(),
        format!("{inside}/notes.md\0.png"),
    ] {
        let answer = client.call("read_text_file", &json!({"path": path}));
        assert!(!blocked::rule(&answer).is_empty(), "{path}: {answer}");
    }
    // In a list, and under another name.
    let answer =
        client.call("read_multiple_files", &json!({"paths": [format!("{inside}/notes.md"), "../../../etc/passwd"]}));
    blocked::rule(&answer);
    let answer =
        client.call("move_file", &json!({"source": format!("{inside}/notes.md"), "destination": "/etc/cron.d/job"}));
    blocked::rule(&answer);
    assert!(folder.path().join("notes.md").exists());
    // The session goes on.
    blocked::text(&client.call("read_text_file", &json!({"path": format!("{inside}/notes.md")})));
}
