//! Zones before the real filesystem server, which itself allows more: what is refused the zones refuse.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use e2e::{Client, Proxy, legacy_rules, node, vanguard};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::blocked;

/// A zone and a neighbour, both of which the server allows.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("zone/sub/.cache")).unwrap();
        fs::create_dir_all(at("zone-secrets")).unwrap();
        for file in ["zone/a.txt", "zone/sub/b.txt", "zone/sub/.cache/c.txt"] {
            fs::write(at(file), "inside").unwrap();
        }
        fs::write(at("zone-secrets/canary.txt"), "the canary").unwrap();
        symlink("../zone-secrets", at("zone/out")).unwrap();
        symlink("sub", at("zone/in")).unwrap();
        Self { folder }
    }

    fn at(&self, path: &str) -> String {
        self.folder.path().canonicalize().unwrap().join(path).display().to_string()
    }

    /// The server in the zone, behind the proxy with `options`. No walls, so that the zones alone refuse.
    fn client(&self, options: &[String]) -> Client {
        let server = [node("mcp-server-filesystem"), self.at("zone"), self.at("zone-secrets")];
        let proxy = Proxy::of(server).option("--sandbox=off").option("--cwd").option(self.at("zone"));
        let mut client = options.iter().fold(proxy, Proxy::option).start();
        client.initialize();
        client.request("tools/list", &json!({}));
        client
    }
}

fn read(client: &mut Client, path: &str) -> Value {
    client.call("read_text_file", &json!({"path": path}))
}

#[test]
fn what_lies_in_the_zone_passes_and_what_leads_out_is_refused() {
    let place = Place::new();
    let mut client = place.client(&["--zone".into(), place.at("zone")]);
    for path in ["zone/a.txt", "zone/sub/b.txt", "zone/in/b.txt", "zone/sub/.cache/c.txt"] {
        assert_eq!(blocked::text(&read(&mut client, &place.at(path))), "inside", "{path}");
    }
    assert_eq!(blocked::text(&read(&mut client, "sub/b.txt")), "inside", "relative to the server's directory");
    blocked::text(&client.call("write_file", &json!({"path": place.at("zone/sub/new.txt"), "content": "new"})));
    assert_eq!(fs::read_to_string(place.at("zone/sub/new.txt")).unwrap(), "new");
    blocked::text(&client.call("create_directory", &json!({"path": place.at("zone/x/y/z")})));
    assert!(Path::new(&place.at("zone/x/y/z")).is_dir());

    for (path, rule) in [
        (place.at("zone-secrets/canary.txt"), "ZONE-OUTSIDE"),
        (place.at("zone/out/canary.txt"), "ZONE-LINK"),
        ("out/canary.txt".to_owned(), "ZONE-LINK"),
        ("../zone-secrets/canary.txt".to_owned(), "ZONE-OUTSIDE"),
        (place.at("zone/../zone-secrets/canary.txt"), "ZONE-OUTSIDE"),
        (format!("file://{}", place.at("zone-secrets/canary.txt")), "ZONE-OUTSIDE"),
        (format!("/proc/self/cwd/{}", "a.txt"), "ZONE-MAGIC-LINK"),
    ] {
        let answer = read(&mut client, &path);
        assert!(!answer.to_string().contains("the canary"), "{path}");
        // A rule may refuse the same path; then it is the zones that would have.
        let named = blocked::rule(&answer);
        assert!(named == rule || !named.starts_with("ZONE"), "{path}: {named}");
    }
    let several = json!({"paths": [place.at("zone/a.txt"), place.at("zone-secrets/canary.txt")]});
    assert_eq!(blocked::rule(&client.call("read_multiple_files", &several)), "ZONE-OUTSIDE");
    let moved = json!({"source": place.at("zone/a.txt"), "destination": place.at("zone-secrets/a.txt")});
    assert_eq!(blocked::rule(&client.call("move_file", &moved)), "ZONE-OUTSIDE");
    let written = json!({"path": place.at("zone/out/new.txt"), "content": "x"});
    assert_eq!(blocked::rule(&client.call("write_file", &written)), "ZONE-LINK");
    assert!(!Path::new(&place.at("zone-secrets/new.txt")).exists());
}

/// Without zones the same calls pass, so that the test above can fail.
#[test]
fn without_zones_the_server_alone_decides() {
    let place = Place::new();
    let mut client = place.client(&[]);
    assert_eq!(blocked::text(&read(&mut client, &place.at("zone-secrets/canary.txt"))), "the canary");
    assert_eq!(blocked::text(&read(&mut client, &place.at("zone/out/canary.txt"))), "the canary");
}

#[test]
fn a_zone_to_read_is_not_written_to() {
    let place = Place::new();
    let mut client = place.client(&["--zone".into(), place.at("zone") + ":ro"]);
    assert_eq!(blocked::text(&read(&mut client, &place.at("zone/a.txt"))), "inside");
    let written = json!({"path": place.at("zone/a.txt"), "content": "x"});
    assert_eq!(blocked::rule(&client.call("write_file", &written)), "ZONE-RIGHT");
    assert_eq!(fs::read_to_string(place.at("zone/a.txt")).unwrap(), "inside");
}

#[test]
fn each_key_of_a_zone_holds() {
    let place = Place::new();
    let config = place.at("vanguard.yaml");
    let zones = "zones:\n  - {path: zone, recursive: true, hidden: false, follow_links: false, hard_links: deny}\n  \
                 - {path: zone-secrets, tool: \"list_*\", recursive: false}\n";
    fs::write(&config, zones).unwrap();
    fs::hard_link(place.at("zone-secrets/canary.txt"), place.at("zone/twin.txt")).unwrap();
    let mut client = place.client(&["--config".into(), config]);
    assert_eq!(blocked::text(&read(&mut client, &place.at("zone/sub/b.txt"))), "inside");
    assert_eq!(blocked::rule(&read(&mut client, &place.at("zone/sub/.cache/c.txt"))), "ZONE-HIDDEN");
    assert_eq!(blocked::rule(&read(&mut client, &place.at("zone/in/b.txt"))), "ZONE-LINK");
    assert_eq!(blocked::rule(&read(&mut client, &place.at("zone/twin.txt"))), "ZONE-HARD-LINK");
    blocked::text(&client.call("list_directory", &json!({"path": place.at("zone-secrets")})));
    assert_eq!(blocked::rule(&read(&mut client, &place.at("zone-secrets/canary.txt"))), "ZONE-OUTSIDE");
}

#[test]
fn the_safe_zones_of_the_python_release_confine_its_tools() {
    let place = Place::new();
    // As the wheel ships them: their directories are not there, so nothing lies in them.
    let mut client = place.client(&["--rules-dir".into(), legacy_rules().display().to_string()]);
    assert_eq!(blocked::rule(&client.call("read_file", &json!({"path": place.at("zone/a.txt")}))), "ZONE-OUTSIDE");
    assert_eq!(blocked::text(&read(&mut client, &place.at("zone/a.txt"))), "inside", "a tool that they do not name");
    let (_, stderr) = client.finish();
    assert!(stderr.contains("safe_zones.yaml: nothing lies in these zones"), "{stderr}");

    let rules = place.at("rules");
    fs::create_dir(&rules).unwrap();
    let zones = format!("- tool: read_text_file\n  allowed_prefixes: [{:?}]\n  recursive: false\n", place.at("zone"));
    fs::write(format!("{rules}/safe_zones.yaml"), zones).unwrap();
    let mut client = place.client(&["--rules-dir".into(), rules]);
    assert_eq!(blocked::text(&read(&mut client, &place.at("zone/a.txt"))), "inside");
    assert_eq!(blocked::rule(&read(&mut client, &place.at("zone/sub/b.txt"))), "ZONE-DEEP");
    assert_eq!(blocked::rule(&read(&mut client, &place.at("zone-secrets/canary.txt"))), "ZONE-OUTSIDE");
}

/// The record says where a path led.
#[test]
fn the_resolution_is_recorded() {
    let place = Place::new();
    let log = place.at("audit.jsonl");
    let mut client = place.client(&["--zone".into(), place.at("zone"), "--log-file".into(), log.clone()]);
    blocked::rule(&read(&mut client, &place.at("zone/out/canary.txt")));
    client.finish();
    let record = fs::read_to_string(log).unwrap();
    let refused: Value = record
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|record: &Value| record["verdict"] == "block")
        .unwrap();
    assert_eq!(refused["places"][0]["place"], place.at("zone-secrets/canary.txt"));
    assert_eq!(refused["places"][0]["left"], json!([0]));
}

#[test]
fn odd_zones_are_said_or_end_the_start() {
    let place = Place::new();
    let explain = |zones: &[&str], path: &str| {
        let mut command = vanguard();
        command.args(["zones", "explain", path]).current_dir(place.folder.path());
        for zone in zones {
            command.args(["--zone", zone]);
        }
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let (code, _, said) = explain(&["absent"], "x");
    assert!(code == 3 && said.contains("the zone absent"), "{said}");
    symlink(place.at("zone"), place.at("alias")).unwrap();
    let (code, _, said) = explain(&[&place.at("alias")], "alias/a.txt");
    assert!(code == 0 && said.contains(&format!("it stands for {}", place.at("zone"))), "{said}");
    let (_, _, said) = explain(&["zone/a.txt"], "zone/a.txt");
    assert!(said.contains("is one file"), "{said}");
    let (_, _, said) = explain(&["zone", "zone/sub:ro"], "zone/a.txt");
    assert!(said.contains("lies in the zone"), "{said}");
    let (code, told, _) = explain(&["zone"], "zone/out/canary.txt");
    assert!(code == 1 && told.contains("link → ../zone-secrets") && told.contains("ZONE-LINK"), "{told}");

    // A zone in a zone that covers nothing mounted, and one that does.
    fs::write(place.at("m.yaml"), "zones: [{path: /, cross_mounts: false}]\n").unwrap();
    let output =
        vanguard().args(["zones", "explain", "/proc/version", "--config", &place.at("m.yaml")]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(1) && told.contains("ZONE-MOUNT"), "{told}");
    let (code, told, said) = explain(&["/"], "/proc/version");
    assert!(code == 0 && said.contains("it keeps nothing out"), "{told}{said}");

    fs::create_dir(place.at("rules")).unwrap();
    fs::write(place.at("rules/safe_zones.yaml"), "- tool: read_file\n  allowed_prefix: [/srv]\n").unwrap();
    let output = vanguard().args(["zones", "explain", "x", "--rules-dir", &place.at("rules")]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("safe_zones.yaml:2:3: unknown key `allowed_prefix`; did you mean `allowed_prefixes`?"),
        "{said}"
    );

    fs::write(place.at("z.yaml"), "zones:\n  - {path: zone, recursiv: true}\n").unwrap();
    let output = vanguard().args(["config", "show", "--config", &place.at("z.yaml")]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("unknown key `recursiv`; did you mean `recursive`?"), "{said}");
}
