//! Signed rules from key to start: only what somebody vouched for is ever installed.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

struct Machine {
    root: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { root: tempfile::tempdir().expect("a directory") };
        fs::create_dir(machine.path("rules")).expect("a directory");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A pack of one rule, whose own case must stop `stops`.
    fn pack(&self, stops: &str) {
        let pack = format!(
            "- id: OWN-1\n  title: Names the codename\n  family: own\n  severity: high\n  action: block\n  roles: [text, id, path]\n  \
             message: Leave the codename out.\n  pattern: 'bluebird'\n  tests:\n    stop: [{{text: \"{stops}\"}}]\n    pass: [{{text: \"a robin\"}}]\n"
        );
        fs::write(self.path("rules/own.yaml"), pack).expect("written");
    }

    fn vanguard(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_vanguard"))
            .args(arguments)
            .current_dir(self.root.path())
            .env("HOME", self.root.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_DATA_HOME")
            .output()
            .expect("the binary runs")
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.vanguard(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], why: &str) {
        let output = self.vanguard(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn signed_rules_are_installed_and_nothing_else_is() {
    let machine = Machine::new();
    let key = machine.succeeds(&["keygen", "--out", "rules.key"]).trim().to_owned();
    assert_eq!(
        machine.vanguard(&["keygen", "--out", "rules.key"]).status.code(),
        Some(2),
        "a key is never overwritten"
    );
    let update = ["update", "--source", "rules", "--key", key.as_str()];

    machine.pack("the bluebird plan");
    machine.succeeds(&["rules", "sign", "rules", "--key", "rules.key", "--version", "2"]);
    assert!(machine.succeeds(&update).contains("version 2 installed"));
    assert!(machine.succeeds(&["rules", "show", "OWN-1"]).contains("Leave the codename out."));

    machine.pack("another bluebird");
    machine.refused(&update, "is not the file that was signed");

    machine.succeeds(&["rules", "sign", "rules", "--key", "rules.key", "--version", "1"]);
    machine.refused(&update, "older than the installed 2");

    let other = machine.succeeds(&["keygen", "--out", "other.key"]).trim().to_owned();
    machine.refused(&["update", "--source", "rules", "--key", &other], "nothing was installed");
}

#[test]
fn rules_that_fail_their_own_case_are_not_signed() {
    let machine = Machine::new();
    machine.succeeds(&["keygen", "--out", "rules.key"]);
    machine.pack("a sparrow");
    machine.refused(&["rules", "sign", "rules", "--key", "rules.key"], "a rule fails its own case");
    assert!(!machine.path("rules/rules.sig").exists());
}
