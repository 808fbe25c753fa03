//! The official conformance suite through the gateway, which judges every message under the profile `balanced`.
//!
//! The suite speaks HTTP only, so a command is tested through the gateway's own. What stands behind is the server that the suite is written
//! against, which passes every check when it is asked directly.

use std::process::Command;

use e2e::{Gateway, Served, newer_node, python};

/// The Python reference server on its stdio.
const ON_STDIO: &str = "from mcp_everything_server.server import mcp; mcp.run('stdio')";

#[test]
fn every_check_passes_before_a_url() {
    let server = Served::start(|port| {
        let mut command = Command::new(python("mcp-everything-server"));
        command.args(["--port", &port.to_string()]);
        command
    });
    let gateway = Gateway::start(["--profile", "balanced", "--upstream", &server.url()]);
    assert_eq!(passed(&gateway, "2025-11-25"), "84 passed, 0 failed");
    assert_eq!(passed(&gateway, "2026-07-28"), "152 passed, 0 failed");
}

#[test]
fn every_check_passes_before_a_command() {
    let gateway = Gateway::start(["--profile", "balanced", "--", &python("python"), "-c", ON_STDIO]);
    assert_eq!(passed(&gateway, "2025-11-25"), "82 passed, 0 failed");
    assert_eq!(passed(&gateway, "2026-07-28"), "152 passed, 0 failed");
}

/// What the suite says in the end of a revision of the protocol.
fn passed(gateway: &Gateway, revision: &str) -> String {
    let suite = newer_node("conformance");
    let done = Command::new(&suite[0])
        .args(&suite[1..])
        .args(["server", "--suite", "all", "--spec-version", revision, "--url", &gateway.url()])
        .env("HOME", gateway.home())
        .current_dir(gateway.home())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let total = said.lines().find_map(|line| line.strip_prefix("Total: "));
    let total = total.unwrap_or_else(|| panic!("no total: {said}\n{}", String::from_utf8_lossy(&done.stderr)));
    if !done.status.success() {
        println!("{said}");
    }
    total.to_owned()
}
