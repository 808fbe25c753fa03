//! What is read again while the gateway runs.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use e2e::{Authority, Gateway, Issuer, KEYS, Puppet, Upstream, request, response};
use rustix::process::Signal;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const CALL: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"note","arguments":{"text":"blue moon"}}}"#;
/// A pack that refuses [`CALL`].
const RULE: &str = "- id: OWN-MOON\n  title: A moon that is blue\n  family: own\n  severity: high\n  action: block\n  roles: [text]\n  \
                    pattern: 'blue moon'\n  message: No blue moons.\n";
const DONE: &str = "were read again and are in force";
/// What the first and the second of [`KEYS`] are known by.
const LINES: [&str; 2] = [
    "one c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a\n",
    "two 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n",
];

fn upstream() -> Upstream {
    Upstream::new(|_| {
        let headers = "Content-Type: application/json\r\nMcp-Session-Id: s1\r\n";
        response("200 OK", headers, r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}"#)
    })
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_new_rule_holds_in_sessions_that_have_begun() {
    let (upstream, rules) = (upstream(), tempfile::tempdir().unwrap());
    let gateway = Gateway::start(["--rules-dir", &text(rules.path()), "--upstream", &upstream.url()]);
    let begin = PING.replace("ping", "initialize");
    assert_eq!(gateway.post(&[], begin).header("mcp-session-id"), Some("s1"));
    for session in [&[][..], &[("Mcp-Session-Id", "s1")]] {
        assert!(gateway.post(session, CALL).text().contains("result"));
    }
    std::fs::write(rules.path().join("own.yaml"), RULE).unwrap();
    gateway.signal(Signal::HUP);
    gateway.says(DONE);
    for session in [&[][..], &[("Mcp-Session-Id", "s1")]] {
        assert!(gateway.post(session, CALL).text().contains("OWN-MOON"));
    }

    std::fs::write(rules.path().join("own.yaml"), RULE.replace("'blue moon'", "'(blue moon'")).unwrap();
    gateway.signal(Signal::HUP);
    let said = gateway.says("nothing was changed");
    assert!(said.contains("own.yaml"), "{said}");
    assert!(gateway.post(&[], CALL).text().contains("OWN-MOON"), "what held before holds");
}

#[test]
fn no_request_is_lost_while_everything_is_read_again() {
    let (upstream, rules) = (upstream(), tempfile::tempdir().unwrap());
    let gateway = Gateway::start(["--rules-dir", &text(rules.path()), "--upstream", &upstream.url()]);
    std::thread::scope(|scope| {
        let asking: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..150).all(|_| matches!(gateway.post(&[], CALL).status, 200)))).collect();
        for number in 0..5 {
            let rule = RULE.replace("OWN-MOON", &format!("OWN-{number}"));
            std::fs::write(rules.path().join("own.yaml"), rule).unwrap();
            gateway.signal(Signal::HUP);
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(asking.into_iter().all(|asking| asking.join().unwrap()));
    });
    assert!(e2e::settle(e2e::PATIENCE, || gateway.post(&[], CALL).text().contains("OWN-4")));
}

#[test]
fn before_a_command_a_session_goes_on_in_its_zones_under_new_rules() {
    let mut puppet = Puppet::new();
    let home = tempfile::tempdir().unwrap();
    let [config, rules, zone] = ["vanguard.yaml", "rules", "zone"].map(|name| home.path().join(name));
    std::fs::create_dir(&rules).unwrap();
    std::fs::create_dir(&zone).unwrap();
    std::fs::write(rules.join("own.yaml"), RULE).unwrap();
    std::fs::write(&config, format!("sandbox: {{mode: off}}\nzones: [{{path: {}}}]\n", zone.display())).unwrap();
    let flags = ["--config".to_owned(), text(&config), "--".to_owned()];
    let gateway = Gateway::start([flags.to_vec(), puppet.command_line()].concat());
    let id = gateway.initialize();
    let _ = puppet.line();
    puppet.say(r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}"#);
    let session = ("Mcp-Session-Id", id.as_str());
    let outside = CALL.replace(r#""text":"blue moon""#, r#""path":"/etc/hostname""#);
    let refused = gateway.post(&[session], &outside).text();
    assert!(refused.contains("ZONE"), "{refused}");

    let changed = format!("rules: {{dirs: [{}]}}\ngateway: {{idle_seconds: 9}}\n", rules.display());
    std::fs::write(&config, changed).unwrap();
    gateway.signal(Signal::HUP);
    let said = gateway.says(DONE);
    for waits in ["zones[] has changed", "gateway.idle_seconds has changed"] {
        assert!(said.contains(waits), "{said}");
    }
    assert!(gateway.post(&[session], CALL).text().contains("OWN-MOON"));
    assert_eq!(gateway.post(&[session], &outside).text(), refused, "zones stay until a restart");
}

#[test]
fn a_key_that_is_withdrawn_opens_no_more_and_the_others_go_on() {
    let (upstream, folder) = (upstream(), tempfile::tempdir().unwrap());
    let keys = folder.path().join("keys");
    std::fs::write(&keys, LINES.concat()).unwrap();
    let gateway = Gateway::start(["--keys", &text(&keys), "--upstream", &upstream.url()]);
    let [one, two] = KEYS.map(|key| format!("Bearer {key}"));
    let begin = PING.replace("ping", "initialize");
    assert_eq!(gateway.post(&[("Authorization", &two)], begin).status, 200);
    assert_eq!(gateway.post(&[("Authorization", &one)], PING).status, 200);

    std::fs::write(&keys, LINES[1]).unwrap();
    gateway.signal(Signal::HUP);
    gateway.says(DONE);
    assert_eq!(gateway.post(&[("Authorization", &one)], PING).status, 401);
    assert_eq!(gateway.post(&[("Authorization", &two), ("Mcp-Session-Id", "s1")], PING).status, 200);

    std::fs::write(&keys, "").unwrap();
    gateway.signal(Signal::HUP);
    gateway.says("holds no key");
    assert_eq!(gateway.post(&[], PING).status, 401, "it is never opened by mistake");
    assert_eq!(gateway.post(&[("Authorization", &two)], PING).status, 200);
}

#[test]
fn a_new_certificate_is_shown_and_a_bad_one_is_not() {
    let (old, new, upstream) = (Authority::default(), Authority::default(), upstream());
    let folder = tempfile::tempdir().unwrap();
    let flags = old.write(folder.path());
    let gateway = Gateway::start(flags.into_iter().chain(["--upstream".to_owned(), upstream.url()]));
    let ping = request("POST", "/mcp", &[], PING.as_bytes());
    assert_eq!(old.send(&gateway, None, &ping).unwrap().status, 200);

    let _ = new.write(folder.path());
    gateway.signal(Signal::HUP);
    gateway.says(DONE);
    assert!(old.send(&gateway, None, &ping).is_err());
    assert_eq!(new.send(&gateway, None, &ping).unwrap().status, 200);

    std::fs::write(folder.path().join("key.pem"), &old.certify("localhost")[1]).unwrap();
    gateway.signal(Signal::HUP);
    gateway.says("key.pem: is not the key of the certificate");
    assert_eq!(new.send(&gateway, None, &ping).unwrap().status, 200);
}

/// An upstream whose streams say nothing and have no end.
fn silent() -> Upstream {
    Upstream::streaming(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: \n\n");
        let _ = stream.read(&mut [0]);
    })
}

#[test]
fn streams_that_listen_end_with_the_key_that_opened_them() {
    let (upstream, folder) = (silent(), tempfile::tempdir().unwrap());
    let keys = folder.path().join("keys");
    std::fs::write(&keys, LINES.concat()).unwrap();
    let gateway = Gateway::start(["--keys", &text(&keys), "--upstream", &upstream.url()]);
    let [one, two] = KEYS.map(|key| format!("Bearer {key}"));
    let listen = |key: &str| gateway.ask("GET", "/mcp", &[("Authorization", key)]);
    let (mut ends, mut stays) = (listen(&one), listen(&two));
    let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    let subscribe = PING.replace(r#""ping""#, &format!(r#""subscriptions/listen","params":{{{meta}}}"#));
    let stateless =
        [("Authorization", &*one), ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "subscriptions/listen")];
    let mut subscribed = gateway.post(&stateless, subscribe);
    assert_eq!([ends.status, stays.status, subscribed.status], [200; 3]);

    std::fs::write(&keys, LINES[1]).unwrap();
    gateway.signal(Signal::HUP);
    assert_eq!((ends.event(), subscribed.event()), (None, None));
    let stays = std::thread::spawn(move || stays.event());
    std::thread::sleep(Duration::from_millis(200));
    assert!(!stays.is_finished());
    drop(gateway);
    let _ = stays.join();
}

#[test]
fn a_stream_that_listens_ends_when_its_token_expires() {
    let (upstream, issuer) = (silent(), Issuer::default());
    let gateway = Gateway::start(issuer.flags().into_iter().chain(["--upstream".to_owned(), upstream.url()]));
    // It has expired, but clocks may differ by half a minute.
    let token = issuer.header("alice", "", -27);
    let begun = Instant::now();
    let mut stream = gateway.ask("GET", "/mcp", &[("Authorization", &token)]);
    assert_eq!((stream.status, stream.event()), (200, None));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let refused = || gateway.ask("GET", "/mcp", &[("Authorization", &token)]).status == 401;
    assert!(e2e::settle(Duration::from_secs(5), refused), "it opens no more");
}

#[test]
fn who_came_by_authorities_that_are_gone_comes_again() {
    let (old, new, upstream) = (Authority::default(), Authority::default(), silent());
    let folder = tempfile::tempdir().unwrap();
    let flags = old.write(folder.path());
    let authorities = text(&folder.path().join("ca.pem"));
    let rest = ["--tls-client-ca".to_owned(), authorities.clone(), "--upstream".to_owned(), upstream.url()];
    let gateway = Gateway::start(flags.into_iter().chain(rest));
    let desk = old.certify("desk");
    let listen = request("GET", "/mcp", &[], b"");
    let mut stream = old.send(&gateway, Some(&desk), &listen).unwrap();
    let waiting = old.connect(&gateway, Some(&desk)).unwrap();

    std::fs::write(&authorities, new.pem()).unwrap();
    gateway.signal(Signal::HUP);
    gateway.says(DONE);
    assert_eq!((stream.status, stream.event()), (200, None));
    let refused = waiting.send(&request("GET", "/mcp", &[("Connection", "keep-alive")], b"")).unwrap();
    assert_eq!((refused.status, refused.header("connection")), (421, Some("close")));
    assert!(old.send(&gateway, Some(&desk), &listen).is_err());
    assert_eq!(old.send(&gateway, Some(&new.certify("desk")), &listen).unwrap().status, 200);
}

#[test]
fn the_access_log_goes_on_in_a_new_file() {
    let (upstream, folder) = (upstream(), tempfile::tempdir().unwrap());
    let [log, old] = ["access.jsonl", "access.jsonl.1"].map(|name| folder.path().join(name));
    let mut gateway = Gateway::start(["--access-log", &text(&log), "--upstream", &upstream.url()]);
    assert_eq!(gateway.ask("GET", "/before", &[]).status, 404);
    std::fs::rename(&log, &old).unwrap();
    gateway.signal(Signal::HUP);
    gateway.says(DONE);
    assert_eq!(gateway.ask("GET", "/after", &[]).status, 404);
    gateway.signal(Signal::TERM);
    assert_eq!(gateway.wait(), Some(0));
    let [log, old] = [log, old].map(|path| std::fs::read_to_string(path).unwrap());
    assert!(old.contains("/before") && !old.contains("/after"), "{old}");
    assert!(log.contains("/after") && !log.contains("/before"), "{log}");
}
