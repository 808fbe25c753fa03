//! A server that tries to get out: behind the walls no way leads out, without them every way does.
#![cfg(target_os = "linux")]

use std::fs;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};

use e2e::{Client, Proxy, python};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::blocked;

/// The ways, and whether making the try is a forbidden call: `Ended`, whoever makes it is killed; `Failed`, it is told.
const WAYS: [(&str, Told); 25] = [
    ("open", Told::No),
    ("parent_directory", Told::No),
    ("symlink", Told::No),
    ("hard_link", Told::No),
    ("rename", Told::No),
    ("symlink_race", Told::No),
    ("proc_self_root", Told::No),
    ("the_proxys_root", Told::No),
    ("the_proxys_descriptors", Told::No),
    ("the_proxys_environment", Told::No),
    ("a_helper", Told::No),
    ("a_shell", Told::No),
    ("writing", Told::No),
    ("signal", Told::No),
    ("tcp", Told::No),
    ("listening", Told::No),
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
    No,
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
        let recorded = fs::read_to_string(&log).unwrap().contains("SBX-CALL");
        assert_eq!(recorded, told != Told::No, "{way}");
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
