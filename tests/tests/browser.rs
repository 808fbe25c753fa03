//! The Playwright server with a real Chromium behind the walls of its profile. Not among the tests that always run, for the browser has
//! to be there: `cargo xtask test -p e2e --test browser`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::disallowed_types,
    reason = "a test reads answers that the proxy has already judged; nothing is decided on them"
)]

use std::fs;
use std::path::PathBuf;

use e2e::{Proxy, node, serve};
use serde_json::{Value, json};

/// What is asked of whoever runs this: `apt-get install chromium`, or any other that Playwright can drive.
fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found =
        std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name))).find(|path| path.is_file());
    found.expect("there is no Chromium in PATH: install the package `chromium`")
}

fn text(answer: &Value) -> String {
    assert_ne!(answer["result"]["isError"], true, "{answer}");
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// `mode` with only the server's directory named; in strict the page's port as well. A page is opened, and what the browser asked for
/// outside stays there.
fn opens_a_page(mode: &str) {
    let zone = tempfile::tempdir().unwrap();
    let port = serve("<title>A page</title><h1>Through the walls</h1>");
    let config = zone.path().join("vanguard.yaml");
    let ports = if mode == "strict" { format!("sandbox: {{connect: [{port}]}}\n") } else { String::new() };
    fs::write(&config, format!("# {mode}\n{ports}")).unwrap();
    let mut server = vec![node("playwright-mcp"), "--headless".to_owned(), "--executable-path".to_owned()];
    server.push(chromium().display().to_string());
    if rustix::process::geteuid().is_root() {
        // Chromium has no sandbox of its own for root; for everybody else it stands inside of ours.
        server.push("--no-sandbox".to_owned());
    }
    let proxy = Proxy::of(server).option(format!("--sandbox={mode}")).setting("--zone", zone.path());
    let mut client = proxy.setting("--config", &config).setting("--cwd", zone.path()).start();
    // Without capabilities: asked for its roots, this client would not answer.
    let hello =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "e2e", "version": "1"}});
    client.request("initialize", &hello);
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let url = format!("http://localhost:{port}/");
    let opened = text(&client.call("browser_navigate", &json!({"url": url})));
    assert!(opened.contains("A page"), "{opened}");
    let seen = text(&client.call("browser_snapshot", &json!({})));
    assert!(seen.contains("Through the walls"), "{seen}");
    client.finish();
}

#[test]
fn playwright_opens_a_page_behind_walls() {
    opens_a_page("zones");
}

#[test]
fn playwright_opens_a_page_behind_strict_walls() {
    opens_a_page("strict");
}
