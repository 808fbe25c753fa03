//! Paths and URLs.

use vanguard_engine::{Profile, Verdict};

use crate::judged::{call_with, lines};

/// Lines that the rules on secrets in URLs still stop: signed links of object stores.
const SIGNED: [&str; 3] = ["X-Amz-Signature=", "alt=media&token=", "&sig="];

#[test]
fn attacks_by_path_are_stopped() {
    let lost = judged(include_str!("places/paths-stop.txt"), "read_file", "path", Profile::Balanced, true);
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn ordinary_paths_pass() {
    let stopped = judged(include_str!("places/paths-pass.txt"), "read_file", "path", Profile::Balanced, false);
    assert!(stopped.is_empty(), "{stopped:#?}");
}

#[test]
fn attacks_by_url_are_stopped() {
    let lost = judged(include_str!("places/urls-stop.txt"), "http_request", "url", Profile::Balanced, true);
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn ordinary_urls_pass() {
    let mut stopped = judged(include_str!("places/urls-pass.txt"), "http_request", "url", Profile::Balanced, false);
    stopped.retain(|line| !SIGNED.iter().any(|sign| line.contains(sign)));
    assert!(stopped.is_empty(), "{stopped:#?}");
}

#[test]
fn strict_lets_nothing_inside_and_nobody_sees_the_metadata_service() {
    for url in ["http://localhost:3000/", "http://192.168.1.10/", "http://127.0.0.1:8000/"] {
        assert!(stops(Profile::Strict, "browser_navigate", "url", url), "{url}");
        assert!(!stops(Profile::Balanced, "browser_navigate", "url", url), "{url}");
    }
    for tool in ["browser_navigate", "fetch", "http_request", "link_preview", "run_command"] {
        let argument = if tool == "run_command" { "command" } else { "url" };
        let text = if tool == "run_command" { "curl http://169.254.169.254/" } else { "http://169.254.169.254/" };
        assert!(stops(Profile::Balanced, tool, argument, text), "{tool}");
    }
}

#[test]
fn what_writes_is_judged_by_where_it_writes() {
    for path in [
        "/etc/nginx/nginx.conf",
        "~/.bashrc",
        "repo/.git/hooks/post-checkout",
        "/usr/local/bin/x",
        "C:\\Windows\\x.dll",
    ] {
        assert!(stops(Profile::Balanced, "write_file", "path", path), "{path}");
        assert!(!stops(Profile::Balanced, "read_file", "path", path), "{path}");
    }
    for path in
        ["/workspace/x.rs", "dotfiles/bashrc", "~/notes/x.md", ".github/workflows/ci.yml", ".vscode/settings.json"]
    {
        assert!(!stops(Profile::Balanced, "write_file", "path", path), "{path}");
    }
}

#[test]
fn names_in_stores_and_archives_must_not_climb() {
    assert!(stops(Profile::Balanced, "extract_archive", "path", "../x.sh"));
    assert!(stops(Profile::Balanced, "fetch_asset", "path", "../../config/app.yml"));
    assert!(!stops(Profile::Balanced, "read_file", "path", "../../config/app.yml"));
}

/// The lines that are not judged as they should be.
fn judged(text: &str, tool: &str, argument: &str, profile: Profile, stop: bool) -> Vec<String> {
    let values = lines(text).map(|line| {
        serde_json::from_str::<String>(&format!("\"{}\"", line.replace('"', "\\\""))).expect("escapes of JSON")
    });
    let (mut count, mut wrong) = (0, Vec::new());
    for value in values {
        count += 1;
        if stops(profile, tool, argument, &value) != stop {
            wrong.push(value);
        }
    }
    assert!(count > 150, "{count} lines");
    wrong
}

fn stops(profile: Profile, tool: &str, argument: &str, value: &str) -> bool {
    call_with(profile, tool, argument, value) > Verdict::Warn
}
