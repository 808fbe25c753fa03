//! The command line from outside: exit codes, and that mistakes end with one clear line.

use std::process::Output;

use e2e::vanguard;

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let home = tempfile::tempdir().unwrap();
    vanguard()
        .args(arguments)
        .envs(environment.iter().copied())
        .env("HOME", home.path())
        .current_dir(home.path())
        .output()
        .unwrap()
}

/// Ends with this code and says this on stderr; stdout, which belongs to MCP, stays empty.
#[track_caller]
fn fails(arguments: &[&str], environment: &[(&str, &str)], code: i32, says: &str) {
    let output = run(arguments, environment);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_demo_stops_every_attack_and_no_ordinary_call() {
    let output = run(&["demo"], &[]);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_built_in_rules_pass_their_own_cases() {
    let output = run(&["rules", "test"], &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn usage_is_exit_code_2() {
    fails(&["start"], &[], 2, "server");
    fails(&["start", "--no-such-flag", "--", "true"], &[], 2, "--no-such-flag");
    fails(&["no-such-command"], &[], 2, "no-such-command");
}

#[test]
fn configuration_is_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vanguard.yaml");
    std::fs::write(&file, "profil: strict\n").unwrap();
    let file = file.display().to_string();
    fails(&["start", "--config", &file, "--", "true"], &[], 3, "profile");
    // A file is no folder: nothing can be written below it.
    let log = format!("{file}/audit.jsonl");
    fails(&["start", "--log-file", &log, "--", "true"], &[], 3, &log);
    let rules = folder.path().join("bad.yaml");
    std::fs::write(&rules, "- id: MY-1\n  title: Broken\n  severity: high\n  action: block\n  roles: [path]\n  message: m\n  pattern: '('\n").unwrap();
    fails(&["start", "--rules-dir", &folder.path().display().to_string(), "--", "true"], &[], 3, "bad.yaml");
}

#[test]
fn a_server_that_cannot_start_is_exit_code_4() {
    fails(&["start", "--", "/no/such/server"], &[], 4, "/no/such/server");
}

#[test]
fn only_commands_that_every_source_allows_are_started() {
    let allowed = [("VANGUARD_ALLOWED_SERVER_COMMANDS", "npx, UVX")];
    fails(&["start", "--", "/usr/bin/python3", "server.py"], &allowed, 3, "python3 may not be started");
    fails(&["serve", "--server", "python3 server.py"], &allowed, 3, "VANGUARD_ALLOWED_SERVER_COMMANDS");
    fails(&["serve", "--command", "a=npx x", "--command", "b=sh -c x"], &allowed, 3, "sh may not be started");
    // One that is allowed is looked for, and is not there.
    fails(&["start", "--", "/no/such/uvx"], &allowed, 4, "/no/such/uvx");
    fails(&["start", "--", "npx"], &[("VANGUARD_ALLOWED_SERVER_COMMANDS", " , ")], 3, "give names of programs");
}

#[test]
fn a_file_in_the_working_directory_allows_no_command_that_its_user_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let start = |written: &str| {
        std::fs::write(folder.path().join("vanguard.yaml"), written).unwrap();
        let mut command = vanguard();
        command.args(["start", "--", "python3"]).env("HOME", folder.path()).current_dir(folder.path());
        command.env("VANGUARD_ALLOWED_SERVER_COMMANDS", "npx").output().unwrap()
    };
    for written in ["allowed_commands: [python3]\n", "servers: {a: {command: python3}}\n"] {
        assert_eq!(start(written).status.code(), Some(3), "{written}");
    }
}
