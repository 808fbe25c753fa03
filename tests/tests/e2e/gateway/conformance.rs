//! The official conformance suite through the gateway, which judges every message under the profile `balanced`.
//!
//! The suite speaks HTTP only, so a command is tested through the gateway's own. What stands behind is the server that the suite is written
//! against, which passes every check when it is asked directly.

use std::process::Command;

use e2e::{Gateway, Served, conformance_client, newer_node, python, python_script, vanguard};

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

/// With the suite as the server, the Python client goes through the gateway as its HTTP proxy, and passes what it passes without: here a few of 50
/// scenarios, each kind of them once.
#[test]
fn a_client_that_has_it_for_its_proxy_passes_as_it_does_without() {
    for (revision, scenario, checks) in [
        ("2025-11-25", "sse-retry", 3),
        ("2025-11-25", "elicitation-sep1034-client-defaults", 5),
        ("2025-11-25", "auth/scope-step-up", 20),
        ("2026-07-28", "http-custom-headers", 18),
        ("2026-07-28", "auth/metadata-var3", 18),
        ("2026-07-28", "auth/token-endpoint-auth-basic", 19),
        ("2026-07-28", "auth/authorization-server-migration", 27),
    ] {
        let home = tempfile::tempdir().unwrap();
        let program = vanguard().get_program().display().to_string();
        let client = [&python_script("through.py")[..], &[program, conformance_client()]].concat();
        let suite = newer_node("conformance");
        let done = Command::new(&suite[0])
            .args(&suite[1..])
            .args(["client", "--scenario", scenario, "--spec-version", revision, "--timeout", "60000", "--command"])
            .arg(client.join(" "))
            .env("HOME", home.path())
            .current_dir(home.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr) + String::from_utf8_lossy(&done.stdout);
        assert!(said.contains(&format!("Passed: {checks}/{checks}, 0 failed, 0 warnings")), "{scenario}: {said}");
    }
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
